"""Certificates about residual blocks: the checker against a naive reading of docs/certificates-network.md."""

from __future__ import annotations

import hashlib
import io
import json
import random
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from oracles.residual import block_value, interaction, is_p_matrix, leibniz
from test_checker import (
    Document,
    Malformed,
    Wrong,
    demand,
    dot,
    keys,
    naive_domain,
    naive_nonnegative,
    rational,
    rationals,
    reason,
    verdict,
)
from test_checker_blocks import increasing
from test_checker_domains import mutants, naive_contains

import exactinj as xi
from exactinj import checker
from exactinj.checker.definite import is_definite

Matrix = list[list[Fraction]]

# ------------------------------------------------------------------ a naive reading of the specification


def naive_verdict(text: str) -> str:
    try:
        naive_check(json.loads(text))
    except Malformed:
        return "unreadable"
    except Wrong:
        return "rejected"
    return "valid"


def naive_check(document: Any) -> None:
    names = ["format", "version", "claim", "domain", "residual", "proof"]
    _, _, claim, domain, stored, proof = keys(document, names)
    k, n, sha256, A, B, b = keys(stored, ["k", "n", "sha256", "A", "B", "b"])
    domain = naive_domain(domain, n)
    demand(isinstance(A, list) and isinstance(B, list) and (len(A), len(B)) == (k, n), Malformed)
    numbers = [rationals(row, n) for row in A], [rationals(row, k) for row in B], rationals(b, k)
    compact = json.dumps({"A": A, "B": B, "b": b}, separators=(",", ":"))
    demand(hashlib.sha256(compact.encode()).hexdigest() == sha256, Wrong)
    demand(isinstance(proof, dict) and proof.get("rule") in RULES, Malformed)
    proves, check = RULES[proof["rule"]]
    demand(claim == proves, Wrong)
    check(*numbers, domain, proof)


def naive_pair(A: Matrix, B: Matrix, b: list[Fraction], domain: Document, proof: Document) -> None:
    _, x, y = keys(proof, ["rule", "x", "y"])
    x, y = rationals(x, len(B)), rationals(y, len(B))
    demand(x != y and naive_contains(domain, x) and naive_contains(domain, y), Wrong)
    demand(block_value(A, B, b, x) == block_value(A, B, b, y), Wrong)


def naive_p_matrix(A: Matrix, B: Matrix, b: list[Fraction], domain: Document, proof: Document) -> None:
    M = interaction(A, B)
    _, on, off, blocks = keys(proof, ["rule", "active", "inactive", "blocks"])
    for units in (on, off):
        demand(units == [] or increasing(units) == units, Malformed)
    demand(all(0 <= i < len(A) for i in on + off) and not set(on) & set(off), Wrong)
    for sign, units in ((1, on), (-1, off)):
        demand(all(naive_nonnegative(domain, [sign * v for v in A[i]], sign * b[i]) for i in units), Wrong)
    V = [i for i in range(len(A)) if i not in on + off]
    corner = leibniz([[M[i][j] for j in on] for i in on])
    demand(corner != 0, Wrong)
    N = {(i, j): leibniz([[M[p][q] for q in [*on, j]] for p in [*on, i]]) / corner for i in V for j in V}
    seen = list[int]()
    demand(isinstance(blocks, list), Malformed)
    for block in blocks:
        rows, tree = keys(block, ["rows", "tree"])
        increasing(rows)
        demand(all(i in V and i not in seen for i in rows), Wrong)
        demand(not any(N[i, j] for i in rows for j in seen), Wrong)
        demand(isinstance(tree, list), Malformed)
        left = naive_node(rows, [[N[i, j] for j in rows] for i in rows], list(tree))
        for token in left[:1]:
            naive_token(token)
        demand(not left, Wrong)
        seen += rows
    demand(sorted(seen) == V, Wrong)


def naive_token(token: Any) -> None:
    if type(token) is int:
        return
    demand(isinstance(token, dict) and len(token) == 1, Malformed)
    ((name, value),) = token.items()
    if name == "minors":
        demand(type(value) is int and value > 0, Malformed)
        return
    demand(name in ("dominant", "definite") and isinstance(value, list), Malformed)
    for text in value:
        demand(rational(text) > 0 and rational(text).denominator == 1, Malformed)


