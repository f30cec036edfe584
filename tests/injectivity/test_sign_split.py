"""The rule ``sign-split``: the checker against a naive reading of the specification, and the engine's proofs."""

from __future__ import annotations

import json
import random
import sys
from fractions import Fraction
from typing import Any

import pytest
from oracles import brute_force_flats, rank
from strategies import random_degenerate_layer, random_shape
from test_checker import (
    SCHEMA,
    Document,
    Malformed,
    Matrix,
    Wrong,
    demand,
    digest,
    digit_mutants,
    enclose,
    keys,
    layer_of,
    len_of_stack,
    matrix,
    rational,
    rationals,
    reason,
    verdict,
)

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.work.clock import Clock

DOMAINS = {"R^n": xi.RealSpace(), "nonneg": xi.NonnegativeOrthant()}

# ------------------------------------------------------------------ a naive reading of the specification


def naive_verdict(text: str, layer: tuple[Matrix, list[Fraction]] | None = None) -> str:
    """The specification, followed word for word; the head of the document is test_checker's business."""

    def refuse(_: str) -> None:
        raise Malformed

    def pairs(items: list[tuple[str, Any]]) -> Document:
        demand(len(dict(items)) == len(items), Malformed)
        return dict(items)

    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse)
        naive_check(document, layer)
    except (Malformed, json.JSONDecodeError):
        return "unreadable"
    except Wrong:
        return "rejected"
    return "valid"


def naive_check(document: Any, layer: tuple[Matrix, list[Fraction]] | None) -> None:
    form, version, claim, domain, stored, proof = keys(
        document, ["format", "version", "claim", "domain", "layer", "proof"]
    )
    demand((form, version, claim) == ("exactinj-certificate", 1, "injective"), Malformed)
    (domain,) = keys(domain, ["type"])
    demand(domain in DOMAINS, Malformed)
    m, n, sha256, W, b = keys(stored, ["m", "n", "sha256", "W", "b"])
    demand(isinstance(sha256, str) and len(sha256) == 64 and set(sha256) <= set("0123456789abcdef"), Malformed)
    demand(type(m) is int and type(n) is int and m >= 1 and n >= 1, Malformed)
    demand(layer is None or (m, n) == (len(layer[0]), len(layer[0][0])), Wrong)
    demand(isinstance(W, list) and len(W) == m, Malformed)
    numbers = [rationals(row, n) for row in W], rationals(b, m)
    demand(digest(W, b) == sha256 and (layer is None or layer == numbers), Wrong)
    rule, circuits, tree = keys(proof, ["rule", "circuits", "tree"])
    demand(rule == "sign-split" and isinstance(circuits, list) and isinstance(tree, list), Malformed)
    demand(all(type(token) is int for token in tree), Malformed)
    read_tree(numbers[0], [naive_circuit(*numbers, domain, circuit) for circuit in circuits], tree)


def naive_circuit(W: Matrix, b: list[Fraction], domain: str, circuit: Any) -> dict[int, int]:
    demand(isinstance(circuit, list) and len(circuit) > 0, Malformed)
    for pair in circuit:
        demand(isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int, Malformed)
        factor = rational(pair[1])
        demand(factor != 0 and factor.denominator == 1, Malformed)
    multipliers = {i: int(factor) for i, factor in circuit}
    demand(len(multipliers) == len(circuit) and all(0 <= i < len(W) for i in multipliers), Wrong)
    g = [sum(factor * W[i][j] for i, factor in multipliers.items()) for j in range(len(W[0]))]
    beta = sum(factor * b[i] for i, factor in multipliers.items())
    demand(beta >= 0 and (all(v >= 0 for v in g) if domain == "nonneg" else not any(g)), Wrong)
    demand(any(factor > 0 for factor in multipliers.values()) or any([*g, beta]), Wrong)
    return multipliers


def read_tree(W: Matrix, circuits: list[dict[int, int]], tree: list[int]) -> list[int]:
    """Raises unless the tree is right. Returns the same proof with splits and empty regions only."""
    tokens, plain = list(reversed(tree)), []

    def read_node(P: frozenset[int], Q: frozenset[int]) -> None:
        if rank([W[i] for i in P]) == len(W[0]):
            return
        demand(len(tokens) > 0, Wrong)
        t = tokens.pop()
        if t < 0:
            i = -t - 1
            demand(i < len(W) and i not in P | Q, Wrong)
            plain.append(t)
            read_node(P | {i}, Q)
            read_node(P, Q | {i})
            return
        demand(t < len(circuits), Wrong)
        for i, factor in circuits[t].items():
            demand((i in P) == (factor < 0), Wrong)
        for i, factor in circuits[t].items():
            if factor > 0 and i not in Q:
                plain.append(-i - 1)
                read_node(P | {i}, Q)
                Q = Q | {i}
        plain.append(t)

    read_node(frozenset(), frozenset())
    demand(not tokens, Wrong)
    return plain


