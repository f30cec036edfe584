"""Exact alpha*: the largest biases that MCBE's samples estimate from above, with certificates.

For a layer ``ReLU(Wx - alpha)`` with rows ``w_i`` and a domain K,

    alpha*_j(K) = min { <x, w_j> : x in K, at most n - 1 rows i have <x, w_i> > <x, w_j> },

on a ball around 0, its nonnegative part, or a sphere. The biases of the layer play no role. Values are exact: signed
roots of rationals. `exactinj.biases.alpha.tree` states the theorem and the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from exactinj.biases.alpha.plane import plane_value
from exactinj.biases.alpha.problem import RowProblem, levels_of, scaled_rows
from exactinj.biases.alpha.result import AlphaStar, AlphaStatistics, RowAlpha
from exactinj.biases.alpha.sphere import SphereSearch, ZeroAttainedError
from exactinj.biases.alpha.tree import BallSearch, DepthSearch
from exactinj.certificates.depth_tree import DepthRefuter, compact_row_proof
from exactinj.domains import Ball, NonnegativeBall, Region, Sphere
from exactinj.errors import InputError, InternalError
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["AlphaStar", "AlphaStatistics", "RowAlpha", "alpha_star"]

PLANE = 2  # the dimension of the sweep


def alpha_star(layer: ReLULayer, domain: Region, *, clock: Clock) -> AlphaStar:
    """Exact alpha* of every row, with points and proofs.

    Parameters
    ----------
    layer : ReLULayer
        The layer; its biases are ignored.
    domain : Ball, NonnegativeBall or Sphere
        A ball has to have its center at 0.
    clock : Clock
        Its deadline is looked at at every node; rows that are not finished by then are None.

    Returns
    -------
    AlphaStar
        ``.alpha``, the values as `Surd`; ``.values``, with points; ``.certificate``; ``.complete``.

    Raises
    ------
    InputError
        For any other domain.

    Examples
    --------
    >>> tetrahedron = ReLULayer([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    >>> [str(value) for value in alpha_star(tetrahedron, Ball(1), clock=Clock()).alpha]
    ['-1', '-1', '-1', '-1']
    """
    region = _supported(domain).for_dimension(layer.n)
    rows, scale = scaled_rows(layer)
    values: list[RowAlpha | None] = [None] * layer.m
    found: list[_Found] = []
    with suppress(OutOfTimeError):
        for j in range(layer.m):
            clock.report(f"alpha*: row {j + 1} of {layer.m}, {sum(row.nodes for row in found)} nodes so far")
            found.append(_search(RowProblem(rows, j, isinstance(region, NonnegativeBall)), region, clock))
            values[j] = _row_alpha(rows, j, found[-1], _radius(region) / scale)
    return AlphaStar(layer, region, tuple(values), _statistics(found, clock))


@dataclass(frozen=True)
class _Found:
    """The outcome for one row, at radius 1 and the common scale; `nodes` and `exact_fits` count all searches."""

    value: Surd
    point: IntegerRow | None
    refuters: list[DepthRefuter]
    tokens: list[int]
    nodes: int
    exact_fits: int


def _search(problem: RowProblem, region: Region, clock: Clock) -> _Found:
    """The search on the ball, and for spheres where that gives 0 the one for values that are not negative."""
    ball = BallSearch(problem, clock)
    ball.run()
    found = _found(Surd(-1 if ball.square else 0, ball.square), ball.point, ball)
    if isinstance(region, Sphere) and not ball.square:
        sphere = SphereSearch(problem, clock, ball.refuters[0].rows)
        try:
            sphere.run()
        except ZeroAttainedError as zero:
            found = _found(found.value, zero.point, ball, sphere)
        else:
            found = _found(Surd(1, sphere.square), sphere.point, sphere, ball)
    if problem.n == PLANE:
        extra = {"sphere": isinstance(region, Sphere), "nonnegative": problem.extra}
        if plane_value(problem.rows, problem.j, **extra) != found.value:
            raise InternalError(f"tree and sweep differ about row {problem.j}; please report this")
    return found


def _found(value: Surd, point: IntegerRow | None, proof: DepthSearch, *others: DepthSearch) -> _Found:
    searches = (proof, *others)
    nodes, fits = sum(search.nodes for search in searches), sum(search.exact_fits for search in searches)
    return _Found(value, point, proof.refuters, proof.tokens, nodes, fits)


def _row_alpha(rows: Sequence[IntegerRow], j: int, found: _Found, factor: Fraction) -> RowAlpha:
    """The outcome in the units of the layer; `factor` is the radius over the common scale of the rows."""
    value = found.value * factor
    proof = compact_row_proof(j, value, found.point, found.refuters, found.tokens)
    if found.point is None:
        return RowAlpha(j, value, None, (), (), proof)
    above, level = levels_of(rows, j, found.point)
    return RowAlpha(j, value, tuple(map(Fraction, found.point)), above, level, proof)


def _statistics(found: Sequence[_Found], clock: Clock) -> AlphaStatistics:
    return AlphaStatistics(
        nodes=sum(row.nodes for row in found),
        refuters=sum(len(row.refuters) for row in found),
        exact_fits=sum(row.exact_fits for row in found),
        seconds=clock.worked,
    )


def _supported(domain: Region) -> Region:
    centered = isinstance(domain, Ball) and not any(domain.center or ())
    if centered or isinstance(domain, NonnegativeBall | Sphere):
        return domain
    raise InputError(f"found the domain {domain.text}, expected a ball around 0, a nonnegative ball or a sphere")


def _radius(region: Region) -> Fraction:
    if isinstance(region, Ball | NonnegativeBall | Sphere):
        return region.radius
    raise InternalError(f"no radius for the domain {region.text}; please report this")
