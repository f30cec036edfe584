"""The independent checker against its specification, docs/certificates.md.

Three things judge it: the fixture folders, one table of steps for each rule, and `naive_verdict`, a
second reading of the specification that holds everything in memory and computes ranks over Fractions.
The other domains are the business of ``test_checker_domains``, the rules ``sign-split`` and ``depth-tree`` of
``test_sign_split`` and ``test_checker_depth_tree``.
"""

from __future__ import annotations

import ast
import contextlib
import gzip
import hashlib
import io
import json
import math
import os
import random
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import rank, relation

from exactinj import checker
from exactinj.checker.rows import Row
from exactinj.checker.trees import annihilator

CHECKER = Path(checker.__file__).with_name("checker.py")
SCHEMA = Path(__file__).parents[2] / "docs" / "certificate.schema.json"
FIXTURES = Path(__file__).parent / "fixtures"

Matrix = list[list[Fraction]]
Document = dict[str, Any]


def fixtures(folder: str) -> list[Any]:
    found = sorted(FIXTURES.glob(f"{folder}/*.json"))
    assert found, f"no fixtures in {folder}"
    return [pytest.param(path, id=path.stem) for path in found]


def expected_reason(path: Path) -> str:
    return path.with_suffix(".txt").read_text().strip()


def verdict(data: bytes, layer: Any = None) -> str:
    """ "valid", "rejected" or "unreadable"."""
    try:
        return "valid" if checker.check_stream(io.BytesIO(data), layer).valid else "rejected"
    except checker.Unreadable:
        return "unreadable"


def reason(document: Document | str) -> str:
    """The reason of a rejection or of an unreadable document, after its kind."""
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        result = checker.check_stream(io.BytesIO(text.encode()))
    except checker.Unreadable as error:
        return f"unreadable: {error}"
    return f"{'valid' if result.valid else 'rejected'}: {result.reason}"


# ------------------------------------------------------------------ a naive reading of the specification


class Malformed(Exception):
    pass


class Wrong(Exception):
    pass


def demand(condition: bool, kind: type[Exception]) -> None:
    if not condition:
        raise kind


def spans(rows: Matrix, row: list[Fraction]) -> bool:
    return rank([*rows, row]) == rank(rows)


def rational(text: Any) -> Fraction:
    demand(isinstance(text, str) and text.isascii(), Malformed)
    top, slash, bottom = text.partition("/")
    demand(top.removeprefix("-").isdecimal() and (bottom.isdecimal() or not slash), Malformed)
    value = Fraction(int(top), int(bottom or "1") or 1)
    demand(str(value) == text, Malformed)
    return value


def rationals(values: Any, count: int) -> list[Fraction]:
    demand(isinstance(values, list) and len(values) == count, Malformed)
    return [rational(value) for value in values]


def naive_verdict(text: str, layer: tuple[Matrix, list[Fraction]] | None = None, rules: Any = None) -> str:
    """The specification, followed word for word; `rules` stands in for `NAIVE_RULES`."""

    def pairs(items: list[tuple[str, Any]]) -> Document:
        demand(len(dict(items)) == len(items), Malformed)
        return dict(items)

    def refuse(_: str) -> None:
        raise Malformed

    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse)
        naive_check(document, layer, rules or NAIVE_RULES)
    except (Malformed, json.JSONDecodeError):
        return "unreadable"
    except Wrong:
        return "rejected"
    return "valid"


def keys(value: Any, names: list[str]) -> list[Any]:
    demand(isinstance(value, dict) and list(value) == names, Malformed)
    return list(value.values())


def naive_check(document: Any, layer: tuple[Matrix, list[Fraction]] | None, rules: Any) -> None:
    names = ["format", "version", "claim", "domain", "layer", "proof"]
    form, version, claim, stated_domain, stored, proof = keys(document, names)
    demand(form == "exactinj-certificate" and type(version) is int and version == 1, Malformed)
    demand(claim in ("injective", "not_injective", "alpha_star"), Malformed)
    m, n, sha256, W, b = keys(stored, ["m", "n", "sha256", "W", "b"])
    demand(type(m) is int and type(n) is int and m >= 1 and n >= 1, Malformed)
    domain = naive_domain(stated_domain, n)
    demand(domain["type"] != "sphere" or claim == "alpha_star", Wrong)
    demand(isinstance(sha256, str) and len(sha256) == 64 and set(sha256) <= set("0123456789abcdef"), Malformed)
    demand(layer is None or (m, n) == (len(layer[0]), len(layer[0][0])), Wrong)
    demand(isinstance(W, list) and len(W) == m, Malformed)
    numbers = [rationals(row, n) for row in W], rationals(b, m)
    demand(digest(W, b) == sha256 and (layer is None or layer == numbers), Wrong)
    demand(isinstance(proof, dict) and proof.get("rule") in rules, Malformed)
    proves, check = rules[proof["rule"]]
    demand(claim == proves, Wrong)
    check(*numbers, domain, proof)


def naive_collision(W: Matrix, b: list[Fraction], domain: Document, proof: Document) -> None:
    _, x, y = keys(proof, ["rule", "x", "y"])
    x, y = rationals(x, len(W[0])), rationals(y, len(W[0]))
    demand(x != y and naive_contains(domain, x) and naive_contains(domain, y), Wrong)
    outputs = [[max(dot(w, point) + beta, Fraction(0)) for w, beta in zip(W, b, strict=True)] for point in (x, y)]
    demand(outputs[0] == outputs[1], Wrong)


def naive_flat_tree(W: Matrix, b: list[Fraction], domain: Document, proof: Document) -> None:
    _, refuters, tree = keys(proof, ["rule", "refuters", "tree"])
    demand(isinstance(refuters, list) and isinstance(tree, list), Malformed)
    demand(all(type(token) is int for token in tree), Malformed)
    naive_tree(W, [naive_refuter(W, b, domain, refuter) for refuter in refuters], tree)


NAIVE_RULES = {"collision": ("not_injective", naive_collision), "flat-tree": ("injective", naive_flat_tree)}

DOMAIN_KEYS = {
    "R^n": [],
    "nonneg": [],
    "box": ["lower", "upper"],
    "polytope": ["G", "h", "interior"],
    "ball": ["center", "radius"],
    "nonneg-ball": ["radius"],
    "sphere": ["radius"],
}