def naive_node(U: list[int], S: Matrix, tokens: list[Any]) -> list[Any]:
    """read_node; returns the tokens that are left."""
    if not U:
        return tokens
    demand(len(tokens) > 0, Wrong)
    token, rest, size = tokens[0], tokens[1:], range(len(U))
    naive_token(token)
    if type(token) is int:
        demand(token in U, Wrong)
        p = U.index(token)
        demand(S[p][p] > 0, Wrong)
        V = [q for q in size if q != p]
        rest = naive_node([U[q] for q in V], [[S[q][r] for r in V] for q in V], rest)
        return naive_node([U[q] for q in V], [[S[q][r] - S[q][p] * S[p][r] / S[p][p] for r in V] for q in V], rest)
    ((name, value),) = token.items()
    if name == "minors":
        demand(value == len(U) and is_p_matrix(S), Wrong)
        return rest
    d = [int(text) for text in value]
    demand(len(d) == len(U), Wrong)
    if name == "dominant":
        demand(all(S[i][i] * d[i] > sum(abs(S[i][j]) * d[j] for j in size if j != i) for i in size), Wrong)
    else:
        T = [[d[i] * S[i][j] + d[j] * S[j][i] for j in size] for i in size]
        demand(all(leibniz([row[:q] for row in T[:q]]) > 0 for q in range(1, len(U) + 1)), Wrong)
    return rest


def naive_orientation(A: Matrix, B: Matrix, b: list[Fraction], _: Document, proof: Document) -> None:
    _, p, circuits, tree = keys(proof, ["rule", "point", "circuits", "tree"])
    p = rationals(p, len(B))
    demand(all(dot(row, p) + beta != 0 or not any(row) for row, beta in zip(A, b, strict=True)), Wrong)
    demand(isinstance(circuits, list), Malformed)
    known = [naive_circuit(A, b, circuit) for circuit in circuits]
    demand(isinstance(tree, list), Malformed)
    cells: list[int] = []
    left = naive_cells({}, list(tree), known, cells, (A, B, b, p))
    demand(not left or type(left[0]) is int, Malformed)
    demand(not left, Wrong)


def naive_circuit(A: Matrix, b: list[Fraction], circuit: Any) -> dict[int, int]:
    demand(isinstance(circuit, list) and len(circuit) > 0, Malformed)
    for pair in circuit:
        demand(isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int, Malformed)
        demand(rational(pair[1]) != 0 and rational(pair[1]).denominator == 1, Malformed)
    factors = {i: int(factor) for i, factor in circuit}
    demand(len(factors) == len(circuit) and all(0 <= i < len(A) for i in factors), Wrong)
    demand(not any(sum(f * A[i][j] for i, f in factors.items()) for j in range(len(A[0]))), Wrong)
    demand(sum(f * b[i] for i, f in factors.items()) >= 0, Wrong)
    demand(any(f > 0 or any([*A[i], b[i]]) for i, f in factors.items()), Wrong)
    return factors


def naive_cells(signs: dict[int, int], tokens: list[Any], circuits: Any, cells: list[int], block: Any) -> list[Any]:
    demand(len(tokens) > 0, Wrong)
    token, rest = tokens[0], tokens[1:]
    demand(type(token) is int, Malformed)
    A, B, b, p = block
    if token < 0:
        i = -token - 1
        demand(i < len(A) and i not in signs, Wrong)
        rest = naive_cells({**signs, i: 1}, rest, circuits, cells, block)
        return naive_cells({**signs, i: -1}, rest, circuits, cells, block)
    if token > 0:
        demand(token <= len(circuits), Wrong)
        demand(all(signs.get(i) == (-1 if f > 0 else 1) for i, f in circuits[token - 1].items()), Wrong)
        return rest
    demand(len(signs) == len(A), Wrong)
    P = [i for i in signs if signs[i] > 0]
    J = [[(q == r) + sum(B[q][i] * A[i][r] for i in P) for r in range(len(B))] for q in range(len(B))]
    det = leibniz(J)
    cells.append(1 if det > 0 else -1)
    demand(det != 0 and cells[-1] == cells[0], Wrong)
    right = [v - sum(B[q][i] * b[i] for i in P) for q, v in enumerate(block_value(A, B, b, p))]
    x = [
        leibniz([[right[q] if r == c else J[q][r] for r in range(len(B))] for q in range(len(B))]) / det
        for c in range(len(B))
    ]
    demand(x == p or not all(signs[i] * (dot(A[i], x) + b[i]) >= 0 for i in signs), Wrong)
    return rest


RULES = {
    "collision": ("not_injective", naive_pair),
    "p-matrix": ("injective", naive_p_matrix),
    "orientation": ("injective", naive_orientation),
}


def expect(document: Document, expected: str) -> None:
    found = reason(document)
    assert expected in found
    assert found.split(":")[0] == naive_verdict(json.dumps(document))


# ------------------------------------------------------------------ documents


