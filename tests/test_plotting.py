"""Pictures: Axes in, the same Axes out, and what is drawn agrees with what is exact."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi
from exactinj.casebook import find_case

pytest.importorskip("matplotlib").use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from exactinj.plotting import (  # noqa: E402
    plot_active_region,
    plot_boxes,
    plot_collision,
    plot_critical_points,
    plot_gaps,
    plot_hull,
    plot_rectifying_region,
    plot_singular_values,
    plot_stability,
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


def colour_values(ax):
    """Per cell that is not hatched the value that its colour stands for, by the colour bar."""
    bar = next(other for other in ax.figure.axes if other is not ax)
    top = bar.get_ylim()[1]
    ramp = plt.get_cmap("viridis")(np.linspace(0, 1, 256))
    cells = [artist for artist in ax.get_children() if isinstance(artist, plt.matplotlib.patches.PathPatch)]
    shown = [cell for cell in cells if not cell.get_hatch()]
    places = [int(np.abs(ramp - cell.get_facecolor()).sum(axis=1).argmin()) for cell in shown]
    return [(cell, top * place / 255) for cell, place in zip(shown, places, strict=True)]


@pytest.mark.parametrize("domain", [None, "box:-1,2", "ball:2", "nonneg-ball:1"])
def test_cells_are_coloured_by_their_smallest_singular_value(domain):
    rows, b = np.random.default_rng(4).standard_normal((9, 2)), [0.3, 0, 1, 0.2, -0.1, 0.4, 0, 1, 1]
    layer = xi.ReLULayer(rows, b)
    _, ax = plt.subplots()
    assert plot_stability(layer, ax, domain=domain) is ax
    coloured = colour_values(ax)
    assert len(coloured) > 4
    for cell, value in coloured:
        middle = cell.get_path().vertices[:-1].mean(axis=0)
        expected = np.linalg.svd(rows[rows @ middle + b > 0], compute_uv=False)[-1]
        assert value == pytest.approx(expected, abs=0.02)


def test_a_star_marks_the_smallest_value_and_hatching_says_zero():
    layer = xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1], [3, 0], [0, 3]])
    _, ax = plt.subplots()
    plot_stability(layer, ax, domain="ball:1")
    (stars,) = [line for line in ax.lines if line.get_marker() == "*"]
    assert len(stars.get_xydata()) == 3
    assert not any(x > 0 and y > 0 for x, y in stars.get_xydata())
    assert stars.get_label() == "smallest: 1"
    _, other = plt.subplots()
    plot_stability(TRIANGLE, other)
    hatched = [artist for artist in other.get_children() if getattr(artist, "get_hatch", lambda: None)()]
    assert len(hatched) == 3
    assert not [line for line in other.lines if line.get_marker() == "*"]
    with pytest.raises(xi.InputError, match="n = 2"):
        plot_stability(np.eye(3))


def test_histograms_count_all_points_between_the_proved_ends():
    rows, data = np.random.default_rng(0).standard_normal((8, 2)), np.random.default_rng(1).standard_normal((50, 2))
    found, enclosed = xi.stability_on_data(rows, data), xi.stability(rows)
    _, ax = plt.subplots()
    assert plot_singular_values(found, ax, enclosed=enclosed) is ax
    assert sum(bar.get_height() for bar in ax.patches) == 2 * len(data)
    ends = [line.get_xdata()[0] for line in ax.lines]
    assert ends[0] == pytest.approx(float(enclosed.lower_lipschitz[0]))
    assert min(bar.get_x() for bar in ax.patches if bar.get_height()) >= min(ends) * (1 - 1e-9)
    assert max(bar.get_x() + bar.get_width() for bar in ax.patches if bar.get_height()) <= max(ends) * (1 + 1e-9)


def test_values_beyond_floats_have_no_histogram():
    huge = xi.stability_on_data([[f"1{'0' * 400}"]], [[1]])
    with pytest.raises(xi.InputError, match="finite"):
        plot_singular_values(huge)


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


# ------------------------------------------------------------------ convolutions


def titled(figure):
    """The panels by their title."""
    return {panel.get_title(): panel for panel in figure.axes if panel.get_title()}


def stems(panel):
    (line,) = [line for line in panel.lines if line.get_marker() == "o"]
    return line.get_ydata()


def test_a_pair_of_signals_is_drawn_with_its_common_output():
    layer = xi.ConvLayer([[[1, 0]], [[0, 1]], [[-1, -1]]])
    result = xi.certify(layer, input_shape=(1, 6))
    panels = titled(plot_collision(result))
    x, y = (np.array([float(value) for value in values]) for values in (result.witness.x, result.witness.y))
    assert np.array_equal(stems(panels["x"]), x)
    assert np.array_equal(stems(panels["y"]), y)
    assert np.array_equal(stems(panels["y - x"]), y - x)
    assert panels["x"].get_ylim() == panels["y"].get_ylim()
    assert len(panels) == 6
    for values in (result.witness.x, result.witness.y):
        outputs = np.array([float(value) for value in layer.evaluate(values, (6,))]).reshape(3, 5)
        for number, output in enumerate(outputs):
            (panel,) = [panel for title, panel in panels.items() if title.startswith(f"output {number},")]
            assert [bar.get_height() for bar in panel.patches] == list(output)


def test_a_pair_of_images_is_drawn_on_one_scale():
    result = xi.certify(find_case("conv-digits").layer, input_shape=(1, 8, 8))
    panels = titled(plot_collision(result, outputs=2))
    for title, values in (("x", result.witness.x), ("y", result.witness.y)):
        (image,) = panels[title].images
        shown = np.array([float(value) for value in values]).reshape(8, 8)
        assert np.array_equal(image.get_array(), shown)
    assert panels["x"].images[0].get_clim() == panels["y"].images[0].get_clim()
    assert np.flatnonzero(panels["y - x"].images[0].get_array()).tolist() == [0]
    outputs = [panel.images[0].get_array().shape for title, panel in panels.items() if title.startswith("output")]
    assert outputs == [(6, 6)] * 2


def test_channels_have_a_row_each_on_the_figure_that_was_given():
    result = xi.certify(find_case("conv-depthwise-one-channel-fails").layer, input_shape=(2, 5))
    figure = plt.figure(layout="constrained")
    assert plot_collision(result, figure, outputs=0) is figure
    panels = titled(figure)
    assert list(panels) == [f"{name}, channel {k}" for k in range(2) for name in ("x", "y", "y - x")]
    assert not stems(panels["y - x, channel 0"]).any()
    assert stems(panels["y - x, channel 1"]).all()
    whole = plot_collision(result)
    assert len(whole.axes) == 9
    assert any("0 everywhere" in title for title in titled(whole))


def boxes_of(ax):
    """Filled cells below the grid, as {row: [(left end, pale)]}."""
    rows = {}
    for patch in ax.patches:
        if patch.get_y() < -0.5:
            rows.setdefault(patch.get_y(), []).append((patch.get_x() + 0.5, patch.get_alpha() < 0.5))
    return [rows[depth] for depth in sorted(rows, reverse=True)]


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("conv-haar-undecimated", (2, 3, 7)),
        ("conv-haar-stride-2", (2, 4, 12)),
        ("conv-daubechies-undecimated", (6, 13, 25)),
        ("conv-dilated", (4, 11)),
        ("conv-differences-zero-padded", (2, 9)),
        ("conv-stride-2-zero-padded", (4, 9, 10)),
    ],
)
def test_boxes_cover_the_grid_and_know_what_was_seen(name, sizes):
    result = xi.certify(find_case(name).layer)
    for size in sizes:
        _, ax = plt.subplots()
        assert plot_boxes(result, ax, size=size) is ax
        seen = set()
        for box in boxes_of(ax):
            assert {place for place, pale in box if pale} <= seen
            seen |= {place for place, _ in box}
        assert seen == set(range(size))
        windows = [line.get_xdata() for line in ax.lines if line.get_marker() == "o"]
        axis = result.layer.axes[0]
        assert {taps[0] for taps in windows} <= set(axis.starts(size))
        assert {len(taps) for taps in windows} == {axis.taps}


def test_boxes_of_an_image_are_drawn_axis_by_axis():
    result = xi.certify(find_case("conv-haar-images").layer)
    for axis in (0, 1):
        _, ax = plt.subplots()
        plot_boxes(result, ax, axis=axis)
        assert {place for box in boxes_of(ax) for place, _ in box} == {0, 1, 2, 3}
    with pytest.raises(xi.InputError, match="found the axis 2"):
        plot_boxes(result, axis=2)
    with pytest.raises(xi.InputError, match="found the size 5"):
        plot_boxes(result, size=5)


def test_results_without_such_a_picture_are_refused():
    dense = xi.certify(xi.ReLULayer(TRIANGLE))
    injective = xi.certify(find_case("conv-haar-undecimated").layer)
    volume = xi.certify(xi.ConvLayer([[[[[1]]]]]), input_shape=(1, 2, 2, 2))
    collision = xi.certify(find_case("conv-differences").layer)
    for result, words in ((dense, "dense layer"), (injective, "no collision"), (volume, "3 axes")):
        with pytest.raises(xi.InputError, match=words):
            plot_collision(result)
    with pytest.raises(xi.InputError, match="expected 0 to 3"):
        plot_collision(collision, outputs=4)
    for result in (dense, collision, volume):
        with pytest.raises(xi.InputError, match="proved by boxes"):
            plot_boxes(result)


def test_the_script_of_the_pictures_runs(tmp_path):
    script = Path(__file__).parent.parent / "docs" / "figures" / "convolutions.py"
    command = [sys.executable, script, "--quick", "--out", tmp_path]
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path)}
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert outcome.returncode == 0, outcome.stderr
    readme = (script.parent / "README.md").read_text(encoding="utf-8")
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == ["conv-boxes.png", "conv-common-zero.png", "conv-digits.png"]
    assert all(name in readme for name in names)
