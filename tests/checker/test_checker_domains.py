"""The checker on boxes, polytopes, balls, nonnegative balls and spheres, against docs/certificates.md.

Tables of refuters, circuits and points on the boundary and 1e-30 beyond it; mutations of valid documents against the
naive reading; and what a refuter means, against samples of the domain.
"""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import pytest
from oracles import rank, relation
from test_checker import (
    NAIVE_RULES,
    SCHEMA,
    Document,
    Malformed,
    Matrix,
    Wrong,
    certify,
    collision,
    demand,
    dot,
    enclose,
    keys,
    layer_of,
    matrix,
    naive_contains,
    naive_domain,
    naive_nonnegative,
    naive_sum,
    naive_verdict,
    rational,
    reason,
    verdict,
)
from test_sign_split import read_tree

BOX: Document = {"type": "box", "lower": ["0", "-1"], "upper": ["1", "2"]}
SMALL_BOX: Document = {"type": "box", "lower": ["-1/3", "1/7"], "upper": ["1/2", "2/3"]}
TRIANGLE: Document = {
    "type": "polytope",
    "G": [["-1", "0"], ["0", "-1"], ["1/2", "1/2"]],
    "h": ["0", "0", "1/2"],
    "interior": ["1/4", "1/4"],
}
"""x >= 0, y >= 0, x + y <= 1; the last halfspace as half of that."""
BALL: Document = {"type": "ball", "center": ["1", "1/2"], "radius": "2"}
UNIT_BALL: Document = {"type": "ball", "center": ["0", "0"], "radius": "1"}
QUARTER: Document = {"type": "nonneg-ball", "radius": "2"}
SPHERE: Document = {"type": "sphere", "radius": "1"}
DOMAINS = [BOX, SMALL_BOX, TRIANGLE, BALL, UNIT_BALL, QUARTER]
TINY = Fraction(1, 10**30)


# ------------------------------------------------------------------ a naive reading of the rule sign-split


def naive_sign_split(W: Matrix, b: list[Fraction], domain: Document, proof: Document) -> None:
    _, circuits, tree = keys(proof, ["rule", "circuits", "tree"])
    demand(isinstance(circuits, list) and isinstance(tree, list), Malformed)
    demand(all(type(token) is int for token in tree), Malformed)
    read_tree(W, [naive_circuit(W, b, domain, circuit) for circuit in circuits], tree)


def naive_circuit(W: Matrix, b: list[Fraction], domain: Document, circuit: Any) -> dict[int, int]:
    demand(isinstance(circuit, list) and len(circuit) > 0, Malformed)
    for pair in circuit:
        demand(isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int, Malformed)
        factor = rational(pair[1])
        demand(factor != 0 and factor.denominator == 1, Malformed)
    factors = {i: int(factor) for i, factor in circuit}
    demand(len(factors) == len(circuit), Wrong)
    demand(naive_nonnegative(domain, *naive_sum(W, b, domain, factors)), Wrong)
    demand(all(factor > 0 for i, factor in factors.items() if i >= len(W)), Wrong)
    own = {i: factor for i, factor in factors.items() if i < len(W)}
    demand(len(own) > 0, Wrong)
    g, beta = naive_sum(W, b, domain, own)
    demand(any(factor > 0 for factor in own.values()) or any([*g, beta]), Wrong)
    return own


RULES = {**NAIVE_RULES, "sign-split": ("injective", naive_sign_split)}


def expect(document: Document, expected: str) -> None:
    """The reason, and the verdict of the naive reading; "valid", "unreadable: ..." or a rejection's reason."""
    found = reason(document)
    assert expected in found
    assert found.split(":")[0] == naive_verdict(json.dumps(document), rules=RULES)


# ------------------------------------------------------------------ one table: which functions are nonnegative


