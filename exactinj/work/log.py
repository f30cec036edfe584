"""The one logger, ``exactinj``: warnings for what a user may want to mend, info for answers, debug for progress.

Nothing is configured on import, as is the custom of libraries: warnings reach standard error by Python's own rule, the
rest is heard by whoever asks, as with ``logging.basicConfig(level=logging.INFO)``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LEVELS", "LOGGER", "logged_to_stderr"]

LOGGER = logging.getLogger("exactinj")
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


@contextmanager
def logged_to_stderr(level: str) -> Iterator[None]:
    """Lines of a level of `LEVELS` and of those above it go to standard error meanwhile, as on the command line."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("exactinj: %(message)s"))
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    LOGGER.handlers[:], LOGGER.propagate = [handler], False  # each line once
    LOGGER.setLevel(LEVELS[level])
    try:
        yield
    finally:
        LOGGER.handlers[:], LOGGER.level, LOGGER.propagate = before