# ------------------------------------------------------------------ one table of steps

PLANE = "1 0; 0 1; -1 0; 0 -1; 1 1; -1 -1"
"""Six rows in the plane; the rows 0, 2 and 1, 3 and 4, 5 are antiparallel."""

FIRST, SECOND, THIRD = [[0, "1"], [2, "1"]], [[1, "1"], [3, "1"]], [[4, "2"], [5, "2"]]
ABOVE, BELOW = [[0, "1"], [1, "1"], [4, "-1"]], [[2, "1"], [5, "-1"], [3, "1"]]
CIRCUITS = [FIRST, SECOND, THIRD, ABOVE, BELOW]


def sign_split(circuits: list[Any], tree: list[Any], layer: str = PLANE, **options: str) -> Document:
    W = matrix(layer)
    b = matrix(options["b"])[0] if "b" in options else [Fraction(0)] * len(W)
    proof = {"rule": "sign-split", "circuits": [*circuits], "tree": [*tree]}
    return enclose(W, b, "injective", options.get("domain", "R^n"), proof)


def expect(document: Document, expected: str) -> None:
    assert expected in reason(document)
    assert naive_verdict(json.dumps(document)) == ("valid" if expected == "valid" else "rejected")


PAIR = [[0, "1"], [1, "1"]]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(sign_split([PAIR], [0], "1; -1"), "valid", id="sum zero"),
        pytest.param(sign_split([[[0, "3"], [1, "2"]]], [0], "2/3; -1"), "valid", id="fractions"),
        pytest.param(sign_split([PAIR], [0], "1; -1", b="-1 1"), "valid", id="constant zero"),
        pytest.param(sign_split([[[0, "1"]]], [0], "1", domain="nonneg"), "valid", id="orthant"),
        pytest.param(sign_split([PAIR, [[1, "-1"]]], [0], "1; -1", domain="nonneg"), "valid", id="negative on orthant"),
        pytest.param(
            sign_split([PAIR, [[2, "-1"], [3, "-1"]]], [0], "1; -1; 1; -1", b="0 0 -1 -1"),
            "valid",
            id="never both nonnegative",
        ),
        pytest.param(
            sign_split([PAIR, [[2, "-1"], [3, "1"]]], [0], "1; -1; 1; 1", b="0 0 0 1"), "valid", id="one implies other"
        ),
        pytest.param(sign_split([PAIR, [[2, "1"]]], [0], "1; -1; 0"), "valid", id="zero row is never negative"),
        pytest.param(
            sign_split([PAIR, [[2, "-1"]]], [0], "1; -1; 0"),
            "circuit 1: no multiplier is positive",
            id="zero row may be nonnegative",
        ),
        pytest.param(
            sign_split([PAIR, [[0, "-1"], [1, "-1"]]], [0], "1; -1"),
            "circuit 1: no multiplier is positive",
            id="both nonnegative at one point",
        ),
        pytest.param(
            sign_split([PAIR, [[2, "1"], [3, "-1"]]], [0], "1; -1; 1; 1", b="0 0 0 1"),
            "circuit 1: the sum",
            id="other does not imply one",
        ),
        pytest.param(
            sign_split([PAIR], [0], "1; -1", b="-1 1/2"), "circuit 0: the sum of lambda_i g_i", id="constant negative"
        ),
        pytest.param(sign_split([[[0, "1"], [1, "2"]]], [0], "1; -1"), "circuit 0: the sum", id="sum not zero"),
        pytest.param(sign_split([[[0, "1"]]], [0], "-1", domain="nonneg"), "circuit 0: the sum", id="below on orthant"),
        pytest.param(sign_split([[[0, "1"], [2, "1"]]], [0], "1; -1"), "outside 0 to 1", id="row too large"),
        pytest.param(sign_split([[[0, "1"], [-1, "1"]]], [0], "1; -1"), "outside 0 to 1", id="row negative"),
        pytest.param(sign_split([[*PAIR, [0, "-1"]]], [0], "1; -1"), "circuit 0: names a row twice", id="row twice"),
        pytest.param(sign_split([PAIR, [[1, "1"]]], [0], "1; -1"), "circuit 1: the sum", id="wrong and unused"),
        pytest.param(
            sign_split([PAIR], [0], "1 0; -1 0; 0 1"), "tree: ends after 1 tokens", id="children in two dimensions"
        ),
        pytest.param(
            sign_split([[[0, "1"]]], [0], "1 1", domain="nonneg"), "1 rows do not span R^2", id="too few rows"
        ),
    ],
)
def test_circuit(document: Document, expected: str) -> None:
    expect(document, expected)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param([0, 1, 1], "valid", id="circuits"),
        pytest.param([-1, 1, 0, 1], "valid", id="a split"),
        pytest.param([-1, 1, -3, 1, 0], "valid", id="an empty region"),
        pytest.param([-1, -2, -4, 1, -3, -2, -4, 1, 0], "valid", id="splits and empty regions only"),
        pytest.param([-5, 3, 2, 4], "valid", id="negative multipliers"),
        pytest.param([-5, 0, 0, 1, 1], "valid", id="a split of no use"),
        pytest.param([], "ends after 0 tokens", id="empty"),
        pytest.param([0, 1], "ends after 2 tokens", id="short"),
        pytest.param([0, 1, 1, 1], "complete after 3 tokens", id="long"),
        pytest.param([0, 5, 1], "tree token 1: there is no circuit 5", id="circuit too large"),
        pytest.param([-7], "tree token 0: row 6 is not a row without a sign", id="row too large"),
        pytest.param([-1, -1], "tree token 1: row 0 is not a row without a sign", id="split at a nonnegative row"),
        pytest.param([-1, 1, -1], "tree token 2: row 0 is not a row without a sign", id="split at a negative row"),
        pytest.param([0, 0], "tree token 1: row 0 is known to be nonnegative", id="positive row is nonnegative"),
        pytest.param([3], "tree token 0: row 4 is not known to be nonnegative", id="negative row without a sign"),
        pytest.param([-5, 3, 3], "tree token 2: row 4 is not known to be nonnegative", id="negative row is negative"),
        pytest.param([0, 1, 0], "tree token 2: row 2 is known to be nonnegative", id="what a child was told is gone"),
        pytest.param([-(10**5000)], "is not a row without a sign", id="row of 5000 digits"),
    ],
)
def test_tree(tree: list[int], expected: str) -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        expect(sign_split(CIRCUITS, tree), expected)
    finally:
        sys.set_int_max_str_digits(limit)


