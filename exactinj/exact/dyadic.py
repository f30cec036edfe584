"""Matrices of dyadic rationals ``mantissa * 2**exponent``: what floats and integers are, a column of 64-bit words each.

A float64 is a mantissa of 53 bits and an exponent (IEEE 754); with the mantissa odd or zero the pair is unique, so that
``-3/4`` is spelt, compared and scaled without a single gcd. Reading a million rows takes a few operations on arrays
instead of a few on every entry.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import lshift
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

__all__ = ["Dyadic", "dyadic_of", "primitive_dyadic_rows"]

MANTISSA_BITS = 53
WORD_BITS = 62  # of magnitudes that are shifted in 64-bit words
WORD_BYTES = 8
EXACT_INTEGER = 1 << MANTISSA_BITS  # up to here, float64 holds every integer

Row = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Dyadic:
    """An exact matrix: entry (i, j) is ``mantissa[i, j] * 2**exponent[i, j]``.

    Attributes
    ----------
    mantissa : (rows, columns) int64, each entry odd, or zero
    exponent : (rows, columns) int64, zero where the mantissa is
    """

    mantissa: NDArray[np.int64]
    exponent: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        return self.mantissa.shape[0], self.mantissa.shape[1]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Dyadic)
            and np.array_equal(self.mantissa, other.mantissa)
            and np.array_equal(self.exponent, other.exponent)
        )

    __hash__ = None  # type: ignore[assignment]  # matrices that hold it have their own

    def fraction(self, i: int, j: int) -> Fraction:
        """One entry."""
        return _fraction(int(self.mantissa[i, j]), int(self.exponent[i, j]))

    def texts(self) -> Iterator[list[str]]:
        """Rows as canonical strings: ``"-3"``, or ``"1/2"`` in lowest terms."""
        ends = {e: f"/{1 << -e}" for e in np.unique(self.exponent).tolist() if e < 0}
        for mantissas, exponents in self._rows():
            yield [f"{m}{ends[e]}" if e < 0 else str(m << e) for m, e in zip(mantissas, exponents, strict=True)]

    def fractions(self) -> list[list[Fraction]]:
        """Rows as lists of `Fraction`."""
        return [[_fraction(m, e) for m, e in zip(*row, strict=True)] for row in self._rows()]

    def rationals(self) -> list[list[fmpq]]:
        """Rows as lists of python-flint rationals."""
        return [[_rational(m, e) for m, e in zip(*row, strict=True)] for row in self._rows()]

    def floats(self) -> NDArray[np.float64]:
        """The nearest float64 of each entry."""
        return np.ldexp(self.mantissa.astype(np.float64), self.exponent)

    def is_zero(self) -> bool:
        return not self.mantissa.any()

    def negated(self) -> Dyadic:
        return Dyadic(-self.mantissa, self.exponent)

    def _rows(self) -> Iterator[tuple[list[int], list[int]]]:
        for mantissas, exponents in zip(self.mantissa, self.exponent, strict=True):
            yield mantissas.tolist(), exponents.tolist()


def dyadic_of(values: Any) -> Dyadic | None:
    """The exact matrix for a two-dimensional array or nested lists of floats and integers; None if it is none.

    None, too, for numbers that are not finite and for integers beyond 64 bits: they are read, or refused, one by one.
    """
    array = values if isinstance(values, np.ndarray) else _array_of_lists(values)
    if array is None or array.ndim != 2 or not array.size or array.dtype.itemsize > WORD_BYTES:  # noqa: PLR2004
        return None
    if array.dtype.kind == "f":
        return _of_floats(array.astype(np.float64))
    if array.dtype.kind == "u" and array.dtype.itemsize == WORD_BYTES and array.max() > np.iinfo(np.int64).max:
        return None
    return _of_integers(array.astype(np.int64)) if array.dtype.kind in "iu" else None


def primitive_dyadic_rows(parts: Sequence[Dyadic]) -> list[tuple[Row, Fraction]]:
    """Per row ``(z, s)`` of matrices side by side: z = s row, primitive integer, s > 0.

    With e the least exponent in the row and g the gcd of the integers ``entry / 2**e``, ``s = 2**-e / g``; a zero row
    has s = 1.
    """
    mantissa = np.hstack([part.mantissa for part in parts])
    exponent = np.hstack([part.exponent for part in parts])
    nonzero = mantissa != 0
    least = np.where(nonzero, exponent, np.iinfo(np.int64).max).min(axis=1)
    least[~nonzero.any(axis=1)] = 0
    shift = np.where(nonzero, exponent - least[:, None], 0)
    bits = np.frexp(np.abs(mantissa.astype(np.float64)))[1] + shift
    if bits.max() > WORD_BITS:
        rows = _long_rows(mantissa, shift)
    else:
        integers = mantissa << shift
        content = np.gcd.reduce(integers, axis=1)
        content[content == 0] = 1
        rows = zip(map(tuple, (integers // content[:, None]).tolist()), content.tolist(), strict=True)
    return [(row, _scale(e, g)) for (row, g), e in zip(rows, least.tolist(), strict=True)]


def _long_rows(mantissa: NDArray[np.int64], shift: NDArray[np.int64]) -> Iterator[tuple[Row, int]]:
    """The primitive rows of integers ``mantissa << shift`` of any length, with their contents."""
    for words, shifts in zip(mantissa, shift, strict=True):
        integers = tuple(map(lshift, words.tolist(), shifts.tolist()))
        content = math.gcd(*integers) or 1
        yield (integers if content == 1 else tuple(value // content for value in integers)), content


def _array_of_lists(values: Sequence[Any]) -> np.ndarray | None:
    """Rows of Python's floats and integers as an array that holds them exactly; None for anything else."""
    width = len(values[0]) if values else 0
    if not width or any(len(row) != width for row in values):
        return None
    kinds = {type(value) for row in values for value in row}
    if not kinds <= {int, float}:
        return None
    try:
        if float not in kinds:
            return np.array(values, dtype=np.int64)
        if int in kinds and any(abs(v) > EXACT_INTEGER for row in values for v in row if type(v) is int):
            return None
        return np.array(values, dtype=np.float64)
    except OverflowError:
        return None


