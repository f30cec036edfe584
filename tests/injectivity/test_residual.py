"""Residual blocks decided: against z3 on the definition, against minors by Leibniz, degenerate and large ones."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from oracles.residual import interaction, is_p_matrix, leibniz, residual_pair

import exactinj as xi
from exactinj.certificates.p_matrix import Definite, Dominant, Minors, Split
from exactinj.domains import RealSpace
from exactinj.injectivity.residual import p_matrix as trees
from exactinj.injectivity.residual.components import triangular_blocks
from exactinj.injectivity.residual.minors import AllMinors
from exactinj.injectivity.residual.p_matrix import BadMinor, Work, p_matrix
from exactinj.injectivity.residual.pairs import Folds
from exactinj.injectivity.residual.reduction import Reduction
from exactinj.injectivity.residual.samples import bad_minor_by_descent
from exactinj.injectivity.residual.scalings import is_definite
from exactinj.work.clock import Clock


def random_block(chance, most_inputs=3, most_units=4):
    n, k, size = chance.randint(1, most_inputs), chance.randint(1, most_units), chance.choice([1, 1, 2])
    A = [[chance.randint(-size, size) for _ in range(n)] for _ in range(k)]
    B = [[chance.randint(-size, size) for _ in range(k)] for _ in range(n)]
    return A, B, [chance.randint(-1, 1) * (chance.random() < 0.6) for _ in range(k)]


def proof_of(result):
    return None if result.certificate is None else type(result.certificate.proof).__name__


def assert_right(A, B, b):
    pytest.importorskip("z3")
    block = xi.ResidualBlock(A, B, b)
    result = xi.certify(block)
    pair = residual_pair(A, B, b)
    assert result.verdict == ("injective" if pair is None else "not_injective"), (A, B, b)
    assert xi.check(result.certificate, block).valid
    assert result.engine == "p-matrix"
    if is_p_matrix(interaction(A, B)):
        assert proof_of(result) == "PMatrixProof"
    if result.witness is not None:
        x, y = result.witness.x, result.witness.y
        assert x != y
        assert block.evaluate(x) == block.evaluate(y)
    return proof_of(result)


@pytest.mark.parametrize("seed", range(6))
def test_against_z3(seed):
    chance = random.Random(seed)
    for _ in range(10):
        assert_right(*random_block(chance))


@pytest.mark.slow
def test_five_hundred_blocks_against_z3():
    chance = random.Random(2026)
    seen = [assert_right(*random_block(chance, 3, 5)) for _ in range(500)]
    assert all(seen.count(kind) > 10 for kind in ("PMatrixProof", "OrientationProof", "Collision"))


@pytest.mark.parametrize("seed", range(4))
def test_boxes_against_z3(seed):
    """On a box the answer may stay open; whatever is said is right, and the pair lies in the box."""
    pytest.importorskip("z3")
    chance, known = random.Random(seed), 0
    for _ in range(12):
        A, B, b = random_block(chance)
        low = [chance.randint(-2, 0) for _ in B]
        high = [value + chance.randint(1, 2) for value in low]
        block = xi.ResidualBlock(A, B, b)
        result = xi.certify(block, domain=xi.Box(low, high))
        pair = residual_pair(A, B, b, (low, high))
        if result.verdict == "unknown":
            assert "not decided by orientation" in result.reason
            continue
        known += 1
        assert result.verdict == ("injective" if pair is None else "not_injective"), (A, B, b, low, high)
        assert xi.check(result.certificate, block).valid
    assert known >= 10


def inside(domain, point):
    return domain.for_dimension(len(point)).contains(point)


DOMAINS = [
    xi.NonnegativeOrthant(),
    xi.Ball(1),
    xi.Ball("1/3", [1, "-1/2"]),
    xi.NonnegativeBall(2),
    xi.Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1], interior=[0, 0]),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text[:12])
def test_other_domains(domain):
    """Pairs lie in the domain; what is injective on R^n is so here; certificates are accepted."""
    chance, seen = random.Random(7), set()
    for _ in range(14):
        k = chance.randint(1, 4)
        A = [[chance.randint(-2, 2) for _ in range(2)] for _ in range(k)]
        B = [[chance.randint(-2, 2) for _ in range(k)] for _ in range(2)]
        block = xi.ResidualBlock(A, B, [chance.randint(-1, 1) for _ in range(k)])
        everywhere, here = xi.certify(block), xi.certify(block, domain=domain)
        seen.add(str(here.verdict))
        if everywhere.verdict == "injective":
            assert here.verdict == "injective"
        if here.witness is not None:
            assert everywhere.verdict == "not_injective"
            assert inside(domain, here.witness.x)
            assert inside(domain, here.witness.y)
        if here.verdict != "unknown":
            assert xi.check(here.certificate, block).valid
    assert {"injective", "not_injective"} <= seen


def test_a_fold_outside_of_the_domain():
    """x - 2 ReLU(x - 2) turns back at 2."""
    block = xi.ResidualBlock([[1]], [[-2]], [-2])
    assert xi.certify(block).verdict == "not_injective"
    inner = xi.certify(block, domain=xi.Ball(1))
    assert inner.verdict == "injective"
    assert "keep their sign" in inner.reason
    assert xi.check(inner.certificate, block).valid
    assert xi.certify(block, domain=xi.Box([0], [3])).verdict == "not_injective"
    assert xi.certify(block, domain=xi.Box([0], [2])).verdict == "injective"


def test_a_map_that_winds_around_on_boxes():
    """It folds nowhere: around 0 a pair of R^n is scaled down; beside 0 pairs of cells decide what stays open."""
    A = [[0, 1], [0, -1], [1, -1], [-1, 1], [1, 0], [-1, 0]]
    B = [[-1, -1, 0, 0, 0, 2], [-1, 1, -1, -1, 1, 1]]
    block = xi.ResidualBlock(A, B)
    assert "winds around" in xi.certify(block).reason
    around = xi.certify(block, domain=xi.Box([-1, "-1/7"], ["1/9", 1]))
    assert around.verdict == "not_injective"
    assert xi.check(around.certificate, block).valid
    moved = xi.ResidualBlock(A, B, [5, -5, 0, 0, 5, -5])  # it winds around (-5, -5)
    for box, expected in (
        (xi.Box([-6, -6], [-4, -4]), "not_injective"),
        (xi.Box(["-49/10", -6], [-4, -4]), "injective"),
    ):
        beside = xi.certify(moved, domain=box)
        assert beside.verdict in ("unknown", expected)
        assert beside.verdict != "unknown" or "block.network()" in beside.reason
        assert xi.certify(moved.network(), domain=box).verdict == expected


def test_networks_of_blocks_get_the_same_answers():
    chance = random.Random(11)
    for _ in range(6):
        block = xi.ResidualBlock(*random_block(chance, 2, 3))
        assert xi.certify(block.network()).verdict == xi.certify(block).verdict


# ------------------------------------------------------------------ degenerate blocks


@pytest.mark.parametrize(
    ("A", "B", "b", "expected"),
    [
        ([[0, 0]], [[1], [2]], [3], "injective"),  # constant branch
        ([[1, 2]], [[0], [0]], [0], "injective"),  # no branch
        ([[0]], [[0]], [0], "injective"),
        ([[1]], [["-1"]], [5], "not_injective"),  # slope 0
        ([[1]], [["-999999999/1000000000"]], [5], "injective"),
        ([[1]], [["-1000000001/1000000000"]], [5], "not_injective"),
        ([[1], [-1]], [[-2, 2]], [0, 0], "injective"),  # x - 2 ReLU(x) + 2 ReLU(-x) = -x, though I + AB is no P-matrix
        ([[1], [1]], [[-2, 2]], [0, 0], "injective"),  # the units cancel
        ([[1], [1]], [[2, -2]], [0, 1], "not_injective"),  # but not between -1 and 0
        ([[1, 0], [2, 0]], [[-1, 0], [0, 0]], [0, 0], "not_injective"),
        ([[1, 0], [0, 0]], [[1, 9], [1, 9]], [0, -1], "injective"),  # a unit that is never active
        ([[1, 0], [0, 0]], [[1, 9], [1, 9]], [0, 0], "injective"),  # a unit that is 0
    ],
)
def test_degenerate_blocks(A, B, b, expected):
    block = xi.ResidualBlock(A, B, b)
    result = xi.certify(block)
    assert result.verdict == expected
    assert xi.check(result.certificate, block).valid


def test_numbers_of_any_size():
    for factor in ("1e-200", "1e200"):
        steep = xi.ResidualBlock([[factor, 0], [0, 1]], [[1, 0], [0, 1]])
        assert xi.certify(steep).verdict == "injective"
        fold = xi.ResidualBlock([[factor, 0], [0, 1]], [[-1 / Fraction(factor) * 2, 0], [0, 1]])
        assert xi.certify(fold).verdict == "not_injective"


# ------------------------------------------------------------------ minors


def reduced(matrix):
    return Reduction(tuple(range(len(matrix))), matrix, (), ())


def minor(matrix, units):
    return leibniz([[Fraction(matrix[i][j]) for j in units] for i in units])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_trees_agree_with_all_minors(size):
    chance, seen = random.Random(size), {True: 0, False: 0}
    for _ in range(60):
        matrix = [[chance.randint(-3, 3) + 3 * (i == j) for j in range(size)] for i in range(size)]
        found = p_matrix(reduced(matrix), Clock(), Work())
        expected = is_p_matrix([[Fraction(value) for value in row] for row in matrix])
        assert isinstance(found, BadMinor) is not expected
        if isinstance(found, BadMinor):
            assert minor(matrix, found.units) > 0 >= minor(matrix, (*found.units, found.unit))
        seen[expected] += 1
    assert size == 1 or min(seen.values()) > 3


@pytest.mark.parametrize("seed", range(3))
def test_minors_in_floats_and_rationals_agree_with_leibniz(seed):
    """Matrices whose minors are 0, or next to it, so that floats cannot tell."""
    chance, exact = random.Random(seed), 0
    for _ in range(120):
        size = chance.randint(1, 5)
        matrix = [[chance.randint(-2, 2) for _ in range(size)] for _ in range(size)]
        for i in range(size):
            matrix[i][i] = chance.choice([1, 2, 5])
        if chance.random() < 0.5:
            matrix = [[value * 10**25 + chance.randint(-1, 1) for value in row] for row in matrix]
        every = AllMinors(matrix)
        bad = every.first_bad(Clock())
        exact += every.exact
        assert (bad is None) == is_p_matrix([[Fraction(value) for value in row] for row in matrix])
        if bad is not None:
            assert minor(matrix, bad[0]) > 0 >= minor(matrix, (*bad[0], bad[1]))
    assert exact > 3


def test_minors_that_overflow():
    matrix = [[10**400, 1, 0], [-(10**390), 1, 7], [1, 10**200, 10**300]]
    assert (AllMinors(matrix).first_bad(Clock()) is None) == is_p_matrix([[Fraction(v) for v in row] for row in matrix])


def test_definite_matrices_by_floats():
    chance = random.Random(3)
    for _ in range(200):
        size = chance.randint(1, 4)
        half = [[chance.randint(-3, 3) for _ in range(size)] for _ in range(size)]
        gram = [[half[i][j] + half[j][i] + 6 * (i == j) for j in range(size)] for i in range(size)]
        leading = [minor(gram, range(count)) for count in range(1, size + 1)]
        assert is_definite(gram) == (min(leading) > 0)


def test_blocks_of_triangular_matrices():
    matrix = [[1, 0, 2, 0], [5, 1, 0, 0], [3, 0, 1, 0], [0, 0, 0, 1]]
    blocks = triangular_blocks(matrix)
    assert sorted(map(sorted, blocks)) == [[0, 2], [1], [3]]
    for (s, rows), (t, columns) in itertools.combinations(enumerate(blocks), 2):
        assert s < t
        assert not any(matrix[i][j] for i in columns for j in rows)


def test_kinds_of_proofs(monkeypatch):
    def kinds(M):
        units = range(len(M))
        identity = [[int(i == j) for j in units] for i in units]
        block = xi.ResidualBlock(identity, [[Fraction(M[i][j]) - identity[i][j] for j in units] for i in units])
        result = xi.certify(block)
        assert xi.check(result.certificate, block).valid
        return {type(token) for part in result.certificate.proof.blocks for token in part.tokens}

    cycle = [[1, 2, 0], [0, 1, 2], [2, 0, 1]]
    assert kinds([[1, -5], [0, 1]]) == {Minors}
    assert kinds([[2, 1], [-1, 2]]) == {Dominant}
    assert kinds([[1, 9], [-9, 1]]) == {Definite}
    assert kinds(cycle) == {Minors}
    monkeypatch.setattr(trees, "AT_ONCE", 1)
    assert Split in kinds(cycle)


# ------------------------------------------------------------------ larger ones


def test_twenty_units_of_which_all_minors_are_looked_at(monkeypatch):
    """No scaling helps: a million minors, certified in about a second."""
    chance = np.random.default_rng(0)
    matrix = np.eye(20) + chance.integers(-9, 10, (20, 20)) / 64
    monkeypatch.setattr(trees, "closing_scaling", lambda *_: None)
    result = xi.certify(xi.ResidualBlock(np.eye(20), matrix - np.eye(20)))
    assert result.verdict == "injective"
    assert result.stats.pivots == 1 << 20


def test_twenty_units_with_one_bad_minor_of_order_twenty():
    """A cycle of order 20: every proper minor is 1, the determinant is 1 - 2^20, and no sample need find it."""
    A = np.eye(20)
    B = 2 * np.roll(np.eye(20), 1, axis=1)
    block = xi.ResidualBlock(A, B)
    result = xi.certify(block)
    assert result.verdict == "not_injective"
    assert xi.check(result.certificate, block).valid
    assert xi.certify(xi.ResidualBlock(A[:19, :19], 2 * np.roll(np.eye(19), 1, axis=1))).verdict == "injective"


@pytest.mark.parametrize(("k", "n", "size"), [(40, 60, 0.3), (60, 20, 0.2), (50, 50, 1.5), (50, 5, 2.0)])
def test_large_blocks(k, n, size):
    chance = np.random.default_rng(1)
    A, B = chance.standard_normal((k, n)) / n**0.5, chance.standard_normal((n, k)) * size / k**0.5
    block = xi.ResidualBlock(A, B, chance.standard_normal(k))
    result = xi.certify(block, timeout=60)
    assert result.verdict == ("injective" if size < 1 else "not_injective")
    assert xi.check(result.certificate, block).valid


def test_descents_find_bad_minors():
    chance = np.random.default_rng(2)
    folds = Folds(xi.ResidualBlock(np.eye(30), chance.integers(-9, 10, (30, 30)) / 16), RealSpace())
    bad = bad_minor_by_descent(folds, Clock(), 0)
    assert folds.orientation(bad.units) > 0 >= folds.orientation((*bad.units, bad.unit))
    assert bad_minor_by_descent(Folds(xi.ResidualBlock(np.eye(3), np.zeros((3, 3))), RealSpace()), Clock(), 0) is None


def test_limits(monkeypatch):
    block = xi.ResidualBlock([[2], [1]], [[2, -2]], [-1, -1])
    monkeypatch.setattr("exactinj.injectivity.residual.cells.MOST_CELLS", 2)
    result = xi.certify(block)
    assert result.verdict == "unknown"
    assert "more than" in result.reason
    cycle = xi.ResidualBlock([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 2, 0], [0, 0, 2], [2, 0, 0]])
    monkeypatch.setattr(trees, "MOST_MINORS", 3)
    assert "would take more than" in xi.certify(cycle).reason


def test_time():
    chance = np.random.default_rng(3)
    A, B = chance.standard_normal((64, 16)) / 4, chance.standard_normal((16, 64)) * 0.7 / 8
    result = xi.certify(xi.ResidualBlock(A, B), timeout=0.3)
    assert result.verdict == "timed_out"
    assert "timeout" in result.reason


# ------------------------------------------------------------------ arguments


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "tree"}, "found the engine 'tree' for a residual block"),
        ({"blocks": [[0]]}, "found blocks for a residual block"),
        ({"input_shape": (1, 2)}, "found an input shape for a residual block"),
        ({"seed": -1}, "found the seed -1"),
        ({"jobs": 0}, "found jobs = 0"),
        ({"domain": xi.Ball(1, [0, 0, 0])}, "dimension 3"),
        ({"domain": "sphere:1"}, "expected a convex set"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(xi.InputError, match=message):
        xi.certify(xi.ResidualBlock([[1, 0]], [[1], [0]]), **options)


def test_what_stands_for_a_block(tmp_path):
    block = xi.ResidualBlock([[1, 0]], [[1], [0]])
    block.write(tmp_path / "block.json")
    for given in (block, {"A": [[1, 0]], "B": [[1], [0]]}, tmp_path / "block.json"):
        result = xi.certify(given)
        assert result.layer == block
        assert xi.check(result.certificate, given).valid
    with pytest.raises(xi.InputError, match="only certify and check take blocks"):
        xi.alpha_star(block)
    assert xi.certify(block, engine="p-matrix").verdict == "injective"


def test_results_of_blocks():
    result = xi.certify(xi.ResidualBlock([[1, 0]], [[-2], [1]]))
    document = result.to_json()
    assert document["layer"]["k"] == 1
    assert document["engine"] == "p-matrix"
    assert document["witness"]["float_replay"]["float64"]["outputs_equal"]
    assert result.collision_size.survives is None
    assert result.nearby is None
    assert result.stats.explored == 1
    assert "ResidualBlock(k=1, n=2" in repr(result)
