"""Pictures as they come out of the file: nothing cut at the border, no label on another, what matters in view."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi

pytest.importorskip("matplotlib").use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.transforms import Bbox  # noqa: E402
from mpl_toolkits.mplot3d import proj3d  # noqa: E402

from exactinj.plotting import (  # noqa: E402
    plot_biases,
    plot_boxes,
    plot_collision,
    plot_critical_points,
    plot_gaps,
    plot_hull,
    plot_pair,
    plot_rectifying_region,
    plot_singular_values,
    plot_stability,
    plot_wedges,
)

OCTAHEDRON = [[int(j == k) * sign for j in range(3)] for k in range(3) for sign in (1, -1)]
CUBOCTAHEDRON = [row for row in product((-1, 0, 1), repeat=3) if sum(map(abs, row)) == 2]
LONG_RADIUS = "12345678901234567890/7"


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.close("all")  # what other tests left open, which would be drawn on
    yield
    plt.close("all")


def gaussian(m, n, seed=0):
    return np.random.default_rng(seed).standard_normal((m, n))


def layer_2d(m):
    return xi.ReLULayer(gaussian(m, 2), b=gaussian(m, 1, seed=1)[:, 0])


PICTURES = {
    "wedges": lambda: plot_wedges([[1, 0], [0, 1], [-1, -1]]),
    "wedges, one row": lambda: plot_wedges([[1, 2]]),
    "wedges, three ranks": lambda: plot_wedges(xi.ReLULayer([[1, 0], [0, 1], [-1, -1]], b=[-1, -1, -1])),
    "wedges, tiny": lambda: plot_wedges(xi.ReLULayer([[1, 0], [0, 1], [-1, -1]], b=[1e-9] * 3)),
    "wedges, many rows": lambda: plot_wedges(layer_2d(16)),
    "wedges, parallel rows": lambda: plot_wedges(xi.ReLULayer([[1, 0], [-1, 0], [1, 0], [-2, 0]], b=[0, 1, 2, 3])),
    "wedges, orthant": lambda: plot_wedges([[1, -1], [2, -1], [-1, 1]], domain="nonneg"),
    "sphere": lambda: plot_wedges(gaussian(9, 3)),
    "sphere, one row": lambda: plot_wedges([[1, 2, 3]]),
    "sphere, opposite rows": lambda: plot_wedges(OCTAHEDRON),
    "sphere, orthant": lambda: plot_wedges(gaussian(6, 3), domain="nonneg"),
    "disc": lambda: plot_rectifying_region(xi.ReLULayer(gaussian(14, 2), alpha=0.3 * gaussian(14, 1, 1)[:, 0])),
    "disc, far": lambda: plot_rectifying_region([[1, 0], [0, 1], [-1, -1]], domain=xi.Ball(1000, [5000, 0])),
    "stability": lambda: plot_stability(gaussian(12, 2)),
    "stability, disc": lambda: plot_stability(gaussian(14, 2), domain="ball:2"),
    "stability, not spanning": lambda: plot_stability(xi.ReLULayer([[1, 2], [2, 4], [-1, 1]], [1, 0, 2])),
    "stability, box": lambda: plot_stability(xi.ReLULayer([[1, 0], [0, 1]], [1, 1]), domain="box:-2,3"),
    "singular values": lambda: plot_singular_values(
        xi.stability_on_data(gaussian(12, 2), gaussian(200, 2, 1)), enclosed=xi.stability(gaussian(12, 2))
    ),
    "singular values, one point": lambda: plot_singular_values(xi.stability_on_data(gaussian(3, 5), gaussian(1, 5, 1))),
    "hull": lambda: plot_hull(xi.hull_bias(CUBOCTAHEDRON, domain="sphere:1")),
    "hull, long domain": lambda: plot_hull(xi.hull_bias(gaussian(20, 3), domain=f"sphere:{LONG_RADIUS}")),
    "hull, narrow facets": lambda: plot_hull(xi.hull_bias(gaussian(13, 3, 3), domain="sphere:1")),
    "hull, one value": lambda: plot_hull(xi.hull_bias([*OCTAHEDRON, [0, 0, 7]], domain=f"ball:{LONG_RADIUS}")),
    "critical points": lambda: plot_critical_points(xi.alpha_star(OCTAHEDRON, domain="sphere:1")),
    "gaps": lambda: plot_gaps(xi.compare(gaussian(6, 2), domain="sphere:1", samples=3000)),
    "gaps, two stages": lambda: plot_gaps(xi.compare([[1], [-1]], samples=1500)),
    "biases": lambda: plot_biases(xi.hull_bias(gaussian(40, 4, 4), domain="nonneg-ball:1")),
    "pair": lambda: plot_pair(xi.certify(gaussian(9, 5))),
    "pair, one entry": lambda: plot_pair(xi.certify([[1]])),
    "pair, many entries": lambda: plot_pair(xi.certify(gaussian(110, 100))),
    "signals": lambda: plot_collision(xi.certify(xi.ConvLayer([[[1, -1]], [[-1, 1]]]))),
    "boxes": lambda: plot_boxes(xi.certify(xi.ConvLayer([[[1, 1]], [[1, -1]], [[-1, 1]], [[-1, -1]]]))),
}


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_cut_or_covered(name):
    PICTURES[name]()
    figure = plt.gcf()
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for artist in shown_artists(figure):
        box = artist.get_window_extent()
        assert box.x0 >= -1, artist
        assert box.y0 >= -1, artist
        assert box.x1 <= width + 1, artist
        assert box.y1 <= height + 1, artist
    for axes in figure.axes:
        numbers = [text for text in axes.texts if text.get_text().replace(" ", "").replace("\n", "").isdigit()]
        if name != "boxes" and axes.name != "3d":
            boxes = [(text, text.get_window_extent()) for text in numbers]
            for (a, first), (c, second) in combinations(boxes, 2):
                assert not overlap(first, second), (a, c)


@pytest.mark.parametrize("seed", [3, 6])
def test_no_label_of_a_hull_covers_another(seed):
    axes = plot_hull(xi.hull_bias(gaussian(14, 3, seed), domain="sphere:1"))
    axes.figure.canvas.draw()
    boxes = [box_in_space(axes, text) for text in axes.texts]
    assert not any(overlap(*pair) for pair in combinations(boxes, 2))


def box_in_space(axes, text):
    """Where a centred text in space is seen; matplotlib itself places it only while it draws."""
    x, y, _ = proj3d.proj_transform(*text.get_position_3d(), axes.get_proj())
    size, (left, bottom) = text.get_window_extent(), axes.transData.transform((x, y))
    return Bbox.from_bounds(left - size.width / 2, bottom - size.height / 2, size.width, size.height)


def shown_artists(figure):
    for axes in figure.axes:
        if axes.name != "3d":  # texts in space do not know where they are drawn
            yield from (text for text in axes.texts if text.get_text())
        yield from (text for text in (axes.title, axes.xaxis.label, axes.yaxis.label) if text.get_text())
        if axes.get_legend() is not None:
            yield axes.get_legend()


def overlap(first, second):
    return min(first.x1, second.x1) - max(first.x0, second.x0) > 1 and (
        min(first.y1, second.y1) - max(first.y0, second.y0) > 1
    )


def numbered_rows(axes):
    return sorted(int(word) for text in axes.texts for word in text.get_text().split() if word.isdigit())


@pytest.mark.parametrize("name", ["wedges, many rows", "wedges, parallel rows", "sphere", "sphere, opposite rows"])
def test_every_row_has_its_number_once(name):
    axes = PICTURES[name]()
    rows = {"wedges, many rows": 16, "wedges, parallel rows": 4, "sphere": 9, "sphere, opposite rows": 6}
    assert numbered_rows(axes) == list(range(rows[name]))


def test_one_far_corner_does_not_set_the_limits():
    """Rows 2 and 3 meet at (1001, -1000), all other corners lie within 2."""
    axes = plot_wedges(xi.ReLULayer([[1, 0], [0, 1], [1, 1], [1, "1.001"], [1, -1]], b=[0, 0, -1, 0, "1/2"]))
    assert max(map(abs, (*axes.get_xlim(), *axes.get_ylim()))) < 5
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert any("not in view" in label for label in labels)


def test_each_rank_has_its_hatching():
    """What spans has none, and no two ranks share one: the picture can be read without colour."""
    axes = plot_wedges(xi.ReLULayer([[1, 0], [0, 1], [-1, -1]], b=[-1, -1, -1]))
    hatches = [patch.get_hatch() for patch in axes.get_legend().get_patches()]
    assert len(hatches) == len(set(hatches)) == 3
    assert hatches[0] is None
    assert {patch.get_hatch() for patch in axes.patches} == set(hatches)


@pytest.mark.parametrize("b", [None, [-1, -1, -1]])
def test_the_pair_lies_in_view(b):
    result = xi.certify(xi.ReLULayer([[1, 0], [0, 1], [-1, -1]], b=b))
    axes = plot_wedges(result.layer, pair=result.witness)
    marks = {line.get_label(): line.get_xydata()[0] for line in axes.lines if line.get_label().endswith("of the pair")}
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for name, point in (("x", result.witness.x), ("y", result.witness.y)):
        place = marks[f"{name} of the pair"]
        assert place.tolist() == [float(value) for value in point]
        assert left < place[0] < right
        assert bottom < place[1] < top


def test_the_pair_on_the_sphere_lies_in_a_wedge_that_does_not_span():
    """Eight Gaussian rows leave some x with fewer than three active rows; the map shows where."""
    result = xi.certify(gaussian(8, 3, seed=4))
    axes = plot_wedges(result.layer, pair=result.witness)
    places = [line.get_xydata()[0] for line in axes.lines if str(line.get_label()).endswith("of the pair")]
    hatched = [patch.get_path() for patch in axes.patches if patch.get_hatch()]
    assert places
    assert all(any(path.contains_point(place, radius=0.02) for path in hatched) for place in places)


def test_the_bars_of_a_pair_are_its_numbers():
    result = xi.certify(gaussian(9, 5))
    inputs, difference, output = plot_pair(result).axes
    x, y = (np.array([float(value) for value in values]) for values in (result.witness.x, result.witness.y))
    assert [bar.get_height() for bar in inputs.patches] == [*x, *y]
    assert np.allclose([bar.get_height() for bar in difference.patches], y - x)
    assert [bar.get_height() for bar in output.patches] == [float(v) for v in result.layer.evaluate(result.witness.x)]
    assert len({bar.get_hatch() for bar in inputs.patches}) == 2
    with pytest.raises(xi.InputError, match="no collision"):
        plot_pair(xi.certify(OCTAHEDRON))


def test_biases_without_a_value_are_marked():
    hull = xi.hull_bias(OCTAHEDRON, domain="nonneg-ball:1")
    axes = plot_biases(hull)
    (marks,) = [line for line in axes.lines if line.get_marker() == "^"]
    assert marks.get_xdata().tolist() == [1, 3, 5]


def test_too_many_wedges_are_refused():
    with pytest.raises(xi.InputError, match="more than 5,000 wedges"):
        plot_wedges(layer_2d(110))


def test_the_picture_of_the_readme_is_drawn_by_its_script(tmp_path):
    script = Path(__file__).parent.parent / "docs" / "figures" / "wedges.py"
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path)}
    command = [sys.executable, script, "--out", tmp_path]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert "not_injective" in outcome.stdout
    stored = script.with_suffix(".png")
    assert stored.stat().st_size < 60_000
    assert plt.imread(stored).shape == plt.imread(tmp_path / "wedges.png").shape
