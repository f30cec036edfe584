r"""How half-points go towards a threshold: weighted least squares in powers of 1/n, an extrapolation.

Forms of ``m_50(n) / n``, each a line or parabola in a power of 1/n, with what they are for:

* ``1/n`` and ``1/n + 1/n^2``: corrections of an expansion in the dimension;
* ``n^(-2/3)``: what extreme values of random matrices, and some mean-field models at a transition, have;
* ``log n / n``: what a union bound over about m^n wedges has.

Errors of the half-points are taken from their intervals, as if these were those of normal values. No theorem says that
any of the forms holds, so the limits are extrapolations: their spread says more than their standard errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.gaussian.critical import HalfPoint
from exactinj.sweep.summary import DEVIATIONS

__all__ = ["CONJECTURED", "FORMS", "Approach", "extrapolate"]

Floats = NDArray[np.float64]
CONJECTURED = 6.698  # m/n at which Gaussian layers become injective as n grows, by physics [MBBDN23]
FORMS: dict[str, Callable[[Floats], list[Floats]]] = {
    "1/n": lambda n: [1 / n],
    "1/n + 1/n^2": lambda n: [1 / n, 1 / n**2],
    "n^(-2/3)": lambda n: [n ** (-2 / 3)],
    "log n / n": lambda n: [np.log(n) / n],
}


@dataclass(frozen=True)
class Approach:
    """One form fitted to ``m_50(n) / n``: an *estimate* of the limit, by extrapolation.

    Attributes
    ----------
    form : what multiplies the further coefficients
    coefficients : the limit, then those
    standard_error : of the limit, from the errors of the half-points, if the form were right
    chi_square, freedom : the weighted sum of squares that is left, and values less coefficients
    """

    form: str
    coefficients: tuple[float, ...]
    standard_error: float
    chi_square: float
    freedom: int

    @property
    def limit(self) -> float:
        """The extrapolated threshold."""
        return self.coefficients[0]

    def at(self, n: Floats) -> Floats:
        """The fitted ``m_50(n) / n``."""
        fitted: Floats = _design(self.form, n) @ np.array(self.coefficients)
        return fitted

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        return {
            "form": self.form,
            "limit": self.limit,
            "standard_error": self.standard_error,
            "coefficients": list(self.coefficients),
            "chi_square": self.chi_square,
            "degrees_of_freedom": self.freedom,
        }


def extrapolate(points: Sequence[HalfPoint], form: str = "1/n") -> Approach:
    """Fit one form of `FORMS` to half-points that are closed on both sides.

    Raises
    ------
    InputError
        For an unknown form, and for fewer usable half-points than the form has coefficients, plus one.
    """
    if form not in FORMS:
        raise InputError(f"found the form {form!r}, expected one of {', '.join(FORMS)}")
    usable = [point for point in points if point.estimate is not None and point.width < float("inf")]
    n = np.array([point.n for point in usable], dtype=np.float64)
    values = np.array([point.estimate for point in usable], dtype=np.float64) / n
    errors = np.array([point.width for point in usable]) / (2 * DEVIATIONS * n)
    design = _design(form, n)
    freedom = len(usable) - design.shape[1]
    if freedom < 1:
        raise InputError(f"found {len(usable)} usable half-points, expected at least {design.shape[1] + 1} for {form}")
    weighted = design / errors[:, np.newaxis]
    covariance = np.linalg.inv(weighted.T @ weighted)
    found = covariance @ weighted.T @ (values / errors)
    left = float(np.sum(((values - design @ found) / errors) ** 2))
    return Approach(form, tuple(found.tolist()), float(np.sqrt(covariance[0, 0])), left, freedom)


def _design(form: str, n: Floats) -> Floats:
    return np.column_stack([np.ones_like(n), *FORMS[form](n)])
