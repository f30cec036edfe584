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
    np.save(tmp_path / "p.npy", np.ones((2, 9)))
    done = run_command("stability", "w.npy", "--data", "p.npy", "--timeout", "3", "--json")
    assert done.returncode == 12
    document = json.loads(done.stdout)
    assert document["complete"] is False
    assert document["data"]["count"] == 2


def test_data_beside_the_enclosures(run_command, tmp_path):
    (tmp_path / "points.csv").write_text("1,2,3\n-1,2,1/2\n0,1,1\n")
    done = run_command("stability", "casebook:octahedron", "--data", "points.csv")
    assert done.returncode == 0
    assert "over data (sampled, floats), points.csv, 3 points" in done.stdout
    assert "do not span at 0 of 3" in done.stdout
    assert "at 1 of 3 a row vanishes" in done.stdout
    assert "proved: A is at most 1, by point 0" in done.stdout
    document = json.loads(run_command("stability", "casebook:octahedron", "--data", "points.csv", "--json").stdout)
    assert document["complete"] is True
    assert document["data"]["A_at_most"] == document["sigma_min_squared"]["at_most"] == "1"
    assert (document["data"]["ties"], document["data"]["lowest"]["min"]) == (1, 1.0)


def test_only_data_runs_no_search(run_command, tmp_path):
    random = np.random.default_rng(0)
    np.save(tmp_path / "w.npy", random.standard_normal((100, 40)))
    np.save(tmp_path / "p.npy", random.standard_normal((20, 40)).astype(np.float32))
    done = run_command("stability", "w.npy", "--data", "p.npy", "--only-data", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["sigma_min_squared"] == {"at_least": None, "at_most": document["data"]["A_at_most"]}
    assert document["lower_lipschitz"]["at_most"]["square"] == document["data"]["A_at_most"]
    assert document["upper_lipschitz_squared"]["at_most"] is document["frame_bounds"] is document["published"] is None
    assert document["complete"] is False
    text = run_command("stability", "w.npy", "--data", "p.npy", "--only-data").stdout
    assert "w.npy: data only, domain R^n not searched" in text
    assert run_command("stability", "w.npy", "--data", "p.npy", "--only-data", "--quiet").stdout == ""


def test_pictures(run_command, tmp_path):
    pytest.importorskip("matplotlib")
    np.save(tmp_path / "p.npy", np.random.default_rng(0).standard_normal((20, 2)))
    done = run_command("stability", "casebook:mercedes-benz", "--plot", "map.svg")
    assert "picture: map.svg" in done.stdout
    done = run_command("stability", "casebook:mercedes-benz", "--data", "p.npy", "--plot", "h.png", "--json")
    assert json.loads(done.stdout)["plot"] == "h.png"
    assert run_command(
        "stability", "casebook:mercedes-benz", "--data", "p.npy", "--only-data", "--plot", "d.png"
    ).stdout
    assert all((tmp_path / name).stat().st_size for name in ("map.svg", "h.png", "d.png"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--plot", "x.png"], "expected n = 2"),
        (["--plot", "x.gif"], "--plot"),
        (["--only-data"], "no --data"),
        (["--data", "none.npy"], "none.npy"),
        (["--data", "nan.npy"], "nan"),
        (["--data", "wide.csv"], "expected n = 3"),
        (["--data", "wide.csv", "--only-data", "--out", "c.json"], "--out"),
        (["--data", "far.json", "--domain", "ball:1"], "point 1 of the data lies outside ball:1"),
        (["--tolerance", "2"], "between 0 and 1"),
        (["--tolerance", "x"], "x"),
        (["--domain", "sphere:1"], "sphere"),
        (["--domain", "box:1,0"], "box"),
        (["--timeout", "-1"], "-1"),
    ],
)
def test_bad_input_is_one_line(run_command, tmp_path, arguments, words):
    np.save(tmp_path / "nan.npy", [[1.0, 2.0, math.nan]])
    (tmp_path / "wide.csv").write_text("1,2,3,4\n5,6,7,8\n")
    (tmp_path / "far.json").write_text('[["1/2", 0, 0], [1, 0, "1/10"]]')
    done = run_command("stability", "casebook:octahedron", *arguments)
    assert done.returncode in (2, 3)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
