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
import test_checker_graphs as graphs
import test_checker_networks as networks
from oracles import rank, relation
from oracles.compact import functions_of
from oracles.flats import Negative, negative_point, primitive
from oracles.gram import Wrong, circuit_of, gram_verdict, is_semidefinite, products
from test_checker import Document, digest, enclose, matrix, reason, schema_validator, verdict
from test_compact import DOMAINS

import exactinj as xi
from exactinj import checker, fastcheck
from exactinj.certificates.certificate import Certificate
from exactinj.checker.definite import is_semidefinite as checkers_is_semidefinite

FIXTURES = Path(__file__).parent / "fixtures"
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
    assert judge_random_proofs(seed, 50) > 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
def test_more_random_proofs(seed: int) -> None:
    judge_random_proofs(seed, 400)


# ------------------------------------------------------------------ one table of steps

CROSS = "1 0; 0 1; -1 0; 0 -1"
"""In every cell two orthogonal rows are active: both bounds are 1."""


def gram(layer: str, below: Document, above: Document, b: str = "", domain: Any = "R^n") -> Document:
    """A document with sides that lack only what is not said."""
    W = matrix(layer)
    empty = {"pairs": [], "circuits": [], "tree": [-1]}
    proof = {
        "rule": "gram",
        "below": {"at_least": "0", **empty, **below},
        "above": {"at_most": "100", **empty, **above},
    }
    return enclose(W, matrix(b)[0] if b else [Fraction(0)] * len(W), "stability", domain, proof)


PAIRED: Document = {"pairs": [[0, 2], [1, 3]]}
TRIANGLE: Document = {
    "type": "polytope",
    "G": [["-1", "0"], ["0", "-1"], ["1", "1"]],
    "h": ["0", "0", "1"],
    "interior": ["1/4", "1/4"],
}
BALL: Document = {"type": "ball", "center": ["0", "0"], "radius": "1"}
LINE_BOX: Document = {"type": "box", "lower": ["-1"], "upper": ["2"]}
LINE = {"circuits": [[[0, "1"], [1, "1"]]], "tree": [0, -1, -1]}
HALVES = {"circuits": [[[0, "1"], [2, "1"]], [[1, "1"], [3, "1"]]], "tree": [0, 1, -1, -1, 1, -1, -1]}


def impossible(tree: list[int]) -> Document:
    """Circuit 2 says that x >= 1 and x <= -1 nowhere: with both rows known to be active, a node needs no child."""
    circuits = [[[0, "2"], [2, "1"]], [[1, "8"], [3, "1"]], [[0, "-1"], [1, "-8"]]]
    return gram("1; -1/8; -2; 1", {"at_least": "2", "circuits": circuits, "tree": tree}, {}, "-1 -1/8 2 1")


