"""Arrays of exact rationals: integers of any length over one common denominator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.arrays import plain_array
from exactinj.exact.dyadic import MANTISSA_BITS
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from, nearest_ratio

__all__ = ["ExactTensor", "Shape", "finite_floats", "integer_product"]

Shape = tuple[int, ...]
WIDTH_OF_FLOATS = np.dtype(np.float64).itemsize


@dataclass(frozen=True, eq=False)
class ExactTensor:
    """An exact array: entry k is ``numerators[k] / denominator``.

    Attributes
    ----------
    numerators : array of Python integers (dtype object), any shape
    denominator : positive

    >>> x = ExactTensor.of([[0.5, 3], [0, "1/3"]])
    >>> x.shape, x.fractions()
    ((2, 2), [Fraction(1, 2), Fraction(3, 1), Fraction(0, 1), Fraction(1, 3)])
    """

    numerators: NDArray[Any]
    denominator: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.numerators, np.ndarray):  # what numpy makes of an array without axes
            object.__setattr__(self, "numerators", np.asarray(self.numerators, dtype=object))

    @classmethod
    def of(cls, values: Any, name: str = "the tensor") -> ExactTensor:
        """Read an array, a tensor or nested lists of numbers; `InputError` for what is not finite or no number."""
        if isinstance(values, ExactTensor):
            return values
        array = plain_array(values, name)
        array = array if isinstance(array, np.ndarray) else np.array(array, dtype=object)
        if array.dtype.kind == "f" and array.dtype.itemsize <= WIDTH_OF_FLOATS:
            return _of_floats(array.astype(np.float64), name)
        if array.dtype.kind in "iu":
            return cls(array.astype(object))
        try:
            fractions = [fraction_from(value) for value in array.ravel().tolist()]
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        return cls.of_fractions(fractions, array.shape)

    @classmethod
    def of_fractions(cls, fractions: Sequence[Fraction], shape: Sequence[int]) -> ExactTensor:
        """The tensor of that shape with these entries, in the order of ``flatten()``."""
        denominator = math.lcm(*(value.denominator for value in fractions))
        numerators = np.empty(len(fractions), dtype=object)
        numerators[:] = [value.numerator * (denominator // value.denominator) for value in fractions]
        return cls(numerators.reshape(shape), denominator)

    @classmethod
    def of_matrix(cls, matrix: RationalMatrix) -> ExactTensor:
        """A matrix as a tensor of two axes."""
        return cls.of_fractions([value for row in matrix.fractions() for value in row], matrix.shape)

    @property
    def shape(self) -> Shape:
        return self.numerators.shape

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.numerators.size

    def fractions(self) -> list[Fraction]:
        """All entries, flat."""
        return [Fraction(value, self.denominator) for value in self.numerators.ravel().tolist()]

    def floats(self) -> NDArray[np.float64]:
        """The nearest float64 of each entry."""
        flat = [nearest_ratio(value, self.denominator) for value in self.numerators.ravel().tolist()]
        return np.array(flat, dtype=np.float64).reshape(self.shape)

    def plain(self) -> NDArray[Any]:
        """Float64 where that holds every number exactly, as it is read faster; an array of fractions elsewhere."""
        floats = self.floats()
        if np.isfinite(floats).all() and ExactTensor.of(floats).equals(self):
            return floats
        return np.array(self.fractions(), dtype=object).reshape(self.shape)

    def reshaped(self, shape: Sequence[int]) -> ExactTensor:
        return ExactTensor(self.numerators.reshape(shape), self.denominator)

    def reduced(self) -> ExactTensor:
        """The same numbers over the least common denominator."""
        if not self.size:
            return ExactTensor(self.numerators)
        content = math.gcd(self.denominator, *self.numerators.ravel().tolist())
        return self if content == 1 else ExactTensor(self.numerators // content, self.denominator // content)

    def over(self, denominator: int) -> NDArray[Any]:
        """The numerators over a multiple of the denominator."""
        return self.numerators * (denominator // self.denominator)

    def plus(self, other: ExactTensor) -> ExactTensor:
        """The sum; shapes broadcast as in numpy."""
        common = math.lcm(self.denominator, other.denominator)
        return ExactTensor(np.asarray(self.over(common) + other.over(common), dtype=object), common)

    def minus(self, other: ExactTensor) -> ExactTensor:
        return self.plus(ExactTensor(-other.numerators, other.denominator))

    def times(self, other: ExactTensor) -> ExactTensor:
        """The product entry by entry; shapes broadcast as in numpy."""
        product = np.asarray(self.numerators * other.numerators, dtype=object)
        return ExactTensor(product, self.denominator * other.denominator).reduced()

    def equals(self, other: ExactTensor) -> bool:
        """Whether shapes and all numbers agree, exactly."""
        if self.shape != other.shape:
            return False
        return bool(np.all(self.numerators * other.denominator == other.numerators * self.denominator))

    def __repr__(self) -> str:
        return f"ExactTensor(shape={self.shape})"


def finite_floats(values: Any, name: str) -> NDArray[Any] | None:
    """A copy of values that are an array of finite floats, which can become exact when that is asked for; else None."""
    array = plain_array(values, name)
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.dtype.itemsize > WIDTH_OF_FLOATS:
        return None
    if not np.isfinite(array).all():
        raise InputError(f"{name} has entries that are not finite, expected finite numbers; remove NaN and infinities")
    return array.copy()


def integer_product(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """The product of two matrices of Python integers, by FLINT."""
    if not left.size or not right.size:
        return np.full((left.shape[0], right.shape[1]), 0, dtype=object)
    product = fmpz_mat(left.tolist()) * fmpz_mat(right.tolist())
    entries = np.empty(left.shape[0] * right.shape[1], dtype=object)
    entries[:] = [int(value) for value in product.entries()]
    return entries.reshape(left.shape[0], right.shape[1])


def _of_floats(array: NDArray[np.float64], name: str) -> ExactTensor:
    """Floats as the dyadic rationals that they are, over one power of two."""
    if not np.isfinite(array).all():
        raise InputError(f"{name} has entries that are not finite, expected finite numbers; remove NaN and infinities")
    fraction, exponent = np.frexp(array.ravel())
    mantissa = np.ldexp(fraction, MANTISSA_BITS).astype(np.int64)
    lowest = mantissa & -mantissa
    zeros = np.where(mantissa == 0, 0, np.frexp(np.abs(lowest.astype(np.float64)))[1] - 1)
    mantissa, exponent = mantissa >> zeros, exponent.astype(np.int64) - MANTISSA_BITS + zeros
    least = min(0, int(exponent[mantissa != 0].min(initial=0)))
    shifts = np.where(mantissa == 0, 0, exponent - least)
    numerators = np.empty(array.size, dtype=object)
    numerators[:] = [m << s for m, s in zip(mantissa.tolist(), shifts.tolist(), strict=True)]
    return ExactTensor(numerators.reshape(array.shape), 1 << -least)