def enclose(parts: Any, proof: Document, claim: str = "injective", domain: Any = None) -> Document:
    block = xi.ResidualBlock(*parts)
    texts = {"A": list(block.A.texts()), "B": list(block.B.texts()), "b": [text for (text,) in block.b.texts()]}
    digest = hashlib.sha256(json.dumps(texts, separators=(",", ":")).encode()).hexdigest()
    head = {"format": "exactinj-certificate", "version": 1, "claim": claim, "domain": domain or {"type": "R^n"}}
    return {**head, "residual": {"k": block.k, "n": block.n, "sha256": digest, **texts}, "proof": proof}


def with_matrix(rows: list[list[Any]]) -> Any:
    """A block with I + AB equal to these rows: A = I."""
    units = range(len(rows))
    A = [[int(i == j) for j in units] for i in units]
    return A, [[str(Fraction(rows[i][j]) - A[i][j]) for j in units] for i in units], [0] * len(rows)


def p_document(rows: list[list[Any]], *blocks: Any) -> Document:
    return enclose(with_matrix(rows), p_proof(blocks))


def p_proof(blocks: Any, active: Any = (), inactive: Any = ()) -> Document:
    parts = [{"rows": units, "tree": tree} for units, tree in blocks]
    return {"rule": "p-matrix", "active": list(active), "inactive": list(inactive), "blocks": parts}


def dominant(*weights: int) -> Document:
    return {"dominant": [str(weight) for weight in weights]}


def definite(*weights: int) -> Document:
    return {"definite": [str(weight) for weight in weights]}


SHEAR = [[1, -3], [0, 1]]
SKEW = [[1, 5], [-5, 1]]
CYCLE = [[1, -2, 0], [0, 1, -2], ["1/9", 0, 1]]  # its determinant is 1 + 4/9
LARGE = [[2, -1, 0, 3], [1, 2, "1/2", 0], [0, 0, 1, -4], [0, 0, 0, 3]]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(p_document(SHEAR, ([0], [{"minors": 1}]), ([1], [{"minors": 1}])), "valid", id="triangular"),
        pytest.param(
            p_document(SHEAR, ([1], [{"minors": 1}]), ([0], [{"minors": 1}])),
            "rejected: block 1: the entry (0, 1) is not zero, and 1 is in an earlier block",
            id="order of blocks",
        ),
        pytest.param(
            p_document(SHEAR, ([0], [{"minors": 1}])), "rejected: blocks: unit 1 is in no block", id="missing"
        ),
        pytest.param(p_document(SHEAR), "rejected: blocks: unit 0 is in no block", id="no blocks"),
        pytest.param(
            p_document(SHEAR, ([0], [{"minors": 1}]), ([0, 1], [{"minors": 2}])),
            "rejected: block 1: names a unit",
            id="twice",
        ),
        pytest.param(
            p_document(SHEAR, ([0, 2], [{"minors": 2}])), "rejected: block 0: names a unit", id="no such unit"
        ),
        pytest.param(p_document(SHEAR, ([0, 1], [{"minors": 2}])), "valid", id="both at once"),
        pytest.param(p_document(SHEAR, ([0, 1], [dominant(4, 1)])), "valid", id="dominant"),
        pytest.param(p_document(SHEAR, ([0, 1], [dominant(3, 1)])), "rejected: block 0, token 0: the row", id="equal"),
        pytest.param(p_document(SHEAR, ([0, 1], [dominant(4)])), "rejected: block 0, token 0: has 1 mult", id="short"),
        pytest.param(p_document(SKEW, ([0, 1], [definite(1, 1)])), "valid", id="definite"),
        pytest.param(
            p_document(SHEAR, ([0, 1], [definite(1, 1)])),
            "rejected: block 0, token 0: the symmetric matrix",
            id="not definite",
        ),
        pytest.param(p_document(SHEAR, ([0, 1], [definite(1, 10)])), "valid", id="definite when scaled"),
        pytest.param(
            p_document([[1, 1], [-1, -1]], ([0, 1], [definite(1, 1)])), "rejected: block 0, token 0", id="indefinite"
        ),
        pytest.param(p_document([[1, 2], [2, 4]], ([0, 1], [definite(1, 1)])), "rejected", id="semidefinite"),
        pytest.param(p_document([[1, 2], [2, 4]], ([0, 1], [{"minors": 2}])), "rejected", id="singular"),
        pytest.param(p_document([[0, 2], [-2, 4]], ([0, 1], [{"minors": 2}])), "rejected", id="zero on the diagonal"),
        pytest.param(
            p_document([[1, 2], [2, 1]], ([0, 1], [0, {"minors": 1}, {"minors": 1}])), "rejected", id="det -3"
        ),
        pytest.param(p_document(SKEW, ([0, 1], [0, {"minors": 1}, {"minors": 1}])), "valid", id="split"),
        pytest.param(p_document(SKEW, ([0, 1], [1, 0, 0])), "valid", id="split to the end"),
        pytest.param(
            p_document(SKEW, ([0, 1], [0, 0, {"minors": 1}])),
            "rejected: block 0, token 1: unit 0 is not among those that are left",
            id="split twice at one unit",
        ),
        pytest.param(p_document(SKEW, ([0, 1], [2])), "rejected: block 0, token 0: unit 2 is not", id="split at none"),
        pytest.param(
            p_document([[-1, 0], [0, 1]], ([0, 1], [0])), "rejected: block 0, token 0: the minor", id="negative pivot"
        ),
        pytest.param(p_document(SKEW, ([0, 1], [0, {"minors": 1}])), "ends after 2 tokens, too early", id="too few"),
        pytest.param(p_document(SKEW, ([0, 1], [])), "ends after 0 tokens, too early", id="none"),
        pytest.param(p_document(SKEW, ([0, 1], [{"minors": 2}, 0])), "complete after 1 tokens", id="too many"),
        pytest.param(p_document(SKEW, ([0, 1], [{"minors": 1}])), "is for 1 units, but 2 are left", id="other size"),
        pytest.param(p_document(CYCLE, ([0, 1, 2], [0, dominant(3, 1), definite(1, 1)])), "valid", id="three kinds"),
        pytest.param(
            p_document(LARGE, ([0, 1], [{"minors": 2}]), ([2, 3], [dominant(5, 1)])), "valid", id="two blocks"
        ),
        pytest.param(p_document(SKEW, ([0, 1], [{"minors": 0}])), "unreadable: block 0, token 0: expected", id="zero"),
        pytest.param(p_document(SKEW, ([0, 1], [{"minors": "2"}])), "unreadable", id="text"),
        pytest.param(p_document(SKEW, ([0, 1], [{"largest": 2}])), "unreadable", id="other name"),
        pytest.param(p_document(SKEW, ([0, 1], [{}])), "unreadable", id="nothing"),
        pytest.param(p_document(SKEW, ([0, 1], [{"minors": 2, "split": 0}])), "unreadable", id="two names"),
        pytest.param(p_document(SKEW, ([0, 1], [True])), "unreadable", id="true"),
        pytest.param(p_document(SKEW, ([0, 1], [{"definite": ["1", "0"]}])), "unreadable", id="zero multiplier"),
        pytest.param(p_document(SKEW, ([0, 1], [{"definite": ["1", "1/2"]}])), "unreadable", id="fraction"),
        pytest.param(p_document(SKEW, ([1, 0], [{"minors": 2}])), "unreadable", id="rows not increasing"),
        pytest.param(p_document(SKEW, ([], [])), "unreadable", id="no rows"),
    ],
)
def test_steps_of_p_matrix(document, expected):
    expect(document, expected)


