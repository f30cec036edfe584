"""Matrices of exact rationals, on python-flint.

Rank, nullspace and linear systems over Q are FLINT's (fraction-free and modular algorithms in C);
`rank_modulo_prime` is the fast path: rank modulo a prime never exceeds the rational rank, so
reaching n modulo a prime *proves* full rank, while falling short proves nothing.

Floats and integers stay words of 64 bits (`Dyadic`) until something needs FLINT's rationals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat, nmod_mat

from exactinj.errors import InputError
from exactinj.exact.arrays import nested, plain_array
from exactinj.exact.dyadic import Dyadic, dyadic_of, primitive_dyadic_rows
from exactinj.exact.numbers import fraction_of, nearest_ratio, rational_from, rationals_from_texts

__all__ = [
    "RANK_PRIME",
    "IntegerRow",
    "RationalMatrix",
    "dependency_modulo_prime",
    "independent_rows",
    "integer_nullspace",
    "integer_rank",
    "orthogonal_vector",
    "primitive_row",
    "primitive_rows",
    "primitive_vector",
]

RANK_PRIME = (1 << 61) - 1
FEW = 64  # entries, below which arrays do not pay

IntegerRow = tuple[int, ...]


class RationalMatrix:
    """An immutable matrix of rationals, shape ``(rows, columns)``, exact.

    >>> M = RationalMatrix([["1/2", 3], [0, 0.1]])
    >>> M.shape, M[0, 0], M.rank()
    ((2, 2), Fraction(1, 2), 2)
    >>> M[1, 1]                       # the float 0.1 is not one tenth
    Fraction(3602879701896397, 36028797018963968)
    """

    __slots__ = ("_dyadic", "_made")

    _dyadic: Dyadic | None
    _made: fmpq_mat | None

    def __init__(self, values: Any, *, name: str = "the matrix") -> None:
        """Read a two-dimensional array, tensor or nested sequence; `InputError` says where it fails."""
        self._dyadic, self._made = _read_matrix(values, name)

    @classmethod
    def column(cls, values: Any, *, name: str = "the vector") -> RationalMatrix:
        """Read a one-dimensional array or sequence as a matrix of one column."""
        array = plain_array(values, name)
        if isinstance(array, np.ndarray) and array.ndim == 1 and array.size and array.dtype.kind in "fiu":
            return cls(array[:, None], name=name)
        flat = nested(values, name, dimensions=1)
        return cls([[value] for value in flat] or [[]], name=name)

    @classmethod
    def _of(cls, dyadic: Dyadic | None, entries: fmpq_mat | None) -> RationalMatrix:
        result = cls.__new__(cls)
        result._dyadic, result._made = dyadic, entries
        return result

    @property
    def _entries(self) -> fmpq_mat:
        """FLINT's matrix, made when it is first needed."""
        made = self._made
        if made is None:
            made = fmpq_mat(*self.shape, [value for row in self.raw_rows() for value in row])
            self._made = made
        return made

    @property
    def shape(self) -> tuple[int, int]:
        if self._dyadic is not None:
            return self._dyadic.shape
        return self._entries.nrows(), self._entries.ncols()

    def __getitem__(self, place: tuple[int, int]) -> Fraction:
        if self._dyadic is not None:
            return self._dyadic.fraction(*place)
        return fraction_of(self._entries[place])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RationalMatrix):
            return False
        if self._dyadic is not None and other._dyadic is not None:
            return self._dyadic == other._dyadic
        return bool(self.shape == other.shape and self._entries == other._entries)

    def __hash__(self) -> int:
        return hash((self.shape, tuple(text for row in self.texts() for text in row)))

    def __reduce__(self) -> tuple[Any, ...]:
        if self._dyadic is not None:
            return RationalMatrix._of, (self._dyadic, None)
        return RationalMatrix, (list(self.texts()),)  # python-flint's matrices do not pickle

    def __repr__(self) -> str:
        return f"RationalMatrix of shape {self.shape}"

    def texts(self) -> Iterator[list[str]]:
        """Rows as canonical strings: ``"-3"``, or ``"1/2"`` in lowest terms."""
        if self._dyadic is not None:
            yield from self._dyadic.texts()
            return
        for row in self.raw_rows():
            yield [str(value) for value in row]

    def fractions(self) -> list[list[Fraction]]:
        """Rows as lists of `Fraction`."""
        if self._dyadic is not None:
            return self._dyadic.fractions()
        return [[fraction_of(value) for value in row] for row in self.raw_rows()]

    def is_zero(self) -> bool:
        """Whether every entry is 0."""
        if self._dyadic is not None:
            return self._dyadic.is_zero()
        return not any(self._entries.entries())

    def negated(self) -> RationalMatrix:
        """The matrix times minus one."""
        if self._dyadic is not None:
            return RationalMatrix._of(self._dyadic.negated(), None)
        return RationalMatrix._of(None, -self._entries)

    def to_float(self, dtype: type = np.float64) -> np.ndarray:
        """The nearest floats, shape as here: exact for input that was float of that width."""
        if self._dyadic is not None:
            return self._dyadic.floats().astype(dtype)
        floats = [nearest_ratio(int(value.p), int(value.q)) for value in self._entries.entries()]
        return np.array(floats).reshape(self.shape).astype(dtype)

    def rank(self) -> int:
        """The rank over Q, exact."""
        return integer_rank(self.integer_rows())

    def nullspace(self) -> list[IntegerRow]:
        """A basis of ``{v : M v = 0}`` as integer vectors, short ones first (LLL-reduced)."""
        return integer_nullspace(self.integer_rows(), self.shape[1])

    def solve(self, right: RationalMatrix) -> RationalMatrix:
        """The exact solution of ``M X = right`` for a square nonsingular matrix."""
        try:
            return RationalMatrix._of(None, self._entries.solve(right._entries))
        except ZeroDivisionError:
            raise InputError("found a singular matrix, expected a nonsingular one") from None

    def times(self, vector: Sequence[Any]) -> list[Fraction]:
        """The exact product with a vector of rationals."""
        product = self._entries * fmpq_mat([[rational_from(value)] for value in vector])
        return [fraction_of(value) for value in product.entries()]

    def integer_rows(self) -> list[IntegerRow]:
        """Each row times a positive rational that makes it a primitive integer vector."""
        return [integers for integers, _ in primitive_rows(self, None)]

    def raw_rows(self) -> list[list[fmpq]]:
        """Rows as lists of python-flint's rationals."""
        if self._dyadic is not None:
            return self._dyadic.rationals()
        columns = self.shape[1]
        values = self._entries.entries()
        return [values[k : k + columns] for k in range(0, len(values), columns)]


