"""The scripts behind the regenerated figures of the thesis run, say what is an estimate, and draw something."""

from __future__ import annotations

import math
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn")
pytest.importorskip("joblib")

import matplotlib.pyplot as plt  # noqa: E402

FIGURES = Path(__file__).parent.parent / "docs" / "figures"
FAST = ("fig_4_3", "fig_4_5")
NAMES = sorted(path.stem for path in FIGURES.glob("fig_*.py"))
EXACT = ("fig_3_3", "fig_4_5")  # nothing sampled, or true radii beside a formula
EXPLAINING = ["fig_3_1", "fig_3_2", "fig_3_3", "fig_4_1", "fig_4_2", "fig_5_1", "fig_5_2", "fig_5_3", "fig_7_1"]
EXPERIMENTS = ["fig_4_3", "fig_4_4", "fig_4_5", "fig_5_4", "fig_6_1", "fig_6_2", "fig_6_3", "fig_7_2", "fig_7_3"]
WITH_TORCH = ("fig_6_3", "fig_7_1", "fig_7_2", "fig_7_3")


def run(name, folder, *arguments):
    outcome = subprocess.run(
        [sys.executable, FIGURES / f"{name}.py", "--quick", "--out", folder, *arguments],
        cwd=folder,
        env={**os.environ, "MPLCONFIGDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def drawn(folder, name):
    """How much of the picture is not white."""
    pixels = plt.imread(folder / f"{name}.png")[..., :3]
    return (pixels.min(axis=2) < 0.9).mean()


def test_every_figure_of_the_readme_has_a_script():
    text = (FIGURES / "README.md").read_text(encoding="utf-8")
    assert sorted(EXPLAINING + EXPERIMENTS) == NAMES
    assert [name for name in NAMES if f"python docs/figures/{name}.py" not in text] == []


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in FAST else pytest.mark.slow) for name in NAMES])
def test_a_script_draws_its_figure(name, tmp_path):
    if name in WITH_TORCH:
        pytest.importorskip("torch")
    printed = run(name, tmp_path)
    assert "estimate" in printed or name in EXACT
    assert drawn(tmp_path, name) > 0.02


@pytest.fixture
def run_here(tmp_path, monkeypatch, capsys):
    """A script in this process, which saves starting another one; returns what it printed."""

    def run_script(name):
        monkeypatch.syspath_prepend(FIGURES)
        monkeypatch.setattr(sys, "argv", [name, "--quick", "--out", str(tmp_path)])
        try:
            runpy.run_path(str(FIGURES / f"{name}.py"), run_name="__main__")
        finally:
            plt.close("all")
            sys.modules.pop("common")  # a name that is not the scripts' alone
        return capsys.readouterr().out

    return run_script


def numbers(pattern, text):
    return [float(value) for value in re.findall(pattern, text)]


@pytest.mark.slow
def test_the_half_discs_have_the_area_of_circular_segments(run_here, tmp_path):
    shares = numbers(r"estimate ([\d.]+) of the disc", run_here("fig_3_1"))
    assert shares == pytest.approx(
        [math.acos(a) / math.pi - a * math.sqrt(1 - a * a) / math.pi for a in (0.25, 0, -0.25)], abs=0.06
    )
    assert drawn(tmp_path, "fig_3_1") > 0.02


def test_three_rows_are_rectifying_where_two_are_active(run_here, tmp_path):
    printed = run_here("fig_3_2")
    assert printed.count("not_injective") == 3
    assert printed.count("'-0.500000'") == 3  # opposite to a row the two others have -1/2
    low, middle, high = numbers(r"estimate ([\d.]+) of 1000", printed)
    assert low < middle < high
    assert middle == pytest.approx(0.5, abs=0.06)  # three sectors of 60 degrees
    assert drawn(tmp_path, "fig_3_2") > 0.02


def test_the_octahedron_has_more_active_vertices_on_its_planes(run_here, tmp_path):
    printed = run_here("fig_3_3")
    assert printed.startswith("injective")
    assert re.findall(r"active vertices (.+)", printed) == [
        "[0, 2, 4]",
        "[0, 2, 4, 5]",
        "[0, 2, 3, 4, 5]",
        "[0, 1, 2, 3, 4, 5]",
    ]
    assert printed.count("['0', '0', '0', '0', '0', '0'], exactly") == 2
    assert drawn(tmp_path, "fig_3_3") > 0.02


@pytest.mark.slow
def test_the_table_of_times_has_a_row_for_every_size(tmp_path):
    printed = run("table_5_1", tmp_path)
    assert (tmp_path / "table_5_1.md").read_text(encoding="utf-8") in printed
    assert len(re.findall(r"^\| here", printed, re.MULTILINE)) == 3
    assert "| thesis | 0.06 (1.00) | 0.063 (1.05) | 0.11 (1.85) |" in printed


@pytest.mark.slow
def test_a_sweep_goes_on_where_it_stopped(tmp_path):
    run("fig_6_2", tmp_path)
    (path,) = tmp_path.glob("fig_6_2_0.1*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]))
    assert f"{path.name}: 3 layers computed" in run("fig_6_2", tmp_path)
    assert sorted(path.read_bytes().splitlines(keepends=True)) == sorted(lines)


@pytest.mark.slow
def test_trainings_read_the_files_of_the_user(tmp_path):
    """Small files in the formats of MNIST and CIFAR-10."""
    pytest.importorskip("torch")
    random = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        images = random.integers(256, size=(count, 6, 6), dtype=np.uint8)
        head = np.array([2051, count, 6, 6], dtype=">u4").tobytes()
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        labels = (
            np.array([2049, count], dtype=">u4").tobytes() + random.integers(10, size=count, dtype=np.uint8).tobytes()
        )
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"):
        records = random.integers(256, size=(8, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        (tmp_path / f"{name}.bin").write_bytes(records.tobytes())
    printed = run("fig_7_3", tmp_path, "--mnist", tmp_path, "--cifar", tmp_path)
    assert "MNIST, regularised" in printed
    assert "CIFAR-10, plain" in printed
    assert "digits" not in printed


@pytest.mark.slow
def test_the_curve_over_the_factor_is_drawn(tmp_path):
    pytest.importorskip("torch")
    assert "proved injective on the ball" in run("trade_off", tmp_path)
    assert drawn(tmp_path, "trade_off") > 0.02


@pytest.mark.slow
def test_thresholds_of_gaussian_layers_are_drawn(tmp_path):
    assert "7.64769  theorem upper" in run("gaussian_bounds", tmp_path)
    for name in ("bounds", "energies", "convergence", "overlaps"):
        assert drawn(tmp_path, f"gaussian-{name}") > 0.005
