"""How much a document may ask for."""

from __future__ import annotations

from exactinj.checker.faults import Unreadable

__all__ = ["ENTRIES", "LONGEST_NUMBER", "LONGEST_VALUE", "require_room"]

LONGEST_NUMBER = 1_000_000  # decimal digits of an integer, of a numerator or of a denominator
LONGEST_VALUE = 1 << 27  # characters of one row, one refuter, or whatever else is read as one JSON value

ENTRIES = 1 << 25
"""Numbers held in one matrix or list that a short document can ask for: a few lines about a convolution may have a
size of 10^9. A tree has at least n tokens, but they come last; so it is read only if n * n is at most this."""


def require_room(count: int, what: str) -> None:
    """Raises Unreadable if so many numbers are too many to be held in memory."""
    if count > ENTRIES:
        raise Unreadable(f"{what} are too many to be held in memory")
