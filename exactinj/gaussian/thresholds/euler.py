"""The expected Euler characteristic as a stand-in for the probability that a layer is not injective; refuted as such.

``q(m, n)`` is the expected Euler characteristic of ``W R^n`` intersected with ``{z : |z| = 1, fewer than n
positive}``; `exactinj.gaussian.expected_euler_characteristic` has it exactly. It equals 1 - p(m, n) at n = 1, and not
at n = 2. It goes to 0 above m / n = 8.34 and grows below, which led to the conjecture that layers turn injective there
[Pal21, Clu22]; but p goes to 1 above 7.6477 already (`gordon`).

Valuations give its rate. The open positive ray has intrinsic volumes ``(t - 1) / 2`` and the closed negative one
``(1 + t) / 2``, as polynomials in t, and the kinematic formula takes every second coefficient of

    2 sum_{k<n} C(m, k) ((t - 1) / 2)^k ((1 + t) / 2)^(m-k)

from ``t^(m-n+1)`` on. With a = n / m the largest term, k = n - 1 and degree m - n + 1, is a Krawtchouk number without
oscillation for a < (1 - sqrt(1/2)) / 2, and its rate is the saddle point value of `rate`.
"""

from __future__ import annotations

from math import log, sqrt

from scipy.optimize import brentq

from exactinj.gaussian.thresholds.binary_entropy import LOG2_E, binary_entropy
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["rate", "threshold"]

BRACKET = (7.0, 30.0)  # for m / n below 2 / (1 - sqrt(1/2)) = 6.83 the terms oscillate


def rate(ratio: float) -> float:
    """The exponent of q(m, n) per row in the limit, in nats, for a ratio m / n above 6.83.

    ``h(a) - log 2 + a log(1 - t) + (1 - a) log(1 + t) - a log t``, least in t in (0, 1), with a = n / m.
    """
    a = 1 / ratio
    linear, square = 1 - 2 * a, 1 - a
    t = (linear - sqrt(linear**2 - 4 * a * square)) / (2 * square)
    return binary_entropy(a) / LOG2_E - log(2) + a * log((1 - t) / t) + (1 - a) * log(1 + t)


def threshold() -> Threshold:
    """8.34."""
    statement = "conjectured to separate p = 0 and p = 1; refuted, as p(m, n) goes to 1 above 7.6477 already"
    value = float(brentq(rate, *BRACKET))
    return Threshold("Euler characteristic", value, Status.REFUTED, statement, "Pal21, Clu22, MBBDN23")
