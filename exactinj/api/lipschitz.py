"""Bi-Lipschitz constants of a layer, and frame bounds of its rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactinj.api.timeouts import require_positive
from exactinj.domains import Region
from exactinj.errors import InputError
from exactinj.exact.arrays import plain_vector
from exactinj.exact.numbers import fraction_from
from exactinj.files.arguments import convex_given, dense_given
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock

if TYPE_CHECKING:
    from exactinj.lipschitz.answer import Stability
    from exactinj.lipschitz.frames import FrameBounds
    from exactinj.lipschitz.on_data import DataStability
    from exactinj.lipschitz.segment import SegmentBounds

__all__ = ["frame_bounds", "stability", "stability_between", "stability_on_data"]

FINEST = Fraction(1, 10**9)  # tolerance


def stability(
    layer: ReLULayer | Any,
    *,
    domain: Region | str | None = None,
    tolerance: Any = "1/1000",
    seed: int = 0,
    pairs: int | None = None,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> Stability:
    """How much ``f(x) = ReLU(W x + b)`` shrinks and stretches distances on a convex domain, enclosed with proofs.

    ``A`` is the smallest eigenvalue of ``W_I^T W_I`` over the active sets I of all cells that meet K. Then
    ``sqrt(A/2) <= kappa <= sqrt(A)`` for ``kappa = inf |f(x) - f(y)| / |x - y|``; A is positive exactly if f is
    injective on K. The Lipschitz constant is the largest singular value of ``W_I`` over the same cells.

    Parameters
    ----------
    layer : ReLULayer
        The layer; n up to about 6 is practical for general rows.
    domain : Domain, optional
        Convex with interior points; R^n if left out.
    tolerance : rational number
        Relative width of the enclosures of A and of the square of the Lipschitz constant, from 1e-9 to below 1. Where
        the value is a simple rational number, it is found exactly.
    seed : int
        Of the random points where the searches begin; the enclosures hold whatever it is.
    pairs : int, optional
        Nodes of a search over pairs of cells, which raises the lower end of kappa: mostly to the tolerance for n <= 2,
        where it is on by default (3,000), and often for n = 3. It needs the extra ``stability`` (Clarabel). Its
        bound is proved in rational arithmetic here and is not in the certificate, which has ``sqrt(A/2)``.
    timeout : float, optional
        Seconds after which it stops; then ``result.complete`` is False. The outer ends are then what rows that are
        never inactive together say by themselves (all of it for a doubled layer), with a proof like any others.
    report : callable, optional
        Is told now and then, in a line of text, how far the work is.

    Returns
    -------
    Stability
        ``.sigma_min_squared``, ``.lower_lipschitz``, ``.upper_lipschitz_squared``, bounds of the literature, and the
        points that show the values.

    Raises
    ------
    InputError
        For a tolerance outside (0, 1), a domain that is not convex, a timeout that is not positive, negative `pairs`.
    MissingExtraError
        If `pairs` are asked for and the solver is not there.

    Examples
    --------
    >>> result = stability(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    >>> [str(end) for end in result.lower_lipschitz], result.upper_lipschitz_squared.at_most
    (['sqrt(1/2)', 'sqrt(1/2)'], Fraction(1, 1))

    References
    ----------
    [Eck24] section 7.4, [FH25]; `docs/mathematics.md`, "Stability".
    """
    from exactinj.lipschitz.bounds import stability_of

    require_positive(timeout)
    width = fraction_from(tolerance)
    if not FINEST <= width < 1:
        raise InputError(f"found the tolerance {tolerance}, expected a number between 0 and 1, at least 1e-9")
    given, where = dense_given(layer), convex_given(domain)
    if pairs is not None and pairs < 0:
        raise InputError(f"found pairs = {pairs}, expected a number of nodes, at least 0")
    return stability_of(given, where.for_dimension(given.n), width, Clock(timeout, report), seed=seed, pairs=pairs)


def stability_on_data(
    layer: ReLULayer | Any,
    data: Any,
    *,
    domain: Region | str | None = None,
    report: Callable[[str], None] | None = None,
) -> DataStability:
    """The smallest and the largest singular value of the active rows at each of k points, and what they prove.

    The singular values are float *estimates*, and a sample says nothing about the rest of the domain. Proved are a
    bound of A from above and one of the square of the Lipschitz constant L from below: at a point of the domain where
    no row vanishes but zero functions, the open cell of the point meets the interior of the domain, as that is convex
    and has interior points; so the active rows are among those over which A and L are taken, and an exact Rayleigh
    quotient bounds their extreme eigenvalues. Points where another row vanishes are counted as ties, and prove nothing.

    Parameters
    ----------
    layer : ReLULayer
        Dense, of any size; at n = 784 and m = 1568 a thousand points take about a minute.
    data : (k, n) array, tensor or nested list, or the path of a .npy, .json or .csv file
        Taken exactly; (n,) is one point.
    domain : Domain, optional
        Convex with interior points, and with all the data in it; R^n if left out.
    report : callable, optional
        Is told now and then, in a line of text, how far the work is.

    Returns
    -------
    DataStability
        ``.lowest``, ``.highest`` (estimates), ``.A_at_most``, ``.L_squared_at_least`` (proved), ``.not_spanning``.

    Raises
    ------
    InputError
        For points of another dimension, not finite, or outside the domain.

    Examples
    --------
    >>> found = stability_on_data([[1, 0], [0, 2], [-1, 0], [0, -1]], [[1, 1], [1, -1], [0, 3]])
    >>> found.lowest.tolist(), found.highest.tolist(), found.ties
    ([1.0, 1.0, 1.4142135623730951], [2.0, 1.0, 2.0], 1)
    >>> found.A_at_most, found.L_squared_at_least
    (Fraction(1, 1), Fraction(4, 1))

    References
    ----------
    [Eck24] definition 7.4.2, figure 7.5.
    """
    from exactinj.lipschitz.on_data import stability_over

    given, where = dense_given(layer), convex_given(domain)
    if isinstance(data, str | os.PathLike):
        from exactinj.files.outputs import read_outputs

        data = read_outputs(data)
    return stability_over(given, data, where, report)


def frame_bounds(layer: ReLULayer | Any) -> FrameBounds:
    """Frame bounds ``A |x|^2 <= |W x|^2 <= B |x|^2`` of the rows, enclosed with proofs; the bias plays no part.

    Says besides whether the frame is tight, and whether it is full spark, where there are few enough sets of n rows
    to look at them all.

    Examples
    --------
    >>> bounds = frame_bounds(ReLULayer([[1, 0], [0, 1], [1, 1]]))
    >>> bounds.lower[0], bounds.upper[1], bounds.is_full_spark
    (Fraction(1, 1), Fraction(3, 1), True)

    References
    ----------
    [Eck24] definition 3.1.1.
    """
    from exactinj.lipschitz.frames import bounds_of_rows

    return bounds_of_rows(dense_given(layer))


def stability_between(layer: ReLULayer | Any, x: Sequence[Any], y: Sequence[Any]) -> SegmentBounds:
    """How much a layer moves two inputs together, and what the cells on the way between them say about it.

    Parameters
    ----------
    layer : ReLULayer
    x, y : (n,) rationals (floats as the dyadic rationals that they are), different from each other

    Returns
    -------
    SegmentBounds
        ``.ratio``, the exact ``|f(x) - f(y)|^2 / |x - y|^2``; ``.at_least``, the proved lower bound half of the least
        ``sigma_min(W_I)^2`` on the segment; ``.adjacent_wedges`` and ``.through_faces``, the two lemmas of the slides.

    Raises
    ------
    InputError
        For points of another length, and equal ones.

    Examples
    --------
    >>> found = stability_between([[1, 0], [0, 1], [-1, 0], [0, -1]], [1, 2], [-1, 2])
    >>> found.ratio, found.at_least, found.faces, found.lost
    (Fraction(1, 2), Fraction(1, 2), 1, 1)

    References
    ----------
    [dH20]; `docs/mathematics.md`, "Stability".
    """
    from exactinj.lipschitz.segment import bounds_between

    given = dense_given(layer)
    start, end = (tuple(map(fraction_from, plain_vector(*point))) for point in ((x, "x"), (y, "y")))
    for point in (start, end):
        if len(point) != given.n:
            raise InputError(f"found a point of length {len(point)}, expected n = {given.n}")
    if start == end:
        raise InputError("found the same point twice, expected two different ones")
    return bounds_between(given, start, end)