def test_signs_of_a_finished_child_are_gone() -> None:
    """Row 1 was negative in the second child of row 0's node, not in the node of row 2."""
    expect(sign_split([FIRST, SECOND, [[1, "1"], [3, "1"]]], [0, 1, -2, -4]), "ends after 4 tokens")


@pytest.mark.parametrize("text", ["0", "-0", "+1", "01", "-01", "1.0", "1/2", "", "-", "--1", " 1", "\u0661"])
def test_multipliers_that_are_not_integers(text: str) -> None:
    assert "unreadable: circuit 0" in reason(sign_split([[[0, text], [2, "1"]], SECOND], [0, 1, 1]))


@pytest.mark.parametrize(
    "edit",
    [
        lambda proof: proof["circuits"].append([]),
        lambda proof: proof["circuits"].append([[0, 1]]),
        lambda proof: proof["circuits"].append([[True, "1"]]),
        lambda proof: proof["circuits"].append(None),
        lambda proof: proof["tree"].__setitem__(0, None),
        lambda proof: proof["tree"].__setitem__(0, 0.0),
        lambda proof: proof["tree"].__setitem__(0, False),
        lambda proof: proof.update(refuters=proof.pop("circuits")),
    ],
)
def test_malformed(edit: Any) -> None:
    document = sign_split(CIRCUITS, [0, 1, 1])
    edit(document["proof"])
    assert reason(document).startswith("unreadable")
    assert naive_verdict(json.dumps(document)) == "unreadable"


def test_claim() -> None:
    document = {**sign_split(CIRCUITS, [0, 1, 1]), "claim": "not_injective"}
    assert 'the rule "sign-split" proves "injective"' in reason(document)


def test_deep_trees_need_no_recursion() -> None:
    """On the orthant each row x_j is nowhere negative: one child at each of 150 levels."""
    n = 150
    identity = [[Fraction(int(j == k)) for k in range(n)] for j in range(n)]
    proof = {"rule": "sign-split", "circuits": [[[j, "1"]] for j in range(n)], "tree": [*range(n)]}
    text = json.dumps(enclose(identity, [Fraction(0)] * n, "injective", "nonneg", proof))
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len_of_stack() + 60)
        assert reason(text).startswith("valid")
    finally:
        sys.setrecursionlimit(limit)


def test_the_schema_knows_the_rule() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert schema.is_valid(sign_split(CIRCUITS, [-5, 3, 2, 4]))
    assert not schema.is_valid(sign_split([[[0, "0"]]], [0]))


# ------------------------------------------------------------------ the engine's proofs