def one_function(domain: Document, g: str, beta: Any, halfspaces: Any = (), rule: str = "flat-tree") -> Document:
    """Valid iff <g, x> + beta >= 0 on the domain: a chain of one-row refuters, the others far above 0."""
    row, n = [Fraction(v) for v in g.split()], len(g.split())
    W, b = [row], [Fraction(beta)]
    for k in range(n):
        unit = [Fraction(int(j == k)) for j in range(n)]
        if rank([*W, unit]) > len(W):
            W.append(unit)
            b.append(Fraction(1000))
    m, lists = len(W), []
    for i in range(m):  # x_k + 1000 >= 0 on a polytope needs the halfspaces too: the triangle has -x_k <= 0
        extra = [[m + W[i].index(1), "1"]] if i and domain["type"] == "polytope" else []
        lists.append([[i, "1"], *extra])
    lists[0] += [[m + j, factor] for j, factor in halfspaces]
    name = "refuters" if rule == "flat-tree" else "circuits"
    return enclose(W, b, "injective", domain, {"rule": rule, name: lists, "tree": [*range(n)]})


ROOT = Fraction(math.isqrt(2 * 10**60) + 1, 10**30)
"""The square root of 2, rounded up."""


@pytest.mark.parametrize("rule", ["flat-tree", "sign-split"])
@pytest.mark.parametrize(
    ("domain", "g", "least"),
    [
        pytest.param(BOX, "1 1", 1, id="box: both lower ends"),
        pytest.param(BOX, "-1 1", 2, id="box: upper and lower end"),
        pytest.param(BOX, "1 -1", 2, id="box: lower and upper end"),
        pytest.param(BOX, "-1 -1", 3, id="box: both upper ends"),
        pytest.param(BOX, "5 0", 0, id="box: lower end is 0"),
        pytest.param(BOX, "0 3/2", "3/2", id="box: one coordinate"),
        pytest.param(SMALL_BOX, "1 -1/5", "7/15", id="box: fractions"),
        pytest.param(SMALL_BOX, "-2/3 7", "-2/3", id="box: a negative constant"),
        pytest.param(BALL, "3 4", 5, id="ball"),
        pytest.param(BALL, "-3 4", 11, id="ball: other direction"),
        pytest.param(BALL, "3/7 -4/7", "9/7", id="ball: fractions"),
        pytest.param({**BALL, "center": ["10", "20/3"]}, "3 4", "-140/3", id="ball: far from 0"),
        pytest.param({**BALL, "center": ["-10", "20/3"]}, "3 4", "40/3", id="ball: center left of 0"),
        pytest.param({**BALL, "radius": "5/2"}, "3 4", "15/2", id="ball: radius a fraction"),
        pytest.param(UNIT_BALL, "1 1", ROOT, id="ball: square root of 2"),
        pytest.param(QUARTER, "3 4", 0, id="nonneg-ball: 0"),
        pytest.param(QUARTER, "3 -4", 8, id="nonneg-ball: one axis"),
        pytest.param(QUARTER, "-3 4", 6, id="nonneg-ball: other axis"),
        pytest.param(QUARTER, "-3 -4", 10, id="nonneg-ball: round part"),
        pytest.param({**QUARTER, "radius": "1/3"}, "-3/5 -4/5", "1/3", id="nonneg-ball: fractions"),
        pytest.param({"type": "nonneg-ball", "radius": "1"}, "-1 -1 5", ROOT, id="nonneg-ball: square root of 2"),
        pytest.param({"type": "ball", "center": ["1", "2", "3"], "radius": "1"}, "2 3 -6", 17, id="ball: space"),
        pytest.param({"type": "box", "lower": ["-5"], "upper": ["7/3"]}, "-3", 7, id="box: line"),
        pytest.param({"type": "ball", "center": ["-5"], "radius": "7/3"}, "-3", -8, id="ball: line"),
    ],
)
def test_the_least_constant(domain: Document, g: str, least: Any, rule: str) -> None:
    name = "refuter 0: the sum" if rule == "flat-tree" else "circuit 0: the sum"
    least = Fraction(least)
    expect(one_function(domain, g, least, rule=rule), "valid")
    expect(one_function(domain, g, least + 1, rule=rule), "valid")
    expect(one_function(domain, g, least - TINY, rule=rule), name)
    for smaller in (-1, -100, -(10**40)):  # where t^2 is large enough and t has the wrong sign
        expect(one_function(domain, g, least + smaller, rule=rule), name)