STEPS = [
    # pairs
    (gram(CROSS, {"at_least": "1", **PAIRED}, {"at_most": "1", **PAIRED}), "valid: sigma_min^2 is at least 1"),
    (gram(CROSS, {"at_least": f"1{'0' * 29}1/1{'0' * 30}", **PAIRED}, {}), "below: tree token 0: the matrix"),
    (gram(CROSS, {}, {"at_most": f"{'9' * 30}/1{'0' * 30}", **PAIRED}), "above: tree token 0: the matrix"),
    (gram(CROSS, {"pairs": [[0, 2], [2, 0]]}, {}), "below: the pairs name a row twice, or one that is not there"),
    (gram(CROSS, {"pairs": [[0, 0]]}, {}), "below: the pairs name a row twice"),
    (gram(CROSS, {}, {"pairs": [[0, 4]]}), "above: the pairs name a row twice, or one that is not there"),
    (gram(CROSS, {"pairs": [[-2, 0]]}, {}), "below: the pairs name a row twice, or one that is not there"),
    (gram(CROSS, {"pairs": [[0, 1]]}, {}), "below: pairs: the rows 0 and 1 are no opposites"),
    (gram("1 0; 2 0", {"pairs": [[0, 1]]}, {}), "below: pairs: the rows 0 and 1 are no opposites"),
    (gram("1 1; -1 -2", {"pairs": [[0, 1]]}, {}), "below: pairs: the rows 0 and 1 are no opposites"),
    (gram("0 1; -1 -1", {"pairs": [[0, 1]]}, {}), "below: pairs: the rows 0 and 1 are no opposites"),
    (gram("0 0; 0 0", {"pairs": [[0, 1]]}, {}), "below: pairs: the rows 0 and 1 are no opposites"),
    (gram("0 0; 1 0", {"pairs": [[0, 1]]}, {}, "1 0"), "below: pairs: the rows 0 and 1 are no opposites"),
    (gram("1; -2", {"pairs": [[0, 1]]}, {}, "1 -2"), "valid"),
    (gram("1; -2", {"pairs": [[0, 1]]}, {}, "1 -2001/1000"), "below: pairs: the rows 0 and 1 are both inactive"),
    (gram("1; -2", {}, {"pairs": [[0, 1]]}, "1 -2"), "valid"),
    (gram("1; -2", {}, {"pairs": [[0, 1]]}, "1 -1999/1000"), "above: pairs: the rows 0 and 1 are both inactive"),
    # of a pair the smaller row counts, or the one that is left, or none beside one in P
    (gram("1; -2", {"at_least": "1", "pairs": [[0, 1]]}, {"at_most": "4", "pairs": [[1, 0]]}), "valid"),
    (gram("1; -2", {"at_least": "2", "pairs": [[0, 1]]}, {}), "below: tree token 0"),
    (gram("1; -2", {"at_least": "2", "pairs": [[1, 0]]}, {}), "below: tree token 0"),
    (gram("1; -2", {}, {"at_most": "3", "pairs": [[1, 0]]}), "above: tree token 0"),
    (gram("1; -2", {"at_least": "2", "pairs": [[0, 1]], "circuits": [[[0, "2"], [1, "1"]]], "tree": [0, -1, -1]}, {}),
     "below: tree token 1"),
    (gram("2; -1; 1; -3", {"at_least": "2", "pairs": [[0, 1]], "circuits": [[[1, "3"], [2, "1"], [0, "1"]]],
           "tree": [0, -1, -1, -1]}, {}), "below: tree token 1: the matrix"),
    (gram("2; -1; 1; -3", {"at_least": "5", "pairs": [[0, 1]], "circuits": [[[2, "1"], [1, "1"]]], "tree": [0, -1, -1]},
           {}), "below: tree token 1: the matrix"),
    (gram("2; -1; 1; -3", {"at_least": "5", "pairs": [[0, 1]], "circuits": [[[2, "1"], [1, "1"]], [[2, "3"], [3, "1"]]],
           "tree": [1, 0, -1, -1, -1]}, {}), "below: tree token 1: row 2 is known to be nonnegative"),
    (gram("1; -1", {"at_least": "2", "pairs": [[0, 1]], **LINE}, {}), "below: tree token 1: the matrix"),
    # circuits
    (gram("1; -1", {"at_least": "1", **LINE}, {"at_most": "1", **LINE}), "valid"),
    (gram(CROSS, {"at_least": "1", **HALVES}, {"at_most": "1", **HALVES}), "valid"),
    (gram("1; -1", {**LINE, "circuits": [[[0, "1"], [1, "2"]]]}, {}), "below: circuit 0: the sum"),
    (gram("1; -1", LINE, {}, "1 -1"), "valid"),
    (gram("1; -1", LINE, {}, "1 -2"), "below: circuit 0: the sum"),
    (gram("1; -1", {}, LINE, "1 -1"), "valid"),
    (gram("1; -1", {}, LINE, "1 0"), "above: circuit 0: the sum of lambda_i g_i is not"),
    (gram("1; -1", {"circuits": [[[0, "1"], [1, "2"]]]}, {}), "below: circuit 0: the sum"),  # though it is not used
    (gram("1; -1", {"circuits": [[[0, "1"], [2, "1"]]]}, {}), "below: circuit 0: names a row outside 0 to 1"),
    (gram("1; -1", {"circuits": [[[-1, "1"], [0, "1"]]]}, {}), "below: circuit 0: names a row outside 0 to 1"),
    (gram("1; -1", {"circuits": [[[0, "2"], [1, "1"], [0, "-1"]]]}, {}), "below: circuit 0: names a row twice"),
    (gram("0; 1; 1", {"circuits": [[[0, "1"]], [[1, "1"], [2, "-1"]]]}, {}), "valid"),
    (gram("0; 1", {"circuits": [[[0, "-1"]]]}, {}), "below: circuit 0: no multiplier is positive"),
    (gram("0; 1", {"circuits": [[[0, "-1"]]]}, {}, "-1 0"), "valid"),
    (gram("0; 1", {"circuits": [[[0, "-1"]]]}, {}, "1 0"), "below: circuit 0: the sum"),
    (gram("0; 1", {}, {"circuits": [[[0, "-1"]]]}, "1 0"), "valid"),
    (gram("0; 1", {}, {"circuits": [[[0, "1"]]], "tree": [0, -1]}, "-1 0"), "valid"),
    (gram("1; -1", {"circuits": [[[0, "-1"], [1, "-1"]]]}, {}), "valid"),
    (gram("1; -1", {"circuits": [[[0, "-1"], [1, "-1"]]]}, {}, "1 0"), "below: circuit 0: the sum"),
    # a node without points needs no children; its circuit does need its rows in P
    (gram("1; -1; 2", {"at_least": "2", "circuits": [[[0, "1"], [1, "1"]], [[0, "-1"], [1, "-1"]],
           [[2, "1"], [0, "-2"]], [[0, "2"], [2, "-1"]]], "tree": [0, 2, -1, -1]}, {}),
     "below: tree token 3: the matrix"),
    (gram("1; -1; 2", {"at_least": "1", "circuits": [[[0, "1"], [1, "1"]], [[2, "1"], [0, "-2"]], [[2, "1"], [1, "2"]]],
           "tree": [2, 0, -1, 0, -1, -1]}, {}), "below: tree token 3: row 1 is known to be nonnegative"),
    (gram("1; -1", {"at_least": "9", "circuits": [[[0, "-1"], [1, "-1"]]], "tree": [0]}, {}),
     "below: tree token 0: row 0 is not known to be nonnegative"),
    (gram("1; -1", {"at_least": "1", "circuits": [[[0, "1"], [1, "1"]], [[0, "-1"], [1, "-1"]]], "tree": [0, 1, -1]},
           {}), "below: tree token 1: row 1 is not known to be nonnegative"),
    (gram("1; 1; -1", {"circuits": [[[0, "1"], [2, "1"]], [[1, "1"], [0, "-1"]]], "tree": [1, -1]}, {}),
     "below: tree token 0: row 0 is not known to be nonnegative"),
    # the tree
    (gram("1; -1", {"tree": []}, {}), "below: tree: ends after 0 tokens, before it is complete"),
    (gram("1; -1", {}, {"tree": []}), "above: tree: ends after 0 tokens, before it is complete"),
    (gram("1; -1", {"tree": [-1, -1]}, {}), "below: tree: complete after 1 tokens, but the list goes on"),
    (gram("1; -1", {**LINE, "tree": [0, -1]}, {}), "below: tree: ends after 2 tokens, before it is complete"),
    (gram("1; -1", {"tree": [-2]}, {}), "below: tree token 0: there is no circuit -2"),
    (gram("1; -1", {"tree": [0]}, {}), "below: tree token 0: there is no circuit 0"),
    (gram("1; -1", {**LINE, "tree": [1]}, {}), "below: tree token 0: there is no circuit 1"),
    (gram("1; -1", {**LINE, "tree": [0, 0, -1, -1, -1]}, {}), "below: tree token 1: row 0 is known to be nonnegative"),
    (gram("1; -1", {"at_least": "2", **LINE}, {}), "below: tree token 1: the matrix"),
    (gram("1; -2", {"at_least": "4", "circuits": [[[1, "1"], [0, "2"]]], "tree": [0, -1, -1]}, {}),
     "below: tree token 2: the matrix"),
    (gram("1; -1", {}, {"at_most": "0", **LINE}), "above: tree token 1: the matrix"),
    (gram("1; -1", {"at_least": "-5"}, {"at_most": "2"}), "valid: sigma_min^2 is at least -5, sigma_max^2 at most 2"),
    (gram("1; -1", {}, {"at_most": "-1"}), "above: tree token 0: the matrix"),
    (impossible([0, 1, 2, -1, -1]), "valid"),
    (impossible([0, 1, -1, -1, -1]), "below: tree token 2: the matrix"),
    # a row that was excluded has no child again, and is forgotten with the node that excluded it
    (gram("1; -1; -1", {"circuits": [[[0, "1"], [1, "1"]], [[0, "1"], [2, "1"]]], "tree": [0, -1, 1, -1]}, {}),
     "valid"),
    (gram("1; -1; -2; -3", {"circuits": [[[0, "1"], [1, "1"]], [[0, "2"], [2, "1"]], [[2, "3"], [3, "-2"]]],
           "tree": [1, 0, -1, -1]}, {}), "below: tree token 1: row 0 is known to be nonnegative"),
    # domains
    (gram("1", {"circuits": [[[0, "1"]]], "tree": [0, -1], "at_least": "1"}, {}, "", "nonneg"), "valid"),
    (gram("1", {"circuits": [[[0, "1"]]], "tree": [0, -1]}, {}, f"-1/1{'0' * 9}", "nonneg"),
     "below: circuit 0: the sum"),
    (gram("1", {}, {"circuits": [[[0, "-1"]]]}, "", "nonneg"), "valid"),
    (gram("1", {}, {"circuits": [[[0, "1"]]]}, "", "nonneg"), "above: circuit 0: the sum"),
    (gram("1", {"circuits": [[[0, "1"]]], "tree": [0, -1], "at_least": "1"}, {}, "1", LINE_BOX), "valid"),
    (gram("1", {"circuits": [[[0, "1"]]], "tree": [0, -1]}, {}, "999/1000", LINE_BOX), "below: circuit 0: the sum"),
    (gram("1", {}, {"circuits": [[[0, "1"]]], "tree": [0, -1], "at_most": "0"}, "-2", LINE_BOX), "valid"),
    (gram("1", {}, {"circuits": [[[0, "1"]]], "tree": [0, -1]}, "-1999/1000", LINE_BOX), "above: circuit 0: the sum"),
    (gram("3 4", {"circuits": [[[0, "1"]]], "tree": [0, -1]}, {}, "5", BALL), "valid"),
    (gram("3 4", {"circuits": [[[0, "1"]]], "tree": [0, -1]}, {}, "4999/1000", BALL), "below: circuit 0: the sum"),
    (gram("3 4", {}, {"circuits": [[[0, "1"]]], "tree": [0, -1], "at_most": "0"}, "-5", BALL), "valid"),
    (gram("3 4", {}, {"circuits": [[[0, "1"]]], "tree": [0, -1]}, "-4999/1000", BALL), "above: circuit 0: the sum"),
    (gram("1 1", {"circuits": [[[0, "1"], [1, "1"], [2, "1"]]], "tree": [0, -1]}, {}, "", TRIANGLE), "valid"),
    (gram("1 1", {"circuits": [[[0, "1"], [1, "1"]]], "tree": [0, -1]}, {}, "", TRIANGLE), "below: circuit 0: the sum"),
    (gram("1 1", {"circuits": [[[0, "1"], [1, "1"], [2, "1"]]], "tree": [0, -1]}, {}, "-1/1000", TRIANGLE),
     "below: circuit 0: the sum"),
    (gram("1 1", {}, {"circuits": [[[0, "1"], [3, "1"]]], "tree": [0, -1], "at_most": "0"}, "-1", TRIANGLE), "valid"),
    (gram("1 1", {}, {"circuits": [[[0, "1"], [3, "1"]]], "tree": [0, -1]}, "-99/100", TRIANGLE), "above: circuit 0: "),
    (gram("1 1", {"circuits": [[[0, "-1"], [3, "-1"]]]}, {}, "-1", TRIANGLE), "a halfspace of the domain has a neg"),
    (gram("1 1", {"circuits": [[[1, "1"], [2, "1"], [3, "1"]]]}, {}, "", TRIANGLE), "names halfspaces of the domain"),
    (gram("1 1", {"circuits": [[[0, "1"], [4, "1"]]]}, {}, "", TRIANGLE), "circuit 0: names a row outside 0 to 3"),
    (gram("1 1", {"circuits": [[[0, "1"], [1, "1"]]]}, {}, "", "nonneg"), "circuit 0: names a row outside 0 to 0"),
    (gram("1", {}, {}, "", {"type": "sphere", "radius": "1"}), "sphere"),
    (gram("1", {}, {}, "", {"type": "box", "lower": ["1"], "upper": ["1"]}), "rejected: domain"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), STEPS)