BOX = {"type": "box", "lower": ["-1", "0"], "upper": ["1", "3"]}
NEGATIVE = ([[1, 0], [0, 1], [0, -1]], [[-1, 0, 5], [7, -3, 0]], ["0", "0", "-1"])
"""Unit 1 is active on the box and unit 2 is not; the minors of the units 0 and 1 alone are 0 and -2."""
LEFT = ([0], [{"minors": 1}])


@pytest.mark.parametrize(
    ("parts", "proof", "domain", "expected"),
    [
        pytest.param(
            ([[1]], [[-5]], ["2"]),
            p_proof([], [0]),
            {"type": "box", "lower": ["-2"], "upper": ["1"]},
            "valid",
            id="all",
        ),
        pytest.param(([[1]], [[-5]], ["2"]), p_proof([], [0]), None, "rejected: signs: unit 0 is not", id="not on R^n"),
        pytest.param(
            ([[1]], [[-1]], ["2"]), p_proof([], [0]), {"type": "nonneg"}, "rejected: signs: the det", id="flat"
        ),
        pytest.param(
            ([[1]], [[-1]], ["2"]), p_proof([], [], [0]), {"type": "nonneg"}, "rejected: signs: unit", id="sign"
        ),
        pytest.param(([[-1]], [[-1]], ["0"]), p_proof([], [], [0]), {"type": "nonneg"}, "valid", id="never active"),
        pytest.param(([[0]], [[-1]], ["2"]), p_proof([], [0]), None, "valid", id="a constant unit on R^n"),
        pytest.param(NEGATIVE, p_proof([LEFT], [1], [2]), BOX, "rejected: block 0, token 0: a principal", id="minor 0"),
        pytest.param(
            ([[1, 0], [0, 1], [0, -1]], [[1, 0, 5], [7, -3, 0]], ["0", "0", "-1"]),
            p_proof([LEFT], [1], [2]),
            BOX,
            "valid: all principal minors of I + AB with 2 units taken out that keep their sign on box",
            id="two taken out",
        ),
        pytest.param(NEGATIVE, p_proof([LEFT], [2], [1]), BOX, "rejected: signs: unit 2 is not shown", id="exchanged"),
        pytest.param(NEGATIVE, p_proof([LEFT], [1], [1, 2]), BOX, "rejected: signs: names a unit", id="both"),
        pytest.param(NEGATIVE, p_proof([LEFT], [1], [2, 3]), BOX, "rejected: signs: names a unit", id="outside"),
        pytest.param(NEGATIVE, p_proof([LEFT], [1, 1], [2]), BOX, "unreadable: active", id="twice"),
        pytest.param(
            NEGATIVE, p_proof([([0, 1], [dominant(1, 1)])], [1], [2]), BOX, "rejected: block 0: names", id="left"
        ),
    ],
)
def test_units_that_keep_their_sign(parts, proof, domain, expected):
    expect(enclose(parts, proof, domain=domain), expected)


