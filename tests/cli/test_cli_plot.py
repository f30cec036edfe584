"""``--plot``: which answers get which picture, and that no picture ever costs an answer."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

import exactinj as xi
from exactinj.cells.wedges import extreme_rays, wedges
from exactinj.cli import endings, figures, main, supervised_verb
from exactinj.cli.figures import figure_of_biases, figure_of_result
from exactinj.domains import NonnegativeOrthant, Polytope, RealSpace
from exactinj.errors import InputError
from exactinj.plotting import plot_wedges
from exactinj.plotting.corners import plane_corners, sphere_shapes
from exactinj.work.processes import CAN_FORK

SPLIT = [["1", "0"], ["0", "1"], ["-1", "-1"]]  # not injective: one row active in three of the six wedges
DOUBLED = [["1", "0"], ["0", "1"], ["-1", "0"], ["0", "-1"]]
UNIT = [[int(j == k) * sign for j in range(4)] for k in range(4) for sign in (1, -1)]
SIGNALS = [[["1", "-1"]], [["-1", "1"]]]
FOUR_SIGNS = [[[1, 0]], [[0, 1]], [[-1, 0]], [[0, -1]]]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("layer.json").write_text(json.dumps({"W": SPLIT}))
    Path("four.json").write_text(json.dumps({"W": UNIT}))
    Path("kernels.json").write_text(json.dumps({"kernels": SIGNALS}))
    return tmp_path


def ran(capfd, *arguments):
    status = main.main(arguments)
    out, err = capfd.readouterr()
    return status, out, err


def hatches(axes):
    return {patch.get_hatch() for patch in axes.patches}


# ------------------------------------------------------------------ files and words


@pytest.mark.parametrize(
    ("arguments", "status", "start"),
    [
        (("certify", "layer.json", "--plot", "seen.png"), 10, b"\x89PNG"),
        (("alpha", "layer.json", "--plot", "seen.SVG"), 0, b"<?xml"),
        (("conv", "kernels.json", "--plot", "seen.pdf"), 10, b"%PDF"),
    ],
)
def test_a_picture_is_written_and_named(folder, capfd, arguments, status, start):
    found, out, err = ran(capfd, *arguments)
    assert (found, err) == (status, "")
    assert f"picture: {arguments[-1]}\n" in out
    assert Path(arguments[-1]).read_bytes().startswith(start)


def test_one_document_names_the_picture(folder, capfd):
    status, out, err = ran(capfd, "certify", "layer.json", "--json", "--plot", "seen.svg")
    assert (status, err, json.loads(out)["plot"]) == (10, "", "seen.svg")
    assert "plot" not in json.loads(ran(capfd, "certify", "layer.json", "--json")[1])


def test_nothing_to_draw_is_one_line_and_the_same_status(folder, capfd):
    status, out, err = ran(capfd, "certify", "four.json", "--json", "--plot", "seen.png")
    assert (status, json.loads(out)["verdict"], json.loads(out)["plot"]) == (0, "injective", None)
    assert err.startswith("exactinj: --plot: nothing to draw: wedges are drawn for n = 2")
    assert err.count("\n") == 1
    assert not Path("seen.png").exists()


@pytest.mark.parametrize("name", ["seen.jpg", "seen", "no-such-folder/seen.png", "."])
@pytest.mark.parametrize("verb", [("certify", "layer.json"), ("alpha", "layer.json"), ("conv", "kernels.json")])
def test_bad_names_are_refused_before_the_work(folder, capfd, monkeypatch, verb, name):
    monkeypatch.setattr(supervised_verb, "supervised", None)  # never called
    status, out, err = ran(capfd, *verb, "--plot", name)
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(f"exactinj: --plot: found '{name}', expected a .png, .pdf or .svg file")


def test_without_matplotlib_the_extra_is_named_before_the_work(folder):
    """In a process of its own that cannot find it."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'matplotlib' else find(name, *rest)\n"
        "from exactinj.cli import main, supervised_verb; supervised_verb.supervised = None\n"
        "sys.exit(main.main(['certify', 'layer.json', '--plot', 'seen.png']))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == "exactinj: matplotlib is not installed: pip install 'exactinj[plot]'\n"


