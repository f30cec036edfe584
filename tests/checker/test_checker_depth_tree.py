"""The rule ``depth-tree``: the checker against a naive reading of docs/certificates.md, and against brute force.

Brute force knows alpha_j from the definition: for every set S of at most n - 1 rows the least ``<x, w_j>`` on the
part of the domain where no other row is above row j, face by face. It writes certificates with the smallest refuters.
"""

from __future__ import annotations

import copy
import json
import math
import random
import sys
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from oracles import rank, relation
from test_checker import (
    SCHEMA,
    Document,
    Malformed,
    Matrix,
    Wrong,
    demand,
    dot,
    enclose,
    fixtures,
    keys,
    layer_of,
    len_of_stack,
    matrix,
    naive_verdict,
    rational,
    rationals,
    reason,
    verdict,
)
from test_checker_domains import mutants

from exactinj.checker.cones import extreme_rays

ROW_KEYS = ["row", "sign", "square", "point", "refuters", "tree"]
Vector = list[Fraction]
Value = Fraction | None
"""sign * square of a value; None for infinity."""

# ------------------------------------------------------------------ a naive reading of the specification


def naive_depth_tree(W: Matrix, b: Vector, domain: Document, proof: Document) -> None:
    demand(domain["type"] in ("ball", "nonneg-ball", "sphere") and not any(domain.get("center", [])), Wrong)
    _, rows = keys(proof, ["rule", "rows"])
    demand(isinstance(rows, list), Malformed)
    for j, value in enumerate(rows):
        demand(j < len(W), Wrong)
        naive_row(W, domain, j, value)
    demand(len(rows) == len(W), Wrong)


def naive_row(W: Matrix, domain: Document, j: int, value: Any) -> None:
    row, sign, stated, point, refuters, tree = keys(value, ROW_KEYS)
    demand(type(row) is int and type(sign) is int and sign in (-1, 0, 1), Malformed)
    demand(row == j, Wrong)
    square = None if stated is None else rational(stated)
    sphere = domain["type"] == "sphere"
    if square is None:
        demand(sign == 1 and sphere, Wrong)
    else:
        demand(square >= 0 and (sign == 0) == (square == 0) and (sign < 1 or sphere), Wrong)
    z = None if point is None else rationals(point, len(W[0]))
    demand((z is None) == (square is None), Wrong)
    if z is not None:
        demand(any(z) or (not sphere and sign == 0), Wrong)
        demand(domain["type"] != "nonneg-ball" or min(z) >= 0, Wrong)
        demand(sum(dot(z, w) > dot(z, W[j]) for w in W) <= len(z) - 1, Wrong)
        own = dot(z, W[j])
        demand((own > 0) - (own < 0) == sign and domain["radius"] ** 2 * own**2 == square * dot(z, z), Wrong)
    demand(isinstance(refuters, list), Malformed)
    bound = None if square is None else square / domain["radius"] ** 2
    supports = [naive_depth_refuter(W, domain["type"], (j, sign, bound), refuter) for refuter in refuters]
    demand(isinstance(tree, list) and all(type(token) is int for token in tree), Malformed)
    read_tree(supports, tree, len(W[0]))


def naive_depth_refuter(W: Matrix, kind: str, claim: tuple[int, int, Value], refuter: Any) -> list[int]:
    """The claim: row, sign, square for radius 1."""
    j, sign, bound = claim
    demand(isinstance(refuter, list), Malformed)
    if sign == 1:
        demand(all(type(i) is int for i in refuter), Malformed)
        support = list(refuter)
    else:
        demand(all(isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int for pair in refuter), Malformed)
        factors = [rational(text) for _, text in refuter]
        demand(all(factor > 0 for factor in factors), Malformed)
        support = [i for i, _ in refuter]
    demand(len(set(support)) == len(support) and all(0 <= i < len(W) and i != j for i in support), Wrong)
    if sign == 1:
        demand(cone_is_far(W, j, bound, support), Wrong)
    else:
        z = combination(W, j, list(zip(support, factors, strict=True)))
        demand(bound is not None and length(z, kind) <= bound, Wrong)
    return support


def combination(W: Matrix, j: int, pairs: list[tuple[int, Fraction]]) -> Vector:
    """w_j + sum_i lambda_i (w_i - w_j)"""
    return [own + sum(factor * (W[i][k] - own) for i, factor in pairs) for k, own in enumerate(W[j])]


def length(z: Vector, kind: str) -> Fraction:
    return dot(z, z) if kind != "nonneg-ball" else sum((v * v for v in z if v < 0), Fraction(0))


def cone_is_far(W: Matrix, j: int, square: Value, support: list[int]) -> bool:
    normals = [[p - q for p, q in zip(W[i], W[j], strict=True)] for i in support]
    if rank(normals) < len(W[j]):
        return False
    rays = naive_rays(normals, len(W[j]))
    if square is None:
        return not rays
    return all(dot(p, W[j]) > 0 and dot(p, W[j]) ** 2 >= square * dot(p, p) for p in rays)


def naive_rays(normals: Matrix, n: int) -> Matrix:
    """The extreme rays of {x : <x, v> <= 0}, which has no lines: each is orthogonal to n - 1 independent normals."""
    found: Matrix = []
    for subset in combinations(normals, n - 1):
        line = relation([[v[k] for v in subset] for k in range(n)])
        for ray in [] if line is None else [line, [-v for v in line]]:
            if all(dot(ray, v) <= 0 for v in normals):
                found.append(ray)
    return found


def read_tree(supports: list[list[int]], tree: list[int], n: int) -> None:
    tokens = list(reversed(tree))

    def read_node(S: frozenset[int], E: frozenset[int]) -> None:
        demand(len(tokens) > 0, Wrong)
        t = tokens.pop()
        demand(0 <= t < len(supports), Wrong)
        demand(not S & set(supports[t]), Wrong)
        if len(S) == n - 1:
            return
        for i in supports[t]:
            if i not in E:
                read_node(S | {i}, E)
                E = E | {i}

    read_node(frozenset(), frozenset())
    demand(not tokens, Wrong)


