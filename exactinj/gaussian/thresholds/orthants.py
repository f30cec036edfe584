"""The union bound over orthants, a theorem: 9.0886 [MBBDN23, Pal21].

``V = W R^n`` is a random n-dimensional subspace of R^m. It meets an orthant with probability ``2^(1-m) sum_{k<n}
C(m-1, k)`` [Wen62], and the layer fails to be injective only if V meets one of the ``sum_{k<n} C(m, k)`` orthants
with fewer than n positive coordinates. With a = n / m both sums are ``2^(m H(a))`` to first order, and the product
with ``2^-m`` goes to 0 if ``2 H(a) < 1``.
"""

from __future__ import annotations

from scipy.optimize import brentq

from exactinj.gaussian.thresholds.binary_entropy import binary_entropy
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["rate", "threshold"]

BRACKET = (3.0, 30.0)


def rate(ratio: float) -> float:
    """``1 - 2 H(n / m)``, bits per row: positive where the union bound works."""
    return 1 - 2 * binary_entropy(1 / ratio)


def threshold() -> Threshold:
    """9.0886."""
    statement = "p(m, n) goes to 1 above it: union bound over orthants with fewer than n positive coordinates"
    value = float(brentq(rate, *BRACKET))
    return Threshold("orthants", value, Status.THEOREM_UPPER, statement, "MBBDN23, Pal21")
