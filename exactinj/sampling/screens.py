"""Coefficients from float16 or TF32, with a proved bound of their error: fast where accelerators multiply these.

Both formats have 11 significant bits, unit ``u = 2^-11``. Rows and points are scaled by powers of two so that the
longest are ``2^11`` to ``2^12`` long, rows that are much shorter than that by themselves. Each is rounded to one number
of the format (one slice), or to the sum of two of them (two slices: the number, and what rounding took from it).

**The bound**, in scaled numbers: X and L are bounds of the lengths of points and of a row, D of the row's rounding,
``d`` of that of points, ``d = u X + sqrt(n) t`` where t is more than what is lost of a number below the normal ones.
With one slice, ``<x, w> - <x', w'> = <x, w - w'> + <x - x', w'>``, so that ``X D + d (L + D)`` bounds it. With two,
``x' = x1 + x2`` and ``w' = w1 + w2``, three of the four products are summed; the left-out ``<x2, w2>`` is at most
``|x2| |w2|``. D is measured, row by row.

**Sums.** A sum of n products is taken to be off by at most ``n 2^-22`` times the sum of their sizes, which is at most
``|x'| |w'|``. What that rests on:

* products of two numbers of 11 bits are exact, as they have 22 bits;
* sums are formed in any order by additions of two or more terms at a time, at least 4 where there are more than two; an
  addition aligns its terms with the largest and cuts them off, keeping at least 24 bits, and cuts off the result, to
  24 bits. An addition of k products to a number is then off by at most ``(k + 2) 2^-23`` of the sum of all sizes, and
  n / k of them by ``1.5 n 2^-23``; additions of two, rounded or cut off, by ``n 2^-23``;
* no term is lost as a whole, but those below ``2^-126``; subnormal numbers of the format may be lost.

Measurements say so: tensor cores cut off, and newer ones keep two bits and more beyond 24 [FHMP21], [KM25]. IEEE
arithmetic in float32 is better than that. Beyond 1024 columns sums are formed by chunks of 512, added in float32.

What a screen drops rests on this; what it keeps is decided in float64 and in rationals, as anything else.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.sampling.backend import Array, Backend

__all__ = ["CHUNK", "LONG", "NEARLY", "ROUNDING", "SCREENS", "Look", "RoundedScreen", "require_screen", "screens_named"]

Floats = NDArray[np.float64]

SCREENS = ("auto", "float16", "tf32", "float32")
UNIT = 2.0**-11  # of rounding, in either format
LOST = {"float16": 2.0**-14, "tf32": 2.0**-126}  # more than what may be lost of numbers below the normal ones
CUT_OFF = 2.0**-22  # of sums, a term
ROUNDING = 2.0**-24  # unit of float32
NEARLY = 1 + 2.0**-20  # more than what rounding takes from a sum of a few nonnegative numbers
LONG, CHUNK = 1024, 512  # products of longer vectors are summed by chunks, as their error grows with the length
EXPONENT = 12  # of the longest points and rows, scaled
SHORT = 8  # rows shorter than 2^-8 of the longest are scaled by themselves
MOST_COLUMNS = 1 << 16  # for which the bounds of sums hold without terms of second order
FEWEST_COLUMNS = 256  # from which on accelerators gain by it


@dataclass(frozen=True, eq=False)
class Look:
    """Coefficients of some samples.

    Attributes
    ----------
    coefficients : (B, m) float32, ``W x / unit``
    error : (m,) float64, a bound of the error of each row's coefficients times the unit, underflow aside
    unit : a power of two
    """

    coefficients: Array
    error: Floats
    unit: float


class RoundedScreen:
    """The rows in float16 or TF32, by one or two slices, and products with points.

    Parameters
    ----------
    rows : (m, n) float64, no longer than 1
    lengths : (m,) bounds of their lengths, and of what else is off by 2^-52 of them
    kind : ``float16`` or ``tf32``
    slices : 1, one product; or 2, three products, and nearly the bits of float32
    """

    def __init__(self, rows: Floats, lengths: Floats, backend: Backend, kind: str, slices: int) -> None:
        self.backend, self.kind, self.n = backend, kind, rows.shape[1]
        self.exponent, own = _exponents(lengths)
        rest = np.ldexp(rows, own[:, None])
        self._lengths: Floats = np.ldexp(lengths, own)
        self._slices: list[Array] = []
        self._left: list[Floats] = []  # bounds of |w|, |w - w1|, |w - w1 - w2|
        for _ in range(slices):
            slice_ = backend.rounded(backend.single(backend.doubles(rest)), kind)
            rest = rest - backend.numpy(slice_)
            self._slices.append(slice_)
            self._left.append(np.linalg.norm(rest, axis=1) * NEARLY)
        self._factors: Floats = np.ldexp(1.0, self.exponent - own)
        self._moved = None if (own == self.exponent).all() else backend.single(backend.doubles(self._factors))

    def with_one_slice(self) -> RoundedScreen:
        """The same with the first slice alone."""
        one = copy(self)
        one._slices, one._left = self._slices[:1], self._left[:1]
        return one

    def look(self, points: Array, reach: float, unit: float) -> Look:
        """At points (B, n) no longer than `reach`, in the backend's type or float32; the unit is near the reach."""
        exponent = min(EXPONENT - int(np.frexp(reach / unit)[1]), 2 * EXPONENT)
        scale = float(np.ldexp(1 / unit, exponent))
        whole = self.backend.single(points if scale == 1.0 else points * scale)
        found = self._products(whole)
        if self._moved is not None:
            found *= self._moved
        total = float(np.ldexp(unit, -exponent - self.exponent))
        return Look(found, self.error(float(np.ldexp(reach / unit, exponent))) * total, total)

    def error(self, longest: float) -> Floats:
        """(m,) bounds, in the scale of usual rows, for scaled points no longer than this; see the head of this file."""
        rows, first = self._lengths, self._left[0]
        lost = np.sqrt(self.n) * LOST[self.kind]
        near = UNIT * longest + lost  # |x - x1|
        sums = _share_of_sum(self.n) * (longest + near) * (rows + first)
        if len(self._slices) == 1:
            bound = longest * first + near * (rows + first) + sums
        else:
            second, left = self._left[1], UNIT * near + lost
            own, others = near + left, first + second  # |x2|, |w2|
            bound = longest * second + left * (rows + second) + own * others + sums
            small = 2 * (longest + near) * others + 2 * own * (rows + first)  # the sums of x1 w2 and x2 w1
            bound = bound + _share_of_sum(self.n) * small
        # rounding of points to float32, when they are settled, in comparisons, and when what is summed is added up
        return np.asarray((bound + 16 * ROUNDING * longest * rows) * self._factors)

    def _products(self, whole: Array) -> Array:
        """``x' W'^T`` without what is of second order, for scaled points in float32."""
        first = self.backend.rounded(whole, self.kind)
        if len(self._slices) == 1:
            return self._summed(first, self._slices[0])
        second = self.backend.rounded(whole - self.backend.single(first), self.kind)  # an exact difference
        found = self._summed(first, self._slices[1])
        found += self._summed(second, self._slices[0])
        found += self._summed(first, self._slices[0])
        return found

    def _summed(self, points: Array, rows: Array) -> Array:
        product = self.backend.rounded_products
        if self.n <= LONG:
            return product(points, rows)
        found = product(points[:, :CHUNK], rows[:, :CHUNK])
        for start in range(CHUNK, self.n, CHUNK):
            found += product(points[:, start : start + CHUNK], rows[:, start : start + CHUNK])
        return found


