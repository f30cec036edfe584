"""The verbs sample and compare --samples: what they print is called an estimate, and is one."""

from __future__ import annotations

import json

import numpy as np
import pytest

import exactinj as xi


@pytest.fixture
def frame(tmp_path):
    np.savez(tmp_path / "frame.npz", W=np.random.default_rng(0).standard_normal((9, 3)))
    return "frame.npz"


def test_sample_prints_an_estimate(run_command, frame, tmp_path):
    done = run_command("sample", frame, "--samples", "3000", "--domain", "sphere:1")
    assert done.returncode == 0
    assert "ESTIMATE of alpha* from 3,000 samples" in done.stdout
    assert "certifies nothing" in done.stdout
    document = json.loads(run_command("sample", frame, "--samples", "3000", "--domain", "sphere:1", "--json").stdout)
    assert document["kind"] == "estimate"
    exact = xi.alpha_star(xi.read_layer(tmp_path / frame), domain=xi.Sphere(1)).alpha
    for estimate, value in zip(document["estimate"], exact, strict=True):
        assert estimate is None or estimate >= float(value) - 1e-12


def test_given_points_are_looked_at_once_each(run_command, frame, tmp_path):
    points = np.random.default_rng(1).standard_normal((40, 3))
    np.save(tmp_path / "data.npy", points)
    document = json.loads(run_command("sample", frame, "--method", "points", "--data", "data.npy", "--json").stdout)
    found = xi.alpha_on(xi.read_layer(tmp_path / frame), points)
    known = [value if np.isfinite(value) else None for value in found.values.tolist()]
    assert document["estimate"] == known
    assert (document["samples"], document["sampler"]) == (40, "40 given points")


def test_samples_around_data(run_command, frame, tmp_path):
    np.save(tmp_path / "data.npy", np.random.default_rng(1).standard_normal((50, 3)))
    for method in (["smoothing", "--sigma", "0.5"], ["kde"]):
        arguments = ["sample", frame, "--method", *method, "--data", "data.npy", "--samples", "500", "--json"]
        document = json.loads(run_command(*arguments).stdout)
        assert "50 points" in document["sampler"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--domain", "R^n"], "to sample from"),
        (["--method", "kde"], "without --data"),
        (
            ["--method", "smoothing", "--data", "data.npy", "--sigma", "1", "--kernel", "normal"],
            "expected --method kde",
        ),
        (
            ["--method", "kde", "--data", "data.npy", "--bandwidth", "data.npy"],
            "expected a symmetric positive definite",
        ),
        (["--method", "smoothing", "--data", "data.npy"], "without --sigma"),
        (["--method", "points"], "without --data"),
        (["--method", "points", "--data", "data.npy", "--sigma", "1"], "expected --method smoothing"),
        (["--method", "kde", "--data", "none.npy"], "no such file"),
        (["--method", "kde", "--domain", "ball:1"], "samples follow the data"),
        (["--samples", "0"], "positive"),
        (["--seed", "-1"], "seed"),
        (["--sigma", "1"], "--method uniform"),
        (["--domain", "ball:1e-400"], "cannot square"),
        (["--device", "cuda"], "backend torch"),
    ],
)
def test_sample_refuses_in_one_line(run_command, frame, tmp_path, arguments, words):
    np.save(tmp_path / "data.npy", np.ones((5, 3)))
    done = run_command("sample", frame, *arguments)
    assert done.returncode == 3
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_deadline_ends_sampling_with_what_there_is(run_command, frame):
    done = run_command("sample", frame, "--samples", "10000000000", "--timeout", "6", "--json")
    assert done.returncode == 0
    assert 1000 < json.loads(done.stdout)["samples"] < 10**10


def test_compare_with_samples(run_command, frame):
    done = run_command("compare", frame, "--samples", "4000", "--domain", "ball:1")
    assert done.returncode == 0
    assert "estimate - alpha*" in done.stdout
    assert "sampled estimate: " in done.stdout
    document = json.loads(run_command("compare", frame, "--samples", "4000", "--json").stdout)
    sampled = document["sampled"]
    assert sampled["kind"] == "estimate"
    assert all(gap is None or gap > -1e-12 for gap in sampled["gaps"])
    assert [stage["samples"] for stage in sampled["stages"]] == [1000, 2000, 4000]
    assert document["verdicts"]["exact"] == "injective"


def test_what_sampling_missed_is_a_collision():
    layer = xi.ReLULayer(np.random.default_rng(2).standard_normal((7, 3)))
    outcome = xi.compare(layer, samples=2000)
    assert outcome.estimate.is_complete
    assert (outcome.gaps > 0).any()
    result = outcome.results["estimate"]
    assert result.verdict == "not_injective"
    assert xi.check(result.certificate).valid
    assert outcome.stages[-1].largest_gap <= outcome.stages[0].largest_gap
    assert outcome.samples_needed(10.0) == 1000
    assert outcome.samples_needed(0.0) is None


def test_many_floats_stay_floats(run_command, tmp_path, monkeypatch):
    """From a million weights on, exact rationals would take minutes and gigabytes; --subspace says how to draw."""
    rows = np.random.default_rng(0).standard_normal((1040, 1024))
    np.save(tmp_path / "wide.npy", rows.astype(np.float32))
    np.savez(tmp_path / "wide.npz", W=rows.astype(np.float32), alpha=rows[:, 0])
    documents = [
        json.loads(run_command("sample", tmp_path / name, "--samples", "2100", "--json", *more).stdout)
        for name, more in (("wide.npy", ()), ("wide.npz", ()), ("wide.npy", ("--subspace", "0")))
    ]
    assert [document["subspace"] for document in documents] == [16, 16, 0]
    assert documents[0]["layer"] == {"m": 1040, "n": 1024, "sha256": None}
    assert documents[0]["estimate"] == documents[1]["estimate"]
    rows[3, 4] = np.nan
    np.save(tmp_path / "bad.npy", rows)
    refused = run_command("sample", tmp_path / "bad.npy", "--samples", "10")
    assert refused.returncode == 3
    assert "bad.npy: found nan in row 3, column 4" in refused.stderr
    np.savez(tmp_path / "bad.npz", W=rows[:, :1024].clip(-1, 1)[4:], b=[1.0])
    refused = run_command("sample", tmp_path / "bad.npz", "--samples", "10")
    assert refused.returncode == 3
    assert "bad.npz: b has 1 entries" in refused.stderr
