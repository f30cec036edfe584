"""Shared fixtures."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

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


@pytest.fixture
def run_command(tmp_path):
    """Run ``exactinj`` in an empty folder, as a user does."""

    def run(*arguments, timeout=120, **options):
        command = [sys.executable, "-m", "exactinj", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=timeout, check=False, **options
        )

    return run
