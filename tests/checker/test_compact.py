"""Compact lists: the checker on codes says what it says on the same certificate spelled out by an oracle.

Certificates of random layers, degenerate ones too, on every domain; then what becomes of them when codes, multipliers
and tokens are changed at random.
"""

from __future__ import annotations

import copy
import io
import json
import random
from fractions import Fraction
from functools import cache

import pytest
from oracles.compact import EXPLICIT, Misshapen, Undetermined, spelled_out
from strategies import random_degenerate_layer

import exactinj as xi
from exactinj import checker
from exactinj.certificates.reading import read_certificate

DOMAINS = {
    "R^n": lambda n: xi.RealSpace(),
    "nonneg": lambda n: xi.NonnegativeOrthant(),
    "box": lambda n: xi.Box([Fraction(-1, 3)] * n, [2] * n),
    "polytope": lambda n: xi.Polytope([*[[int(j == k) for k in range(n)] for j in range(n)], [-1] * n], [1] * (n + 1)),
    "ball": lambda n: xi.Ball(2),
    "nonneg-ball": lambda n: xi.NonnegativeBall(3),
}
SHAPES = [(1, 4), (2, 7), (2, 9), (3, 10), (3, 12)]


def stated(document):
    """ "valid", "rejected" or "unreadable", and why, by the checker."""
    try:
        result = checker.check_stream(io.BytesIO(json.dumps(document).encode()))
    except checker.Unreadable as error:
        return "unreadable", str(error)
    return "valid" if result.valid else "rejected", result.reason


def expected(document):
    """The same by way of the oracle: explicit entries only."""
    try:
        return stated(spelled_out(document))[0]
    except Undetermined:
        return "rejected"
    except Misshapen:
        return "unreadable"


@cache
def certificates(domain, engine):
    """A few certificates of injective layers, as (explicit, compact) documents."""
    rng, found = random.Random(f"{domain} {engine}"), []
    for attempt in range(60):
        n, m = rng.choice(SHAPES)
        layer = random_degenerate_layer(rng, n, m, bias=attempt % 2 == 0)
        result = xi.certify(xi.ReLULayer(layer.W, layer.b), domain=DOMAINS[domain](n), engine=engine, timeout=20)
        if result.verdict is xi.Verdict.INJECTIVE and len(getattr(result.certificate.proof, "supports", ())) > 1:
            found.append(result.certificate)
        if len(found) == 4:
            break
    assert len(found) >= 3
    return [tuple(json.loads(one.to_bytes(form=form)) for form in ("explicit", "compact")) for one in found]


def changed(document, rng):
    """A copy with something small different in its list or in its tree."""
    document = copy.deepcopy(document)
    proof = document["proof"]
    entries, tree = proof.get("supports", proof.get(EXPLICIT[proof["rule"]])), proof["tree"]
    entry = rng.choice(entries)
    place = rng.randrange(len(entry))
    m = len(document["layer"]["W"])
    kind = rng.randrange(11)
    if kind == 0:
        tree[rng.randrange(len(tree))] += rng.choice([-1, 1])
    elif kind == 1:
        tree.insert(rng.randrange(len(tree) + 1), rng.randint(-m, len(entries)))
    elif kind == 2:
        del tree[rng.randrange(len(tree))]
    elif kind == 3:
        rng.shuffle(entries)
    elif kind == 4:
        rng.shuffle(entry)
    elif kind == 5 and len(entry) > 1:
        del entry[place]
    elif isinstance(entry[place], int):
        other = rng.randint(1, 3 * m) * rng.choice([-1, 1])
        entry[place] = {6: other, 7: -entry[place], 8: entry[0], 9: entry[place] + 1}.get(
            kind, rng.choice([0, "1", True])
        )
    else:
        entry[place][1] = str(int(entry[place][1]) + rng.choice([-1, 1]))
    return document


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_compact_certificates_are_accepted_and_say_the_same(domain, engine):
    for explicit, compact in certificates(domain, engine):
        assert "supports" in compact["proof"]
        assert stated(explicit) == stated(compact)
        assert expected(compact) == "valid"
        assert spelled_out(compact) == explicit
        if domain not in ("ball", "nonneg-ball"):
            assert all(isinstance(code, int) for entry in compact["proof"]["supports"] for code in entry)


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_changed_certificates_are_judged_as_the_specification_says(domain, engine):
    rng, seen = random.Random(f"changed {domain} {engine}"), set()
    for _ in range(25):
        for pair in certificates(domain, engine):
            document = changed(pair[1], rng)
            verdict, reason = stated(document)
            assert verdict == expected(document), (reason, json.dumps(document))
            seen.add(verdict)
    assert seen == {"valid", "rejected", "unreadable"}


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
def test_read_and_written_again_compact_certificates_are_the_same_bytes(engine, tmp_path):
    rng = random.Random(2)
    rows = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(26)]
    for domain in ("R^n", "ball:1"):
        certificate = xi.certify(rows, domain=domain, engine=engine).certificate
        certificate.write(tmp_path / "c.json", form="compact")
        again = read_certificate(tmp_path / "c.json")
        assert again.to_bytes() == (tmp_path / "c.json").read_bytes()
        assert xi.check(again).valid


def test_no_multipliers_are_listed_where_they_would_be_millions_of_digits():
    rng = random.Random(1)
    rows = [[rng.gauss(0, 1) for _ in range(8)] for _ in range(60)]
    certificate = xi.certify(rows, engine="sign-split").certificate
    assert certificate.to_bytes() == certificate.to_bytes(form="compact")
    assert b'"supports"' in certificate.to_bytes()
    assert b'"circuits"' in certificate.to_bytes(form="explicit")


def test_packings_may_be_compact():
    rng = random.Random(3)
    rows = [[rng.gauss(0, 1) for _ in range(5)] for _ in range(80)]
    certificate = xi.certify(rows, engine="packing", assume="full spark").certificate
    explicit, compact = (json.loads(certificate.to_bytes(form=form)) for form in ("explicit", "compact"))
    assert spelled_out(compact) == explicit
    assert stated(explicit) == stated(compact)
    assert stated(compact)[0] == "valid"
    compact["proof"]["supports"][0][0] = compact["proof"]["supports"][1][0]
    assert stated(compact)[0] == expected(compact) == "rejected"


def test_an_unknown_form_is_refused():
    certificate = xi.certify([[1], [-1]]).certificate
    with pytest.raises(xi.InputError, match="expected explicit or compact"):
        certificate.to_bytes(form="short")


def test_command_writes_either_form(run_command, tmp_path):
    (tmp_path / "w.csv").write_text("1,0\n0,1\n-1,-1\n1,1\n-1,0\n0,-1\n")
    for form, table in (("explicit", "refuters"), ("compact", "supports")):
        done = run_command("certify", "w.csv", "--engine", "tree", "--out", "c.json", "--certificate-form", form)
        assert done.returncode == 0, done.stderr
        assert table in json.loads((tmp_path / "c.json").read_text())["proof"]
        assert run_command("check", "c.json", "w.csv").returncode == 0
