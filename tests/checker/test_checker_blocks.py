"""The rule ``blocks``: the checker against a naive reading of docs/certificates.md."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from oracles import rank
from test_checker import (
    SCHEMA,
    Document,
    Malformed,
    Matrix,
    Wrong,
    certify,
    demand,
    enclose,
    fixtures,
    keys,
    layer_of,
    matrix,
    naive_flat_tree,
    naive_verdict,
    reason,
    verdict,
)
from test_checker_domains import RULES as TREE_RULES
from test_checker_domains import certify_on, mutants, naive_sign_split

from exactinj.checker.rows import Row

# ------------------------------------------------------------------ a naive reading of the specification


def increasing(value: Any) -> list[int]:
    demand(isinstance(value, list) and len(value) > 0 and all(type(v) is int for v in value), Malformed)
    demand(value == sorted(set(value)), Malformed)
    return value  # type: ignore[no-any-return]


def cut_down(domain: Document, columns: list[int]) -> Document:
    cut = dict(domain)
    for name in {"lower", "upper", "center"} & set(domain):
        cut[name] = [domain[name][j] for j in columns]
    return cut


def naive_injective(
    W: Matrix, b: list[Fraction], domain: Document, proof: Any, allowed: tuple[str, ...] = ("flat-tree", "sign-split")
) -> None:
    """A proof object inside a proof."""
    known = ["collision", "flat-tree", "sign-split", "blocks", "depth-tree"]
    known += ["boxes", "periodic", "patch", "geometric", "count", "unpaired"]
    demand(isinstance(proof, dict) and proof.get("rule") in known and next(iter(proof)) == "rule", Malformed)
    demand(proof["rule"] in allowed, Wrong)
    check = {"flat-tree": naive_flat_tree, "sign-split": naive_sign_split, "blocks": naive_blocks}[proof["rule"]]
    check(W, b, domain, proof)


def naive_blocks(W: Matrix, b: list[Fraction], domain: Document, proof: Document) -> None:
    _, blocks = keys(proof, ["rule", "blocks"])
    demand(domain["type"] != "polytope", Wrong)
    demand(isinstance(blocks, list) and len(blocks) > 0, Malformed)
    seen: set[int] = set()
    for block in blocks:
        columns, rows, inner = keys(block, ["columns", "rows", "proof"])
        increasing(columns)
        demand(all(0 <= j < len(W[0]) for j in columns), Wrong)
        increasing(rows)
        demand(all(0 <= i < len(W) for i in rows), Wrong)
        demand(not any(W[i][j] for i in rows for j in range(len(W[0])) if j not in columns), Wrong)
        part = [[W[i][j] for j in columns] for i in rows]
        naive_injective(part, [b[i] for i in rows], cut_down(domain, columns), inner)
        seen |= set(columns)
    demand(seen == set(range(len(W[0]))), Wrong)


RULES = {**TREE_RULES, "blocks": ("injective", naive_blocks)}


def expect(document: Document, expected: str) -> None:
    found = reason(document)
    assert expected in found
    assert found.split(":")[0] == naive_verdict(json.dumps(document), rules=RULES)


# ------------------------------------------------------------------ one table of steps

LAYER = "1 0 0; -1 0 0; 0 1 1; 0 1 -1; 0 -1 0; 2 0 5; 0 0 0"
"""Column 0 with the rows 0, 1; columns 1, 2 with the rows 2, 3, 4."""
BIAS = "0 1 0 0 0 0 1"
LINE = {"rule": "flat-tree", "refuters": [[[0, "1"], [1, "1"]]], "tree": [0]}
LINE_SPLIT = {"rule": "sign-split", "circuits": [[[0, "1"], [1, "1"]]], "tree": [0]}
PLANE = {"rule": "flat-tree", "refuters": [[[0, "1"], [1, "1"], [2, "2"]]], "tree": [0, 0, 0]}
BOX = {"type": "box", "lower": ["-3", "-2", "1/2"], "upper": ["4", "1", "1"]}


def block(columns: list[Any], rows: list[Any], proof: Any) -> Document:
    return {"columns": columns, "rows": rows, "proof": proof}


def document(blocks: Any, layer: str = LAYER, b: str = BIAS, domain: str | Document = "R^n") -> Document:
    return enclose(matrix(layer), matrix(b)[0], "injective", domain, {"rule": "blocks", "blocks": blocks})


def plane() -> Document:
    """Rows (1, 1), (1, -1), (-1, 0), (0, 1), (0, -1) in the plane, by brute force."""
    found = certify(matrix("1 1; 1 -1; -1 0; 0 1; 0 -1"), matrix("0 0 0 0 0")[0])
    assert found is not None
    return found["proof"]  # type: ignore[no-any-return]


FULL = "1 0 0; -1 0 0; 0 1 1; 0 1 -1; 0 -1 0; 0 0 1; 0 0 -1; 1 1 0"
ZERO = "0 0 0 0 0 0 0 0"
FIRST, SECOND = block([0], [0, 1], LINE), block([1, 2], [2, 3, 4, 5, 6], plane())


def full(blocks: Any, domain: str | Document = "R^n", b: str = ZERO) -> Document:
    return document(blocks, FULL, b, domain)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        pytest.param([FIRST, SECOND], "valid: 2 blocks have all 3 columns", id="two blocks"),
        pytest.param([SECOND, FIRST], "valid", id="order"),
        pytest.param([block([0], [0, 1], LINE_SPLIT), SECOND], "valid", id="sign-split"),
        pytest.param([FIRST, SECOND, block([2], [5, 6], LINE)], "valid", id="overlap"),
        pytest.param([FIRST, FIRST, SECOND], "valid", id="a block twice"),
        pytest.param([FIRST], "rejected: blocks: no block has column 1", id="columns missing"),
        pytest.param([SECOND], "rejected: blocks: no block has column 0", id="first column missing"),
        pytest.param(
            [FIRST, block([1], [4], LINE)], "rejected: block 1: refuter 0: names a row", id="row numbers anew"
        ),
        pytest.param([FIRST, block([1], [3, 4], LINE)], "rejected: block 1: row 3 is not zero in column 2", id="zero"),
        pytest.param(
            [block([0], [0, 1, 7], LINE)], "rejected: block 0: row 7 is not zero in column 1", id="unused row"
        ),
        pytest.param(
            [block([0], [0, 7], LINE), SECOND], "rejected: block 0: row 7 is not zero in column 1", id="other column"
        ),
        pytest.param([block([0, 3], [0], LINE)], "rejected: block 0: columns: names one outside 0 to 2", id="column"),
        pytest.param([block([-1, 0], [0], LINE)], "rejected: block 0: columns: names one outside", id="column -1"),
        pytest.param([block([0], [0, 8], LINE)], "rejected: block 0: rows: names one outside 0 to 7", id="row"),
        pytest.param([block([0], [-1, 0], LINE)], "rejected: block 0: rows: names one outside 0 to 7", id="row -1"),
        pytest.param([block([0], [10**5000], LINE)], "rejected: block 0: rows: names one outside", id="row huge"),
        pytest.param(
            [block([0, 1, 2], [0, 1], LINE)], "rejected: block 0: tree: 2 rows do not span R^3", id="few rows"
        ),
        pytest.param(
            [FIRST, block([1, 2], [2, 3, 4, 5, 6], LINE)], "rejected: block 1: refuter 0: the sum", id="wrong proof"
        ),
        pytest.param(
            [block([0], [0, 1], {**LINE, "tree": [0, 0]}), SECOND], "rejected: block 0: tree: complete", id="tree long"
        ),
        pytest.param([block([0], [0, 1], {**LINE, "tree": []})], "rejected: block 0: tree: ends", id="tree short"),
        pytest.param(
            [block([0], [0, 1], {"rule": "blocks", "blocks": [FIRST]}), SECOND],
            'rejected: block 0: the rule "blocks" cannot stand here',
            id="nested blocks",
        ),
        pytest.param(
            [block([0], [0, 1], {"rule": "collision", "x": ["0"], "y": ["1"]})],
            'rejected: block 0: the rule "collision" cannot stand here',
            id="collision",
        ),
        pytest.param(
            [block([0], [0, 1], {"rule": "depth-tree", "rows": []})],
            'rejected: block 0: the rule "depth-tree" cannot stand here',
            id="depth-tree",
        ),
        pytest.param([block([0], [0, 1], {"rule": "magic"})], "unreadable: block 0: character", id="rule unknown"),
        pytest.param([block([0], [0, 1], {})], "unreadable: block 0: character", id="no rule"),
        pytest.param([block([0], [0, 1], None)], "unreadable: block 0: character", id="proof null"),
        pytest.param([], "unreadable: character", id="no blocks"),
        pytest.param({}, "unreadable: character", id="blocks an object"),
        pytest.param([[]], "unreadable: block 0: character", id="block a list"),
        pytest.param([block([], [0, 1], LINE)], "unreadable: block 0: columns: expected a list", id="no columns"),
        pytest.param([block([0], [], LINE)], "unreadable: block 0: rows: expected a list", id="no rows"),
        pytest.param([block([1, 0], [0, 1], LINE)], "unreadable: block 0: columns: expected the", id="not increasing"),
        pytest.param([block([0, 0], [0, 1], LINE)], "unreadable: block 0: columns: expected the", id="column twice"),
        pytest.param([block([0], [1, 0], LINE)], "unreadable: block 0: rows: expected the", id="rows not increasing"),
        pytest.param([block([0], [0, 0], LINE)], "unreadable: block 0: rows: expected the", id="row twice"),
        pytest.param([block([False], [0, 1], LINE)], "unreadable: block 0: columns", id="column false"),
        pytest.param([block(["0"], [0, 1], LINE)], "unreadable: block 0: columns", id="column a text"),
        pytest.param([{**FIRST, "more": 1}, SECOND], "unreadable: block 0: character", id="key too much"),
        pytest.param([{"rows": [0, 1], "columns": [0], "proof": LINE}], "unreadable: block 0", id="order of keys"),
        pytest.param([{"columns": [0], "proof": LINE}], "unreadable: block 0", id="rows missing"),
    ],
)
def test_blocks(blocks: Any, expected: str) -> None:
    text = full(blocks)
    if any(isinstance(value, dict) and value.get("rows") == [10**5000] for value in blocks):
        huge = json.dumps(full([block([0], [77777], LINE)])).replace("77777", "1" + "0" * 5000)
        assert expected in reason(huge)
        return
    expect(text, expected)
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    unseen = any(word in reason(text) for word in ("expected the integers in increasing", "found 'rows'"))
    assert schema.is_valid(text) == (not expected.startswith("unreadable")) or unseen


def test_the_document_around() -> None:
    found = full([FIRST, SECOND])
    expect({**found, "proof": {**found["proof"], "more": 1}}, "unreadable")
    expect({**found, "claim": "not_injective"}, 'the rule "blocks" proves "injective"')
    expect({**found, "claim": "injective_for_sizes"}, 'unreadable: character 115: expected the key "convolution"')
    for rule in ("boxes", "periodic", "patch", "geometric", "count", "unpaired"):
        assert f'rejected: the rule "{rule}" proves' in reason({**found, "proof": {"rule": rule}})


# ------------------------------------------------------------------ domains


def chain(columns: list[int], rows: list[int], tree: list[int]) -> Document:
    """One-row refuters, one for each column."""
    return block(columns, rows, {"rule": "flat-tree", "refuters": [[[k, "1"]] for k in range(len(rows))], "tree": tree})


TINY = Fraction(1, 10**30)


@pytest.mark.parametrize(
    ("domain", "b"),
    [
        pytest.param(BOX, ["3", "2", "-1/2"], id="box"),
        pytest.param({"type": "ball", "center": ["-1", "0", "7"], "radius": "2"}, ["3", "2", "-5"], id="ball"),
        pytest.param({"type": "nonneg-ball", "radius": "2"}, ["0", "0", "0"], id="nonneg-ball"),
        pytest.param({"type": "nonneg"}, ["0", "0", "0"], id="nonneg"),
    ],
)
def test_the_domain_is_cut_down(domain: Document, b: list[str]) -> None:
    """The rows x_k + b_k with the least bias that is nonnegative, in blocks of one and of two columns."""
    blocks = [chain([1], [1], [0]), chain([0, 2], [0, 2], [0, 1])]
    expect(document(blocks, "1 0 0; 0 1 0; 0 0 1", " ".join(b), domain), "valid")
    for k in range(3):
        less = [str(Fraction(v) - TINY * (j == k)) for j, v in enumerate(b)]
        expect(document(blocks, "1 0 0; 0 1 0; 0 0 1", " ".join(less), domain), ": the sum of lambda_i g_i")


def test_negative_rows_on_a_nonnegative_ball() -> None:
    """On the projection to two columns, -3 x - 4 y + 10 has the minimum 0 if the radius is 2."""
    blocks = [chain([0], [0], [0]), chain([1, 2], [1, 2], [0, 1])]
    domain = {"type": "nonneg-ball", "radius": "2"}
    expect(document(blocks, "1 0 0; 0 -3 -4; 0 0 1", "0 10 0", domain), "valid")
    expect(document(blocks, "1 0 0; 0 -3 -4; 0 0 1", "0 9 0", domain), "block 1: refuter 0: the sum")
    expect(document(blocks, "1 0 0; 0 -3 -4; 0 0 1", "0 10 0", {**domain, "radius": "3"}), "block 1: refuter 0")


def test_polytopes_are_rejected() -> None:
    domain = {"type": "polytope", "G": [["-1", "0", "0"]], "h": ["0"], "interior": ["1", "0", "0"]}
    expect(full([FIRST, SECOND], domain), "rejected: blocks: the domain is a polytope")


def test_halfspaces_cannot_be_named() -> None:
    proof = {"rule": "flat-tree", "refuters": [[[0, "1"], [2, "1"]]], "tree": [0]}
    expect(full([block([0], [0, 1], proof), SECOND]), "block 0: refuter 0: names a row outside 0 to 1")


@pytest.mark.parametrize(("bias", "expected"), [("-3/70", "valid"), ("-43/1000", "block 0: refuter 0: the sum")])
def test_blocks_with_fractions(bias: str, expected: str) -> None:
    """3 (-2/3 x + 1/5) + 14 (1/7 x + bias)"""
    proof = {"rule": "flat-tree", "refuters": [[[0, "3"], [1, "14"]]], "tree": [0]}
    found = document([block([0], [0, 1], proof), chain([1], [2], [0])], "-2/3 0; 1/7 0; 0 1", f"1/5 {bias} 0", "nonneg")
    expect(found, expected)


# ------------------------------------------------------------------ certificates by brute force, mutations


def glued(rng: random.Random) -> Document | None:
    """Two small layers side by side, their rows shuffled, with the blocks of both."""
    domain = rng.choice(["R^n", "nonneg", "box"])
    parts: list[tuple[Matrix, list[Fraction], Any]] = []
    lower, upper = [], []
    for _ in range(2):
        n = rng.choice([1, 2])
        W = [[Fraction(rng.randint(-2, 2), rng.choice([1, 3])) for _ in range(n)] for _ in range(2 * n + 2)]
        b = [Fraction(rng.randint(-1, 2)) for _ in W]
        low = [Fraction(rng.randint(-2, 1)) for _ in range(n)]
        box = {"type": "box", "lower": [str(v) for v in low], "upper": [str(v + 2) for v in low]}
        found = certify_on(W, b, box) if domain == "box" else certify(W, b, domain)
        if found is None:
            return None
        parts.append((W, b, found["proof"]))
        lower += box["lower"]
        upper += box["upper"]
    widths = [len(W[0]) for W, _, _ in parts]
    wide = [[*row, *[Fraction(0)] * widths[1]] for row in parts[0][0]]
    wide += [[*[Fraction(0)] * widths[0], *row] for row in parts[1][0]]
    order = list(range(len(wide)))
    rng.shuffle(order)
    blocks, first, above = [], 0, 0
    for (W, _, proof), width in zip(parts, widths, strict=True):
        own = sorted((order.index(above + i), i) for i in range(len(W)))
        name = [old for _, old in own]
        refuters = [[[name.index(i), factor] for i, factor in refuter] for refuter in proof["refuters"]]
        tree = [t if t >= 0 else -name.index(-t - 1) - 1 for t in proof["tree"]]
        renamed = {"rule": "flat-tree", "refuters": refuters, "tree": tree}
        blocks.append(block([*range(first, first + width)], [place for place, _ in own], renamed))
        first, above = first + width, above + len(W)
    b = [*parts[0][1], *parts[1][1]]
    stated = {"type": "box", "lower": lower, "upper": upper} if domain == "box" else domain
    layer = [wide[k] for k in order], [b[k] for k in order]
    return enclose(*layer, "injective", stated, {"rule": "blocks", "blocks": blocks})


def test_glued_layers() -> None:
    rng, found = random.Random(3), 0
    for _ in range(60):
        text = glued(rng)
        if text is not None:
            found += 1
            expect(text, "valid")
            W, _ = layer_of(text)
            assert rank(W) == len(W[0])
    assert found > 8


def samples() -> dict[str, Document]:
    rng = random.Random(11)
    found = {"plane and line": full([FIRST, SECOND, block([2], [5, 6], LINE_SPLIT)])}
    while len(found) < 4:
        text = glued(rng)
        if text is not None and len(json.dumps(text["proof"])) < 900:
            found[f"glued, {text['domain']['type']}"] = text
    return found


SAMPLES = samples()


@pytest.mark.parametrize("name", SAMPLES)
def test_mutants_get_the_verdict_of_the_naive_reading(name: str) -> None:
    text = SAMPLES[name]
    layer = layer_of(text)
    seen = {"valid": 0, "rejected": 0, "unreadable": 0}
    for part in ("domain", "proof"):
        for changed in mutants(text[part]):
            other = json.dumps({**text, part: changed})
            answer = verdict(other.encode(), layer)
            assert answer == naive_verdict(other, layer, RULES), other
            seen[answer] += 1
    assert min(seen.values()) > 0


@pytest.mark.parametrize("name", SAMPLES)
def test_other_layers_get_the_verdict_of_the_naive_reading(name: str) -> None:
    text, seen = SAMPLES[name], set()
    W, b = layer_of(text)
    for i in range(len(W)):
        for j in range(len(W[0])):
            for step in (1, -1, TINY):
                other = [list(row) for row in W]
                other[i][j] += step
                changed = json.dumps(enclose(other, b, "injective", text["domain"], text["proof"]))
                answer = verdict(changed.encode())
                assert answer == naive_verdict(changed, rules=RULES), changed
                seen.add(answer)
    assert "rejected" in seen


# ------------------------------------------------------------------ fixtures and size

FIXTURES = [
    parameter
    for folder in ("correct", "incorrect", "malformed")
    for parameter in fixtures(folder)
    if '"blocks"' in (text := parameter.values[0].read_text())
    and '"convolution"' not in text
    and '"residual"' not in text
]


@pytest.mark.parametrize("path", FIXTURES)
def test_fixtures_with_this_rule(path: Path) -> None:
    expected = {"correct": "valid", "incorrect": "rejected", "malformed": "unreadable"}[path.parent.name]
    text = path.read_text()
    assert naive_verdict(text, rules=RULES) == expected == verdict(text.encode())


def test_many_blocks() -> None:
    """250 columns, a block for each."""
    n = 250
    axes = [[Fraction(int(j == k)) for k in range(n)] for j in range(n)]
    W = axes + [[-v for v in row] for row in axes]
    blocks = [block([j], [j, n + j], LINE) for j in range(n)]
    text = enclose(W, [Fraction(0)] * (2 * n), "injective", "R^n", {"rule": "blocks", "blocks": blocks})
    assert reason(text) == f"valid: {n} blocks have all {n} columns, and their proofs are correct"


def test_forms_of_rows() -> None:
    row = Row([Fraction(1, 2), Fraction(0), Fraction(-3)], Fraction(2, 3))
    form = row.form()
    assert (form.nonzero, form.constant, form.denominator) == ({0: 3, 2: -18}, 4, 6)
    assert Row.sparse(form, 3).entries == row.entries == [3, 0, -18, 4]