def test_steps(document: Document, expected: str) -> None:
    found = reason(document)
    assert expected in found
    assert found.startswith("valid" if expected.startswith("valid") else "rejected")
    assert judged(document) == found.partition(":")[0]
    assert schema_validator().is_valid(document)
    data = json.dumps(document).encode()
    assert says(data, fast) == says(data, checker.check_stream)


def compact(supports: Any, tree: Any, *layer: Any, side: str = "below") -> Any:
    """`layer`: rows, biases, domain; a row and its opposite if there are none."""
    rows, b, domain = (*layer, "", "R^n") if len(layer) == 1 else layer or ("1; -1", "", "R^n")
    document = gram(rows, {}, {}, b, domain)
    found = document["proof"][side]
    end = next(iter(found))
    document["proof"][side] = {end: found[end], "pairs": [], "supports": supports, "tree": tree}
    return document


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (compact([[1, 2]], [0, -1, -1]), "valid"),
        (compact([[1, 2], [[0, "1"], [1, "1"]]], [1, -1, -1]), "valid"),
        (compact([], [-1]), "valid"),
        (compact([[-1, -2]], [-1], "1; -1", "-1 -1", "R^n"), "valid"),
        (compact([[-1, -2]], [-1], "1; -1", "1 1", "R^n"), "rejected: below: circuit 0: the sum"),
        (compact([[1, -2]], [0, -1]), "rejected: below: circuit 0: the multipliers do not have the signs"),
        (compact([[1]], [0, -1]), "rejected: below: circuit 0: its functions do not determine"),
        (compact([[1, 3]], [0, -1]), "rejected: below: circuit 0: names a row outside 0 to 1"),
        (compact([[1, 1]], [0, -1]), "rejected: below: circuit 0: names a row twice"),
        (compact([[1, 2]], [0, -1], "1", "", "nonneg"), "valid"),
        (compact([[1, 2]], [0, -1], "1", "-1", "nonneg"), "rejected: below: circuit 0: the sum"),
        (compact([[-1, 2]], [-1], "1", "-1", "nonneg"), "rejected: below: circuit 0: the multipliers"),
        (compact([[-1, 2]], [-1], "1", "-1", "nonneg", side="above"), "rejected: above: circuit 0: the sum"),
        (compact([[-1, 2]], [-1], "1", "0", "nonneg", side="above"), "valid"),
        (compact([[1, 3]], [0, -1], "1", "-2", LINE_BOX, side="above"), "valid"),
        (compact([[1, 3]], [0, -1], "1", "-1", LINE_BOX, side="above"), "rejected: above: circuit 0: the sum"),
        (compact([[1, 2, 3]], [0, -1], "1 1", "", TRIANGLE), "valid"),
        (compact([[1, 4]], [0, -1], "1 1", "-1", TRIANGLE, side="above"), "valid"),
        (compact([[2, 3, 4]], [0, -1], "1 1", "", TRIANGLE), "rejected: below: circuit 0: names halfspaces"),
        (compact([[1, 0]], [-1]), "unreadable: circuit 0"),
        (compact([[1, "2"]], [-1]), "unreadable: circuit 0"),
        (compact([[]], [-1]), "unreadable: circuit 0"),
    ],
)
def test_compact_steps(document: Document, expected: str) -> None:
    assert expected in reason(document)
    assert judged(document) == expected.partition(":")[0]
    data = json.dumps(document).encode()
    assert says(data, fast) == says(data, checker.check_stream)


