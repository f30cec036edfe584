"""Pictures: Axes in, the same Axes out, and what is drawn agrees with what is exact."""

from __future__ import annotations

import numpy as np
import pytest

import exactinj as xi
from exactinj.casebook import find_case

pytest.importorskip("matplotlib").use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from exactinj.plotting import (  # noqa: E402
    plot_active_region,
    plot_critical_points,
    plot_gaps,
    plot_hull,
    plot_rectifying_region,
)

TRIANGLE = [[0, 1], ["-7/8", "-1/2"], ["7/8", "-1/2"]]


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def area(patch):
    corners = patch.get_path().vertices
    x, y = corners.T
    return abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


@pytest.mark.parametrize(("alpha", "share"), [(0, 0.5), ("1/2", (np.pi / 3 - np.sqrt(3) / 4) / np.pi), (-1, 1), (1, 0)])
def test_the_active_region_has_its_area(alpha, share):
    layer = xi.ReLULayer(TRIANGLE, alpha=[alpha] * 3)
    _, ax = plt.subplots()
    assert plot_active_region(layer, 0, ax, domain=xi.Ball(1)) is ax
    shaded = sum(area(patch) for patch in ax.patches)
    assert shaded == pytest.approx(share * np.pi, abs=0.03)


def test_the_rectifying_region_shows_whether_the_layer_is_injective():
    for alpha, hatched in ((0, True), (-1, False)):
        layer = xi.ReLULayer(TRIANGLE, alpha=[alpha] * 3)
        _, ax = plt.subplots()
        assert plot_rectifying_region(layer, ax) is ax
        shown = [patch for patch in ax.patches if patch.get_hatch() and patch_meets_disc(patch)]
        assert bool(shown) == hatched == (xi.certify(layer, domain=xi.Ball(1)).verdict == "not_injective")


def patch_meets_disc(patch):
    corners = patch.get_path().vertices
    return bool((np.linalg.norm(corners, axis=1) < 1).any() or patch.get_path().contains_point((0, 0)))


def test_the_hull_has_one_face_a_facet():
    hull = xi.hull_bias(find_case("cuboctahedron").layer, domain=xi.Sphere(1))
    ax = plot_hull(hull)
    assert ax.name == "3d"
    (faces,) = ax.collections[:1]
    ax.figure.canvas.draw()
    assert len(faces.get_facecolor()) == len(hull.facets)
    assert len(hull.facets) == 14
    _, flat = plt.subplots()
    with pytest.raises(xi.InputError, match="3-D"):
        plot_hull(hull, flat)


def test_critical_points_are_marked():
    alpha = xi.alpha_star(find_case("icosahedron").layer, domain=xi.Sphere(1))
    _, ax = plt.subplots()
    assert plot_critical_points(alpha, ax) is ax
    labels = {row for text in ax.texts for row in text.get_text().split()}
    assert labels == {str(j) for j in range(12)}


def test_other_dimensions_have_no_picture():
    layer = xi.ReLULayer([[1], [-1]])
    with pytest.raises(xi.InputError, match="expected n = 2"):
        plot_active_region(layer, 0)
    with pytest.raises(xi.InputError, match="expected one of 0 to 2"):
        plot_active_region(xi.ReLULayer(TRIANGLE), 3)
    with pytest.raises(xi.InputError, match="expected n = 3"):
        plot_critical_points(xi.alpha_star(layer))
    with pytest.raises(xi.InputError, match="expected n = 3"):
        plot_hull(xi.hull_bias(layer))


def test_gaps_fall_with_the_samples():
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((6, 2)))
    outcome = xi.compare(layer, domain=xi.Sphere(1), samples=8000)
    _, ax = plt.subplots()
    assert plot_gaps(outcome, ax) is ax
    largest = ax.lines[0].get_ydata()
    assert len(largest) == 4
    assert largest[-1] <= largest[0]
    assert "estimate" in ax.get_ylabel()
    with pytest.raises(xi.InputError, match="samples=N"):
        plot_gaps(xi.compare(layer))