RULES = {"depth-tree": ("alpha_star", naive_depth_tree)}


def expect(document: Document, expected: str) -> None:
    found = reason(document)
    assert expected in found
    assert found.split(":")[0] == naive_verdict(json.dumps(document), rules=RULES)


# ------------------------------------------------------------------ brute force


def residual(w: Vector, rows: Matrix) -> Vector:
    """The part of w that is orthogonal to the rows."""
    basis: Matrix = []
    for row in [*rows, w]:
        left = list(row)
        for q in basis:
            factor = dot(left, q) / dot(q, q)
            left = [p - factor * s for p, s in zip(left, q, strict=True)]
        if row is w:
            return left
        if any(left):
            basis.append(left)
    raise AssertionError


def order(value: Value) -> tuple[bool, Fraction]:
    return value is None, value or Fraction(0)


def least(w: Vector, walls: Matrix, sphere: bool) -> tuple[Value, Vector | None]:
    """The minimum of <x, w>, and where, on the part of the unit ball or sphere with <x, v> <= 0 for all walls v."""
    n = len(w)
    best: tuple[Fraction, Vector] = Fraction(0), [Fraction(0)] * n
    for size in range(n):
        for face in combinations(walls, size):
            p = [-v for v in residual(w, list(face))]
            if -dot(p, p) < best[0] and all(dot(p, v) <= 0 for v in walls):
                best = -dot(p, p), p
    if best[0] < 0 or not sphere:
        return best
    if rank(walls) < n:
        units = [[Fraction(int(i == k)) for k in range(n)] for i in range(n)]
        return Fraction(0), next(line for line in (residual(unit, walls) for unit in units) if any(line))
    rays = naive_rays(walls, n)
    values = [(dot(p, w) * abs(dot(p, w)) / dot(p, p), p) for p in rays]
    return min(values, key=lambda pair: pair[0]) if values else (None, None)


def walls_of(W: Matrix, j: int, rows: Any, kind: str) -> Matrix:
    n = len(W[0])
    walls = [[p - q for p, q in zip(W[i], W[j], strict=True)] for i in rows]
    return walls + [[Fraction(-int(i == k)) for k in range(n)] for i in range(n) if kind == "nonneg-ball"]


def alpha(W: Matrix, j: int, kind: str) -> tuple[Value, Vector | None]:
    """alpha_j for radius 1, as sign * square, and a point."""
    others = [i for i in range(len(W)) if i != j]
    above = [set(S) for size in range(min(len(W[0]), len(W))) for S in combinations(others, size)]
    found = [least(W[j], walls_of(W, j, [i for i in others if i not in S], kind), kind == "sphere") for S in above]
    return min(found, key=lambda pair: order(pair[0]))


def all_refuters(W: Matrix, j: int, kind: str, value: Value) -> list[Any]:
    """Refuters of minimal support for radius 1 and a claimed value, by what they are in a document."""
    others, n, found = [i for i in range(len(W)) if i != j], len(W[0]), []
    if value is None or value > 0:
        subsets = [list(subset) for size in range(n, len(W)) for subset in combinations(others, size)]
        for subset in subsets:
            if not any(set(known) <= set(subset) for known in found) and cone_is_far(W, j, value, subset):
                found.append(subset)
        return found
    seen = set()
    vectors = walls_of(W, j, others, kind)
    for size in range(n + 1):
        for chosen in combinations(range(len(vectors)), size):
            factors = nearest(W[j], [vectors[k] for k in chosen])
            if factors is None or not all(factor > 0 for factor in factors):
                continue
            pairs = [(others[k], factor) for k, factor in zip(chosen, factors, strict=True) if k < len(others)]
            support = tuple(i for i, _ in pairs)
            if support not in seen and length(combination(W, j, pairs), kind) <= -value:
                seen.add(support)
                found.append([[i, str(factor)] for i, factor in pairs])
    return found


def nearest(w: Vector, vectors: Matrix) -> Vector | None:
    """The factors for which w + sum factors * vectors is shortest, if the vectors are independent."""
    if rank(vectors) < len(vectors):
        return None
    columns = [[dot(u, v) for u in vectors] for v in [*vectors, w]]
    factors = relation(columns)
    return None if factors is None else factors[:-1]


def support_of(refuter: list[Any]) -> list[int]:
    return [entry[0] if isinstance(entry, list) else entry for entry in refuter]


def depth_row(W: Matrix, j: int, kind: str, radius: Fraction) -> Document:
    value, point = alpha(W, j, kind)
    refuters, used, tokens = all_refuters(W, j, kind, value), [], []

    def grow(S: set[int], E: set[int]) -> None:
        candidates = [refuter for refuter in refuters if not S & set(support_of(refuter))]
        refuter = min(candidates, key=lambda refuter: len(set(support_of(refuter)) - E))
        if refuter not in used:
            used.append(refuter)
        tokens.append(used.index(refuter))
        E = set(E)
        for i in support_of(refuter):
            if i not in E and len(S) < len(W[0]) - 1:
                grow(S | {i}, E)
                E.add(i)

    grow(set(), set())
    sign = 1 if value is None else (value > 0) - (value < 0)
    square = None if value is None else str(abs(value) * radius**2)
    stated = None if point is None else [str(v) for v in point]
    return dict(zip(ROW_KEYS, [j, sign, square, stated, used, tokens], strict=True))


def domain_of(kind: str, radius: str, n: int) -> Document:
    center = {"center": ["0"] * n} if kind == "ball" else {}
    return {"type": kind, **center, "radius": radius}


