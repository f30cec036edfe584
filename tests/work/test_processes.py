"""Child processes: what they send arrives, errors are errors, and none outlives the process that started it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi
from exactinj.injectivity import parallel
from exactinj.injectivity.parallel import PortfolioEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.work import processes
from exactinj.work.processes import Ended, forked, processes_for, started

PATIENCE = 30.0
posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and POSIX signals")
linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


def double(requests, send):
    for number in requests:
        if number < 0:
            raise ValueError(number)
        send(2 * number)


def print_much(_, send):
    sys.stdout.write("not a message")
    os.write(1, b"not a message either")
    send("x" * 10**6)


def test_messages_go_both_ways_and_errors_come_back():
    child = started(double)
    try:
        for number in (1, 10**30):
            child.send(number)
            assert child.next_message(PATIENCE) == 2 * number
        assert child.next_message(0.01) is None
        child.send(-1)
        error = child.next_message(PATIENCE)
        assert isinstance(error, ValueError)
        assert child.next_message(PATIENCE) == Ended(0)
    finally:
        child.kill()


def test_what_libraries_print_does_not_get_between_the_messages(capfd):
    child = started(print_much)
    assert child.next_message(PATIENCE) == "x" * 10**6
    child.kill()
    assert "not a message" in capfd.readouterr().err


@posix
def test_a_killed_child_has_ended():
    child = started(double)
    child.kill()
    assert child.next_message(PATIENCE) == Ended(-signal.SIGKILL)
    child.kill()  # again, harmlessly


@posix
def test_what_a_forked_child_sent_before_it_was_killed_is_read():
    def work(send):
        send("all" * 100_000)
        time.sleep(100)
        return 0

    child = forked(work)
    assert child.next_message(PATIENCE) == "all" * 100_000
    child.kill()
    assert child.next_message(PATIENCE) == Ended(-signal.SIGKILL)


# ------------------------------------------------------------------ nothing is left behind


def marked_processes(mark):
    """Living processes that inherited an environment variable."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found += [] if state == "Z" else [(int(entry.name), state)]
        except OSError:
            continue
    return found


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def marked(tmp_path):
    """Start a Python process whose descendants can be recognised; whatever is left of them is killed."""
    mark = f"exactinj-test-{uuid.uuid4()}"

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "EXACTINJ_TEST": mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,  # not a session of its own, in which SIGTSTP would stop nothing
        )
        return process, mark

    np.save(tmp_path / "hours.npy", np.random.default_rng(0).standard_normal((220, 20)))
    yield start
    for number, _ in marked_processes(mark):
        os.kill(number, signal.SIGKILL)


RACE = (
    "import numpy as np, exactinj as xi\n"
    "from exactinj.injectivity import parallel\n"
    "parallel.HEAD_START = 0.0\n"
    "xi.certify(xi.ReLULayer(np.load('hours.npy')), jobs=2)\n"
)


SWEEP = (
    "import exactinj.sweep.run as run\n"
    "from exactinj.sweep import SweepPlan\n"
    "run.HEAD_START, run.processes_for = 0.0, lambda jobs: jobs\n"
    "run.run_sweep(SweepPlan(((10, 60),), trials=10**4, samples=10**4), 'found.jsonl', jobs=2)\n"
)


@posix
@linux
@pytest.mark.parametrize(
    ("arguments", "least"),
    [(("-m", "exactinj", "certify", "hours.npy", "--engine", "tree"), 2), (("-c", RACE), 3), (("-c", SWEEP), 4)],
    ids=["command", "portfolio", "sweep"],
)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP], ids=["kill", "hangup"])
def test_no_process_outlives_its_parent(marked, arguments, least, number):
    process, mark = marked(*arguments)
    wait_until(lambda: len(marked_processes(mark)) >= least)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    wait_until(lambda: not marked_processes(mark))


@posix
@linux
def test_stopping_the_command_stops_its_processes_and_continuing_continues_them(marked):
    process, mark = marked("-m", "exactinj", "certify", "hours.npy", "--engine", "tree")
    wait_until(lambda: len(marked_processes(mark)) >= 2)
    time.sleep(1)
    process.send_signal(signal.SIGTSTP)
    wait_until(lambda: all(state == "T" for _, state in marked_processes(mark)))
    process.send_signal(signal.SIGCONT)
    wait_until(lambda: not any(state == "T" for _, state in marked_processes(mark)))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130


