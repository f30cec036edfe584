"""Decide cases by brute force over all flats, in exact rational arithmetic.

    python casebook/make/brute_force.py NAME [NAME ...]
    python casebook/make/brute_force.py NAME@SIZE          a convolution at another input size, such as 5 or 4x4

Simple and slow on purpose. It shares no code with the package and uses the standard library alone
(numpy only to read an ``.npz``), so that its answer is evidence of its own. A convolution is unrolled
(`unrolled.py`) at its input shape, or at the least of its sizes.

Theorem. Let the rows of W span R^n and let K be R^n or the orthant x >= 0. The layer ReLU(Wx + b) is
not injective on K exactly if there are a vector v != 0 orthogonal to n - 1 independent rows and a
point x inside K such that every row outside F = {i : <w_i, v> = 0} is strictly negative at x. (A
smaller F leaves more rows to be negative, so flats of rank n - 1 suffice.) By Gordan's theorem either
such an x exists, or some combination ``lambda >= 0, lambda != 0`` of the homogenised rows (w_i, b_i),
i outside F, together with the rows that describe K, is zero: a *refuter*. One refuter serves every
flat that it does not meet, so refuters are kept and tried first.

If the rows span and each nonzero (w_i, b_i) has a negative multiple among the others, the layer is injective, as
no two such rows are negative at one point; this is looked at first and settles large layers of that kind.

Cost: binomial(m, n - 1) kernels of integer matrices and a few dozen exact linear programs. A second
at (m, n) = (32, 4), a few at (26, 5), minutes at (42, 6).
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Vector = Sequence[Fraction] | Sequence[int]

CASEBOOK = Path(__file__).resolve().parent.parent


def read(name: str) -> tuple[list[list[Fraction]], list[Fraction], str]:
    """The exact rows, the bias and the domain of a case, or of a convolution NAME@SIZE."""
    name, _, size = name.partition("@")
    case = json.loads((CASEBOOK / f"{name}.json").read_text(encoding="utf-8"))
    if "input_shape" in case or "sizes" in case:
        from unrolled import unrolled

        least = case["sizes"]["minimum"] if "sizes" in case else case["input_shape"][1:]
        rows, bias = unrolled(case, [int(n) for n in size.split("x")] if size else least)
    elif "layer" in case:
        rows, bias = case["layer"]["W"], case["layer"]["b"]
    else:
        import numpy as np

        with np.load(CASEBOOK / case["layer_file"], allow_pickle=False) as data:
            rows = data["W"].tolist()
            bias = data["b"].tolist() if "b" in data else [0] * len(rows)
    rows = [[Fraction(a) for a in row] for row in rows]
    return rows, [Fraction(a) for a in bias], case["domain"]


def dot(left: Vector, right: Vector) -> Fraction | int:
    """The inner product."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def primitive(vector: Vector) -> tuple[int, ...]:
    """The integer vector without common factor on the ray of a rational vector."""
    scale = lcm(*(a.denominator for a in vector))
    integers = [int(a * scale) for a in vector]
    factor = gcd(*integers) or 1
    return tuple(a // factor for a in integers)


def kernel(rows: Sequence[Vector], n: int) -> tuple[int, list[int] | None]:
    """(dimension of the kernel of integer rows in R^n, one integer vector in it)."""
    rows, pivots = [list(row) for row in rows], []
    for column in range(n):
        top = len(pivots)
        found = next((i for i in range(top, len(rows)) if rows[i][column]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        pivot = rows[top]
        for i, row in enumerate(rows):
            if i != top and row[column]:
                a, b = pivot[column], row[column]
                rows[i] = primitive([a * s - b * t for s, t in zip(row, pivot, strict=True)])
        pivots.append(column)
    free = [column for column in range(n) if column not in pivots]
    if not free:
        return 0, None
    scale = lcm(*(row[column] for row, column in zip(rows, pivots, strict=False)))
    vector = [0] * n
    vector[free[0]] = scale
    for row, column in zip(rows, pivots, strict=False):
        vector[column] = -row[free[0]] * (scale // row[column])
    return len(free), vector


def alternative(vectors: Sequence[Vector]) -> tuple[bool, list[Fraction]]:
    """Gordan's alternative for vectors h_i.

    (True, lambda) with lambda >= 0, not zero, sum lambda_i h_i = 0; or (False, y) with all
    <h_i, y> < 0. Phase one of the simplex method with Bland's rule on
    {lambda >= 0 : sum lambda_i h_i = 0, sum lambda_i = 1}; what it returns is checked.
    """
    k, d = len(vectors), len(vectors[0]) + 1
    columns = [[*h, 1] for h in vectors]
    columns += [[int(i == j) for i in range(d)] for j in range(d)] + [[0] * (d - 1) + [1]]
    table = [[Fraction(a) for a in row] for row in zip(*columns, strict=True)]
    basis = list(range(k, k + d))
    cost = [-sum(column) for column in zip(*table, strict=True)]
    cost[k : k + d] = [Fraction(0)] * d
    while (enter := next((j for j in range(k) if cost[j] < 0), None)) is not None:
        *_, leave = min((row[-1] / row[enter], basis[i], i) for i, row in enumerate(table) if row[enter] > 0)
        pivot = table[leave] = [a / table[leave][enter] for a in table[leave]]
        for i, row in enumerate(table):
            if i != leave and row[enter]:
                table[i] = [a - row[enter] * p for a, p in zip(row, pivot, strict=True)]
        cost = [a - cost[enter] * p for a, p in zip(cost, pivot, strict=True)]
        basis[leave] = enter
    if cost[-1]:
        y = [1 - a for a in cost[k : k + d - 1]]
        if any(dot(h, y) >= 0 for h in vectors):
            raise ArithmeticError("the strict point does not check")
        return False, y
    multiplier = [Fraction(0)] * k
    for row, j in zip(table, basis, strict=True):
        if j < k:
            multiplier[j] = row[-1]
    total = [dot(multiplier, column) for column in zip(*vectors, strict=True)]
    if min(multiplier) < 0 or not any(multiplier) or any(total):
        raise ArithmeticError("the refuter does not check")
    return True, multiplier


def are_paired(vectors: Sequence[Vector]) -> bool:
    """Whether each nonzero vector has a negative multiple among the others."""
    rays = {primitive(vector) for vector in vectors if any(vector)}
    return all(tuple(-a for a in ray) in rays for ray in rays)


def evaluate(rows: Sequence[Vector], bias: Vector, x: Vector) -> list[Fraction | int]:
    """ReLU(Wx + b)."""
    return [max(dot(row, x) + b, 0) for row, b in zip(rows, bias, strict=True)]


def colliding_pair(
    rows: Sequence[Vector], bias: Vector, x: list[Fraction], v: Vector, domain: str
) -> tuple[list[Fraction], list[Fraction]]:
    """Two points x, x + step * v of the domain with the same image."""
    step = Fraction(1)
    for _ in range(20_000):
        y = [a + step * c for a, c in zip(x, v, strict=True)]
        inside = domain == "R^n" or min(x + y) >= 0
        if inside and evaluate(rows, bias, x) == evaluate(rows, bias, y):
            return x, y
        step /= 2
    raise ArithmeticError("no colliding pair: the point and the direction do not check")


def decide(rows: Sequence[Vector], bias: Vector, domain: str) -> tuple[str, object, int]:
    """The verdict, its evidence (refuter supports, or a colliding pair), the number of flats seen.

    There are no refuter supports if all rows are paired.
    """
    n = len(rows[0])
    linear = [primitive(row) for row in rows]
    whole = [primitive([*row, b]) for row, b in zip(rows, bias, strict=True)]
    if domain not in ("R^n", "nonneg"):
        raise SystemExit(f"found the domain {domain}, expected R^n or nonneg; there is no such brute force")
    sides = [(*[0] * n, -1)]
    if domain == "nonneg":
        sides += [tuple(-int(i == j) for i in range(n + 1)) for j in range(n)]
    dimension, v = kernel(linear, n)
    if dimension:
        return "not_injective", colliding_pair(rows, bias, [Fraction(1)] * n, v, domain), 0
    if are_paired([(*row, b) for row, b in zip(rows, bias, strict=True)]):
        return "injective", None, 0
    lines = {max(w, tuple(-a for a in w)) for w in linear if any(w)}
    flats, refuters = set(), []
    for subset in combinations(sorted(lines), n - 1):
        dimension, v = kernel(subset, n)
        flat = sum(1 << i for i, w in enumerate(linear) if dot(w, v) == 0)
        if dimension > 1 or flat in flats:
            continue
        flats.add(flat)
        met = next((k for k, support in enumerate(refuters) if not support & flat), None)
        if met is not None:
            refuters.insert(met // 2, refuters.pop(met))
            continue
        outside = [i for i in range(len(rows)) if not flat >> i & 1]
        refuted, answer = alternative([whole[i] for i in outside] + sides)
        if not refuted:
            x = [a / answer[-1] for a in answer[:-1]]
            return "not_injective", colliding_pair(rows, bias, x, v, domain), len(flats)
        refuters.insert(0, sum(1 << i for i, a in zip(outside, answer, strict=False) if a))
    return "injective", refuters, len(flats)


if __name__ == "__main__":
    for case_name in sys.argv[1:]:
        verdict, _, seen = decide(*read(case_name))
        how = f"{seen} flats seen" if seen or verdict != "injective" else "all rows are paired, and they span"
        print(f"{case_name}: {verdict} ({how})")