def naive_domain(value: Any, n: int) -> Document:
    """The domain with fractions in place of texts."""
    demand(isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"] in DOMAIN_KEYS, Malformed)
    keys(value, ["type", *DOMAIN_KEYS[value["type"]]])
    domain = dict(value)
    for name in {"lower", "upper", "center", "interior"} & set(value):
        domain[name] = rationals(value[name], n)
    if "G" in value:
        demand(isinstance(value["G"], list) and len(value["G"]) > 0, Malformed)
        domain["G"] = [rationals(row, n) for row in value["G"]]
        domain["h"] = rationals(value["h"], len(value["G"]))
        values = [dot(row, domain["interior"]) for row in domain["G"]]
        demand(all(value < end for value, end in zip(values, domain["h"], strict=True)), Wrong)
    if "lower" in value:
        demand(all(low < high for low, high in zip(domain["lower"], domain["upper"], strict=True)), Wrong)
    if "radius" in value:
        domain["radius"] = rational(value["radius"])
        demand(domain["radius"] > 0, Wrong)
    return domain


def dot(x: list[Any], y: list[Any]) -> Any:
    return sum((p * q for p, q in zip(x, y, strict=True)), Fraction(0))


def naive_contains(domain: Document, x: list[Fraction]) -> bool:
    kind = domain["type"]
    if kind == "box":
        return all(low <= v <= high for low, v, high in zip(domain["lower"], x, domain["upper"], strict=True))
    if kind == "polytope":
        return all(dot(row, x) <= end for row, end in zip(domain["G"], domain["h"], strict=True))
    if kind == "ball":
        steps = [v - c for v, c in zip(x, domain["center"], strict=True)]
        return dot(steps, steps) <= domain["radius"] ** 2
    if kind == "nonneg-ball":
        return min(x) >= 0 and dot(x, x) <= domain["radius"] ** 2
    return kind == "R^n" or min(x) >= 0


def naive_nonnegative(domain: Document, g: list[Fraction], beta: Fraction) -> bool:
    """Vertex by vertex on a box, face by face of the orthant on a nonnegative ball."""
    kind = domain["type"]
    if kind == "box":
        return all(dot(g, list(v)) + beta >= 0 for v in product(*zip(domain["lower"], domain["upper"], strict=True)))
    if kind == "ball":
        return not shorter(dot(g, domain["center"]) + beta, domain["radius"], g)
    if kind == "nonneg-ball":
        faces = [[v for v, used in zip(g, face, strict=True) if used] for face in product([0, 1], repeat=len(g))]
        return not any(shorter(beta, domain["radius"], face) for face in faces if all(v <= 0 for v in face))
    return beta >= 0 and (all(v >= 0 for v in g) if kind == "nonneg" else not any(g))


def shorter(t: Fraction, radius: Fraction, g: list[Fraction]) -> bool:
    """t < radius * |g|"""
    return t < 0 or t / radius * t / radius < dot(g, g)


def naive_sum(
    W: Matrix, b: list[Fraction], domain: Document, factors: dict[int, int]
) -> tuple[list[Fraction], Fraction]:
    """The sum of the rows and halfspaces with their multipliers, which must exist."""
    functions = list(zip(W, b, strict=True))
    if domain["type"] == "polytope":
        functions += [(row, -end) for row, end in zip(domain["G"], domain["h"], strict=True)]
    demand(all(0 <= i < len(functions) for i in factors), Wrong)
    g = [sum((factor * functions[i][0][j] for i, factor in factors.items()), Fraction(0)) for j in range(len(W[0]))]
    return g, sum((factor * functions[i][1] for i, factor in factors.items()), Fraction(0))


def digest(W: list[list[str]], b: list[str]) -> str:
    return hashlib.sha256(json.dumps({"W": W, "b": b}, separators=(",", ":")).encode()).hexdigest()


def naive_refuter(W: Matrix, b: list[Fraction], domain: Document, refuter: Any) -> list[int]:
    demand(isinstance(refuter, list) and len(refuter) > 0, Malformed)
    for pair in refuter:
        demand(isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int, Malformed)
        factor = rational(pair[1])
        demand(factor > 0 and factor.denominator == 1, Malformed)
    factors = {i: int(factor) for i, factor in refuter}
    demand(len(factors) == len(refuter), Wrong)
    demand(naive_nonnegative(domain, *naive_sum(W, b, domain, factors)), Wrong)
    support = [i for i in factors if i < len(W)]
    demand(len(support) > 0, Wrong)
    return support


def naive_tree(W: Matrix, supports: list[list[int]], tree: list[int]) -> None:
    tokens = list(reversed(tree))

    def take() -> int:
        demand(len(tokens) > 0, Wrong)
        return tokens.pop()

    def read_node(A: list[int], N: frozenset[int]) -> None:
        r = take()
        demand(0 <= r < len(supports), Wrong)
        span = [W[a] for a in A]
        demand(not any(spans(span, W[i]) for i in supports[r]), Wrong)
        if len(A) + 1 == len(W[0]):
            return
        for i in supports[r]:
            if i in N:
                continue
            demand(len(tokens) > 0, Wrong)
            if tokens[-1] < 0:
                k = -take() - 1
                demand(k in N and spans([*span, W[i]], W[k]), Wrong)
            else:
                read_node([*A, i], N)
            N = N | {i}

    read_node([], frozenset())
    demand(not tokens, Wrong)


# ------------------------------------------------------------------ a naive certificate writer


def minimal_refuters(W: Matrix, b: list[Fraction], domain: str) -> list[list[tuple[int, int]]]:
    """All positive circuits of the rows (w_i, b_i) and the slack directions of the domain."""
    n = len(W[0])
    vectors = [[*w, beta] for w, beta in zip(W, b, strict=True)] + [[Fraction(0)] * n + [Fraction(-1)]]
    if domain == "nonneg":
        vectors += [[Fraction(-int(j == k)) for k in range(n + 1)] for j in range(n)]
    found = []
    for size in range(1, n + 3):
        for subset in combinations(range(len(vectors)), size):
            factors = relation([vectors[i] for i in subset])
            if factors is not None and min(factors) > 0 and subset[0] < len(W):
                scale = math.lcm(*(value.denominator for value in factors))
                pairs = zip(subset, factors, strict=True)
                found.append([(i, int(value * scale)) for i, value in pairs if i < len(W)])
    return found


def certify(W: Matrix, b: list[Fraction], domain: Any = "R^n", refuters: Any = None) -> Document | None:
    """An injectivity certificate found by brute force; None if the layer is not injective."""
    refuters, used, tokens = refuters or minimal_refuters(W, b, domain), [], []

    def support(refuter: list[tuple[int, int]]) -> list[int]:
        return [i for i, _ in refuter if i < len(W)]

    def grow(A: list[int], N: set[int]) -> None:
        span = [W[a] for a in A]
        closure = {i for i, w in enumerate(W) if spans(span, w)}
        candidates = [refuter for refuter in refuters if not closure.intersection(support(refuter))]
        refuter = min(candidates, key=lambda refuter: len(set(support(refuter)) - N))
        if refuter not in used:
            used.append(refuter)
        tokens.append(used.index(refuter))
        N = set(N)
        for i in [i for i in support(refuter) if len(A) + 1 < len(W[0]) and i not in N]:
            vacuous = next((k for k in sorted(N) if spans([*span, W[i]], W[k])), None)
            if vacuous is None:
                grow([*A, i], N)
            else:
                tokens.append(-vacuous - 1)
            N.add(i)

    try:
        grow([], set())
    except ValueError:  # min() of no candidates
        return None
    stored = [[[i, str(factor)] for i, factor in refuter] for refuter in used]
    return enclose(W, b, "injective", domain, {"rule": "flat-tree", "refuters": stored, "tree": tokens})


def enclose(W: Matrix, b: list[Fraction], claim: str, domain: str | Document, proof: Document) -> Document:
    """The whole document; a domain may be given by its type alone."""
    domain = {"type": domain} if isinstance(domain, str) else domain
    rows, bias = [[str(value) for value in row] for row in W], [str(value) for value in b]
    layer = {"m": len(W), "n": len(W[0]), "sha256": digest(rows, bias), "W": rows, "b": bias}
    head = {"format": "exactinj-certificate", "version": 1, "claim": claim, "domain": domain}
    return {**head, "layer": layer, "proof": proof}


def matrix(text: str) -> Matrix:
    """Rows between semicolons."""
    return [[Fraction(entry) for entry in row.split()] for row in text.split(";")]


def layer_of(document: Document) -> tuple[Matrix, list[Fraction]]:
    stored = document["layer"]
    return [[Fraction(v) for v in row] for row in stored["W"]], [Fraction(v) for v in stored["b"]]


LAYERS = {
    "one row pair": ("2; -3/5", "0 0", "R^n"),
    "identity and negative": ("1 0 0; 0 1 0; 0 0 1; -1 0 0; 0 -1 0; 0 0 -1", "0 0 0 0 0 0", "R^n"),
    "basis and scaled negative": ("1 2 0; 0 1 1; 3 0 1; -1/2 -1 0; 0 -3 -3; -3/7 0 -1/7", "0 0 0 0 0 0", "R^n"),
    "two triangles": ("2 0; -1 2; -1 -2; -2 0; 1 -2; 1 2", "0 0 0 0 0 0", "R^n"),
    "two triangles with bias": ("2 0; -1 2; -1 -2; -2 0; 1 -2; 1 2", "1 1/3 0 -1/2 0 0", "R^n"),
    "parallel rows": ("1 0; 2 0; -1 0; -3 0; 0 1; 0 -1; 1 1; -1 -1", "0 1 0 0 0 0 0 -5", "R^n"),
    "space": ("1 0 0; 0 1 0; 0 0 1; -1 -1 -1; -1 0 0; 0 -1 0; 0 0 -1; 1 1 1", "0 0 0 0 0 0 0 0", "R^n"),
    "space with bias": ("1 0 0; 0 1 0; 0 0 1; -1 0 0; 0 -1 0; 0 0 -1; 1 1 0; 1 -1 2", "1 0 1/2 0 0 0 1 -2", "R^n"),
    "four dimensions": (
        "2 1 0 -1; 1 3 1 1; 0 -2 5 1; 1 1 1 4; -1 -1/2 0 1/2; -3 -9 -3 -3; 0 2 -5 -1; -1/5 -1/5 -1/5 -4/5; 3 4 1 0",
        "0 0 0 0 0 0 0 0 1",
        "R^n",
    ),
    "five dimensions": (
        "3 1 4 1 5; 9 2 6 5 3; 5 8 9 7 9; 3 2 3 8 4; 6 2 6 4 3; -3 -1 -4 -1 -5; -18 -4 -12 -10 -6; "  # noqa: ISC004
        "-5/2 -4 -9/2 -7/2 -9/2; -1 -2/3 -1 -8/3 -4/3; -6 -2 -6 -4 -3",
        "0 0 0 0 0 0 0 0 0 0",
        "R^n",
    ),
    "orthant": ("1 0 0; 0 1 0; 0 0 1; 1 1 -1; -1 2 1", "0 1 0 -1 3", "nonneg"),
    "orthant in the plane": ("1 1; 1 2; -1 3; 4 -1", "0 0 1 2", "nonneg"),
}


def certificate(name: str) -> Document:
    W, b, domain = LAYERS[name]
    document = certify(matrix(W), matrix(b)[0], domain)
    assert document is not None
    return document


@pytest.mark.parametrize("name", LAYERS)
def test_generated_certificates_are_valid(name: str) -> None:
    document = certificate(name)
    result = checker.check_stream(io.BytesIO(json.dumps(document).encode()), layer_of(document))
    assert result.valid, result.reason
    assert result.claim == "injective"
    assert naive_verdict(json.dumps(document), layer_of(document)) == "valid"


@pytest.mark.parametrize("zeros", [0.0, 0.3, 0.7])
def test_annihilators(zeros: float) -> None:
    """Against ranks over Fractions: dense rows stay on the Bareiss path, zeros leave it."""
    rng = random.Random(4)
    for _ in range(60):
        n = rng.randint(1, 6)
        basis: list[Any] = [[int(j == k) for j in range(n)] for k in range(n)]
        divisor, path = 1, []
        while basis:
            entries = [Fraction(rng.randint(-9, 9) * (rng.random() >= zeros), rng.choice([1, 4])) for _ in range(n)]
            row = Row(entries, Fraction(1))
            assert row.is_orthogonal(basis) == spans(path, entries)
            if not row.is_orthogonal(basis):
                basis, divisor = annihilator(basis, divisor, row)
                path.append(entries)
            vectors = [[Fraction(value) for value in y] for y in basis]
            assert rank(vectors) == len(basis) == n - len(path)
            assert not any(sum(p * q for p, q in zip(w, y, strict=True)) for w in path for y in vectors)


def random_document(rng: random.Random) -> Document | None:
    n = rng.choice([1, 2, 2, 3])
    m = rng.randint(n, 2 * n + 2)
    W = [[Fraction(rng.randint(-2, 2), rng.choice([1, 1, 3])) for _ in range(n)] for _ in range(m)]
    W += [[-value * rng.choice([1, 2, Fraction(1, 3)]) for value in row] for row in W[: rng.randint(0, n + 1)]]
    b = [Fraction(rng.randint(-1, 1)) if rng.random() < 0.3 else Fraction(0) for _ in W]
    return certify(W, b, rng.choice(["R^n", "nonneg"]))


def test_tampered_proofs_get_the_verdict_of_the_naive_reading() -> None:
    rng, seen = random.Random(1), {"valid": 0, "rejected": 0, "unreadable": 0}
    documents = [document for document in (random_document(rng) for _ in range(60)) if document is not None]
    assert len(documents) > 10
    for document in documents * 12:
        tampered = json.loads(json.dumps(document))
        proof = tampered["proof"]
        tree, refuters, m = proof["tree"], proof["refuters"], tampered["layer"]["m"]
        for _ in range(rng.choice([1, 1, 2])):
            place = rng.randrange(len(tree)) if tree else 0
            change = rng.randrange(6)
            if change == 0 and tree:
                tree[place] = rng.randint(-m - 1, len(refuters))
            elif change == 1 and tree:
                del tree[place]
            elif change == 2:
                tree.insert(place, rng.randint(-m, len(refuters) - 1))
            elif change == 3:
                rng.shuffle(rng.choice(refuters))
            elif change == 4:
                rng.choice(rng.choice(refuters))[0] = rng.randint(-1, m)
            else:
                rng.shuffle(refuters)
        text = json.dumps(tampered)
        answer = verdict(text.encode())
        assert answer == naive_verdict(text), text
        seen[answer] += 1
    assert seen["valid"] > 20
    assert seen["rejected"] > 100


# ------------------------------------------------------------------ fixtures


def has_naive_reading(path: Path) -> bool:
    """The naive readings of other rules are in their own files."""
    others = ("sign-split", "depth-tree", "gram", "blocks", "boxes", "convolution", "residual")
    return not any(f'"{rule}"' in path.read_text() for rule in others)


@pytest.mark.parametrize("path", fixtures("correct"))
def test_correct(path: Path) -> None:
    result = checker.check_file(path)
    assert result.valid, result.reason
    assert result.claim == json.loads(path.read_text())["claim"]
    assert not has_naive_reading(path) or naive_verdict(path.read_text()) == "valid"


@pytest.mark.parametrize("path", fixtures("incorrect"))
def test_incorrect(path: Path) -> None:
    result = checker.check_file(path)
    assert not result.valid
    assert expected_reason(path) in result.reason
    assert not has_naive_reading(path) or naive_verdict(path.read_text()) == "rejected"


@pytest.mark.parametrize("path", fixtures("malformed"))
def test_malformed(path: Path) -> None:
    with pytest.raises(checker.Unreadable) as caught:
        checker.check_file(path)
    assert expected_reason(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not has_naive_reading(path) or naive_verdict(path.read_text()) == "unreadable"


@pytest.mark.parametrize("path", fixtures("*"))
def test_pieces_of_any_size_give_the_same_answer(path: Path) -> None:
    def answer(stream: Any) -> object:
        try:
            return checker.check_stream(stream)
        except checker.Unreadable as error:
            return str(error)

    data = path.read_bytes()
    whole = answer(io.BytesIO(data))
    for size in range(1, 8):
        for stored in (data, gzip.compress(data)):
            assert answer(Dribble([stored], size)) == whole


class Dribble(io.RawIOBase):
    """A binary file that hands out at most `size` bytes at a time of pieces that are made as they are read."""

    def __init__(self, pieces: Any, size: int) -> None:
        self.pieces, self.size, self.rest = iter(pieces), size, b""

    def read(self, size: int = -1) -> bytes:
        while not self.rest:
            try:
                self.rest = next(self.pieces)
            except StopIteration:
                return b""
        size = min(self.size, size)
        block, self.rest = self.rest[:size], self.rest[size:]
        return block


# ------------------------------------------------------------------ one table of steps for each rule

PLANE = "1 0; 0 1; -1 0; 0 -1; 1 1; -1 -1"
"""Six rows in the plane; the rows 0, 2 and 1, 3 and 4, 5 are antiparallel."""


def flat_tree(refuters: list[list[list[Any]]], tree: list[Any], layer: str = PLANE, **options: str) -> Document:
    W = matrix(layer)
    b = matrix(options["b"])[0] if "b" in options else [Fraction(0)] * len(W)
    proof = {"rule": "flat-tree", "refuters": refuters, "tree": tree}
    return enclose(W, b, "injective", options.get("domain", "R^n"), proof)


def collision(x: list[Any], y: list[Any], layer: str, b: str, domain: str = "R^n") -> Document:
    return enclose(matrix(layer), matrix(b)[0], "not_injective", domain, {"rule": "collision", "x": x, "y": y})


FIRST, SECOND, THIRD = [[0, "1"], [2, "1"]], [[1, "1"], [3, "1"]], [[4, "2"], [5, "2"]]
CORNER = [[0, "1"], [1, "1"], [5, "1"]]
PAIRS = [FIRST, SECOND, THIRD]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(flat_tree([[[0, "1"], [1, "1"]]], [0], "1; -1"), "valid", id="sum zero"),
        pytest.param(flat_tree([[[0, "3"], [1, "2"]]], [0], "2/3; -1"), "valid", id="fractions"),
        pytest.param(flat_tree([[[0, "1"], [1, "1"]]], [0], "1; -1", b="-1 1"), "valid", id="constant zero"),
        pytest.param(flat_tree([[[0, "1"]]], [0], "1", domain="nonneg"), "valid", id="orthant"),
        pytest.param(
            flat_tree([[[0, "1"], [1, "1"]]], [0], "1; -1", b="-1 1/2"), "refuter 0: the sum", id="constant negative"
        ),
        pytest.param(flat_tree([[[0, "1"], [1, "2"]]], [0], "1; -1"), "refuter 0: the sum", id="sum not zero"),
        pytest.param(flat_tree([[[0, "1"]]], [0], "-1", domain="nonneg"), "refuter 0: the sum", id="below on orthant"),
        pytest.param(
            flat_tree([[[0, "1"]]], [0], "1", b="-1", domain="nonneg"), "refuter 0: the sum", id="origin of orthant"
        ),
        pytest.param(flat_tree([[[0, "1"], [2, "1"]]], [0], "1; -1"), "outside 0 to 1", id="row too large"),
        pytest.param(flat_tree([[[0, "1"], [-1, "1"]]], [0], "1; -1"), "outside 0 to 1", id="row negative"),
        pytest.param(
            flat_tree([[[0, "1"], [0, "1"], [1, "2"]]], [0], "1; -1"), "refuter 0: names a row twice", id="row twice"
        ),
        pytest.param(
            flat_tree([[[0, "1"], [1, "1"]], [[1, "1"]]], [0], "1; -1"), "refuter 1: the sum", id="wrong and unused"
        ),
    ],
)
def test_refuter(document: Document, expected: str) -> None:
    assert expected in reason(document)
    assert naive_verdict(json.dumps(document)) == ("valid" if expected == "valid" else "rejected")


