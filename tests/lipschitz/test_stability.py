"""Both Lipschitz constants against all cells one by one, in rationals of the test's own, and against sampled pairs."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from io import BytesIO
from random import Random

import numpy as np
import pytest

import exactinj as xi
from exactinj import checker
from exactinj.certificates.certificate import Certificate
from exactinj.errors import InputError

HALF = Fraction(1, 2)
OFTEN = (*range(10), *range(11, 22), 151, 182, 236)  # on the last ones circuits name cuts of a ball
SEEDS = [*OFTEN, *(pytest.param(k, marks=pytest.mark.slow) for k in range(500) if k not in OFTEN)]
DOMAINS = (None, None, None, "nonneg", "box:-1,1", "ball:2", "nonneg-ball:1", "box:0,3")


def random_layer(seed):
    random = Random(seed)
    n, domain = random.randint(1, 3), random.choice(DOMAINS)
    m = random.randint(1, 4 * n + 1)
    rows = [[random.randint(-3, 3) for _ in range(n)] for _ in range(m)]
    for _ in range(random.randint(0, 2)):  # duplicate, parallel and antiparallel rows
        rows.append([random.choice((-2, -1, 1, Fraction(1, 3))) * value for value in random.choice(rows)])
    if random.random() < 0.3:
        rows += [[-value for value in row] for row in rows]
    b = [random.randint(-2, 2) for _ in rows] if random.random() < 0.5 else [0] * len(rows)
    return xi.ReLULayer(rows, b), domain


def gram(layer, active):
    rows = [layer.W.fractions()[i] for i in active]
    return [[sum((row[j] * row[k] for row in rows), Fraction(0)) for k in range(layer.n)] for j in range(layer.n)]


def minors_are_nonnegative(matrix):
    """Whether a symmetric matrix is positive semidefinite: all principal minors, by Leibniz' formula."""
    from itertools import combinations, permutations

    def determinant(chosen):
        total = Fraction(0)
        for order in permutations(range(len(chosen))):
            sign = 1
            for a, c in combinations(order, 2):
                sign *= -1 if a > c else 1
            total += sign * math.prod(matrix[chosen[k]][chosen[order[k]]] for k in range(len(chosen)))
        return total

    sizes = range(1, len(matrix) + 1)
    return all(determinant(chosen) >= 0 for size in sizes for chosen in combinations(range(len(matrix)), size))


def minus(matrix, value, sign=1):
    return [[sign * (entry - value * (j == k)) for k, entry in enumerate(row)] for j, row in enumerate(matrix)]


def quotient(matrix, vector):
    image = [sum((a * c for a, c in zip(row, vector, strict=True)), Fraction(0)) for row in matrix]
    return sum(a * c for a, c in zip(image, vector, strict=True)) / sum(value * value for value in vector)


def strictly_active(layer, x):
    values = zip(layer.W.fractions(), layer.b.fractions(), strict=True)
    return tuple(i for i, (row, (b,)) in enumerate(values) if sum((a * c for a, c in zip(row, x, strict=True)), b) > 0)


def is_generic(layer, x):
    rows = zip(layer.W.fractions(), layer.b.fractions(), strict=True)
    return all(sum((a * c for a, c in zip(row, x, strict=True)), b) or not any((*row, b)) for row, (b,) in rows)


def all_cells(layer, domain):
    """The active rows of every cell; on balls, whose cells are not listed, those at many random points."""
    if domain is None or "ball" not in domain:
        return [wedge.active for wedge in xi.wedges(layer, domain=domain)]
    random, radius = Random(0), int(domain.split(":")[1])
    signs = (0, 1000) if domain.startswith("nonneg") else (-1000, 1000)
    points = [[Fraction(radius * random.randint(*signs), 1001) for _ in range(layer.n)] for _ in range(300)]
    inside = [x for x in points if sum(value * value for value in x) < radius**2]
    return {strictly_active(layer, x) for x in inside if is_generic(layer, x)}


def assert_encloses_all_cells(layer, domain, result):
    """No cell has a value outside the enclosures, and both inner ends are taken by one."""
    sigma, top = result.sigma_min_squared, result.upper_lipschitz_squared
    for active in all_cells(layer, domain):
        matrix = gram(layer, [i for i in active if any(layer.W.fractions()[i])])
        assert minors_are_nonnegative(minus(matrix, sigma.at_least))
        assert minors_are_nonnegative(minus(matrix, top.at_most, sign=-1))
    for cell, end, below in ((result.smallest, sigma.at_most, True), (result.largest, top.at_least, False)):
        seen = [i for i in strictly_active(layer, cell.point) if any(layer.W.fractions()[i])]
        assert set(seen) == {i for i in cell.active if any(layer.W.fractions()[i])}
        assert result.domain.contains(cell.point)
        taken = quotient(gram(layer, cell.active), cell.value.vector)
        assert taken <= end if below else taken >= end


