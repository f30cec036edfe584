"""Extreme eigenvalues as the algebraic numbers that they are: roots of characteristic polynomials."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from flint import acb, arb, fmpq_mat

from exactinj.exact.numbers import rational_text

__all__ = ["AlgebraicNumber", "extreme_eigenvalue"]


@dataclass(frozen=True)
class AlgebraicNumber:
    """The only root of a polynomial in an interval.

    polynomial : integer coefficients, the constant one first: a characteristic polynomial, times an integer
    interval : two rationals with the root between them, and no other one
    """

    polynomial: tuple[int, ...]
    interval: tuple[Fraction, Fraction]

    def to_json(self) -> dict[str, object]:
        """Rationals and coefficients as strings."""
        return {
            "polynomial": [str(value) for value in self.polynomial],
            "interval": [rational_text(end) for end in self.interval],
        }


def extreme_eigenvalue(matrix: fmpq_mat, *, largest: bool) -> AlgebraicNumber:
    """The smallest eigenvalue of a symmetric matrix, or the largest; the enclosure is by ball arithmetic, rigorous."""
    polynomial = matrix.charpoly().numer()
    found = cast("list[tuple[acb, int]]", polynomial.complex_roots())
    roots = sorted((root.real for root, _ in found), key=lambda root: float(root.mid()))
    root = roots[-1 if largest else 0]
    coefficients = tuple(int(value) for value in polynomial.coeffs())
    return AlgebraicNumber(coefficients, (_exact(root.lower()), _exact(root.upper())))


def _exact(end: arb) -> Fraction:
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
