"""The verb stability: what it prints, its JSON, its exit statuses."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest


def test_a_description_and_a_document(run_command):
    done = run_command("stability", "casebook:octahedron")
    assert done.returncode == 0
    assert "exactly" in done.stdout
    assert "0.707107" in done.stdout
    document = json.loads(run_command("stability", "casebook:octahedron", "--json").stdout)
    assert document["lower_lipschitz"]["at_least"]["square"] == "1/2"
    assert document["upper_lipschitz_squared"] == {"at_least": "1", "at_most": "1"}
    assert document["published"]["operator_norm"] == pytest.approx(math.sqrt(2))
    assert document["certificate"] is None
    assert set(document["witnesses"]) >= {"sigma_min", "upper_lipschitz"}


def test_a_certificate(run_command, tmp_path):
    np.save(tmp_path / "w.npy", np.random.default_rng(0).standard_normal((12, 2)))
    done = run_command("stability", "w.npy", "--domain", "box:0,1", "--out", "c.json")
    assert "certificate: c.json" in done.stdout
    assert run_command("check", "c.json", "w.npy").returncode == 0
    np.save(tmp_path / "other.npy", np.random.default_rng(1).standard_normal((12, 2)))
    assert run_command("check", "c.json", "other.npy").returncode == 4
    piped = run_command("stability", "w.npy", "--domain", "box:0,1", "--out", "-")
    assert json.loads(piped.stdout) == json.loads((tmp_path / "c.json").read_text())


def test_a_layer_that_is_not_injective_says_so(run_command):
    done = run_command("stability", "casebook:mercedes-benz")
    assert done.returncode == 0
    assert "not injective" in done.stdout


def test_the_time_may_not_suffice(run_command, tmp_path):
    np.save(tmp_path / "w.npy", np.random.default_rng(0).standard_normal((70, 9)))
    done = run_command("stability", "w.npy", "--timeout", "3", "--json")
    assert done.returncode == 12
    assert json.loads(done.stdout)["complete"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tolerance", "2"], "between 0 and 1"),
        (["--tolerance", "x"], "x"),
        (["--domain", "sphere:1"], "sphere"),
        (["--domain", "box:1,0"], "box"),
        (["--timeout", "-1"], "-1"),
    ],
)
def test_bad_input_is_one_line(run_command, arguments, words):
    done = run_command("stability", "casebook:octahedron", *arguments)
    assert done.returncode in (2, 3)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
