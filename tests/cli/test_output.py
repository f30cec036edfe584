"""An answer is given completely or the command fails: full disks, closed descriptors, readers that have gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from exactinj.cli.main import main

FULL = "/dev/full"
COLLIDING = [["2", "1"], ["-2", "2"], ["-1.5", "-2"], ["2", "-1"]]
COMMANDS = {
    "certify": ("certify", "layer.json"),
    "certify --json": ("certify", "layer.json", "--json"),
    "conv": ("conv", "kernels.json"),
    "alpha": ("alpha", "layer.json"),
    "sample": ("sample", "layer.json", "--samples", "10"),
    "compare": ("compare", "layer.json"),
    "export": ("export", "--smtlib", "layer.json"),
    "check": ("check", "pair.json"),
    "sweep": ("sweep", "--grid", "2x4", "--samples", "10", "--exact-up-to", "0", "--out", "found.jsonl"),
    "repair": ("repair", "layer.json", "--layer-out", "new.json"),
    "casebook list": ("casebook", "list"),
    "casebook show": ("casebook", "show", "cube", "--json"),
    "help": ("certify", "--help"),
    "version": ("--version",),
}
needs_full = pytest.mark.skipif(not os.path.exists(FULL), reason="needs /dev/full")  # noqa: PTH110


@pytest.fixture
def folder(tmp_path, run_command):
    (tmp_path / "layer.json").write_text(json.dumps({"W": COLLIDING}))
    (tmp_path / "kernels.json").write_text(json.dumps({"kernels": [[["1", "2"]], [["-1", "1"]]]}))
    return tmp_path


def run(folder, *arguments, unbuffered="", **options):
    command = [sys.executable, "-m", "exactinj", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(command, cwd=folder, env=environment, check=False, timeout=120, **options)


@needs_full
@pytest.mark.parametrize("name", COMMANDS)
def test_an_answer_that_a_full_disk_does_not_take_is_a_failure(folder, name, run_command):
    if name == "check":
        assert run_command("certify", "layer.json", "--out", "pair.json").returncode == 10
    with open(FULL, "w") as full:  # noqa: PTH123
        ended = run(folder, *COMMANDS[name], stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert ended.stderr.decode().startswith("exactinj: the answer could not be written to standard output: ")
    assert ended.stderr.count(b"\n") == 1


@needs_full
def test_also_without_a_buffer(folder):
    with open(FULL, "w") as full:  # noqa: PTH123
        ended = run(folder, "certify", "layer.json", unbuffered="1", stdout=full, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("closed", "quiet", "status"), [(">&-", "", 1), (">&-", "--quiet", 10), ("2>&-", "", 10), (">&- 2>&- <&-", "", 1)]
)
def test_closed_streams(folder, closed, quiet, status):
    """Only an answer that was asked for can be lost; no file may come to stand where a stream should be."""
    command = f"{sys.executable} -m exactinj certify layer.json {quiet} --out pair.json {closed}"
    ended = subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, check=False, timeout=120)
    assert ended.returncode == status
    assert b"Traceback" not in ended.stderr
    assert json.loads((folder / "pair.json").read_text())["claim"] == "not_injective"


@needs_full
def test_errors_that_cannot_be_said(folder):
    with open(FULL, "w") as full:  # noqa: PTH123
        assert run(folder, "certify", "absent.json", stderr=full).returncode == 3
        assert run(folder, "certify", "layer.json", "--nonsense", stderr=full).returncode == 2


def test_a_reader_that_has_gone(folder):
    """Quiet, but never a status that reads as proved."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = run(folder, "certify", "layer.json", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


class Short:
    """A raw stream that takes ten bytes at a time, and no more than `room` in all."""

    def __init__(self, room):
        self.room = room
        self.taken = b""

    def write(self, data):
        if not self.room:
            raise OSError(28, "No space left on device")
        piece = bytes(data[: min(10, self.room)])
        self.room -= len(piece)
        self.taken += piece
        return len(piece)


class Stream:
    encoding = "ascii"

    def __init__(self, room):
        self.buffer = Short(room)

    def flush(self):
        pass

    def fileno(self):
        raise OSError


def test_short_writes_are_continued(monkeypatch):
    everything, cut = Stream(10**6), Stream(100)
    monkeypatch.setattr(sys, "stdout", everything)
    assert main(["casebook", "list"]) == 0
    assert everything.buffer.taken.count(b"\n") > 20
    monkeypatch.setattr(sys, "stdout", cut)
    assert main(["casebook", "list"]) == 1
