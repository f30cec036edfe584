"""The table of all thresholds and its command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exactinj.cli.main import main
from exactinj.gaussian.thresholds import Status, thresholds


@pytest.fixture(scope="module")
def table():
    return thresholds(10)


def test_the_table_is_consistent(table):
    """Theorems do not contradict each other nor the conjectures; what is refuted contradicts one of them."""
    values = [threshold.value for threshold in table]
    assert values == sorted(values)
    assert len({threshold.name for threshold in table}) == len(table) == 13
    of = {status: [entry.value for entry in table if entry.status is status] for status in Status}
    low, high = max(of[Status.THEOREM_LOWER]), min(of[Status.THEOREM_UPPER])
    assert all(low < value < high for value in of[Status.CONJECTURE])
    assert all(not low <= value <= high for value in of[Status.REFUTED])


def test_every_source_is_a_reference(table):
    text = (Path(__file__).parents[2] / "docs" / "references.md").read_text(encoding="utf-8")
    keys = {key for threshold in table for key in threshold.source.split(", ")}
    assert [key for key in sorted(keys) if f"**[{key}]**" not in text] == []


def test_the_command_prints_it(table, monkeypatch, capsys):
    monkeypatch.setattr("exactinj.gaussian.thresholds.thresholds", lambda k: table)
    assert main(["gaussian", "thresholds"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "3.4028   theorem lower",
        "6.7157",
        "7.6477   theorem upper",
        "8.3446   refuted",
        "5.7005   misprint",
    ):
        assert words in shown
    assert main(["gaussian", "thresholds", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["k"], len(document["thresholds"])) == (50, 13)
    assert main(["gaussian", "thresholds", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_the_command_gives_energies(capsys):
    assert main(["gaussian", "thresholds", "--ratio", "6", "--ratio", "1.5", "--k", "10", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["energies"]
    assert 0.63 < first["replica_symmetric"] < 0.80 < first["one_step"] < first["full"] < 0.81
    assert second["full"] == 0


@pytest.mark.parametrize(
    ("words", "reason"), [(["--ratio", "2.01"], "expected at least 2.05"), (["--k", "9"], "expected at least 10 steps")]
)
def test_the_command_refuses(words, reason, capsys):
    assert main(["gaussian", "thresholds", *words]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert reason in shown.err


def test_thresholds_have_documents(table):
    document = json.loads(json.dumps([threshold.to_json() for threshold in table]))
    assert document[0] == {**document[0], "name": "Cover", "value": 3.0, "status": "theorem lower"}