def depth_document(W: Matrix, kind: str, radius: str = "1") -> Document:
    rows = [depth_row(W, j, kind, Fraction(radius)) for j in range(len(W))]
    return around(W, kind, radius, rows)


def around(W: Matrix, kind: str, radius: str, rows: list[Document]) -> Document:
    proof = {"rule": "depth-tree", "rows": rows}
    return enclose(W, [Fraction(k, 3) for k in range(len(W))], "alpha_star", domain_of(kind, radius, len(W[0])), proof)


# ------------------------------------------------------------------ values known by hand

CROSS = "1 0 0; -1 0 0; 0 1 0; 0 -1 0; 0 0 1; 0 0 -1"
TETRAHEDRON = "1 1 1; 1 -1 -1; -1 1 -1; -1 -1 1"
CORNER = "1 0; 0 1; -1 -1"
TWICE = "1 0; 0 1; 0 1; 0 -1; 0 -1; -1 0; -1 0"
AROUND_ZERO = "0 0; 1 0; 1 0; -1 0; -1 0; 0 1; 0 1; 0 -1; 0 -1"

KNOWN = {
    "octahedron on the ball": (CROSS, "ball", "1", ["0"] * 6),
    "octahedron on the sphere": (CROSS, "sphere", "1", ["0"] * 6),
    "tetrahedron": (TETRAHEDRON, "ball", "1", ["-1"] * 4),
    "tetrahedron on the sphere": (TETRAHEDRON, "sphere", "2", ["-4"] * 4),
    "line": ("2; 1; -1", "ball", "1", ["0"] * 3),
    "line with a repeated row": ("2; 1; 1", "ball", "3/2", ["0", "-9/4", "-9/4"]),
    "line on the sphere": ("2; 1; -1", "sphere", "1", ["4", None, "1"]),
    "line, radius a fraction": ("2; 1; -1", "sphere", "2/3", ["16/9", None, "4/9"]),
    "line, nonnegative": ("2; 1; -1", "nonneg-ball", "5", ["0", "0", "0"]),
    "half a line below": ("-2; -3", "nonneg-ball", "5", ["-100", "0"]),
    "corner: surds": (CORNER, "ball", "1", ["-1/2", "-1/2", "-1/5"]),
    "corner, radius a fraction": (CORNER, "ball", "2/3", ["-2/9", "-2/9", "-4/45"]),
    "corner, nonnegative": (CORNER, "nonneg-ball", "1", ["0", "0", "0"]),
    "a positive value": (TWICE, "sphere", "1", ["1/2", "0", "0", "0", "0", "1/2", "1/2"]),
    "a positive value has no ball": (TWICE, "ball", "1", ["0"] * 7),
    "infinity": (AROUND_ZERO, "sphere", "3", [None, *["9/2"] * 8]),
    "fewer rows than columns": ("3 4 0; 1 1 0", "ball", "2", ["-100", "-8"]),
    "one row": ("1 1 1", "sphere", "1", ["-3"]),
    "one row, nonnegative": ("-3 4 -1", "nonneg-ball", "1", ["-10"]),
    "as many rows as columns": ("-1 -2; 5 5", "nonneg-ball", "1", ["-5", "0"]),
    "zero row": ("0 0; 1 0", "ball", "1", ["0", "-1"]),
    "fractions": ("1/2 0; 0 1/3", "ball", "1", ["-1/4", "-1/9"]),
}
"""sign * square of alpha_j; None is infinity. In the plane at most one row, in space at most two may be above."""


@cache
def known(name: str) -> str:
    layer, kind, radius, _ = KNOWN[name]
    return json.dumps(depth_document(matrix(layer), kind, radius))


def known_document(name: str) -> Document:
    return json.loads(known(name))  # type: ignore[no-any-return]


def values_of(document: Document) -> list[str | None]:
    rows = document["proof"]["rows"]
    return [row["square"] if row["sign"] >= 0 else f"-{row['square']}" for row in rows]


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name: str) -> None:
    document = known_document(name)
    assert values_of(document) == KNOWN[name][3]
    expect(document, "valid: the values of all")


@pytest.mark.parametrize("name", KNOWN)
def test_wrong_values(name: str) -> None:
    """A square a little larger or smaller, another sign, or another radius is never accepted."""
    for j in range(len(KNOWN[name][3])):
        for factor in (1 + Fraction(1, 10**30), 1 - Fraction(1, 10**30), 2, Fraction(1, 2)):
            document = known_document(name)
            row = document["proof"]["rows"][j]
            if row["square"] not in (None, "0"):
                row["square"] = str(Fraction(row["square"]) * factor)
                expect(document, f"rejected: row {j}: the point does not have the stated value")
        document = known_document(name)
        row = document["proof"]["rows"][j]
        if row["square"] == "0":
            row["square"] = "1"
            expect(document, f"rejected: row {j}: the sign 0 and the square")
        for sign in {-1, 0, 1} - {row["sign"]}:
            document = known_document(name)
            document["proof"]["rows"][j]["sign"] = sign
            expect(document, f"rejected: row {j}")
    if any(square not in (None, "0") for square in KNOWN[name][3]):
        document = known_document(name)
        document["domain"]["radius"] = str(Fraction(document["domain"]["radius"]) + 1)
        expect(document, "the point does not have the stated value")


# ------------------------------------------------------------------ documents by hand, and every reason to reject


def by_hand(layer: str, kind: str, rows: list[list[Any]], radius: str = "1") -> Document:
    numbered = [dict(zip(ROW_KEYS, [j, *row], strict=True)) for j, row in enumerate(rows)]
    return around(matrix(layer), kind, radius, numbered)