def test_elimination_of_active_units_with_exchanges():
    """Active units whose leading minors are 0: rows have to be exchanged; N is the quotient of minors."""
    chance, seen = random.Random(4), set()
    for _ in range(300):
        k = chance.randint(2, 4)
        rows = [[chance.choice([0, 0, 1, -1, 2]) for _ in range(k)] for _ in range(k)]
        A, B, b = with_matrix(rows)
        b = [5 if i < k - 1 else 0 for i in range(k)]
        domain = {"type": "box", "lower": ["-5"] * k, "upper": ["5"] * k}
        text = json.dumps(enclose((A, B, b), p_proof([([k - 1], [{"minors": 1}])], range(k - 1)), domain=domain))
        assert verdict(text.encode()) == naive_verdict(text)
        seen.add(naive_verdict(text))
    assert seen == {"valid", "rejected"}


PAIR = ([[2], [1]], [[2, -2]], [-1, -1])
"""x + 2 ReLU(2x - 1) - 2 ReLU(x - 1): slopes 1, 5, 3; the set of unit 1 alone, whose minor is -1, is active nowhere."""
FIRST, NEVER = [[0, "1"], [1, "-2"]], [[0, "-1"], [1, "2"]]  # of these only the second constant is not negative


def oriented(tree: Any, circuits: Any = ([[0, "1"], [1, "-2"]],), point: Any = ("2",), parts: Any = PAIR) -> Document:
    return enclose(parts, {"rule": "orientation", "point": list(point), "circuits": list(circuits), "tree": tree})


TREE = [-1, -2, 0, 0, -2, 1, 0]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(oriented(TREE), "valid: one orientation on all 3 cells", id="valid"),
        pytest.param(oriented([-2, -1, 0, 1, -1, 0, 0]), "valid", id="another order"),
        pytest.param(oriented([-1, -2, 0, 0, -2, 0, 0]), "rejected: tree token 5: the determinant", id="no circuit"),
        pytest.param(oriented(TREE[:-1]), "rejected: tree: ends after 6 tokens", id="too short"),
        pytest.param(oriented([*TREE, 0]), "rejected: tree: complete after 7 tokens", id="too long"),
        pytest.param(oriented([0]), "rejected: tree token 0: a cell with units that have no sign", id="cell too early"),
        pytest.param(oriented([-3]), "rejected: tree token 0: unit 2 is not a unit", id="no unit"),
        pytest.param(oriented([-1, -1]), "rejected: tree token 1: unit 0 is not a unit", id="unit twice"),
        pytest.param(oriented([-1, -2, 0, 0, -2, 2, 0]), "rejected: tree token 5: there is no circuit 1", id="which"),
        pytest.param(oriented([-1, -2, 1, 0, -2, 1, 0]), "rejected: tree token 2: unit 0 is not known", id="signs"),
        pytest.param(oriented([-1, -2, 0, 0, 1]), "rejected: tree token 4: unit 1 is not known to be non", id="open"),
        pytest.param(oriented(TREE, point=["1/2"]), "rejected: point: unit 0 is 0 there", id="point on a hyperplane"),
        pytest.param(oriented(TREE, point=["1/3"]), "valid", id="another point"),
        pytest.param(oriented(TREE, [NEVER]), "rejected: circuit 0: the sum", id="negative constant"),
        pytest.param(oriented(TREE, [[[0, "1"], [1, "-1"]]]), "rejected: circuit 0: the sum", id="not constant"),
        pytest.param(oriented(TREE, [FIRST, FIRST]), "valid", id="a circuit that is not used"),
        pytest.param(oriented(TREE, [[*FIRST, [0, "1"]]]), "rejected: circuit 0: names a row twice", id="twice"),
        pytest.param(oriented(TREE, [[[0, "1"], [2, "-2"]]]), "rejected: circuit 0: names a row outside", id="outside"),
        pytest.param(oriented(TREE, [[]]), "unreadable: circuit 0", id="empty circuit"),
        pytest.param(oriented(TREE, [[[0, "1"], [1, "0"]]]), "unreadable: circuit 0", id="zero"),
        pytest.param(oriented([-1, -2, 0, 0, -2, "1", 0]), "unreadable: tree token 5", id="text"),
        pytest.param(
            oriented([-1, 0, 0], [], ["1"], ([[1]], [[-2]], [0])), "rejected: tree token 2: the determinant", id="folds"
        ),
        pytest.param(
            oriented([-1, 0, 0], [], ["1"], ([[1]], [[-1]], [0])), "rejected: tree token 1: the determinant", id="flat"
        ),
        pytest.param(
            oriented([-1, 0, 1], [[[0, "-1"]]], ["1"], ([[0]], [[5]], [0])),
            "rejected: circuit 0: no multiplier is positive and its units are 0 everywhere",
            id="a unit that is 0 everywhere is nonnegative",
        ),
        pytest.param(oriented([-1, 0, 1], [[[0, "1"]]], ["1"], ([[0]], [[5]], [0])), "valid", id="and not negative"),
        pytest.param(
            oriented([-1, 1, 0], [[[0, "-1"]]], ["1"], ([[0]], [[5]], [-1])), "valid", id="a unit that is never active"
        ),
    ],
)
def test_steps_of_orientation(document, expected):
    expect(document, expected)


