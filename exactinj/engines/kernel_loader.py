"""Loading the compiled kernel, with a word to the user when it has to be compiled first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exactinj.engines import _kernel

__all__ = ["announce_compilation"]


def announce_compilation(report: Callable[[str], None]) -> None:
    """Report once if this machine has no compiled kernel in numba's cache yet.

    The cache is looked at from outside: a stale file only means that the message is missing.
    """
    if _kernel.search.signatures:
        return
    cache = _kernel.search.stats.cache_path
    if cache is None or not any(Path(cache).glob("_kernel.search-*.nbi")):
        report("compiling the search kernel (first run on this machine, about 15 s)")
