"""Files are whole or not there, and nothing else is left beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import exactinj as xi
from exactinj.work import atomic
from exactinj.work.atomic import TEMPORARY_PREFIX, replacing


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    """Both ways to write; where there are no nameless files the second is taken twice."""
    if request.param == "named":
        monkeypatch.setattr(atomic, "_nameless", lambda _: None)
    return request.param


def test_content_replaces_what_was_there(tmp_path, way):
    path = tmp_path / "file"
    for content in (b"one", b"two" * 10**6, b""):
        with replacing(path) as stream:
            stream.write(content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_files_have_the_usual_mode(tmp_path, way):
    (tmp_path / "usual").touch()
    with replacing(tmp_path / "file") as stream:
        stream.write(b"x")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


def raise_after(stream, error):
    stream.write(b"half")
    raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError()])
def test_an_error_keeps_the_old_file(tmp_path, way, error):
    path = tmp_path / "file"
    path.write_text("precious")
    expected = xi.InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), replacing(path) as stream:
        raise_after(stream, error)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named(tmp_path, way, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(xi.InputError, match=r"file: No space left on device; choose"), replacing(tmp_path / "file"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="needs signals and locks")
def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path, way):
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom exactinj.work import atomic\n"
        "if sys.argv[1] == 'named': atomic._nameless = lambda _: None\n"
        "with atomic.replacing(Path('file')) as stream:\n"
        "    stream.write(b'x' * 10**6)\n    print('ready', flush=True)\n    time.sleep(100)\n"
    )
    command = [sys.executable, "-c", script, way]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        living = list(tmp_path.iterdir())
        with replacing(tmp_path / "other") as stream:
            stream.write(b"y")
        assert sorted(tmp_path.iterdir()) == sorted([*living, tmp_path / "other"])
        writer.send_signal(signal.SIGKILL)
    if way == "nameless" and not living:
        assert list(tmp_path.iterdir()) == [tmp_path / "other"]
    (tmp_path / f"{TEMPORARY_PREFIX}notes").write_text("of somebody else")
    time.sleep(0.1)
    with replacing(tmp_path / "other") as stream:
        stream.write(b"z")
    assert sorted(tmp_path.iterdir()) == [tmp_path / f"{TEMPORARY_PREFIX}notes", tmp_path / "other"]