def proof_of(W: Any, b: Any, domain: str) -> tuple[Document, xi.ReLULayer] | None:
    """The engine's certificate if the layer is injective."""
    layer = xi.ReLULayer(W, b)
    answer = SignSplitEngine().decide(HomogeneousProblem(layer, DOMAINS[domain]), Clock())
    certificate = Certificate(layer, DOMAINS[domain], answer.proof)
    checked = xi.check(certificate, layer)
    assert checked.valid, checked.reason
    assert checked.claim == answer.verdict
    return (json.loads(certificate.to_bytes()), layer) if answer.verdict == "injective" else None


def some_proofs(seed: int, count: int, max_n: int = 3) -> list[Document]:
    rng, found = random.Random(seed), []
    while len(found) < count:
        n = rng.randint(1, max_n)
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=rng.random() < 0.5)
        proof = proof_of(W, b, rng.choice(list(DOMAINS)))
        found += [] if proof is None else [proof[0]]
    return found


def test_proofs_of_the_engine_follow_the_specification() -> None:
    used_negative = False
    for document in some_proofs(1, 60, 4):
        assert naive_verdict(json.dumps(document), layer_of(document)) == "valid"
        used_negative |= any(text.startswith("-") for circuit in document["proof"]["circuits"] for _, text in circuit)
    assert used_negative


def test_the_same_proof_with_splits_and_empty_regions_only() -> None:
    for document in some_proofs(2, 25):
        W, b = layer_of(document)
        proof = document["proof"]
        circuits = [naive_circuit(W, b, document["domain"]["type"], circuit) for circuit in proof["circuits"]]
        proof["tree"] = read_tree(W, circuits, proof["tree"])
        assert verdict(json.dumps(document).encode(), (W, b)) == "valid"


@pytest.mark.parametrize("layer", [("1 0; -1 0; 0 1; 1 -2; -1 1/3; 3 1", "0 1 0 0 0 1"), (PLANE, "0 0 1/2 0 0 0")])
@pytest.mark.parametrize("domain", DOMAINS)
def test_every_changed_digit_gets_the_verdict_of_the_naive_reading(layer: tuple[str, str], domain: str) -> None:
    proof = proof_of(matrix(layer[0]), matrix(layer[1])[0], domain)
    assert proof is not None
    document = proof[0]
    text = json.dumps(document)
    start = text.index('"proof"')
    for place, mutant in digit_mutants(text):
        answer = verdict(mutant.encode(), layer_of(document))
        if answer == "valid" or place > start:
            assert answer == naive_verdict(mutant, layer_of(document)), mutant


def test_tampered_proofs_get_the_verdict_of_the_naive_reading() -> None:
    rng, seen = random.Random(3), {"valid": 0, "rejected": 0, "unreadable": 0}
    for document in some_proofs(4, 15) * 40:
        tampered = json.loads(json.dumps(document))
        proof, m = tampered["proof"], document["layer"]["m"]
        tree, circuits = proof["tree"], proof["circuits"]
        for _ in range(rng.choice([1, 1, 2])):
            place, change = rng.randrange(len(tree)) if tree else 0, rng.randrange(7)
            if change == 0 and tree:
                tree[place] = rng.randint(-m - 1, len(circuits))
            elif change == 1 and tree:
                del tree[place]
            elif change == 2:
                tree.insert(place, rng.randint(-m, len(circuits) - 1))
            elif change == 3:
                rng.shuffle(rng.choice(circuits))
            elif change == 4:
                rng.choice(rng.choice(circuits))[0] = rng.randint(-1, m)
            elif change == 5:
                pair = rng.choice(rng.choice(circuits))
                pair[1] = pair[1][1:] if pair[1][0] == "-" else "-" + pair[1]
            else:
                rng.shuffle(circuits)
        answer = verdict(json.dumps(tampered).encode())
        assert answer == naive_verdict(json.dumps(tampered)), tampered
        seen[answer] += 1
    assert seen["valid"] > 20
    assert seen["rejected"] > 100


def test_proofs_of_other_layers_prove_them_or_are_rejected() -> None:
    """The same proof about a layer with one changed entry: accepted only if that layer is injective."""
    rng, accepted = random.Random(5), 0
    for document in some_proofs(6, 40) * 8:
        (W, b), domain = layer_of(document), document["domain"]["type"]
        row = rng.choice([*W, b])
        row[rng.randrange(len(row))] += rng.choice([-2, -1, 1, 2, Fraction(1, 3)])
        text = json.dumps(enclose(W, b, "injective", domain, document["proof"]))
        answer = verdict(text.encode())
        assert answer == naive_verdict(text)
        if answer == "valid":
            accepted += 1
            assert brute_force_flats(W, b, domain).injective
    assert accepted > 20
