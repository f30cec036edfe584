"""Whether the origin lies in the interior of the hull of the unit rows, with evidence for either answer.

Theorem. 0 is in the interior of ``conv(u_i)`` exactly if the rows have rank n and a strictly positive dependency, and
exactly if no closed halfspace ``{y : <x, y> <= 0}``, x != 0, holds all rows.

Proof. Interior means: for every x != 0 some ``<x, u_i> > 0``. If such a halfspace exists, a strictly positive
dependency ``sum d_i w_i = 0`` forces ``<x, w_i> = 0`` for all i, so the rank is below n. If there is none, the rank
is n, and ``-s`` for ``s = sum w_i`` lies in the cone of the rows (by Farkas' lemma a separating x would give a
halfspace): ``sum d_i w_i = -s`` with d >= 0, and ``1 + d_i`` is the dependency.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from exactinj.biases.hull.vertices import Vertices, vertices_of
from exactinj.errors import InputError
from exactinj.exact.matrix import IntegerRow, orthogonal_vector, primitive_vector
from exactinj.exact.nonnegative import float_fit, nonnegative_fit
from exactinj.exact.numbers import integer_text
from exactinj.layers.dense import ReLULayer

__all__ = ["Omnidirectionality", "omnidirectional", "require_omnidirectional"]


@dataclass(frozen=True)
class Omnidirectionality:
    """The answer and its evidence, one of the two.

    Attributes
    ----------
    multipliers : (m,) positive rationals with ``sum multipliers_i w_i = 0`` for rows of rank n
    direction : (n,) integers, not all zero, with ``<direction, w_i> <= 0`` for every row
    """

    multipliers: tuple[Fraction, ...] | None
    direction: IntegerRow | None

    @property
    def holds(self) -> bool:
        return self.multipliers is not None


def omnidirectional(layer: ReLULayer) -> Omnidirectionality:
    """Whether 0 is in the interior of the convex hull of the unit rows; exact. The bias plays no part.

    Parameters
    ----------
    layer : with rational W, shape (m, n), without zero rows

    Raises
    ------
    InputError
        For zero rows.

    References
    ----------
    D. Haider, P. Balazs, M. Ehler, Convex Geometry of ReLU-layers, 2023, arXiv 2307.09672.

    Examples
    --------
    >>> omnidirectional(ReLULayer([[1, 0], [0, 1], [-1, -2]])).multipliers
    (Fraction(1, 1), Fraction(2, 1), Fraction(1, 1))
    >>> omnidirectional(ReLULayer([[1, 0], [0, 1], [-1, 0]])).direction
    (0, -1)
    """
    vertices = vertices_of(layer)
    flat = orthogonal_vector(vertices.vectors, vertices.dimension)
    if flat is not None:
        return Omnidirectionality(None, flat)
    target = [-sum(column) for column in zip(*vertices.vectors, strict=True)]
    length = max(1, *(abs(value) for value in target))
    weights = float_fit(vertices.units, np.array([value / length for value in target]))
    fit = nonnegative_fit(vertices.vectors, target, [int(p) for p in weights.nonzero()[0]])
    if any(fit.residual):
        return Omnidirectionality(None, primitive_vector(fit.residual))
    return Omnidirectionality(_multipliers(vertices, fit.coefficients), None)


def require_omnidirectional(layer: ReLULayer) -> None:
    """`InputError` with the closed halfspace that holds all rows, if there is one."""
    found = omnidirectional(layer)
    if not found.holds:
        raise InputError(
            f"found all rows in a closed halfspace, <x, w_i> <= 0 for x = {_shown(found.direction)}, expected rows "
            "with 0 in the interior of the hull of their directions; use alpha_star (--method exact) instead"
        )


def _multipliers(vertices: Vertices, extra: dict[int, Fraction]) -> tuple[Fraction, ...]:
    """``1 + d_p`` per vertex, shared equally among its rows, in terms of the rows of W."""
    shares: dict[int, Fraction] = {}
    for p, rows in enumerate(vertices.rows):
        for i in rows:
            shares[i] = (1 + extra.get(p, Fraction(0))) / (len(rows) * vertices.lengths[i])
    return tuple(shares[i] for i in range(len(shares)))


def _shown(direction: IntegerRow | None) -> str:
    text = "(" + ", ".join(integer_text(value) for value in direction or ()) + ")"  # of any length
    return text if len(text) <= 80 else text[:76] + "...)"  # noqa: PLR2004 - one line
