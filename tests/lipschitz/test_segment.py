"""Two inputs and the cells between them: the proved bound and the lemmas of the slides lie below the exact ratio."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from test_stability import doubled, gram, minors_are_nonnegative, minus, random_layer, strictly_active

import exactinj as xi

HALF = Fraction(1, 2)


def cells_by_sampling(layer, x, y, count=199):
    """The active rows at many points of the segment, without repetition, in order; those on hyperplanes left out."""
    found = []
    for k in range(1, count):
        point = [a + Fraction(k, count) * (c - a) for a, c in zip(x, y, strict=True)]
        values = layer.preactivation(point)
        moving = [any(row) for row in layer.W.fractions()]
        if all(value or not moves for value, moves in zip(values, moving, strict=True)):
            active = strictly_active(layer, point)
            if not found or found[-1] != active:
                found.append(active)
    return found


@pytest.mark.parametrize("seed", range(50))
def test_bounds_lie_below_the_ratio(seed):
    layer, _ = random_layer(seed)
    random = Random(seed)
    x, y = ([Fraction(random.randint(-9, 9), random.choice((1, 2, 7))) for _ in range(layer.n)] for _ in range(2))
    if x == y:
        return
    found = xi.stability_between(layer, x, y)
    images = zip(layer.evaluate(x), layer.evaluate(y), strict=True)
    distance = sum((a - c) ** 2 for a, c in zip(x, y, strict=True))
    assert found.ratio == sum((a - c) ** 2 for a, c in images) / distance
    assert 0 <= found.at_least <= found.ratio
    for published in (found.adjacent_wedges, found.through_faces):
        assert published is None or published <= found.ratio
    for cell in found.cells:
        moving = [i for i in cell if any(layer.W.fractions()[i])]
        assert minors_are_nonnegative(minus(gram(layer, moving), found.sigma_min.at_least))
    seen = cells_by_sampling(layer, x, y)
    if not found.is_exceptional:
        assert set(seen) <= set(found.cells)
        if found.faces < 6:
            assert len(found.cells) == found.faces + 1
    backwards = xi.stability_between(layer, y, x)
    assert (backwards.ratio, backwards.cells) == (found.ratio, found.cells[::-1])


def test_known_segments():
    cross = doubled([[1, 0], [0, 1]])
    one = xi.stability_between(cross, [1, 2], [-1, 2])
    assert (one.ratio, one.at_least, one.adjacent_wedges, one.faces, one.lost) == (HALF, HALF, HALF, 1, 1)
    assert one.cells == ((0, 1), (1, 2))
    both = xi.stability_between(cross, [1, 1], [-1, -1])  # through the corner
    assert both.is_exceptional
    assert (both.ratio, both.at_least, both.faces, both.through_faces) == (HALF, HALF, 2, None)
    beside = xi.stability_between(cross, [1, 2], [-1, -1])
    assert (beside.lost, beside.through_faces) == (2, Fraction(1, 4))
    same = xi.stability_between(cross, [1, 2], ["1/3", 5])
    assert (same.faces, same.adjacent_wedges, same.through_faces, same.ratio) == (0, None, None, 1)
    along = xi.stability_between(cross, [0, 1], [0, 3])  # on a hyperplane all the way
    assert along.is_exceptional
    assert along.at_least <= along.ratio == 1
    assert along.to_json()["published"] == {"adjacent_wedges": None, "through_faces": None}


def test_parallel_rows_are_one_hyperplane():
    found = xi.stability_between(([[1], [-2], [3]], [0, 0, -3]), [-1], [2])
    assert (found.faces, found.is_exceptional, found.cells) == (2, False, ((1,), (0,), (0, 2)))


@pytest.mark.parametrize(("x", "y"), [([1], [1, 2]), ([1, 2], [1, 2]), ([1, "a"], [0, 0]), ([1, float("nan")], [0, 0])])
def test_points_that_are_refused(x, y):
    with pytest.raises(xi.InputError):
        xi.stability_between([[1, 0], [0, 1]], x, y)


def test_the_closest_pair_comes_with_its_segment():
    document = xi.stability([[2], [1], [-3]]).to_json()
    segment = document["witnesses"]["lower_lipschitz"]["segment"]
    assert segment["faces"] == 1
    assert Fraction(segment["ratio_squared"]) == Fraction(document["lower_lipschitz"]["at_most"]["square"])
