"""Exact alpha* against enumeration, samples, known polytopes, the sweep in the plane, and the independent checker."""

from __future__ import annotations

import io
import json
import math
from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np
import pytest
from strategies import random_degenerate_layer, random_shape

from exactinj import checker
from exactinj.biases.alpha import alpha_star
from exactinj.biases.alpha.plane import plane_value
from exactinj.biases.alpha.problem import inner, scaled_rows
from exactinj.domains import Ball, NonnegativeBall, RealSpace, Shell, Sphere
from exactinj.errors import InputError
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock

GOLDEN = (1 + 5**0.5) / 2
SIGNS = (1, -1)
TETRAHEDRON = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
OCTAHEDRON = [[s if k == c else 0 for k in range(3)] for c in range(3) for s in SIGNS]
ICOSAHEDRON = [p for s in SIGNS for t in SIGNS for p in ([0, s, t * GOLDEN], [s, t * GOLDEN, 0], [t * GOLDEN, 0, s])]
DOMAINS = (Ball(1), NonnegativeBall(1), Sphere(1))


def solved(W, domain, **limits):
    return alpha_star(ReLULayer(W), domain, clock=Clock(**limits))


def assert_certified(result):
    outcome = checker.check_stream(io.BytesIO(result.certificate.to_bytes()), None)
    assert outcome.valid, outcome.reason


def assert_attained(result):
    """The points lie in the domain, have few rows above, and the value, in rationals."""
    W, r = result.layer.W.fractions(), result.domain.radius
    for j, entry in enumerate(result.values):
        if entry.point is None:
            assert isinstance(result.domain, Sphere)
            assert entry.value == Surd.infinity()
            continue
        heights = [inner_of(entry.point, row) for row in W]
        assert entry.above == tuple(i for i, h in enumerate(heights) if h > heights[j])
        assert entry.level == tuple(i for i, h in enumerate(heights) if h == heights[j])
        assert len(entry.above) < result.layer.n
        square = inner_of(entry.point, entry.point)
        if square:
            sign = (heights[j] > 0) - (heights[j] < 0)
            assert entry.value == Surd(sign, (r * heights[j]) ** 2 / square)
        else:
            assert entry.value == Surd.of_rational(0)
            assert not isinstance(result.domain, Sphere)
        assert not isinstance(result.domain, NonnegativeBall) or min(entry.point) >= 0


def inner_of(a, c):
    return sum((x * y for x, y in zip(a, c, strict=True)), Fraction(0))


# --- the oracle: every candidate point, by elimination ------------------------------------------


def nullspace(rows, n):
    """A basis of ``{x : <x, a> = 0 for the rows a}``, and whether the rows are independent."""
    reduced = []
    for row in rows:
        rest = list(row)
        for pivot, base in reduced:
            rest = [a - rest[pivot] * c for a, c in zip(rest, base, strict=True)]
        pivot = next((k for k, value in enumerate(rest) if value), None)
        if pivot is None:
            return [], False
        rest = [value / rest[pivot] for value in rest]
        reduced = [(p, [a - base[pivot] * c for a, c in zip(base, rest, strict=True)]) for p, base in reduced]
        reduced.append((pivot, rest))
    pivots = dict(reduced)
    free = [k for k in range(n) if k not in pivots]
    return [[-pivots[c][k] if c in pivots else Fraction(int(c == k)) for c in range(n)] for k in free], True


def projection(basis, target):
    """The orthogonal projection onto the span, by Gram and Schmidt."""
    orthogonal, result = [], [Fraction(0)] * len(target)
    for vector in basis:
        rest = vector
        for base in orthogonal:
            factor = inner_of(rest, base) / inner_of(base, base)
            rest = [a - factor * c for a, c in zip(rest, base, strict=True)]
        orthogonal.append(rest)
        factor = inner_of(target, rest) / inner_of(rest, rest)
        result = [a + factor * c for a, c in zip(result, rest, strict=True)]
    return result


def enumerated(W, domain):
    """Minima over all candidates: projections of -w_j onto, and bases of, what is orthogonal to some v_i (and axes)."""
    W = [[Fraction(value) for value in row] for row in W]
    n, nonnegative = len(W[0]), isinstance(domain, NonnegativeBall)
    result = []
    for w in W:
        columns = {tuple(a - c for a, c in zip(row, w, strict=True)) for row in W}
        columns |= {tuple(Fraction(int(k == c)) for c in range(n)) for k in range(n)} if nonnegative else set()
        best = Surd.infinity() if isinstance(domain, Sphere) else Surd.of_rational(0)
        for size in range(n):
            for chosen in combinations(sorted(columns), size):
                basis, independent = nullspace(chosen, n)
                if not independent:
                    continue
                candidates = [projection(basis, [-value for value in w]), *basis]
                candidates += [[-value for value in vector] for vector in basis]
                for x in candidates:
                    height = inner_of(x, w)
                    if not any(x) or (nonnegative and min(x) < 0):
                        continue
                    if sum(inner_of(x, row) > height for row in W) < n:
                        value = Surd((height > 0) - (height < 0), height * height / inner_of(x, x))
                        best = min(best, value)
        result.append(best * domain.radius)
    return result


