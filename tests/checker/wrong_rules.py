"""Wrong rules have no proof: a change of the checker in Coq, and where coqc stops then."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest


def require_no_proof(build, folder, names, right, wrong):
    """The first file has the rule; it and the others, in this order, are compiled until one fails, inside a proof.

    A change that makes a statement meaningless, or a file out of step with another one, would show nothing.
    """
    if shutil.which("coqc") is None:
        pytest.skip("needs coqc")
    theories = folder / "theories"
    shutil.copytree(build / "theories", theories)
    path = theories / f"{names[0]}.v"
    assert right in path.read_text()
    path.write_text(path.read_text().replace(right, wrong, 1))
    error = first_error(theories, names)
    assert error is not None, "it has a proof"
    place = re.search(r'File "\./(.*?)", line (\d+), characters (\d+)', error)
    assert place, error
    lines = (theories / place[1]).read_text().splitlines(keepends=True)
    before = "".join(lines[: int(place[2]) - 1]) + lines[int(place[2]) - 1][: int(place[3])]
    before = re.sub(r"\(\*.*?\*\)", "", before, flags=re.DOTALL)
    assert before.rfind("Proof.") > before.rfind("Qed."), error


def first_error(theories, names):
    """What coqc says of the first file that it does not accept, or None."""
    for name in names:
        command = ["coqc", "-q", "-R", ".", "Proof", f"{name}.v"]
        done = subprocess.run(command, cwd=theories, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr
    return None
