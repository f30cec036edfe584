"""The preimage of an output as a system of equations and inequalities with integer rows.

Rows with ``y_i > 0`` say ``<w_i, x> + b_i = y_i``, rows with ``y_i = 0`` say ``<w_i, x> + b_i <= 0``, halfspaces of the
domain say ``<d, x> + d0 <= 0``. Each is a primitive integer row ``(a, c)``, a positive multiple of what it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.domains import Domain
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import rational_from
from exactinj.layers.dense import ReLULayer

__all__ = ["PreimageSystem", "Statement", "system_of"]


@dataclass(frozen=True)
class Statement:
    """``<a, x> + c = 0`` of an equation, ``<= 0`` of an inequality.

    Attributes
    ----------
    row : the integers ``(a, c)``
    factor : positive, ``row = factor * (w_i, b_i - y_i)`` or ``factor * (d, d0)``
    place : the row of the layer, or the number of the halfspace
    of_layer : which of the two
    """

    row: IntegerRow
    factor: Fraction
    place: int
    of_layer: bool


@dataclass(frozen=True)
class PreimageSystem:
    """What the inputs with one output satisfy, apart from the domain's ball."""

    layer: ReLULayer
    domain: Domain
    output: tuple[Fraction, ...]
    equations: tuple[Statement, ...]
    inequalities: tuple[Statement, ...]

    @property
    def n(self) -> int:
        return self.layer.n

    def holds_at(self, x: Sequence[Fraction]) -> bool:
        """Whether the layer maps x to the output and the domain holds it, exactly."""
        return tuple(self.layer.evaluate(x)) == self.output and self.domain.contains(x)


def system_of(layer: ReLULayer, domain: Domain, output: Sequence[Fraction]) -> PreimageSystem:
    """The system for an output of m nonnegative rationals; the domain is one of dimension n."""
    equations, inequalities = [], []
    for i, ((row, factor), value) in enumerate(zip(layer.integer_rows, output, strict=True)):
        if value > 0:
            moved, more = _shifted(row, factor * value)
            equations.append(Statement(moved, factor * more, i, of_layer=True))
        else:
            inequalities.append(Statement(row, factor, i, of_layer=True))
    for k, half in enumerate(domain.halfspaces(layer.n)):
        row, factor = primitive_row([rational_from(value) for value in half])
        inequalities.append(Statement(row, factor, k, of_layer=False))
    return PreimageSystem(layer, domain, tuple(output), tuple(equations), tuple(inequalities))


def _shifted(row: IntegerRow, value: Fraction) -> tuple[IntegerRow, Fraction]:
    """The integer row of ``<a, x> + c - value``, and its factor."""
    factor = value.denominator
    return (*(factor * entry for entry in row[:-1]), factor * row[-1] - value.numerator), Fraction(factor)
