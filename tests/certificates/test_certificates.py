"""Certificates as the package writes them: deterministic, safely written, and robust against every changed digit."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
from fractions import Fraction

import numpy as np
import pytest
from oracles import rank

import exactinj as xi
from exactinj import checker
from exactinj.certificates.collision import verified_collision
from exactinj.errors import CertificateError, InternalError


def sample_layers():
    """Twenty layers: half injective, with and without bias, both domains, integer, rational and float."""
    rng = np.random.default_rng(11)
    picked = {"injective": [], "not_injective": []}
    while min(len(group) for group in picked.values()) < 10:
        n = int(rng.integers(1, 4))
        m = int(rng.integers(2 * n, 4 * n + 2))
        W = rng.integers(-3, 4, size=(m, n)) / rng.choice([1, 2, 8])
        b = rng.integers(-2, 3, size=m) if rng.random() < 0.5 else None
        domain = xi.NonnegativeOrthant() if rng.random() < 0.3 else xi.RealSpace()
        layer = xi.ReLULayer(W, b)
        result = xi.certify(layer, domain=domain)
        if len(picked[result.verdict]) < 10:
            picked[result.verdict].append((layer, result))
    return [pair for group in picked.values() for pair in group]


SAMPLES = sample_layers()


def still_proves(document, layer, claim, domain):
    """A second, naive reading of the specification: is this a proof of the same claim about the layer?"""
    W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    same = (
        document["claim"] == claim
        and document["domain"] == domain.record
        and [[Fraction(v) for v in row] for row in document["layer"]["W"]] == W
        and [Fraction(v) for v in document["layer"]["b"]] == b
        and document["layer"]["sha256"] == layer.digest
        and (document["format"], document["version"]) == ("exactinj-certificate", 1)
        and (document["layer"]["m"], document["layer"]["n"]) == (layer.m, layer.n)
    )
    if not same:
        return False
    proof = document["proof"]
    if claim == "not_injective":
        x, y = ([Fraction(v) for v in proof[key]] for key in ("x", "y"))
        inside = domain.contains(x) and domain.contains(y)
        return x != y and inside and layer.evaluate(x) == layer.evaluate(y)
    return naive_tree_is_right(proof, W, b, layer.n, domain)


def naive_tree_is_right(proof, W, b, n, domain):
    supports = []
    for refuter in proof["refuters"]:
        if len({i for i, _ in refuter}) < len(refuter) or not all(0 <= i < len(W) for i, _ in refuter):
            return False
        pairs = [(i, Fraction(text)) for i, text in refuter]
        if not pairs or any(value <= 0 for _, value in pairs):
            return False
        gradient = [sum(value * W[i][j] for i, value in pairs) for j in range(n)]
        if not domain.is_nonnegative(gradient, sum(value * b[i] for i, value in pairs)):
            return False
        supports.append([i for i, _ in pairs])
    tokens = list(proof["tree"])

    def spans(rows, i):
        return rank([W[k] for k in (*rows, i)]) == rank([W[k] for k in rows])

    def node(chosen, excluded):
        if not tokens or not 0 <= tokens[0] < len(supports):
            return False
        support = supports[tokens.pop(0)]
        if any(spans(chosen, i) for i in support):
            return False
        excluded = set(excluded)
        for i in support if len(chosen) + 1 < n else ():
            if i in excluded:
                continue
            if tokens and tokens[0] < 0:
                k = -tokens.pop(0) - 1
                if k not in excluded or not spans([*chosen, i], k):
                    return False
            elif not node([*chosen, i], excluded):
                return False
            excluded.add(i)
        return True

    return node([], ()) and not tokens


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_every_changed_digit_is_rejected_or_harmless(number):
    """Positions are every digit of the document."""
    layer, result = SAMPLES[number]
    original = result.certificate.to_bytes().decode()
    numbers = (layer.W.fractions(), [value for (value,) in layer.b.fractions()])
    rng = random.Random(number)
    accepted = 0
    for match in re.finditer(r"\d", original):
        position = match.start()
        for digit in rng.sample(sorted(set("0123456789") - {match[0]}), 3):
            text = original[:position] + digit + original[position + 1 :]
            try:
                outcome = checker.check_stream(io.BytesIO(text.encode()), numbers)
            except checker.Unreadable:
                continue
            if outcome.valid:
                accepted += 1
                assert still_proves(json.loads(text), layer, str(result.verdict), result.domain), (position, digit)
    assert accepted < len(original)


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_naive_reading_accepts_the_originals(number):
    layer, result = SAMPLES[number]
    document = json.loads(result.certificate.to_bytes())
    assert still_proves(document, layer, str(result.verdict), result.domain)


def test_a_changed_digit_in_the_users_layer_is_noticed():
    layer, result = SAMPLES[0]
    rows = layer.W.fractions()
    rows[0][0] += Fraction(1, 10**40)
    other = xi.ReLULayer(rows, [value for (value,) in layer.b.fractions()])
    outcome = xi.check(result.certificate, other)
    assert not outcome.valid
    assert "layer" in outcome.reason


def test_writing_is_deterministic_and_compressed_by_name(tmp_path):
    _, result = SAMPLES[0]
    result.certificate.write(tmp_path / "a.json")
    result.certificate.write(tmp_path / "b.json.gz")
    result.certificate.write(tmp_path / "c.json.gz")
    plain = (tmp_path / "a.json").read_bytes()
    assert plain == result.certificate.to_bytes() == gzip.decompress((tmp_path / "b.json.gz").read_bytes())
    assert (tmp_path / "b.json.gz").read_bytes() == (tmp_path / "c.json.gz").read_bytes()
    again = xi.certify(result.layer, domain=result.domain)
    assert again.certificate.to_bytes() == plain
    assert xi.check(tmp_path / "b.json.gz", result.layer).valid


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    _, result = SAMPLES[0]
    target = tmp_path / "proof.json"
    target.write_text("old")

    def fail(self, stream):
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(xi.Certificate, "_write_text", fail)
    with pytest.raises(KeyboardInterrupt):
        result.certificate.write(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_unwritable_places_are_input_errors(tmp_path):
    with pytest.raises(xi.InputError, match="cannot write"):
        SAMPLES[0][1].certificate.write(tmp_path / "absent" / "proof.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x1f\x8b nonsense", b'{"format": "other"}', b"\xff\xfe"])
def test_unreadable_certificates(tmp_path, content):
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(CertificateError):
        xi.check(tmp_path / "bad.json")


def test_absent_certificate():
    with pytest.raises(CertificateError):
        xi.check("no-such-file.json")


def test_pairs_are_verified_before_they_are_reported():
    layer = xi.ReLULayer([[1], [-1]])
    with pytest.raises(InternalError, match="does not collide"):
        verified_collision(layer, xi.RealSpace(), [Fraction(1)], [Fraction(2)])
    with pytest.raises(InternalError, match="two different points"):
        verified_collision(layer, xi.RealSpace(), [Fraction(1)], [Fraction(1)])
    with pytest.raises(InternalError, match="of the domain"):
        verified_collision(xi.ReLULayer([[1]]), xi.NonnegativeOrthant(), [Fraction(-1)], [Fraction(-2)])


def test_float_certificates_carry_every_digit(tmp_path):
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((30, 4)), np.full(30, 0.1))
    result = xi.certify(layer)
    result.certificate.write(tmp_path / "float.json")
    document = json.loads((tmp_path / "float.json").read_text())
    assert [[Fraction(v) for v in row] for row in document["layer"]["W"]] == layer.W.fractions()
    assert xi.check(tmp_path / "float.json", layer).valid
