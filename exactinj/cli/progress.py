"""One line of progress that rewrites itself, on a terminal only."""

from __future__ import annotations

import shutil
import sys
import time

from exactinj.cli.output import write_error

__all__ = ["PAUSE", "ProgressLine"]

PAUSE = 0.1  # seconds between two texts


class ProgressLine:
    """Shows texts on stderr if it is a terminal; otherwise does nothing."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled and sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()
        self._shown = False
        self._last = float("-inf")

    def show(self, text: str) -> None:
        if self._enabled:
            width = shutil.get_terminal_size().columns - 1
            write_error(f"\r\x1b[K{text[:width]}")
            self._shown = True

    def show_sometimes(self, text: str) -> None:
        """At most once in `PAUSE` seconds."""
        if time.monotonic() - self._last >= PAUSE:
            self._last = time.monotonic()
            self.show(text)

    def clear(self) -> None:
        if self._shown:
            write_error("\r\x1b[K")
            self._shown = False
