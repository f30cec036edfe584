"""The exponential rate of binomial coefficients."""

from __future__ import annotations

from math import e, log2

__all__ = ["LOG2_E", "binary_entropy"]

LOG2_E = log2(e)


def binary_entropy(share: float) -> float:
    """``H(s) = -s log2 s - (1 - s) log2 (1 - s)`` for 0 < s < 1: C(m, s m) is ``2^(m H(s))`` up to powers of m.

    >>> binary_entropy(0.5)
    1.0
    """
    return -share * log2(share) - (1 - share) * log2(1 - share)
