"""Float proposals for the depth tree: short combinations of columns, rounded to numbers that are exact and brief."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.alpha.problem import RowProblem, inner

__all__ = ["Fit", "is_short", "rounded", "sparse_fit"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

NO_GAIN = 1e-12  # a column with less of a product with the residual does not enter
PREFERENCE = 20.0  # how much more a column counts that costs no child
LONGEST_ROUNDING = 48  # bits after the point; closer calls are left to exact arithmetic


@dataclass(frozen=True)
class Fit:
    """Columns with positive coefficients (of unit columns, for the scaled target), and the residual."""

    support: tuple[int, ...]
    coefficients: Floats
    residual: Floats
    length: float


def sparse_fit(directions: Floats, target: Floats, allowed: Indices, free: Flags, goal: float) -> Fit:
    """Nonnegative least squares by active sets, stopped as soon as the residual is at most `goal` long.

    Early steps take the columns that matter most, so a modest goal leaves a short support; columns marked `free`
    are preferred.
    """
    pool = directions[allowed]
    weights = np.where(free[allowed], PREFERENCE, 1.0)
    chosen: list[int] = []
    values = np.zeros(0)
    residual = target
    length = math.sqrt(residual @ residual)
    for _ in range(4 * len(target)):
        if length <= goal or not len(pool):
            break
        gains = pool @ residual
        gains[chosen] = 0.0
        entering = int(np.argmax(gains * weights))
        if not gains[entering] > NO_GAIN * length:
            break
        step = _entered(pool, target, chosen, values, entering)
        if step is None:
            break
        chosen, values = step
        residual = target - values @ pool[chosen]
        length = math.sqrt(residual @ residual)
    return Fit(tuple(int(allowed[k]) for k in chosen), values, residual, length)


def _entered(
    pool: Floats, target: Floats, chosen: list[int], values: Floats, entering: int
) -> tuple[list[int], Floats] | None:
    """The optimum over the chosen columns and one more, without those that reach zero; None if floats fail."""
    chosen = [*chosen, entering]
    values = np.append(values, 0.0)
    while True:
        part = pool[chosen]
        try:
            best = np.asarray(np.linalg.solve(part @ part.T, part @ target), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        falling = best <= 0
        if not np.isfinite(best).all() or falling[-1]:  # in exact arithmetic the new column does not fall
            return None
        if not falling.any():
            return chosen, best
        share = float(np.min(values[falling] / (values[falling] - best[falling])))
        values = values + share * (best - values)
        staying = ~falling | (values > NO_GAIN * np.max(values))
        if staying.all():
            return None
        chosen = [i for i, stays in zip(chosen, staying, strict=True) if stays]
        values = values[staying]


def rounded(problem: RowProblem, fit: Fit, square: Fraction, limit: float) -> dict[int, Fraction] | None:
    """Short dyadic multipliers of a fit for which ``|z|^2 <= square`` holds exactly, or None.

    `limit` is the root of `square` in the scale of the floats; what the fit's residual leaves of it, rounding may use.
    """
    gap = limit - fit.length
    if not gap > 0:
        return None
    bits = math.ceil(math.log2(2 * (len(fit.support) + 1) / gap)) if fit.support else 0
    if bits > LONGEST_ROUNDING:
        return None
    multipliers: dict[int, Fraction] = {}
    for i, value in zip(fit.support, fit.coefficients, strict=True):
        units = round(math.ldexp(value / problem.lengths[i], bits))
        power = problem.w_exponent - problem.exponents[i] - bits
        if units > 0:
            multipliers[i] = Fraction(units << power) if power >= 0 else Fraction(units, 1 << -power)
    return multipliers if is_short(problem, multipliers, square) else None


def is_short(problem: RowProblem, multipliers: dict[int, Fraction], square: Fraction) -> bool:
    """Whether ``|z|^2 <= square``, exactly: ``z = w_j + sum lambda_i v_i``, or ``min(z, 0)`` on a nonnegative ball."""
    common = math.lcm(*(value.denominator for value in multipliers.values()))
    z = [value * common for value in problem.w]
    for i, value in multipliers.items():
        if i < problem.m:
            factor = value.numerator * (common // value.denominator)
            z = [a + factor * c for a, c in zip(z, problem.columns[i], strict=True)]
    if problem.extra:
        z = [min(value, 0) for value in z]
    return inner(z, z) * square.denominator <= square.numerator * common * common
