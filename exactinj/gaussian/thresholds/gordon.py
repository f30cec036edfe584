"""Gordon's theorem on random subspaces that escape a set: 7.6477 with the width of the set, 23.54 with a bound on it.

The layer is injective if the random n-dimensional subspace ``W R^n`` of R^m misses ``S = {z : |z| = 1, fewer than n
coordinates positive}``. Gordon [Gor88]: it does, with a probability that goes to 1, if the Gaussian width ``w(S) = E
max_{z in S} <g, z>`` is below ``sqrt(m - n)`` by a margin. The best z copies the negative coordinates of g and its n
- 1 largest positive ones, and so, with ``P(g > t) = n / m``,

    w(S)^2 / m -> E[g^2; g < 0] + E[g^2; g > t] = 1/2 + t phi(t) + n / m,

which is below ``1 - n / m`` exactly above the replica symmetric threshold: that one is a theorem [MBBDN23].
Without the exact width, ``E[max over sets of n rows]`` can be bounded by a logarithm of exponential moments,

    w(S)^2 / n <= c / 2 + min_{0<s<1} (2 / s) (c h(1 / c) + log((1 + (1 - s)^(-1/2)) / 2)),    c = m / n,

h the entropy in nats: true, and much weaker.
"""

from __future__ import annotations

from math import exp, log, pi, sqrt

from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtri

from exactinj.gaussian.thresholds.binary_entropy import LOG2_E, binary_entropy
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["exact_margin", "loose_margin", "loose_threshold", "threshold"]

BRACKET = (2.5, 60.0)


def exact_margin(ratio: float) -> float:
    """``(m - n - w(S)^2) / m`` in the limit; positive where the theorem applies. ``ratio`` is m / n > 2."""
    share = 1 / ratio
    t = -float(ndtri(share))
    return 0.5 - 2 * share - t * exp(-t * t / 2) / sqrt(2 * pi)


def loose_margin(ratio: float) -> float:
    """The same margin, divided by n instead of m, with the bound on the width."""
    entropy = ratio * binary_entropy(1 / ratio) / LOG2_E

    def excess(s: float) -> float:
        return 2 / s * (entropy + log((1 + 1 / sqrt(1 - s)) / 2))

    return ratio / 2 - 1 - float(minimize_scalar(excess, bounds=(1e-9, 1 - 1e-9), options={"xatol": 1e-12}).fun)


def threshold() -> Threshold:
    """7.6477."""
    statement = (
        "p(m, n) goes to 1 above it: a random subspace escapes the vectors with fewer than n positive coordinates"
    )
    value = float(brentq(exact_margin, *BRACKET))
    return Threshold("Gordon, which is replica symmetric", value, Status.THEOREM_UPPER, statement, "Gor88, MBBDN23")


def loose_threshold() -> Threshold:
    """23.54."""
    statement = "p(m, n) goes to 1 above it: as Gordon's, with the width bounded by exponential moments"
    value = float(brentq(loose_margin, *BRACKET))
    return Threshold("Gordon with a bound on the width", value, Status.THEOREM_UPPER, statement, "Gor88, MBBDN23")
