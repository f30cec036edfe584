"""The fast checker says what the independent one says, word for word: on fixtures and certificates, right and wrong."""

from __future__ import annotations

import gzip
import io
import json
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from strategies import random_degenerate_layer
from test_compact import DOMAINS, certificates, changed

import exactinj as xi
from exactinj import checker, fastcheck
from exactinj.fastcheck import trees
from exactinj.kernels import evidence

FIXTURES = Path(__file__).parent / "fixtures"


def said(check, data):
    try:
        return check(io.BytesIO(data))
    except checker.Unreadable as error:
        return str(error)


def fast(stream):
    return fastcheck.check_stream(stream, short=0)


def agree(data):
    """Both checkers' common answer."""
    answer = said(checker.check_stream, data)
    assert said(fast, data) == answer
    return answer


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/*.json")), ids=lambda path: path.stem)
def test_fixtures(path):
    agree(path.read_bytes())


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_certificates_and_changed_ones(domain, engine):
    rng, seen = random.Random(f"fast {domain} {engine}"), set()
    for pair in certificates(domain, engine):
        for document in pair:
            assert agree(json.dumps(document).encode()).valid
            for _ in range(6):
                answer = agree(json.dumps(changed(document, rng)).encode())
                seen.add(answer if isinstance(answer, str) else answer.valid)
    assert len(seen) > 2


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
def test_texts_cut_off_or_damaged_anywhere(engine):
    rng = random.Random(engine)
    rows = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(26)]
    data = xi.certify(rows, engine=engine).certificate.to_bytes(form="compact")
    start = data.index(b'"proof"')
    assert agree(data).valid
    assert agree(gzip.compress(data)).valid
    for _ in range(60):
        at, kind = rng.randrange(start, len(data)), rng.randrange(4)
        new = bytes([rng.choice(b'0123456789-,[] \n"}e.t\xc3')])
        agree(
            {0: data[:at], 1: data[:at] + data[at + 1 :], 2: data[:at] + new + data[at:]}.get(
                kind, data[:at] + new + data[at + 1 :]
            )
        )


@pytest.mark.parametrize(
    "text", ["01", "-0", "1e2", "1.5", "true", "null", '"1"', "[1]", "99999999999", "-99999999999", ""]
)
@pytest.mark.parametrize("where", ["supports", "tree"])
def test_numbers_that_are_none(text, where):
    supports = f"[1,2],[3,{text}],[1,2]" if where == "supports" else "[1,2],[3,4]"
    tree = f"0,1,{text},1" if where == "tree" else "0,1,1"
    layer = xi.ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]])
    data = xi.certify(layer, engine="tree").certificate.to_bytes(form="compact").decode()
    head = data[: data.index('"supports"')]
    agree(f'{head}"supports": [{supports}], "tree": [{tree}]}}}}'.encode())


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
def test_wide_and_long_numbers(engine):
    """Entries from 2^-2000 to 2^2000, where floats say nothing, and thirds."""
    rng = random.Random(5)
    for scale in (Fraction(1), Fraction(2) ** 2000, Fraction(1, 2**2000), Fraction(1, 3)):
        rows = [
            [Fraction(rng.randint(-9, 9)) * (scale if rng.random() < 0.5 else 1) for _ in range(2)] for _ in range(12)
        ]
        result = xi.certify(rows, engine=engine)
        if result.verdict is xi.Verdict.INJECTIVE:
            assert agree(result.certificate.to_bytes(form="compact")).valid


@pytest.mark.parametrize("engine", ["tree", "sign-split"])
def test_any_prime_gives_the_same_answer(engine, monkeypatch):
    """With tiny primes nearly everything is zero modulo one of them, and has to be settled in integers."""
    monkeypatch.setattr(trees, "PRIMES", (2, 3, 5, 7, 11, 13, 10007, 536870909))
    rng, questions = random.Random(f"primes {engine}"), 0
    asked = trees._Tree._spans

    def counted(self, among, row):
        nonlocal questions
        questions += 1
        return asked(self, among, row)

    monkeypatch.setattr(trees._Tree, "_spans", counted)
    for domain in ("R^n", "box"):
        for _, compact in certificates(domain, engine):
            for document in [compact, *(changed(compact, rng) for _ in range(4))]:
                agree(json.dumps(document).encode())
    assert questions > 20


def test_without_a_prime_the_other_checker_answers(monkeypatch):
    monkeypatch.setattr(trees, "PRIMES", (2,))
    data = xi.certify([[2, 0], [0, 4], [-2, 2], [2, -6], [-6, 2]], engine="sign-split").certificate.to_bytes()
    assert agree(data).valid


def test_a_dependency_that_floats_do_not_see_is_left_to_integers():
    """Four rows of the plane that nearly have two dependencies: the bound must not accept what is not there."""
    tiny = Fraction(1, 10**40)
    rows = [[Fraction(1), Fraction(0)], [Fraction(-1), tiny], [Fraction(0), Fraction(-1)], [Fraction(-1), -tiny]]
    layer = xi.ReLULayer(rows)
    functions = [[1, 0, 0], [-(10**40), 1, 0], [0, -1, 0], [-(10**40), -1, 0]]
    from exactinj.fastcheck.supports import _scaled

    for codes, is_one in (([1, 2, 3], True), ([1, 3, 4], False)):
        settled = np.zeros(1, dtype=np.uint8)
        evidence.settle_supports(_scaled(functions), 4, np.array(codes, dtype=np.int32), np.array([3]), settled)
        assert is_one or not settled[0], (layer, codes)


def test_random_supports_are_never_settled_wrongly():
    """Against the independent checker's elimination."""
    from exactinj.checker.domains import Space
    from exactinj.checker.faults import Reason, Rejected
    from exactinj.checker.rows import Row
    from exactinj.checker.supports import Codes, Functions
    from exactinj.fastcheck.supports import _scaled

    rng, counts = random.Random(8), {True: 0, False: 0}
    for _ in range(80):
        n, m = rng.randint(1, 4), 9
        layer = random_degenerate_layer(rng, n, m, bias=rng.random() < 0.5)
        rows = [Row(w, beta) for w, beta in zip(layer.W, layer.b, strict=True)]
        functions = Functions(rows, Space(), n)
        floats = _scaled([row.entries for row in rows])
        if floats is None:
            continue
        for _ in range(40):
            size = rng.choice([n + 1, n + 2])
            codes = [(i + 1) * rng.choice([1, 1, -1]) for i in rng.sample(range(m), size)]
            settled = np.zeros(1, dtype=np.uint8)
            evidence.settle_supports(floats, m, np.array(codes, dtype=np.int32), np.array([size]), settled)
            try:
                explicit = functions.explicit(Codes(codes), Reason.CIRCUIT, "")
                form = explicit.form(rows, Reason.CIRCUIT, "")
                right = form[-1] >= 0 and not any(form[:-1])
            except Rejected:
                right = False
            assert right or not settled[0], (layer, codes)
            counts[bool(settled[0])] += 1
    assert counts[True] > 50


def test_short_documents_and_other_rules_are_left_to_the_other_checker(monkeypatch):
    monkeypatch.setattr(fastcheck.check, "BulkReader", None)
    assert fastcheck.check_stream(io.BytesIO((FIXTURES / "correct" / "box.json").read_bytes())).valid


def test_both_doors_lead_to_it(run_command, tmp_path):
    rng = random.Random(9)
    rows = [[rng.gauss(0, 1) for _ in range(6)] for _ in range(45)]
    certificate = xi.certify(rows, engine="tree").certificate
    certificate.write(tmp_path / "c.json")
    assert (tmp_path / "c.json").stat().st_size > fastcheck.check.SHORT
    done = run_command("check", "--fast", "c.json")
    assert (done.returncode, done.stdout[:5]) == (0, "VALID"), done.stderr
    assert xi.check(certificate, rows, checker="fast").valid
    with pytest.raises(xi.InputError, match="independent, fast or proved"):
        xi.check(certificate, checker="quick")
    text = (tmp_path / "c.json").read_text()
    (tmp_path / "d.json").write_text(text[: text.rindex(",")] + "]}}")
    assert run_command("check", "--fast", "d.json").returncode == 4