# ------------------------------------------------------------------ what cannot be read

GOOD = json.dumps(gram("1; -1", {"at_least": "1", "pairs": [[0, 1]], **LINE}, {"at_most": "1", "pairs": [[0, 1]]}))
PROOF = GOOD.index('"proof"')


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"at_least": "1"', '"at_least": 1', "below: at_least: expected"),
        ('"at_least": "1"', '"at_least": "2/2"', "below: at_least: expected"),
        ('"at_least": "1"', '"at_least": "-0"', "below: at_least: expected"),
        ('"at_least": "1"', '"at_least": "1.0"', "below: at_least: expected"),
        ('"at_least": "1"', '"at_least": "inf"', "below: at_least: expected"),
        ('"at_most": "1"', '"at_most": null', "above: at_most: expected"),
        ('"at_least": "1", ', "", 'expected the key "at_least"'),
        ('"at_most"', '"at_least"', 'expected the key "at_most"'),
        ('"above"', '"below"', 'expected the key "above"'),
        ('"below"', '"above"', 'expected the key "below"'),
        ('"pairs": [[0, 1]], "circuits": [[', '"circuits": [[', 'expected the key "pairs"'),
        ('"pairs": [[0, 1]]', '"pairs": [0, 1]', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": [[0]]', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": [[0, 1, 1]]', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": [[0, true]]', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": [[0, 1.0]]', ""),
        ('"pairs": [[0, 1]]', '"pairs": [[0, 1e0]]', ""),
        ('"pairs": [[0, 1]]', '"pairs": [[0, "1"]]', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": {"0": 1}', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": [{"0": 1}]', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": null', "below: pairs: expected a list of pairs"),
        ('"pairs": [[0, 1]]', '"pairs": "01"', "below: pairs: expected a list of pairs"),
        ('"circuits": [[[0, "1"], [1, "1"]]], ', "", "expected"),
        ('"circuits": [[', '"refuters": [[', "expected"),
        ('[[[0, "1"], [1, "1"]]]', "[[]]", "circuit 0"),
        ('[[[0, "1"], [1, "1"]]]', "{}", ""),
        ('[[[0, "1"], [1, "1"]]]', "[[1, 2]]", "circuit 0"),
        ('[[0, "1"], [1, "1"]]', '[[0, "1"], [1, "0"]]', "circuit 0"),
        ('[[0, "1"], [1, "1"]]', '[[0, "1"], [1, "1/2"]]', "circuit 0"),
        ('[[0, "1"], [1, "1"]]', '[[0, "1"], [1, 1]]', "circuit 0"),
        ('[[0, "1"], [1, "1"]]', '[[0, "1"], [true, "1"]]', "circuit 0"),
        ('[[0, "1"], [1, "1"]]', '[[0, "1"], [1, "1", "1"]]', "circuit 0"),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, true]', "below: tree token 2: expected an integer, found true"),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, "-1"]', "below: tree token 2: expected an integer"),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, null]', "below: tree token 2: expected an integer"),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, -1.0]', "expected an integer, found a number with fraction"),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, -01]', ""),
        ('"tree": [0, -1, -1]', '"tree": 0', ""),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, -1], "tree": [0, -1, -1]', ""),
        ('"tree": [0, -1, -1]', '"tree": [0, -1, -1], "more": 1', ""),
        ('"pairs": [[0, 1]]', '"pairs": [[0, 1]], "pairs": [[0, 1]]', ""),
        ('"rule": "gram", ', '"rule": "gram", "rule": "gram", ', ""),
        ('"tree": [-1]}}', '"tree": [-1]}, "more": 0}', ""),
        ('"tree": [-1]}}', '"tree": [-1]}', ""),
        ('"tree": [-1]}}}', '"tree": [-1]}}, "more": 0}', ""),
        ('"tree": [-1]}}}', '"tree": [-1]}}} {}', ""),
        ('"tree": [-1]}}}', '"tree": [-1]}}}]', ""),
    ],
)
def test_what_cannot_be_read(old: str, new: str, expected: str) -> None:
    assert old in GOOD[PROOF:]
    text = GOOD[:PROOF] + GOOD[PROOF:].replace(old, new, 1)
    found = reason(text)
    assert found.startswith("unreadable: ")
    assert expected in found
    assert "\n" not in found
    assert gram_verdict(text) == "unreadable"
    assert says(text.encode(), fast) == says(text.encode(), checker.check_stream)


