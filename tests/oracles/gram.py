"""The rule `gram` read once more: the section *Rule `gram`* of the specification, word for word, in Fractions.

Everything is held in memory, sets are sets, the tree is read by recursion; semidefiniteness is asked of every leaf
anew, by symmetric elimination.  Compact entries are spelled out by `oracles.compact`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from .answer import inner
from .compact import Misshapen, Undetermined, functions_of, multipliers

Matrix = list[list[Fraction]]
Function = tuple[list[Fraction], Fraction]
Document = dict[str, Any]

NUMBER = re.compile(r"(0|-?[1-9][0-9]*)(/[1-9][0-9]*)?", re.ASCII)
DOMAINS = {
    "R^n": [],
    "nonneg": [],
    "box": ["lower", "upper"],
    "polytope": ["G", "h", "interior"],
    "ball": ["center", "radius"],
    "nonneg-ball": ["radius"],
    "sphere": ["radius"],
}


class Malformed(Exception):
    """Not a certificate of this format."""


class Wrong(Exception):
    """A certificate that is rejected."""


def well_formed(condition: bool) -> None:
    """Raise Malformed unless the condition holds."""
    if not condition:
        raise Malformed


def require(condition: bool) -> None:
    """Raise Wrong unless the condition holds."""
    if not condition:
        raise Wrong


def gram_verdict(text: str | bytes) -> str:
    """ "valid", "rejected" or "unreadable": what the specification says of a document with the rule `gram`.

    A document with two faults may be called by either; whether it is valid never depends on that.
    """
    try:
        check(json.loads(text, object_pairs_hook=_object, parse_float=_refused, parse_constant=_refused))
    except (Malformed, Misshapen, ValueError):
        return "unreadable"
    except (Wrong, Undetermined):
        return "rejected"
    return "valid"


def _object(items: list[tuple[str, Any]]) -> Document:
    well_formed(len(dict(items)) == len(items))
    return dict(items)


def _refused(_: str) -> None:
    raise Malformed


def values_of(value: Any, keys: Sequence[str]) -> list[Any]:
    """The values of an object with exactly these keys in this order."""
    well_formed(isinstance(value, dict) and list(value) == list(keys))
    return list(value.values())


def integer(value: Any) -> int:
    """A JSON integer."""
    well_formed(type(value) is int)
    return int(value)


def rational(text: Any) -> Fraction:
    """A rational in canonical form."""
    well_formed(isinstance(text, str) and NUMBER.fullmatch(text) is not None)
    value = Fraction(text)
    well_formed(str(value) == text)
    return value


def listed(value: Any, count: int | None = None) -> list[Any]:
    """A list, of this length if one is given."""
    well_formed(isinstance(value, list) and count in (None, len(value)))
    return list(value)


def vector(value: Any, n: int) -> list[Fraction]:
    """A list of n rationals."""
    return [rational(entry) for entry in listed(value, n)]


def check(document: Any) -> None:
    """Raise Malformed or Wrong unless the document is a valid certificate of stability."""
    form, version, claim, domain, layer, proof = values_of(
        document, ["format", "version", "claim", "domain", "layer", "proof"]
    )
    well_formed(form == "exactinj-certificate" and integer(version) == 1 and isinstance(claim, str))
    m, n, sha256, W, b = values_of(layer, ["m", "n", "sha256", "W", "b"])
    well_formed(integer(m) >= 1 and integer(n) >= 1)
    well_formed(isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256) is not None)
    rows, biases = [vector(row, n) for row in listed(W, m)], vector(b, m)
    text = json.dumps({"W": W, "b": b}, separators=(",", ":"))
    rule, below, above = values_of(proof, ["rule", "below", "above"])
    read = [parts(side, end) for side, end in ((below, "at_least"), (above, "at_most"))]
    check_domain(domain, n)
    require(hashlib.sha256(text.encode()).hexdigest() == sha256)
    require(claim == "stability" and rule == "gram")
    outer = products(rows, range(m))
    for side, (end, pairs, circuits, tree, is_compact) in enumerate(read):
        sign = 1 if side == 0 else -1
        functions = functions_of(document)
        functions[:m] = [([sign * v for v in w], sign * beta) for w, beta in zip(rows, biases, strict=True)]
        base = [[-sign * end * (j == k) - side * outer[j][k] for k in range(n)] for j in range(n)]
        check_side(rows, functions, domain, base, (pairs, circuits, tree, is_compact))


def parts(side: Any, end: str) -> tuple[Fraction, list[Any], list[Any], list[int], bool]:
    """Bound, pairs, circuits, tree of a side, and whether the list is compact; the types are as they should be."""
    well_formed(isinstance(side, dict))
    is_compact = "supports" in side
    bound, pairs, circuits, tree = values_of(side, [end, "pairs", "supports" if is_compact else "circuits", "tree"])
    for pair in listed(pairs):
        for row in listed(pair, 2):
            integer(row)
    for entry in listed(circuits):
        well_formed(len(listed(entry)) > 0)
        if is_compact and type(entry[0]) is int:
            well_formed(all(integer(code) != 0 for code in entry))
        else:
            for pair in entry:
                integer(listed(pair, 2)[0])
                well_formed(rational(pair[1]) != 0 and rational(pair[1]).denominator == 1)
    return rational(bound), pairs, circuits, [integer(token) for token in listed(tree)], is_compact


def check_domain(domain: Any, n: int) -> None:
    """Raise unless `K` is a domain of the table with interior points, and no sphere."""
    well_formed(isinstance(domain, dict) and isinstance(domain.get("type"), str) and domain["type"] in DOMAINS)
    values_of(domain, ["type", *DOMAINS[domain["type"]]])
    for key in {"lower", "upper", "center", "interior"} & set(domain):
        vector(domain[key], n)
    require(rational(domain.get("radius", "1")) > 0 and domain["type"] != "sphere")
    if domain["type"] == "box":
        require(all(Fraction(low) < Fraction(high) for low, high in zip(domain["lower"], domain["upper"], strict=True)))
    if domain["type"] == "polytope":
        well_formed(len(listed(domain["G"])) > 0)
        G, h = [vector(row, n) for row in domain["G"]], vector(domain["h"], len(domain["G"]))
        point = vector(domain["interior"], n)
        require(all(inner(row, point) < end for row, end in zip(G, h, strict=True)))


def is_nonnegative(domain: Document, g: list[Fraction], beta: Fraction) -> bool:
    """Whether `<g, x> + beta >= 0` on `K`, by the table; on a polytope halfspaces are part of the sum."""
    kind = domain["type"]
    if kind == "nonneg":
        return min(g) >= 0 and beta >= 0
    if kind == "box":
        corners = product(*zip(domain["lower"], domain["upper"], strict=True))
        return all(inner(g, [Fraction(v) for v in corner]) + beta >= 0 for corner in corners)
    if kind == "ball":
        t, r = beta + inner(g, [Fraction(v) for v in domain["center"]]), Fraction(domain["radius"])
        return t >= 0 and t * t >= r * r * inner(g, g)
    if kind == "nonneg-ball":
        down, r = [min(v, Fraction(0)) for v in g], Fraction(domain["radius"])
        return beta >= 0 and beta * beta >= r * r * inner(down, down)
    return beta >= 0 and not any(g)


def products(rows: Matrix, chosen: Any) -> Matrix:
    """`sum w_i w_i^T` over the chosen rows."""
    n = len(rows[0])
    return [[sum((rows[i][j] * rows[i][k] for i in chosen), Fraction(0)) for k in range(n)] for j in range(n)]


def is_semidefinite(matrix: Matrix) -> bool:
    """Whether a symmetric matrix is positive semidefinite: eliminate row by row, no pivot may be negative.

    A pivot that is zero needs a row that is zero; a positive one leaves its Schur complement.
    """
    if not matrix:
        return True
    (pivot, *row), *rest = matrix
    if pivot < 0 or (pivot == 0 and any(row)):
        return False
    return is_semidefinite(
        [
            [value - (row[j] * row[k] / pivot if pivot else 0) for k, value in enumerate(line[1:])]
            for j, line in enumerate(rest)
        ]
    )


def check_side(rows: Matrix, functions: list[Function], domain: Document, base: Matrix, side: Any) -> None:
    """Raise Wrong unless pairs, circuits and tree show that `M(J(x))` is positive semidefinite at every generic x.

    `functions` are the side's functions and then the facets; `base` is `M({})`.
    """
    pairs, circuits, tree, is_compact = side
    m, is_polytope = len(rows), domain["type"] == "polytope"
    named = [i for pair in pairs for i in pair]
    require(len(set(named)) == len(named) and all(0 <= i < m for i in named))
    for i, j in pairs:
        check_pair(functions[i], functions[j])
    if is_compact:
        bound = len(functions) if is_polytope else m
        circuits = [multipliers(e, functions, bound) if type(e[0]) is int else e for e in circuits]
    accepted = [circuit_of(c, functions if is_polytope else functions[:m], m, domain) for c in circuits]
    read_tree(rows, base, pairs, accepted, tree)


def check_pair(first: Function, second: Function) -> None:
    """Raise Wrong unless `v_j = -t v_i`, `v_i != 0` and `t c_i + c_j >= 0` with a `t > 0`."""
    (v, c), (w, d) = first, second
    place = next((k for k, value in enumerate(v) if value), None)
    require(place is not None)
    t = -w[place] / v[place]
    require(t > 0 and w == [-t * value for value in v] and t * c + d >= 0)


def circuit_of(entry: list[Any], functions: list[Function], m: int, domain: Document) -> list[tuple[int, bool]]:
    """The rows of a circuit with whether the multiplier is positive; raise Wrong if it is not accepted."""
    indices, factors = [i for i, _ in entry], [Fraction(text) for _, text in entry]
    require(len(set(indices)) == len(indices) and all(0 <= i < len(functions) for i in indices))
    chosen = list(zip(indices, factors, strict=True))
    require(all(factor > 0 for i, factor in chosen if i >= m))
    n = len(functions[0][0])
    g = [sum((factor * functions[i][0][j] for i, factor in chosen), Fraction(0)) for j in range(n)]
    require(is_nonnegative(domain, g, sum((factor * functions[i][1] for i, factor in chosen), Fraction(0))))
    of_layer = [(i, factor > 0) for i, factor in chosen if i < m]
    require(len(of_layer) > 0)
    require(any(positive or any(functions[i][0]) or functions[i][1] != 0 for i, positive in of_layer))
    return of_layer


def read_tree(rows: Matrix, base: Matrix, pairs: Any, circuits: Any, tree: list[int]) -> None:
    """Raise Wrong unless the tokens are a tree whose leaves are semidefinite."""
    left = list(reversed(tree))

    def read_node(P: set[int], Q: set[int]) -> None:
        require(len(left) > 0)
        token = left.pop()
        if token == -1:
            require(is_semidefinite(leaf_matrix(rows, base, pairs, (P, Q))))
            return
        require(0 <= token < len(circuits))
        for i, positive in circuits[token]:
            require(i not in P if positive else i in P)
        for i, positive in circuits[token]:
            if positive and i not in Q:
                read_node(P | {i}, Q)
                Q = Q | {i}

    read_node(set(), set())
    require(not left)


def leaf_matrix(rows: Matrix, base: Matrix, pairs: Any, signs: tuple[set[int], set[int]]) -> Matrix:
    """`M(P)` with a term for each pair without a row in P."""
    P, Q = signs
    chosen = sorted(P)
    for i, j in pairs:
        if i not in P and j not in P:
            smaller = i if inner(rows[i], rows[i]) <= inner(rows[j], rows[j]) else j
            chosen.append(i if j in Q else j if i in Q else smaller)
    added = products(rows, chosen)
    return [[p + q for p, q in zip(s, t, strict=True)] for s, t in zip(base, added, strict=True)]