def require_screen(name: str) -> None:
    """`InputError` for names of other screens."""
    if name not in SCREENS:
        raise InputError(f"found the screen {name!r}, expected one of {', '.join(SCREENS)}")


def screens_named(name: str, rows: Floats, lengths: Floats, backend: Backend) -> tuple[RoundedScreen, ...]:
    """The screens before float32 or float64: one of one slice and one of two, or none; `InputError` for other names."""
    require_screen(name)
    n = rows.shape[1]
    if name == "auto":
        name = "float16" if backend.is_device and n >= FEWEST_COLUMNS else "float32"
    if name == "float32" or n > MOST_COLUMNS:
        return ()
    two = RoundedScreen(rows, lengths, backend, name, 2)
    return two.with_one_slice(), two


def _exponents(lengths: Floats) -> tuple[int, NDArray[np.int64]]:
    """The exponent that rows are scaled by, and that of each row: others for rows that are far shorter."""
    exponents = np.frexp(lengths)[1].astype(np.int64)
    usual = EXPONENT - int(np.frexp(lengths.max())[1])
    short = (lengths > 0) & (EXPONENT - exponents > usual + SHORT)
    return usual, np.where(short, EXPONENT - exponents, usual)


def _share_of_sum(n: int) -> float:
    """The error of a sum of n products, over the sum of their sizes."""
    return n * CUT_OFF if n <= LONG else CHUNK * CUT_OFF + (n // CHUNK + 1) * ROUNDING
