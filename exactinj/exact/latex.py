r"""Exact numbers as LaTeX, for papers.

>>> from fractions import Fraction
>>> rational_latex(Fraction(-1, 2)), root_latex(-1, Fraction(4, 5)), vector_latex([Fraction(1), Fraction(1, 3)])
('-\\frac{1}{2}', '-\\frac{2}{\\sqrt{5}}', '\\left(1, \\frac{1}{3}\\right)')
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from exactinj.exact.numbers import integer_text

__all__ = ["rational_latex", "root_latex", "vector_latex"]


def rational_latex(value: Fraction) -> str:
    """An integer, or a fraction in lowest terms with its sign in front."""
    minus = "-" if value < 0 else ""
    return minus + _over(integer_text(abs(value.numerator)), integer_text(value.denominator))


def root_latex(sign: int, square: Fraction | None) -> str:
    """``sign * sqrt(square)``, without the roots that are whole numbers; None is infinity."""
    minus = "-" if sign < 0 else ""
    if square is None:
        return minus + r"\infty"
    tops = [math.isqrt(part) for part in (square.numerator, square.denominator)]
    if all(root * root != part for root, part in zip(tops, (square.numerator, square.denominator), strict=True)):
        return rf"{minus}\sqrt{{{rational_latex(square)}}}"
    return minus + _over(_root(square.numerator), _root(square.denominator))


def vector_latex(values: Iterable[Fraction]) -> str:
    """A vector on one line, in parentheses."""
    return rf"\left({', '.join(map(rational_latex, values))}\right)"


def _root(value: int) -> str:
    root = math.isqrt(value)
    return integer_text(root) if root * root == value else rf"\sqrt{{{integer_text(value)}}}"


def _over(top: str, bottom: str) -> str:
    return top if bottom == "1" else rf"\frac{{{top}}}{{{bottom}}}"