def winding(point):
    """(|p| - |q|, |p| - |p - q|): all cells turn the same way round, and every value has two preimages."""
    A = [[0, 1], [0, -1], [1, -1], [-1, 1], [1, 0], [-1, 0]]
    B = [[-1, -1, 0, 0, 0, 2], [-1, 1, -1, -1, 1, 1]]
    pairs = [[[2 * i, "1"], [2 * i + 1, "1"]] for i in range(3)], [[[2 * i, "-1"], [2 * i + 1, "-1"]] for i in range(3)]
    circuits = [[[0, "1"], [2, "1"], [5, "1"]], [[1, "1"], [3, "1"], [4, "1"]], *pairs[0], *pairs[1]]

    def tree(signs: dict[int, int]) -> list[int]:
        for number, circuit in enumerate(circuits):
            if all(signs.get(i) == (-1 if f == "1" else 1) for i, f in circuit):
                return [number + 1]
        i = len(signs)
        return [0] if i == 6 else [-i - 1, *tree({**signs, i: 1}), *tree({**signs, i: -1})]

    return oriented(tree({}), circuits, point, (A, B, [0] * 6))


def test_a_map_that_winds_twice_keeps_its_orientation():
    seen = set()
    for point in (["3", "1"], ["-3", "1"], ["1", "-3"]):
        document = winding(point)
        assert document["proof"]["tree"].count(0) == 6
        expect(document, "the value at the point is taken in another place")
        A, B = ([[int(text) for text in row] for row in document["residual"][name]] for name in "AB")
        seen.add(tuple(block_value(A, B, [0] * 6, point)))
        assert block_value(A, B, [0] * 6, point) == block_value(A, B, [0] * 6, [-Fraction(value) for value in point])
    assert len(seen) == 3
    result = xi.certify(xi.ResidualBlock(A, B))
    assert result.verdict == "not_injective"
    assert "winds" in result.reason


FOLD = ([[1, 0]], [[-2], [1]], [0])


@pytest.mark.parametrize(
    ("x", "y", "domain", "expected"),
    [
        (["1", "0"], ["-1", "1"], None, "valid"),
        (["1", "0"], ["-1", "0"], None, "rejected: collision: output 1 differs"),
        (["1", "0"], ["1", "0"], None, "rejected: collision: x and y are equal"),
        (["1", "0"], ["-1", "1"], {"type": "nonneg"}, "rejected: collision: y does not lie in"),
        (["1", "0"], ["-1", "1"], {"type": "ball", "center": ["0", "0"], "radius": "2"}, "valid"),
        (["1", "0"], ["-1", "1"], {"type": "ball", "center": ["0", "0"], "radius": "1"}, "rejected"),
        (["1"], ["-1"], None, "unreadable"),
        (["1", "0"], ["-1", "1"], {"type": "box", "lower": ["0"], "upper": ["1"]}, "unreadable"),
    ],
)
def test_pairs(x, y, domain, expected):
    expect(enclose(FOLD, {"rule": "collision", "x": x, "y": y}, "not_injective", domain), expected)