@pytest.mark.parametrize("rule", ["flat-tree", "sign-split"])
@pytest.mark.parametrize(
    ("g", "beta", "halfspaces", "expected"),
    [
        pytest.param("1 2", 0, [(0, "1"), (1, "2")], "valid", id="corner at 0"),
        pytest.param("1 2", 1, [(0, "1"), (1, "2")], "valid", id="positive constant"),
        pytest.param("-1 -2", 2, [(2, "4"), (0, "1")], "valid", id="other corner"),
        pytest.param("-1 -1", 1, [(2, "2")], "valid", id="edge"),
        pytest.param("1 2", -TINY, [(0, "1"), (1, "2")], "the sum", id="negative constant"),
        pytest.param("-1 -2", 2 - TINY, [(2, "4"), (0, "1")], "the sum", id="below the corner"),
        pytest.param("1 2", 0, [(0, "1")], "the sum", id="halfspace missing"),
        pytest.param("1 2", 100, [], "the sum", id="no halfspaces"),
        pytest.param("1 2", 0, [(0, "1"), (1, "3")], "the sum", id="wrong multiplier"),
        pytest.param("1 2", 0, [(1, "1"), (0, "2")], "the sum", id="wrong halfspace"),
        pytest.param("-1 -1", 1, [(2, "1")], "the sum", id="scaling of the halfspace matters"),
        pytest.param("1 2", 0, [(0, "1"), (1, "2"), (3, "1")], "outside 0 to 4", id="halfspace too large"),
        pytest.param("1 2", 0, [(0, "1"), (1, "1"), (1, "1")], "names a row twice", id="halfspace twice"),
    ],
)
def test_polytope(g: str, beta: Any, halfspaces: Any, expected: str, rule: str) -> None:
    expect(one_function(TRIANGLE, g, beta, halfspaces, rule), expected)


@pytest.mark.parametrize("text", ["0", "-1", "1/2"])
def test_multipliers_of_halfspaces_in_refuters(text: str) -> None:
    expect(one_function(TRIANGLE, "1 2", 0, [(0, text), (1, "2")]), "unreadable: refuter 0: expected pairs")


@pytest.mark.parametrize("text", ["0", "1/2", "-0"])
def test_multipliers_of_halfspaces_in_circuits(text: str) -> None:
    document = one_function(TRIANGLE, "1 2", 0, [(0, text), (1, "2")], "sign-split")
    expect(document, "unreadable: circuit 0: expected pairs")


def test_refuters_and_circuits_of_halfspaces_only() -> None:
    for rule, name in (("flat-tree", "refuter"), ("sign-split", "circuit")):
        document = one_function(TRIANGLE, "1 2", 0, [(0, "1"), (1, "2")], rule)
        document["proof"][f"{name}s"].append([[2, "1"], [3, "1"], [4, "2"]])
        expect(document, f"{name} 2: names halfspaces of the domain only")


@pytest.mark.parametrize("domain", [BOX, BALL, UNIT_BALL, QUARTER], ids=lambda domain: domain["type"])
@pytest.mark.parametrize("rule", ["flat-tree", "sign-split"])
def test_only_polytopes_have_halfspaces_with_numbers(domain: Document, rule: str) -> None:
    document = one_function(domain, "1 2", 1000, rule=rule)
    expect(document, "valid")
    document["proof"]["refuters" if rule == "flat-tree" else "circuits"][0].append([2, "1"])
    expect(document, "0: names a row outside 0 to 1")


