"""``exactinj gaussian``: what users read, and what they can stop and split."""

from __future__ import annotations

import json

import pytest

from exactinj.cli.gaussian import SUBCOMMANDS
from exactinj.cli.main import main
from exactinj.gaussian.trials import Decision
from exactinj.work.verdict import Verdict

pytest.importorskip("joblib")


def document(capsys, *arguments):
    assert main(["gaussian", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_probability(capsys, tmp_path):
    out = str(tmp_path / "found.jsonl")
    found = document(capsys, "probability", "--n", "1", "--m", "2:3", "--trials", "20", "--out", out)
    assert [point["exact"]["probability"] for point in found["points"]] == ["1/2", "3/4"]
    for point in found["points"]:
        assert point["injective"] + point["not_injective"] == point["trials"] == 20
        low, high = point["estimate"]["interval"]
        assert low <= point["estimate"]["share"] <= high
    size = (tmp_path / "found.jsonl").stat().st_size
    assert main(["gaussian", "probability", "--n", "1", "--m", "2:3", "--trials", "20", "--out", out]) == 0
    printed = capsys.readouterr().out
    assert "3/4 = 0.7500" in printed
    assert (tmp_path / "found.jsonl").stat().st_size == size


def test_probability_of_another_law_says_nothing_it_does_not_know(capsys):
    found = document(capsys, "probability", "--n", "1", "--m", "3", "--trials", "4", "--entries", "signs")
    assert (found["entries"], found["points"][0]["exact"]) == ("signs", {})
    cone = document(capsys, "probability", "--n", "1", "--m", "3", "--trials", "4", "--domain", "nonneg")
    assert cone["points"][0]["exact"] == {"probability": "7/8"}


def test_an_empty_shard_is_no_division_by_zero(capsys):
    found = document(capsys, "probability", "--n", "1", "--m", "3", "--trials", "1", "--shard", "1/2")
    other = document(capsys, "probability", "--n", "1", "--m", "3", "--trials", "1", "--shard", "2/2")
    trials = [point["trials"] for part in (found, other) for point in part["points"]]
    assert sorted(trials) == [0, 1]
    for part in ("1/2", "2/2"):
        assert main(["gaussian", "probability", "--n", "1", "--m", "3", "--trials", "1", "--shard", part]) == 0
    assert "0 " in capsys.readouterr().out


def test_undecided_layers_are_no_numbers_in_json(capsys, monkeypatch):
    from exactinj.gaussian import probability

    monkeypatch.setattr(probability, "decide_trial", undecided)
    found = document(capsys, "probability", "--n", "1", "--m", "3", "--trials", "2")
    assert found["points"][0]["estimate"] == {"share": None, "interval": [0.0, 1.0]}
    assert main(["gaussian", "probability", "--n", "1", "--m", "3", "--trials", "2"]) == 0
    assert "(0.000 to 1.000)" in capsys.readouterr().out


def undecided(task):
    return Decision(task, "", Verdict.TIMED_OUT)


def test_curve(capsys):
    found = document(capsys, "curve", "--n", "1", "--trials", "40", "--start", "2")
    (point,) = found["half_points"]
    assert point["interval"][0] < 2 < point["interval"][1]
    assert found["extrapolations"] == []
    assert main(["gaussian", "curve", "--n", "1", "--trials", "3"]) == 0
    assert "open to open" in capsys.readouterr().out


def test_energy(capsys):
    found = document(capsys, "energy", "--n", "2", "--m", "5:7:2", "--trials", "10")
    assert [energies["m"] for energies in found["energies"]] == [5, 7]
    assert main(["gaussian", "energy", "--n", "2", "--m", "5", "--trials", "10"]) == 0
    assert "2.50" in capsys.readouterr().out


def test_depth(capsys):
    found = document(capsys, "depth", "--widths", "1,3,4", "--trials", "5")
    assert found["layerwise"]["injective"] <= found["whole"]["injective"]
    assert main(["gaussian", "depth", "--widths", "1,3,4", "--trials", "5"]) == 0
    assert "the network as one map" in capsys.readouterr().out
    assert main(["gaussian", "depth", "--widths", "1,3,4", "--trials", "2", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("probability", "--n", "3", "--m", "2"), "expected 1 <= n <= m"),
        (("probability", "--n", "2", "--m", "x"), "--m: found 'x'"),
        (("probability", "--n", "2", "--m", "4", "--shard", "3/2"), "found the shard 3/2"),
        (("probability", "--n", "2", "--m", "4", "--domain", "sphere:1"), "expected a convex one"),
        (("curve", "--start", "3"), "--start: found 1 numbers for 5"),
        (("curve", "--entries", "normal"), "expected gaussian, signs or sparse:p"),
        (("energy", "--n", "2", "--m", "1"), "expected 1 <= n <= m"),
        (("depth", "--widths", "2"), "expected at least two"),
        (("depth", "--widths", "2,b"), "--widths: found '2,b'"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, said):
    assert main(["gaussian", *arguments]) == 3
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_interrupt_says_where_the_work_is(capsys, tmp_path, monkeypatch):
    from exactinj.gaussian import probability

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(probability, "run_tasks", stop)
    out = str(tmp_path / "found.jsonl")
    assert main(["gaussian", "probability", "--n", "1", "--m", "3", "--out", out]) == 130
    assert f"finished layers are in {out}" in capsys.readouterr().err


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_help(capsys, name):
    with pytest.raises(SystemExit) as ended:
        main(["gaussian", name, "--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out
