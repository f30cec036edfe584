"""The scripts behind the regenerated figures of the thesis run, say what is an estimate, and draw something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn")
pytest.importorskip("joblib")

import matplotlib.pyplot as plt  # noqa: E402

FIGURES = Path(__file__).parent.parent / "docs" / "figures"
FAST = ("fig_4_3", "fig_4_5")
NAMES = sorted(path.stem for path in FIGURES.glob("fig_*.py"))


def run(name, folder):
    outcome = subprocess.run(
        [sys.executable, FIGURES / f"{name}.py", "--quick", "--out", folder],
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
    assert NAMES == ["fig_4_3", "fig_4_4", "fig_4_5", "fig_5_4", "fig_6_1", "fig_6_2"]
    assert [name for name in NAMES if f"python docs/figures/{name}.py" not in text] == []


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in FAST else pytest.mark.slow) for name in NAMES])
def test_a_script_draws_its_figure(name, tmp_path):
    printed = run(name, tmp_path)
    assert "estimate" in printed or name == "fig_4_5"  # a formula and true radii
    assert drawn(tmp_path, name) > 0.02


@pytest.mark.slow
def test_a_sweep_goes_on_where_it_stopped(tmp_path):
    run("fig_6_2", tmp_path)
    (path,) = tmp_path.glob("fig_6_2_0.1*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]))
    assert f"{path.name}: 3 layers computed" in run("fig_6_2", tmp_path)
    assert sorted(path.read_bytes().splitlines(keepends=True)) == sorted(lines)


@pytest.mark.slow
def test_thresholds_of_gaussian_layers_are_drawn(tmp_path):
    assert "7.64769  theorem upper" in run("gaussian_bounds", tmp_path)
    for name in ("bounds", "energies", "convergence", "overlaps"):
        assert drawn(tmp_path, f"gaussian-{name}") > 0.005
