"""The checker that is proved in Coq: what the proof rests on, and that it says what the independent checker says.

Tests that need the program are skipped where it is not built (``make -C proof``), or older than its sources.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
from fractions import Fraction
from pathlib import Path

import pytest
from strategies import random_degenerate_layer
from test_checker_gram import changes, documents
from test_compact import DOMAINS, certificates, changed
from wrong_rules import require_no_proof

import exactinj as xi
from exactinj import checker, provedcheck
from exactinj.casebook import dense_cases

ROOT = Path(__file__).parents[2]
PROOF = ROOT / "proof"
BUILD = PROOF / "_build"
ASSUMPTIONS = PROOF / "theories" / "Assumptions.v"
THEORIES = sorted(PROOF.glob("theories/**/*.v"))
FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*/*.json"))


def why_not_built():
    """A reason to skip, or None."""
    if not (BUILD / "exactinj-proved").is_file() or not (BUILD / "assumptions.txt").is_file():
        return "the proved checker is not built: make -C proof, with Coq and zarith"
    copies = [(path, BUILD / "theories" / path.relative_to(PROOF / "theories")) for path in THEORIES]
    copies += [(path, BUILD / "program" / path.name) for path in (PROOF / "program").glob("*.ml")]
    if any(not copy.is_file() or copy.read_bytes() != path.read_bytes() for path, copy in copies):
        return "the proved checker is older than its sources: make -C proof"
    return None


@pytest.fixture(scope="module")
def built():
    if reason := why_not_built():
        pytest.skip(reason)


@pytest.fixture
def check(built, monkeypatch):
    monkeypatch.setenv(provedcheck.VARIABLE, str(BUILD / "exactinj-proved"))
    return provedcheck.check_stream


def said(check_stream, data, layer=None):
    """Valid or not and why, or "unreadable"."""
    try:
        result = check_stream(io.BytesIO(data), layer)
    except checker.Unreadable:
        return "unreadable"
    return result.valid, result.claim, result.reason


def agree(check, data, layer=None):
    """Both checkers' common answer."""
    answer = said(check, data, layer)
    assert answer == said(checker.check_stream, data, layer)
    return answer


# ------------------------------------------------------------------ the proof