@pytest.mark.parametrize(
    ("refuters", "tree", "expected"),
    [
        pytest.param(PAIRS, [0, 1, -1], "valid", id="vacuous child"),
        pytest.param(PAIRS, [0, 1, 1], "valid", id="node in place of a vacuous child"),
        pytest.param([CORNER, *PAIRS], [0, 2, 3, 1], "valid", id="three children"),
        pytest.param([CORNER, *PAIRS], [0, 2, 1, 1], "valid", id="another refuter"),
        pytest.param([[[2, "1"], [0, "1"]], SECOND], [0, 1, -3], "valid", id="order of the refuter"),
        pytest.param(PAIRS, [], "ends after 0 tokens", id="empty"),
        pytest.param(PAIRS, [0, 1], "ends after 2 tokens", id="short"),
        pytest.param(PAIRS, [0, 1, -1, 0], "complete after 3 tokens", id="long"),
        pytest.param([], [0], "tree token 0: there is no refuter 0", id="no refuters"),
        pytest.param(PAIRS, [0, 3, -1], "tree token 1: there is no refuter 3", id="refuter too large"),
        pytest.param(PAIRS, [-1], "tree token 0: there is no refuter -1", id="vacuous root"),
        pytest.param(PAIRS, [0, 0, -1], "tree token 1: row 0 lies in the span of the rows 0", id="not disjoint"),
        pytest.param(
            [*PAIRS, CORNER],
            [0, 1, 3],
            "tree token 2: row 0 lies in the span of the rows 2",
            id="excluded, not disjoint",
        ),
        pytest.param(PAIRS, [0, 1, -3], "tree token 2: row 2 is not excluded", id="itself excluded"),
        pytest.param(PAIRS, [0, 1, -5], "tree token 2: row 4 is not excluded", id="never excluded"),
        pytest.param(PAIRS, [0, -1, 1], "tree token 1: row 0 is not excluded", id="first child vacuous"),
        pytest.param(
            [CORNER, *PAIRS], [0, 2, -1], "tree token 2: row 0 does not lie in the span of the rows 1", id="not spanned"
        ),
        pytest.param(PAIRS, [0, 1, -(10**5000)], "is not excluded", id="row of 5000 digits"),
        pytest.param(PAIRS, [10**5000], "there is no refuter an integer of 16610 bits", id="refuter of 5000 digits"),
    ],
)
def test_tree(refuters: list[Any], tree: list[int], expected: str) -> None:
    text = without_limit(lambda: json.dumps(flat_tree(refuters, tree)))
    assert expected in reason(text)
    assert without_limit(lambda: naive_verdict(text)) == ("valid" if expected == "valid" else "rejected")


