"""The counts that docs/gaussian-finite.md shows: whole, consistent, and in agreement with published ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from math import sqrt
from pathlib import Path

import pytest

from exactinj.gaussian import Counts, Ensemble, exact_half_point, exact_probability, orthant_probability

pytest.importorskip("joblib")

DOCS = Path(__file__).parent.parent.parent / "docs"
DATA = DOCS / "gaussian" / "data"
NAMES = ("gaussian", "nonneg", "signs", "sparse", "bias1", "bias01")
# injective ones of 1,000 Gaussian layers on R^n, and on the nonnegative orthant, in the notebook of gamma1398
PUBLISHED = {
    2: {5: 61, 6: 242, 7: 464, 8: 640, 10: 856, 15: 991},
    3: {9: 10, 12: 323, 13: 469, 14: 622, 18: 934, 24: 997},
    4: {14: 10, 19: 453, 20: 598, 25: 922, 30: 991},
    5: {19: 4, 25: 405, 26: 560, 30: 878, 35: 964},
    6: {24: 1, 32: 494, 33: 577, 40: 926, 44: 982},
}
PUBLISHED_ON_THE_ORTHANT = {8: 370, 9: 488, 10: 591}  # n = 3


def document(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="ascii"))


def differ_by_their_errors_only(counts, published):
    pooled = (counts.injective + published) / (counts.trials + 1000)
    spread = sqrt(pooled * (1 - pooled) * (1 / counts.trials + 1 / 1000))
    return abs(counts.injective / counts.trials - published / 1000) <= 3 * spread


@pytest.mark.parametrize("name", NAMES)
def test_half_points_follow_from_their_counts(name):
    found = document(name)
    assert Ensemble(found["entries"], found["bias"], found["domain"]).text
    for entry in found["half_points"]:
        points = [Counts.from_json(point) for point in entry["points"]]
        assert {counts.trials for counts in points} == {entry["trials"]}
        assert all(x.injective <= y.injective for x, y in pairwise(points))
        low, high = entry["interval"]
        assert low < entry["estimate"] < high
        before = max((counts for counts in points if counts.share < 0.5), key=lambda counts: counts.m)
        after = next(counts for counts in points if counts.m == before.m + 1)
        assert before.m <= entry["estimate"] <= after.m
        assert sum(counts.unknown for counts in points) <= 2


def test_gaussian_half_points_are_known_within_one_row():
    found = {entry["n"]: entry["interval"] for entry in document("gaussian")["half_points"]}
    assert set(found) >= set(range(2, 13))
    assert all(high - low <= 1 for n, (low, high) in found.items() if n <= 10)
    assert found[2][0] < exact_half_point(2) < found[2][1]


def test_counts_in_the_plane_are_those_of_the_formulas():
    curves = [Counts.from_json(entry) for entry in document("gaussian")["curves"]]
    on_the_orthant = [Counts.from_json(c) for entry in document("nonneg")["half_points"] for c in entry["points"]]
    for found, formula in ((curves, exact_probability), (on_the_orthant, orthant_probability)):
        for counts in found:
            if counts.n == 2:
                low, high = counts.interval(tail=0.0005)
                assert low <= formula(2, counts.m) <= high


def test_published_counts_agree_within_three_sigma():
    curves = {(entry["n"], entry["m"]): Counts.from_json(entry) for entry in document("gaussian")["curves"]}
    for n, series in PUBLISHED.items():
        for m, published in series.items():
            assert differ_by_their_errors_only(curves[n, m], published), (n, m)
    cone = {
        (c["n"], c["m"]): Counts.from_json(c) for entry in document("nonneg")["half_points"] for c in entry["points"]
    }
    compared = [m for m in PUBLISHED_ON_THE_ORTHANT if (3, m) in cone]
    assert len(compared) >= 2
    assert all(differ_by_their_errors_only(cone[3, m], PUBLISHED_ON_THE_ORTHANT[m]) for m in compared)


def test_ground_states_and_networks_are_consistent():
    for entry in document("energy")["energies"]:
        histogram = {int(value): number for value, number in entry["fewest_active_rows"].items()}
        assert sum(histogram.values()) == entry["trials"]
        assert entry["mean"] == pytest.approx(sum(v * c for v, c in histogram.items()) / entry["trials"] / entry["n"])
    for entry in document("depth")["networks"]:
        layerwise, used, whole = (entry[name]["injective"] for name in ("layerwise", "on_orthant", "whole"))
        assert layerwise <= used <= whole <= entry["layers"][0]["injective"]


@pytest.mark.slow
@pytest.mark.parametrize("script", ["gaussian/counts.py", "figures/gaussian_curve.py"])
def test_the_scripts_run(script, tmp_path):
    folders = ("--results", tmp_path, "--data", tmp_path) if "counts" in script else ("--out", tmp_path)
    done = subprocess.run(
        [sys.executable, DOCS / script, "--quick", *folders],
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("*.json" if "counts" in script else "*.png"))