@pytest.mark.parametrize("verb", [("certify", "layer.json"), ("alpha", "layer.json", "--method", "hull")])
def test_a_full_disk_costs_the_picture_only(folder, capfd, monkeypatch, verb):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    Path("seen.png").write_bytes(b"old")
    status, out, err = ran(capfd, *verb, "--json", "--plot", "seen.png")
    document = json.loads(out)
    assert (status, document["plot"], "layer" in document) == (3, None, True)
    assert err == "exactinj: --plot: cannot write seen.png: No space left on device; choose another place\n"
    assert Path("seen.png").read_bytes() == b"old"
    assert {path.name for path in folder.iterdir()} == {"layer.json", "four.json", "kernels.json", "seen.png"}


@pytest.mark.skipif(not CAN_FORK, reason="needs fork")
def test_a_drawing_that_does_not_end_costs_the_picture_only(folder, capfd, monkeypatch):
    import time

    monkeypatch.setattr(endings, "DRAWING", 0.3)
    monkeypatch.setattr(figures, "figure_of_result", lambda *_: time.sleep(100))
    status, out, err = ran(capfd, "certify", "layer.json", "--json", "--plot", "seen.png")
    assert (status, json.loads(out)["verdict"], json.loads(out)["plot"]) == (10, "not_injective", None)
    assert err == "exactinj: --plot: no picture, as drawing it did not end within 0 s\n"
    assert not Path("seen.png").exists()


# ------------------------------------------------------------------ which picture


@pytest.mark.parametrize("domain", ["R^n", "ball:1", "nonneg-ball:2", "box:-3,3"])
def test_the_wedges_of_the_plane_with_the_pair(domain):
    result = xi.certify(xi.ReLULayer(SPLIT, b=["-1/4", "-1/4", "-1/4"]), domain=domain)
    (axes,) = figure_of_result(result, "folder/layer.json").axes
    assert axes.get_title() == f"layer.json: not injective on {result.domain.text}"
    assert "////" in hatches(axes)
    assert {"x of the pair", "y of the pair"} <= {line.get_label() for line in axes.lines}


def test_what_does_not_meet_the_disc_is_not_in_its_legend():
    """Outside of the unit disc, around (-3, -3), no row is active."""
    (axes,) = figure_of_result(xi.certify(xi.ReLULayer(DOUBLED[:2], b=[2, 2]), domain="ball:1"), "layer").axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["rank 2: spans"]
    assert hatches(axes) == {None}


@pytest.mark.parametrize("domain", ["R^n", "ball:1", "box:-1,2", "nonneg-ball:1"])
def test_the_map_of_the_sphere_for_domains_around_the_origin(domain):
    result = xi.certify([[1, 0, 0], [0, 1, 0], [-1, -1, -1]], domain=domain)
    (axes,) = figure_of_result(result, "layer").axes
    assert {"////", "xxxx"} & hatches(axes)


@pytest.mark.parametrize("domain", ["ball:1:3,0,0", "box:1,2"])
def test_other_domains_in_space_show_the_pair(domain):
    result = xi.certify([[1, 0, 0], [0, 1, 0], [-1, -1, -1]], domain=domain)
    assert [axes.get_title() for axes in figure_of_result(result, "layer").axes][:2] == ["x and y", "y - x"]


@pytest.mark.parametrize("rows", [[[1]], np.eye(5)])
def test_pairs_in_other_dimensions_are_bars(rows):
    assert len(figure_of_result(xi.certify(rows), "layer").axes) == 3


def test_a_layer_of_many_rows_has_no_map():
    angles = np.linspace(0, 2 * np.pi, 701)
    result = xi.certify(np.column_stack([np.cos(angles), np.sin(angles)]))
    with pytest.raises(InputError, match="nothing to draw: found m = 701 rows, wedges are drawn up to 500"):
        figure_of_result(result, "layer")