def without_limit(action: Callable[[], Any]) -> Any:
    """Run something of the tests' own without Python's limit on decimal conversion."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return action()
    finally:
        sys.set_int_max_str_digits(limit)


SPACE = "1 0 0; 0 1 0; 0 0 1; -1 0 0; 0 -1 0; 0 0 -1; 1 1 0; 0 0 0"
AXES = [[[j, "1"], [j + 3, "1"]] for j in range(3)]
NEGATIVE_SUM = [[3, "1"], [4, "1"], [6, "1"]]
SUM_FIRST = [[6, "1"], [3, "1"], [4, "1"]]


@pytest.mark.parametrize(
    ("refuters", "tree", "expected"),
    [
        pytest.param(AXES, [0, 1, 2, -2, -1], "valid", id="depth two"),
        pytest.param(AXES, [0, 1, 2, 2, 1, 2, -2], "valid", id="no vacuous child that could be"),
        pytest.param(
            [*AXES, NEGATIVE_SUM], [0, 1, 2, -2, 3], "row 3 lies in the span of the rows 3", id="child not disjoint"
        ),
        pytest.param(
            [*AXES, NEGATIVE_SUM], [1, 0, 2, -1, 0, 2, -5], "row 4 is not excluded", id="itself while it is read"
        ),
        pytest.param(AXES, [0, 1, 2, -2, 1, -2], "row 1 is not excluded", id="what a finished node excluded is gone"),
        pytest.param(AXES, [0, 1, 2, -1, -1], "row 0 is not excluded", id="an ancestor is not excluded"),
        pytest.param([[[7, "1"]]], [0], "row 7 lies in the span of no rows: it is zero", id="zero row"),
        pytest.param([*AXES, [[7, "5"]]], [0, 1, 2, -2, -1], "valid", id="zero row unused"),
        pytest.param([*AXES, SUM_FIRST], [3, 2, 0, -3, 1, -7, -2, 0, -7], "valid", id="spanned by two"),
        pytest.param(
            [*AXES, SUM_FIRST],
            [3, 2, 0, -3, 2, -7],
            "tree token 5: row 6 does not lie in the span of the rows 3, 2",
            id="spanned by others",
        ),
    ],
)
def test_tree_in_space(refuters: list[Any], tree: list[int], expected: str) -> None:
    document = flat_tree(refuters, tree, SPACE)
    assert expected in reason(document)
    assert naive_verdict(json.dumps(document)) == ("valid" if expected == "valid" else "rejected")


def test_vacuous_children_are_compared_in_all_coordinates() -> None:
    refuters = [[[0, "1"], [1, "1"], [2, "1"]], [[3, "1"], [4, "1"]], [[2, "1"], [5, "1"]]]
    document = flat_tree(refuters, [0, 1, 2, -4, -1], "1 0 0; -1 0 1; 0 0 -1; 0 1 0; 0 -1 0; 0 0 1")
    assert "tree token 4: row 0 does not lie in the span of the rows 1" in reason(document)
    assert naive_verdict(json.dumps(document)) == "rejected"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(collision(["-1"], ["-2"], "1", "0"), "valid", id="both negative"),
        pytest.param(collision(["-1"], ["0"], "1", "0"), "valid", id="zero"),
        pytest.param(collision(["1/2", "3"], ["1/2", "7/5"], "1 0", "0"), "valid", id="kernel"),
        pytest.param(collision(["1/3", "2/3"], ["0", "0"], "1 1; 3 0", "-1 -1"), "valid", id="bias"),
        pytest.param(collision(["0"], ["1"], "1", "-1", "nonneg"), "valid", id="orthant"),
        pytest.param(collision(["-1"], ["-1"], "1", "0"), "x and y are equal", id="equal"),
        pytest.param(collision(["0"], ["-1"], "1", "-1", "nonneg"), "y does not lie in the domain", id="y outside"),
        pytest.param(collision(["-1/9"], ["1"], "1", "-1", "nonneg"), "x does not lie in the domain", id="x outside"),
        pytest.param(collision(["-1"], ["1"], "1", "0"), "row 0 has different outputs", id="different"),
        pytest.param(
            collision(["1/3", "2/3"], ["0", "0"], "1 1; 3 0", "-1 -999/1000"), "row 1 has different", id="bit different"
        ),
    ],
)
def test_collision(document: Document, expected: str) -> None:
    assert expected in reason(document)
    assert naive_verdict(json.dumps(document)) == ("valid" if expected == "valid" else "rejected")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        *[(text, True) for text in ["0", "-1", "7", "1/2", "-22/7", "1" + "0" * 9000, "1/" + "3" * 5000]],
        *[(text, False) for text in ["-0", "2/4", "3/1", "0/1", "0/5", "1/-2", "1/0", "01", "1/02", "+1", "", "-"]],
        *[(text, False) for text in ["1.0", "1e3", " 1", "1\n", "1_0", "\u0661", "1//2", "/2", "1/", "0x1", "nan"]],
    ],
)
def test_rationals(text: str, canonical: bool) -> None:
    document = collision(["-1"], ["-2"], "1", "0")
    document["layer"]["b"] = [text]
    document["layer"]["sha256"] = digest(document["layer"]["W"], [text])
    assert ("canonical" in reason(document)) != canonical
    assert ("unreadable" in reason(document)) != canonical


@pytest.mark.parametrize("text", ["0", "-1", "+1", "01", "1.0", "1/2", "", " 1", "1\n", "\u0661", "1_0"])
def test_multipliers_that_are_not_positive_integers(text: str) -> None:
    assert "unreadable: refuter 0" in reason(flat_tree([[[0, text], [2, "1"]], SECOND], [0, 1, -1]))


def test_long_multipliers() -> None:
    """Longer than Python's own limit of 4,300 digits, which stays as it is."""
    limit = sys.get_int_max_str_digits()
    long = "7" * 10_000
    assert reason(flat_tree([[[0, long], [2, long]], SECOND], [0, 1, -1])).startswith("valid")
    nearly = long[:5000] + "8" + long[5001:]
    assert "refuter 0: the sum" in reason(flat_tree([[[0, long], [2, nearly]], SECOND], [0, 1, -1]))
    assert sys.get_int_max_str_digits() == limit


