"""The decider on balls, boxes and polytopes against brute force over flats and an SMT solver.

The oracles share no code with the package. Every certificate goes through the standalone checker, every pair is
evaluated again. Tangential cases, where the ball just touches a region, are there on purpose.
"""

from __future__ import annotations

import random
from fractions import Fraction as F  # noqa: N817 (it stands everywhere)

import pytest
from oracles.bounded import brute_force_bounded, distance_square, is_bounded_collision, smt_bounded
from plain_domains import plain
from strategies import random_degenerate_layer, random_shape

import exactinj as xi

UNIT = [F(3, 5), F(4, 5)]


def random_domain(rng, n, kind):
    radius = rng.choice([F(1), F(1, 2), F(5), F(13, 5), F(1, 10**12), F(10**9)])
    if kind == "ball":
        return xi.Ball(radius)
    if kind == "ball off centre":
        return xi.Ball(radius, [F(rng.randint(-3, 3), rng.choice([1, 2, 5])) for _ in range(n)])
    if kind == "nonneg-ball":
        return xi.NonnegativeBall(radius)
    if kind == "box":
        lower = [F(rng.randint(-3, 1), 2) for _ in range(n)]
        return xi.Box(lower, [low + F(rng.randint(1, 4), 3) for low in lower])
    while True:
        G = [[F(rng.randint(-2, 2)) for _ in range(n)] for _ in range(rng.randint(1, n + 2))]
        h = [F(rng.randint(-1, 3)) for _ in G]
        try:
            return xi.Polytope(G, h)
        except xi.InputError:
            continue


def decide(W, b, domain, engine):
    """The verdict as a bool, after its evidence has been checked independently."""
    layer = xi.ReLULayer(W, b)
    result = xi.certify(layer, domain=domain, engine=engine)
    assert result.certificate is not None, result.reason
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert outcome.claim == result.verdict
    if result.verdict == "not_injective":
        halfspaces, ball = plain(domain, layer.n)
        assert is_bounded_collision(W, b, halfspaces, ball, result.witness.x, result.witness.y)
    return result.verdict == "injective"


