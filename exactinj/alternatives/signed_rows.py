"""Circuits and points for rows with signs, in rationals.

A *sign assignment* makes some rows of a `HomogeneousProblem` negative and some nonnegative; the rows
of the domain are always negative. A *signed row* is a code: ``i + 1`` for row i as it is, ``-(i + 1)``
for minus row i. A *circuit* is a set of signed rows with one linear dependency, and that one positive:
no point has ``<h_i, y> < 0`` for the codes ``i + 1`` and ``<h_i, y> > 0`` for the codes ``-(i + 1)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exactinj.alternatives.exact_program import SeparatingPoint, refuter_or_point, rounded_cut
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.exact.circuits import circuit_multipliers
from exactinj.exact.matrix import IntegerRow
from exactinj.work.clock import Clock

__all__ = ["CircuitFound", "SignedRows", "circuit_or_point", "is_circuit", "rounded_cut_for"]

SignedRows = tuple[int, ...]


@dataclass(frozen=True)
class CircuitFound:
    """The codes of a circuit; as in `SupportFound`, the last row may be a `cut` that the problem did not have."""

    codes: SignedRows
    cut: IntegerRow | None = None


def is_circuit(problem: HomogeneousProblem, codes: Sequence[int]) -> bool:
    """Whether the codes are a circuit with at least one row of the layer, exactly."""
    if not any(abs(code) <= problem.m for code in codes):
        return False
    rows = (problem.rows[abs(code) - 1] for code in codes)
    signed = [[-value for value in row] if code < 0 else row for code, row in zip(codes, rows, strict=True)]
    return circuit_multipliers(signed) is not None


def circuit_or_point(
    problem: HomogeneousProblem, signs: Sequence[int], hint: Sequence[int], clock: Clock
) -> CircuitFound | SeparatingPoint:
    """Decide the alternative exactly.

    `signs` has a number for every row of the problem: positive for "negative here", as ``h_i`` itself
    has to be negative, negative for "nonnegative here", 0 for rows without a sign. `hint` is a basis to
    start from, as codes; a unit vector k is the code ``M + 1 + k``.
    """
    basis = [abs(code) - 1 for code in hint]
    outcome = refuter_or_point(problem.turned(signs), [sign != 0 for sign in signs], basis, clock)
    if isinstance(outcome, SeparatingPoint):
        return outcome
    codes = tuple(i + 1 if i >= len(signs) or signs[i] > 0 else -i - 1 for i in outcome.support)
    return CircuitFound(codes, outcome.cut)


def rounded_cut_for(problem: HomogeneousProblem, signs: Sequence[int]) -> IntegerRow | None:
    """`rounded_cut` for rows with signs."""
    return rounded_cut(problem.turned(signs), [sign != 0 for sign in signs])
