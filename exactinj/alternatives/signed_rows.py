"""Circuits and points for rows with signs, in rationals.

A *sign assignment* makes some rows of a `HomogeneousProblem` negative and some nonnegative; the rows
of the domain are always negative. A *signed row* is a code: ``i + 1`` for row i as it is, ``-(i + 1)``
for minus row i. A *circuit* is a set of signed rows with one linear dependency, and that one positive:
no point has ``<h_i, y> < 0`` for the codes ``i + 1`` and ``<h_i, y> > 0`` for the codes ``-(i + 1)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from flint import fmpz_mat

from exactinj.alternatives.exact_program import SeparatingPoint, add_rounded_cut, refuter_or_point
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.work.clock import Clock

__all__ = [
    "SignedRows",
    "add_rounded_cut_for",
    "circuit_multipliers",
    "circuit_or_point",
    "is_circuit",
    "layer_multipliers",
]

SignedRows = tuple[int, ...]


def circuit_multipliers(problem: HomogeneousProblem, codes: Sequence[int]) -> list[int] | None:
    """Positive coprime integers mu with ``sum mu_k sign_k h_k = 0``, or None if the codes are no circuit."""
    rows = [_signed(problem.rows[abs(code) - 1], code) for code in codes]
    matrix, nullity = fmpz_mat(rows).transpose().nullspace()
    if nullity != 1:
        return None
    values = [int(matrix[k, 0]) for k in range(len(codes))]
    if values[0] < 0:
        values = [-value for value in values]
    content = math.gcd(*values)
    return [value // content for value in values] if min(values) > 0 else None


def is_circuit(problem: HomogeneousProblem, codes: Sequence[int]) -> bool:
    """Whether the codes are a circuit with at least one row of the layer, exactly."""
    has_layer_row = any(abs(code) <= problem.m for code in codes)
    return has_layer_row and circuit_multipliers(problem, codes) is not None


def layer_multipliers(problem: HomogeneousProblem, codes: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs ``(i, lambda_i)`` for the rows as given: coprime integers, negative for codes ``-(i + 1)``."""
    multipliers = circuit_multipliers(problem, codes)
    if multipliers is None:
        return []
    signed = ((abs(code) - 1, value if code > 0 else -value) for code, value in zip(codes, multipliers, strict=True))
    return problem.as_given(signed)


def circuit_or_point(
    problem: HomogeneousProblem, signs: Sequence[int], hint: Sequence[int], clock: Clock
) -> SignedRows | SeparatingPoint:
    """Decide the alternative exactly.

    `signs` has a number for every row of the problem: positive for "negative here", as ``h_i`` itself
    has to be negative, negative for "nonnegative here", 0 for rows without a sign. `hint` is a basis to
    start from, as codes; a unit vector k is the code ``M + 1 + k``.
    """
    basis = [abs(code) - 1 for code in hint]
    outcome = refuter_or_point(_TurnedProblem(problem, signs), [sign != 0 for sign in signs], basis, clock)
    if isinstance(outcome, SeparatingPoint):
        return outcome
    return tuple(i + 1 if i >= len(signs) or signs[i] > 0 else -i - 1 for i in outcome.support)


def add_rounded_cut_for(problem: HomogeneousProblem, signs: Sequence[int]) -> bool:
    """`add_rounded_cut` for rows with signs."""
    return add_rounded_cut(_TurnedProblem(problem, signs), [sign != 0 for sign in signs])


class _TurnedProblem(HomogeneousProblem):
    """The problem with minus the rows that shall be nonnegative; built without reading a layer again."""

    def __init__(self, problem: HomogeneousProblem, signs: Sequence[int]) -> None:
        self.__dict__.update(problem.__dict__)
        self.__dict__.pop("integer_matrix", None)
        self.__dict__.pop("equilibrated", None)
        self.rows = [tuple(_signed(row, sign)) for row, sign in zip(problem.rows, signs, strict=True)]
        self._original = problem

    def add_cut(self, direction: Sequence[int], bound: Fraction) -> int:
        """A cut belongs to both; cuts are never turned."""
        self._original.add_cut(direction, bound)
        return super().add_cut(direction, bound)


def _signed(row: Sequence[int], sign: int) -> list[int]:
    return [-value for value in row] if sign < 0 else list(row)