@pytest.mark.parametrize(
    ("circuit", "expected"),
    [
        pytest.param([[2, "-1"], [4, "1"]], "valid", id="the sum of all is zero, that of the rows is not"),
        pytest.param([[2, "-2"], [4, "1"]], "circuit 2: the sum", id="not a constant"),
        pytest.param([[2, "1"], [4, "-1"]], "circuit 2: a halfspace of the domain has a negative", id="negative"),
        pytest.param([[2, "-1"], [3, "-1"]], "circuit 2: no multiplier is positive", id="zero without halfspaces"),
        pytest.param([[2, "1"], [3, "1"]], "valid", id="zero with a positive multiplier"),
        pytest.param([[2, "-1"], [3, "-1"], [4, "1"]], "circuit 2: the sum", id="zero and a halfspace"),
        pytest.param([[4, "1"]], "circuit 2: names halfspaces", id="halfspace alone"),
        pytest.param([[4, "-1"]], "circuit 2: a halfspace of the domain has a negative", id="negative halfspace alone"),
        pytest.param([[2, "-1"], [7, "1"]], "circuit 2: names a row outside 0 to 6", id="too large"),
    ],
)
def test_circuits_with_negative_multipliers_on_a_polytope(circuit: Any, expected: str) -> None:
    """Row 2 is -x, which is the function of halfspace 0; row 3 is its negative."""
    circuits = [[[0, "1"], [4, "1"]], [[1, "1"], [5, "1"]], circuit]
    proof = {"rule": "sign-split", "circuits": circuits, "tree": [0, 1]}
    expect(enclose(matrix("1 0; 0 1; -1 0; 1 0"), matrix("1000 1000 0 0")[0], "injective", TRIANGLE, proof), expected)


# ------------------------------------------------------------------ one table: points


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        pytest.param(BOX, ["0 -1", "1 2", "1/2 2", "0 2"], ["-* 0", "1+* 0", "0 2+*", "0 -1-*", "5 5"], id="box"),
        pytest.param(SMALL_BOX, ["-1/3 1/7", "1/2 2/3"], ["-1/3-* 1/7", "1/2+* 2/3", "0 0"], id="small box"),
        pytest.param(TRIANGLE, ["0 0", "1 0", "0 1", "1/3 2/3"], ["-* 0", "0 -*", "1/3 2/3+*", "-1 -1"], id="polytope"),
        pytest.param(UNIT_BALL, ["0 0", "1 0", "3/5 4/5", "-3/5 4/5"], ["1+* 0", "3/5 4/5+*", "1 1"], id="unit ball"),
        pytest.param(BALL, ["-1 1/2", "1 -3/2", "11/5 21/10"], ["-1-* 1/2", "11/5+* 21/10", "-1 -1/2"], id="ball"),
        pytest.param(QUARTER, ["0 0", "2 0", "6/5 8/5"], ["-* 0", "2+* 0", "6/5 8/5+*", "-6/5 8/5"], id="nonneg-ball"),
    ],
)
def test_points(domain: Document, inside: list[str], outside: list[str]) -> None:
    """Every layer row is negative everywhere, so any two different points collide."""

    def point(text: str) -> list[str]:
        return [str(sum(Fraction(v) for v in part.split("~"))) for part in signed(text).split()]

    def signed(text: str) -> str:
        return text.replace("+*", f"~{TINY}").replace("-*", f"~{-TINY}").lstrip("~").replace(" ~", " ")

    def pair(x: str, y: str) -> Document:
        return collision(point(x), point(y), "0 0", "-1", domain)

    for x, y in combinations(inside, 2):
        expect(pair(x, y), "valid")
    for x, y in product(inside, outside):
        expect(pair(x, y), f"collision: y does not lie in the domain {domain['type']}")
        expect(pair(y, x), f"collision: x does not lie in the domain {domain['type']}")