def test_cut_texts_cannot_be_read() -> None:
    assert verdict(GOOD.encode()) == gram_verdict(GOOD) == "valid"
    for k in range(len(GOOD)):
        assert verdict(GOOD[:k].encode()) == "unreadable"
    packed = gzip.compress(GOOD.encode())
    for k in range(len(packed)):
        assert verdict(packed[:k]) == "unreadable"


def test_damaged_texts_are_never_valid_and_wrong() -> None:
    rng = random.Random(7)
    for _ in range(600):
        k, other = rng.randrange(PROOF, len(GOOD)), rng.choice('0123456789-,[]{}": \nxet')
        text = rng.choice((GOOD[:k] + other + GOOD[k + 1 :], GOOD[:k] + GOOD[k + 1 :], GOOD[:k] + other + GOOD[k:]))
        answer = verdict(text.encode())
        assert (answer == "valid") == (gram_verdict(text) == "valid"), text  # it may have two faults
        assert answer != "valid" or is_true(json.loads(text))


def test_sides_in_the_other_order_cannot_be_read() -> None:
    document = json.loads(GOOD)
    below, above = document["proof"]["below"], document["proof"]["above"]
    for proof in ({"rule": "gram", "above": above, "below": below}, {"rule": "gram", "below": below}):
        text = json.dumps({**document, "proof": proof})
        assert verdict(text.encode()) == gram_verdict(text) == "unreadable"


