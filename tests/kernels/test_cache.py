"""Where compiled code is kept: anywhere it can be, nowhere if need be, and never stale or damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from exactinj.kernels import cache
from exactinj.kernels.cache import Entry, cache_folder

ANYONE = 0o777


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A user's folders, none of them there yet; every test looks for a place anew."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    for name, path in {"HOME": home, "TMPDIR": temporary}.items():
        monkeypatch.setenv(name, str(path))
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache.tempfile, "tempdir", None)
    monkeypatch.setattr(cache.sys, "platform", "linux")
    for function in (cache_folder, cache.say):
        function.cache_clear()
    yield tmp_path
    cache_folder.cache_clear()
    cache.say.cache_clear()


@pytest.fixture
def said(caplog):
    """What went to the log since the last look, a line each."""

    def said():
        text = "".join(f"{record.getMessage()}\n" for record in caplog.records)
        caplog.clear()
        return text

    return said


def test_a_folder_of_the_user(places, said):
    folder = cache_folder("1")
    assert folder.parent == places / "home" / ".cache" / "exactinj"
    assert folder.stat().st_mode & 0o077 == 0
    assert said() == ""


def test_a_folder_that_the_user_names(places, monkeypatch, said):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(places / "named"))
    assert places / "named" in cache_folder("1").parents
    assert said() == ""


def no_folder(path):
    """Make sure that nobody, not even root, can make a folder there."""
    path.write_text("a file\n")
    return str(path)


def test_a_named_folder_that_cannot_be_written(places, monkeypatch, said):
    monkeypatch.setenv("NUMBA_CACHE_DIR", no_folder(places / "named"))
    assert cache_folder("1").parent == places / "home" / ".cache" / "exactinj"
    text = said()
    assert text.count("\n") == 1
    assert str(places / "named") in text


@pytest.mark.parametrize("home", ["/nonexistent", "/dev/null", "/proc"])
def test_a_home_that_cannot_be_written(home, places, monkeypatch, said):
    monkeypatch.setenv("HOME", home)
    assert places / "tmp" in cache_folder("1").parents
    assert said().count("\n") == 1


def test_no_place_at_all(places, monkeypatch, said):
    monkeypatch.setenv("HOME", no_folder(places / "no_home"))
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: no_folder(places / "no_tmp"))
    assert cache_folder("1") is None
    text = said()
    assert text.count("\n") == 1
    assert "NUMBA_CACHE_DIR" in text


def test_a_folder_in_which_others_can_write_is_not_taken(places, said):
    theirs = places / "home" / ".cache" / "exactinj"
    theirs.mkdir(parents=True)
    theirs.chmod(ANYONE)
    assert places / "tmp" in cache_folder("1").parents
    assert "written to by others" in said()


def test_every_version_has_its_own_folder(places, monkeypatch):
    sources = places / "kernels"
    shutil.copytree(Path(cache.__file__).parent, sources)
    monkeypatch.setattr(cache, "__file__", str(sources / "cache.py"))
    folders = [cache_folder("1"), cache_folder("2")]
    cache_folder.cache_clear()
    folders.append(cache_folder("1"))
    (sources / "modular.py").write_text((sources / "modular.py").read_text() + "# an edit\n")
    cache_folder.cache_clear()
    folders.append(cache_folder("1"))
    assert folders[0] == folders[2]
    assert len(set(folders)) == 3


def test_old_folders_are_removed(places):
    folders = [cache_folder(str(version)) for version in range(20)]
    assert folders[-1].exists()
    assert not folders[0].exists()
    assert sum(folder.exists() for folder in folders) == cache.KEPT + 1


# --- files -----------------------------------------------------------------------------------------


def sealed_entry(folder):
    """An entry that says it was compiled."""
    (folder / "below").mkdir(parents=True, exist_ok=True)
    for ending in ("nbi", "1.nbc"):
        (folder / "below" / f"a.b-1.{ending}").write_bytes(b"machine code")
    entry = Entry(folder, "a.b")
    entry.seal()
    return entry


def test_what_was_written_is_sound(places, said):
    entry = sealed_entry(places)
    assert entry.is_sound()
    sealed_entry(places)
    assert entry.is_sound()
    assert said() == ""


@pytest.mark.parametrize("content", [b"", b"machine", b"garbage that is longer than it was"])
@pytest.mark.parametrize("ending", ["nbi", "1.nbc"])
def test_damaged_files_are_removed(ending, content, places, said):
    entry = sealed_entry(places)
    (places / "below" / f"a.b-1.{ending}").write_bytes(content)
    assert not entry.is_sound()
    assert list((places / "below").iterdir()) == []
    assert said().count("\n") == 1
    assert not entry.is_sound()
    assert said() == ""


@pytest.mark.parametrize("seal", [b"", b"\xff\xfe", b"0" * 64])
def test_a_damaged_seal(seal, places):
    entry = sealed_entry(places)
    (places / "a.b.sha256").write_bytes(seal)
    assert not entry.is_sound()


def test_files_of_a_process_that_was_killed_are_not_trusted(places, said):
    entry = sealed_entry(places)
    (places / "a.b.sha256").unlink()
    assert not entry.is_sound()
    assert said() == ""  # nothing was damaged


# --- the compiler ----------------------------------------------------------------------------------

SQUARE = """
    import sys
    from exactinj.kernels.loading import load, types_of

    def twice(x):
        return 2 * x

    def square(x):
        return twice(x) * x / 2

    said = []
    found = [load(square, types_of((x,)), [twice], said.append)(x) for x in (3.0, 4)]
    print(*found, len(said))
"""


@pytest.fixture
def run_square(tmp_path, run_python):
    """Compile a small function for two types in a process of its own, a copy of one or an interpreter."""

    def run(environment, *, fresh=False):
        script = tmp_path / "square.py"
        if not script.exists():
            script.write_text(textwrap.dedent(SQUARE))
        if fresh:
            command = [sys.executable, script]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        else:
            done = run_python(script, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.split(), done.stderr

    return run


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "tmp").mkdir()
    path = str(Path(cache.__file__).parents[2])
    return {"PYTHONPATH": path, "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}


def test_code_is_compiled_once_and_again_when_it_is_damaged(tmp_path, environment, run_square):
    assert run_square(environment) == (["9.0", "16.0", "1"], "")
    assert run_square(environment, fresh=True) == (["9.0", "16.0", "0"], "")
    for path in tmp_path.rglob("square.square-*.nb?"):
        path.write_bytes(path.read_bytes()[:100])
    found, said = run_square(environment)
    assert found == ["9.0", "16.0", "1"]
    assert said.count("\n") == 1
    assert "damaged" in said
    assert run_square(environment) == (["9.0", "16.0", "0"], "")


def test_code_is_compiled_where_nothing_can_be_kept(tmp_path, environment, run_square):
    environment |= {"HOME": "/dev/null", "TMPDIR": "/dev/null", "NUMBA_CACHE_DIR": "/dev/null"}
    script = textwrap.dedent(SQUARE).replace("said = []", "import tempfile; tempfile.tempdir = '/dev/null'; said = []")
    (tmp_path / "square.py").write_text(script)
    found, said = run_square(environment)
    assert found[:2] == ["9.0", "16.0"]
    assert said.count("\n") == 1
