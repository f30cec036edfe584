"""The verb check: a deadline, progress, and files that ask for more than they are worth."""

from __future__ import annotations

import gzip
import io
import json
import re
import time
from pathlib import Path

import pytest

import exactinj as xi
from exactinj import checker
from exactinj.cli import check as verb
from exactinj.cli.main import main
from exactinj.cli.supervised_verb import Reporter


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("check") / "cross.json"
    xi.certify(xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])).certificate.write(path)
    return path


def test_a_deadline_ends_a_check(certificate, monkeypatch, capsys):
    monkeypatch.setattr("exactinj.cli.supervise.GRACE", 0.2)
    monkeypatch.setattr(checker, "check_file", lambda *_, **__: time.sleep(100))
    assert main(["check", str(certificate), "--timeout", "0.2", "--json"]) == 12
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is None
    assert "out of time" in document["reason"]
    assert main(["check", str(certificate), "--timeout", "0.2"]) == 12
    assert capsys.readouterr().out.startswith(f"{certificate}: undecided, out of time")


def test_the_checker_reads_through_what_watches_it(certificate):
    seen = []
    reporter = Reporter(seen.append, None)
    with Path(certificate).open("rb") as file:
        watched = verb._Watched(file, reporter)
        reporter.last = float("-inf")
        assert checker.check_file(certificate, watch=lambda _: watched).valid
        assert watched.read(10) == b""
    assert "MB read" in seen[0].text
    assert watched._read == certificate.stat().st_size


@pytest.mark.parametrize("digits", [1_000_001, 30_000_000])
def test_endless_numbers_are_refused_at_once(certificate, digits, tmp_path, run_command):
    text = certificate.read_text()
    number = re.search(r'\[\d+, "(\d+)"\]', text)
    long = tmp_path / "long.json.gz"
    long.write_bytes(gzip.compress((text[: number.start(1)] + "7" * digits + text[number.end(1) :]).encode(), 1))
    done = run_command("check", long)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert f"found a number of {digits} digits, expected at most 1000000" in done.stderr


def test_long_numbers_are_checked_in_little_time(certificate):
    text = certificate.read_text()
    number = re.search(r'\[\d+, "(\d+)"\]', text)
    wrong = text[: number.start(1)] + "7" * 1_000_000 + text[number.end(1) :]
    outcome = checker.check_stream(io.BytesIO(wrong.encode()))
    assert not outcome.valid
    assert "refuter 0" in outcome.reason