def _of_floats(array: NDArray[np.float64]) -> Dyadic | None:
    if not np.isfinite(array).all():
        return None
    fraction, exponent = np.frexp(array)
    return _stripped(np.ldexp(fraction, MANTISSA_BITS).astype(np.int64), exponent.astype(np.int64) - MANTISSA_BITS)


def _of_integers(array: NDArray[np.int64]) -> Dyadic:
    return _stripped(array, np.zeros(array.shape, dtype=np.int64))


def _stripped(mantissa: NDArray[np.int64], exponent: NDArray[np.int64]) -> Dyadic:
    """With the trailing zero bits of each mantissa moved to its exponent."""
    lowest = mantissa & -mantissa  # a power of two, or zero
    zeros = np.where(mantissa == 0, 0, np.frexp(np.abs(lowest.astype(np.float64)))[1] - 1)
    return Dyadic(mantissa >> zeros, np.where(mantissa == 0, 0, exponent + zeros))


def _fraction(mantissa: int, exponent: int) -> Fraction:
    return Fraction(mantissa, 1 << -exponent) if exponent < 0 else Fraction(mantissa << exponent)


def _rational(mantissa: int, exponent: int) -> fmpq:
    return fmpq(mantissa, 1 << -exponent) if exponent < 0 else fmpq(mantissa << exponent)


def _scale(exponent: int, content: int) -> Fraction:
    """``2**-exponent / content``."""
    if exponent > 0:
        return Fraction(1, content << exponent)
    return Fraction(1 << -exponent) if content == 1 else Fraction(1 << -exponent, content)
