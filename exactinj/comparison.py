"""Biases side by side: exact alpha*, the convex-hull bias, and the layer's own.

For each row: which bias is the largest. For each bias as a whole: whether the layer with that bias is injective on the
domain, decided exactly. None of them is "the" maximal bias: the rectifying biases have many maximal elements, and
both methods give one that is sufficient (`docs/mathematics.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.alpha import AlphaStar
from exactinj.evidence.result import Result
from exactinj.exact.surd import Surd
from exactinj.hull.bias import HullBias
from exactinj.layer import ReLULayer

__all__ = ["BITS", "Bias", "Comparison", "biases_of"]

BITS = 40  # biases that are irrational are rounded down by at most 2**-BITS of their size before they are decided


@dataclass(frozen=True)
class Bias:
    """One bias alpha of ``ReLU(Wx - alpha)``: `values` exact, `decided` the rational one whose layer is decided.

    A row with the value infinity is left out of consideration by its method: it is decided with a bias that keeps
    the row inactive on the whole domain.
    """

    name: str
    values: tuple[Surd, ...]
    decided: tuple[Fraction, ...]


@dataclass(frozen=True)
class Comparison:
    """Biases of one layer on one domain, and what is proved about each.

    Attributes
    ----------
    biases : by name ``"exact"``, ``"hull"``, ``"layer"``; methods that do not apply are missing
    results : the exact decision for the layer with each bias; empty on spheres, which are not decided
    notes : why a method is missing, in words
    """

    layer: ReLULayer
    exact: AlphaStar
    hull: HullBias | None
    biases: dict[str, Bias]
    results: dict[str, Result]
    notes: tuple[str, ...]

    def largest(self, row: int) -> tuple[str, ...]:
        """The names of the biases with the largest value in a row, compared exactly."""
        best = max(bias.values[row] for bias in self.biases.values())
        return tuple(name for name, bias in self.biases.items() if bias.values[row] == best)

    def is_below(self, smaller: str, larger: str) -> bool:
        """Whether one bias is at most another in every row, compared exactly."""
        pairs = zip(self.biases[smaller].values, self.biases[larger].values, strict=True)
        return all(a <= c for a, c in pairs)


def biases_of(layer: ReLULayer, exact: AlphaStar, hull: HullBias | None, radius: Fraction) -> dict[str, Bias]:
    """The biases that there are; the layer's own one if it is not zero."""
    found = {}
    if exact.complete:
        values = tuple(value for value in exact.alpha if value is not None)
        found["exact"] = Bias("exact", values, _rational(layer, values, radius))
    if hull is not None:
        found["hull"] = Bias("hull", hull.alpha, _rational(layer, hull.alpha, radius))
    if not layer.b.is_zero():
        own = tuple(-value for (value,) in layer.b.fractions())
        found["layer"] = Bias("layer", tuple(map(Surd.of_rational, own)), own)
    return found


def _rational(layer: ReLULayer, values: Sequence[Surd], radius: Fraction) -> tuple[Fraction, ...]:
    """Biases rounded down; above everything that the row reaches for infinity."""
    rows = layer.W.fractions()
    return tuple(
        value.floor(BITS) if value.is_finite else 1 + radius * sum(map(abs, row), Fraction(0))
        for value, row in zip(values, rows, strict=True)
    )
