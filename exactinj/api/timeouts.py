"""What every function that takes a timeout refuses."""

from __future__ import annotations

from numbers import Real

from exactinj.errors import InputError

__all__ = ["require_positive"]


def require_positive(timeout: float | None) -> None:
    """`InputError` for a timeout that is not a positive number of seconds."""
    if timeout is not None and not (isinstance(timeout, Real) and timeout > 0):
        raise InputError(f"found a timeout of {timeout!r}, expected a positive number of seconds")