def test_deep_trees_need_no_recursion() -> None:
    n = sys.getrecursionlimit() // 5 if sys.getrecursionlimit() < 1500 else 200
    axes = [[Fraction(int(j == k)) for k in range(n)] for j in range(n)]
    refuters = [[[j, "1"], [j + n, "1"]] for j in range(n)]
    tree = [*range(n), *(-j - 1 for j in reversed(range(n - 1)))]
    proof = {"rule": "flat-tree", "refuters": refuters, "tree": tree}
    W = axes + [[-value for value in row] for row in axes]
    text = json.dumps(enclose(W, [Fraction(0)] * (2 * n), "injective", "R^n", proof))
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len_of_stack() + 60)
        assert reason(text).startswith("valid")
    finally:
        sys.setrecursionlimit(limit)


def len_of_stack() -> int:
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


# ------------------------------------------------------------------ the document and the layer


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(lambda d: d["layer"].update(sha256="0" * 64), "rejected: layer: the SHA-256", id="digest"),
        pytest.param(lambda d: d["layer"]["W"][0].__setitem__(0, "3"), "rejected: layer: the SHA-256", id="weight"),
        pytest.param(lambda d: d.update(claim="not_injective"), 'the rule "flat-tree" proves', id="claim"),
        pytest.param(lambda d: d["layer"].update(m=10**12), "expected 1000000000000 rows, found 6", id="huge m"),
        pytest.param(lambda d: d["layer"].update(n=10**12), "expected a list of 1000000000000", id="huge n"),
        pytest.param(lambda d: d["layer"].update(m=5), "expected 5 rows, found more", id="small m"),
        pytest.param(lambda d: d["layer"].update(m=0), "expected a positive integer", id="no rows"),
        pytest.param(lambda d: d["layer"].update(m=True), "expected a positive integer, found true", id="true rows"),
        pytest.param(lambda d: d.update(version=True), "expected 1, found true", id="true version"),
        pytest.param(lambda d: d["proof"]["tree"].append(None), "unreadable: tree token", id="null at the end"),
        pytest.param(lambda d: d["proof"]["tree"].__setitem__(-1, None), "expected an integer, found null", id="null"),
        pytest.param(lambda d: d["proof"]["tree"].__setitem__(0, True), "expected an integer, found true", id="true"),
        pytest.param(lambda d: d["proof"].update(rule="magic"), '"rule": expected', id="rule"),
        pytest.param(lambda d: d["domain"].update(type="ball:1"), '"type": expected "R^n" or', id="domain"),
    ],
)
def test_document(edit: Callable[[Document], None], expected: str) -> None:
    document = certificate("two triangles")
    edit(document)
    assert expected.replace('"R^n"', "'R^n'") in reason(document)