@pytest.mark.parametrize("path", THEORIES, ids=lambda path: path.stem)
def test_no_gap_is_left_in_the_proof(path):
    code = re.sub(r"\(\*.*?\*\)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.findall(r"\b(Admitted|admit|Axioms?|Parameters?|Conjecture|Abort|give_up|Unset|bypass_check)\b", code)


def test_every_file_is_compiled(built):
    for path in THEORIES:
        assert (BUILD / "theories" / path.relative_to(PROOF / "theories")).with_suffix(".vo").is_file()


def test_the_theorem_rests_on_the_real_numbers_only(built):
    """The two that Coq's library constructs the reals from; for each theorem."""
    text = (BUILD / "assumptions.txt").read_text()
    names = [
        "Axioms",
        "ClassicalDedekindReals.sig_forall_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    ]
    assert re.findall(r"^([\w.]+)", text, re.MULTILINE) == text.count("Axioms:") * names
    assert text.count("Axioms:") == len(re.findall("^Print", ASSUMPTIONS.read_text(), re.MULTILINE)) >= 4


def test_trust_quotes_the_theorem():
    """Word for word, from the files that Coq reads."""
    page = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    quoted = re.findall(r"```coq\n(.*?)```", page, re.DOTALL)
    sources = "\n".join(path.read_text(encoding="utf-8") for path in THEORIES)
    assert quoted
    for block in quoted:
        for paragraph in block.strip().split("\n\n"):
            assert paragraph in sources


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "rules/FlatTree",
            "if multiple_of (products (weights (function t)) Y) (products (weights r) Y) then",
            "if true then",
        ),
        ("rules/FlatTree", "if member N k then", "if true then"),
        ("rules/FlatTree", "if is_leaf B C then Good rest else", "if true then Good rest else"),
        ("rules/FlatTree", "children read B path C' N tokens\n", "Good tokens\n"),
        (
            "rules/SignSplit",
            "first_with false P negative, first_with true P positive",
            "@None Z, first_with true P positive",
        ),
        (
            "rules/Packing",
            "if member used (row_number t) then Bad (RowUsed (row_number t)) else",
            "if false then Bad TooFewRefuters else",
        ),
        ("rules/Blocks", "if zero_outside mask (normal r) then", "if true then"),
        ("rules/DepthTree", "depth_children read S C' (with_member E i) rest", "Good rest"),
        ("rules/DepthTree", "else if is_short square ts e then", "else if is_short square ts e || true then"),
        (
            "rules/DepthTree",
            "if Z.of_nat n <=? count then Bad (PointAbove count)",
            "if (Z.of_nat n <=? count) && false then Bad (PointAbove count)",
        ),
        ("rules/DepthTree", "| Some i, _ => Bad (KnownAbove i)", "| Some i, _ => Good rest"),
        (
            "Cones",
            "forallb (is_line normals) lines && forallb (is_ray normals) rays",
            "forallb (is_line normals) lines",
        ),
        ("Cones", "subset (fst c) (fst other)) (found ++ rest') then", "true) (found ++ rest') then"),
        ("rules/PackingNearby", "(q * largest (shares s) <? room * least (shares s))", "true"),
        (
            "rules/PackingNearby",
            "if bears n has_bias epsilon ts (force s) then S bearing else bearing",
            "S bearing",
        ),
        ("rules/Gram", "if existsb (fun t => negb (is_zero_row (function t))) negative then", "if true then"),
        ("rules/Gram", "if member P (one p) || member P (other p) then", "if false then"),
        ("rules/Gram", "forallb (fun a => a =? 0) r && semidefinite size' divisor T'", "semidefinite size' divisor T'"),
        ("Bases", "(modulus - remainder_product w x)", "(remainder_product w x)"),
        ("rules/SignSplit", "(with_member P i) Q tokens", "(with_member P i) (with_member Q i) tokens"),
        ("networks/Collisions", "if 0 <=? z then (z, denominator (fst u))", "if true then (z, denominator (fst u))"),
        ("networks/Collisions", "if p * s =? r * q then", "if p =? r then"),
        ("networks/Composition", "if Qnum (slope u) <? 0 then", "if false then"),
        (
            "networks/Composition",
            "forallb (fun u => Qnum (slope u) <=? 0) L",
            "existsb (fun u => Qnum (slope u) <=? 0) L",
        ),
        ("networks/Dependencies", "all_positive c && has_length", "has_length"),
        ("networks/Dependencies", "Some c => all_zero (combination c vectors)", "Some c => true"),
        ("networks/Intervals", "fst p * snd q <? fst q * snd p", "fst p * snd q <=? fst q * snd p"),
        ("networks/Cells", "if all_zero gradient then", "if true then"),
        (
            "networks/Cells networks/CellsCover",
            "match side false rest' cells' with",
            "match side true rest' cells' with",
        ),
        (
            "networks/Cells networks/CellsCover",
            "if positive_dependency (turned_to (negb positive) z",
            "if positive_dependency (turned_to positive z",
        ),
        (
            "networks/Cells networks/CellsCover networks/CellPairs",
            "| _ :: _ => Bad (RankBelow cells)",
            "| [] => Bad (RankBelow cells) | _ :: _",
        ),
        ("networks/CellPairs", "else added (differing p' q') 1 f", "else differing p' q'"),
        ("networks/CellPairs", "if negb (existsb is_last support) || existsb is_last support' then", "if false then"),
        ("networks/MinorNodes", "if 0 <? pivot then", "if negb (pivot =? 0) then"),
        ("networks/MinorTrees", "absolute_sum us row ds <? 2 * a", "absolute_sum us row ds <? 3 * a"),
        ("networks/DefiniteMatrices", "(0 <? p) && pivots_positive", "negb (p =? 0) && pivots_positive"),
        ("networks/DefiniteMatrices", "- Z.quot (c * c) p - size", "- Z.quot (c * c) p"),
        ("networks/PMatrix", "if member known j && negb (a =? 0) then", "if false then"),
        ("networks/PMatrix", "if active then nonnegative", "if true then nonnegative"),
        ("networks/PMatrix", "find (fun j => negb (member known j)) us", "find (fun _ => false) us"),
        ("networks/SignElimination", "| None => Bad SingularSigns", "| None => Good (others, d)"),
        ("networks/OrientationCells", "if s =? 0 then Bad (DeterminantZero", "if false then Bad (DeterminantZero"),
        ("networks/OrientationCells", "negb (is_point divisor numbers) && signs_hold", "false && signs_hold"),
        ("networks/OrientationTree", "negb (sum_nonnegative ISpace ts)", "negb (sum_nonnegative IOrthant ts)"),
        ("networks/OrientationTree", "match first_outside Q positive,", "match first_outside P positive,"),
        ("networks/OrientationTree", "fuel' P (with_member Q i) sign' rest'", "fuel' P (with_member Q i) 0 rest'"),
        ("networks/Orientation", "if (v =? 0) && negb (is_zero_row r) then", "if false then"),
    ],
)
def test_a_wrong_rule_has_no_proof(name, right, wrong, built, tmp_path):
    """The first file has the rule; behind it are those with the proof, where that is in another one."""
    require_no_proof(BUILD, tmp_path, name.split(), right, wrong)