def test_pictures_of_convolutions():
    (boxes,) = figure_of_result(xi.certify(xi.ConvLayer(FOUR_SIGNS)), "k").axes
    assert {"first", "last"} <= {text.get_text() for text in boxes.texts}
    volume = xi.certify(xi.ConvLayer(np.ones((1, 1, 1, 1, 2))))
    assert [axes.get_title() for axes in figure_of_result(volume, "k").axes][:2] == ["x and y", "y - x"]
    wide = xi.certify(xi.ConvLayer(np.ones((1, 9, 1, 1))))
    titles = [axes.get_title() for axes in figure_of_result(wide, "k").axes]
    assert sum(title.startswith("y - x") for title in titles) == 6
    with pytest.raises(InputError, match="nothing to draw"):
        figure_of_result(xi.certify(xi.ConvLayer(FOUR_SIGNS), input_shape=(1, 3)), "k")


@pytest.mark.parametrize(
    ("rows", "domain", "panels"), [(DOUBLED, "ball:1", 2), (DOUBLED, "sphere:1", 1), (UNIT, "ball:1", 1)]
)
def test_pictures_of_biases(rows, domain, panels):
    assert len(figure_of_biases(xi.alpha_star(rows, domain=domain), "layer").axes) == panels
    assert len(figure_of_biases(xi.hull_bias(rows, domain=domain), "layer").axes) == panels


def test_the_hull_and_the_critical_points():
    rows = [row[:3] for row in UNIT[:6]]
    titled = [axes.name for axes in figure_of_biases(xi.hull_bias(rows), "layer").axes]
    assert titled.count("3d") == 1
    assert len(figure_of_biases(xi.alpha_star(rows, domain="sphere:1"), "layer").axes) == 3


# ------------------------------------------------------------------ corners from pairs of rows


@pytest.mark.parametrize("domain", [RealSpace(), NonnegativeOrthant(), Polytope([[1, 1]], [2])])
def test_corners_of_the_plane_are_those_of_the_wedges(domain):
    rows = np.random.default_rng(5).integers(-4, 5, (7, 2)).tolist()
    layer = xi.ReLULayer(rows, b=[1, -2, 0, 3, "1/2", 1, -1])
    expected = {vertex for wedge in wedges(layer, domain=domain) for vertex in extreme_rays(wedge).vertices}
    assert set(plane_corners(layer, domain)) == expected


@pytest.mark.parametrize("domain", [RealSpace(), NonnegativeOrthant()])
@pytest.mark.parametrize("rows", ["random", "degenerate", "flat"])
def test_rays_on_the_sphere_are_those_of_the_wedges(rows, domain):
    degenerate = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1], [0, 0, 0], [-2, 0, 0], [0, 1, 1]]
    given = {
        "random": np.random.default_rng(6).standard_normal((9, 3)),
        "degenerate": degenerate,
        "flat": [[1, 0, 0], [0, 1, 0], [1, -1, 0]],
    }[rows]
    layer = xi.ReLULayer(given)
    found = list(wedges(layer, domain=domain))
    for wedge, shape in zip(found, sphere_shapes(layer, domain, found), strict=True):
        expected = extreme_rays(wedge)
        assert (set(shape.rays), set(shape.lines)) == (set(expected.rays), set(expected.lines))


def test_no_chord_cuts_through_the_map_where_an_edge_runs_close_to_the_rim():
    """Rows 0 and 1 are almost orthogonal to the direction that the rim stands for."""
    axes = Figure().add_subplot()
    plot_wedges([[1, 0, 0.001], [0, 1, 0], [0, 0, 1], [1, 1, 1]], axes, centre=(0, 0.003, 1))
    for patch in axes.patches:
        for corners in patch.get_path().to_polygons():
            assert np.linalg.norm(np.diff(corners, axis=0), axis=1).max() < 0.1
