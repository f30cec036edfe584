"""The rule `gram` against a second reading of its section, `oracles.gram`, and against cells listed one by one.

What checker and second reading accept has to be true: in every cell the eigenvalues of the active rows lie between the
bounds. The cells of a layer come from an oracle's simplex, on balls from random points.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from oracles import relation
from oracles.compact import functions_of
from oracles.flats import Negative, negative_point, primitive
from oracles.gram import Wrong, circuit_of, gram_verdict, is_semidefinite, products
from test_checker import Document, digest, enclose, reason, schema_validator, verdict
from test_compact import DOMAINS

import exactinj as xi
from exactinj import checker, fastcheck

FIXTURES = Path(__file__).parent / "fixtures"
SEEDS = range(24)
SIDES = ("below", "above")

# ------------------------------------------------------------------ what is true


@cache
def cells(stored: str) -> list[list[list[Fraction]]]:
    """The matrices `W_I^T W_I` of all cells in the interior of the domain (on balls: of random points of it)."""
    document = json.loads(stored)
    functions, m = functions_of(document), document["layer"]["m"]
    rows = [w for w, _ in functions[:m]]
    if "ball" in document["domain"]["type"]:
        active = {seen for x in random_points(document) if (seen := active_at(functions[:m], x)) is not None}
    else:
        active = {frozenset(i for i, sign in enumerate(signs) if sign > 0) for signs in sign_vectors(functions, m)}
    return [products(rows, sorted(chosen)) for chosen in sorted(active, key=sorted)]


def sign_vectors(functions: list[Any], m: int) -> list[list[int]]:
    """The signs of the rows in every cell inside the facets: row by row, each cell is cut by the next."""
    integral = [primitive((*w, b)) for w, b in functions]
    n = len(integral[0]) - 1
    inside = [[*[0] * n, -1], *integral[m:]]
    first = negative_point(inside)
    assert isinstance(first, Negative)
    found: list[tuple[list[int], list[int]]] = [([], first.point)]
    for row in integral[:m]:
        cut = []
        for signs, point in found:
            if not any(row):
                cut.append(([*signs, 0], point))
                continue
            value = sum(p * q for p, q in zip(row, point, strict=True))
            for sign in (1, -1):
                if value * sign > 0:
                    cut.append(([*signs, sign], point))
                    continue
                used = zip([*signs, sign], integral, strict=False)
                other = negative_point(inside + [[-s * v for v in g] for s, g in used if s])
                if isinstance(other, Negative):
                    cut.append(([*signs, sign], other.point))
        found = cut
    return [signs for signs, _ in found]


def active_at(functions: list[Any], x: list[Fraction]) -> frozenset[int] | None:
    """The active rows at a generic point, None at another."""
    values = [sum((p * q for p, q in zip(w, x, strict=True)), b) for w, b in functions]
    if any(not value and (any(w) or b) for value, (w, b) in zip(values, functions, strict=True)):
        return None
    return frozenset(i for i, value in enumerate(values) if value > 0)


def random_points(document: Document) -> Iterator[list[Fraction]]:
    rng, domain, n = random.Random(0), document["domain"], document["layer"]["n"]
    radius, center = Fraction(domain["radius"]), [Fraction(v) for v in domain.get("center", ["0"] * n)]
    lowest = -1000 if domain["type"] == "ball" else 1
    for _ in range(150):
        step = [radius * Fraction(rng.randint(lowest, 1000), 1001) for _ in range(n)]
        if sum(v * v for v in step) < radius**2:
            yield [c + v for c, v in zip(center, step, strict=True)]


def is_true(document: Document) -> bool:
    """Whether the bounds hold in every cell."""
    proof = document["proof"]
    low, high = Fraction(proof["below"]["at_least"]), Fraction(proof["above"]["at_most"])
    grams = cells(json.dumps({key: document[key] for key in ("domain", "layer")}))
    assert grams
    return all(is_semidefinite(shifted(gram, low, 1)) and is_semidefinite(shifted(gram, high, -1)) for gram in grams)


def shifted(gram: list[list[Fraction]], value: Fraction, sign: int) -> list[list[Fraction]]:
    return [[sign * (entry - value * (j == k)) for k, entry in enumerate(row)] for j, row in enumerate(gram)]


# ------------------------------------------------------------------ certificates of random layers


@cache
def documents(seed: int) -> tuple[Document, Document]:
    """A small certificate, explicit and compact; degenerate layers, every domain in turn."""
    rng, names = random.Random(f"gram {seed}"), list(DOMAINS)
    n = rng.randint(1, 3)
    rows = [[rng.randint(-2, 2) for _ in range(n)] for _ in range(rng.randint(1, 2 * n + 2))]
    rows += [[rng.choice((-2, -1, 1)) * value for value in rng.choice(rows)] for _ in range(rng.randint(0, 3))]
    b = [rng.randint(-1, 2) if seed % 2 else 0 for _ in rows]
    domain = DOMAINS[names[seed % len(names)]](n)
    certificate = xi.stability(xi.ReLULayer(rows, b), domain=domain, seed=seed).certificate
    explicit, compact = (json.loads(certificate.to_bytes(form=form)) for form in ("explicit", "compact"))
    return explicit, compact


def judged(document: Document) -> str:
    """The verdict of both checkers and of the second reading, which agree; what is valid is true."""
    text = json.dumps(document)
    answer = verdict(text.encode())
    assert answer == gram_verdict(text), (reason(text), text)
    if answer == "valid":
        assert is_true(document), text
    return answer


def says(data: bytes, check: Callable[..., Any]) -> object:
    try:
        return check(io.BytesIO(data))
    except checker.Unreadable as error:
        return str(error)


def fast(stream: Any) -> object:
    return fastcheck.check_stream(stream, short=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_certificates_are_accepted_and_true(seed: int) -> None:
    for document in documents(seed):
        assert judged(document) == "valid"
        assert schema_validator().is_valid(document)
        data = json.dumps(document).encode()
        assert says(data, fast) == says(data, checker.check_stream)
        assert says(gzip.compress(data), fast) == says(data, checker.check_stream)


def test_the_certificates_are_of_all_kinds() -> None:
    """What the other tests change has circuits, pairs, trees, facets, biases, zero rows."""
    found = [documents(seed) for seed in SEEDS]
    sides = [explicit["proof"][side] for explicit, _ in found for side in SIDES]
    assert sum(len(side["tree"]) > 3 for side in sides) > 10
    assert sum(bool(side["pairs"]) for side in sides) > 10
    assert sum(any(text[0] == "-" for circuit in side["circuits"] for _, text in circuit) for side in sides) > 2
    assert all("supports" in compact["proof"][side] for _, compact in found for side in SIDES)
    assert sum(isinstance(entry[0], int) for _, compact in found for entry in compact["proof"]["below"]["supports"]) > 5
    assert any(set(row) == {"0"} for explicit, _ in found for row in explicit["layer"]["W"])


def changed_digits(text: str, every: int) -> Iterator[str]:
    """Texts with one digit of the proof changed; `every` how many are left out, but in turn."""
    start = text.index('"proof"')
    places = [k for k in range(start, len(text)) if text[k].isdigit()]
    for turn, k in enumerate(places):
        for step in range(1, 10):
            if (turn + step) % every == 0:
                yield text[:k] + str((int(text[k]) + step) % 10) + text[k + 1 :]


def assert_digits_are_judged_alike(seed: int, every: int) -> None:
    for document in documents(seed):
        for text in changed_digits(json.dumps(document), every):
            answer = verdict(text.encode())
            assert answer == gram_verdict(text), (reason(text), text)
            assert answer != "valid" or is_true(json.loads(text)), text


@pytest.mark.parametrize("seed", SEEDS)
def test_changed_digits(seed: int) -> None:
    size = len(json.dumps(documents(seed)[0]))
    assert_digits_are_judged_alike(seed, max(9, size // 30))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_all_changed_digits(seed: int) -> None:
    assert_digits_are_judged_alike(seed, 1)


# ------------------------------------------------------------------ every part changed


def changes(document: Document) -> Iterator[Document]:
    """Copies with one thing different: each token, pair, bound, entry, multiplier, row, bias, and end of the domain."""
    m = document["layer"]["m"]
    for name in SIDES:
        side = document["proof"][name]
        table = "supports" if "supports" in side else "circuits"
        end = next(iter(side))
        for step in (Fraction(1, 1000), Fraction(1), Fraction(1, 10**30)):
            for sign in (1, -1):
                yield with_side(document, name, **{end: str(Fraction(side[end]) + sign * step)})
        for k, token in enumerate(side["tree"]):
            for other in (token - 1, token + 1, -1, len(side[table])):
                yield with_side(document, name, tree=replaced(side["tree"], k, [other]))
            yield with_side(document, name, tree=replaced(side["tree"], k, []))
            yield with_side(document, name, tree=replaced(side["tree"], k, [token, token]))
            yield with_side(document, name, tree=replaced(side["tree"], k, [-1, token]))
        for k, (i, j) in enumerate(side["pairs"]):
            others = [[], [[j, i]], [[i, i]], [[i, j], [j, i]], [[-1, j]], [[i, m]], [[(i + 1) % m, j]]]
            for pairs in others:
                yield with_side(document, name, pairs=replaced(side["pairs"], k, pairs))
        for pair in combinations(range(m), 2):
            yield with_side(document, name, pairs=[*side["pairs"], list(pair)])
        for k, entry in enumerate(side[table]):
            for lists in ([], [entry, entry], [entry[::-1]], *([other] for other in changed_entries(entry, m))):
                yield with_side(document, name, **{table: replaced(side[table], k, lists)})
    yield from changed_layers(document)


def changed_entries(entry: list[Any], m: int) -> Iterator[list[Any]]:
    for k, part in enumerate(entry):
        if isinstance(part, int):
            others = [-part, part + 1, part - 1, m + 1, entry[0]]
        else:
            i, text = part
            others = [[i, str(-int(text))], [i, str(int(text) + 1)], [i + 1, text], [m, text], [i, "0"], [-1, text]]
        for other in others:
            yield replaced(entry, k, [other])
        yield replaced(entry, k, [])
        yield replaced(entry, k, [part, part])


def changed_layers(document: Document) -> Iterator[Document]:
    layer = document["layer"]
    for i in range(layer["m"]):
        for j in range(layer["n"] + 1):
            W, b = copy.deepcopy(layer["W"]), list(layer["b"])
            row, place = (b, i) if j == layer["n"] else (W[i], j)
            row[place] = str(Fraction(row[place]) + (-1) ** (i + j))
            yield {**document, "layer": {**layer, "W": W, "b": b, "sha256": digest(W, b)}}
            yield {**document, "layer": {**layer, "W": W, "b": b}}
    for domain in ({"type": "R^n"}, {"type": "nonneg"}, {"type": "nonneg-ball", "radius": "10"}):
        yield {**document, "domain": domain}


def with_side(document: Document, side: str, **parts: Any) -> Document:
    proof = document["proof"]
    return {**document, "proof": {**proof, side: {**proof[side], **parts}}}


def replaced(values: list[Any], k: int, others: list[Any]) -> list[Any]:
    return [*values[:k], *others, *values[k + 1 :]]


def judge_changes(seed: int, most: int) -> dict[str, int]:
    seen = {"valid": 0, "rejected": 0, "unreadable": 0}
    for document in documents(seed):
        found = list(changes(document))
        for changed in found if len(found) <= most else random.Random(seed).sample(found, most):
            seen[judged(changed)] += 1
    return seen


@pytest.mark.parametrize("seed", SEEDS)
def test_changed_parts(seed: int) -> None:
    seen = judge_changes(seed, 24)
    assert seen["rejected"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_all_changed_parts(seed: int) -> None:
    judge_changes(seed, 10**9)


# ------------------------------------------------------------------ proofs that nobody would write


def random_proof(rng: random.Random) -> Document | None:
    """Random circuits, all-negative ones and zero rows too, trees that fit, the best bounds that are accepted."""
    n = rng.choice((1, 1, 2))
    rows = [[rng.randint(-1, 1) for _ in range(n)] for _ in range(rng.randint(2, 5))]
    b = [rng.choice((0, 0, 1, -1)) for _ in rows]
    domain = DOMAINS[rng.choice(["R^n", "nonneg", "box", "polytope"])](n).record
    idle = {"pairs": [], "circuits": [], "tree": [-1]}
    proof = {"rule": "gram", "below": {"at_least": "0", **idle}, "above": {"at_most": "100", **idle}}
    document = enclose(matrix_of(rows), [Fraction(v) for v in b], "stability", domain, proof)
    for name, end, bounds in (("below", "at_least", "50 3 2 1 1/2 0"), ("above", "at_most", "-1 0 1 2 3 4 8")):
        circuits = [found for _ in range(12) if (found := random_circuit(rng, document, name)) is not None]
        tree = random_tree(rng, circuits, len(rows))
        tried = (
            with_side(document, name, **{end: bound, "circuits": circuits, "tree": tree}) for bound in bounds.split()
        )
        found = next((one for one in tried if gram_verdict(json.dumps(one)) == "valid"), None)
        if found is None:
            return None
        document = found
    return document


def matrix_of(rows: list[list[int]]) -> list[list[Fraction]]:
    return [[Fraction(v) for v in row] for row in rows]


def random_circuit(rng: random.Random, document: Document, side: str) -> list[Any] | None:
    """One that is accepted: a dependency of a few functions with either sign, or one row with either sign."""
    m, domain = document["layer"]["m"], document["domain"]
    functions = functions_of(document) if domain["type"] == "polytope" else functions_of(document)[:m]
    if side == "above":
        functions[:m] = [([-v for v in w], -b) for w, b in functions[:m]]
    chosen = rng.sample(range(len(functions)), min(len(functions), rng.randint(1, 3)))
    factors = relation([functions[i][0] for i in chosen]) or [rng.choice((1, -1)) for _ in chosen]
    sign = rng.choice((4, -4))
    circuit = [[i, str(int(sign * value))] for i, value in zip(chosen, factors, strict=True) if value]
    try:
        circuit_of(circuit, functions, m, domain)
    except Wrong:
        return None
    return circuit


def random_tree(rng: random.Random, circuits: list[Any], m: int) -> list[int]:
    def node(P: frozenset[int], Q: frozenset[int], depth: int) -> Iterator[int]:
        fitting = [
            (k, [i for i, text in circuit if i < m and text[0] != "-"])
            for k, circuit in enumerate(circuits)
            if all((i in P) == (text[0] == "-") for i, text in circuit if i < m)
        ]
        if not fitting or not depth or rng.random() < 0.1:
            yield -1
            return
        k, positive = rng.choice(fitting)
        yield k
        for i in positive:
            if i not in Q:
                yield from node(P | {i}, Q, depth - 1)
                Q |= {i}

    return list(node(frozenset(), frozenset(), 5))


def judge_random_proofs(seed: int, count: int) -> int:
    """The number of those that say more than nothing."""
    rng = random.Random(f"proofs {seed}")
    found = [proof for _ in range(count) if (proof := random_proof(rng)) is not None]
    assert all(judged(proof) == "valid" for proof in found)
    return sum(proof["proof"]["below"]["at_least"] != "0" for proof in found)


@pytest.mark.parametrize("seed", range(2))
def test_random_proofs(seed: int) -> None:
    assert judge_random_proofs(seed, 80) > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 30))
def test_more_random_proofs(seed: int) -> None:
    judge_random_proofs(seed, 3000)
