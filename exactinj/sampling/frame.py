"""The rows of a layer in floats, with the exact layer behind them where it is asked for.

Layers of real size have tens of millions of weights; sampling needs them as floats only. A float array is taken as it
is, and becomes exact rationals when an exact value is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import exact_vector
from exactinj.layers.dense import ReLULayer

__all__ = ["Frame"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows (m, n) in float64, and the layer that they were read from, None if they came as floats."""

    rows: Floats
    layer: ReLULayer | None

    @classmethod
    def of(cls, layer: Any) -> Frame:
        """From a `ReLULayer`, or from an array or tensor of floats (m, n); `InputError` for what is neither."""
        if isinstance(layer, ReLULayer):
            rows, exact = layer.W.to_float(), layer
        else:
            values = layer.detach().cpu().double().numpy() if hasattr(layer, "detach") else layer
            rows, exact = np.array(values, dtype=np.float64, order="C"), None
        if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():  # noqa: PLR2004
            raise InputError(f"found weights of shape {rows.shape}, expected finite floats (m, n); scale or reshape")
        return cls(rows, exact)

    @property
    def m(self) -> int:
        return int(self.rows.shape[0])

    @property
    def n(self) -> int:
        return int(self.rows.shape[1])

    def matches(self, other: Frame) -> bool:
        """Whether both are rows of the same layer."""
        if self.layer is not None and other.layer is not None:
            return self.layer == other.layer
        return self.layer is other.layer and np.array_equal(self.rows, other.rows)

    def has_equal_rows(self, i: int, j: int) -> bool:
        """Whether rows i and j are the same, exactly."""
        if not np.array_equal(self.rows[i], self.rows[j]):
            return False
        return self.layer is None or self.exact_row(i) == self.exact_row(j)

    def exact_row(self, i: int) -> list[Fraction]:
        """Row i, exactly."""
        if self.layer is None:
            return exact_vector(self.rows[i])
        return [self.layer.W[i, j] for j in range(self.n)]

    def exact_products(self, point: Floats) -> list[Fraction]:
        """``<w_i, x>`` for every row, exactly, at a float point."""
        x = exact_vector(point)
        rows = (self.exact_row(i) for i in range(self.m))
        return [sum((a * c for a, c in zip(row, x, strict=True)), Fraction(0)) for row in rows]
