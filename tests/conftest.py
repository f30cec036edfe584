"""Shared fixtures."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from command_copies import CAN_COPY, PYTHON, Copies
from hypothesis import settings

settings.register_profile("exactinj", deadline=None)  # no test asserts a time, and machines are busy now and then
settings.load_profile("exactinj")

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes share the processors; threads would wait for each other
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def pytest_collection_modifyitems(config, items):
    """Slow tests run when they are asked for."""
    if "slow" in (config.getoption("-m") or ""):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: run with -m slow"))


@pytest.fixture(scope="session")
def copies():
    """What makes copies of an interpreter that has loaded the commands."""
    made = Copies()
    yield made
    made.close()


@pytest.fixture
def run_command(tmp_path, copies):
    """Run ``exactinj`` in an empty folder, as a user does: in a copy that is loaded, or with `fresh` an interpreter."""

    def run(*arguments, data=None, timeout=120, fresh=False):
        if CAN_COPY and not fresh:
            return copies.run(arguments, cwd=tmp_path, data=data, timeout=timeout)
        command = [sys.executable, "-m", "exactinj", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, input=data or "", capture_output=True, text=True, timeout=timeout, check=False
        )

    return run


@pytest.fixture
def run_python(tmp_path, copies):
    """Run ``python`` with these arguments, ``-c`` and code or a script, in a copy that has loaded the package."""

    def run(*arguments, environment=None):
        if CAN_COPY:
            return copies.run([PYTHON, *arguments], cwd=tmp_path, environment=environment)
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)

    return run
