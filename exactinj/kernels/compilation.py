"""Functions that are interpreted at first and compiled once the work gets long.

A function of this folder is ordinary Python on arrays of numbers. A short search is done by the interpreter before the
compiler would be loaded; a longer one goes on in compiled code from the same arrays. Both do the same arithmetic in the
same order, so that the outcome does not depend on who did it.

Only the functions that Python calls are cached on disk (`cache`); the others are compiled into them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from exactinj.work.clock import Clock

__all__ = ["DONE", "PAUSED", "Compiled", "Kernel", "helper"]

DONE, PAUSED = 0, 1  # what every search may return; other numbers are its own requests

INTERPRETED_WORK = 150_000  # two tenths of a second; the compiler takes several to load

Function = TypeVar("Function", bound=Callable[..., Any])
HELPERS: list[Callable[..., Any]] = []  # of all modules that were imported; a decorator appends


def helper(function: Function) -> Function:
    """A function that compiled functions may call; Python may, too, and interprets it."""
    HELPERS.append(function)
    return function


class HasWork(Protocol):
    """The state of a search, which knows how much work was done."""

    @property
    def work(self) -> int:
        """Units of work since the beginning."""
        ...


State = TypeVar("State", bound=HasWork)


class Compiled:
    """A function that runs compiled; it is loaded, or compiled, at its first call with arguments of some types."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._machine_code: dict[tuple[Any, ...], Callable[..., Any]] = {}
        self._known: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, *arguments: Any) -> Any:
        kinds = tuple(map(_kind, arguments))
        if None in kinds:
            return self.machine_code(arguments)(*arguments)
        if kinds not in self._known:
            self._known[kinds] = self.machine_code(arguments)
        return self._known[kinds](*arguments)

    def machine_code(self, arguments: tuple[Any, ...], clock: Clock | None = None) -> Callable[..., Any]:
        """The compiled function for arguments of these types; getting it does not count as work of the clock."""
        watch = Clock()
        from exactinj.kernels.loading import load, types_of  # numba takes half a second to import

        types = types_of(arguments)
        if types not in self._machine_code:
            try:
                self._machine_code[types] = load(self.function, types, HELPERS, None if clock is None else clock.report)
            finally:
                if clock is not None:
                    clock.discount(watch.elapsed)
        return self._machine_code[types]


def _kind(value: Any) -> Any:
    """What tells the compiler's type of arrays and floats, many times faster than the compiler does; None of others."""
    if isinstance(value, np.ndarray):
        flags = value.flags
        return value.dtype, value.ndim, flags.c_contiguous, flags.f_contiguous, flags.aligned, flags.writeable
    return float if type(value) is float else None


class Kernel(Generic[State]):
    """A search ``kernel(state, work_limit)`` that returns PAUSED once so much work was done in all.

    Interpreted for its first `INTERPRETED_WORK` in this process, then compiled. All states are of one type: new arrays
    of the same kinds, in C order.
    """

    def __init__(self, function: Callable[[State, int], int]) -> None:
        self.compiled = Compiled(function)
        self.patience = INTERPRETED_WORK
        self._machine_code: Callable[[State, int], int] | None = None

    def __call__(self, state: State, work_limit: int, clock: Clock | None = None) -> int:
        """Go on with the search; time to load or compile code is discounted from the clock."""
        if self._machine_code is None and self.patience > 0:
            request = self._interpreted(state, work_limit)
            if request != PAUSED or state.work > work_limit:
                return request
        if self._machine_code is None:
            self._machine_code = self.compiled.machine_code((state, work_limit), clock)
        return int(self._machine_code(state, work_limit))

    def _interpreted(self, state: State, work_limit: int) -> int:
        before = state.work
        with np.errstate(all="ignore"):  # as in machine code
            request = self.compiled.function(state, min(work_limit, before + self.patience))
        self.patience -= state.work - before
        return int(request)
