"""One document whatever the deadline; what was found out by then; answers that were found in time."""

from __future__ import annotations

import argparse
import ctypes
import json
import signal
import time

import numpy as np
import pytest

from exactinj.cli import supervise, supervised_verb
from exactinj.cli.supervise import Decided, Ending, Facts, Progress, supervised
from exactinj.cli.supervised_verb import Unfinished, run_supervised
from exactinj.work.processes import CAN_FORK

posix = pytest.mark.skipif(not CAN_FORK, reason="needs fork")


class Line:
    def show(self, text):
        pass


@pytest.fixture
def no_grace(monkeypatch):
    monkeypatch.setattr(supervise, "GRACE", 0.2)


def outcome_of(work, seconds):
    return supervised(work, None if seconds is None else time.monotonic() + seconds, Line())


@posix
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.18, 0.2, 0.22, 0.4])
def test_an_ending_is_whole_or_not_there(no_grace, delay):
    """Around the moment of the kill: the one or the other, never a part, never both."""

    def work(send):
        send(Facts({"layer": 1}))
        time.sleep(delay)
        return Ending(10, "text" * 100_000)

    for _ in range(4):
        outcome = outcome_of(work, 1e-3)
        assert outcome.facts in ({"layer": 1}, {})
        assert outcome.ending in (Ending(10, "text" * 100_000), None)
        assert outcome.was_stopped or outcome.ending is not None


@posix
def test_an_answer_found_in_time_is_not_overridden(no_grace):
    def work(send):
        send(Decided())
        time.sleep(0.6)  # writes a large certificate
        return Ending(0, "answer")

    assert outcome_of(work, 0.1).ending == Ending(0, "answer")


@posix
def test_what_was_known_survives_a_kill(no_grace):
    def work(send):
        send(Facts({"layer": 1}))
        send(Progress("row 3"))
        send(Facts({"biases": [1, 2]}))
        time.sleep(100)
        raise AssertionError

    outcome = outcome_of(work, 0.2)
    assert (outcome.ending, outcome.was_stopped) == (None, True)
    assert (outcome.facts, outcome.progress) == ({"layer": 1, "biases": [1, 2]}, "row 3")


@posix
def test_a_child_that_dies_is_explained(capfd):
    import os

    def killed(_):
        os.kill(os.getpid(), signal.SIGKILL)

    def crashed(_):
        raise ZeroDivisionError

    assert outcome_of(killed, None) == supervise.Outcome()
    assert outcome_of(crashed, None).ending.status == 1
    assert "ZeroDivisionError" in capfd.readouterr().err


@posix
def test_an_interrupt_that_a_callback_drops_comes_again(no_grace, capfd):
    """As while a kernel is compiled: nothing raised in a callback of C gets out of it."""

    def work(_):
        ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(signal.SIGINT))()
        time.sleep(20)
        return Ending(0)

    with pytest.raises(KeyboardInterrupt):
        outcome_of(work, None)
    assert capfd.readouterr().err == ""


@posix
def test_other_errors_in_callbacks_are_shown(no_grace, capfd):
    def work(_):
        ctypes.CFUNCTYPE(None)(lambda: 1 / 0)()
        return Ending(0)

    assert outcome_of(work, None).ending == Ending(0)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_without_fork_the_work_is_done_here(monkeypatch):
    monkeypatch.setattr(supervise, "CAN_FORK", False)
    assert outcome_of(lambda send: send(Facts({"a": 1})) or Ending(0, "x"), 1).ending == Ending(0, "x")


@posix
def test_the_document_of_unfinished_work(no_grace, capsys):
    options = argparse.Namespace(timeout=0.1, started=time.monotonic(), quiet=False, json=True, layer="l.npy")

    def work(reporter):
        assert reporter.seconds_left < 0.1
        reporter.remember(layer={"m": 3})
        reporter.report("step 1")
        time.sleep(100)
        raise AssertionError

    def unfinished(end: Unfinished):
        return {"reason": end.reason, **end.facts}

    assert run_supervised(options, work, unfinished) == 12
    document = json.loads(capsys.readouterr().out)
    assert document == {"reason": "out of time inside one exact step; last seen: step 1", "layer": {"m": 3}}


@posix
def test_deadlines_count_from_the_start_of_the_command():
    reporter = supervised_verb.Reporter(print, time.monotonic() + 5)
    assert 4 < reporter.seconds_left <= 5
    reporter.deadline = time.monotonic() - 1
    assert reporter.seconds_left == 1e-3


@pytest.mark.parametrize("timeout", ["0.001", "0.3", "0.7", "1", "1.3"])
def test_never_two_documents(run_command, tmp_path, timeout):
    np.save(tmp_path / "hours.npy", np.random.default_rng(0).standard_normal((220, 20)))
    for verb in (("certify", "--engine", "tree"), ("alpha",)):
        fresh = verb[0] == "certify"  # out of time while it is loaded, and while it searches
        answer = run_command(verb[0], "hours.npy", *verb[1:], "--timeout", timeout, "--json", fresh=fresh)
        assert answer.returncode == 12, answer.stderr
        document = json.loads(answer.stdout)
        assert document.get("verdict", "timed_out") == "timed_out"


@posix
def test_what_the_child_says_at_its_own_deadline_wins(monkeypatch):
    """With its statistics; the parent waits a little before it kills."""
    monkeypatch.setattr(supervise, "GRACE", 20.0)

    def work(_):
        time.sleep(0.3)
        return Ending(12, "timed out after 7 nodes")

    assert outcome_of(work, 0.1).ending == Ending(12, "timed out after 7 nodes")