def test_documents_that_claim_something_else():
    pair = {"rule": "collision", "x": ["1", "0"], "y": ["-1", "1"]}
    expect(enclose(FOLD, pair, "injective"), 'rejected: the rule "collision" proves "not_injective"')
    assert "cannot have the claim" in reason(enclose(FOLD, pair, "alpha_star"))
    tree = {"rule": "flat-tree", "refuters": [], "tree": []}
    assert 'rule "flat-tree" proves nothing about a residual block' in reason(enclose(FOLD, tree))
    sphere = enclose(FOLD, pair, "not_injective", {"type": "sphere", "radius": "2"})
    assert reason(sphere).startswith("rejected")
    layer = xi.certify([[1, 0], [0, 1], [-1, 0], [0, -1]]).certificate
    stated = json.loads(layer.to_bytes())
    stated["proof"] = p_proof([])
    assert 'the rule "p-matrix" proves something about residual blocks only' in reason(stated)


def test_the_digest_and_the_shape_are_checked():
    document = enclose(FOLD, {"rule": "collision", "x": ["1", "0"], "y": ["-1", "1"]}, "not_injective")
    for name, value in (("k", 2), ("n", 1), ("A", [["1"]]), ("B", [["-2"]]), ("b", [])):
        changed = {**document, "residual": {**document["residual"], name: value}}
        assert reason(changed).startswith("unreadable")
    for name, value in (("A", [["2", "0"]]), ("B", [["-2"], ["0"]]), ("b", ["1"]), ("sha256", "0" * 64)):
        changed = {**document, "residual": {**document["residual"], name: value}}
        assert "the SHA-256 of A, B and b" in reason(changed)


# ------------------------------------------------------------------ mutants

