"""Singular values over data against numpy's, and what is proved against enclosures and exact quotients."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.errors import InputError

CROSS = [[1, 0], [0, 1], [-1, 0], [0, -1]]


def closed_rows(layer, x):
    return [i for i, value in enumerate(layer.preactivation(x)) if value >= 0]


def singular_values(layer, active):
    """Smallest and largest by numpy, the smallest 0 where the exact rank is below n."""
    exact = layer.W.fractions()
    rows = [exact[i] for i in active]
    if not rows:
        return 0.0, 0.0
    values = np.linalg.svd(np.array(rows, dtype=float), compute_uv=False)
    return float(values[-1]) if xi.ReLULayer(rows).W.rank() == layer.n else 0.0, float(values[0])


def quotient(layer, cell):
    rows = layer.W.fractions()
    images = [sum(a * v for a, v in zip(rows[i], cell.vector, strict=True)) for i in cell.active]
    return sum(value**2 for value in images) / sum(value**2 for value in cell.vector)


def assert_is_shown(layer, data, cell, *, largest):
    """The cell of a point without ties, and a vector whose exact quotient bounds what is claimed."""
    values = layer.preactivation(data[cell.index])
    rows = zip(layer.W.fractions(), layer.b.fractions(), strict=True)
    zero = {i for i, (row, (offset,)) in enumerate(rows) if not any((*row, offset))}
    assert not any(value == 0 for i, value in enumerate(values) if i not in zero)
    assert cell.active == tuple(i for i, value in enumerate(values) if value > 0)
    if cell.vector is None:
        assert len(cell.active) < layer.n
        assert not cell.value
    else:
        shown = quotient(layer, cell)
        assert shown >= cell.value if largest else shown <= cell.value


@pytest.mark.parametrize("seed", range(12))
def test_values_agree_with_numpy_and_bounds_with_their_witnesses(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 5))
    rows = random.integers(-3, 4, (3 * n + 1, n))
    b = random.integers(-2, 3, len(rows)) * (seed % 2)
    layer = xi.ReLULayer(rows, b)
    data = random.integers(-4, 5, (40, n)) / (1 if seed % 3 else 8)
    found = xi.stability_on_data(layer, data)
    expected = [singular_values(layer, closed_rows(layer, x)) for x in data]
    assert found.lowest == pytest.approx([low for low, _ in expected], abs=1e-12)
    assert found.highest == pytest.approx([high for _, high in expected], abs=1e-12)
    assert found.not_spanning == sum(not low for low, _ in expected)
    for cell, largest in ((found.smallest, False), (found.largest, True)):
        if cell is not None:
            assert_is_shown(layer, data, cell, largest=largest)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("domain", [None, "box:-1,1", "nonneg-ball:1"])
def test_proved_bounds_lie_on_the_right_side_of_the_enclosures(seed, domain):
    random = np.random.default_rng(seed)
    layer = xi.ReLULayer(random.standard_normal((7, 2)), random.standard_normal(7) * 0.3)
    data = random.uniform(0, 0.7, (200, 2)) if domain == "nonneg-ball:1" else random.uniform(-1, 1, (200, 2))
    found, enclosed = xi.stability_on_data(layer, data, domain=domain), xi.stability(layer, domain=domain)
    assert found.A_at_most >= enclosed.sigma_min_squared.at_least
    assert found.L_squared_at_least <= enclosed.upper_lipschitz_squared.at_most
    assert float(found.A_at_most) == pytest.approx(found.lowest.min() ** 2)
    assert float(found.L_squared_at_least) == pytest.approx(found.highest.max() ** 2)


def test_ties_are_counted_and_prove_nothing():
    """At 0 all rows of the cross are active: sqrt(2) is no singular value of a cell."""
    found = xi.stability_on_data(CROSS, [[0, 0]])
    assert found.highest == pytest.approx([2**0.5])
    assert (found.ties, found.smallest, found.largest, found.A_at_most) == (1, None, None, None)
    assert found.to_json()["L_squared_at_least"] is None
    both = xi.stability_on_data(CROSS, [[0, 0], [1, 2]])
    assert (both.ties, both.A_at_most, both.L_squared_at_least) == (1, 1, 1)


def test_zero_functions_are_no_ties():
    layer = xi.ReLULayer([[0, 0], [1, 0], [0, 2], [0, 0]], [0, 0, 0, -1])
    found = xi.stability_on_data(layer, [[1, 1]])
    assert (found.ties, found.smallest.active, found.A_at_most, found.L_squared_at_least) == (0, (1, 2), 1, 4)
    nothing = xi.stability_on_data([[0, 0]], [[1, 1]])
    assert (nothing.not_spanning, nothing.A_at_most, nothing.L_squared_at_least) == (1, 0, 0)


@pytest.mark.parametrize("shift", [0, "1/1000000000000000000000000000000"])
def test_a_tie_is_told_from_what_floats_take_for_one(shift):
    x = [Fraction(1, 3), Fraction(1) + Fraction(shift)]
    found = xi.stability_on_data([[3, -1], [1, 0], [0, 1]], [x])
    assert found.ties == (not Fraction(shift))
    assert found.highest[0] == pytest.approx(11**0.5 if found.ties else 1.0)


def test_dependent_rows_that_floats_take_for_independent():
    """1/10 + 2/10 is 3/10 as a decimal: enough active rows, which do not span."""
    layer = xi.ReLULayer([["0.1", "0.2"], ["0.3", "0.6"], ["1e-30", "2e-30"]])
    found = xi.stability_on_data(layer, [[1, 1]])
    assert (found.lowest[0], found.not_spanning, found.A_at_most) == (0, 1, 0)
    almost = xi.stability_on_data([[1, 0], [1, "1e-30"]], [[1, 1]])
    assert almost.not_spanning == 0
    assert 0 < float(almost.A_at_most) == pytest.approx(5e-61)


@pytest.mark.parametrize("power", [-1200, -600, 600, 1200])
def test_weights_beyond_floats(power):
    factor = Fraction(2) ** power
    layer = xi.ReLULayer([[value * factor for value in row] for row in CROSS])
    found = xi.stability_on_data(layer, [[1, 2], [-1, 3]])
    assert (found.A_at_most, found.L_squared_at_least) == (factor**2, factor**2)
    assert found.to_json()["highest"]["max"] == (None if power == 1200 else float(factor) if power > -1100 else 0.0)


@pytest.mark.parametrize("size", [1e-320, 1e-160, 1e160, 1e308])
def test_points_at_the_ends_of_the_floats(size):
    layer = xi.ReLULayer([[1, -1], [1, 1], [1, 1 - 2**-52]])
    data = [[size, size], [size, -size]]
    found = xi.stability_on_data(layer, data)
    assert found.ties == sum(0 in layer.preactivation(x) for x in data)
    assert found.highest == pytest.approx([singular_values(layer, closed_rows(layer, x))[1] for x in data])


def test_one_input_and_one_point():
    found = xi.stability_on_data(xi.ReLULayer([[3], [-4]], [1, 1]), [[0], [1], [-1]])
    assert found.lowest.tolist() == found.highest.tolist() == [5.0, 3.0, 4.0]
    assert (found.A_at_most, found.L_squared_at_least) == (9, 25)
    assert xi.stability_on_data(CROSS, [1, 2]).lowest.tolist() == [1.0]


@pytest.mark.parametrize(
    ("data", "domain", "words"),
    [
        ([[0, 1], [2, 0]], "ball:1", "point 1 of the data lies outside ball:1"),
        ([[0.5, float("nan")]], None, "nan"),
        ([[0.5, float("inf")]], None, "inf"),
        ([[1, 2, 3]], None, "3 numbers a point, expected n = 2"),
        ([1, 2, 3], None, "3 numbers a point, expected n = 2"),
        ([[1, 2], [3]], None, "the data"),
        ([], None, "empty"),
        (np.zeros((0, 2)), None, "empty"),
        (np.zeros((2, 2, 2)), None, "the data"),
        ([[1, 2]], "sphere:1", "convex"),
    ],
)
def test_wrong_data_are_refused_in_a_line(data, domain, words):
    with pytest.raises(InputError, match=words) as caught:
        xi.stability_on_data(CROSS, data, domain=domain)
    assert "\n" not in str(caught.value)


def test_points_of_the_boundary_belong_to_the_domain():
    layer = xi.ReLULayer([[1, "1/2"], [-1, "1/3"], [2, -1]])
    found = xi.stability_on_data(layer, [[1, 0], ["-3/5", "4/5"]], domain="ball:1")
    assert found.ties == 0
    assert found.A_at_most >= xi.stability(layer, domain="ball:1").sigma_min_squared.at_least


@pytest.mark.parametrize("n", [30, 140])
def test_layers_of_more_inputs_have_the_same_values(n):
    random = np.random.default_rng(n)
    layer = xi.ReLULayer(random.standard_normal((2 * n, n)), random.standard_normal(2 * n) + 0.3)
    data = np.concatenate([random.standard_normal((6, n)), 0.1 * random.standard_normal((6, n))])
    found = xi.stability_on_data(layer, data)
    rows, b = layer.W.to_float(), layer.b.to_float()[:, 0]
    for x, low, high in zip(data, found.lowest, found.highest, strict=True):
        values = np.linalg.svd(rows[rows @ x + b >= 0], compute_uv=False)
        assert high == pytest.approx(values[0])
        assert low == pytest.approx(values[-1] if len(values) == n else 0.0, rel=1e-6)
    assert 0 < found.not_spanning < len(data)
    assert float(found.L_squared_at_least) == pytest.approx(found.highest.max() ** 2)
    assert_is_shown(layer, data, found.largest, largest=True)
    assert_is_shown(layer, data, found.smallest, largest=False)


def test_many_dependent_rows_have_a_vector_that_they_map_to_zero():
    random = np.random.default_rng(0)
    rows = random.integers(-3, 4, (80, 40))
    rows[:, 7] = rows[:, 3] - rows[:, 5]
    found = xi.stability_on_data(xi.ReLULayer(rows, [1000] * 80), random.standard_normal((2, 40)))
    assert (found.not_spanning, found.A_at_most) == (2, 0)
    assert quotient(found.layer, found.smallest) == 0


def test_files_and_documents(tmp_path):
    np.save(tmp_path / "points.npy", np.array([[1.0, 2.0], [0.5, -1.0]], dtype=np.float32))
    (tmp_path / "points.csv").write_text("1,2\n0.5,-1\n")
    (tmp_path / "points.json").write_text('[["1", 2], ["1/2", -1]]')
    results = [xi.stability_on_data(CROSS, tmp_path / f"points.{end}") for end in ("npy", "csv", "json")]
    documents = [json.dumps(result.to_json(), allow_nan=False) for result in results]
    assert len(set(documents)) == 1
    document = json.loads(documents[0])
    assert (document["kind"], document["count"], document["A_at_most"]) == ("estimate", 2, "1")
    assert document["lowest"] == {"min": 1.0, "median": 1.0, "max": 1.0}
    with pytest.raises(TypeError, match="truth"):
        bool(results[0])
    assert "estimates 1 to 1 at 2 points" in repr(results[0])


def test_rows_that_floats_take_for_zero_still_span():
    found = xi.stability_on_data([["1e-400", 0], [0, "1e-400"], [0, 0]], [[1, 1], [-1, 1], [-1, -1]])
    assert found.not_spanning == 2
    assert found.A_at_most == 0
    huge = xi.stability_on_data([["1e400", 0], [0, "1e400"]], [[1, 1], [-1, 1]])
    assert huge.not_spanning == 1
    assert huge.lowest[1] == 0
