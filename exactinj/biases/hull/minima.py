"""The minimum of a row over the unit sphere within a facet's cone: exact values, and rigorous lower bounds in floats.

For a facet F and i in F, ``a_i(F) = min {<u_i, x> : x in cone(u_k, k in F), |x| = 1}``.

- If some ``<u_i, u_k> < 0``, then ``a_i(F) = -|P|``, P the projection of ``-u_i`` onto the cone: by Moreau ``-u_i = P
  - z`` with ``<z, u_k> >= 0`` on F and ``<P, z> = 0``, so ``<u_i, x> = <z, x> - <P, x> >= -|P|`` on the cone, with
  equality at ``P / |P|``. The squared length is ``1 - |z|^2``, rational after scaling.
- Otherwise ``a_i(F) = min_k <u_i, u_k>``: x is a nonnegative combination of the u_k whose coefficients have a sum of
  at least ``|x| = 1``.

Lower bound. Any z with ``<z, u_k> >= 0`` on F gives ``<u_i, x> >= <z, x> - |u_i - z| >= -|u_i - z|``. Take for z the
float outcome of a float projection, as it is. If it violates the condition by at most t, add ``t a`` with the facet's
normal (``<a, u_k> = 1``): ``a_i(F) >= -|u_i - z| - t |a|``. If the floats prove ``<u_i, u_k> >= 0`` for all k, the
least product less its error is a bound too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction

import numpy as np

from exactinj.biases.hull.facets import Hull
from exactinj.biases.hull.planes import Plane
from exactinj.biases.hull.vertices import EPSILON, Floats, Vertices
from exactinj.exact.nonnegative import float_fit, nonnegative_fit
from exactinj.exact.surd import Surd
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["cone_minimum", "lower_bounds", "meets_open_orthant", "smallest_minima"]

Minimum = tuple[Surd, int]  # of <v_p, x>, and a facet that attains it


def cone_minimum(vertices: Vertices, cone: Sequence[int], p: int) -> Surd:
    """``min {<v_p, x> : x in cone(v_k, k in cone), |x| = 1}``, exact, for p in the cone."""
    vector = vertices.vectors[p]
    columns = [vertices.vectors[k] for k in cone]
    products = [sum(a * b for a, b in zip(vector, column, strict=True)) for column in columns]
    if min(products) >= 0:
        return min(
            Surd(int(product > 0), Fraction(product * product, vertices.squares[k]))
            for k, product in zip(cone, products, strict=True)
        )
    hint = float_fit(vertices.units[list(cone)], -vertices.units[p]).nonzero()[0]
    fit = nonnegative_fit(columns, [-value for value in vector], [int(k) for k in hint])
    return Surd(-1, vertices.squares[p] - fit.square)


def smallest_minima(hull: Hull, clock: Clock) -> Iterator[Minimum | None]:
    """Per vertex p the minimum of `cone_minimum` over the facets that hold p and where it is attained; None for none.

    Values are computed in the order of their lower bounds, until the next bound is above the best value. Ends early
    where the time runs out.
    """
    places: list[list[tuple[float, int]]] = [[] for _ in hull.vertices.vectors]
    for k, plane in enumerate(hull.planes):
        if clock.is_over:
            return
        for p, bound in zip(plane.on, lower_bounds(hull.vertices, plane).tolist(), strict=True):
            places[p].append((bound, k))
    with suppress(OutOfTimeError):
        for p, place in enumerate(places):
            clock.report(f"bias of vertex {p} of {len(places)}")
            yield _smallest(hull, p, sorted(place), clock)


def _smallest(hull: Hull, p: int, place: list[tuple[float, int]], clock: Clock) -> Minimum | None:
    best: Minimum | None = None
    above = np.inf
    for bound, k in place:
        if bound > above:
            break
        clock.check()
        value = cone_minimum(hull.vertices, hull.planes[k].on, p)
        if best is None or value < best[0]:
            best = value, k
            above = _float_above(value, hull.vertices.squares[p])
    return best


def _float_above(value: Surd, square: int) -> float:
    """A float at least ``value / sqrt(square)``, a number of size at most 1: its float is off by less than 2^-52."""
    return float(Surd(value.sign, value.signed_square * value.sign / square)) + 4 * EPSILON


def lower_bounds(vertices: Vertices, plane: Plane) -> Floats:
    """Floats at most ``a_p(F)``, one per vertex p of the facet F; minus infinity if the normal is unknown."""
    units = vertices.units[list(plane.on)]
    unit = (vertices.dimension + 1) * EPSILON + vertices.unit_error
    least = (units @ units.T).min(axis=1) - 4 * unit  # both factors are off by the unit error
    bounds = [float(value) if value > 0 else _dual_bound(units, k, unit, plane) for k, value in enumerate(least)]
    return np.array(bounds)


def _dual_bound(units: Floats, k: int, unit: float, plane: Plane) -> float:
    """``-|u_k - z| - t |a|`` of the module's text; the errors of the floats, doubled, go against it."""
    if np.isinf(plane.error):
        return -np.inf
    shift = float_fit(units, -units[k]) @ units
    z = units[k] + shift
    length = float(np.linalg.norm(z))
    violation = max(0.0, -float((units @ z).min())) + 2 * unit * length
    distance = float(np.linalg.norm(units[k] - z))
    return -(distance + 2 * unit * (1 + distance)) - violation * (float(np.linalg.norm(plane.normal)) + plane.error) * 2


def meets_open_orthant(vertices: Vertices, cone: Sequence[int]) -> bool:
    """Whether ``cone(v_k)`` holds a vector with only positive entries; exact.

    That is ``sum c_k v_k - s = (1, ..., 1)`` with c, s >= 0, up to scaling: a cone membership, which nonnegative
    least squares decides exactly.
    """
    columns = [vertices.vectors[k] for k in cone]
    if any(min(column) > 0 for column in columns):
        return True
    if any(max(entries) <= 0 for entries in zip(*columns, strict=True)):
        return False
    n = vertices.dimension
    slacks = [tuple(-int(j == k) for j in range(n)) for k in range(n)]
    floats = np.vstack([vertices.units[list(cone)], -np.eye(n)])
    hint = [int(k) for k in float_fit(floats, np.ones(n)).nonzero()[0]]
    return not any(nonnegative_fit([*columns, *slacks], [1] * n, hint).residual)
