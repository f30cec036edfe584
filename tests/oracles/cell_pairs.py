"""The rule `cell-pairs` of docs/certificates-network.md, read a second time: everything in memory, over Fractions.

`network_certificate_holds(document)` says whether a document that has the right form proves its claim.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

Vector = list[Fraction]


class _Wrong(Exception):
    pass


def _demand(condition: bool) -> None:
    if not condition:
        raise _Wrong


def _kernel(rows: Sequence[Sequence[Fraction]], columns: int) -> list[Vector]:
    """A basis of the vectors orthogonal to all rows, by reduced row echelon form."""
    matrix, pivots = [list(map(Fraction, row)) for row in rows], []
    for column in range(columns):
        found = next((k for k in range(len(pivots), len(matrix)) if matrix[k][column]), None)
        if found is None:
            continue
        top = len(pivots)
        matrix[top], matrix[found] = matrix[found], matrix[top]
        matrix[top] = [value / matrix[top][column] for value in matrix[top]]
        for k in range(len(matrix)):
            if k != top and matrix[k][column]:
                factor = matrix[k][column]
                matrix[k] = [a - factor * c for a, c in zip(matrix[k], matrix[top], strict=True)]
        pivots.append(column)
    basis = []
    for free in (column for column in range(columns) if column not in pivots):
        vector = [Fraction(int(column == free)) for column in range(columns)]
        for k, column in enumerate(pivots):
            vector[column] = -matrix[k][free]
        basis.append(vector)
    return basis


def _dependency(vectors: Sequence[Sequence[Fraction]]) -> Vector:
    """The coefficients of the positive dependency, with 1 in front."""
    _demand(len(vectors) > 0)
    width = len(vectors[0])
    kernel = _kernel([[vector[k] for vector in vectors] for k in range(width)], len(vectors))
    _demand(len(kernel) == 1 and kernel[0][0] != 0)
    scaled = [value / kernel[0][0] for value in kernel[0]]
    _demand(min(scaled) > 0)
    return scaled


def _coprime(vector: Sequence[Fraction]) -> Vector:
    common = lcm(*(value.denominator for value in vector))
    content = gcd(*(int(value * common) for value in vector))
    return [value * common / content for value in vector] if content else list(vector)


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        stated, proof = document["dense_network"], document["proof"]
        self.layers = [
            (
                [[Fraction(text) for text in row] for row in layer["W"]],
                [Fraction(text) for text in layer["b"]],
                [Fraction(text) for text in layer["slopes"]],
            )
            for layer in stated["layers"]
        ]
        self.n = stated["n"]
        self.neurons = [(k, i) for k, layer in enumerate(self.layers) for i, slope in enumerate(layer[2]) if slope != 1]
        self.limits = [_coprime(function) for function in self.domain_functions(document["domain"])]
        self.constant = len(self.neurons) + len(self.limits)
        self.directions = [[Fraction(text) for text in direction] for direction in proof["directions"]]
        self.items, self.pairs = list(proof["cells"]), list(proof["pairs"])
        self.cells: list[Any] = []

    def domain_functions(self, domain: dict[str, Any]) -> list[Vector]:
        units = [[Fraction(int(i == j)) for j in range(self.n)] for i in range(self.n)]
        minus = [[-value for value in unit] for unit in units]
        if domain["type"] == "R^n":
            return []
        if domain["type"] == "nonneg":
            return [[*unit, Fraction(0)] for unit in units]
        if domain["type"] == "box":
            ends = list(zip(domain["lower"], domain["upper"], strict=True))
            _demand(all(Fraction(low) < Fraction(up) for low, up in ends))
            return [
                function
                for j, (low, up) in enumerate(ends)
                for function in ([*units[j], -Fraction(low)], [*minus[j], Fraction(up)])
            ]
        _demand(domain["type"] == "polytope")
        interior = [Fraction(text) for text in domain["interior"]]
        functions = [
            [*(-Fraction(text) for text in row), Fraction(h)] for row, h in zip(domain["G"], domain["h"], strict=True)
        ]
        _demand(all(sum(a * c for a, c in zip(row, [*interior, 1], strict=True)) > 0 for row in functions))
        return functions

    def sums(self, signs: Sequence[int], layer: int) -> list[Vector]:
        """The pre-activations of a layer for the signs of the neurons before it."""
        rows = [[Fraction(int(i == j)) for j in range(self.n + 1)] for i in range(self.n)]
        for k in range(layer + 1):
            W, b, _ = self.layers[k]
            rows = self.activated(rows, signs, k - 1) if k else rows
            rows = [
                [sum((w * row[j] for w, row in zip(weights, rows, strict=True)), Fraction(0)) for j in range(self.n)]
                + [sum((w * row[-1] for w, row in zip(weights, rows, strict=True)), offset)]
                for weights, offset in zip(W, b, strict=True)
            ]
        return rows

    def activated(self, rows: list[Vector], signs: Sequence[int], layer: int) -> list[Vector]:
        result = [list(row) for row in rows]
        for number, (k, i) in enumerate(self.neurons):
            if k == layer and signs[number] < 0:
                result[i] = [self.layers[k][2][i] * value for value in rows[i]]
        return result

    def function(self, functions: Sequence[Vector], number: int) -> Vector:
        _demand(number >= 0)
        if number < len(functions):
            return functions[number]
        _demand(len(self.neurons) <= number <= self.constant)
        if number == self.constant:
            return [Fraction(0)] * self.n + [Fraction(1)]
        return self.limits[number - len(self.neurons)]

    def take(self) -> Any:
        _demand(bool(self.items))
        return self.items.pop(0)

    def region(self, signs: list[int], functions: list[Vector]) -> Any:
        """The tree: a number of a cell, or two trees."""
        if len(signs) == len(self.neurons):
            return self.cell(signs, functions)
        layer, row = self.neurons[len(signs)]
        z = self.sums(signs, layer)[row]
        sides = {sign: _coprime([sign * value for value in z]) for sign in (1, -1)}
        if not any(z):
            return self.region([*signs, 1], [*functions, z])
        item = self.take()
        if item == 0:
            return [self.region([*signs, sign], [*functions, sides[sign]]) for sign in (1, -1)]
        _demand(isinstance(item, list) and bool(item) and type(item[0]) is int)
        sign, *support = item
        _dependency([*(self.function(functions, number) for number in support), sides[-sign]])
        return self.region([*signs, sign], [*functions, sides[sign]])

    def cell(self, signs: list[int], functions: list[Vector]) -> int:
        last = len(self.layers) - 1
        outputs = self.activated(self.sums(signs, last), signs, last)
        _demand(not _kernel([row[:-1] for row in outputs], self.n))
        ends = self.take()
        _demand(isinstance(ends, list) and len(ends) == 2 * len(self.directions))
        _demand(all(end is None or isinstance(end, list) for end in ends))
        intervals = []
        for k, direction in enumerate(self.directions):
            F = [
                sum((c * row[j] for c, row in zip(direction, outputs, strict=True)), Fraction(0))
                for j in range(self.n + 1)
            ]
            upper = self.bound(functions, F, ends[2 * k])
            lower = self.bound(functions, [-value for value in F], ends[2 * k + 1])
            intervals.append((upper, None if lower is None else -lower))
        self.cells.append((signs, functions, outputs, intervals))
        return len(self.cells) - 1

    def bound(self, functions: list[Vector], F: Vector, support: list[int] | None) -> Fraction | None:
        if support is None:
            return None
        named = [self.function(functions, number) for number in support]
        factors = _dependency([F[:-1], *(row[:-1] for row in named)])
        return sum((factor * row[-1] for factor, row in zip(factors, [F, *named], strict=True)), Fraction(0))

    def members(self, tree: Any) -> list[int]:
        return [tree] if isinstance(tree, int) else [cell for part in tree for cell in self.members(part)]

    def apart(self, u: Any, v: Any) -> bool:
        for k in range(len(self.directions)):
            for a, b in ((u, v), (v, u)):
                highs = [self.cells[cell][3][k][0] for cell in self.members(a)]
                lows = [self.cells[cell][3][k][1] for cell in self.members(b)]
                if None not in highs and None not in lows and max(highs) < min(lows):
                    return True
        return False

    def visit(self, u: Any, v: Any) -> None:
        if u is v:
            if not isinstance(u, int):
                a, b = u
                self.visit(a, a)
                self.visit(a, b)
                self.visit(b, b)
        elif self.apart(u, v):
            return
        elif isinstance(u, int) and isinstance(v, int):
            _demand(bool(self.pairs))
            self.pair(self.cells[u], self.cells[v], *self.pairs.pop(0))
        elif isinstance(v, int) or (not isinstance(u, int) and len(self.members(u)) >= len(self.members(v))):
            for part in u:
                self.visit(part, v)
        else:
            for part in v:
                self.visit(u, part)

    def pair(self, p: Any, q: Any, left: list[int], right: list[int]) -> None:
        last = {self.constant, self.constant + 1}
        _demand(bool(last & set(left)) and not last & set(right))
        total = [Fraction(0)] * (self.n + 1)
        for row, a, b in zip(p[1], p[0], q[0], strict=True):
            if a != b:
                total = [c + d for c, d in zip(total, row, strict=True)]
        space = _kernel(
            [[*a[:-1], *(-value for value in b[:-1]), a[-1] - b[-1]] for a, b in zip(p[2], q[2], strict=True)],
            2 * self.n + 1,
        )
        forms = []
        for number in left:
            row = total if number == self.constant + 1 else self.function(p[1], number)
            forms.append([*row[:-1], *[Fraction(0)] * self.n, row[-1]])
        for number in right:
            row = self.function(q[1], number)
            forms.append([*[Fraction(0)] * self.n, *row])
        _dependency([[sum(a * c for a, c in zip(form, vector, strict=True)) for vector in space] for form in forms])


def network_digest(layers: list[dict[str, Any]]) -> str:
    """The SHA-256 of the layers of a document."""
    text = json.dumps({"layers": layers}, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def network_certificate_holds(document: dict[str, Any]) -> bool:
    """Whether a document of the rule `cell-pairs`, of the right form, proves its claim."""
    try:
        stated = document["dense_network"]
        _demand(document["claim"] == "injective")
        _demand(stated["sha256"] == network_digest(stated["layers"]))
        reader = _Reader(document)
        root = reader.region([], [])
        _demand(not reader.items)
        reader.visit(root, root)
        _demand(not reader.pairs)
    except _Wrong:
        return False
    return True