@posix
def test_processes_of_their_own_groups_are_found(marked):
    """A solver leads a group of its own, and is signalled all the same."""
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'], start_new_session=True)\n"
        "print('ready', flush=True); time.sleep(100)"
    )
    process, mark = marked("-c", code)
    process.stdout.readline()
    processes.signal_tree(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    wait_until(lambda: not marked_processes(mark))


# ------------------------------------------------------------------ engines side by side


def test_scripts_need_no_main_guard(tmp_path):
    """From a file and from standard input, where other ways to start processes import the script once more."""
    script = (
        "import exactinj as xi\n"
        "from exactinj.injectivity import parallel\n"
        "parallel.HEAD_START = 0.0\n"
        "print(xi.certify(xi.ReLULayer([[1], [-1]]), jobs=2).verdict)\n"
    )
    (tmp_path / "script.py").write_text(script)
    for arguments, text in ((["script.py"], None), (["-"], script)):
        answer = subprocess.run(
            [sys.executable, *arguments], input=text, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (answer.stdout, answer.stderr) == ("injective\n", "")


class LocalEngine(TreeEngine):
    """With something in it that cannot be sent."""

    def __init__(self):
        super().__init__()
        self.secret = lambda: None


def test_an_engine_that_cannot_be_sent_is_refused(monkeypatch):
    monkeypatch.setattr(parallel, "HEAD_START", 0.0)
    with pytest.raises(xi.InputError, match=r"tree cannot be sent to another process .*; use jobs = 1"):
        decide(PortfolioEngine([LocalEngine(), TreeEngine()]))


def test_an_engine_that_is_defined_in_a_script_is_refused(tmp_path):
    script = (
        "import exactinj as xi\n"
        "from exactinj.injectivity import parallel\n"
        "from exactinj.injectivity.tree import TreeEngine\n"
        "from exactinj.work.clock import Clock\n"
        "from tests_decide import decide\n"
        "parallel.HEAD_START = 0.0\n"
        "class Mine(TreeEngine): name = 'mine'\n"
        "try: decide(parallel.PortfolioEngine([Mine(), Mine()]))\n"
        "except xi.InputError as error: print(error)\n"
    )
    (tmp_path / "tests_decide.py").write_text(f"import sys\nsys.path.append({str(Path(__file__).parent)!r})\n" + DECIDE)
    answer = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.stdout.startswith("the engine mine cannot be loaded in another process (AttributeError: ")
    assert "define its class in a module that can be imported" in answer.stdout


DECIDE = (
    "import exactinj as xi\n"
    "from exactinj.alternatives.problem import HomogeneousProblem\n"
    "from exactinj.work.clock import Clock\n"
    "def decide(engine):\n"
    "    return engine.decide(HomogeneousProblem(xi.ReLULayer([[1], [-1]]), xi.RealSpace()), Clock())\n"
)


def decide(engine):
    names = {}
    exec(DECIDE, names)  # noqa: S102 - the same call in this process and in a script
    return names["decide"](engine)


def test_messages_of_engines_that_failed():
    engine = TreeEngine()
    for message in (Ended(-9), MemoryError("no room"), "nonsense"):
        answer = parallel._answer(engine, message)
        assert (answer.verdict, answer.proof) == ("unknown", None)
    for error in (xi.InputError("bad"), pickle.UnpicklingError("AttributeError: Mine")):
        with pytest.raises(xi.InputError):
            parallel._answer(engine, error)


def test_no_more_processes_than_processors(monkeypatch):
    for processors, most in ((1, 2), (2, 2), (8, 8)):
        monkeypatch.setattr(processes, "available_processors", lambda count=processors: count)
        assert [processes_for(jobs, 2) for jobs in (1, 2, 5000)] == [1, 2, most]


def test_the_first_engine_has_a_head_start(monkeypatch):
    monkeypatch.setattr(parallel, "started", None)  # would fail
    answer = decide(PortfolioEngine([TreeEngine(), TreeEngine()]))
    assert answer.verdict == "injective"
    assert "before any other of 2 processes was needed" in answer.reason
