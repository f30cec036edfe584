"""The lower bound of Puthawala et al., a theorem: look at the input opposite to the mean of all rows [PKLDH22].

The mean of m rows has a norm near ``sqrt(n / m)``. At ``x = -mean / |mean|`` the values ``<w_i, x>`` are distributed
like a standard normal number minus ``1 / sqrt(c)``, c = m / n, and so a share ``1 - Phi(1 / sqrt(c))`` of the rows is
active. These are fewer than n rows as long as ``erfc(1 / sqrt(2 c)) / 2 < 1 / c``.
"""

from __future__ import annotations

from math import erfc, sqrt

from scipy.optimize import brentq

from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["surplus", "threshold"]

BRACKET = (1.0, 10.0)


def surplus(ratio: float) -> float:
    """Active rows divided by n, minus 1, at the input opposite to the mean row; increasing in the ratio m / n."""
    return ratio * erfc(1 / sqrt(2 * ratio)) / 2 - 1


def threshold() -> Threshold:
    """3.4028."""
    statement = "p(m, n) goes to 0 below it: the input opposite to the mean row has fewer than n active rows"
    return Threshold("mean row", float(brentq(surplus, *BRACKET)), Status.THEOREM_LOWER, statement, "PKLDH22, dH20")