def assert_narrow(result, tolerance=Fraction(1, 999)):
    sigma, top = result.sigma_min_squared, result.upper_lipschitz_squared
    assert result.complete
    assert sigma.at_most - sigma.at_least <= tolerance * sigma.at_most
    assert top.at_most - top.at_least <= tolerance * top.at_most
    low, high = result.lower_lipschitz
    assert low <= high
    assert 2 * low.square >= sigma.at_least
    assert high.square <= sigma.at_most
    assert result.published.operator_norm.at_most >= top.at_least


def assert_is_certified(result):
    """By the checker, which says the same bounds; read and written again the certificate is the same."""
    for form in ("explicit", "compact"):
        text = result.certificate.to_bytes(form=form)
        checked = checker.check_stream(
            BytesIO(text), (result.layer.W.fractions(), [b for (b,) in result.layer.b.fractions()])
        )
        assert checked.valid, checked.reason
        assert checked.claim == "stability"
        assert f"is at least {result.sigma_min_squared.at_least}, sigma_max^2 at most" in checked.reason
        assert Certificate.of_record(json.loads(text)).to_bytes() == text


@pytest.mark.parametrize("seed", SEEDS)
def test_enclosures_hold_for_every_cell(seed):
    layer, domain = random_layer(seed)
    result = xi.stability(layer, domain=domain, seed=seed)
    assert_encloses_all_cells(layer, domain, result)
    assert_narrow(result)
    assert_is_certified(result)
    is_injective = xi.certify(layer, domain=domain).verdict is xi.Verdict.INJECTIVE
    assert (result.sigma_min_squared.at_least > 0) == is_injective
    assert (result.sigma_min_squared.at_most > 0) == is_injective


@pytest.mark.parametrize("seed", range(8))
def test_kappa_lies_below_every_sampled_pair(seed):
    random = np.random.default_rng(seed)
    n = 2 + seed % 2
    rows, b = random.standard_normal((5 * n, n)), random.standard_normal(5 * n) * (seed % 3 == 0)
    result = xi.stability(xi.ReLULayer(rows, b), seed=seed)
    scale = 3.0 ** random.integers(-2, 3, (100_000, 1))
    x, y = scale * random.standard_normal((2, 100_000, n))
    y[::2] = x[::2] + 0.1 * (y[::2] - x[::2])
    images = np.maximum(x @ rows.T + b, 0) - np.maximum(y @ rows.T + b, 0)
    ratios = np.linalg.norm(images, axis=1) / np.linalg.norm(x - y, axis=1)
    low, high = map(float, result.lower_lipschitz)
    assert ratios.min() >= low * (1 - 1e-9)
    assert ratios.max() <= math.sqrt(result.upper_lipschitz_squared.at_most) * (1 + 1e-9)
    assert ratios.min() >= high * (1 - 1e-9) or n > 2  # sampling found no better pair in the plane
    pair = result.pair
    if pair is not None:
        a, c = result.layer.evaluate(pair.x), result.layer.evaluate(pair.y)
        top = sum(((p - q) ** 2 for p, q in zip(a, c, strict=True)), Fraction(0))
        assert top / sum(((p - q) ** 2 for p, q in zip(pair.x, pair.y, strict=True)), Fraction(0)) == pair.square


def doubled(rows):
    return [*rows, *([-value for value in row] for row in rows)]


@pytest.mark.parametrize("n", range(1, 9))
def test_cross_polytopes(n):
    result = xi.stability(doubled(np.eye(n, dtype=int).tolist()))
    assert result.sigma_min_squared == result.upper_lipschitz_squared
    assert result.sigma_min_squared.is_exact
    assert result.sigma_min_squared.at_least == 1
    assert [end.square for end in result.lower_lipschitz] == [HALF, HALF]
    assert result.nodes == 2  # pairs need no tree


def test_pairs_of_different_lengths():
    rows = [[1, 0], [0, 1], [-3, 0], [0, "-1/2"]]
    result = xi.stability(rows)
    assert result.sigma_min_squared.at_least == result.sigma_min_squared.at_most == Fraction(1, 4)
    assert result.upper_lipschitz_squared.at_least == result.upper_lipschitz_squared.at_most == 9