def assert_right(W, domain):
    result = solved(W, domain)
    assert list(result.alpha) == enumerated(W, domain), (W, domain)
    assert_attained(result)
    assert_certified(result)
    return result


# --- known values -------------------------------------------------------------------------------


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text)
@pytest.mark.parametrize("W", [OCTAHEDRON, TETRAHEDRON], ids=["octahedron", "tetrahedron"])
def test_polytopes_against_enumeration(W, domain):
    assert_right(W, domain)


def test_regular_polytopes():
    assert set(solved(OCTAHEDRON, Ball(1)).alpha) == {Surd.of_rational(0)}
    assert set(solved(OCTAHEDRON, Sphere(1)).alpha) == {Surd.of_rational(0)}
    # Unit rows have -1/sqrt(3) (published for the sphere); these have length sqrt(3).
    assert set(solved(TETRAHEDRON, Sphere(1)).alpha) == {Surd.of_rational(-1)}
    icosahedron = solved(ICOSAHEDRON, Sphere(1))
    for value in icosahedron.alpha:
        assert float(value) == pytest.approx(math.sqrt(1 + GOLDEN**2) / math.sqrt(5), rel=1e-12)
    assert_certified(icosahedron)


def test_on_the_line():
    W = [[2], [1], [-1]]
    assert solved(W, Ball(1)).alpha[1] == Surd.of_rational(0)
    assert solved(W, Sphere(3)).alpha == (Surd.of_rational(6), Surd.infinity(), Surd.of_rational(3))
    for domain in DOMAINS:
        assert_right(W, domain)


def test_fewer_rows_than_needed_are_free():
    result = solved([[3, 4, 0], [0, 0, 1]], Ball(2))
    assert result.alpha == (Surd.of_rational(-10), Surd.of_rational(-2))
    assert all(entry.proof.refuters[0].rows == () for entry in result.values)
    assert_certified(result)


# --- enumeration --------------------------------------------------------------------------------


@pytest.mark.parametrize("domain", [Ball(1), NonnegativeBall(2), Sphere("1/3")], ids=lambda domain: domain.text)
@pytest.mark.parametrize(("n", "most", "count"), [(1, 6, 25), (2, 8, 30), (3, 8, 14), (4, 8, 2)])
def test_random_integers_against_enumeration(domain, n, most, count):
    rng = Random(f"{n} {domain.text}")
    for _ in range(count):
        size = rng.choice((1, 3, 20))
        m = rng.randint(n, most)
        assert_right([[rng.randint(-size, size) for _ in range(n)] for _ in range(m)], domain)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text)
def test_degenerate_layers_against_enumeration(domain):
    rng = Random(7)
    for _ in range(20):
        n = rng.choice((1, 2, 2, 3))
        m = min(random_shape(rng, n), 8)
        assert_right(random_degenerate_layer(rng, n, m, bias=False).W, domain)


def test_sphere_has_all_kinds_of_values():
    rng = Random(0)
    seen = set()
    for _ in range(30):
        n = rng.choice((2, 3))
        W = [[rng.randint(-9, 9) for _ in range(n)] for _ in range(9)]
        values = solved(W, Sphere(1)).alpha
        seen |= {(value.sign, value.is_finite) for value in values}
    assert seen == {(-1, True), (0, True), (1, True), (1, False)}


# --- the sweep ----------------------------------------------------------------------------------


def test_sweep_against_enumeration():
    rng = Random(3)
    for _ in range(60):
        W = [[rng.randint(-4, 4) for _ in range(2)] for _ in range(rng.randint(1, 9))]
        rows, scale = scaled_rows(ReLULayer(W))
        for domain in DOMAINS:
            kind = {"sphere": isinstance(domain, Sphere), "nonnegative": isinstance(domain, NonnegativeBall)}
            found = [plane_value(rows, j, **kind) * (1 / scale) for j in range(len(rows))]
            assert found == enumerated(W, domain)


def test_sweep_and_tree_agree_on_floats():
    rng = np.random.default_rng(1)
    for m in (3, 12, 40):  # alpha_star compares the two itself
        for domain in DOMAINS:
            assert_certified(solved(rng.standard_normal((m, 2)), domain))


# --- samples ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m"), [(2, 7), (2, 15), (3, 9), (3, 15), (4, 10)])
def test_samples_never_fall_below(n, m):
    rng = np.random.default_rng(n * m)
    W = rng.standard_normal((m, n))
    W /= np.linalg.norm(W, axis=1)[:, None]
    X = rng.standard_normal((100_000, n))
    X /= np.linalg.norm(X, axis=1)[:, None]
    for points, domain in ((X, Sphere(1)), (X, Ball(1)), (abs(X), NonnegativeBall(1))):
        result = solved(W, domain)
        heights = points @ W.T
        for j, value in enumerate(result.alpha):
            seen = (heights > heights[:, [j]]).sum(axis=1) < n
            for k in np.flatnonzero(seen & (heights[:, j] < float(value) + 1e-9)):
                x = [Fraction(entry) for entry in points[k]]
                exact = [inner_of(x, row) for row in result.layer.W.fractions()]
                if sum(height > exact[j] for height in exact) < n:
                    sign = (exact[j] > 0) - (exact[j] < 0)
                    assert Surd(sign, exact[j] ** 2 / inner_of(x, x)) >= value