LINE = "2; 1; 1"
LINE_ROWS: list[list[Any]] = [
    [0, "0", ["0"], [[[1, "2"]]], [0]],  # 2 + 2 (1 - 2) = 0
    [-1, "1", ["-1"], [[]], [0]],
    [-1, "1", ["-7"], [[]], [0]],
]
PLANE = "1 0; 0 1; -1 -1"
PLANE_ROWS: list[list[Any]] = [
    [-1, "1/2", ["-1", "-1"], [[[1, "1/2"]], [[2, "2/5"]]], [0, 1]],
    [-1, "1/2", ["-2/3", "-2/3"], [[[0, "1/2"]], [[2, "2/5"]]], [0, 1]],
    [-1, "1/5", ["-1", "2"], [[[0, "3/5"]], [[1, "3/5"]]], [0, 1]],
]
"""For row 0: half way to row 1 it is (1/2, 1/2); two fifths of the way to row 2 it is (1/5, -2/5)."""
SPHERE_ROWS: list[list[Any]] = [
    [1, "4", ["1"], [[2]], [0]],  # the cone x >= 0
    [1, None, None, [[0, 2]], [0]],  # x <= 0 and x >= 0
    [1, "1", ["-1"], [[0]], [0]],
]
CONE_ROWS: list[list[Any]] = [
    [1, "1/2", ["1", "1"], [[1, 3], [2, 4]], [0, 1, 1]],
    [0, "0", ["1", "0"], [[[3, "1/2"]], [[4, "1/2"]]], [0, 1]],
    [0, "0", ["1", "0"], [[[3, "1/2"]], [[4, "1/2"]]], [0, 1]],
    [0, "0", ["1", "0"], [[[1, "1/2"]], [[2, "1/2"]]], [0, 1]],
    [0, "0", ["1", "0"], [[[1, "1/2"]], [[2, "1/2"]]], [0, 1]],
    [1, "1/2", ["-1", "1"], [[1, 3], [2, 4]], [0, 1, 1]],
    [1, "1/2", ["-1", "1"], [[1, 3], [2, 4]], [0, 1, 1]],
]
HALF_ROWS: list[list[Any]] = [
    [-1, "5", ["1", "2"], [[]], [0]],
    [0, "0", ["0", "0"], [[]], [0]],
]


@pytest.mark.parametrize(
    ("layer", "kind", "rows"),
    [
        pytest.param(LINE, "ball", LINE_ROWS, id="line"),
        pytest.param(PLANE, "ball", PLANE_ROWS, id="plane"),
        pytest.param(PLANE, "sphere", PLANE_ROWS, id="plane, sphere"),
        pytest.param("2; 1; -1", "sphere", SPHERE_ROWS, id="line, sphere"),
        pytest.param(TWICE, "sphere", CONE_ROWS, id="cones"),
        pytest.param("-1 -2; 5 5", "nonneg-ball", HALF_ROWS, id="nonnegative"),
    ],
)
def test_by_hand(layer: str, kind: str, rows: list[Any]) -> None:
    expect(by_hand(layer, kind, rows), "valid: the values of all")


def edited(rows: list[list[Any]], j: int, **changes: Any) -> list[list[Any]]:
    changed = copy.deepcopy(rows)
    for key, value in changes.items():
        changed[j][ROW_KEYS.index(key) - 1] = value
    return changed


def ball(j: int, **changes: Any) -> Document:
    return by_hand(PLANE, "ball", edited(PLANE_ROWS, j, **changes))


def line(j: int, **changes: Any) -> Document:
    return by_hand(LINE, "ball", edited(LINE_ROWS, j, **changes))


def sphere(j: int, **changes: Any) -> Document:
    return by_hand("2; 1; -1", "sphere", edited(SPHERE_ROWS, j, **changes))


def cones(j: int, **changes: Any) -> Document:
    return by_hand(TWICE, "sphere", edited(CONE_ROWS, j, **changes))


def half(j: int, **changes: Any) -> Document:
    return by_hand("-1 -2; 5 5", "nonneg-ball", edited(HALF_ROWS, j, **changes))


