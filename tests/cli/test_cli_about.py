"""``exactinj about`` and ``exactinj completion``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import exactinj as xi


def test_about_has_what_a_bug_report_needs(run_command):
    done = run_command("about")
    assert done.returncode == 0
    assert f"exactinj {xi.__version__}\n" in done.stdout
    assert f"Python {sys.version.split()[0]}" in done.stdout
    assert f"numpy {np.__version__}\n" in done.stdout
    document = json.loads(run_command("about", "--json").stdout)
    assert document == xi.about().to_json()
    assert document["libraries"]["numba"]
    assert document["processors"] >= 1


def test_about_says_what_is_missing(monkeypatch):
    monkeypatch.setattr("exactinj.versions.OPTIONAL", ("no-such-library",))
    monkeypatch.setattr("exactinj.versions.program", lambda: None)
    assert "no-such-library is not installed" in xi.about().text
    assert "not built (make -C proof)" in xi.about().text


TELL = '; _shtab_exactinj; echo "${COMPREPLY[@]}"'
TRIES = {
    "exactinj cer": {"certify"},
    "exactinj certify lay": {"layer.npz"},
    "exactinj certify layer.npz --out la": {"layer.npz"},
    "exactinj certify --quie": {"--quiet"},
    "exactinj gaussian thr": {"thresholds"},
    "exactinj completion z": {"zsh"},
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(run_command, tmp_path):
    pytest.importorskip("shtab")
    script = run_command("completion", "bash").stdout
    (tmp_path / "layer.npz").touch()
    for line, wanted in TRIES.items():
        words = " ".join(f"'{word}'" for word in line.split(" "))
        ask = f"\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))"
        done = subprocess.run(
            ["bash", "-c", script + ask + TELL], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert set(done.stdout.split()) == wanted, (line, done.stderr)


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_a_script(shell, run_command):
    pytest.importorskip("shtab")
    assert "certify" in run_command("completion", shell).stdout


def test_completion_without_its_library(monkeypatch, capsys):
    from exactinj.cli.main import main

    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 3
    assert "exactinj[completion]" in capsys.readouterr().err