def test_fewer_rows_than_columns_builds_no_square_matrix() -> None:
    n = 20_000
    document = enclose([[Fraction(1)] * n], [Fraction(0)], "injective", "nonneg", flat_tree([[[0, "1"]]], [0])["proof"])
    assert f"1 rows do not span R^{n}" in reason(document)


def test_given_layer() -> None:
    document = certificate("two triangles with bias")
    W, b = layer_of(document)
    data = json.dumps(document).encode()
    assert verdict(data, (W, b)) == "valid"
    assert verdict(data, ([tuple(row) for row in W], tuple(b))) == "valid"
    for other, place in [
        ((W[:-1], b[:-1]), "6 x 2 here and 5 x 2"),
        (([[*row, Fraction(0)] for row in W], b), "6 x 2 here and 6 x 3"),
        (([*W[:-1], [W[-1][0], W[-1][1] + Fraction(1, 10**30)]], b), "row 5 of W"),
        ((W, [*b[:-1], b[-1] + Fraction(1, 10**30)]), "b differs"),
        ((list(reversed(W)), b), "row 0 of W"),
    ]:
        result = checker.check_stream(io.BytesIO(data), other)
        assert not result.valid
        assert place in result.reason


# ------------------------------------------------------------------ every digit matters


@pytest.mark.parametrize("name", LAYERS)
def test_every_changed_digit_is_caught_or_harmless(name: str) -> None:
    document = certificate(name)
    text, layer = json.dumps(document), layer_of(document)
    accepted = 0
    for place, mutant in digit_mutants(text):
        answer = verdict(mutant.encode(), layer)
        accepted += answer == "valid"
        if answer == "valid" or place % 10 == 0:
            assert naive_verdict(mutant, layer) == answer, mutant
    assert accepted < len(text)


@pytest.mark.parametrize("name", ["one row pair", "two triangles with bias", "orthant in the plane"])
def test_every_changed_digit_of_the_layer_gets_the_verdict_of_the_naive_reading(name: str) -> None:
    """With the digest made right again, so that the proof itself is put to the test."""
    document = certificate(name)
    for _, mutant in digit_mutants(json.dumps([document["layer"]["W"], document["layer"]["b"]])):
        W, b = json.loads(mutant)
        changed = {**document, "layer": {**document["layer"], "sha256": digest(W, b), "W": W, "b": b}}
        text = json.dumps(changed)
        assert verdict(text.encode()) == naive_verdict(text), text


def digit_mutants(text: str) -> Iterator[tuple[int, str]]:
    for place, old in enumerate(text):
        if old.isdigit():
            for new in "0123456789".replace(old, ""):
                yield place, text[:place] + new + text[place + 1 :]


def test_every_changed_digit_of_a_collision_is_caught_or_harmless() -> None:
    document = collision(["1/3", "2/3"], ["0", "-17/5"], "1 1; 3 0; -2 -1", "-1 -1 -4")
    text, layer = json.dumps(document), layer_of(document)
    assert verdict(text.encode(), layer) == "valid"
    for _, mutant in digit_mutants(text):
        assert verdict(mutant.encode(), layer) == naive_verdict(mutant, layer), mutant


def test_cut_and_damaged_files_are_never_valid_and_never_crash() -> None:
    text = json.dumps(certificate("two triangles"))
    for end in range(len(text)):
        assert verdict(text[:end].encode()) == "unreadable"
    rng = random.Random(2)
    for _ in range(3000):
        damaged = bytearray(text.encode())
        for _ in range(rng.choice([1, 1, 2, 5])):
            damaged[rng.randrange(len(damaged))] = rng.choice(b'[]{}",:0-1e.\\u \x00\xff\xc3t')
        if verdict(bytes(damaged)) == "valid":
            assert naive_verdict(damaged.decode()) == "valid"


# ------------------------------------------------------------------ streaming, gzip, isolation


def bush(n: int, digits: int) -> Iterator[bytes]:
    """A certificate for [I; -I] with 2^n - 1 refuters and nodes, made as it is read."""
    axes = [[Fraction(int(j == k)) for k in range(n)] for j in range(n)]
    W = axes + [[-value for value in row] for row in axes]
    head = json.dumps(enclose(W, [Fraction(0)] * (2 * n), "injective", "R^n", {"rule": 0})).removesuffix("0}}")
    factor = "3" * digits
    yield (head + '"flat-tree", "refuters": [').encode()
    for flat in range(2**n - 1):
        support = [i for j in range(n) if not flat >> j & 1 for i in (j, j + n)]
        yield ("," * (flat > 0) + json.dumps([[i, factor] for i in support])).encode()

    def tokens(flat: int, first: int) -> Iterator[int]:
        yield flat
        if flat.bit_count() + 1 < n:
            for j in range(first, n):
                if not flat >> j & 1:
                    yield from tokens(flat | 1 << j, j + 1)
                    yield -j - 1

    yield b'], "tree": ['
    yield from (("," * (k > 0) + str(token)).encode() for k, token in enumerate(tokens(0, 0)))
    yield b"]}}"


def test_memory_does_not_grow_with_the_document() -> None:
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for piece in bush(11, 180):
            read += len(piece)
            yield piece

    tracemalloc.start()
    try:
        result = checker.check_stream(Dribble(counted(), 1 << 16))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.valid, result.reason
    assert read > 4_000_000
    assert peak < 1_500_000