FIRST, SECOND = PLANE_ROWS[0][3]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(ball(0, square="-1/2"), "row 0: the sign -1 and the square '-1/2'", id="square negative"),
        pytest.param(ball(0, square="0"), "row 0: the sign -1 and the square '0'", id="square 0, sign -1"),
        pytest.param(ball(1, sign=0), "row 1: the sign 0 and the square '1/2'", id="sign 0, square not 0"),
        pytest.param(sphere(0, square="0"), "row 0: the sign 1 and the square '0'", id="square 0, sign 1"),
        pytest.param(
            ball(2, sign=1, refuters=[]), "row 2: the value is positive, but the domain contains 0", id="positive: ball"
        ),
        pytest.param(half(0, sign=1), "row 0: the value is positive, but", id="positive: nonneg-ball"),
        pytest.param(ball(0, square=None), "row 0: the value is infinity only", id="infinity: sign -1"),
        pytest.param(
            ball(0, square=None, sign=1, refuters=[]), "row 0: the value is infinity only", id="infinity: ball"
        ),
        pytest.param(half(0, square=None, sign=1), "row 0: the value is infinity only", id="infinity: nonneg-ball"),
        pytest.param(
            sphere(1, sign=-1, refuters=[]), "row 1: the value is infinity only", id="infinity: sign -1 on a sphere"
        ),
        pytest.param(sphere(1, sign=0, refuters=[]), "row 1: the value is infinity only", id="infinity: sign 0"),
        pytest.param(sphere(1, point=["1"]), "row 1: the point is null exactly if", id="infinity with a point"),
        pytest.param(sphere(0, point=None), "row 0: the point is null exactly if", id="no point"),
        pytest.param(ball(0, point=None), "row 0: the point is null exactly if", id="ball: no point"),
        pytest.param(ball(0, point=["0", "0"]), "row 0: the point is 0", id="point 0 with sign -1"),
        pytest.param(cones(1, point=["0", "0"]), "row 1: the point is 0", id="point 0 on a sphere"),
        pytest.param(cones(0, point=["0", "0"]), "row 0: the point is 0", id="point 0 on a sphere, sign 1"),
        pytest.param(half(0, point=["-1", "-2"]), "row 0: the point is not nonnegative", id="point negative"),
        pytest.param(half(1, point=["-1", "1"]), "row 1: the point is not nonnegative", id="point half negative"),
        pytest.param(half(1, point=["1", "0"]), "row 1: the point does not have", id="another point"),
        pytest.param(
            ball(0, point=["-1", "0"], square="1"), "row 0: 2 rows are above it at the point, more than 1", id="above"
        ),
        pytest.param(
            ball(0, point=["-1", "-99/100"]), "row 0: 2 rows are above it at the point, more than 1", id="just above"
        ),
        pytest.param(line(1, point=["1"]), "row 1: 1 rows are above it at the point, more than 0", id="line: above"),
        pytest.param(line(0, point=["1"]), "row 0: the point does not have the stated value", id="line: value"),
        pytest.param(ball(0, square="1/3"), "row 0: the point does not have the stated value", id="square"),
        pytest.param(cones(0, point=["1", "0"]), "row 0: the point does not have the stated value", id="cones: value"),
        pytest.param(cones(5, point=["1", "1"]), "row 5: 3 rows are above it", id="cones: opposite"),
        pytest.param(cones(0, point=["1", "-1"]), "valid", id="cones: the other point"),
        pytest.param(ball(0, point=["-5", "-5"]), "valid", id="any length of the point"),
        pytest.param(ball(0, refuters=[[[1, "1/2"]], [[2, "3/10"]]]), "valid", id="not the nearest, near enough"),
        pytest.param(ball(0, refuters=[FIRST, [[2, "1"]]]), "row 0: refuter 1: the combination", id="too far"),
        pytest.param(ball(0, refuters=[FIRST, []]), "row 0: refuter 1: the combination", id="empty and too long"),
        pytest.param(ball(0, refuters=[FIRST, SECOND, [[2, "1/10"]]]), "row 0: refuter 2: the comb", id="unused"),
        pytest.param(
            ball(0, refuters=[[[1, "500000000000000000000000000001/1000000000000000000000000000000"]], SECOND]),
            "row 0: refuter 0: the combination of rows is too long",
            id="a tiny bit too long",
        ),
        pytest.param(ball(0, refuters=[[[3, "1/2"]], SECOND]), "names a row outside 0 to 2", id="row too large"),
        pytest.param(ball(0, refuters=[[[-2, "1/2"]], SECOND]), "names a row outside 0 to 2", id="row negative"),
        pytest.param(ball(0, refuters=[[[1, "1/4"], [1, "1/4"]], SECOND]), "names a row twice", id="row twice"),
        pytest.param(
            ball(0, refuters=[[[1, "1/2"], [0, "1"]], SECOND]), "row 0: refuter 0: names row 0 itself", id="itself"
        ),
        pytest.param(half(0, refuters=[[[1, "1/10"]], []], tree=[0, 1]), "valid", id="nonneg-ball: shorter"),
        pytest.param(half(1, refuters=[[[0, "1"]]]), "refuter 0: the combination", id="nonneg-ball: negative part"),
        pytest.param(half(1, refuters=[[[0, "1/2"]], []], tree=[0, 1]), "valid", id="nonneg-ball: nonnegative"),
        pytest.param(half(0, refuters=[]), "row 0: tree token 0: there is no refuter 0", id="no refuters"),
        pytest.param(sphere(0, refuters=[[1]]), "valid", id="another cone"),
        pytest.param(sphere(0, refuters=[[2, 1]]), "valid", id="smaller cone"),
        pytest.param(sphere(0, refuters=[[]]), "row 0: refuter 0: the cone contains a line", id="no rows"),
        pytest.param(sphere(0, refuters=[[0]]), "row 0: refuter 0: names row 0 itself", id="cone: itself"),
        pytest.param(sphere(0, refuters=[[2, 2]]), "row 0: refuter 0: names a row twice", id="cone: twice"),
        pytest.param(sphere(0, refuters=[[3]]), "names a row outside 0 to 2", id="cone: too large"),
        pytest.param(sphere(0, refuters=[[-1]]), "names a row outside 0 to 2", id="cone: negative"),
        pytest.param(sphere(1, refuters=[[2]]), "row 1: refuter 0: the cone has a ray", id="infinity: a ray"),
        pytest.param(sphere(1, refuters=[[2, 0], [0]]), "row 1: refuter 1: the cone has a ray", id="infinity: unused"),
        pytest.param(cones(0, refuters=[[1, 2], [2, 4]]), "row 0: refuter 0: the cone contains a line", id="line"),
        pytest.param(cones(0, refuters=[[1], [2, 4]]), "row 0: refuter 0: the cone contains a line", id="halfplane"),
        pytest.param(cones(0, refuters=[[1, 5], [2, 4]]), "row 0: refuter 0: the cone has a ray", id="ray at 0"),
        pytest.param(
            cones(0, refuters=[[3, 1, 5], [2, 4]], tree=[0, 1, 1, 1]), "valid", id="a wall that touches nothing"
        ),
        pytest.param(cones(0, refuters=[[3, 1, 2], [4, 2]], tree=[0, 1, 1, 1]), "row 0: tree token 3: row 2", id="S"),
        pytest.param(ball(0, tree=[1, 0]), "valid", id="other order"),
        pytest.param(ball(0, tree=[]), "row 0: tree: ends after 0 tokens", id="empty tree"),
        pytest.param(ball(0, tree=[0]), "row 0: tree: ends after 1 tokens", id="short tree"),
        pytest.param(ball(0, tree=[0, 1, 1]), "row 0: tree: complete after 2 tokens", id="long tree"),
        pytest.param(ball(0, tree=[0, 2]), "row 0: tree token 1: there is no refuter 2", id="no such refuter"),
        pytest.param(ball(0, tree=[-1, 1]), "row 0: tree token 0: there is no refuter -1", id="negative token"),
        pytest.param(ball(0, tree=[0, 0]), "row 0: tree token 1: row 1 is known to be above", id="not disjoint"),
        pytest.param(cones(0, tree=[0, 1, 0]), "row 0: tree token 2: row 3 is known to be above", id="second child"),
        pytest.param(line(1, tree=[0, 0]), "row 1: tree: complete after 1 tokens", id="line: long tree"),
        pytest.param(ball(0, sign=2), "unreadable: character", id="sign 2"),
        pytest.param(ball(0, sign="-1"), "unreadable", id="sign a text"),
        pytest.param(cones(1, sign=False), "unreadable", id="sign false"),
        pytest.param(sphere(0, sign=True), "unreadable", id="sign true"),
        pytest.param(ball(0, square=1), "unreadable: row 0: square", id="square a number"),
        pytest.param(ball(0, square="2/4"), "unreadable: row 0: square", id="square not canonical"),
        pytest.param(ball(0, point=["-1"]), "unreadable: row 0: point", id="point short"),
        pytest.param(ball(0, point=["-1", "-1", "0"]), "unreadable: row 0: point", id="point long"),
        pytest.param(ball(0, point="0"), "unreadable: row 0: point", id="point a text"),
        pytest.param(ball(0, point=[-1, -1]), "unreadable: row 0: point", id="point of numbers"),
        pytest.param(ball(0, refuters=[[[1, "0"]]]), "unreadable: row 0: refuter 0", id="multiplier 0"),
        pytest.param(ball(0, refuters=[[[1, "-1/2"]]]), "unreadable: row 0: refuter 0", id="multiplier negative"),
        pytest.param(ball(0, refuters=[[[1, 1]]]), "unreadable: row 0: refuter 0", id="multiplier a number"),
        pytest.param(ball(0, refuters=[[[1, "2/4"]]]), "unreadable: row 0: refuter 0", id="multiplier not canonical"),
        pytest.param(ball(0, refuters=[[[1]]]), "unreadable: row 0: refuter 0", id="no multiplier"),
        pytest.param(ball(0, refuters=[[1]]), "unreadable: row 0: refuter 0", id="rows with sign -1"),
        pytest.param(ball(0, refuters=[[[True, "1"]]]), "unreadable: row 0: refuter 0", id="row true"),
        pytest.param(ball(0, refuters=[None]), "unreadable: row 0: refuter 0", id="refuter null"),
        pytest.param(ball(0, refuters=None), "unreadable", id="refuters null"),
        pytest.param(sphere(0, refuters=[[[2, "1"]]]), "unreadable: row 0: refuter 0", id="pairs with sign 1"),
        pytest.param(sphere(0, refuters=[[True]]), "unreadable: row 0: refuter 0", id="cone: row true"),
        pytest.param(sphere(0, refuters=[2]), "unreadable: row 0: refuter 0", id="cone: no list"),
        pytest.param(ball(0, tree=[0, None]), "unreadable: row 0: tree token 1", id="token null"),
        pytest.param(ball(0, tree=[False, 1]), "unreadable: row 0: tree token 0", id="token false"),
        pytest.param(ball(0, tree=[0, "1"]), "unreadable: row 0: tree token 1", id="token a text"),
        pytest.param(ball(0, tree=0), "unreadable", id="tree a number"),
    ],
)
def test_row(document: Document, expected: str) -> None:
    expect(document, expected)
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    beyond_schema = "2/4" in json.dumps(document) or "point: expected a list of 2 rationals, found a list" in reason(
        document
    )
    assert schema.is_valid(document) == (beyond_schema or not expected.startswith("unreadable"))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            lambda d: d["proof"]["rows"].pop(), "rejected: depth-tree: the list ends after 2 of 3", id="short"
        ),
        pytest.param(lambda d: d["proof"]["rows"].clear(), "rejected: depth-tree: the list ends after 0", id="no rows"),
        pytest.param(
            lambda d: d["proof"]["rows"].append(d["proof"]["rows"][2]), "rejected: depth-tree: the list goes", id="long"
        ),
        pytest.param(lambda d: d["proof"]["rows"].reverse(), "rejected: row 0: found row 2", id="order"),
        pytest.param(lambda d: d["proof"]["rows"][1].update(row=0), "rejected: row 1: found row 0", id="repeated"),
        pytest.param(lambda d: d["proof"]["rows"][1].update(row=-1), "rejected: row 1: found row -1", id="negative"),
        pytest.param(lambda d: d["proof"]["rows"][1].update(row=True), "unreadable", id="row true"),
        pytest.param(lambda d: d["proof"]["rows"][1].update(row="1"), "unreadable", id="row a text"),
        pytest.param(lambda d: d["proof"]["rows"][1].update(extra=1), "unreadable", id="key too much"),
        pytest.param(lambda d: d["proof"]["rows"][1].pop("tree"), "unreadable", id="key missing"),
        pytest.param(
            lambda d: d["proof"]["rows"][1].update(row=d["proof"]["rows"][1].pop("row")), "unreadable", id="o"
        ),
        pytest.param(lambda d: d["proof"]["rows"].__setitem__(1, [1]), "unreadable", id="row object a list"),
        pytest.param(lambda d: d["proof"].update(rows={}), "unreadable", id="rows an object"),
        pytest.param(lambda d: d["proof"].update(more=[]), "unreadable", id="key after the rows"),
        pytest.param(lambda d: d["proof"].pop("rows"), "unreadable", id="rows missing"),
        pytest.param(
            lambda d: d.update(claim="injective"), 'the rule "depth-tree" proves "alpha_star"', id="claim injective"
        ),
        pytest.param(lambda d: d["domain"].update(center=["0", "1"]), "not a ball with center 0", id="center"),
        pytest.param(lambda d: d.update(domain={"type": "R^n"}), "not a ball with center 0", id="all of R^n"),
        pytest.param(lambda d: d.update(domain={"type": "nonneg"}), "not a ball with center 0", id="orthant"),
        pytest.param(
            lambda d: d.update(domain={"type": "box", "lower": ["-1", "-1"], "upper": ["1", "1"]}),
            "not a ball with center 0",
            id="box",
        ),
        pytest.param(
            lambda d: d.update(domain={"type": "polytope", "G": [["1", "0"]], "h": ["1"], "interior": ["0", "0"]}),
            "not a ball with center 0",
            id="polytope",
        ),
        pytest.param(lambda d: d["layer"]["b"].__setitem__(0, "1"), "SHA-256", id="the digest counts"),
    ],
)
def test_the_list_and_the_document(edit: Any, expected: str) -> None:
    document = by_hand(PLANE, "ball", PLANE_ROWS)
    edit(document)
    expect(document, expected)