# ------------------------------------------------------------------ both checkers


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixtures(path, check):
    answer = agree(check, path.read_bytes())
    if path.parent.name == "malformed":
        assert answer == "unreadable"
    else:
        assert answer[0] is (path.parent.name == "correct")


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_certificates_and_changed_ones(domain, engine, check):
    rng, seen = random.Random(f"proved {domain} {engine}"), set()
    for pair in certificates(domain, engine):
        for document in pair:
            assert agree(check, json.dumps(document).encode())[0]
            for _ in range(2):
                answer = agree(check, json.dumps(changed(document, rng)).encode())
                seen.add(answer if isinstance(answer, str) else answer[0])
    assert len(seen) > 1


def decided(rng, domain):
    """A certificate of a random degenerate layer, either answer."""
    n, m = rng.choice([(1, 4), (2, 5), (2, 7), (2, 9), (3, 8), (3, 12)])
    layer = random_degenerate_layer(rng, n, m, bias=rng.random() < 0.5)
    engine = rng.choice(["tree", "sign-split"])
    result = xi.certify(xi.ReLULayer(layer.W, layer.b), domain=DOMAINS[domain](n), engine=engine, timeout=60)
    return result.certificate.to_bytes(form=rng.choice(["explicit", "compact"]))


def with_another_digit(data, rng):
    """The document with one digit changed, anywhere behind the digest."""
    start = data.index(b'"W"')
    at = rng.choice([k for k in range(start, len(data)) if data[k : k + 1].isdigit()])
    digit = rng.choice([d for d in b"0123456789" if d != data[at]])
    return data[:at] + bytes([digit]) + data[at + 1 :]


def with_its_digest(data):
    """The digest made to fit, so that what is about another layer now is judged by its proof."""
    try:
        document = json.loads(data)
    except ValueError:  # a number that starts with 0
        return data
    W, b = document["layer"]["W"], document["layer"]["b"]
    text = json.dumps({"W": W, "b": b}, separators=(",", ":"))
    document["layer"]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(document).encode()


def wide_layer(domain, n=2, m=14):
    """A certificate with the rule packing, without epsilon."""
    rng = random.Random(n)
    rows = [[rng.randint(-9, 9) for _ in range(n)] for _ in range(m)]
    layer = xi.ReLULayer(rows, [rng.randint(0, 2) for _ in rows])
    certificate = xi.certify(layer, domain=domain, engine="packing", assume="full-spark").certificate
    document = json.loads(certificate.to_bytes())
    document["proof"]["epsilon"] = None
    return document


def test_packing(check):
    rng, seen = random.Random(4), set()
    for domain in (xi.RealSpace(), xi.Box([-1, -1], [1, 2])):
        document = wide_layer(domain)
        assert document["proof"]["rule"] == "packing"
        assert agree(check, json.dumps(document).encode())[0]
        document["proof"]["epsilon"] = "1/1000000"
        answer = agree(check, json.dumps(document).encode())
        assert answer[0] == isinstance(domain, xi.RealSpace)
        assert "epsilon" in answer[2]
        document["proof"]["epsilon"] = None
        entries = document["proof"].get("refuters") or document["proof"]["supports"]
        for _ in range(40):
            entry = rng.choice(entries)
            kept, at = list(entry), rng.randrange(len(entry))
            entry[at] = rng.choice([rng.choice(rng.choice(entries)), rng.randint(0, 20), [rng.randint(-1, 15), "1"]])
            answer = agree(check, json.dumps(document).encode())
            seen.add(answer if isinstance(answer, str) else answer[2].rpartition(": ")[2][:9])
            entry[:] = kept
        entries.append(entries[0])
        assert "has" in agree(check, json.dumps(document).encode())[2]
        del entries[1:]
        assert "expected n = 2 or more" in agree(check, json.dumps(document).encode())[2]
    assert len(seen) > 3


