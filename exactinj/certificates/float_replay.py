"""What a colliding pair does in floating point: a remark beside the proof, never part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.collision import Collision

__all__ = ["FloatReplay", "replay"]


class EvaluatesFloats(Protocol):
    """A layer, dense or convolution; the size is that of a convolution's grid."""

    def evaluate_float(self, x: Sequence[Fraction], size: Sequence[int], dtype: Any) -> NDArray[Any]:
        """The output in floats of one type, flat."""


@dataclass(frozen=True)
class FloatReplay:
    """What the pair does in floating point, for one precision.

    The claim is about real arithmetic on the stored weights; floats may or may not show it.
    `largest_ulp` is the largest difference of the two outputs in units in the last place, or None
    where the weights or inputs overflow the format.
    """

    inputs_differ: bool
    outputs_equal: bool
    largest_ulp: int | None

    def to_json(self) -> dict[str, object]:
        return {
            "inputs_differ": self.inputs_differ,
            "outputs_equal": self.outputs_equal,
            "largest_ulp": self.largest_ulp,
        }


def replay(layer: EvaluatesFloats, pair: Collision) -> dict[str, FloatReplay]:
    """Evaluate the layer at both points in float64 and float32."""
    return {np.dtype(dtype).name: _replay(layer, pair, dtype) for dtype in (np.float64, np.float32)}


def _replay(layer: EvaluatesFloats, pair: Collision, dtype: Any) -> FloatReplay:
    size = (pair.shape or ())[1:]
    with np.errstate(all="ignore"):
        differ = not np.array_equal(pair.x_array(dtype), pair.y_array(dtype))
        out_x, out_y = (layer.evaluate_float(point, size, dtype) for point in (pair.x, pair.y))
    if not (np.isfinite(out_x).all() and np.isfinite(out_y).all()):
        return FloatReplay(differ, outputs_equal=False, largest_ulp=None)
    integer = np.int64 if dtype is np.float64 else np.int32
    steps = [abs(int(a) - int(c)) for a, c in zip(out_x.view(integer), out_y.view(integer), strict=True)]
    return FloatReplay(differ, outputs_equal=max(steps) == 0, largest_ulp=max(steps))