KINDS = ["ball", "ball off centre", "nonneg-ball", "box", "polytope"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_agrees_with_brute_force(n, kind):
    rng = random.Random(f"{n} {kind}")
    seen = set()
    for turn in range(60):
        W, b = random_degenerate_layer(rng, n, min(random_shape(rng, n), 9), bias=turn % 4 > 0)
        domain = random_domain(rng, n, kind)
        verdicts = {decide(W, b, domain, engine) for engine in ("tree", "sign-split")}
        assert verdicts == {brute_force_bounded(W, b, *plain(domain, n))}, (W, b, domain)
        seen |= verdicts
    assert seen == {True, False}


@pytest.mark.parametrize("kind", ["ball", "nonneg-ball", "polytope"])
def test_agrees_with_an_smt_solver(kind):
    rng = random.Random(kind)
    for _ in range(25):
        n = rng.randint(1, 2)
        W = [[F(rng.randint(-2, 2)) for _ in range(n)] for _ in range(rng.randint(2 * n, 6))]
        b = [F(rng.randint(-1, 4), 2) for _ in W]
        domain = random_domain(rng, n, kind)
        assert decide(W, b, domain, "tree") == smt_bounded(W, b, *plain(domain, n)), (W, b, domain)


@pytest.mark.parametrize("engine", ["tree", "sign-split", "auto"])
def test_a_ball_that_just_touches_a_region_is_decided(engine):
    # The rows outside the flat of u are all negative exactly where <u, x> > 1: the unit ball touches that halfplane.
    W = [UNIT, [-c for c in UNIT], [UNIT[1], -UNIT[0]], [-UNIT[1], UNIT[0]]]
    for shift, expected in ((F(0), True), (F(1, 10**30), True), (F(-1, 10**30), False)):
        b = [F(-1), F(1) + shift, F(0), F(0)]
        assert decide(W, b, xi.Ball(1), engine) == expected
        W2 = [[-c for c in UNIT], *W[2:]]
        assert decide(W2, b[1:], xi.Ball(1), engine) == expected
    small = F(1) - F(1, 10**40)
    assert decide(W[1:], [F(1) - F(1, 10**50), F(0), F(0)], xi.Ball(small), engine)


def test_critical_radii_of_random_layers():
    """The radius at which a layer stops being injective is a distance; just there it still is, beyond it is not."""
    rng = random.Random(7)
    tried = 0
    while tried < 12:
        n = rng.randint(1, 3)
        W = [[F(rng.randint(-3, 3)) for _ in range(n)] for _ in range(rng.randint(n + 1, 7))]
        b = [F(rng.randint(1, 5)) for _ in W]
        radius = critical_square(W, b, n)
        if radius is None or radius == 0:
            continue
        tried += 1
        for engine in ("tree", "sign-split"):
            # radii whose squares are below, and above, the critical square by 1e-40
            below, above = F(square_root(radius), 10**40), F(square_root(radius) + 1, 10**40)
            assert decide(W, b, xi.Ball(below), engine)
            assert not decide(W, b, xi.Ball(above + F(1, 10**40)), engine)


def square_root(value):
    from math import isqrt

    return isqrt(value.numerator * 10**80 // value.denominator)


def critical_square(W, b, n):
    """The least squared distance at which the rows outside a flat are all negative, or None."""
    from oracles.flats import Negative, flats_by_rank, negative_point, primitive

    rows = [(*w, beta) for w, beta in zip(W, b, strict=True)]
    best = None
    for level in flats_by_rank([primitive(row)[:n] for row in rows]):
        for flat in level:
            outside = [row for i, row in enumerate(rows) if not flat >> i & 1]
            system = [primitive(row) for row in outside] + [[0] * n + [-1]]
            if isinstance(negative_point(system), Negative):
                square = distance_square(outside, [F(0)] * n)
                best = square if best is None else min(best, square)
    return best


def test_without_bias_a_ball_around_zero_asks_the_same_as_space():
    rng = random.Random(3)
    for _ in range(40):
        n = rng.randint(1, 4)
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=False)
        layer = xi.ReLULayer(W, b)
        on_space = xi.certify(layer).verdict
        assert decide(W, b, xi.Ball(F(1, 7)), "tree") == (on_space == "injective")
        on_orthant = xi.certify(layer, domain=xi.NonnegativeOrthant()).verdict
        assert decide(W, b, xi.NonnegativeBall(3), "sign-split") == (on_orthant == "injective")


def test_a_bias_can_create_injectivity_on_a_ball():
    assert decide([[1]], [1], xi.Ball(1), "tree")
    assert not decide([[1]], [F(999, 1000)], xi.Ball(1), "tree")
    assert not decide([[1]], [1], xi.Ball(F(1001, 1000)), "tree")


@pytest.mark.parametrize(
    ("engine", "layers"),
    [("finder", 3), ("milp", 12), ("milp-highs", 12), pytest.param("finder", 12, marks=pytest.mark.slow)],
)
def test_finders_on_balls_are_never_wrong(engine, layers):
    rng = random.Random(engine)
    found = 0
    for _ in range(layers):
        n = rng.randint(2, 3)
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=True)
        domain = random_domain(rng, n, rng.choice(KINDS))
        result = xi.certify(xi.ReLULayer(W, b), domain=domain, engine=engine, timeout=20)
        assert result.verdict != "injective"
        if result.verdict == "not_injective":
            found += 1
            assert not brute_force_bounded(W, b, *plain(domain, n))
            assert is_bounded_collision(W, b, *plain(domain, n), result.witness.x, result.witness.y)
    assert found > 0


