"""Injectivity by brute force over all flats, in integers.

Theorem (T3).  Call `F` a flat if `F = {i : <w_i, v> = 0}` for some `v != 0`.  The layer
`ReLU(Wx + b)` is not injective on `K` exactly when, for some flat `F`, the rows outside `F` are
simultaneously strictly negative somewhere in the interior of `K`.

1. All flats are listed, rank by rank: a flat of rank r + 1 is the closure of a flat of rank r and
   one further row.  A flat is a bit mask with a basis of its orthogonal complement.
2. For each flat, `A z < 0` is decided for the homogenised rows: `(w_i, b_i)` for i outside `F`,
   `(0, -1)` for `t > 0`, and `(-e_j, 0)` for the orthant.  By Gordan's theorem either such a `z`
   exists or some `lambda >= 0`, not zero, has `lambda^T A = 0`.  A small simplex with Bland's rule
   finds one of the two.

Every step ends in evidence that is checked by substitution (`z` or `lambda`), so that a fault in
the simplex can raise but cannot mislead; only the list of flats is taken on trust, and
`tests/test_oracles.py` compares it with closures of all row subsets.

Cost: O(m^(n-1)) flats.  Meant for n <= 4, m <= 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from .answer import Domain, Numbers, OracleAnswer, Vector, check_domain, exact_layer, is_witness

IntVector = list[int]


def primitive(row: Sequence[Fraction]) -> IntVector:
    """The smallest positive multiple of `row` with integer entries (a zero row stays zero)."""
    scale = lcm(*(entry.denominator for entry in row))
    integers = [entry.numerator * (scale // entry.denominator) for entry in row]
    common = gcd(*integers) or 1
    return [entry // common for entry in integers]


def flats_by_rank(rows: Sequence[IntVector]) -> list[dict[int, list[IntVector]]]:
    """All flats of rank 0, 1, ..., n - 1 of integer rows (m, n): `result[rank][mask] = basis`.

    Bit i of `mask` says that row i lies in the flat.  Each basis vector `v` of the orthogonal
    complement comes with its products: the list is `[v_1..v_n, <w_1, v>..<w_m, v>]`.
    """
    n = len(rows[0])
    unit = [[int(j == k) for k in range(n)] + [row[j] for row in rows] for j in range(n)]
    level = {_common_zeros(unit, n): unit}
    levels = [level]
    for _ in range(n - 1):
        above: dict[int, list[IntVector]] = {}
        for mask, basis in level.items():
            # The covers of a flat partition the rows outside it, so each is built once per flat.
            rest = ((1 << len(rows)) - 1) & ~mask
            while rest:
                smaller = _restrict(basis, n + (rest & -rest).bit_length() - 1)
                cover = _common_zeros(smaller, n)
                rest &= ~cover
                above.setdefault(cover, smaller)
        levels.append(above)
        level = above
    return levels


def _restrict(basis: list[IntVector], position: int) -> list[IntVector]:
    """A basis of the subspace of `span(basis)` on which the entry at `position` vanishes."""
    index = next(k for k, vector in enumerate(basis) if vector[position])
    pivot = basis[index]
    p = pivot[position]
    smaller = []
    for k, vector in enumerate(basis):
        if k != index:
            q = vector[position]
            reduced = [p * a - q * c for a, c in zip(vector, pivot, strict=True)] if q else vector
            common = gcd(*reduced)
            smaller.append([a // common for a in reduced] if common > 1 else reduced)
    return smaller


def _common_zeros(basis: list[IntVector], n: int) -> int:
    """The mask of the rows that are orthogonal to all of `basis`."""
    mask = -1
    for vector in basis:
        bit, zeros = 1, 0
        for product in vector[n:]:
            if not product:
                zeros |= bit
            bit <<= 1
        mask &= zeros
    return mask


@dataclass(frozen=True)
class Negative:
    """`point`: an integer vector z with `A z < 0` entrywise."""

    point: IntVector


@dataclass(frozen=True)
class Refuter:
    """`weights[i] > 0` for some rows i, with `sum weights[i] A_i = 0`: no z has `A z < 0`."""

    weights: dict[int, int]


def negative_point(A: Sequence[IntVector]) -> Negative | Refuter:
    """Decide whether some real z has `A z < 0` entrywise; A is an integer matrix (k, d).

    Dictionary simplex on the slacks `s_i = -A_i z - 1 >= 0`.  Row i of the table holds
    `D s_i = c_i + sum_j T_ij y_j` with one common denominator D > 0 (fraction-free pivots); the
    nonbasic y are free coordinates of z at first, slacks later.  Leaving: the least slack that is
    negative.  Entering: a free coordinate if one has an entry, else the least slack with a positive
    entry.  A free coordinate never returns, and between such steps this is Bland's dual rule, hence
    finite.  A negative row without entering column reads
    `D s_i + sum_j (-T_ij) s_j = c_i < 0` with all weights >= 0: a refuter.
    """
    d = len(A[0])
    table = [[-1, *(-a for a in row)] for row in A]
    basic = list(range(len(A)))  # slack i is variable i; coordinate j of z is variable -1 - j
    nonbasic = [-1 - j for j in range(d)]
    D = 1
    while True:
        leaving = min((v for v, row in zip(basic, table, strict=True) if v >= 0 and row[0] < 0), default=None)
        if leaving is None:
            break
        r = basic.index(leaving)
        T = table[r]
        columns = [(v, k) for k, v in enumerate(nonbasic, 1) if T[k] > 0 or (v < 0 and T[k])]
        if not columns:
            weights = {v: -T[k] for k, v in enumerate(nonbasic, 1) if T[k]}
            return Refuter({leaving: D, **weights})
        _, k = min(columns)  # free coordinates have negative numbers: they come first
        D = _pivot(table, D, r, k)
        basic[r], nonbasic[k - 1] = nonbasic[k - 1], leaving
    point = [0] * d
    for v, row in zip(basic, table, strict=True):
        if v < 0:
            point[-1 - v] = row[0]
    return Negative(point)


def _pivot(table: list[IntVector], D: int, r: int, k: int) -> int:
    """Exchange the basic variable of row r with the nonbasic one of column k; returns the new D."""
    T = table[r]
    p = T[k]
    sign = 1 if p > 0 else -1
    p, E = abs(p), sign * D
    for i, row in enumerate(table):
        q = row[k]
        if i == r:
            continue
        if q:
            q *= sign
            table[i] = [(p * a - q * t) // D for a, t in zip(row, T, strict=True)]
            table[i][k] = q
        elif p != D:
            table[i] = [p * a // D for a in row]
    table[r] = [-sign * t for t in T]
    table[r][k] = E
    return p


def brute_force_flats(
    W: Sequence[Numbers], b: Numbers | None = None, domain: Domain = "R^n", *, reuse_refuters: bool = True
) -> OracleAnswer:
    """Decide injectivity of `ReLU(Wx + b)` on `domain` by trying every flat (T3).  Exact.

    Arguments: `W` (m, n) and `b` (m,) or None for zero, entries exact (floats as dyadic
    rationals); `domain` is `"R^n"` or `"nonneg"`.  With `reuse_refuters`, a flat whose outside
    contains the rows of an earlier refuter needs no new simplex run; without it every flat gets
    its own.  Returns the verdict, with a witness `(x, v)` if not injective.  Raises ArithmeticError
    if evidence fails its own check, ValueError on bad input.
    """
    check_domain(domain)
    weight, bias = exact_layer(W, b)
    n, m = len(weight[0]), len(weight)
    rows = [primitive((*w, beta)) for w, beta in zip(weight, bias, strict=True)]
    interior = [*_orthant(n)] if domain == "nonneg" else []
    interior.append([0] * n + [-1])
    refuters: list[int] = []
    # Large flats first: their outsides are small, and a refuter of a small outside serves many flats.
    for level in reversed(flats_by_rank([row[:n] for row in rows])):
        for flat, basis in level.items():
            outside = ((1 << m) - 1) & ~flat
            if reuse_refuters and any(outside & known == known for known in refuters):
                continue
            chosen = [i for i in range(m) if outside >> i & 1]
            A = [rows[i] for i in chosen] + interior
            found = negative_point(A)
            if isinstance(found, Negative):
                return _collision_answer(W, b, domain, found.point, basis[0][:n])
            _check_refuter(A, found.weights)
            refuters.append(sum(1 << chosen[i] for i in found.weights if i < len(chosen)))
    return OracleAnswer(injective=True)


def _orthant(n: int) -> Iterator[IntVector]:
    """The homogenised strict rows `-x_j < 0`."""
    for j in range(n):
        yield [-int(k == j) for k in range(n + 1)]


def _check_refuter(A: Sequence[IntVector], weights: dict[int, int]) -> None:
    """Raise unless the weights are positive and the weighted rows add up to zero."""
    sums = [sum(c * A[i][j] for i, c in weights.items()) for j in range(len(A[0]))]
    if not weights or min(weights.values()) <= 0 or any(sums):
        raise ArithmeticError(f"not a refuter: weights {weights} of {A} give {sums}")


def _collision_answer(
    W: Sequence[Numbers], b: Numbers | None, domain: Domain, z: IntVector, v: IntVector
) -> OracleAnswer:
    """The non-injective answer from a homogeneous point `z = (x t, t)`, checked by substitution."""
    x: Vector = tuple(Fraction(c, z[-1]) for c in z[:-1])
    direction: Vector = tuple(Fraction(c) for c in v)
    if z[-1] <= 0 or not is_witness(W, b, domain, x, direction):
        raise ArithmeticError(f"not a witness: x = {x}, v = {direction}")
    return OracleAnswer(injective=False, x=x, v=direction)