def test_a_doubled_basis_has_the_values_of_the_basis():
    base = [[1, 2, 0], [0, 1, 1], [1, 0, 3]]
    result, frame = xi.stability(doubled(base)), xi.frame_bounds(base)
    assert frame.lower[0] <= result.sigma_min_squared.at_most
    assert result.sigma_min_squared.at_least <= frame.lower[1]
    assert result.upper_lipschitz_squared.at_least <= frame.upper[1]
    assert frame.upper[0] <= result.upper_lipschitz_squared.at_most
    assert float(result.lower_lipschitz[1]) < 1.01 * math.sqrt(float(frame.lower[1]) / 2) * math.sqrt(2)


def test_textbook_frames():
    mercedes = [[0, 1], [Fraction(-7, 8), -HALF], [Fraction(7, 8), -HALF]]
    assert xi.stability(mercedes).sigma_min_squared == xi.stability([[1, 2, 3]]).sigma_min_squared
    assert xi.stability(mercedes).lower_lipschitz[1] == 0
    assert xi.stability(doubled(mercedes)).sigma_min_squared.at_least > 0
    square = xi.stability(doubled([[1, 1], [1, -1]]))
    assert square.sigma_min_squared.at_least == square.sigma_min_squared.at_most == 2
    assert square.frame.is_tight


def test_one_input_and_both_biases():
    layer = xi.ReLULayer([[1], [-1]], b=[-1, 1])
    assert [end.square for end in xi.stability(layer).lower_lipschitz] == [HALF, HALF]
    gap = xi.ReLULayer([[1], [-1]], b=["-1e-30", 0])
    assert xi.stability(gap).sigma_min_squared.at_most == 0
    overlap = xi.ReLULayer([[1], [-1]], b=["1e-30", 0])
    assert xi.stability(overlap).upper_lipschitz_squared.at_most == 2
    assert xi.stability(overlap).sigma_min_squared.at_least == 1


def test_where_all_rows_are_active_the_layer_is_linear():
    result = xi.stability([[2, 0], [0, 3]], domain="nonneg")
    assert [end.square for end in result.lower_lipschitz] == [4, 4]
    assert result.upper_lipschitz_squared.at_least == result.upper_lipschitz_squared.at_most == 9


@pytest.mark.parametrize(
    "rows", [doubled([[1, 2], [3, 1]]), doubled([[1, 2, 0], [0, 1, 1], [1, 0, 3]]), [[1, 1], [0, 1]]]
)
def test_values_are_algebraic_numbers(rows):
    sympy = pytest.importorskip("sympy")
    result = xi.stability(rows)
    for cell, largest in ((result.smallest, False), (result.largest, True)):
        found, x = result.value_at(cell), sympy.Symbol("x")
        polynomial = sympy.Poly(list(reversed(found.polynomial)), x)
        matrix = sympy.Matrix(
            [[sympy.Rational(str(value)) for value in row] for row in gram(result.layer, cell.active)]
        )
        assert sympy.Poly(matrix.charpoly(x).as_expr(), x).monic() == polynomial.monic()
        low, high = (sympy.Rational(str(end)) for end in found.interval)
        assert polynomial.count_roots(low, high) == 1
        assert polynomial.count_roots(high, None) - (polynomial.eval(high) == 0) == 0 or not largest
        assert polynomial.count_roots(None, low) - (polynomial.eval(low) == 0) == 0 or largest


@pytest.mark.parametrize("rows", [[[0, 0]], [[0, 0], [0, 0]], [[1, 1], [0, 0]]])
def test_rows_that_do_not_span(rows):
    result = xi.stability(rows)
    assert result.sigma_min_squared.at_least == result.sigma_min_squared.at_most == 0
    assert result.lower_lipschitz[1] == 0
    assert_encloses_all_cells(xi.ReLULayer(rows), None, result)


def test_numbers_of_every_size():
    big = xi.stability([[10**200, 0], [0, 1], [-(10**200), 0], [0, -1]])
    assert big.sigma_min_squared.at_least >= Fraction(998, 1000)
    assert big.sigma_min_squared.at_most == 1
    assert big.upper_lipschitz_squared.at_most >= 10**400
    assert json.dumps(big.to_json())
    small = xi.stability([["1e-200"], ["-1e-200"]])
    assert 0 < small.sigma_min_squared.at_least <= Fraction("1e-400") <= small.sigma_min_squared.at_most