def test_other_rules_do_not_prove_alpha_star() -> None:
    for rule, rest in (("collision", {"x": ["0", "0"], "y": ["1", "0"]}), ("flat-tree", {"refuters": [], "tree": []})):
        document = {**by_hand(PLANE, "sphere", []), "proof": {"rule": rule, **rest}}
        assert f'the rule "{rule}" proves' in reason(document)


FIXTURES = [
    parameter
    for folder in ("correct", "incorrect", "malformed")
    for parameter in fixtures(folder)
    if '"depth-tree"' in parameter.values[0].read_text()
]


@pytest.mark.parametrize("path", FIXTURES)
def test_fixtures_with_this_rule(path: Path) -> None:
    expected = {"correct": "valid", "incorrect": "rejected", "malformed": "unreadable"}[path.parent.name]
    text = path.read_text()
    assert naive_verdict(text, rules=RULES) == expected == verdict(text.encode())


# ------------------------------------------------------------------ extreme rays


def test_extreme_rays() -> None:
    """Double description against all subsets of n - 1 normals, up to positive factors."""
    rng, pointed = random.Random(6), 0
    for _ in range(400):
        n = rng.randint(1, 4)
        normals = [[rng.randint(-2, 2) for _ in range(n)] for _ in range(rng.randint(n - 1, n + 4))]
        exact = [[Fraction(v) for v in normal] for normal in normals]
        found = extreme_rays(list(normals), n)
        if rank(exact) < n:
            assert found is None
            continue
        pointed += 1
        assert found is not None
        primitive = [
            tuple(int(v * scale) for v in ray) for ray, scale in ((r, denominator(r)) for r in naive_rays(exact, n))
        ]
        assert sorted(tuple(ray) for ray in found) == sorted(
            {tuple(v // math.gcd(*ray) for v in ray) for ray in primitive}
        )
    assert pointed > 200


def denominator(ray: Vector) -> int:
    return math.lcm(*(v.denominator for v in ray))


# ------------------------------------------------------------------ mutations

MUTATED = [
    "line with a repeated row",
    "line, radius a fraction",
    "half a line below",
    "corner, radius a fraction",
    "corner, nonnegative",
    "a positive value",
    "fewer rows than columns",
    "as many rows as columns",
]


@pytest.mark.parametrize("name", MUTATED)
def test_mutants_get_the_verdict_of_the_naive_reading(name: str) -> None:
    document = known_document(name)
    layer = layer_of(document)
    seen = {"valid": 0, "rejected": 0, "unreadable": 0}
    rows = document["proof"]["rows"]
    changes: list[Document] = [{"domain": domain} for domain in mutants(document["domain"])]
    shown = set()
    for j, row in enumerate(rows):
        if json.dumps({**row, "row": 0}) not in shown:  # of equal rows one is enough
            shown.add(json.dumps({**row, "row": 0}))
            lists = ([*rows[:j], changed, *rows[j + 1 :]] for changed in mutants(row))
            changes += [{"proof": {"rule": "depth-tree", "rows": changed}} for changed in lists]
        changes.append({"proof": {"rule": "depth-tree", "rows": rows[:j] + rows[j + 1 :]}})
        changes.append({"proof": {"rule": "depth-tree", "rows": rows[: j + 1] + rows[j:]}})
    for change in changes:
        text = json.dumps({**document, **change})
        answer = verdict(text.encode(), layer)
        assert answer == naive_verdict(text, layer, RULES), text
        seen[answer] += 1
        if answer == "valid" and "proof" in change:
            assert values_of({**document, **change}) == values_of(document)
    assert min(seen.values()) > 0


def test_cut_and_damaged_documents_are_never_valid_and_never_crash() -> None:
    rng = random.Random(2)
    for document in (by_hand(PLANE, "ball", PLANE_ROWS), by_hand("2; 1; -1", "sphere", SPHERE_ROWS)):
        text = json.dumps(document)
        for end in range(len(text)):
            assert verdict(text[:end].encode()) == "unreadable"
        for _ in range(1000):
            damaged = bytearray(text.encode())
            for _ in range(rng.choice([1, 1, 2, 5])):
                damaged[rng.randrange(len(damaged))] = rng.choice(b'[]{}",:0-1/e.\\u \x00\xff\xc3tn')
            if verdict(bytes(damaged)) == "valid":
                assert naive_verdict(damaged.decode(), rules=RULES) == "valid"


def random_layer(rng: random.Random) -> Matrix:
    n = rng.choice([1, 2, 2, 3])
    W = [[Fraction(rng.randint(-2, 2)) for _ in range(n)] for _ in range(rng.randint(1, 5 if n == 3 else 6))]
    return W[:-1] + W[:1] if len(W) > 2 and rng.random() < 0.4 else W


def test_other_layers_keep_their_values_or_are_rejected() -> None:
    """The same proof about a layer with one changed entry: accepted only if brute force finds these values."""
    rng, seen = random.Random(9), {"valid": 0, "rejected": 0}
    for _ in range(40):
        W, kind = random_layer(rng), rng.choice(["ball", "nonneg-ball", "sphere"])
        document = depth_document(W, kind, "1")
        expect(document, "valid")
        for _ in range(6):
            other = copy.deepcopy(W)
            row = rng.choice(other)
            row[rng.randrange(len(row))] += rng.choice([-1, 1, 1, Fraction(1, 2)])
            text = json.dumps(around(other, kind, "1", document["proof"]["rows"]))
            answer = verdict(text.encode())
            assert answer == naive_verdict(text, rules=RULES)
            seen[answer] += 1
            if answer == "valid":
                assert [order(value) for value in stated_values(document)] == [
                    order(alpha(other, j, kind)[0]) for j in range(len(other))
                ]
    assert min(seen.values()) > 10


def stated_values(document: Document) -> list[Value]:
    return [None if value is None else Fraction(value) for value in values_of(document)]


# ------------------------------------------------------------------ no value above the truth


def test_no_tree_proves_a_larger_value() -> None:
    """The largest refuter sets a liar can have, and any trees over them."""
    rng, lies = random.Random(10), 0
    for _ in range(50):
        W, kind = random_layer(rng), rng.choice(["ball", "nonneg-ball", "sphere"])
        j, n = rng.randrange(len(W)), len(W[0])
        truth, _ = alpha(W, j, kind)
        rows = [depth_row(W, i, kind, Fraction(1)) for i in range(j)]
        for value, point in larger_values(rng, W, j, kind, truth):
            refuters = all_refuters(W, j, kind, value)
            sign = 1 if value is None else (value > 0) - (value < 0)
            square = None if value is None else str(abs(value))
            stated = None if point is None else [str(v) for v in point]
            for _ in range(6):
                tree = liar_tree(rng, [support_of(refuter) for refuter in refuters], n)
                lie = dict(zip(ROW_KEYS, [j, sign, square, stated, refuters, tree], strict=True))
                found = reason(around(W, kind, "1", [*rows, lie]))
                assert found.startswith(f"rejected: row {j}: tree"), found
                lies += 1
    assert lies > 150


def larger_values(rng: random.Random, W: Matrix, j: int, kind: str, truth: Value) -> list[Any]:
    """Values above the truth that points with few rows above j really have; infinity is one of them on a sphere."""
    found: dict[Any, Any] = {}
    for _ in range(12):
        z = [Fraction(rng.randint(-3 * (kind != "nonneg-ball"), 3)) for _ in W[0]]
        own = dot(z, W[j])
        if sum(dot(z, w) > own for w in W) < len(z) and (any(z) or kind != "sphere"):
            value = own * abs(own) / dot(z, z) if any(z) else Fraction(0)
            if order(value) > order(truth) and (kind == "sphere" or value <= 0):
                found[value] = z
    lies: list[Any] = list(found.items())[:3]
    return [*lies, (None, None)] if kind == "sphere" and truth is not None else lies


def liar_tree(rng: random.Random, supports: list[list[int]], n: int) -> list[int]:
    """Disjoint refuters wherever there are some, any refuter where there is none."""
    tokens: list[int] = []

    def grow(S: set[int], E: set[int]) -> None:
        fitting = [t for t, support in enumerate(supports) if not S & set(support)]
        tokens.append(rng.choice(fitting or range(max(len(supports), 1))))
        support = supports[tokens[-1]] if supports else []
        E = set(E)
        for i in support:
            if i not in E and i not in S and len(S) < n - 1 and len(tokens) < 60:
                grow(S | {i}, E)
                E.add(i)

    grow(set(), set())
    return tokens


# ------------------------------------------------------------------ size


def test_deep_trees_need_no_recursion() -> None:
    """Row 0 in n dimensions with n - 1 rows above it, one after the other: a path of length n."""
    n = 150
    unit = [[Fraction(int(j == k)) for k in range(n)] for j in range(n)]
    W = [unit[0], *[[-v for v in unit[0]] for _ in range(n)]]
    last, first = ["0"] * (n - 1) + ["1"], ["1"] + ["0"] * (n - 1)
    top = [0, 0, "0", last, [[[i, "1/2"]] for i in range(1, n + 1)], [*range(n)]]
    others = [[j, -1, "1", first, [[]], [0]] for j in range(1, n + 1)]
    rows = [dict(zip(ROW_KEYS, row, strict=True)) for row in [top, *others]]
    text = json.dumps(around(W, "sphere", "1", rows))
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len_of_stack() + 60)
        assert reason(text).startswith("valid")
    finally:
        sys.setrecursionlimit(limit)


def test_long_numbers() -> None:
    """Beyond Python's limit of 4,300 digits."""
    long = "1" + "0" * 5000
    assert reason(by_hand("1; 1", "ball", [[-1, "1", ["-" + long], [[]], [0]]] * 2)).startswith("valid")
    assert reason(by_hand("1; 1", "ball", [[-1, long, ["-1"], [[]], [0]]] * 2)).startswith("rejected")
    text = json.dumps(by_hand("1; 1", "ball", [[-1, "1", ["-1"], [[]], [0]]] * 2))
    assert "there is no refuter an integer of" in reason(text.replace('"tree": [0]', f'"tree": [{long}]'))
    assert "found row an integer of" in reason(text.replace('"row": 0', f'"row": {long}'))
    assert reason(text.replace('"sign": -1', f'"sign": {long}')).startswith("unreadable")
