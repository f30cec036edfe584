"""sympy, imported where it is used: exact numbers to and from it. Needs the extra ``symbolic``."""

from __future__ import annotations

import sys
from fractions import Fraction
from importlib import import_module
from typing import Any

from exactinj.errors import InputError, MissingExtraError

__all__ = ["is_symbolic", "is_symbolic_matrix", "rational_of_expression", "sympy_root"]

LONGEST_QUOTE = 40


def is_symbolic(value: object) -> bool:
    """Whether a value is an expression of sympy; never imports it."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def is_symbolic_matrix(value: object) -> bool:
    """Whether a value is a matrix or an array of sympy, with entries; never imports it."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, (sympy.MatrixBase, sympy.NDimArray))


def rational_of_expression(value: Any) -> Fraction:
    """The rational number that an expression is; `InputError` for symbols, irrational numbers and sympy's floats."""
    exact = value if value.is_Rational else value.expand()
    if exact.is_Rational:
        return Fraction(int(exact.p), int(exact.q))
    text = str(value)
    text = text if len(text) <= LONGEST_QUOTE else f"{text[:36]}..."
    if value.free_symbols:
        raise InputError(f"found the expression {text} with a symbol, expected a rational number; substitute it first")
    if value.has(import_module("sympy").Float):
        raise InputError(f"found the sympy float {text}, expected a rational number; use sympy.Rational or float(...)")
    raise InputError(f"found {text}, which is not known to be rational, expected a rational number; round it first")


def sympy_root(sign: int, square: Fraction | None) -> Any:
    """``sign * sqrt(square)`` as a sympy number; ``sign * oo`` for None."""
    try:
        sympy = import_module("sympy")
    except ImportError:
        raise MissingExtraError("sympy is not installed: pip install 'exactinj[symbolic]'") from None
    if square is None:
        return sign * sympy.oo
    return sign * sympy.sqrt(sympy.Rational(square.numerator, square.denominator))
