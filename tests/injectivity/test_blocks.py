"""Block decompositions: components and overlapping blocks, against brute force on the whole layer."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from oracles import brute_force_flats
from oracles.bounded import brute_force_bounded
from plain_domains import plain
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.blocks import BlocksProof
from exactinj.injectivity.blocks import BlocksEngine, components
from exactinj.injectivity.tree import TreeEngine
from exactinj.work.clock import Clock

IDENTITIES = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]

DOMAINS = {
    "R^n": lambda n: xi.RealSpace(),
    "nonneg": lambda n: xi.NonnegativeOrthant(),
    "box": lambda n: xi.Box(-1, "1/2"),
    "box of bounds": lambda n: xi.Box([-k for k in range(n)], [k + 1 for k in range(n)]),
    "ball": lambda n: xi.Ball(1),
    "ball with a center": lambda n: xi.Ball(2, [Fraction(k, 2) for k in range(n)]),
    "nonneg-ball": lambda n: xi.NonnegativeBall(2),
}


def block_diagonal(rng, dimensions, bias):
    """Layers side by side, with rows and columns shuffled; now and then zero rows and a column that no row sees."""
    n = sum(dimensions)
    order = rng.sample(range(n), n)
    W, b, at = [], [], 0
    for k in dimensions:
        part = random_degenerate_layer(rng, k, min(8, random_shape(rng, k)), bias=bias)
        for row, beta in zip(part.W, part.b, strict=True):
            full = [Fraction(0)] * n
            for j, value in enumerate(row):
                full[order[at + j]] = value
            W.append(full)
            b.append(beta)
        at += k
    if rng.random() < 0.2:
        W.append([Fraction(0)] * n)
        b.append(Fraction(rng.randint(-1, 1)))
    if rng.random() < 0.1:
        column = rng.randrange(n)
        W = [[value if j != column else Fraction(0) for j, value in enumerate(row)] for row in W]
    shuffled = rng.sample(range(len(W)), len(W))
    return [W[i] for i in shuffled], [b[i] for i in shuffled]


def chained(rng, blocks):
    """Rows that see one block each, mostly in pairs of opposite ones."""
    W = []
    for columns in blocks:
        for _ in range(len(columns) + rng.randint(0, 1)):
            row = [rng.randint(-2, 2) * int(j in columns) for j in range(3)]
            W += [row, [-value for value in row]]
    if rng.random() < 0.5:
        del W[rng.randrange(len(W))]
    return W, [rng.choice([0, 0, 0, 1]) for _ in W]


def truth(W, b, domain):
    """By flats of the whole layer."""
    halfspaces, ball = plain(domain, len(W[0]))
    return brute_force_bounded(W, b, halfspaces, ball)


def require(result, expected, domain, layer):
    assert result.verdict == ("injective" if expected else "not_injective"), layer.W.fractions()
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert result.certificate.to_bytes()
    if not expected:
        x, y = result.witness.x, result.witness.y
        assert x != y
        assert domain.contains(x)
        assert domain.contains(y)
        assert layer.evaluate(x) == layer.evaluate(y)


# ------------------------------------------------------------------ components


def test_components_of_a_matrix():
    layer = xi.ReLULayer([[0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], [1, 0, 5, 0])
    assert components(layer) == [((0,), (1,)), ((1, 3), (0, 3)), ((2,), ())]
    assert components(xi.ReLULayer([[0, 0], [0, 0]])) == [((0,), ()), ((1,), ())]
    assert components(xi.ReLULayer([[0, 0], [1, 2]])) == [((0, 1), (1,))]
    chain = [[int(j in (i, i + 1)) for j in range(6)] for i in range(5)]
    assert components(xi.ReLULayer(chain)) == [(tuple(range(6)), tuple(range(5)))]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("name", DOMAINS)
def test_components_decide_as_the_whole_does(name, bias):
    rng = random.Random(f"{name} {bias}")
    seen = set()
    for dimensions in [(1, 1), (1, 2), (2, 1), (1, 1, 1), (2, 2), (1, 3)] * 4:
        if "ball" in name and sum(dimensions) > 3:
            continue  # the oracle tries all sets of rows
        W, b = block_diagonal(rng, dimensions, bias)
        domain = DOMAINS[name](sum(dimensions))
        expected = truth(W, b, domain)
        layer = xi.ReLULayer(W, b)
        require(xi.certify(layer, domain=domain), expected, domain, layer)
        with_tree = BlocksEngine(TreeEngine()).decide(HomogeneousProblem(layer, domain.for_dimension(layer.n)), Clock())
        assert with_tree.verdict == ("injective" if expected else "not_injective")
        assert xi.certify(layer, domain=domain, engine="tree").verdict == with_tree.verdict
        if name in ("R^n", "nonneg"):
            assert brute_force_flats(W, b, name).injective == expected
        seen.add(expected)
    assert seen == {True, False}


def test_equal_blocks_are_decided_once():
    n = 40
    rows = [[sign * int(j == i) for j in range(n)] for i in range(n) for sign in (1, -1)]
    result = xi.certify(xi.ReLULayer(rows))
    assert result.verdict == "injective"
    assert result.engine == "blocks"
    assert "(1 of them different)" in result.reason
    assert isinstance(result.certificate.proof, BlocksProof)
    assert len(result.certificate.proof.blocks) == n
    assert xi.check(result.certificate).valid


@pytest.mark.parametrize("name", DOMAINS)
def test_a_column_that_no_row_sees(name):
    domain = DOMAINS[name](3)
    for W in ([[1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 0, -1]], [[0, 0, 0]], [[0, 0, 0], [1, 0, 1]]):
        layer = xi.ReLULayer(W, [1] * len(W))
        result = xi.certify(layer, domain=domain)
        require(result, False, domain, layer)


def test_tiny_domains_leave_room_to_move():
    tiny = Fraction(1, 10**30)
    for domain in (xi.Ball(tiny, [5, 7]), xi.Box([5, 7], [5 + tiny, 7 + tiny]), xi.NonnegativeBall(tiny)):
        layer = xi.ReLULayer([[1, 0], [-1, 0]])
        require(xi.certify(layer, domain=domain), False, domain, layer)


def test_a_polytope_is_decided_as_a_whole():
    square = xi.Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 1, 1])
    layer = xi.ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]])
    result = xi.certify(layer, domain=square)
    assert result.verdict == "injective"
    assert not isinstance(result.certificate.proof, BlocksProof)
    with pytest.raises(xi.InputError, match="blocks and the domain polytope"):
        xi.certify(layer, domain=square, blocks=[[0], [1]])


def test_engines_that_are_asked_for_see_the_whole():
    layer = xi.ReLULayer(IDENTITIES)
    for engine in ("tree", "sign-split"):
        result = xi.certify(layer, engine=engine)
        assert result.verdict == "injective"
        assert not isinstance(result.certificate.proof, BlocksProof)


# ------------------------------------------------------------------ overlapping blocks


@pytest.mark.parametrize("name", DOMAINS)
def test_overlapping_blocks_say_injective_only_if_it_is(name):
    rng = random.Random(name)
    by_blocks = 0
    for _ in range(30):
        columns = rng.choice(
            [[[1, 0], [1, 2]], [[0], [2, 1]], [[0, 2], [0, 1], [2]], [[2], [1], [0]], [[0, 1, 2], [1]]]
        )
        W, b = chained(rng, columns)
        domain = DOMAINS[name](3)
        expected = truth(W, b, domain)
        layer = xi.ReLULayer(W, b)
        result = xi.certify(layer, domain=domain, blocks=columns)
        require(result, expected, domain, layer)
        if isinstance(result.certificate.proof, BlocksProof):
            by_blocks += 1
            assert [list(block.columns) for block in result.certificate.proof.blocks] == [sorted(c) for c in columns]
    assert by_blocks


def test_overlapping_blocks_that_fail_leave_it_to_the_whole():
    rows = [[1, 0, 0], [-1, 0, 0], [1, 1, 0], [-1, -1, 0], [0, 1, 1], [0, -1, -1]]
    layer = xi.ReLULayer(rows)
    chain = xi.certify(layer, blocks=[[0, 1], [1, 2]])
    assert chain.verdict == "injective"
    assert not isinstance(chain.certificate.proof, BlocksProof)
    assert any("block 2 alone is not injective" in step for step in chain.explanation)
    whole = xi.certify(layer, blocks=[[0, 1], [1, 2, 0]])
    assert isinstance(whole.certificate.proof, BlocksProof)
    assert whole.engine == "blocks"
    assert xi.certify(layer, blocks=[[2, 1, 0]]).verdict == "injective"
    apart = xi.certify(layer, blocks=[[0], [1], [2]])
    assert any("one sees no rows" in step for step in apart.explanation)
    assert xi.certify(layer, blocks=[[0, 1], [1, 2]], engine="finder").verdict == "unknown"


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([], "no block with column 0"),
        ([[0], [2]], "no block with column 1"),
        ([[0, 1], [2, 3]], "column 3"),
        ([[-1], [0, 1, 2]], "column -1"),
        ([[], [0, 1, 2]], "an empty block"),
        ([[0, 1.0], [2]], "column 1.0"),
        ([["0"], [1, 2]], "column '0'"),
        ([[True], [0, 2]], "column True"),
    ],
)
def test_blocks_that_do_not_cover(blocks, message):
    with pytest.raises(xi.InputError, match=message) as caught:
        xi.certify(xi.ReLULayer(IDENTITIES), blocks=blocks)
    assert "\n" not in str(caught.value)


def test_out_of_time_in_a_block():
    rng = random.Random(0)
    rows = [[rng.gauss(0, 1) for _ in range(14)] for _ in range(100)]
    wide = [[*row, *[0.0] * 14] for row in rows] + [[*[0.0] * 14, *row] for row in rows]
    for engine in ("auto", "tree"):
        for blocks in (None, [range(14), range(14, 28)]):
            result = xi.certify(xi.ReLULayer(wide), engine=engine, blocks=blocks, timeout=0.3)
            assert result.verdict == "timed_out"
            assert result.certificate is None
