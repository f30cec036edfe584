"""The command line as users meet it: output, exit status, deadlines, interrupts, bad input."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from oracles import is_collision

INJECTIVE = [["2", "1"], ["-2", "1"], ["-2", "-1"], ["2", "-1"]]
COLLIDING = [["2", "1"], ["-2", "2"], ["-1.5", "-2"], ["2", "-1"]]


@pytest.fixture
def layers(tmp_path):
    """Two small layers, and one that takes hours."""
    (tmp_path / "injective.json").write_text(json.dumps({"W": INJECTIVE}))
    (tmp_path / "colliding.json").write_text(json.dumps({"W": COLLIDING}))
    np.save(tmp_path / "hours.npy", np.random.default_rng(0).standard_normal((220, 20)))
    return tmp_path


def test_certify_and_check_injective(run_command, layers):
    answer = run_command("certify", "injective.json", "--out", "proof.json", "--json")
    assert answer.returncode == 0
    assert answer.stderr == ""
    document = json.loads(answer.stdout)
    assert document["verdict"] == "injective"
    assert document["assumption"] is None
    assert document["witness"] is None
    assert document["layer"]["m"] == 4
    assert document["certificate"] == "proof.json"
    assert set(document) >= {"verdict", "reason", "assumption", "layer", "domain", "engine", "witness", "stats"}
    checked = run_command("check", "proof.json", "injective.json", "--json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["valid"] is True
    assert run_command("check", "proof.json", "colliding.json").returncode == 4


def test_certify_and_check_collision(run_command, layers):
    answer = run_command("certify", "colliding.json", "--out", "pair.json.gz", "--json")
    assert answer.returncode == 10
    witness = json.loads(answer.stdout)["witness"]
    x, y = ([Fraction(text) for text in witness[key]] for key in ("x", "y"))
    assert is_collision([[Fraction(text) for text in row] for row in COLLIDING], [0] * 4, "R^n", x, y)
    assert witness["float_replay"]["float64"] == {"inputs_differ": True, "outputs_equal": True, "largest_ulp": 0}
    assert gzip.decompress((layers / "pair.json.gz").read_bytes()).startswith(b'{"format"')
    checked = run_command("check", "pair.json.gz", "colliding.json")
    assert (checked.returncode, checked.stdout[:5]) == (0, "VALID")


def test_domain_is_respected(run_command, tmp_path):
    (tmp_path / "identity.csv").write_text("1,0\n0,1\n")
    assert run_command("certify", "identity.csv").returncode == 10
    answer = run_command("certify", "identity.csv", "--domain", "nonneg", "--out", "cone.json", "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["domain"] == "nonneg"
    assert '"nonneg"' in (tmp_path / "cone.json").read_text()


def test_text_output_shows_a_pair_to_check_by_hand(run_command, layers):
    text = run_command("certify", "colliding.json").stdout
    assert "NOT INJECTIVE" in text
    assert "x = (" in text
    assert "equal in exact arithmetic" in text
    assert run_command("certify", "injective.json", "--quiet").stdout == ""


def test_output_is_deterministic(run_command, layers):
    for name in ("first.json.gz", "second.json.gz"):
        run_command("certify", "injective.json", "--out", name)
    assert (layers / "first.json.gz").read_bytes() == (layers / "second.json.gz").read_bytes()


def test_timeout_holds_and_reports_partial_work(run_command, layers):
    started = time.monotonic()
    answer = run_command("certify", "hours.npy", "--engine", "tree", "--timeout", "4", "--json", "--out", "never.json")
    assert time.monotonic() - started < 4 + 2
    assert answer.returncode == 12
    document = json.loads(answer.stdout)
    assert document["verdict"] == "timed_out"
    assert document["certificate"] is None
    assert not (layers / "never.json").exists()


def session_members(session):
    """Living processes of a session."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                members.append(stat.parent.name)
    return members


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupt_leaves_nothing_behind(layers, number, everybody, jobs):
    (layers / "old.json").write_text("precious")
    process = subprocess.Popen(
        [sys.executable, "-m", "exactinj", "certify", "hours.npy", "--out", "old.json", "--jobs", jobs]
        + (["--engine", "tree"] if jobs == "1" else []),
        cwd=layers,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while time.monotonic() < until and len(session_members(process.pid)) < (2 if jobs == "1" else 4):
        time.sleep(0.05)
    time.sleep(1)  # for a part of the search
    (os.killpg if everybody else os.kill)(process.pid, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert (layers / "old.json").read_text() == "precious"
    assert not list(layers.glob(".exactinj*"))
    until = time.monotonic() + 1  # for helpers to notice that nobody needs them
    while session_members(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not session_members(process.pid)


BAD_LAYERS = {
    "nan.npy": lambda path: np.save(path, np.array([[1.0, np.nan]])),
    "infinite.npy": lambda path: np.save(path, np.array([[1.0, np.inf]])),
    "complex.npy": lambda path: np.save(path, np.array([[1.0 + 2j]])),
    "object.npy": lambda path: np.save(path, np.array([[Fraction(1, 2)]], dtype=object), allow_pickle=True),
    "text.npy": lambda path: np.save(path, np.array([["1", "2"]])),
    "flags.npy": lambda path: np.save(path, np.array([[True, False]])),
    "vector.npy": lambda path: np.save(path, np.ones(3)),
    "cube.npy": lambda path: np.save(path, np.ones((2, 2, 2))),
    "norows.npy": lambda path: np.save(path, np.ones((0, 3))),
    "nocolumns.npy": lambda path: np.save(path, np.ones((3, 0))),
    "unknown.npz": lambda path: np.savez(path, W=np.eye(2), weights=np.eye(2)),
    "missing.npz": lambda path: np.savez(path, b=np.ones(2)),
    "both.npz": lambda path: np.savez(path, W=np.eye(2), b=np.ones(2), alpha=np.ones(2)),
    "longbias.npz": lambda path: np.savez(path, W=np.eye(2), b=np.ones(3)),
    "squarebias.npz": lambda path: np.savez(path, W=np.eye(2), b=np.ones((2, 2))),
    "pickled.npz": lambda path: np.savez(path, W=np.array([[None]], dtype=object)),
    "truncated.npz": lambda path: path.write_bytes(b"PK\x03\x04 and then nothing"),
    "truncated.npy": lambda path: path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order'"),
    "short.npy": lambda path: (np.save(path, np.ones((4, 4))), path.write_bytes(path.read_bytes()[:-8])),
    "empty.npy": lambda path: path.write_bytes(b""),
    "empty.npz": lambda path: path.write_bytes(b""),
    "empty.csv": lambda path: path.write_text(""),
    "empty.json": lambda path: path.write_text(""),
    "ragged.csv": lambda path: path.write_text("1,2\n3\n"),
    "zero.csv": lambda path: path.write_text("1/0,2\n"),
    "words.csv": lambda path: path.write_text("one,two\n"),
    "binary.csv": lambda path: path.write_bytes(b"\xff\xfe\x00\x01"),
    "list.json": lambda path: path.write_text("[[1, 2]]"),
    "unknown.json": lambda path: path.write_text('{"W": [[1]], "bias": [1]}'),
    "twice.json": lambda path: path.write_text('{"W": [[1]], "W": [[2]]}'),
    "nan.json": lambda path: path.write_text('{"W": [[NaN]]}'),
    "null.json": lambda path: path.write_text('{"W": [[null]]}'),
    "true.json": lambda path: path.write_text('{"W": [[true]]}'),
    "huge.json": lambda path: path.write_text('{"W": [[1e999]]}'),
    "bomb.json": lambda path: path.write_text('{"W": [["1e999999999"]]}'),
    "zero.json": lambda path: path.write_text('{"W": [["1/0"]]}'),
    "ragged.json": lambda path: path.write_text('{"W": [[1, 2], [3]]}'),
    "string.json": lambda path: path.write_text('{"W": "12"}'),
    "deep.json": lambda path: path.write_text("[" * 100_000),
    "half.json": lambda path: path.write_text('{"W": [[1, 2], [3'),
    "layer.txt": lambda path: path.write_text("1 2"),
    "folder.json": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("name", BAD_LAYERS)
def test_bad_layers_get_one_line_and_status_3(run_command, tmp_path, name):
    BAD_LAYERS[name](tmp_path / name)
    answer = run_command("certify", name, "--json")
    assert answer.returncode == 3, answer.stderr
    assert answer.stdout == ""
    assert answer.stderr.startswith("exactinj: ")
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("certify", "absent.npz"),
        ("certify", "injective.json", "--domain", "torus"),
        ("certify", "injective.json", "--engine", "guess"),
        ("certify", "injective.json", "--out", "proof.txt"),
        ("certify", "injective.json", "--out", "nowhere/proof.json"),
        ("check", "absent.json"),
        ("check", "injective.json"),
        ("casebook", "show", "unheard-of"),
        ("casebook", "show"),
    ],
)
def test_other_bad_input(run_command, layers, arguments):
    answer = run_command(*arguments)
    assert answer.returncode == 3
    assert answer.stderr.count("\n") == 1


def test_usage_errors(run_command, layers):
    assert run_command().returncode == 2
    assert run_command("divine", "injective.json").returncode == 2
    assert run_command("certify", "injective.json", "--timeout", "-1").returncode == 2


def test_help_names_only_verbs_that_exist(run_command):
    text = run_command("--help").stdout
    verbs = [line.split()[0] for line in text.splitlines() if line.startswith("    ") and line[4] != " "]
    for verb in verbs:
        assert run_command(verb, "--help").returncode == 0
    assert {"certify", "check", "casebook"} <= set(verbs)


def test_casebook_verbs(run_command):
    names = [line.split()[0] for line in run_command("casebook", "list").stdout.splitlines()]
    assert len(names) >= 20
    assert "Mercedes" in run_command("casebook", "show", "mercedes-benz").stdout
    answer = run_command("casebook", "run", "mercedes-benz", "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)[0]["verdict"] == "not_injective"


def test_full_disk_or_forbidden_folder_is_reported(run_command, layers):
    if os.geteuid() == 0:
        answer = run_command("certify", "injective.json", "--out", "/proc/proof.json")
    else:
        (layers / "closed").mkdir(mode=0o500)
        answer = run_command("certify", "injective.json", "--out", "closed/proof.json")
    assert answer.returncode == 3
    assert "Traceback" not in answer.stderr
