"""One line of progress that rewrites itself, on a terminal only."""

from __future__ import annotations

import shutil
import sys

__all__ = ["ProgressLine"]


class ProgressLine:
    """Shows texts on stderr if it is a terminal; otherwise does nothing."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._shown = False

    def show(self, text: str) -> None:
        if self._enabled:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{text[:width]}")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