@pytest.mark.parametrize(
    "text", ["ball:1", "ball:1/3:0,1", "nonneg-ball:2", "sphere:1", "shell:1/2,1", "box:-1,1", "box:0,0:1,2", "R^n"]
)
def test_domain_texts_are_read_back(text):
    assert xi.parse_domain(text).text == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ball:0", "positive"),
        ("ball:-1", "positive"),
        ("ball", "expected one of"),
        ("ball:x", "found the text 'x'"),
        ("ball:nan", "nan"),
        ("box:1", "two numbers"),
        ("box:1,1", "lower < upper"),
        ("box:0,0:1,1,1", "different lengths"),
        ("shell:2,1", "inner < outer"),
        ("polytope:", "without a file"),
        ("polytope:a.txt", "a.txt: no such file"),
        ("polytope:none.json", "no such file"),
        ("torus", "expected one of"),
    ],
)
def test_bad_domains_say_what_to_do(text, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(xi.InputError, match=words):
        xi.parse_domain(text)


def test_polytope_files(tmp_path):
    import numpy as np

    (tmp_path / "simplex.json").write_text('{"G": [["1", "1"], ["-1", "0"], ["0", "-1"]], "h": ["1", "0", "0"]}')
    np.savez(tmp_path / "simplex.npz", G=np.array([[1.0, 1], [-1, 0], [0, -1]]), h=np.array([1.0, 0, 0]))
    for name in ("simplex.json", "simplex.npz"):
        domain = xi.parse_domain(f"polytope:{tmp_path / name}")
        assert domain.contains([F(1, 2), F(1, 2)])
        assert not domain.contains([F(1, 2), F(51, 100)])
        assert xi.certify(xi.ReLULayer([[1, 0], [0, 1]]), domain=domain).verdict == "injective"
    (tmp_path / "thin.json").write_text('{"G": [[1], [-1]], "h": [0, 0]}')
    with pytest.raises(xi.InputError, match="without interior points"):
        xi.parse_domain(f"polytope:{tmp_path / 'thin.json'}")
    (tmp_path / "keys.json").write_text('{"A": [[1]], "h": [0]}')
    with pytest.raises(xi.InputError, match="expected G and h"):
        xi.parse_domain(f"polytope:{tmp_path / 'keys.json'}")


def test_dimensions_must_fit():
    layer = xi.ReLULayer([[1, 0], [0, 1]])
    for domain in (xi.Ball(1, [0]), xi.Box([0], [1]), xi.Polytope([[1]], [1])):
        with pytest.raises(xi.InputError, match="dimension"):
            xi.certify(layer, domain=domain)


@pytest.mark.parametrize("region", [xi.Sphere(1), xi.Shell(0, 1)])
def test_spheres_are_not_decided(region):
    with pytest.raises(xi.InputError, match="convex"):
        xi.certify(xi.ReLULayer([[1], [-1]]), domain=region)


def test_domains_answer_for_affine_functions_exactly():
    tiny = F(1, 10**40)
    third = xi.Ball(F(5, 3), [1, 2])
    assert third.is_nonnegative([3, 4], F(25, 3) - 11)
    assert not third.is_nonnegative([3, 4], F(25, 3) - 11 - tiny)
    positive = xi.NonnegativeBall(2)
    assert positive.is_nonnegative([-3, 4], 6)
    assert not positive.is_nonnegative([-3, 4], 6 - tiny)
    box = xi.Box([-1, 0], [2, 3])
    assert box.is_nonnegative([1, -1], 4)
    assert not box.is_nonnegative([1, -1], 4 - tiny)
    simplex = xi.Polytope([[1, 1], [-1, 0], [0, -1]], [1, 0, 0])
    assert simplex.is_nonnegative([-2, 1], 2)
    assert not simplex.is_nonnegative([-2, 1], 2 - tiny)


@pytest.mark.parametrize("engine", ["tree", "sign-split", "auto", "finder"])
@pytest.mark.parametrize("radius", ["1e400", "1e-400", "1e300", "1e-300"])
def test_radii_beyond_floats(engine, radius):
    # ReLU(x + 1) and a row that says nothing: injective on the ball exactly up to radius 1.
    result = xi.certify(xi.ReLULayer([[1], [0]], [1, 1]), domain=xi.Ball(radius), engine=engine)
    if engine == "finder":
        assert result.verdict != "injective" or F(radius) <= 1
        return
    assert result.verdict == ("injective" if F(radius) <= 1 else "not_injective")
    assert xi.check(result.certificate).valid


def test_pairs_in_tiny_balls_take_no_long_search():
    layer = xi.ReLULayer([[1, 2, -1, 0]], [1])
    for domain in (xi.NonnegativeBall("1e-3000"), xi.Ball("1e-3000", [F(1, 3)] * 4)):
        result = xi.certify(layer, domain=domain, engine="tree", timeout=20)
        assert result.verdict == "not_injective"
        assert xi.check(result.certificate, layer).valid


def test_halfspaces_without_normal_say_nothing():
    from exactinj.files.export import to_smtlib, to_vnnlib

    domain = xi.Polytope([[0, 0], [1, 0]], [1, 1])
    layer = xi.ReLULayer([[1, 0], [0, 1]])
    assert "(+ )" not in to_vnnlib(layer, domain)
    assert "(+ )" not in to_smtlib(layer, domain)
    with pytest.raises(xi.InputError, match="without interior points"):
        xi.Polytope([[0, 0]], [0])


def test_smtlib_states_the_ball():
    z3 = pytest.importorskip("z3")
    from exactinj.files.export import to_smtlib, to_vnnlib

    for radius, expected in ((F(1), "unsat"), (F(1001, 1000), "sat")):
        for domain in (xi.Ball(radius), xi.Ball(radius, [0]), xi.NonnegativeBall(radius)):
            solver = z3.Solver()
            solver.from_string(to_smtlib(xi.ReLULayer([[1]], [1]), domain))
            assert str(solver.check()) == ("unsat" if isinstance(domain, xi.NonnegativeBall) else expected)
    with pytest.raises(xi.InputError, match="VNN-LIB"):
        to_vnnlib(xi.ReLULayer([[1]], [1]), xi.Ball(1))


def test_numbers_of_any_length_are_printed():
    long = "1e5000"  # more digits than Python converts by itself
    for domain in (xi.Ball(long), xi.Box(f"-{long}", long), xi.NonnegativeBall(long), xi.Shell(1, long)):
        assert len(domain.text) > 5000
    with pytest.raises(xi.InputError, match="lower < upper"):
        xi.Box(long, 0)
    with pytest.raises(xi.InputError, match="halfspace"):
        xi.hull_bias(xi.ReLULayer([[long, 1], [1, "1e-5000"]]))
