"""The nearest input for a noisy output, in floats, with an error bound that is certified.

Minimise ``|W_+ x + b_+ - y_+|`` over the rows with positive outputs, subject to ``W_0 x + b_0 <= 0`` on the others and
to the domain's halfspaces: a convex program.

**The bound.** Whatever x is: if ``|f(x) - f(x')| >= kappa |x - x'|`` on K, every x' in K with ``|f(x') - y| <= noise``
has ``|x - x'| <= (|f(x) - y| + noise) / kappa``. The residual is computed in rationals and rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Box, Domain, NonnegativeBall, NonnegativeOrthant
from exactinj.domains.numbers import fractions_of
from exactinj.errors import InputError
from exactinj.exact.definite import gram_factor
from exactinj.exact.nonnegative import float_fit
from exactinj.exact.numbers import exact_vector, nearest_float
from exactinj.exact.surd import root_above
from exactinj.inversion.maps import LayerMap

__all__ = ["Nearest", "least_distance", "nearest_input"]

Floats = NDArray[np.float64]
PENALTY = 10.0  # M, in sizes of the largest column
PATIENCE, STALLED = 6, 0.8  # steps in which the largest violation has to fall to that share
STEPS, NEWTON_STEPS, HALVINGS = 60, 40, 30
STILL = 1e-10  # relative change of a step that is the last
SOFT = 1e-3  # how much a violated inequality may give way where they contradict each other
LEAST_REST = 1e-13  # of the residual that has to be left, which is 0 if inequalities contradict each other
MOST_EXCESS = 1e-7
SLACK = 1e-9  # relative violation of an inequality that is left
REGULAR = 1e-3  # of the largest column: weight of staying where one is, if the rows do not determine the input
ORDINARY = (1e-60, 1e60)  # sizes
INWARD = (0.0, 1e-12, 1e-9, 1e-6, 1e-3)  # shares of the way to an interior point, for a point of the domain


@dataclass(frozen=True)
class Nearest:
    """A point in floats, and how far its output is from the given one.

    Attributes
    ----------
    x : (n,) floats
    residual : ``|f(x) - y|``, an upper bound that is as sharp as floats are
    determined : whether the rows with positive outputs are proved to span R^n
    consistent : whether the inequalities were met; otherwise they contradict each other, in floats, and are met nearly
    inside : whether the domain holds the point, exactly; it may be too narrow for floats
    """

    x: tuple[float, ...]
    residual: float
    determined: bool
    consistent: bool
    inside: bool


def nearest_input(layer: LayerMap, output: Sequence[Fraction], domain: Domain, *, inequalities: bool = True) -> Nearest:
    """The least-squares input, with the inequalities or by the rows with positive outputs alone (thesis 7.3)."""
    y = np.array([nearest_float(value) for value in output])
    halves = np.array([[nearest_float(Fraction(v)) for v in half] for half in domain.halfspaces(layer.n)])
    halves = halves.reshape(-1, layer.n + 1)
    weights, bias = layer.weights, layer.bias
    if not all(np.isfinite(part).all() for part in (_entries(weights), bias, y, halves)):
        raise InputError("found numbers beyond the range of floats, in which noisy inversion works; scale them down")
    positive = np.array([value > 0 for value in output])
    slope, size = _unit(_entries(weights)), _unit(np.concatenate([y, bias]))
    weights, bias, halves[:, -1] = weights / slope, bias / size, halves[:, -1] / size * slope
    equations, offsets = weights[np.flatnonzero(positive)], y[positive] / size - bias[positive]
    determined = bool(positive.any()) and gram_factor(equations) is not None
    program = _LeastSquares(_plain(equations), offsets, layer.n)
    if inequalities:
        zero = np.flatnonzero(~positive)
        program.solve(weights[zero], -bias[zero], halves)
    elif len(halves):
        program.solve(weights[:0], bias[:0], halves)
    x = _inside(domain, program.x / slope * size)
    point = exact_vector(x)
    found = layer.evaluate(point)
    square = sum(((a - c) ** 2 for a, c in zip(found, output, strict=True)), Fraction(0))
    return Nearest(tuple(x), root_above(square), determined, program.consistent, domain.contains(point))


def _entries(weights: Any) -> Floats:
    """Those of an array or a sparse matrix."""
    return np.asarray(weights if isinstance(weights, np.ndarray) else weights.data)


def _unit(values: Floats) -> float:
    """A power of two to divide by: 1 for numbers of ordinary size, whose squares are floats."""
    largest = float(np.abs(values).max(initial=0.0))
    return 1.0 if not largest or ORDINARY[0] < largest < ORDINARY[1] else float(2.0 ** np.frexp(largest)[1])


def _inside(domain: Domain, x: Floats) -> list[float]:
    """The point itself if the domain holds it, or else one close to it towards an interior point."""
    inner = np.array([nearest_float(value) for value in domain.interior_point(len(x))])
    ball = domain.ball
    if ball is not None:
        center = np.array([nearest_float(value) for value in ball.interior_point(len(x))])
        length, radius = float(np.linalg.norm(x - center)), nearest_float(ball.radius)
        x = center + (x - center) * min(1.0, radius / length) if length else x
    if isinstance(domain, Box | NonnegativeOrthant | NonnegativeBall):
        x = _clipped(domain, x)
    for share in INWARD:
        moved: list[float] = (x + share * (inner - x)).tolist()
        if all(map(math.isfinite, moved)) and domain.contains(exact_vector(moved)):
            return moved
    return list(inner.tolist())


def _clipped(domain: Domain, x: Floats) -> Floats:
    """Coordinate by coordinate into the bounds, which may not be floats themselves."""
    if not isinstance(domain, Box):
        return np.maximum(x, 0.0)
    lower, upper = (np.array([nearest_float(v) for v in fractions_of(side)]) for side in (domain.lower, domain.upper))
    return np.clip(x, lower, upper)


class _LeastSquares:
    """``min |E x - e|`` subject to ``A x <= a``, by the proximal method of multipliers (R. T. Rockafellar 1976).

    Each step minimises ``|E x - e|^2 + weight^2 |x - x_k|^2 + M |max(0, A x - a + l_k / M)|^2``, convex and piecewise
    quadratic, by Newton's method; then l_(k+1) is M times that maximum. The weight is 0 where E clearly determines
    x. Inequalities that contradict each other are met as nearly as M says.
    """

    def __init__(self, equations: Floats, target: Floats, n: int) -> None:
        self.gram = equations.T @ equations
        size = float(np.sqrt(self.gram.diagonal().max(initial=0.0))) or 1.0
        self.right = equations.T @ target
        self.factor, self.weight = _factor(self.gram, REGULAR * size)
        self.penalty = (PENALTY * size) ** 2
        self.consistent = True
        self.x = self._from_right(self.right)
        if not self.weight:
            self.x += self._from_right(equations.T @ (target - equations @ self.x))

    def _from_right(self, right: Floats) -> Floats:
        from scipy.linalg import cho_solve

        solution: Floats = cho_solve((self.factor, True), right, check_finite=False)
        return solution

    def solve(self, rows: Any, bounds: Floats, halves: Floats) -> None:
        """Bring x to the optimum under ``rows x <= bounds`` and the halfspaces ``(d, d0)``."""
        system = _Inequalities.of(rows, bounds, halves)
        size = 1.0 + float(np.abs(self.x).max(initial=0.0))
        multipliers = np.zeros(system.count)
        if not self.weight and system.excess(self.x).max(initial=0.0) <= SLACK * size:
            return
        history: list[float] = []
        while len(history) < STEPS:
            before = self.x
            self.x = self._minimised(self.x, system, multipliers)
            multipliers = self.penalty * np.maximum(system.excess(self.x) + multipliers / self.penalty, 0.0)
            worst = float(system.excess(self.x).max(initial=0.0))
            if worst <= SLACK * size and np.abs(self.x - before).max() <= STILL * size:
                return
            if len(history) > PATIENCE and worst > max(STALLED * history[-PATIENCE], MOST_EXCESS * size):
                break  # the inequalities contradict each other
            history.append(worst)
        self.consistent = bool(worst <= MOST_EXCESS * size)

    def _minimised(self, near: Floats, system: _Inequalities, multipliers: Floats) -> Floats:
        """One step: the minimum of the pieces, from a point that it stays near to."""
        shift = multipliers / self.penalty
        right = self.right + self.weight**2 * near
        matrix = self.gram + self.weight**2 * np.eye(len(near))

        def value(x: Floats) -> float:
            part = np.maximum(system.excess(x) + shift, 0.0)
            return float(x @ (matrix @ x) / 2 - right @ x + self.penalty * (part @ part) / 2)

        x, active = near, np.zeros(system.count, dtype=bool)
        for _ in range(NEWTON_STEPS):
            now = system.excess(x) + shift > 0
            if (now == active).all() and x is not near:
                break
            active = now
            chosen, sides = system.rows[np.flatnonzero(active)], system.bounds[active] - shift[active]
            hessian = matrix + self.penalty * _plain(chosen.T @ chosen)
            end = np.linalg.solve(hessian, right + self.penalty * (chosen.T @ sides))
            x = _descended(x, np.asarray(end, dtype=np.float64), value)
        return x


def _descended(start: Floats, end: Floats, value: Callable[[Floats], float]) -> Floats:
    """The first halved step towards the end that lowers the value."""
    base, step = value(start), end - start
    for k in range(HALVINGS):
        if value(start + step) <= base:
            return start + step if k else end
        step /= 2
    return start


@dataclass(frozen=True)
class _Inequalities:
    """``rows x <= bounds``, the rows of length 1, an array or a sparse matrix."""

    rows: Any
    bounds: Floats

    @classmethod
    def of(cls, rows: Any, bounds: Floats, halves: Floats) -> _Inequalities:
        """Of a layer, and of a domain's halfspaces ``(d, d0)``."""
        from scipy.sparse import csr_array, vstack

        parts = [_plain(rows), halves[:, :-1]] if isinstance(rows, np.ndarray) else [rows, csr_array(halves[:, :-1])]
        joined = np.vstack(parts) if isinstance(rows, np.ndarray) else vstack(parts, format="csr")
        lengths = np.sqrt(_plain(joined * joined if isinstance(joined, np.ndarray) else joined.power(2)).sum(axis=1))
        lengths[lengths == 0] = 1.0
        sides = np.concatenate([bounds, -halves[:, -1]]) / lengths
        scaled = joined / lengths[:, None] if isinstance(joined, np.ndarray) else joined.multiply(1 / lengths[:, None])
        return cls(scaled if isinstance(scaled, np.ndarray) else csr_array(scaled), sides)

    @property
    def count(self) -> int:
        return len(self.bounds)

    def excess(self, x: Floats) -> Floats:
        """How far each inequality is from holding; negative where it does."""
        found: Floats = self.rows @ x - self.bounds
        return found