def primitive_rows(left: RationalMatrix, right: RationalMatrix | None) -> list[tuple[IntegerRow, Fraction]]:
    """`primitive_row` of each row of two matrices side by side, or of one."""
    dyadic = [matrix._dyadic for matrix in (left, right) if matrix is not None]
    words = [part for part in dyadic if part is not None]
    if len(words) == len(dyadic):
        return primitive_dyadic_rows(words)
    if right is None:
        return [primitive_row(row) for row in left.raw_rows()]
    return [primitive_row([*w, *b]) for w, b in zip(left.raw_rows(), right.raw_rows(), strict=True)]


def primitive_row(row: Iterable[fmpq]) -> tuple[IntegerRow, Fraction]:
    """``(z, s)`` with z integer, entries coprime, and ``z = s * row``, ``s > 0`` (zero row: s = 1)."""
    values = list(row)
    denominator = math.lcm(*(int(value.q) for value in values))
    integers = [int(value.p) * (denominator // int(value.q)) for value in values]
    content = math.gcd(*integers)
    if content == 0:
        return tuple(integers), Fraction(1)
    return tuple(value // content for value in integers), Fraction(denominator, content)


def primitive_vector(values: Iterable[Any]) -> IntegerRow:
    """The coprime integers on the ray of some numbers, floats among them, all of them read exactly.

    >>> primitive_vector([0.5, Fraction(-3, 4), 0])
    (2, -3, 0)
    """
    return primitive_row(rational_from(value) for value in values)[0]


def integer_rank(rows: Sequence[Sequence[int]]) -> int:
    """The rank over Q of integer rows: proven by the prime if it is full, else by FLINT over Z."""
    if not rows or not rows[0]:
        return 0
    bound = rank_modulo_prime(rows)
    if bound == min(len(rows), len(rows[0])):
        return bound
    return int(fmpz_mat([list(row) for row in rows]).rank())


def rank_modulo_prime(rows: Sequence[Sequence[int]]) -> int:
    """The rank modulo `RANK_PRIME`: a lower bound of the rank over Q."""
    if not rows or not rows[0]:
        return 0
    residues = [value % RANK_PRIME for row in rows for value in row]
    return int(nmod_mat(len(rows), len(rows[0]), residues, RANK_PRIME).rank())


def dependency_modulo_prime(rows: Sequence[Sequence[int]]) -> list[int]:
    """The rows with nonzero coefficients in one linear dependency modulo `RANK_PRIME`; [] proves independence."""
    residues = [value % RANK_PRIME for row in rows for value in row]
    matrix, nullity = nmod_mat(len(rows), len(rows[0]), residues, RANK_PRIME).transpose().nullspace()
    return [i for i in range(len(rows)) if int(matrix[i, 0])] if nullity else []


def independent_rows(rows: Sequence[Sequence[int]]) -> list[int]:
    """The first rows, in order, that are independent: proved modulo `RANK_PRIME`.

    That they span the others as well is almost sure, and not proved.

    >>> independent_rows([[1, 2], [2, 4], [0, 0], [0, 1]])
    [0, 3]
    """
    if not rows or not rows[0]:
        return []
    residues = [value % RANK_PRIME for row in rows for value in row]
    return _pivots(nmod_mat(len(rows), len(rows[0]), residues, RANK_PRIME).transpose())


def integer_nullspace(rows: Sequence[Sequence[int]], columns: int) -> list[IntegerRow]:
    """A basis of the integer vectors orthogonal to all rows, primitive, LLL-reduced if of rank > 1."""
    if not rows:
        return [tuple(int(i == j) for j in range(columns)) for i in range(columns)]
    matrix, nullity = fmpz_mat([list(row) for row in rows]).nullspace()
    basis = [primitive_row(fmpq(matrix[i, k]) for i in range(columns))[0] for k in range(nullity)]
    if nullity > 1:
        reduced = fmpz_mat([list(vector) for vector in basis]).lll()
        basis = [primitive_row(fmpq(reduced[k, j]) for j in range(columns))[0] for k in range(nullity)]
    return sorted(basis, key=lambda vector: (sum(abs(value) for value in vector), vector))


def orthogonal_vector(rows: Sequence[Sequence[int]], columns: int) -> IntegerRow | None:
    """One nonzero integer vector orthogonal to all rows, with at most rank + 1 nonzero entries, or None.

    For many columns this is far cheaper than a basis: pivot rows and columns are read off modulo a
    prime, one square system is solved over Q (p-adic lifting in FLINT), and the product with all rows is
    checked exactly. None if the rows have full column rank.
    """
    if not rows:
        return tuple(int(j == 0) for j in range(columns))
    residues = [value % RANK_PRIME for row in rows for value in row]
    image = nmod_mat(len(rows), columns, residues, RANK_PRIME)
    pivot_columns = _pivots(image)
    if len(pivot_columns) == columns and integer_rank(rows) == columns:
        return None
    free = next((j for j in range(columns) if j not in set(pivot_columns)), None)
    vector = None if free is None else _solve_pivot_system(rows, _pivots(image.transpose()), pivot_columns, free)
    if vector is None:  # the prime divides a minor that matters
        basis = integer_nullspace(rows, columns)
        return basis[0] if basis else None
    return vector


def _pivots(matrix: nmod_mat) -> list[int]:
    echelon, rank = matrix.rref()
    columns = matrix.ncols()
    pivots: list[int] = []
    for i in range(rank):
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(j for j in range(start, columns) if int(echelon[i, j])))
    return pivots


def _solve_pivot_system(
    rows: Sequence[Sequence[int]], pivot_rows: Sequence[int], pivot_columns: Sequence[int], free: int
) -> IntegerRow | None:
    """The vector with a one (before scaling) at `free`, zero at other free columns; None if it fails its check."""
    vector = [fmpq(0)] * len(rows[0])
    vector[free] = fmpq(1)
    if pivot_rows:
        square = fmpz_mat([[rows[i][j] for j in pivot_columns] for i in pivot_rows])
        solution = square.solve(fmpz_mat([[-rows[i][free]] for i in pivot_rows]))
        for k, j in enumerate(pivot_columns):
            vector[j] = fmpq(solution[k, 0])
    integers = primitive_row(vector)[0]
    product = fmpz_mat([list(row) for row in rows]) * fmpz_mat([[value] for value in integers])
    return None if any(product.entries()) else integers


def _read_matrix(values: Any, name: str) -> tuple[Dyadic | None, fmpq_mat | None]:
    """The words of floats and integers, where there are many, or else rationals one by one."""
    array = plain_array(values, name)
    dyadic = dyadic_of(array) if isinstance(array, np.ndarray) and array.size >= FEW else None
    if dyadic is not None:
        return dyadic, None
    rows = nested(array, name, dimensions=2)
    if not len(rows) or not len(rows[0]):
        raise InputError(f"{name} is empty, expected at least one row and one column")
    width = len(rows[0])
    if len(rows) * width >= FEW and not isinstance(array, np.ndarray):
        dyadic = dyadic_of(rows)
    return (dyadic, None) if dyadic is not None else (None, _entries_one_by_one(rows, width, name))


def _entries_one_by_one(rows: Sequence[Any], width: int, name: str) -> fmpq_mat:
    entries: list[fmpq] = []
    for i, row in enumerate(rows):
        if len(row) != width:
            raise InputError(
                f"{name} is ragged: row {i} has {len(row)} entries and row 0 has {width}; "
                "give every row the same length"
            )
        quick = rationals_from_texts(row) if all(type(value) is str for value in row) else None
        if quick is not None:
            entries += quick
            continue
        for j, value in enumerate(row):
            try:
                entries.append(rational_from(value))
            except InputError as error:
                raise InputError(f"{name}, row {i}, column {j}: {error}") from None
    return fmpq_mat(len(rows), width, entries)
