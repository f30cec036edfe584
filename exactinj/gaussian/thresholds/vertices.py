"""The upper bound of Puthawala et al., by a union bound over rays: 10.42. As printed on the slides it is 5.70.

A layer of rank n that is not injective has a ray, orthogonal to n - 1 rows, with fewer than n of the other rows
positive. There are at most ``2 C(m, n-1) <= 2 (c e)^n`` rays, c = m / n, and the signs of the other rows are fair
coins, so

    log2 P(not injective) / n <= log2(c e) - (c - 1) (1 - H(1 / (c - 1))) + o(1),

which is negative above 10.42; the article's abstract says 10.5 [PKLDH22]. The slides [dH20] print H without its factor
c - 1, and the root 5.7005 of that formula is no upper bound that this proof gives.
"""

from __future__ import annotations

from math import log2

from scipy.optimize import brentq

from exactinj.gaussian.thresholds.binary_entropy import LOG2_E, binary_entropy
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["printed_rate", "printed_threshold", "rate", "threshold"]

BRACKET = (3.0, 30.0)


def rate(ratio: float) -> float:
    """The exponent per n of the bound on P(injective fails), with its sign turned: positive where the bound works."""
    others = ratio - 1
    return -log2(ratio) - LOG2_E + others - others * binary_entropy(1 / others)


def printed_rate(ratio: float) -> float:
    """The same as printed on the slides, ``-log2(c e) + c - 1 - H(1 / (c - 1))``."""
    others = ratio - 1
    return -log2(ratio) - LOG2_E + others - binary_entropy(1 / others)


def threshold() -> Threshold:
    """10.42."""
    statement = "p(m, n) goes to 1 above it: union bound over rays; published as 10.5"
    return Threshold("rays", float(brentq(rate, *BRACKET)), Status.THEOREM_UPPER, statement, "PKLDH22")


def printed_threshold() -> Threshold:
    """5.7005."""
    statement = (
        "called an upper bound, with H for (c - 1) H; its proof gives 10.42, and the conjectured 6.698 contradicts it"
    )
    value = float(brentq(printed_rate, *BRACKET))
    return Threshold("rays, as printed on the slides", value, Status.MISPRINT, statement, "dH20")