def least_distance(turned: Floats, room: Floats, soft: float) -> Floats | None:
    """The shortest u with ``turned^T u <= room``, or with slack that costs length over `soft`; None if that fails."""
    scale = float(np.abs(room).max(initial=0.0)) or 1.0
    parts = [-turned, soft * np.eye(len(room)), -room[None, :] / scale] if soft else [-turned, -room[None, :] / scale]
    columns = np.vstack(parts).T
    target = np.zeros(columns.shape[1])
    target[-1] = 1.0
    residual = target - float_fit(columns, target) @ columns
    if not residual[-1] > LEAST_REST:
        return None
    u: Floats = -residual[: len(turned)] / residual[-1] * scale
    excess = turned.T @ u - room
    sizes = 1.0 + np.sqrt((turned**2).sum(axis=0)) * float(np.linalg.norm(u))
    return u if soft or (excess < MOST_EXCESS * sizes).all() else None


def _factor(gram: Floats, weight: float) -> tuple[Floats, float]:
    """Cholesky's factor and 0; if it is not clearly definite, with ``weight^2`` on the diagonal, and the weight."""
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(gram)
    if factor.diagonal().min() >= weight:
        return np.asarray(factor, dtype=np.float64), 0.0
    return np.asarray(np.linalg.cholesky(gram + weight**2 * np.eye(len(gram))), dtype=np.float64), weight


def _plain(array: Any) -> Floats:
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array)
