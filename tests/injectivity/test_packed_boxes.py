"""Packings among the windows of a box: the proposition behind them by brute force, and answers against the tree."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from oracles.window_packing import acceptable, can_be_matched, taps_of, unknown_columns, window_rows

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.every_size import Slot
from exactinj.exact.matrix import integer_rank, primitive_vector
from exactinj.injectivity.convolution.boxes import box_layer
from exactinj.injectivity.convolution.packed_boxes import WindowPacker, matched
from exactinj.injectivity.tree import TreeEngine
from exactinj.work.clock import Clock

R = xi.RealSpace()


def generic(outs, ins, shape, seed):
    """Kernels of large random integers: what holds for almost all kernels holds for them."""
    rng = random.Random(seed)
    nested = lambda sizes: [nested(sizes[1:]) for _ in range(sizes[0])] if sizes else rng.randint(-(10**9), 10**9)  # noqa: E731
    return [nested([ins, *shape]) for _ in range(outs)]


def gaussian(outs, ins, *shape, seed=0, bias=False, **options):
    rng = np.random.default_rng(seed)
    b = 0.1 * rng.standard_normal(outs).astype(np.float32) if bias else None
    return xi.ConvLayer(rng.standard_normal((outs, ins, *shape)).astype(np.float32), b, **options)


def rank_on(rows, columns):
    vectors = [[entries.get(column, 0) for column in columns] for _, _, entries in rows]
    return integer_rank([primitive_vector(vector) if any(vector) else tuple(vector) for vector in vectors])


GEOMETRY = [  # channels, kernel, box, starts, dilation, known
    (1, (2,), (3,), [[0, 1]], (1,), [(0, 0)]),
    (1, (3,), (5,), [[0, 1, 2]], (1,), [(0, 0)]),
    (1, (3,), (5,), [[-1, 0, 1, 2]], (1,), [(2, 0)]),
    (2, (2,), (3,), [[0, 1]], (1,), [(1, 0)]),
    (1, (2,), (5,), [[0, 1, 2]], (2,), [(0, 0)]),
    (1, (3,), (6,), [[-2, 0, 1, 3]], (2,), [(0, 2)]),
    (1, (2, 2), (2, 3), [[0], [0, 1]], (1, 1), [(0, 0), (0, 1)]),
    (1, (2, 2), (3, 3), [[1], [0, 1]], (1, 1), [(1, 0), (0, 0)]),
]


@pytest.mark.parametrize("number", range(len(GEOMETRY)))
def test_rows_are_independent_for_almost_all_kernels_exactly_if_they_can_be_matched(number):
    channels, shape, box, starts, dilation, known = GEOMETRY[number]
    rows = window_rows(generic(3, channels, shape, number), box, starts, dilation)
    unknown = unknown_columns(channels, box, known)
    rng, seen = random.Random(number), set()
    every = list(combinations(range(len(rows)), len(unknown)))
    for chosen in rng.sample(every, min(len(every), 250)):
        taken = [rows[i] for i in chosen]
        reads = [[column for column in unknown if column in entries] for _, _, entries in taken]
        fits = can_be_matched(reads, len(unknown))
        assert (rank_on(taken, unknown) == len(unknown)) == fits, chosen
        seen.add(fits)
    assert True in seen


def test_along_two_axes_windows_that_can_be_matched_are_dependent_for_all_kernels():
    rows = window_rows(generic(2, 1, (2, 2), 0), (3, 3), [[0, 1], [0, 1]], (1, 1))
    columns = unknown_columns(1, (3, 3), [(0, 0), (0, 0)])
    assert can_be_matched([list(entries) for _, _, entries in rows], len(rows))
    assert rank_on(rows, columns) == len(rows) - 1 == 7


def nested_kernels(layer):
    shape = (layer.in_channels, *layer.kernel_size)
    return [np.reshape(np.array(row, dtype=object), shape).tolist() for row in layer.kernels.fractions()]


@pytest.mark.parametrize(
    ("layer", "box", "starts"),
    [
        (gaussian(20, 1, 3, bias=True), (9,), [range(7)]),
        (gaussian(90, 2, 3, dilation=2), (7,), [range(3)]),
        (gaussian(64, 1, 2, 3), (2, 6), [range(1), range(4)]),
        (gaussian(50, 2, 3, stride=2), (5,), [[-1, 1, 3]]),
        (gaussian(14, 1, 4), (6,), [[-2, -1, 0, 1, 2]]),
    ],
)
@pytest.mark.parametrize("domain", [R, xi.NonnegativeOrthant(), xi.Box(0, 1)], ids=str)
def test_packings_are_what_the_specification_says(layer, box, starts, domain):
    slots = tuple(Slot(tuple(along)) for along in starts)
    found = WindowPacker().packed(layer, box, slots, domain, Clock(60))
    problem = HomogeneousProblem(box_layer(layer, box, slots), domain)
    assert found.packing is not None
    assert all(map(problem.is_refuter, found.packing.supports))
    if domain == R:
        rows = window_rows(nested_kernels(layer), box, starts, layer.dilation)
        unknown = unknown_columns(layer.in_channels, box, [(0, 0)] * len(box))
        assert acceptable(rows, layer.bias, unknown, [list(refuter) for refuter in found.packing.refuters()], None)
        require_robust(layer, box, slots, found.packing)
    else:
        assert found.packing.epsilon is None


def require_robust(layer, box, slots, packing):
    """Whatever changes by at most epsilon, the supports stay refuters."""
    rng = random.Random(0)
    for _ in range(3):
        change = lambda value: value + packing.epsilon * rng.choice([-1, 1, Fraction(1, 3)])  # noqa: E731
        kernels = [[change(value) for value in row] for row in layer.kernels.fractions()]
        shape = (layer.out_channels, layer.in_channels, *layer.kernel_size)
        b = [change(value) for value in layer.bias] if any(layer.bias) else None
        near = xi.ConvLayer(
            np.reshape(np.array(kernels, dtype=object), shape).tolist(),
            b,
            stride=layer.stride,
            dilation=layer.dilation,
        )
        problem = HomogeneousProblem(box_layer(near, box, slots), R)
        assert all(map(problem.is_refuter, packing.supports))


def test_a_wide_bank_is_proved_under_full_spark_only():
    layer = gaussian(64, 1, 16)
    result = xi.certify(layer, assume="full-spark", timeout=120)
    assert (result.verdict, result.assumption) == ("injective", "full spark"), result.reason
    assert result.sizes.is_all
    outcome = xi.check(result.certificate, layer)
    assert (outcome.valid, outcome.claim) == (True, "injective_for_sizes_if_full_spark"), outcome.reason
    assert "if the windows are full spark" in outcome.reason
    assert result.to_json()["robust"]["epsilon"] == str(result.robust.epsilon)
    assert result.robust.epsilon > 0
    (proof,) = json.loads(result.certificate.to_bytes())["proof"]["proofs"]
    assert len(proof["refuters"]) == result.certificate.proof.box[0]


def test_without_the_assumption_the_reason_names_it():
    layer = gaussian(300, 1, 15, stride=15)
    result = xi.certify(layer, timeout=120)
    assert result.assumption is None
    assert result.verdict != "injective"
    assert "--assume full-spark says injective at every size N with N >= 15, N mod 15 in {0}" in result.reason


def test_plainly_dependent_kernels_are_refused():
    weights = np.random.default_rng(1).standard_normal((80, 1, 6)).astype(np.float32)
    weights[1] = 2 * weights[0]
    layer = xi.ConvLayer(weights, stride=6)
    for box, starts in ((6, (0,)), (12, (0, 6))):
        packed = WindowPacker().packed(layer, (box,), (Slot(starts),), R, Clock(60))
        assert (packed.found, packed.needed, packed.packing) == (box, box, None)
        assert "the kernels 0, 1 are dependent on the unknown inputs" in packed.refusal


def independent_as_far_as_can_be(rows, unknown):
    """Whether all rows that can be matched are independent, by brute force."""
    for chosen in combinations(rows, len(unknown)):
        reads = [[column for column in unknown if column in entries] for _, _, entries in chosen]
        if can_be_matched(reads, len(unknown)) and rank_on(chosen, unknown) < len(unknown):
            return False
    return True


def test_small_boxes_that_are_packed_and_full_spark_are_injective_by_the_tree():
    """Degenerate banks: a packing alone proves nothing, with full spark by brute force it does."""
    counts = {"injective": 0, "refused": 0}
    unseen = 0
    for seed in range(220):
        rng = random.Random(seed)
        ins, taps = rng.choice([(1, 2), (1, 2), (1, 1), (2, 1), (1, 3)])
        outs = rng.randint(2 * ins * taps, 2 * ins * taps + 4)
        most = rng.choice([1, 2, 9])
        kernels = [[[rng.randint(-most, most) for _ in range(taps)] for _ in range(ins)] for _ in range(outs)]
        layer = xi.ConvLayer(kernels, [rng.choice([0, 0, 1, -1]) for _ in kernels] if rng.random() < 0.3 else None)
        box, starts = (taps + rng.choice([0, 1]),), None
        starts = list(range(box[0] - taps + 1))
        known = rng.choice([(0, 0), (0, 0), (box[0] - 1, 0)])
        slots = (Slot(tuple(starts), *known),)
        domain = rng.choice([R, R, xi.NonnegativeOrthant(), xi.Box(-1, 1)])
        found = WindowPacker().packed(layer, box, slots, domain, Clock(20))
        if found.packing is None:
            counts["refused"] += bool(found.refusal)
            continue
        rows = window_rows(kernels, box, [starts], (1,))
        unknown = unknown_columns(ins, box, [known])
        stated = [list(refuter) for refuter in found.packing.refuters()]
        if domain == R:
            assert acceptable(rows, layer.bias, unknown, stated, None), seed
        answer = TreeEngine().decide(HomogeneousProblem(box_layer(layer, box, slots), domain), Clock(20))
        if independent_as_far_as_can_be(rows, unknown):
            assert answer.verdict == "injective", seed
            counts["injective"] += 1
        else:
            unseen += 1  # a short look does not see everything
    assert min(counts.values()) > 3, (counts, unseen)


def test_matchings_are_the_largest():
    rng = random.Random(0)
    for _ in range(200):
        choices = [frozenset(rng.sample(range(5), rng.randint(0, 3))) for _ in range(rng.randint(0, 6))]
        owners = matched(choices)
        assert all(member in choices[k] for member, k in owners.items())
        assert len(set(owners.values())) == len(owners)
        assert can_be_matched(choices, len(owners))
        assert not can_be_matched(choices, len(owners) + 1)


def test_taps_of_nested_lists():
    assert taps_of([[1, 2], [3, 4]]) == [((0, 0), 1), ((0, 1), 2), ((1, 0), 3), ((1, 1), 4)]
    assert list(product(range(2), range(2))) == [tap for tap, _ in taps_of([[1, 2], [3, Fraction(4)]])]
