"""Colliding pairs: two different inputs with exactly the same output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Domain
from exactinj.errors import InternalError
from exactinj.exact.latex import vector_latex
from exactinj.exact.numbers import nearest_float, rational_text
from exactinj.exact.short import few, short_repr
from exactinj.work.card import Card, ShownAsCard

__all__ = ["Collision", "verified_collision"]


@dataclass(frozen=True)
class Collision(ShownAsCard):
    """Two inputs ``x != y`` of the domain with ``ReLU(W x + b) = ReLU(W y + b)``, exactly.

    Inputs of a convolution are flat; `shape` is then (channels, *size), and None for a dense layer.
    """

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    shape: tuple[int, ...] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return short_repr(self, f"n = {len(self.x)}, x = {few(self.x)}, y = {few(self.y)}")

    def _card(self) -> Card:
        facts = (("n", len(self.x)), ("x", few(self.x, 12)), ("y", few(self.y, 12)))
        return Card("Collision: two inputs with the same output, exact", facts)

    def x_array(self, dtype: Any = np.float64) -> NDArray[Any]:
        """The first input in floats, rounded; shape (n,), or (channels, *size) for a convolution."""
        return self._array(self.x, dtype)

    def y_array(self, dtype: Any = np.float64) -> NDArray[Any]:
        """The second input likewise. In narrow floats the two may round to the same point."""
        return self._array(self.y, dtype)

    def _array(self, point: tuple[Fraction, ...], dtype: Any) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            values = np.array([nearest_float(value) for value in point]).astype(dtype)
        return values if self.shape is None else values.reshape(self.shape)

    def to_json(self) -> dict[str, object]:
        """Both inputs as strings of exact rationals, and the shape where there is one."""
        shape = {} if self.shape is None else {"shape": list(self.shape)}
        x, y = ([rational_text(value) for value in point] for point in (self.x, self.y))
        return {**shape, "x": x, "y": y}

    def to_latex(self) -> str:
        r"""LaTeX for a formula: ``x = \left(1, \frac{1}{2}\right), \quad y = ...``."""
        return rf"x = {vector_latex(self.x)}, \quad y = {vector_latex(self.y)}"


class Evaluates(Protocol):
    """A map with exact values: a dense layer, a residual block."""

    def evaluate(self, x: Sequence[Any]) -> list[Fraction]:
        """f(x)."""


def verified_collision(layer: Evaluates, domain: Domain, x: Sequence[Fraction], y: Sequence[Fraction]) -> Collision:
    """The pair, after evaluating the layer at both points in rationals."""
    if tuple(x) == tuple(y) or not (domain.contains(x) and domain.contains(y)):
        raise InternalError("a proposed pair is not two different points of the domain; please report this")
    if layer.evaluate(x) != layer.evaluate(y):
        raise InternalError("a proposed pair does not collide in exact arithmetic; please report this")
    return Collision(tuple(x), tuple(y))