@pytest.mark.parametrize(("start", "message"), [('[[0, "1"], [0.5', "fraction"), ('[[0, "1"], [0: 1', "not JSON")])
def test_a_long_malformed_list_is_not_collected(start: str, message: str) -> None:
    def endless() -> Iterator[bytes]:
        head, _ = json.dumps(certificate("one row pair")).split('"refuters"')
        yield (head + '"refuters": [' + start).encode()
        for _ in range(1000):
            yield b', [0, "1"]' * 1000
        pytest.fail("read to the end")

    with pytest.raises(checker.Unreadable, match=message):
        checker.check_stream(Dribble(endless(), 1 << 16))


def test_gzip() -> None:
    data = json.dumps(certificate("space")).encode()
    packed = gzip.compress(data)
    assert verdict(packed) == "valid"
    assert verdict(gzip.compress(data[:500]) + gzip.compress(data[500:])) == "valid"
    assert verdict(gzip.compress(data[:-1])) == "unreadable"
    assert verdict(packed + b"more") == "unreadable"
    assert verdict(packed + b" ") == "unreadable"
    for end in range(len(packed)):
        assert verdict(packed[:end]) == "unreadable"
    for place in range(len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= 0x41
        assert verdict(bytes(damaged)) in ("unreadable", "valid" if 3 <= place < 10 else "unreadable")


def test_inputs_that_are_nothing_like_a_certificate(tmp_path: Path) -> None:
    deep = "[" * 200_000
    for data in [b"", b" ", b"{", b"null", b"[]", b"\xef\xbb\xbf{}", b"\xff\xfe{", b"\x1f\x8b", b"\x1f", b"\x00" * 9]:
        assert verdict(data) == "unreadable"
    for text in [deep, '{"format":' + deep, '{"format":' + '{"a":' * 200_000, '{"format": "' + "a" * 10**6]:
        assert verdict(text.encode()) == "unreadable"
    for path in [tmp_path, tmp_path / "absent", "\0", tmp_path / "a\udcff"]:
        with pytest.raises(checker.Unreadable):
            checker.check_file(path)


def run(arguments: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(CHECKER), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_runs_alone(tmp_path: Path) -> None:
    correct = FIXTURES / "correct" / "mercedes_pair.json"
    incorrect = FIXTURES / "incorrect" / "vacuous_not_excluded.json"
    malformed = FIXTURES / "malformed" / "truncated.json"
    done = run([correct], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("valid: injective: ")
    done = run(["--json", correct], tmp_path)
    assert json.loads(done.stdout) == {
        "valid": True,
        "claim": "injective",
        "reason": checker.check_file(correct).reason,
    }
    done = run(["--json", incorrect], tmp_path)
    assert done.returncode == 4
    assert json.loads(done.stdout)["valid"] is False
    done = run([malformed], tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("unreadable: certificate: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", [[], ["--json"]])
@pytest.mark.parametrize("redirected", [">/dev/full", ">&-"])
def test_an_answer_that_is_lost_reads_as_no_answer(redirected: str, option: list[str]) -> None:
    """Standard output that takes nothing is status 1 and one line; --quiet needs none."""
    correct, script = FIXTURES / "correct" / "mercedes_pair.json", Path(checker.__file__).with_name("checker.py")
    command = [sys.executable, "-I", script, correct]
    shell = ["sh", "-c", f'"$@" {redirected}', "sh", *map(str, [*command, *option])]
    done = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("the answer could not be written to standard output: ")
    assert done.stderr.count("\n") == 1
    quiet = ["sh", "-c", f'"$@" {redirected}', "sh", *map(str, [*command, "--quiet"])]
    assert subprocess.run(quiet, check=False, timeout=60).returncode == 0


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    document = certificate("two triangles")
    path, layer = tmp_path / "c.json", tmp_path / "layer.json"
    path.write_text(json.dumps(document))
    layer.write_text(json.dumps({"W": document["layer"]["W"]}))
    assert checker.main([str(path), str(layer)]) == 0
    layer.write_text(json.dumps({"W": document["layer"]["W"], "b": [0, 0, 0, 0, 0, "1e-9"]}))
    assert checker.main([str(path), str(layer)]) == 4
    assert "rejected: layer: b differs" in capsys.readouterr().out
    layer.write_text("{}")
    assert checker.main([str(path), str(layer)]) == 3
    assert "unreadable: layer file: expected W" in capsys.readouterr().err
    assert checker.main(["--quiet", str(path)]) == 0
    assert checker.main(["--quiet", os.fsdecode(b"absent\xff")]) == 3
    assert capsys.readouterr() == ("", "")
    assert checker.main(["--json", os.fsdecode(b"absent\xff")]) == 3
    assert json.loads(capsys.readouterr().out)["claim"] is None
    with pytest.raises(SystemExit) as caught:
        checker.main([])
    assert caught.value.code == 2

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("exactinj.checker.command.check_file", interrupt)
    assert checker.main([str(path)]) == 130


def test_imports_the_standard_library_only() -> None:
    names = set()
    for node in ast.walk(ast.parse(CHECKER.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(str(node.module).split(".")[0])
        assert not isinstance(node, ast.Assert)
    assert names <= sys.stdlib_module_names


# ------------------------------------------------------------------ layer files


def same_layer(path: Path, W: Matrix, b: list[Fraction]) -> bool:
    found = checker.read_layer(path)
    return [list(row) for row in found[0]] == W and list(found[1]) == b


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("order", "CF")
def test_numpy_layers(kind: str, endian: str, order: str, tmp_path: Path) -> None:
    values = np.array([[3, 1, 4], [1, 5, 9]]) / (8 if kind[0] == "f" else 1)
    if kind == "f8":
        values[0, 0], values[0, 1], values[0, 2] = 0.1, 5e-324, -1.7976931348623157e308
    array = np.asarray(values.astype(endian + kind), order=order)
    W = [[Fraction(value.item()) for value in row] for row in array]
    np.save(tmp_path / "layer.npy", array)
    assert same_layer(tmp_path / "layer.npy", W, [Fraction(0)] * 2)
    np.savez(tmp_path / "layer.npz", W=array, b=array[:, 0])
    assert same_layer(tmp_path / "layer.npz", W, [row[0] for row in W])
    np.savez_compressed(tmp_path / "layer.npz", W=array, alpha=array[:, 1])
    assert same_layer(tmp_path / "layer.npz", W, [-row[1] for row in W])


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npy_versions(version: tuple[int, int], tmp_path: Path) -> None:
    with (tmp_path / "layer.npy").open("wb") as file:
        np.lib.format.write_array(file, np.eye(2), version=version)
    assert same_layer(tmp_path / "layer.npy", matrix("1 0; 0 1"), [Fraction(0)] * 2)


def test_text_layers(tmp_path: Path) -> None:
    path = tmp_path / "layer.JSON"
    path.write_text('{"W": [["1/2", "-3", "0.1"], ["1e-3", " +2.50E1 ", ".5"]], "b": [12345678901234567890, 0.1]}')
    W = [[Fraction(1, 2), Fraction(-3), Fraction(1, 10)], [Fraction(1, 1000), Fraction(25), Fraction(1, 2)]]
    assert same_layer(path, W, [Fraction(12345678901234567890), Fraction(0.1)])
    path.write_text('{"alpha": ["2", -1], "W": [[1], [' + "9" * 6000 + "]]}")
    assert same_layer(path, [[Fraction(1)], [Fraction(10**6000 - 1)]], [Fraction(-2), Fraction(1)])
    csv = tmp_path / "layer.csv"
    csv.write_bytes(b'1/2,-3, 0.1\r\n\r\n1e-3,"25",5e-1\r\n')
    assert same_layer(csv, W, [Fraction(0)] * 2)


BAD_JSON_LAYERS = {
    '{"W": []}': "W: expected a matrix",
    '{"W": [[]]}': "W: expected a matrix",
    '{"W": [["1"], ["1", "2"]]}': "W: expected a matrix",
    '{"W": "1"}': "W: expected a matrix",
    '{"W": [[1]], "b": [1, 2]}': "b: expected one number for each of the 1 rows",
    '{"W": [[1]], "b": {}}': "b: expected",
    '{"W": [[1]], "b": [1], "alpha": [1]}': "at most one of b and alpha",
    '{"W": [[1]], "bias": [1]}': "found 'W', 'bias'",
    '{"W": [[1]], "W": [[2]]}': "a key is repeated",
    '{"b": [1]}': "expected W",
    "[[1]]": "expected an object",
    '{"W": [[true]]}': "W[0][0]: expected a finite number",
    '{"W": [[NaN]]}': "found NaN",
    '{"W": [[1, -1e999]]}': "found the number -1e999, which float64 turns into -inf: put it in quotes",
    '{"W": [[1, 1e-400]]}': "found the number 1e-400, which float64 turns into 0.0: put it in quotes",
    '{"W": [["inf"]]}': "found 'inf'",
    '{"W": [["1/0"]]}': "found '1/0'",
    '{"W": [["1e1000000000"]]}': "found '1e1000000000'",
    '{"W": [["1_0"]]}': "found '1_0'",
    '{"W": [["."]]}': "found '.'",
    '{"W": [["1/-2"]]}': "found '1/-2'",
    '{"W": [["\u0661"]]}': "found '\\u0661'",
    '{"W": [[[1]]]}': "found a list",
    '{"W": [[1]]': "not in .json format",
    '{"W": ' + "[" * 100_000: "RecursionError",
}


@pytest.mark.parametrize("text", BAD_JSON_LAYERS, ids=range(len(BAD_JSON_LAYERS)))
def test_bad_json_layers(text: str, tmp_path: Path) -> None:
    assert BAD_JSON_LAYERS[text] in layer_error(tmp_path / "layer.json", text.encode())


def layer_error(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(checker.Unreadable) as caught:
        checker.read_layer(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name + ".npy", data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("suffix", "data", "expected"),
    [
        ("npy", npy(np.array([[object()]])), "found the type '|O'"),
        ("npy", npy(np.eye(2, dtype=complex)), "found the type '<c16'"),
        ("npy", npy(np.array([["1"]])), "found the type '<U1'"),
        ("npy", npy(np.eye(2, dtype=bool)), "found the type '|b1'"),
        ("npy", npy(np.eye(2, dtype=np.longdouble)), "found the type"),
        ("npy", npy(np.zeros((2, 2), dtype=[("a", "f8")])), "found the type"),
        ("npy", npy(np.array([[1.0, np.nan]])), "W[0][1]: expected a finite number"),
        ("npy", npy(np.array([[1.0], [-np.inf]])), "W[1][0]: expected a finite number"),
        ("npy", npy(np.ones((2, 2, 2))), "found 3 axes"),
        ("npy", npy(np.float64(1)), "found 0 axes"),
        ("npy", npy(np.zeros((0, 3))), "no size zero"),
        ("npy", npy(np.ones(3)), "W: expected a matrix"),
        ("npy", npy(np.ones((2, 2)))[:-1], "found 31 bytes of numbers, expected 32"),
        ("npy", npy(np.ones((2, 2))).replace(b"(2, 2)", b"(2,9**9)"), "damaged"),
        ("npy", npy(np.ones((2, 2))).replace(b"(2, 2), }", b"(2, 10**9"), "damaged"),
        ("npy", npy(np.ones((2, 2))).replace(b"'shape'", b"'sahpe'"), "damaged"),
        ("npy", b"\x93NUMPY\x04\x00", "not in npy format"),
        ("npy", b"", "not in npy format"),
        ("npz", npz(W=npy(np.eye(2)), c=npy(np.ones(2))), "found 'W', 'c'"),
        ("npz", npz(b=npy(np.eye(2))), "expected W"),
        ("npz", npz(W=npy(np.eye(2)), b=npy(np.eye(2))), "b[0]: expected a finite number"),
        ("npz", b"PK", "BadZipFile"),
        ("csv", b"", "W: expected a matrix"),
        ("csv", b"1,2\n3\n", "W: expected a matrix"),
        ("csv", b"w1,w2\n1,2\n", "W[0][0]: expected a finite number"),
        ("csv", b"\xff", "UnicodeDecodeError"),
        ("txt", b"1,2", "found the ending '.txt'"),
    ],
)
def test_bad_binary_layers(suffix: str, data: bytes, expected: str, tmp_path: Path) -> None:
    assert expected in layer_error(tmp_path / f"layer.{suffix}", data)


def test_damaged_layer_files_never_crash(tmp_path: Path) -> None:
    rng = random.Random(3)
    array = np.arange(6.0).reshape(3, 2)
    for suffix, data in [("npy", npy(array)), ("npz", npz(W=npy(array), b=npy(np.ones(3))))]:
        path = tmp_path / f"layer.{suffix}"
        for _ in range(400):
            damaged = bytearray(data)
            for _ in range(rng.choice([1, 2, 8])):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            path.write_bytes(damaged[: rng.choice([len(data), rng.randrange(len(data))])])
            with contextlib.suppress(checker.Unreadable):
                checker.read_layer(path)


# ------------------------------------------------------------------ the schema

BEYOND_SCHEMA = {  # what a JSON Schema cannot say, or what is not JSON at all
    "ball_center_short", "bias_short", "blocks_order", "box_lengths", "byte_order_mark", "collision_point_short",
    "conv_bias_short", "conv_box_domain", "conv_box_length", "conv_geometric_factor_list", "conv_groups",
    "conv_kernel_short", "conv_kernels_more", "conv_patch_points", "conv_period_points", "conv_phase",
    "conv_residue", "conv_slot_order", "conv_stride_long", "depth_point_short", "empty", "key_order",
    "key_repeated", "lowest_terms", "m_huge", "n_huge", "polytope_h_short", "polytope_interior_short",
    "polytope_row_short", "residual_row_short", "row_short", "rows_more", "token_exponent", "token_float", "token_nan",
    "trailing_garbage", "truncated", "two_documents",
}  # fmt: skip


@cache
def schema_validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def schema_accepts(path: Path) -> bool:
    return bool(schema_validator().is_valid(json.loads(path.read_text())))


@pytest.mark.parametrize("path", [*fixtures("correct"), *fixtures("incorrect")])
def test_the_schema_accepts_what_can_be_read(path: Path) -> None:
    assert schema_accepts(path)


@pytest.mark.parametrize("path", fixtures("malformed"))
def test_the_schema_refuses_what_has_the_wrong_type(path: Path) -> None:
    if path.stem in BEYOND_SCHEMA:
        pytest.skip("a schema cannot see this")
    assert not schema_accepts(path)
