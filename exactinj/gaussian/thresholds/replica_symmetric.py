"""The replica symmetric ground-state energy of the spherical perceptron, in closed form [MBBDN23].

``e(x) = #{mu : (W x)_mu > 0} / n`` on the unit sphere; a layer is not injective if its minimum is below 1. With c = m
/ n and t = sqrt(2 chi), replica symmetry says

    c (Phi(t) - 1/2 - t phi(t)) = 1,    f = c (1 - Phi(t)).

The minimum is at least f, a theorem: `gordon` with fewer than f n positive coordinates. So f = 1 gives an upper bound
of the threshold. It is not expected to be equal: at temperature 0 the replica symmetric solution is unstable for c > 2.
"""

from __future__ import annotations

from math import erf, exp, pi, sqrt

from scipy.optimize import brentq
from scipy.special import ndtr

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["CAPACITY", "energy", "susceptibility", "threshold"]

CAPACITY = 2.0  # for m / n up to here the energy is 0: all rows negative somewhere [Cov65]
LARGEST = 40.0  # of t
BRACKET = (3.0, 12.0)


def truncated_moment(t: float) -> float:
    """``E[g^2; 0 < g < t] = Phi(t) - 1/2 - t phi(t)`` for a standard normal g."""
    return erf(t / sqrt(2)) / 2 - t * exp(-t * t / 2) / sqrt(2 * pi)


def susceptibility(ratio: float) -> float:
    """The susceptibility chi = t^2 / 2 > 0 for m / n above 2.

    Raises
    ------
    InputError
        If the ratio is not above 2 and finite.
    """
    if not CAPACITY < ratio < float("inf"):
        raise InputError(f"found the ratio m / n = {ratio}, expected one above 2, where the energy is positive")
    t = float(brentq(lambda t: ratio * truncated_moment(t) - 1, 0.0, LARGEST, xtol=1e-15))
    return t * t / 2


def energy(ratio: float) -> float:
    """The replica symmetric value of ``min e(x)``; 0 up to m / n = 2."""
    if 0 < ratio <= CAPACITY:
        return 0.0
    return ratio * float(ndtr(-sqrt(2 * susceptibility(ratio))))


def threshold() -> Threshold:
    """7.6477, where the energy is 1."""
    statement = (
        "replica symmetric energy 1; a lower bound of the true energy by Gordon's inequality, hence p goes to 1 above"
    )
    value = float(brentq(lambda ratio: energy(ratio) - 1, *BRACKET, xtol=1e-13))
    return Threshold("replica symmetric", value, Status.THEOREM_UPPER, statement, "MBBDN23")
