"""Ground states against all wedges, and against injectivity."""

from __future__ import annotations

import numpy as np
import pytest

import exactinj as xi
from exactinj.gaussian import Energies, Ensemble, estimate_energy, fewest_active_rows

pytest.importorskip("joblib")


def by_wedges(rows):
    return min(len(wedge.active) for wedge in xi.wedges(rows))


@pytest.mark.parametrize(("n", "m"), [(1, 4), (2, 7), (3, 9), (4, 9)])
def test_rays_say_what_wedges_say(n, m):
    random = np.random.default_rng([n, m])
    for _ in range(6):
        rows = random.standard_normal((m, n))
        assert fewest_active_rows(rows) == by_wedges(rows)


@pytest.mark.parametrize("size", [1e-13, 1e-15, 1e-30, 1e-200])
def test_nearly_dependent_rows(size):
    """Floats cannot tell the signs of many determinants."""
    random = np.random.default_rng(7)
    for _ in range(4):
        rows = [
            [int(a) + xi.exact.fraction_from(float(b)) for a, b in zip(x, y, strict=True)]
            for x, y in zip(random.integers(-2, 3, (8, 3)), size * random.standard_normal((8, 3)), strict=True)
        ]
        assert fewest_active_rows(rows) == by_wedges(rows)


def test_dependent_repeated_and_zero_rows():
    random = np.random.default_rng(8)
    for _ in range(8):
        rows = random.integers(-1, 2, (7, 3))
        rows[0] = 0
        nonzero = rows[np.any(rows != 0, axis=1)]
        assert fewest_active_rows(rows) == by_wedges(nonzero)
    assert fewest_active_rows([[0, 0], [0, 0]]) == 0
    assert fewest_active_rows([[1, 0, 0], [-1, 0, 0]]) == 1
    assert fewest_active_rows([[1, 0, 0], [0, 1, 0]]) == 0


def test_scales_of_rows_do_not_matter():
    random = np.random.default_rng(9)
    rows = random.standard_normal((9, 3))
    scales = 10.0 ** random.integers(-250, 250, (9, 1))
    assert fewest_active_rows(rows * scales) == fewest_active_rows(rows)


def test_a_bias_is_refused():
    with pytest.raises(xi.InputError, match="found a bias"):
        fewest_active_rows(xi.ReLULayer([[1], [-1]], b=[1, 0]))


@pytest.mark.parametrize(("n", "m"), [(2, 7), (3, 13), (4, 19)])
def test_n_active_rows_everywhere_mean_injective(n, m):
    for number in range(8):
        layer = Ensemble().trial(n, m, number).layer()
        assert (fewest_active_rows(layer) >= n) == (xi.certify(layer).verdict == "injective")


def test_pairs_of_opposite_rows_raise_it_by_one():
    random = np.random.default_rng(10)
    rows = random.standard_normal((10, 3))
    pair = random.standard_normal((1, 3))
    assert fewest_active_rows(np.concatenate([rows, pair, -pair])) == fewest_active_rows(rows) + 1


def test_estimates_condense_the_layers():
    energies = estimate_energy(2, 6, trials=40, seed=2)
    layers = [fewest_active_rows(Ensemble().trial(2, 6, k, seed=2).layer()) for k in range(40)]
    assert energies.trials == 40
    assert energies.mean == pytest.approx(np.mean(layers) / 2)
    assert energies.standard_error == pytest.approx(np.std(layers, ddof=1) / 2 / np.sqrt(40))
    assert energies.injective == sum(value >= 2 for value in layers)
    assert np.isnan(Energies(2, 6, {1: 1}).standard_error)