SAMPLES = {
    "three kinds": p_document(CYCLE, ([0, 1, 2], [0, dominant(3, 1), definite(1, 1)])),
    "blocks": p_document(LARGE, ([0, 1], [{"minors": 2}]), ([2, 3], [dominant(5, 1)])),
    "splits": p_document(SKEW, ([0, 1], [1, 0, 0])),
    "orientation": oriented(TREE),
    "pair": enclose(FOLD, {"rule": "collision", "x": ["1", "0"], "y": ["-1", "1"]}, "not_injective"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_mutants_get_the_verdict_of_the_naive_reading(name):
    document, seen = SAMPLES[name], dict.fromkeys(("valid", "rejected", "unreadable"), 0)
    expect(document, "valid")
    for changed in mutants(document["proof"]):
        text = json.dumps({**document, "proof": changed})
        answer = verdict(text.encode())
        assert answer == naive_verdict(text), text
        seen[answer] += 1
    assert seen["rejected"] > 2
    assert seen["unreadable"] > 2


@pytest.mark.parametrize("seed", range(3))
def test_blocks_changed_under_their_proof(seed):
    """A certificate of the package is moved to a block near by: it holds exactly where the naive reading says so."""
    chance, seen = random.Random(seed), set()
    while len(seen) < 2 or chance.random() < 0.97:
        n, k = chance.randint(1, 2), chance.randint(1, 4)
        A = [[chance.randint(-2, 2) for _ in range(n)] for _ in range(k)]
        B = [[chance.randint(-2, 2) for _ in range(k)] for _ in range(n)]
        b = [chance.randint(-1, 1) for _ in range(k)]
        result = xi.certify(xi.ResidualBlock(A, B, b))
        stated = json.loads(result.certificate.to_bytes())
        part = chance.choice([A, B])
        part[chance.randrange(len(part))][0] += chance.choice([-1, 1])
        changed = enclose((A, B, b), stated["proof"], stated["claim"])
        answer = verdict(json.dumps(changed).encode())
        assert answer == naive_verdict(json.dumps(changed))
        seen.add(answer)


# ------------------------------------------------------------------ limits, and numbers of any size


def test_more_minors_than_a_checker_computes(monkeypatch):
    monkeypatch.setattr("exactinj.checker.rules.p_matrix.MOST_MINORS", 5)
    document = p_document(LARGE, ([0, 1], [{"minors": 2}]), ([2, 3], [{"minors": 2}]))
    assert reason(document) == "unreadable: block 1: asks for more than 5 minors"


def test_definite_matrices_of_any_size():
    chance = random.Random(1)
    for size in (1, 2, 5, 30, 70):
        low = [[chance.randint(-9, 9) if j < i else int(i == j) * 9 * size for j in range(size)] for i in range(size)]
        gram = [[sum(v * w for v, w in zip(p, q, strict=True)) for q in low] for p in low]
        assert is_definite(gram)
        gram[-1][-1] -= 81 * size * size + 1  # the determinant is that of the rest times minus one now
        assert is_definite(gram) is (False if size <= 64 else None)
    huge = [[1 << 400, 3 << 100], [3 << 100, 1]]
    assert is_definite(huge)
    assert not is_definite([[1 << 400, 1 << 200], [1 << 200, 1]])


def test_definite_matrices_are_those_with_positive_leading_minors():
    chance, seen = random.Random(2), {True: 0, False: 0}
    for _ in range(400):
        size = chance.randint(1, 4)
        half = [[chance.randint(-3, 3) for _ in range(size)] for _ in range(size)]
        gram = [[half[i][j] + half[j][i] + 5 * (i == j) for j in range(size)] for i in range(size)]
        expected = all(
            leibniz([[Fraction(gram[i][j]) for j in chosen] for i in chosen]) > 0
            for count in range(1, size + 1)
            for chosen in combinations(range(size), count)
        )
        assert is_definite(gram) is expected
        seen[expected] += 1
    assert min(seen.values()) > 20


# ------------------------------------------------------------------ blocks given as well, and block files


def test_the_block_that_is_given(tmp_path):
    block = xi.ResidualBlock(*FOLD)
    certificate = xi.certify(block).certificate
    assert xi.check(certificate, block).valid
    for other, word in (
        (xi.ResidualBlock([[2, 0]], FOLD[1]), "A differs"),
        (xi.ResidualBlock(FOLD[0], [[-2], [2]]), "B differs"),
        (xi.ResidualBlock(*FOLD[:2], [1]), "b differs"),
        (xi.ReLULayer([[1, 0]]), "the given layer is none"),
    ):
        result = xi.check(certificate, other)
        assert not result.valid
        assert word in result.reason
    dense = xi.certify([[1, 0], [0, 1]]).certificate
    assert "the given layer is a residual block" in xi.check(dense, block).reason


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"A": [[1, 0]], "B": [[-2], [1]]}, None),
        ({"A": [["1", "0"]], "B": [["-2.0"], ["1"]], "b": None}, None),
        ({"A": [["1", "0"]], "B": [["-4/2"], [1]], "b": [[0]]}, None),
        ({"W": [[1, 0]], "b": [0]}, "about a residual block; found 'W', 'b'"),
        ({"A": [[1, 0]]}, "expected A, B and perhaps b"),
        ({"A": [[1, 0]], "B": [[-2, 1]]}, "B: expected shape 2 x 1"),
        ({"A": [[1, 0]], "B": [[-2], [1]], "b": [0, 0]}, "b: expected one number for each of the 1 rows"),
        ({"A": [[1, 0], [1]], "B": [[-2], [1]]}, "A: expected rows of equal length"),
        ({"A": [], "B": [[-2], [1]]}, "A: expected a matrix"),
        ({"A": [[1, "x"]], "B": [[-2], [1]]}, "A[0][1]"),
    ],
)
def test_block_files(tmp_path, content, message):
    certificate = tmp_path / "proof.json"
    xi.certify(xi.ResidualBlock(*FOLD)).certificate.write(certificate)
    file = tmp_path / "block.json"
    file.write_text(json.dumps(content))
    if message is None:
        assert checker.check_file(certificate, file).valid
        return
    with pytest.raises(checker.Unreadable, match="block file") as caught:
        checker.check_file(certificate, file)
    assert message in str(caught.value)


def test_block_files_of_numpy(tmp_path):
    certificate = tmp_path / "proof.json"
    xi.certify(xi.ResidualBlock(*FOLD)).certificate.write(certificate)
    np.savez(tmp_path / "block.npz", A=np.array([[1.0, 0]]), B=np.array([[-2], [1]]))
    assert checker.check_file(certificate, tmp_path / "block.npz").valid
    np.savez(tmp_path / "block.npz", A=np.array([[1.0, 0]]), B=np.array([[-2], [1]]), b=np.array([0.5]))
    assert not checker.check_file(certificate, tmp_path / "block.npz").valid


def test_what_is_read_is_written_again(tmp_path):
    chance = random.Random(5)
    kinds = set()
    for _ in range(60):
        n, k = chance.randint(1, 2), chance.randint(1, 4)
        A = [[chance.randint(-2, 2) for _ in range(n)] for _ in range(k)]
        B = [[chance.randint(-2, 2) for _ in range(k)] for _ in range(n)]
        certificate = xi.certify(xi.ResidualBlock(A, B, [chance.randint(-1, 1) for _ in range(k)])).certificate
        certificate.write(tmp_path / "proof.json")
        again = xi.read_certificate(tmp_path / "proof.json")
        assert again.to_bytes() == certificate.to_bytes()
        assert checker.check_stream(io.BytesIO(again.to_bytes())).valid
        kinds.add(type(certificate.proof).__name__)
    assert kinds == {"PMatrixProof", "OrientationProof", "Collision"}
