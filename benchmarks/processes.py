"""Run a command in a process of its own and measure it: wall time and peak resident memory.

Standard library only, so that the parent stays small: on Linux the peak of a child is counted from
the size that its parent had when it was started.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from timing import Elapsed, Stopwatch

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; macOS counts ru_maxrss in bytes, Linux in KiB


@dataclass(frozen=True)
class Finished:
    """How a process ended. `status` is its exit status, negative if a signal ended it."""

    status: int
    output: str
    errors: str
    time: Elapsed
    peak_bytes: int


def run_measured(command: Sequence[str]) -> Finished:
    """Run a command to its end; wall time includes the start of the process."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with Stopwatch() as watch:
            process = subprocess.Popen(command, stdout=output, stderr=errors, env=os.environ | ONE_THREAD)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # or it would be waited for again
        return Finished(process.returncode, _text(output), _text(errors), watch.elapsed, usage.ru_maxrss * RSS_UNIT)


def run_watched(command: Sequence[str]) -> Finished:
    """The same with the peak of the largest process of its tree; on Linux, looked at five times a second."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        peaks = {0: 0}
        with Stopwatch() as watch:
            process = subprocess.Popen(command, stdout=output, stderr=errors, env=os.environ | ONE_THREAD)
            while process.poll() is None:
                peaks |= {pid: _peak(pid) or peaks.get(pid, 0) for pid in _with_descendants(process.pid)}
                time.sleep(0.2)
        return Finished(process.returncode, _text(output), _text(errors), watch.elapsed, max(peaks.values()))


def _with_descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def _peak(pid: int) -> int:
    """Bytes; 0 for a process that is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