# ------------------------------------------------------------------ one table: domains


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        pytest.param({**BALL, "radius": "0"}, "rejected: domain: the radius", id="radius 0"),
        pytest.param({**BALL, "radius": "-2"}, "rejected: domain: the radius", id="radius negative"),
        pytest.param({**QUARTER, "radius": "0"}, "rejected: domain: the radius", id="nonneg-ball: radius 0"),
        pytest.param({**QUARTER, "radius": "-1/2"}, "rejected: domain: the radius", id="nonneg-ball: radius negative"),
        pytest.param({**SPHERE, "radius": "-1"}, "rejected: domain: the radius", id="sphere: radius negative"),
        pytest.param(SPHERE, 'rejected: domain: the claim on a sphere can be "alpha_star" only', id="sphere"),
        pytest.param({**BOX, "upper": ["0", "2"]}, "lower >= upper in coordinate 0", id="box: equal"),
        pytest.param({**BOX, "upper": ["1", "-2"]}, "lower >= upper in coordinate 1", id="box: exchanged"),
        pytest.param(
            {**TRIANGLE, "interior": ["0", "1/4"]}, "not strictly inside halfspace 0", id="interior on boundary"
        ),
        pytest.param(
            {**TRIANGLE, "interior": ["1/2", "1/2"]}, "not strictly inside halfspace 2", id="interior on slope"
        ),
        pytest.param({**TRIANGLE, "interior": ["1", "1"]}, "not strictly inside halfspace 2", id="interior outside"),
        pytest.param(
            {**TRIANGLE, "G": [*TRIANGLE["G"], ["0", "0"]], "h": ["0", "0", "1", "0"]},
            "not strictly inside halfspace 3",
            id="halfspace 0 <= 0",
        ),
        pytest.param({**BALL, "center": ["1"]}, "unreadable", id="center short"),
        pytest.param({**BALL, "center": ["1", "1/2", "0"]}, "unreadable", id="center long"),
        pytest.param({**BALL, "center": []}, "unreadable", id="center empty"),
        pytest.param({**BALL, "center": "0"}, "unreadable", id="center a text"),
        pytest.param({**BALL, "center": ["0", 0]}, "unreadable", id="center a number"),
        pytest.param({**BALL, "radius": 2}, "unreadable", id="radius a number"),
        pytest.param({**BALL, "radius": None}, "unreadable", id="radius null"),
        pytest.param({**BALL, "radius": ["2"]}, "unreadable", id="radius a list"),
        pytest.param({**BALL, "radius": "4/2"}, "unreadable", id="radius not canonical"),
        pytest.param({"type": "ball", "radius": "2"}, "unreadable", id="center missing"),
        pytest.param({"type": "ball", "radius": "2", "center": ["0", "0"]}, "unreadable", id="order of the keys"),
        pytest.param({**QUARTER, "center": ["0", "0"]}, "unreadable", id="center too much"),
        pytest.param({"type": "nonneg-ball"}, "unreadable", id="radius missing"),
        pytest.param({"type": "R^n", "radius": "2"}, "unreadable", id="radius too much"),
        pytest.param({"type": "nonneg", "radius": "2"}, "unreadable", id="nonneg: radius too much"),
        pytest.param({**BOX, "lower": ["0"]}, "unreadable", id="box: lower short"),
        pytest.param({**BOX, "upper": ["1", "2", "3"]}, "unreadable", id="box: upper long"),
        pytest.param({"type": "box", "lower": ["0"], "upper": ["1"]}, "unreadable", id="box: other dimension"),
        pytest.param({"type": "box", "lower": [], "upper": []}, "unreadable", id="box: no dimension"),
        pytest.param({"type": "box", "upper": ["1", "1"], "lower": ["0", "0"]}, "unreadable", id="box: order of keys"),
        pytest.param({**TRIANGLE, "G": []}, "unreadable", id="no halfspaces"),
        pytest.param({**TRIANGLE, "G": [], "h": []}, "unreadable", id="no halfspaces and no ends"),
        pytest.param({**TRIANGLE, "G": {}}, "unreadable", id="halfspaces an object"),
        pytest.param({**TRIANGLE, "G": [["-1", "0"], ["0"], ["1", "1"]]}, "unreadable", id="halfspace short"),
        pytest.param(
            {**TRIANGLE, "G": [["-1"], ["1"], ["1"]], "h": ["0", "2", "2"], "interior": ["1"]},
            "unreadable",
            id="G: dimension",
        ),
        pytest.param({**TRIANGLE, "h": ["0", "0"]}, "unreadable", id="h short"),
        pytest.param({**TRIANGLE, "h": ["0", "0", "1", "1"]}, "unreadable", id="h long"),
        pytest.param({**TRIANGLE, "interior": ["1/4"]}, "unreadable", id="interior short"),
        pytest.param({**TRIANGLE, "interior": None}, "unreadable", id="interior null"),
        pytest.param({"type": "ball:1"}, "unreadable", id="no such type"),
        pytest.param({"type": ["ball"]}, "unreadable", id="type a list"),
    ],
)
def test_domain(domain: Document, expected: str) -> None:
    document = collision(["1/4", "1/4"], ["1/3", "1/4"], "0 0", "-1", domain)
    expect(document, expected)
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    if not schema.is_valid(document):
        assert reason(document).startswith("unreadable")