@pytest.mark.parametrize("bias", [False, True])
def test_packing_with_epsilon(bias, check):
    """Both checkers find the same numbers small enough, whatever the scales of the rows."""
    rng, seen = random.Random(f"epsilon {bias}"), set()
    for n, m in ((1, 8), (2, 24), (3, 48)):
        rows = [
            [Fraction(rng.randint(-99, 99), rng.choice([1, 7, 64])) * 8 ** rng.randint(0, 1) for _ in range(n)]
            for _ in range(m)
        ]
        layer = xi.ReLULayer(rows, [Fraction(rng.randint(1, 9), 8) for _ in rows] if bias else None)
        certificate = xi.certify(layer, engine="packing", assume="full-spark").certificate
        document = json.loads(certificate.to_bytes())
        epsilon = Fraction(document["proof"]["epsilon"] or "1/999")
        for k in range(-9, 9):
            document["proof"]["epsilon"] = str(epsilon * Fraction(3, 2) ** k)
            answer = agree(check, json.dumps(document).encode())
            seen.add(answer[0])
    assert seen == {True, False}


ROUND = {"ball": xi.Ball("3/4"), "nonneg-ball": xi.NonnegativeBall(2), "sphere": xi.Sphere("5/3")}


def alpha_certificates(rng, domain, layers):
    """The values of alpha* of some random degenerate layers, explicit as they are written."""
    for _ in range(layers):
        n, m = rng.choice([(1, 3), (2, 4), (2, 6), (3, 6), (3, 7), (4, 7)])
        layer = random_degenerate_layer(rng, n, m, bias=rng.random() < 0.5)
        yield xi.alpha_star(xi.ReLULayer(layer.W, layer.b), domain=ROUND[domain]).certificate.to_bytes()


@pytest.mark.parametrize("domain", ROUND)
def test_values_of_alpha_and_changed_digits(domain, check):
    rng, counts = random.Random(f"alpha {domain}"), {True: 0, False: 0, "unreadable": 0}
    for data in alpha_certificates(rng, domain, 5):
        assert agree(check, data)[0]
        for _ in range(7):
            other = with_another_digit(data, rng)
            answer = agree(check, with_its_digest(other) if rng.random() < 0.3 else other)
            counts[answer if isinstance(answer, str) else answer[0]] += 1
    assert counts[False]


def with_another_part(document, rng):
    """A refuter, a token, a point, or the value of one row taken from another row."""
    row, other = rng.sample(document["proof"]["rows"], 2)
    name = rng.choice(["refuters", "tree", "point", "value", "row"])
    if name == "value":
        row["sign"], row["square"] = other["sign"], other["square"]
    elif name in ("refuters", "tree") and row[name] and other[name]:
        row[name][rng.randrange(len(row[name]))] = rng.choice(other[name])
    else:
        row[name] = other[name]


@pytest.mark.parametrize("domain", ROUND)
def test_parts_of_other_rows(domain, check):
    rng, reasons = random.Random(f"parts {domain}"), set()
    for data in alpha_certificates(rng, domain, 3):
        for _ in range(11):
            document = json.loads(data)
            with_another_part(document, rng)
            answer = agree(check, json.dumps(document).encode())
            reasons.add(answer if isinstance(answer, str) else re.sub(r"\d+", "", answer[2]))
    assert len(reasons) > 3, reasons


@pytest.mark.slow
@pytest.mark.parametrize("domain", ROUND)
def test_many_values_of_alpha(domain, check):
    rng, counts = random.Random(f"many {domain}"), {True: 0, False: 0, "unreadable": 0}
    for data in alpha_certificates(rng, domain, 150):
        assert agree(check, data)[0]
        for _ in range(6):
            answer = agree(check, with_another_digit(data, rng))
            counts[answer if isinstance(answer, str) else answer[0]] += 1
    assert min(counts.values()) > 0, counts


def bounds_are_judged_alike(check, seed, most):
    for document in documents(seed):
        assert agree(check, json.dumps(document).encode())[0]
        found = list(changes(document))
        for other in random.Random(seed).sample(found, min(most, len(found))):
            agree(check, json.dumps(other).encode())


