"""The nearest input for a noisy output, in floats, with an error bound that is certified.

Minimise ``|W_+ x + b_+ - y_+|`` over the rows with positive outputs, subject to ``W_0 x + b_0 <= 0`` on the others and
to the domain's halfspaces: a convex program, solved as a least-distance program (C. L. Lawson, R. J. Hanson, Solving
Least Squares Problems, 1974, chapter 23). With ``L L^T`` the Gram matrix of W_+, x_0 the unconstrained optimum and
``x = x_0 + L^-T u`` it asks for the shortest u under the inequalities: nonnegative least squares with one column for
each of them. Only those that x_0, or a later point, violates become columns, which are few.

**The bound.** Whatever x is: if ``|f(x) - f(x')| >= kappa |x - x'|`` on K, every x' in K with ``|f(x') - y| <= noise``
has ``|x - x'| <= (|f(x) - y| + noise) / kappa``. The residual is computed in rationals and rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Domain
from exactinj.exact.definite import gram_factor
from exactinj.exact.nonnegative import float_fit
from exactinj.exact.numbers import exact_vector, nearest_float
from exactinj.inversion.maps import LayerMap

__all__ = ["Nearest", "least_distance", "nearest_input", "rounded_up_root"]

Floats = NDArray[np.float64]
ROUNDS = 60  # of inequalities that are added
SOFT = 1e-3  # how much a violated inequality may give way where they contradict each other
LEAST_REST = 1e-13  # of the residual that has to be left, which is 0 if inequalities contradict each other
MOST_EXCESS = 1e-7
SLACK = 1e-9  # relative violation of an inequality that is left
REGULAR = 1e-7  # of the largest column: weight of the point 0 where the rows do not determine the input
INWARD = (0.0, 1e-12, 1e-9, 1e-6, 1e-3)  # shares of the way to an interior point, for a point of the domain


@dataclass(frozen=True)
class Nearest:
    """A point in floats that lies in the domain exactly, and how far its output is from the given one.

    Attributes
    ----------
    x : (n,) floats
    residual : ``|f(x) - y|``, an upper bound that is as sharp as floats are
    determined : whether the rows with positive outputs are proved to span R^n
    consistent : whether the inequalities were met; otherwise they contradict each other, in floats, and are met nearly
    """

    x: tuple[float, ...]
    residual: float
    determined: bool
    consistent: bool


def nearest_input(layer: LayerMap, output: Sequence[Fraction], domain: Domain, *, inequalities: bool = True) -> Nearest:
    """The least-squares input, with the inequalities or by the rows with positive outputs alone (thesis 7.3)."""
    y = np.array([nearest_float(value) for value in output])
    positive = y > 0
    equations, offsets = layer.weights[np.flatnonzero(positive)], (y - layer.bias)[positive]
    halves = np.array([[nearest_float(Fraction(v)) for v in half] for half in domain.halfspaces(layer.n)])
    halves = halves.reshape(-1, layer.n + 1)
    solver = gram_factor(equations) if positive.any() else None
    determined = solver is not None
    program = _LeastSquares(_plain(equations), offsets, layer.n)
    if inequalities:
        zero = np.flatnonzero(~positive)
        program.solve(layer.weights[zero], -layer.bias[zero], halves)
    elif len(halves):
        program.solve(layer.weights[:0], layer.bias[:0], halves)
    x = _inside(domain, program.x)
    found = layer.evaluate(exact_vector(x))
    square = sum(((a - c) ** 2 for a, c in zip(found, output, strict=True)), Fraction(0))
    return Nearest(tuple(x), rounded_up_root(square), determined, not program.is_soft)


def rounded_up_root(square: Fraction) -> float:
    """A float of at least the square root."""
    root = math.sqrt(nearest_float(square))
    while Fraction(root) ** 2 < square:
        root = math.nextafter(root, math.inf)
    return root


def _inside(domain: Domain, x: Floats) -> list[float]:
    """The point itself if the domain holds it, or else one close to it towards an interior point."""
    inner = np.array([nearest_float(value) for value in domain.interior_point(len(x))])
    ball = domain.ball
    if ball is not None:
        center = np.array([nearest_float(value) for value in ball.interior_point(len(x))])
        length, radius = float(np.linalg.norm(x - center)), nearest_float(ball.radius)
        x = center + (x - center) * min(1.0, radius / length) if length else x
    for share in INWARD:
        moved: list[float] = (x + share * (inner - x)).tolist()
        if all(map(math.isfinite, moved)) and domain.contains(exact_vector(moved)):
            return moved
    return list(inner.tolist())


class _LeastSquares:
    """``min |E x - e|`` subject to ``A x <= a``, inequalities added where they are violated."""

    def __init__(self, equations: Floats, target: Floats, n: int) -> None:
        gram = equations.T @ equations
        size = float(np.sqrt(gram.diagonal().max(initial=0.0))) or 1.0
        self.is_soft = False
        self.factor = _factor(gram, REGULAR * size)
        self.x = self._from_right(equations.T @ target)
        self.x += self._from_right(equations.T @ (target - equations @ self.x))

    def _from_right(self, right: Floats) -> Floats:
        from scipy.linalg import cho_solve

        solution: Floats = cho_solve((self.factor, True), right, check_finite=False)
        return solution

    def solve(self, rows: Any, bounds: Floats, halves: Floats) -> None:
        """Bring x to the optimum under ``rows x <= bounds`` and the halfspaces ``(d, d0)``."""
        start = self.x
        lengths = np.sqrt(_plain(rows * rows if isinstance(rows, np.ndarray) else rows.power(2)).sum(axis=1))
        chosen: list[int] = []
        for _ in range(ROUNDS):
            values = np.concatenate([rows @ self.x - bounds, halves[:, :-1] @ self.x + halves[:, -1]])
            sizes = np.concatenate([lengths, np.ones(len(halves))]) * (1.0 + float(np.abs(self.x).max(initial=0.0)))
            new = [int(k) for k in np.flatnonzero(values > SLACK * sizes) if k not in set(chosen)]
            if not new:
                return
            chosen += new
            self.x = self._shortest(start, *_chosen(rows, bounds, halves, chosen))

    def _shortest(self, start: Floats, rows: Floats, bounds: Floats) -> Floats:
        """From the unconstrained optimum the least-distance program for some inequalities."""
        from scipy.linalg import solve_triangular

        turned = solve_triangular(self.factor, rows.T, lower=True, check_finite=False)  # L^-1 A^T, one column a row
        room = bounds - rows @ start
        u = None if self.is_soft else least_distance(turned, room, 0.0)
        if u is None:
            self.is_soft = True
            u = least_distance(turned, room, SOFT)
        return start if u is None else start + self._back(u)

    def _back(self, u: Floats) -> Floats:
        from scipy.linalg import solve_triangular

        step: Floats = solve_triangular(self.factor, u, lower=True, trans=1, check_finite=False)
        return step


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


def _factor(gram: Floats, least: float) -> Floats:
    """Cholesky's factor, of a slightly larger matrix where that is not clearly definite."""
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(gram)
    if factor.diagonal().min() < least:
        factor = np.linalg.cholesky(gram + least**2 * np.eye(len(gram)))
    return np.asarray(factor, dtype=np.float64)


def _chosen(rows: Any, bounds: Floats, halves: Floats, chosen: Sequence[int]) -> tuple[Floats, Floats]:
    count = len(bounds)
    of_layer = [k for k in chosen if k < count]
    of_domain = [k - count for k in chosen if k >= count]
    parts, sides = [_plain(rows[of_layer])], [bounds[of_layer]]
    if of_domain:
        parts.append(halves[of_domain, :-1])
        sides.append(-halves[of_domain, -1])
    return np.vstack(parts), np.concatenate(sides)


def _plain(array: Any) -> Floats:
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array)