def test_a_huge_dimension_is_only_compared() -> None:
    document = collision(["1/4", "1/4"], ["1/3", "1/4"], "0 0", "-1", BALL)
    document["layer"]["n"] = 10**12
    assert "expected lists of 1000000000000 rationals, found lists of 2" in reason(document)


# ------------------------------------------------------------------ certificates found by brute force, and mutations


def halfspaces_of(domain: Document) -> Matrix:
    """Rows (d, d0) with <d, x> + d0 <= 0 on a box or a polytope."""
    n = len(domain.get("lower") or domain["G"][0])
    parts = naive_domain(domain, n)
    if "G" in parts:
        return [[*row, -end] for row, end in zip(parts["G"], parts["h"], strict=True)]
    units = [[Fraction(int(j == k)) for j in range(n)] for k in range(n)]
    lower = [[*(-v for v in unit), low] for unit, low in zip(units, parts["lower"], strict=True)]
    return lower + [[*unit, -high] for unit, high in zip(units, parts["upper"], strict=True)]


def certify_on(W: Matrix, b: list[Fraction], domain: Document) -> Document | None:
    """An injectivity certificate by brute force on a box or a polytope; None if the layer is not injective."""
    walls, m = halfspaces_of(domain), len(W)
    vectors = [[*w, beta] for w, beta in zip(W, b, strict=True)] + walls + [[Fraction(0)] * len(W[0]) + [Fraction(-1)]]
    named = m + (len(walls) if domain["type"] == "polytope" else 0)
    refuters = []
    for size in range(1, len(W[0]) + 3):
        for subset in combinations(range(len(vectors)), size):
            factors = relation([vectors[i] for i in subset]) if subset[0] < m else None
            if factors is not None and min(factors) > 0:
                scale = math.lcm(*(value.denominator for value in factors))
                pairs = zip(subset, factors, strict=True)
                refuters.append([(i, int(value * scale)) for i, value in pairs if i < named])
    return certify(W, b, domain, refuters) if refuters else None


def random_domain(rng: random.Random, n: int, kinds: list[str]) -> Document:
    kind = rng.choice(kinds)
    if kind == "box":
        lower = [Fraction(rng.randint(-4, 2), rng.choice([1, 2, 3])) for _ in range(n)]
        upper = [low + Fraction(rng.randint(1, 4), 2) for low in lower]
        return {"type": "box", "lower": [str(v) for v in lower], "upper": [str(v) for v in upper]}
    if kind == "polytope":
        inner = [Fraction(rng.randint(-2, 2), 3) for _ in range(n)]
        G = [[Fraction(rng.randint(-2, 2)) for _ in range(n)] for _ in range(rng.randint(1, n + 2))]
        h = [dot(row, inner) + Fraction(rng.randint(1, 4), rng.choice([1, 3])) for row in G]
        texts = [[str(v) for v in row] for row in G], [str(v) for v in h], [str(v) for v in inner]
        return {"type": "polytope", **dict(zip(["G", "h", "interior"], texts, strict=True))}
    radius = str(Fraction(rng.randint(1, 5), rng.choice([1, 2, 3])))
    if kind == "ball":
        return {"type": "ball", "center": [str(Fraction(rng.randint(-3, 3), 2)) for _ in range(n)], "radius": radius}
    return {"type": kind, "radius": radius}


