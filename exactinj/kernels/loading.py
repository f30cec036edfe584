"""Machine code for a function of this folder: from the cache, or compiled and put there; whatever happens, it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import llvmlite
import numba
from llvmlite.binding import get_host_cpu_name
from numba.extending import register_jitable

from exactinj.kernels.cache import Entry, cache_folder, say
from exactinj.work.log import LOGGER

__all__ = ["load", "types_of"]

COMPILING = "compiling the search (the first time on this machine; about 20 s)"
Report = Callable[[str], None]
ONE_AT_A_TIME = Lock()  # numba's settings are global


def types_of(arguments: Sequence[Any]) -> tuple[Any, ...]:
    """What the compiler calls the types of these values."""
    return tuple(map(numba.typeof, arguments))


def load(
    function: Callable[..., Any],
    types: tuple[Any, ...],
    helpers: Sequence[Callable[..., Any]],
    report: Report | None,
) -> Callable[..., Any]:
    """The compiled function for arguments of these types. A cache that fails costs a line on stderr, no more."""
    with ONE_AT_A_TIME:
        dispatcher = _loaded(function, types, helpers, report)
    dispatcher.disable_compile()  # other types are loaded here, too
    return dispatcher  # type: ignore[no-any-return]


def _loaded(
    function: Callable[..., Any],
    types: tuple[Any, ...],
    helpers: Sequence[Callable[..., Any]],
    report: Report | None,
) -> Any:
    _register(helpers)
    folder = cache_folder(numba.__version__, llvmlite.__version__, get_host_cpu_name())
    if folder is not None:
        entry = Entry(folder, f"{Path(function.__code__.co_filename).stem}.{function.__name__}")  # as numba names files
        with entry.lock(report):
            if not entry.is_sound():
                _tell(report)
            cached = _from_cache(function, types, entry)
        if cached is not None:
            return cached
    else:
        _tell(report)
    dispatcher: Any = numba.njit(function)
    dispatcher.compile(types)
    return dispatcher


def _tell(report: Report | None) -> None:
    """That it will take a while, to whoever watches."""
    if report is None:
        LOGGER.debug(COMPILING)
    else:
        report(COMPILING)


def _register(helpers: Sequence[Callable[..., Any]]) -> None:
    """Tell the compiler about functions that it may meet; those that it knows are marked."""
    for function in helpers:
        if not hasattr(function, "__exactinj_registered__"):
            register_jitable(function)
            function.__exactinj_registered__ = True  # type: ignore[attr-defined]


def _from_cache(function: Callable[..., Any], types: tuple[Any, ...], entry: Entry) -> Any:
    """The function by way of the cache, None if that does not work out."""
    for _ in range(2):
        with _cached_in(entry.folder):
            dispatcher: Any = numba.njit(cache=True)(function)
        try:
            dispatcher.compile(types)
        except Exception as error:  # noqa: BLE001 - a file that is not what it was can raise anything
            entry.remove()
            if dispatcher.signatures:  # compiled, but not saved
                say(f"the compiled search could not be kept in {entry.folder} ({error}); it is compiled in every run")
                return dispatcher
            continue
        entry.seal()
        return dispatcher
    return None


@contextmanager
def _cached_in(folder: Path) -> Iterator[None]:
    """Where numba looks for caches of functions that are decorated now."""
    config: Any = numba.config  # its names are made when it is imported
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before