def test_wide_matrices_are_refused_before_they_are_made() -> None:
    n = 6000
    document = gram(" ".join(["1"] * n), {}, {})
    assert reason(document) == "unreadable: the entries of a matrix of 6000 rows are too many to be held in memory"


# ------------------------------------------------------------------ claims, rules and kinds of documents


def test_claims_and_rules_that_do_not_belong_together() -> None:
    document = json.loads(GOOD)
    for claim in ("injective", "not_injective", "alpha_star", "injective_if_full_spark"):
        assert f'the rule "gram" proves "stability", not the claim "{claim}"' in reason({**document, "claim": claim})
    assert verdict(json.dumps({**document, "claim": "injective_for_sizes"}).encode()) == "unreadable"
    assert verdict(json.dumps({**document, "claim": "stable"}).encode()) == "unreadable"


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("correct/*.json")), ids=lambda path: path.stem)
def test_other_certificates_neither_claim_stability_nor_rest_on_this_rule(path: Path) -> None:
    document, proof = json.loads(path.read_text()), json.loads(GOOD)["proof"]
    if document["claim"] == "stability":
        return
    found = "not" if "layer" in document else "cannot have"
    if document["domain"]["type"] == "sphere":
        document["domain"]["type"] = "nonneg-ball"
    assert f'{found} the claim "stability"' in reason({**document, "claim": "stability"})
    assert reason({**document, "proof": proof}).startswith("rejected: ")
    assert "layer" in document or "cannot have" in reason({**document, "claim": "stability", "proof": proof})