def layer_like(rng: random.Random, n: int) -> tuple[Matrix, list[Fraction]]:
    W = [[Fraction(rng.randint(-2, 2)) for _ in range(n)] for _ in range(rng.randint(n, 2 * n + 2))]
    return W, [Fraction(rng.randint(-1, 3)) for _ in W]


def grid(domain: Document, n: int) -> list[list[Fraction]]:
    """Points of the domain, among them some on its boundary."""
    parts, values = naive_domain(domain, n), [Fraction(v, 6) for v in range(-18, 19, 3)]
    points = [list(point) for point in product(values, repeat=n)]
    if "lower" in parts:
        points += [list(point) for point in product(*zip(parts["lower"], parts["upper"], strict=True))]
    return [point for point in points if naive_contains(parts, point)]


def test_certificates_on_boxes_and_polytopes() -> None:
    rng, found = random.Random(5), 0
    for _ in range(60):
        n = rng.choice([1, 2, 2, 2, 3])
        domain = random_domain(rng, n, ["box", "polytope"])
        W, b = layer_like(rng, n)
        document = certify_on(W, b, domain)
        if document is not None:
            found += 1
            expect(document, "valid")
            for x in grid(domain, n)[:60]:
                outputs = [dot(w, x) + beta for w, beta in zip(W, b, strict=True)]
                assert rank([w for w, output in zip(W, outputs, strict=True) if output >= 0]) == n
    assert found > 10


def samples() -> dict[str, Document]:
    plane, bias = matrix("1 0; 0 1; -1 0; 0 -1; 1 1"), matrix("1 2 3 4 1/2")[0]
    found = {f"flat tree, {domain['type']}": certify_on(plane, bias, domain) for domain in (SMALL_BOX, BOX, TRIANGLE)}
    for domain, g, beta in ((BALL, "3 4", 5), (QUARTER, "-3 4", 6), (BOX, "-1 1", 2)):
        for rule in ("flat-tree", "sign-split"):
            found[f"{rule} of one function, {domain['type']}"] = one_function(domain, g, beta, rule=rule)
    mixed = one_function(TRIANGLE, "-1 -2", 2, [(2, "4"), (0, "1")], "sign-split")
    found["sign-split of one function, polytope"] = mixed
    for domain, x, y in ((BOX, "0 -1", "1/2 2"), (BALL, "11/5 21/10", "1 1"), (QUARTER, "6/5 8/5", "0 0")):
        found[f"collision, {domain['type']}"] = collision(x.split(), y.split(), "-1 -1; -1 0", "-3 -5/2", domain)
    found["collision, polytope"] = collision(["1/3", "2/3"], ["0", "0"], "-1 -1; -1 0", "-1 0", TRIANGLE)
    assert None not in found.values()
    return {name: document for name, document in found.items() if document is not None}


SAMPLES = samples()


def number_mutants(value: Any) -> Iterator[Any]:
    """Other numbers in place of a token, an index, a multiplier or a rational."""
    text = str(value)
    texts = {text[:k] + new + text[k + 1 :] for k, old in enumerate(text) if old.isdigit() for new in "0123456789"}
    texts |= {text.removeprefix("-") if text.startswith("-") else "-" + text, "0" + text, text + "/2", "0", "1"}
    for other in sorted(texts - {text}):
        if isinstance(value, str):
            yield other
        elif other.removeprefix("-").isdigit():
            yield int(other)