# --- scales and sizes ---------------------------------------------------------------------------


@pytest.mark.parametrize("factor", ["1/3", 5, "1e12", "1e-12", "1e-300"])
def test_radius_and_scale(factor):
    W = np.random.default_rng(5).standard_normal((9, 3))
    factor = Fraction(factor)
    for kind in (Ball, NonnegativeBall, Sphere):
        expected = [value * factor for value in solved(W, kind(1)).alpha]
        wide = solved(W, kind(factor))
        assert list(wide.alpha) == expected
        scaled = solved([[factor * Fraction(value) for value in row] for row in W], kind(1))
        assert list(scaled.alpha) == expected
        assert_certified(wide)
        assert_certified(scaled)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text)
def test_rows_of_very_different_size(domain):
    rng = Random(11)
    for reach in (12, 300):
        rows = [[Fraction(rng.randint(-9, 9)) for _ in range(2 + (reach == 12))] for _ in range(7)]
        W = [[value * Fraction(10) ** rng.choice((-reach, 0, reach)) for value in row] for row in rows]
        assert_right(W, domain)
    W = [[rng.choice(SIGNS) * 10.0 ** rng.randint(-300, 300) for _ in range(3)] for _ in range(6)]
    assert_right(W, domain)


def test_floor_is_below_and_close():
    result = solved(np.random.default_rng(2).standard_normal((6, 3)), Ball(1))
    for value, bias in zip(result.alpha, result.floor(30), strict=True):
        assert Surd.of_rational(bias) <= value
        assert float(value) - float(bias) <= 2**-30 * abs(float(value)) + 1e-300
    with pytest.raises(InputError, match="row 1 has the value infinity"):
        solved([[2], [1], [-1]], Sphere(1)).floor()


# --- certificates and limits --------------------------------------------------------------------


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text)
def test_changed_values_are_rejected(domain):
    W = np.random.default_rng(8).integers(-5, 6, (8, 3)).tolist()
    document = json.loads(solved(W, domain).certificate.to_bytes())
    for number in range(8):
        for change in ("larger", "smaller", "sign", "point", "token", "extra"):
            changed = json.loads(json.dumps(document))
            row = changed["proof"]["rows"][number]
            if change in ("larger", "smaller"):
                square = Fraction(row["square"] or 1) * (Fraction(9, 8) if change == "larger" else Fraction(7, 8))
                row["square"] = str(square or 1)
            elif change == "sign":
                row["sign"] = 1 - abs(row["sign"]) if row["sign"] >= 0 else 1
            elif change == "point":
                row["point"] = ["1", "0", "0"] if row["point"] is None else None
            elif change == "token":
                row["tree"].pop()
            else:
                row["tree"].append(0)
            outcome = checker.check_stream(io.BytesIO(json.dumps(changed).encode()), None)
            assert not outcome.valid, (number, change)


def test_same_bytes_again():
    W = np.random.default_rng(4).standard_normal((10, 3))
    for domain in DOMAINS:
        assert solved(W, domain).certificate.to_bytes() == solved(W, domain).certificate.to_bytes()


def test_out_of_time_keeps_what_is_finished():
    lines = []
    W = np.random.default_rng(0).standard_normal((60, 5))
    result = alpha_star(ReLULayer(W), Sphere(1), clock=Clock(0.3, lines.append))
    assert not result.complete
    assert result.certificate is None
    assert lines[0] == "alpha*: row 1 of 60, 0 nodes so far"
    assert result.values[-1] is None
    assert result.alpha[-1] is None
    result = alpha_star(ReLULayer(W), Ball(1), clock=Clock(1e-9))
    with pytest.raises(InputError, match="row 0 has no value, as the time ran out"):
        result.floor()


def test_other_domains_are_refused():
    for domain in (Ball(1, [1, 0, 0]), RealSpace(), Shell(1, 2)):
        with pytest.raises(InputError, match="expected a ball around 0"):
            solved(TETRAHEDRON, domain)
    with pytest.raises(InputError, match="dimension"):
        solved(TETRAHEDRON, Ball(1, [0, 0]))


def test_the_biases_play_no_role():
    layer = ReLULayer(TETRAHEDRON, b=[1, 2, 3, 4])
    result = alpha_star(layer, Ball(1), clock=Clock())
    assert result.alpha == solved(TETRAHEDRON, Ball(1)).alpha
    assert_certified(result)


def test_inner_product():
    assert inner((1, -2), (3, 4)) == -5
