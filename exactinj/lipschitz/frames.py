"""Frame bounds of the rows, enclosed with proofs: the extreme eigenvalues of ``W^T W`` [Eck24, definition 3.1.1]."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb

from flint import fmpq_mat

from exactinj.exact.matrix import dependency_modulo_prime, integer_rank
from exactinj.exact.numbers import rational_text
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.gram import enclosed_least, gram_of

__all__ = ["FrameBounds", "bounds_of_rows"]

LARGEST = 14  # n up to which all sets of n rows are looked at
MOST_SETS = 200_000


@dataclass(frozen=True)
class FrameBounds:
    """Enclosures of the frame bounds, and what is known of tightness and of the spark.

    lower, upper : ``(at_least, at_most)`` of ``A = lambda_min(W^T W)`` and ``B = lambda_max(W^T W)``, rational, proved
    is_frame : whether the rows span R^n, that is, A is positive, exactly
    is_tight : whether ``W^T W`` is a multiple of the identity, exactly
    is_full_spark : True if every n rows were seen to be independent; False with a dependency; None where there are too
        many sets of rows to look at and no dependency was found
    dependency : n rows or fewer that are dependent
    """

    lower: tuple[Fraction, Fraction]
    upper: tuple[Fraction, Fraction]
    is_frame: bool
    is_tight: bool
    is_full_spark: bool | None
    dependency: tuple[int, ...] | None

    def to_json(self) -> dict[str, object]:
        """Rationals as strings."""
        return {
            "lower": {"at_least": rational_text(self.lower[0]), "at_most": rational_text(self.lower[1])},
            "upper": {"at_least": rational_text(self.upper[0]), "at_most": rational_text(self.upper[1])},
            "tight": self.is_tight,
            "full_spark": self.is_full_spark,
            "dependency": None if self.dependency is None else list(self.dependency),
        }


def bounds_of_rows(layer: ReLULayer) -> FrameBounds:
    """The frame bounds of the rows of W; the bias plays no part."""
    gram = gram_of(layer.W.raw_rows(), layer.n)
    lower = enclosed_least(gram)
    above, below = enclosed_least(-gram)
    is_tight = gram == _multiple_of_identity(gram)
    spark, dependency = _spark(layer)
    is_frame = integer_rank(layer.W.integer_rows()) == layer.n
    return FrameBounds((max(lower[0], Fraction(0)), lower[1]), (-below, -above), is_frame, is_tight, spark, dependency)


def _multiple_of_identity(matrix: fmpq_mat) -> fmpq_mat:
    multiple = fmpq_mat(matrix.nrows(), matrix.ncols())
    for k in range(matrix.nrows()):
        multiple[k, k] = matrix[0, 0]
    return multiple


def _spark(layer: ReLULayer) -> tuple[bool | None, tuple[int, ...] | None]:
    """Whether every n rows are independent, exactly, as far as their sets can all be looked at."""
    n, rows = layer.n, layer.W.integer_rows()
    if layer.m < n:
        return (True, None) if integer_rank(rows) == layer.m else (False, tuple(range(layer.m)))
    if n > LARGEST or comb(layer.m, n) > MOST_SETS:
        return None, None
    for chosen in combinations(range(layer.m), n):
        some = [rows[i] for i in chosen]
        if dependency_modulo_prime(some) and integer_rank(some) < n:
            return False, chosen
    return True, None
