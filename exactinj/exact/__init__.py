"""Exact numbers: rationals read without rounding, and linear algebra over them."""

from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from

__all__ = ["RationalMatrix", "fraction_from"]
