"""Chains of dense layers ``x -> phi(W x + b)``, held exactly: small networks as one map."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.arrays import plain_vector
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from, nearest_float, rational_text
from exactinj.layers.dense import ReLULayer
from exactinj.work.card import Card, ShownAsCard

__all__ = ["AffineLayer", "DenseNetwork", "Leaky"]

RELU, NONE, LEAKY = "relu", "none", "leaky"


@dataclass(frozen=True)
class Leaky:
    """The activation ``z if z >= 0 else slope z``; one slope for all rows of a layer, or one for each.

    A slope may be any rational. 0 is ReLU, 1 changes nothing: with slopes 0 and 1 side by side a layer carries some
    of its inputs past the others (a skip).

    >>> Leaky("0.1").slopes
    Fraction(1, 10)
    """

    slopes: Fraction | tuple[Fraction, ...]

    def __init__(self, slopes: Any) -> None:
        is_list = hasattr(slopes, "__len__") and not isinstance(slopes, str)
        value = tuple(map(fraction_from, plain_vector(slopes, "slopes"))) if is_list else fraction_from(slopes)
        object.__setattr__(self, "slopes", value)


@dataclass(frozen=True, eq=False)
class AffineLayer:
    """One map ``x -> phi(W x + b)`` of a chain: W (m, n), b (m, 1), and the slope of phi below 0 for each row."""

    W: RationalMatrix
    b: RationalMatrix
    slopes: tuple[Fraction, ...]

    @property
    def m(self) -> int:
        """The number of rows."""
        return self.W.shape[0]

    @property
    def n(self) -> int:
        """The dimension of its input."""
        return self.W.shape[1]

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, AffineLayer) and self.slopes == other.slopes
        return same and isinstance(other, AffineLayer) and self.W == other.W and self.b == other.b

    def __hash__(self) -> int:
        return hash((self.W, self.b, self.slopes))

    @property
    def neurons(self) -> tuple[int, ...]:
        """The rows whose activation has a kink."""
        return tuple(i for i, slope in enumerate(self.slopes) if slope != 1)

    @property
    def canonical_text(self) -> str:
        """What enters the digest of a network, as defined in ``docs/certificates-network.md``."""
        rows = ",".join('["' + '","'.join(row) + '"]' for row in self.W.texts())
        bias = '","'.join(text for (text,) in self.b.texts())
        slopes = '","'.join(map(rational_text, self.slopes))
        return f'{{"W":[{rows}],"b":["{bias}"],"slopes":["{slopes}"]}}'

    def evaluate(self, x: Sequence[Fraction]) -> list[Fraction]:
        """``phi(W x + b)`` in exact rationals."""
        offsets = (value for (value,) in self.b.fractions())
        sums = (product + offset for product, offset in zip(self.W.times(x), offsets, strict=True))
        return [value if value >= 0 else slope * value for value, slope in zip(sums, self.slopes, strict=True)]

    def evaluate_float(self, x: NDArray[Any], dtype: Any) -> NDArray[Any]:
        """The same in floats of one type."""
        sums = self.W.to_float(dtype) @ x + self.b.to_float(dtype)[:, 0]
        slopes = np.array([nearest_float(slope) for slope in self.slopes]).astype(dtype)
        out: NDArray[Any] = np.where(sums >= 0, sums, slopes * sums)
        return out


class DenseNetwork(ShownAsCard):
    """The map ``f = f_L o ... o f_1`` from R^n to R^m of dense layers with exact rational weights.

    Parameters
    ----------
    layers : sequence of ReLULayer, or of triples (W, b, activation) or mappings with these keys
        W and b as in `ReLULayer`, b may be None. The activation is ``"relu"``, ``"none"`` or `Leaky` (in mappings, as
        in files, also ``{"leaky": slope}``); where it is left out, ``"relu"``.

    Raises
    ------
    InputError
        For no layers, layers that do not fit together, unknown activations, and whatever `ReLULayer` refuses.

    Examples
    --------
    >>> network = DenseNetwork([([[1], [-1]], None, "relu"), ([[1, -1]], [2], "none")])
    >>> network.evaluate([5]), network.evaluate([-5])
    ([Fraction(7, 1)], [Fraction(-3, 1)])
    """

    def __init__(self, layers: Iterable[Any]) -> None:
        self.layers = tuple(_layer_of(value, k) for k, value in enumerate(layers))
        if not self.layers:
            raise InputError("found a network without layers, expected at least one")
        for k in range(1, len(self.layers)):
            before, after = self.layers[k - 1], self.layers[k]
            if before.m != after.n:
                raise InputError(
                    f"layer {k} has {after.n} columns and layer {k - 1} has {before.m} rows; "
                    "give a layer as many columns as the one before it has rows"
                )

    @property
    def n(self) -> int:
        """The dimension of the input."""
        return self.layers[0].n

    @property
    def m(self) -> int:
        """The dimension of the output."""
        return self.layers[-1].m

    @property
    def widths(self) -> tuple[int, ...]:
        """The dimensions of the input and of every layer's output."""
        return (self.n, *(layer.m for layer in self.layers))

    @property
    def neurons(self) -> int:
        """The number of rows with a kink, in all layers."""
        return sum(len(layer.neurons) for layer in self.layers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DenseNetwork) and self.layers == other.layers

    def __hash__(self) -> int:
        return hash(self.digest)

    def __getstate__(self) -> dict[str, tuple[AffineLayer, ...]]:
        return {"layers": self.layers}  # what is cached is made again where it is needed

    def __repr__(self) -> str:
        widths = " -> ".join(str(width) for width in self.widths)
        return f"DenseNetwork({widths}, neurons={self.neurons}, sha256={self.digest[:12]})"

    def _card(self) -> Card:
        widths = " -> ".join(str(width) for width in self.widths)
        return Card("DenseNetwork, exact", (("widths", widths), ("neurons", self.neurons), ("sha256", self.digest)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical text of all layers, as defined in ``docs/certificates-network.md``."""
        text = ",".join(layer.canonical_text for layer in self.layers)
        return hashlib.sha256(f'{{"layers":[{text}]}}'.encode("ascii")).hexdigest()

    @property
    def summary(self) -> dict[str, object]:
        """What results say about it: shape and digest."""
        return {
            "m": self.m,
            "n": self.n,
            "layers": len(self.layers),
            "neurons": self.neurons,
            "sha256": self.digest,
        }

    def evaluate(self, x: Sequence[Any]) -> list[Fraction]:
        """The output in exact rationals for x of length n: rationals, an array or a tensor."""
        point = [fraction_from(value) for value in plain_vector(x, "x")]
        if len(point) != self.n:
            raise InputError(f"x has {len(point)} entries, expected n = {self.n}")
        for layer in self.layers:
            point = layer.evaluate(point)
        return point

    def evaluate_float(self, x: Sequence[Fraction], size: Sequence[int] = (), dtype: Any = np.float64) -> NDArray[Any]:
        """The same in floats of one type, every number rounded first; the size is a convolution's and left out."""
        point = np.array([nearest_float(value) for value in x]).astype(dtype)
        for layer in self.layers:
            point = layer.evaluate_float(point, dtype)
        return point


def _layer_of(value: Any, k: int) -> AffineLayer:
    """One layer of the chain from whatever stands for it; errors say which one it is."""
    try:
        if isinstance(value, AffineLayer):
            return value
        if isinstance(value, ReLULayer):
            return _affine(value.W, value.b, RELU)
        return _from_parts(*_parts_of(value))
    except InputError as error:
        raise InputError(f"layer {k}: {error}") from None


def _parts_of(value: Any) -> tuple[Any, Any, Any]:
    """W, b and the activation."""
    if isinstance(value, Mapping):
        unknown = [name for name in value if name not in ("W", "b", "activation")]
        if unknown or "W" not in value:
            raise InputError(
                f"found the keys {', '.join(map(repr, list(value)[:4])) or 'of nothing'}, expected W and optionally b "
                "and activation"
            )
        return value["W"], value.get("b"), value.get("activation", RELU)
    if isinstance(value, tuple | list) and len(value) in (2, 3):
        return value[0], value[1], value[2] if len(value) > 2 else RELU  # noqa: PLR2004
    raise InputError(
        f"found an object of type {type(value).__name__}, expected a ReLULayer or a triple (W, b, activation)"
    )


def _from_parts(W: Any, b: Any, activation: Any) -> AffineLayer:
    layer = ReLULayer(W, b)
    return _affine(layer.W, layer.b, activation)


def _affine(W: RationalMatrix, b: RationalMatrix, activation: Any) -> AffineLayer:
    rows = W.shape[0]
    slopes = _leaky_of(activation).slopes
    if not isinstance(slopes, tuple):
        slopes = (slopes,) * rows
    if len(slopes) != rows:
        raise InputError(f"found {len(slopes)} slopes and {rows} rows of W; give one slope per row, or one for all")
    return AffineLayer(W, b, slopes)


def _leaky_of(activation: Any) -> Leaky:
    """Every activation as slopes."""
    if isinstance(activation, Leaky):
        return activation
    if isinstance(activation, Mapping) and list(activation) == [LEAKY]:
        return Leaky(activation[LEAKY])
    if activation == RELU:
        return Leaky(0)
    if activation is None or activation == NONE:
        return Leaky(1)
    raise InputError(
        f'found the activation {str(activation)[:40]!r}, expected "relu", "none" or a leaky ReLU: Leaky(slope), '
        'in files {"leaky": slope}'
    )