NEARLY = Fraction(1, 10**30)


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 1], [1, 1 + NEARLY]],  # whose smallest eigenvalue floats take for 0
        [[1, 1], [NEARLY, -NEARLY]],
        [[3, 5, 1], [3, 5, 1 + NEARLY], [1, 0, 2]],
    ],
)
def test_values_that_floats_do_not_see(rows):
    result, bounds = xi.stability(doubled(rows)), xi.frame_bounds(rows)
    assert_narrow(result)
    assert_is_certified(result)
    assert_encloses_all_cells(xi.ReLULayer(doubled(rows)), None, result)
    assert result.sigma_min_squared.at_least > 0
    assert bounds.is_frame
    assert 0 < bounds.lower[0] <= bounds.lower[1] < NEARLY


def test_what_no_float_holds():
    huge = xi.stability([["1e400"], ["-1e400"]])
    assert huge.sigma_min_squared.at_least <= 10**800 <= huge.sigma_min_squared.at_most
    document = json.loads(json.dumps(huge.to_json(), allow_nan=False))
    assert document["lower_lipschitz"]["at_most"]["float"] is None
    assert document["published"]["operator_norm"] is None
    far = xi.stability(([[1, 0], [0, 1], [-1, -1]], [1, 1, 1]), domain=xi.Box(["1e400"] * 2, ["2e400"] * 2))
    assert far.sigma_min_squared.at_least == far.upper_lipschitz_squared.at_most == 1
    assert xi.check(far.certificate).valid


def test_out_of_time_leaves_what_is_known_anyway():
    rows = np.random.default_rng(0).standard_normal((60, 8))
    result = xi.stability(rows, timeout=1.0)
    assert not result.complete
    assert_is_certified(result)
    assert result.sigma_min_squared.at_least == 0
    assert result.sigma_min_squared.at_most >= 0
    assert result.upper_lipschitz_squared.at_most >= result.upper_lipschitz_squared.at_least > 0


def test_out_of_time_pairs_still_count():
    """Rows and their negatives without time for more than the root: the bounds of the pairs are proved."""
    random = np.random.default_rng(1)
    base = random.standard_normal((9, 8))
    result = xi.stability(doubled(base.tolist()) + random.standard_normal((40, 8)).tolist(), timeout=1.0)
    assert not result.complete
    assert_is_certified(result)
    least = np.linalg.eigvalsh(base.T @ base)[0]
    assert float(result.sigma_min_squared.at_least) == pytest.approx(least, rel=1e-9)


def test_a_doubled_bank_closes_at_the_root():
    base = np.random.default_rng(0).standard_normal((24, 24))
    result = xi.stability(doubled(base.tolist()))
    assert result.nodes == 2
    low, high = result.lower_lipschitz  # kappa is sqrt(A/2) exactly: at x and -x half of the rows change sides
    assert low.square >= Fraction(998, 1000) * high.square
    assert_narrow(result)
    assert_is_certified(result)
    assert float(result.sigma_min_squared.at_most) == pytest.approx(np.linalg.eigvalsh(base.T @ base)[0], rel=1e-6)


@pytest.mark.parametrize("tolerance", [0, "1e-10", 1, -1, 2, "x", float("nan")])
def test_bad_tolerances(tolerance):
    with pytest.raises(InputError):
        xi.stability([[1], [-1]], tolerance=tolerance)


def test_frame_bounds():
    bounds = xi.frame_bounds([[1, 0], [0, 1], [1, 1], [2, 2]])
    assert bounds.is_full_spark is False
    assert bounds.dependency == (2, 3)
    assert not bounds.is_tight
    assert xi.frame_bounds([[1, 0]]).lower == (0, 0)
    assert not xi.frame_bounds([[1, 0]]).is_frame
    many = xi.frame_bounds(np.random.default_rng(0).standard_normal((80, 20)))
    assert many.is_full_spark is None
    rows = np.random.default_rng(0).standard_normal((80, 20))
    values = np.linalg.eigvalsh(rows.T @ rows)
    for (low, high), value in ((many.lower, values[0]), (many.upper, values[-1])):
        assert low <= high
        assert float(low) == pytest.approx(value)
        assert float(high) == pytest.approx(value)


def test_results_say_what_they_are():
    result = xi.stability([[1, 0], [0, 1], [-1, 0], [0, -1]])
    assert "0.7071 <= kappa <= 0.7072" in repr(result)
    with pytest.raises(TypeError, match="truth value"):
        bool(result)
    document = result.to_json()
    assert document["lower_lipschitz"]["at_least"] == {"sign": 1, "square": "1/2", "float": math.sqrt(0.5)}
    assert set(document["published"]) == {"slides", "thesis", "adjacent_wedges", "operator_norm"}