def test_networks_and_graphs_have_no_claim_of_stability() -> None:
    whole, proof = networks.certificate(next(iter(networks.NETWORKS))), json.loads(GOOD)["proof"]
    assert "dense_network" in whole
    assert 'network cannot have the claim "stability"' in reason({**whole, "claim": "stability", "proof": proof})
    assert "proves" in reason({**whole, "proof": proof})
    name = next(iter(graphs.NETWORKS))
    graph = graphs.document_of(graphs.NETWORKS[name], graphs.DOMAINS.get(name))
    assert verdict(json.dumps(graph).encode()) == "valid"
    assert 'not the claim "stability"' in reason({**graph, "claim": "stability"})
    assert "proves nothing about a network as a graph" in reason({**graph, "claim": "stability", "proof": proof})
    assert 'not the claim "injective"' in reason({**graph, "proof": proof})


def test_blocks_rest_on_no_matrices() -> None:
    """A proof of this rule is none inside another."""
    block = {"columns": [0], "rows": [0, 1], "proof": json.loads(GOOD)["proof"]}
    document = {**json.loads(GOOD), "claim": "injective", "proof": {"rule": "blocks", "blocks": [block]}}
    assert reason(document).startswith("rejected: ")


def test_semidefinite_matrices() -> None:
    """The checker's elimination against the oracle's, and against vectors; singular ones, zero rows."""
    rng, seen = random.Random(3), set()
    for _ in range(400):
        n = rng.randint(1, 5)
        rows = [[rng.randint(-2, 2) * (rng.random() < 0.7) for _ in range(n)] for _ in range(rng.randint(0, n + 1))]
        matrix = [[sum(row[j] * row[k] for row in rows) - (j == k == 0) for k in range(n)] for j in range(n)]
        if rng.random() < 0.5:
            matrix[0][0] += 1
        found = checkers_is_semidefinite(matrix)
        assert found == is_semidefinite([[Fraction(v) for v in row] for row in matrix])
        vectors = [[rng.randint(-3, 3) for _ in range(n)] for _ in range(20)]
        lowest = min(sum(matrix[j][k] * v[j] * v[k] for j in range(n) for k in range(n)) for v in vectors)
        assert not found or lowest >= 0
        seen.add((found, rank(matrix) < n))
    assert len(seen) == 4


@pytest.mark.parametrize("seed", range(6))
def test_certificates_are_read_back_and_bound_to_their_layer(seed: int) -> None:
    for document in documents(seed):
        certificate = Certificate.of_record(document)
        again = certificate.to_bytes()
        assert json.loads(again) == document
        assert xi.check(certificate).valid
        assert xi.check(certificate, checker="fast").valid
        rows = [[Fraction(v) for v in row] for row in document["layer"]["W"]]
        b = [Fraction(v) for v in document["layer"]["b"]]
        assert verdict(again, (rows, b)) == "valid"
        assert verdict(again, ([[v + 1 for v in row] for row in rows], b)) == "rejected"
        assert verdict(again, (rows, [v + 1 for v in b])) == "rejected"
