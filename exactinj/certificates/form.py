"""Two forms of refuters and circuits: with their multipliers, or with signs from which a reader computes them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import accumulate

__all__ = ["Form", "form_for"]

LONG = 100_000  # squares of lengths, that is, a few million digits of multipliers of float rows


class Form(StrEnum):
    """How a certificate lists refuters and circuits; see *Compact lists* in ``docs/certificates.md``."""

    EXPLICIT = "explicit"  # multipliers as integers: simplest to check, several times as long to write as to find
    COMPACT = "compact"  # signed rows, where those determine the multipliers


def form_for(sizes: Iterable[int]) -> Form:
    """What is written if nobody asks for a form: the number of digits grows with the square of the length."""
    squares = accumulate(size * size for size in sizes)
    return Form.COMPACT if any(total > LONG for total in squares) else Form.EXPLICIT
