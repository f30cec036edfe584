"""The extreme singular values of the active rows at given points [Eck24, definition 7.4.2], and what they prove.

A point x of K where no row vanishes that is not the zero function lies in an open cell. K is convex and the closure of
its interior, so this cell meets the interior of K, and the active rows I at x are those of a generic point: the
smallest eigenvalue of ``W_I^T W_I`` is at least A, and the largest at most L^2. A Rayleigh quotient in rationals is at
least the smallest eigenvalue and at most the largest, so that both bounds are proved, whatever floats proposed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Never

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.domains import Domain, RealSpace
from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix, orthogonal_vector
from exactinj.exact.numbers import rational_text
from exactinj.exact.short import shortened
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.activity import activity_at
from exactinj.lipschitz.gram import gram_of, least_eigenvalue, rounded
from exactinj.lipschitz.spectra import ScaledRows, spectra_of
from exactinj.work.card import Card, ShownAsCard

if TYPE_CHECKING:
    from exactinj.lipschitz.activity import Activity
    from exactinj.lipschitz.spectra import Spectra

__all__ = ["DataCell", "DataStability", "stability_over"]

Floats = NDArray[np.float64]

TRIED = 3  # of the best points
FEW_INPUTS = 24  # up to which values that are simple rational numbers are found exactly
GRID = 1 << 53  # of the entries of a vector


@dataclass(frozen=True)
class DataCell:
    """What one of the points proves: a bound of an extreme eigenvalue of ``W_I^T W_I``.

    index : of the point
    value : exact, the Rayleigh quotient of the vector, rounded to the side on which it bounds
    active : the rows that are positive there
    vector : exact; None where there are fewer of them than n, and the bound is 0
    """

    index: int
    value: Fraction
    active: tuple[int, ...]
    vector: tuple[Fraction, ...] | None

    def to_json(self) -> dict[str, object]:
        """Rationals as strings."""
        vector = None if self.vector is None else [rational_text(value) for value in self.vector]
        return {"index": self.index, "active": list(self.active), "vector": vector}


@dataclass(frozen=True, eq=False)
class DataStability(ShownAsCard):
    """The smallest and largest singular values of the active rows at data points: a sample, and what it proves.

    Attributes
    ----------
    layer, domain : what was asked about
    lowest, highest : (k,) float64, *estimates*: ``lambda_-`` and ``lambda_+`` of the rows with ``<w_i, x> + b_i >= 0``
        at each point. The activity is exact, the singular values are floats; `lowest` is 0 where the rows do not span
    spans : (k,), whether the active rows span R^n: by floats where these are clear, else by a rank modulo a prime
    ties : the number of points where a row vanishes that is not the zero function; they count for no proved bound
    smallest, largest : the cells behind the proved bounds; None if every point has ties
    """

    layer: ReLULayer
    domain: Domain
    lowest: Floats
    highest: Floats
    spans: NDArray[np.bool_]
    ties: int
    smallest: DataCell | None
    largest: DataCell | None

    @property
    def A_at_most(self) -> Fraction | None:  # noqa: N802 (the A of the notation page)
        """Proved: A, the smallest eigenvalue of ``W_I^T W_I`` over all cells in the domain, is at most this."""
        return None if self.smallest is None else self.smallest.value

    @property
    def L_squared_at_least(self) -> Fraction | None:  # noqa: N802 (the L of the notation page)
        """Proved: the square of the Lipschitz constant on the domain is at least this."""
        return None if self.largest is None else self.largest.value

    @property
    def not_spanning(self) -> int:
        """The number of points whose active rows do not span R^n."""
        return int(np.count_nonzero(~self.spans))

    def __bool__(self) -> Never:
        raise TypeError("a result has no truth value; look at .lowest")

    def __repr__(self) -> str:
        low, high = float(self.lowest.min()), float(self.highest.max())
        return (
            f"<DataStability: estimates {low:.4g} to {high:.4g} at {len(self.lowest)} points, "
            f"{self.not_spanning} not spanning, on {shortened(self.domain.text)}>"
        )

    def _card(self) -> Card:
        facts = (
            ("points", len(self.lowest)),
            ("smallest singular value, estimate", f"{float(self.lowest.min()):.6g}"),
            ("largest singular value, estimate", f"{float(self.highest.max()):.6g}"),
            ("points where the active rows do not span", self.not_spanning),
            ("layer", self.layer),
        )
        return Card(f"singular values at data points of {shortened(self.domain.text)}", facts)

    def to_json(self) -> dict[str, object]:
        """Floats for what is sampled, rationals as strings for what is proved."""
        bounds = {"A_at_most": self.A_at_most, "L_squared_at_least": self.L_squared_at_least}
        return {
            "kind": "estimate",
            "count": len(self.lowest),
            "not_spanning": self.not_spanning,
            "ties": self.ties,
            "lowest": _summary(self.lowest),
            "highest": _summary(self.highest),
            **{name: None if value is None else rational_text(value) for name, value in bounds.items()},
            "smallest": None if self.smallest is None else self.smallest.to_json(),
            "largest": None if self.largest is None else self.largest.to_json(),
        }


def _summary(values: Floats) -> dict[str, float | None]:
    found = {"min": values.min(), "median": np.median(values), "max": values.max()}
    return {name: float(value) if math.isfinite(value) else None for name, value in found.items()}


def stability_over(
    layer: ReLULayer, data: Any, domain: Domain, report: Callable[[str], None] | None = None
) -> DataStability:
    """The answer for an array or nested list (k, n), or one point (n,); `InputError` for other shapes."""
    points, where = _points(data, layer.n), domain.for_dimension(layer.n)
    _require_inside(points, where)
    activity = activity_at(layer, points)
    spectra = spectra_of(layer, activity.active, report)
    return DataStability(
        layer=layer,
        domain=where,
        lowest=spectra.lowest,
        highest=spectra.highest,
        spans=spectra.spans,
        ties=int(np.count_nonzero(activity.has_tie)),
        smallest=_best(layer, activity, spectra, largest=False),
        largest=_best(layer, activity, spectra, largest=True),
    )


def _points(data: Any, n: int) -> RationalMatrix:
    """The points exactly, (k, n)."""
    from exactinj.exact.arrays import is_nested, plain_array

    array = plain_array(data, "the data")
    points = RationalMatrix(array if is_nested(array) else [array], name="the data")
    if points.shape[1] != n:
        raise InputError(f"the data have {points.shape[1]} numbers a point, expected n = {n}; give points (k, {n})")
    return points


def _require_inside(points: RationalMatrix, domain: Domain) -> None:
    if isinstance(domain, RealSpace):
        return
    outside = next((k for k, x in enumerate(points.fractions()) if not domain.contains(x)), None)
    if outside is not None:
        raise InputError(
            f"point {outside} of the data lies outside {shortened(domain.text)}, expected points of the domain; "
            "remove it, or give a larger --domain"
        )


def _best(layer: ReLULayer, activity: Activity, spectra: Spectra, *, largest: bool) -> DataCell | None:
    """The best bound of the few generic points that floats prefer."""
    keys = -spectra.highest if largest else spectra.lowest
    order = [int(k) for k in np.argsort(keys, kind="stable") if not activity.has_tie[k]]
    best: DataCell | None = None
    seen: set[bytes] = set()
    for k in order:
        pattern = activity.active[k].tobytes()
        if pattern in seen:
            continue
        if len(seen) == TRIED or (best is not None and not largest and not best.value):
            break
        seen.add(pattern)
        cell = _cell(layer, k, activity.active[k], largest=largest)
        if best is None or (cell.value > best.value if largest else cell.value < best.value):
            best = cell
    return best


def _cell(layer: ReLULayer, index: int, mask: NDArray[np.bool_], *, largest: bool) -> DataCell:
    active = tuple(int(i) for i in np.flatnonzero(mask) if any(layer.integer_rows[i][0]))
    if not largest and len(active) < layer.n:
        return DataCell(index, Fraction(0), active, None)
    if layer.n <= FEW_INPUTS:
        rows = layer.W.raw_rows()
        gram = gram_of([rows[i] for i in active], layer.n)
        found = least_eigenvalue(-gram if largest else gram)
        return DataCell(index, max(-found.value if largest else found.value, Fraction(0)), active, found.vector)
    vector = _proposed(layer, active, largest=largest)
    value = _quotient(layer, active, vector)
    exact = tuple(Fraction(entry) for entry in vector)
    return DataCell(index, rounded(value, up=not largest), active, exact)


def _proposed(layer: ReLULayer, active: Sequence[int], *, largest: bool) -> Sequence[int]:
    """Integers (n,) near a singular vector; one that the rows map to 0, where floats see no difference."""
    floats = ScaledRows.of(layer).floats[list(active)]
    if not floats.size:
        return [int(j == 0) for j in range(layer.n)]
    _, values, vectors = np.linalg.svd(floats, full_matrices=False)
    if not largest and values[-1] <= layer.n * np.finfo(float).eps * values[0]:
        null = orthogonal_vector([layer.integer_rows[i][0][: layer.n] for i in active], layer.n)
        if null is not None:
            return null
    return [int(entry) for entry in np.rint(vectors[0 if largest else -1] * GRID)]


def _quotient(layer: ReLULayer, active: Sequence[int], vector: Sequence[int]) -> Fraction:
    """``|W_I v|^2 / |v|^2``, exact."""
    if not active:
        return Fraction(0)
    rows = [layer.integer_rows[i] for i in active]
    images = (fmpz_mat([list(row[: layer.n]) for row, _ in rows]) * fmpz_mat([[value] for value in vector])).entries()
    square = sum(((int(image) / scale) ** 2 for image, (_, scale) in zip(images, rows, strict=True)), Fraction(0))
    return square / sum(value * value for value in vector)