def mutants(value: Any) -> Iterator[Any]:
    """The value with one change: a number, a list element dropped, repeated or exchanged with the next."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("rule", "type"):
                for changed in mutants(item):
                    yield {**value, key: changed}
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield value[:k] + value[k + 1 :]
            yield [*value[: k + 1], *copy.deepcopy(value[k:])]
            if k + 1 < len(value):
                yield [*value[:k], value[k + 1], item, *value[k + 2 :]]
            for changed in mutants(item):
                yield [*value[:k], changed, *value[k + 1 :]]
    elif value is None:
        yield from ("0", 0, [], ["1", "0"])
    else:
        yield from number_mutants(value)
        yield None


def test_the_samples_are_valid() -> None:
    for document in SAMPLES.values():
        expect(document, "valid")


@pytest.mark.parametrize("name", SAMPLES)
def test_mutants_get_the_verdict_of_the_naive_reading(name: str) -> None:
    document = SAMPLES[name]
    seen = {"valid": 0, "rejected": 0, "unreadable": 0}
    for part in ("domain", "proof"):
        for changed in mutants(document[part]):
            text = json.dumps({**document, part: changed})
            answer = verdict(text.encode(), layer_of(document))
            assert answer == naive_verdict(text, layer_of(document), RULES), text
            seen[answer] += 1
    assert min(seen.values()) > 0


@pytest.mark.parametrize("name", SAMPLES)
def test_other_layers_and_domains_get_the_verdict_of_the_naive_reading(name: str) -> None:
    """The digest made right, so that the proof is put to the test."""
    document, rng = SAMPLES[name], random.Random(7)
    W, b = layer_of(document)
    for _ in range(60):
        other, bias = copy.deepcopy(W), list(b)
        row = rng.choice([*other, bias])
        row[rng.randrange(len(row))] += rng.choice([-1, 1, TINY, -TINY, Fraction(1, 3)])
        domain = document["domain"] if rng.random() < 0.5 else rng.choice(DOMAINS)
        text = json.dumps(enclose(other, bias, document["claim"], domain, document["proof"]))
        assert verdict(text.encode()) == naive_verdict(text, rules=RULES), text


# ------------------------------------------------------------------ what a refuter means


@pytest.mark.parametrize("kind", ["box", "polytope", "ball", "nonneg-ball"])
def test_accepted_functions_are_nonnegative_on_samples_and_rejected_ones_nearly_negative(kind: str) -> None:
    """Angles and radii of balls, vertices of boxes, points of a grid: the least value on them against the verdict."""
    rng, seen = random.Random(8), {True: 0, False: 0}
    for _ in range(150):
        domain = random_domain(rng, 2, [kind])
        g = f"{rng.randint(-3, 3)} {rng.randint(-3, 3) or 1}"
        beta = Fraction(rng.randint(-4, 12), rng.choice([1, 2, 3]))
        halfspaces = []
        if kind == "polytope":
            halfspaces = [(j, str(rng.randint(1, 2))) for j in range(len(domain["G"])) if rng.random() < 0.5]
        W, b = [[Fraction(v) for v in g.split()]], [beta]
        if halfspaces and rng.random() < 0.8:
            W = [[-sum(int(factor) * Fraction(domain["G"][j][k]) for j, factor in halfspaces) for k in range(2)]]
        pairs = [[0, "1"], *[[1 + j, factor] for j, factor in halfspaces]]
        proof = {"rule": "flat-tree", "refuters": [pairs], "tree": []}
        accepted = "refuter 0" not in reason(enclose(W, b, "injective", domain, proof))
        least = float(beta) + min(float(dot(W[0], x)) for x in points_of(domain))
        seen[accepted] += 1
        if accepted:
            assert least >= -1e-9
        elif kind != "polytope":  # on a polytope other multipliers might do
            assert least < 0.01
    assert seen[True] > 5
    assert seen[False] > 20


def points_of(domain: Document) -> list[list[Any]]:
    points: list[list[Any]] = grid(domain, 2)
    if "radius" in domain:
        radius, center = float(Fraction(domain["radius"])), [float(Fraction(v)) for v in domain.get("center", "00")]
        steps = [k * math.pi / 360 for k in range(181 if domain["type"] == "nonneg-ball" else 720)]
        points += [[center[0] + radius * math.cos(t), center[1] + radius * math.sin(t)] for t in steps]
        points += [[0, 0]] if domain["type"] == "nonneg-ball" else []
    return points
