"""The residual block ``x -> x + B ReLU(A x + b)``, held exactly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq_mat
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.arrays import plain_vector
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from, nearest_float
from exactinj.layers.dense_network import DenseNetwork, Leaky
from exactinj.layers.writing import write_matrices
from exactinj.work.card import Card, ShownAsCard

__all__ = ["ResidualBlock"]


class ResidualBlock(ShownAsCard):
    """The map ``f(x) = x + B ReLU(A x + b)`` from R^n to R^n with exact rational weights.

    Parameters
    ----------
    A : (k, n) array, tensor, sparse or sympy matrix, or nested sequence of ints, floats, Fractions or strings
        Floats are taken as the dyadic rationals that they are, strings as what they spell.
    B : (n, k) likewise
    b : (k,) likewise, optional
        The bias, added as in ``torch.nn.Linear``; zero if left out. A bias of the second map would shift all outputs
        alike; it plays no part and has no place here.

    Raises
    ------
    InputError
        For empty or ragged input, shapes that do not fit, and entries that are not finite rationals.

    Examples
    --------
    >>> block = ResidualBlock([[1, 1]], [["1/2"], [0]])
    >>> block.evaluate([3, 1])
    [Fraction(5, 1), Fraction(1, 1)]
    """

    def __init__(self, A: Any, B: Any, b: Any = None) -> None:
        self.A = RationalMatrix(A, name="A")
        self.B = RationalMatrix(B, name="B")
        k, n = self.A.shape
        if self.B.shape != (n, k):
            found = "x".join(map(str, self.B.shape))
            raise InputError(
                f"found A of shape {k}x{n} and B of shape {found}, expected B of shape {n}x{k}: "
                "x + B ReLU(Ax + b) needs A (k, n) and B (n, k); transpose or exchange them"
            )
        self.b = RationalMatrix.column(np.zeros(k) if b is None else b, name="b")
        if self.b.shape != (k, 1):
            raise InputError(f"b has {self.b.shape[0]} entries and A has {k} rows; give one entry per row of A")

    @property
    def k(self) -> int:
        """The number of hidden units (rows of A)."""
        return self.A.shape[0]

    @property
    def n(self) -> int:
        """The dimension of the input, and of the output."""
        return self.A.shape[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResidualBlock) and (self.A, self.B, self.b) == (other.A, other.B, other.b)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __getstate__(self) -> dict[str, RationalMatrix]:
        return {"A": self.A, "B": self.B, "b": self.b}  # what is cached is made again where it is needed

    def __repr__(self) -> str:
        bias = "" if self.b.is_zero() else ", with bias"
        return f"ResidualBlock(k={self.k}, n={self.n}{bias}, sha256={self.digest[:12]})"

    def _card(self) -> Card:
        facts = (("hidden units k", self.k), ("inputs n", self.n), ("bias", "zero" if self.b.is_zero() else "yes"))
        return Card("ResidualBlock: x -> x + B ReLU(Ax + b), exact", (*facts, ("sha256", self.digest)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical text of A, B and b, as defined in ``docs/certificates-network.md``."""
        digest = hashlib.sha256()
        for name, matrix in (("A", self.A), ("B", self.B)):
            comma = "{" if name == "A" else "],"
            digest.update(f'{comma}"{name}":['.encode("ascii"))
            for number, row in enumerate(matrix.texts()):
                digest.update((("," if number else "") + '["' + '","'.join(row) + '"]').encode("ascii"))
        bias = '","'.join(text for (text,) in self.b.texts())
        digest.update(f'],"b":["{bias}"]}}'.encode("ascii"))
        return digest.hexdigest()

    @property
    def summary(self) -> dict[str, object]:
        """What results say about it: shape and digest."""
        return {"kind": "residual", "m": self.n, "n": self.n, "k": self.k, "sha256": self.digest}

    @cached_property
    def interaction(self) -> RationalMatrix:
        """The matrix ``I + A B`` (k, k), on whose principal minors injectivity rests."""
        product = fmpq_mat(self.A.raw_rows()) * fmpq_mat(self.B.raw_rows())
        for i in range(self.k):
            product[i, i] = product[i, i] + 1
        entries = product.entries()
        return RationalMatrix([entries[i * self.k : (i + 1) * self.k] for i in range(self.k)])

    def preactivation(self, x: Sequence[Any]) -> list[Fraction]:
        """``A x + b`` in exact rationals for x of length n: rationals, an array or a tensor."""
        point = [fraction_from(value) for value in plain_vector(x, "x")]
        if len(point) != self.n:
            raise InputError(f"x has {len(point)} entries, expected n = {self.n}")
        products = self.A.times(point)
        return [product + offset for product, (offset,) in zip(products, self.b.fractions(), strict=True)]

    def evaluate(self, x: Sequence[Any]) -> list[Fraction]:
        """``x + B ReLU(A x + b)`` in exact rationals for x of length n: rationals, an array or a tensor."""
        point = [fraction_from(value) for value in plain_vector(x, "x")]
        hidden = [max(value, Fraction(0)) for value in self.preactivation(point)]
        return [start + step for start, step in zip(point, self.B.times(hidden), strict=True)]

    def evaluate_float(self, x: Sequence[Fraction], size: Sequence[int] = (), dtype: Any = np.float64) -> NDArray[Any]:
        """The same in floats of one type, every number rounded first; the size is a convolution's and left out."""
        point = np.array([nearest_float(value) for value in x]).astype(dtype)
        hidden = np.maximum(self.A.to_float(dtype) @ point + self.b.to_float(dtype)[:, 0], 0)
        out: NDArray[Any] = point + self.B.to_float(dtype) @ hidden
        return out

    def network(self) -> DenseNetwork:
        """The same map as a chain of two dense layers, for what takes networks: ``[A; I]`` with ReLU above, ``[B, I]``.

        >>> ResidualBlock([[1, 1]], [["1/2"], [0]]).network().evaluate([3, 1])
        [Fraction(5, 1), Fraction(1, 1)]
        """
        identity = [[int(i == j) for j in range(self.n)] for i in range(self.n)]
        first = [*self.A.raw_rows(), *identity], [*(value for (value,) in self.b.fractions()), *[0] * self.n]
        second = [[*row, *unit] for row, unit in zip(self.B.raw_rows(), identity, strict=True)]
        return DenseNetwork([(*first, Leaky([0] * self.k + [1] * self.n)), (second, None, "none")])

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a block file that `certify` reads back: ``.json`` holds any rationals, ``.npz`` float64.

        Raises
        ------
        InputError
            For other endings, a place that cannot be written, and for ``.npz`` if a number is no float64.
        """
        write_matrices({"A": self.A, "B": self.B}, self.b, path)
