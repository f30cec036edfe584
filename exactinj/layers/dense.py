"""The layer ``x -> ReLU(W x + b)``, held exactly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpz_mat
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.arrays import plain_vector
from exactinj.exact.matrix import IntegerRow, RationalMatrix, primitive_row, primitive_rows
from exactinj.exact.numbers import nearest_float, rational_from
from exactinj.layers.torch_modules import LINEAR, linear_part
from exactinj.layers.writing import write_layer
from exactinj.work.card import Card, ShownAsCard

__all__ = ["ReLULayer"]


class ReLULayer(ShownAsCard):
    """The map ``f(x) = ReLU(W x + b)`` from R^n to R^m with exact rational weights.

    Parameters
    ----------
    W : (m, n) array, tensor, sparse or sympy matrix, or nested sequence of ints, floats, Fractions or strings
        Floats are taken as the dyadic rationals that they are, strings as what they spell.
    b : (m,) likewise, optional
        The bias, added as in ``torch.nn.Linear``; zero if left out.
    alpha : (m,) likewise, optional
        The bias with the sign of the frame literature, ``ReLU(W x - alpha)``: ``b = -alpha``.
        Give `b` or `alpha`, not both.

    Raises
    ------
    InputError
        For empty or ragged input, wrong shapes, and entries that are not finite rationals.

    Examples
    --------
    >>> layer = ReLULayer([[1, 0], [0, "1/2"]], b=[0, -1])
    >>> layer.evaluate([3, 4])
    [Fraction(3, 1), Fraction(1, 1)]
    """

    def __init__(self, W: Any, b: Any = None, *, alpha: Any = None) -> None:
        if b is not None and alpha is not None:
            raise InputError("found both b and alpha, expected at most one of them (b = -alpha); remove one")
        self.W = RationalMatrix(W, name="W")
        rows = self.W.shape[0]
        if b is not None:
            self.b = RationalMatrix.column(b, name="b")
        elif alpha is not None:
            self.b = RationalMatrix.column(alpha, name="alpha").negated()
        else:
            self.b = RationalMatrix.column(np.zeros(rows), name="b")
        if self.b.shape[0] != rows:
            name = "b" if b is not None else "alpha"
            raise InputError(f"{name} has {self.b.shape[0]} entries and W has {rows} rows; give one entry per row")

    @classmethod
    def from_torch(cls, module: Any) -> ReLULayer:
        """The layer ``ReLU(module(x))`` of a ``torch.nn.Linear``, alone or in a Sequential with its ReLU."""
        _, linear = linear_part(module, LINEAR)
        return cls(linear.weight, linear.bias)

    def with_alpha(self, alpha: Any) -> ReLULayer:
        """The layer ``ReLU(W x - alpha)`` with the same W: (m,) numbers of any kind that the constructor takes.

        >>> ReLULayer([[1], [-1]]).with_alpha(["1/2", 0]).evaluate([1])
        [Fraction(1, 2), Fraction(0, 1)]
        """
        other = ReLULayer.__new__(ReLULayer)
        other.W, other.b = self.W, RationalMatrix.column(alpha, name="alpha").negated()
        if other.b.shape[0] != self.m:
            raise InputError(f"alpha has {other.b.shape[0]} entries and W has {self.m} rows; give one entry per row")
        return other

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a layer file that `read_layer` reads back: ``.json`` holds any rationals, ``.npz`` float64.

        Raises
        ------
        InputError
            For other endings, a place that cannot be written, and for ``.npz`` if a number is no float64.
        """
        write_layer(self.W, self.b, path)

    @property
    def m(self) -> int:
        """The number of rows (output units)."""
        return self.W.shape[0]

    @property
    def n(self) -> int:
        """The dimension of the input."""
        return self.W.shape[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReLULayer) and self.W == other.W and self.b == other.b

    def __hash__(self) -> int:
        return hash(self.digest)

    def __getstate__(self) -> dict[str, RationalMatrix]:
        return {"W": self.W, "b": self.b}  # what is cached is made again where it is needed

    def __repr__(self) -> str:
        bias = "" if self.b.is_zero() else ", with bias"
        return f"ReLULayer(m={self.m}, n={self.n}{bias}, sha256={self.digest[:12]})"

    def _card(self) -> Card:
        bias = "zero" if self.b.is_zero() else "yes"
        facts = (("rows m", self.m), ("inputs n", self.n), ("m / n", f"{self.m / self.n:.4g}"), ("bias", bias))
        return Card("ReLULayer: x -> ReLU(Wx + b), exact", (*facts, ("sha256", self.digest)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical text of W and b, as defined in ``docs/certificates.md``."""
        digest, comma = hashlib.sha256(b'{"W":['), ""
        for row in self.W.texts():
            digest.update((comma + '["' + '","'.join(row) + '"]').encode("ascii"))
            comma = ","
        bias = '","'.join(text for (text,) in self.b.texts())
        digest.update(f'],"b":["{bias}"]}}'.encode("ascii"))
        return digest.hexdigest()

    @cached_property
    def integer_rows(self) -> list[tuple[IntegerRow, Fraction]]:
        """Per row ``(z, s)``: z = s (w_i, b_i) primitive integer of length n + 1, s > 0."""
        return primitive_rows(self.W, self.b)

    @cached_property
    def _integer_matrix(self) -> fmpz_mat:
        return fmpz_mat([list(row) for row, _ in self.integer_rows])

    @property
    def summary(self) -> dict[str, object]:
        """What results say about it: shape and digest."""
        return {"m": self.m, "n": self.n, "sha256": self.digest}

    def preactivation(self, x: Sequence[Any]) -> list[Fraction]:
        """``W x + b`` in exact rationals for x of length n: rationals, an array or a tensor."""
        x = plain_vector(x, "x")
        if len(x) != self.n:
            raise InputError(f"x has {len(x)} entries, expected n = {self.n}")
        point, scale = primitive_row([*(rational_from(value) for value in x), fmpq(1)])
        products = (self._integer_matrix * fmpz_mat([[value] for value in point])).entries()
        scales = (row_scale for _, row_scale in self.integer_rows)
        return [Fraction(int(product)) / (row * scale) for product, row in zip(products, scales, strict=True)]

    def evaluate(self, x: Sequence[Any]) -> list[Fraction]:
        """``ReLU(W x + b)`` in exact rationals for x of length n: rationals, an array or a tensor."""
        return [max(value, Fraction(0)) for value in self.preactivation(x)]

    def evaluate_float(self, x: Sequence[Fraction], size: Sequence[int] = (), dtype: Any = np.float64) -> NDArray[Any]:
        """The same in floats of one type, every number rounded first; the size is a convolution's and left out."""
        point = np.array([nearest_float(value) for value in x]).astype(dtype)
        out: NDArray[Any] = np.maximum(self.W.to_float(dtype) @ point + self.b.to_float(dtype)[:, 0], 0)
        return out