@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_eigenvalues(seed, check):
    bounds_are_judged_alike(check, seed, 9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_more_bounds_of_eigenvalues(seed, check):
    bounds_are_judged_alike(check, seed, 60)


@pytest.mark.parametrize("domain", ["R^n", "nonneg", "box", "ball", "nonneg-ball"])
def test_blocks(domain, check):
    """Two blocks of their own columns, and what a changed digit makes of them."""
    plane = [[1, 0], [0, 1], [-1, -1], [-1, 0], [0, -1], [1, 1]]
    rows = [[*row, 0, 0] for row in plane] + [[0, 0, *row] for row in plane]
    certificate = xi.certify(rows, domain=DOMAINS[domain](4)).certificate
    data = certificate.to_bytes()
    if b'"blocks"' not in data:
        pytest.skip(f"no blocks on {domain}")
    assert agree(check, data)[0]
    rng = random.Random(domain)
    for _ in range(25):
        changed_data = with_another_digit(data, rng)
        agree(check, with_its_digest(changed_data) if rng.random() < 0.5 else changed_data)


def compare_many(check, layers, mutations, seed):
    rng, counts = random.Random(seed), {True: 0, False: 0, "unreadable": 0}
    pool = []
    for number in range(layers):
        data = decided(rng, list(DOMAINS)[number % len(DOMAINS)])
        assert agree(check, data)[0]
        pool.append(data)
    for _ in range(mutations):
        data = with_another_digit(rng.choice(pool), rng)
        if rng.random() < 0.5:
            data = with_its_digest(data)
        answer = agree(check, data)
        counts[answer if isinstance(answer, str) else answer[0]] += 1
    return counts


def test_random_layers_and_digits(check):
    counts = compare_many(check, 24, 60, 1)
    assert min(counts.values()) > 0


@pytest.mark.slow
def test_many_random_layers_and_digits(check):
    counts = compare_many(check, 2000, 5000, 2)
    assert min(counts.values()) > 100, counts


@pytest.mark.parametrize(
    "case", [case for case in dense_cases() if "slow" not in case.tags], ids=lambda case: case.name
)
def test_casebook(case, check):
    certificate = xi.certify(case.layer, domain=case.domain).certificate
    assert agree(check, certificate.to_bytes())[0] is True


@pytest.mark.parametrize("case", [case for case in dense_cases() if case.biases], ids=lambda case: case.name)
def test_biases_of_the_casebook(case, check):
    if len(case.layer.W.fractions()[0]) > 4 or len(case.layer.W.fractions()) > 14:
        pytest.skip("takes long")
    for domain in {known.domain for known in case.biases if isinstance(known.domain, xi.Ball | xi.Sphere)}:
        assert agree(check, xi.alpha_star(case.layer, domain=domain).certificate.to_bytes())[0]


# ------------------------------------------------------------------ doors and files


def test_both_doors_lead_to_it(check, run_command, tmp_path):
    rows = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    certificate = xi.certify(rows, engine="tree").certificate
    certificate.write(tmp_path / "c.json.gz")
    assert xi.check(certificate, rows, checker="proved").valid
    assert not xi.check(certificate, [[2, 0], *rows[1:]], checker="proved").valid
    (tmp_path / "layer.json").write_text(json.dumps({"weight": rows, "bias": ["0.0", 0, "0/1", 0.0]}))
    (tmp_path / "other.csv").write_text("1,0\n-1,0\n0,1\n0,-2\n")
    done = run_command("check", "--proved", "c.json.gz", "layer.json")
    assert (done.returncode, done.stdout[:5]) == (0, "VALID"), done.stderr
    assert run_command("check", "--proved", "c.json.gz", "other.csv").returncode == 4
    done = run_command("check", "--proved", "-", data=(FIXTURES[0]).read_text())
    assert done.returncode == 0, done.stderr


def test_an_older_program_is_to_be_built_again(monkeypatch, tmp_path):
    """It had one more answer: that nothing is proved about a rule."""
    program = tmp_path / "exactinj-proved"
    answer = json.dumps({"valid": False, "claim": None, "reason": "certificates about a graph are not proved"})
    program.write_text(f"#!/bin/sh\necho '{answer}'\nexit 5\n")
    program.chmod(0o755)
    monkeypatch.setenv(provedcheck.VARIABLE, str(program))
    with pytest.raises(xi.InputError, match="status 5: build it again"):
        xi.check(FIXTURES[0], checker="proved")


def test_without_the_program_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(provedcheck, "BUILT", Path("nowhere"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(provedcheck.VARIABLE, raising=False)
    with pytest.raises(xi.InputError, match="make -C proof"):
        xi.check(FIXTURES[0], checker="proved")
    monkeypatch.setenv(provedcheck.VARIABLE, "/nowhere/exactinj-proved")
    with pytest.raises(xi.InputError, match="gives no answer"):
        xi.check(FIXTURES[0], checker="proved")


def test_thirds_and_long_numbers(check):
    """Entries from 2^-2000 to 2^2000, and points that are no floats."""
    rng = random.Random(5)
    for scale in (Fraction(1), Fraction(2) ** 2000, Fraction(1, 2**2000), Fraction(1, 3)):
        rows = [
            [Fraction(rng.randint(-9, 9)) * (scale if rng.random() < 0.5 else 1) for _ in range(2)] for _ in range(12)
        ]
        assert agree(check, xi.certify(rows).certificate.to_bytes())[0]
