"""Random networks: each question implies the next, and shortcuts give the verdict of the long way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import exactinj as xi
from exactinj.gaussian import Counts, estimate_depth, exact_probability
from exactinj.gaussian.depth import _verdicts, product_interval

pytest.importorskip("joblib")


@pytest.mark.parametrize("widths", [(1, 3, 6), (1, 4, 3), (2, 7, 3)])
def test_the_whole_is_what_certify_says(widths):
    for number in range(5 if widths[0] == 1 else 2):
        *alone, layerwise, on_orthant, whole = _verdicts(widths, 0, None, number)
        random = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(*widths, number)))
        layers = [xi.ReLULayer(random.standard_normal((m, n))) for n, m in pairwise(widths)]
        assert alone == [xi.certify(layer).verdict for layer in layers]
        assert (layerwise == "injective") == all(verdict == "injective" for verdict in alone)
        assert whole == xi.certify(xi.DenseNetwork(layers)).verdict
        if layerwise == "injective":
            assert on_orthant == "injective"
        if on_orthant == "injective":
            assert whole == "injective"


def test_counts_of_networks():
    found = estimate_depth([1, 3, 5], trials=15, seed=4)
    assert [counts.trials for counts in (*found.layers, found.layerwise, found.on_orthant, found.whole)] == [15] * 5
    assert found.layerwise.injective <= found.on_orthant.injective <= found.whole.injective <= found.layers[0].injective
    low, high = found.layers[0].interval(tail=0.0005)
    assert low < exact_probability(1, 3) < high
    assert found.product[0] <= found.to_json()["product"]["estimate"] <= found.product[1]


def test_products_are_wider_than_their_factors():
    one = Counts(2, 8, 60, 40)
    assert product_interval([one]) == one.interval()
    low, high = product_interval([one, one])
    assert low < one.interval()[0] ** 2
    assert high > one.interval()[1] ** 2


@pytest.mark.parametrize("widths", [[3], [], [2, 0]])
def test_widths_without_sense(widths):
    with pytest.raises(xi.InputError, match="expected at least two"):
        estimate_depth(widths)
