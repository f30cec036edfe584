"""The proved checker on convolutions: it says what the independent checker says, word for word."""

from __future__ import annotations

import copy
import json
import random
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import test_checker_window_packing as packings
from test_checker_convolution import (
    MODES,
    SAMPLES,
    checker_layer,
    collision,
    convolution,
    defined,
    digest,
    random_convolution,
    width,
)
from test_checker_domains import mutants
from test_proved_checker import BUILD, agree, why_not_built
from wrong_rules import require_no_proof

import exactinj as xi
from exactinj import provedcheck
from exactinj.casebook import all_cases
from exactinj.layers.convolution import ConvLayer

CASES = [case for case in all_cases() if isinstance(case.layer, ConvLayer) and "slow" not in case.tags]

PACKING_PARTS = ("PackedWindows", "WindowSums", "PackedBoxes", "WindowsNearby")
PROVED_IN = {"convolution/WindowPacking": [f"convolution/{part}" for part in PACKING_PARTS]}  # besides the file itself


def marked(case):
    """The search for this certificate takes half a minute; all others take no time."""
    return pytest.param(case, marks=pytest.mark.slow) if case.name == "conv-digits-zero-padded" else case


@pytest.fixture
def check(monkeypatch):
    if reason := why_not_built():
        pytest.skip(reason)
    monkeypatch.setenv(provedcheck.VARIABLE, str(BUILD / "exactinj-proved"))
    return provedcheck.check_stream


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("convolution/Covering", "(Z.max (known_low s) (known_high s) <=? P - stride a)) slots", "true) slots"),
        ("convolution/Covering", "(P - extent a) && (known_low s =? 0)", "(P - extent a)"),
        ("convolution/Covering", "(tau <=? last) && ((tau", "((tau"),
        ("convolution/Covering", "if least <? P then Some AboveMinimum", "if false then Some AboveMinimum"),
        ("convolution/Covering", "(P - r - low a)", "(P - low a)"),
        ("convolution/Boxes", "[Some c]) 0%Q; Row", "[Some c]) 1%Q; Row"),
        ("convolution/Boxes", "if known choice box (snd c)", "if negb (known choice box (snd c))"),
        ("convolution/Stages", "(cut mask covered)) (proof b)", "(cut mask mask)) (proof b)"),
        ("convolution/Matching", "negb (member used k) &&", "true &&"),
        ("convolution/Matching", "existsb (Z.eqb c) set &&", "true &&"),
        ("convolution/WindowPacking", "if member used (row_number t) then", "if false then"),
        ("convolution/WindowPacking", "(p && q) :: both a' b'", "(p || q) :: both a' b'"),
        ("convolution/WindowPacking", "| [] | [_] => true", "| [] | [_] | [_; _] => true"),
        (
            "convolution/WindowPacking",
            "if one_axis (length choice) (map begins (flat_map snd found)) then",
            "if true then",
        ),
        (
            "convolution/WindowPacking",
            "if all_owned (with_entries no_entries sets) owner 0 wanted then",
            "if true then",
        ),
        ("convolution/WindowPacking", "(filter fst found) in", "found in"),
        ("convolution/WindowPacking", "(fun w l => either (marks w) l)", "(fun w l => both (marks w) l)"),
        ("convolution/WindowPacking", "(any_bias C) epsilon", "false epsilon"),
        ("convolution/WindowPacking", "&& forallb (fun s => increasing (slot_starts s)) choice", ""),
        ("convolution/Geometry", "| Reflect => Z.max (low a) (high a) + 1", "| Reflect => 1"),
        ("convolution/Unrolled", "reads_of (a * inputs C)", "reads_of a"),
        ("convolution/Windows", "if same_column c d then if", "if true then if"),
        ("convolution/Periodic", "|| unpadded (axes C)", "|| true"),
        ("convolution/Periodic", "(1 <=? q) && (q <=? n)", "(1 <=? q)"),
        ("convolution/Periodic", "(- (- width / dilation a))", "(width / dilation a)"),
        ("convolution/Patch", "forallb (holds (axes C) parts) starts", "true"),
        ("convolution/Patch", "Z.max (low a) (high a) + 1 else 0", "Z.max (low a) (high a) else 0"),
        ("convolution/Patch", "tau <=? span part + high a - extent a", "tau <=? span part - extent a"),
        ("convolution/Count", "(found =? needed) && less", "(found =? needed)"),
        ("convolution/Count", "with Space => 2 | _ => 1", "with Space => 2 | _ => 2"),
        ("convolution/Unpaired", "(is_zeros (mode C) || unpadded (axes C))", "true"),
        ("convolution/Unpaired", "(J <? window_count a least) &&", "true &&"),
        ("convolution/Unpaired", "(Qnum top * Qnum factor <? 0)", "(0 <? Qnum top * Qnum factor)"),
        ("convolution/Geometric", "unpadded (axes C) && forallb", "true && forallb"),
        ("convolution/Geometric", "(Qnum (bias_of C a q) <=? 0) &&", "true &&"),
        ("ConvolutionChecker", "if sizes_fit C S then", "if true then"),
    ],
)
def test_a_wrong_rule_has_no_proof(name, right, wrong, tmp_path):
    if reason := why_not_built():
        pytest.skip(reason)
    require_no_proof(BUILD, tmp_path, [name, *PROVED_IN.get(name, ())], right, wrong)


# ------------------------------------------------------------------ both checkers


def changes_of(document):
    """One change in the domain or the proof; or in the convolution, with its digest or with the right one."""
    c = document["convolution"]
    yield from ({**document, part: changed} for part in ("domain", "proof") for changed in mutants(document[part]))
    for changed in mutants({name: value for name, value in c.items() if name != "sha256"}):
        for keeps in (True, False):
            other = {name: changed.get(name, "") for name in c}
            other["sha256"] = c["sha256"] if keeps else digest(other)
            yield {**document, "convolution": other}


def compare_changes(check, document, count):
    """What kinds of answers there are: True for the sample itself, and those to its changes."""
    answers = [agree(check, json.dumps(document).encode())]
    assert answers[0][0] is True
    changes = list(changes_of(document))
    chosen = random.Random(json.dumps(document)).sample(changes, min(count, len(changes)))
    answers += [agree(check, json.dumps(changed).encode()) for changed in chosen]
    return {answer if isinstance(answer, str) else answer[0] for answer in answers}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_and_changed_ones(name, check):
    assert len(compare_changes(check, SAMPLES[name], 25)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_all_changes(name, check):
    seen = compare_changes(check, SAMPLES[name], 700)
    assert {True, False, "unreadable"} <= seen


def test_collisions_in_all_geometries(check):
    rng, seen = random.Random(7), {(d, mode): 0 for d in (1, 2, 3) for mode in MODES}
    while min(seen.values()) < 2:
        d = rng.choice([1, 2, 3])
        c, size = random_convolution(rng, d), [rng.randint(1, 3 if d == 3 else 4) for _ in range(d)]
        n = c["in_channels"] * int(np.prod(size))
        if not defined(c, size) or n > 40 or seen[d, c["padding_mode"]] == 2:
            continue
        for largest in (0, 1):
            x, y = ([str(rng.randint(-1, largest)) for _ in range(n)] for _ in "xy")
            agree(check, json.dumps(collision(c, size, " ".join(x), " ".join(y))).encode())
        seen[d, c["padding_mode"]] += 1
    assert width(c, 0) > 0


@pytest.mark.parametrize("case", [marked(case) for case in CASES], ids=lambda case: case.name)
def test_casebook(case, check):
    certificate = xi.certify(case.layer, domain=case.domain).certificate
    if certificate is not None:
        assert agree(check, certificate.to_bytes())[0] is True


# ------------------------------------------------------------------ packings inside boxes


@pytest.fixture
def compared(check, monkeypatch):
    """Whatever the tests of packings inside boxes look at is looked at by both checkers."""
    alone = packings.judged

    def judged(document):
        agree(check, packings.data_of(document))
        return alone(document)

    monkeypatch.setattr(packings, "judged", judged)


@pytest.mark.parametrize("name", packings.BANKS)
def test_packings_and_changed_ones(name, compared):
    packings.test_certificates_are_accepted_and_mutants_judged_as_the_specification_says(name)


REFUSED = [name for name in dir(packings) if name.startswith("test_") and "accepted" not in name]


@pytest.mark.parametrize("name", REFUSED)
def test_packings_that_are_refused(name, compared):
    getattr(packings, name)()


FRACTIONS = [[[Fraction(a, 7), Fraction(b, 5 + a % 3)]] for ((a, b),) in packings.bank(12, 1, 2, seed=5)]
PACKED = {
    "R^n": (packings.BANKS["two windows"], xi.RealSpace()),
    "bias": (packings.BANKS["bias"], xi.RealSpace()),
    "nonneg": (packings.BANKS["two windows"], xi.NonnegativeOrthant()),
    "box": (packings.BANKS["two channels"], xi.NonnegativeOrthant()),
    "fractions": ((FRACTIONS, (3,), [[0, 1]], None), xi.RealSpace()),
    "images": ((packings.bank(40, 1, 3, 2, seed=9), (3, 4), [[0], [0, 1, 2]], None), xi.RealSpace()),
}


@cache
def packed(name):
    (kernels, box, starts, b), domain = PACKED[name]
    document = packings.packed(kernels, box, starts, b, domain)
    if name == "box":  # what is at least 0 where all inputs are is so on it
        document["domain"] = {"type": "box", "lower": ["0", "1/3"], "upper": ["2", "1"]}
    return document


@pytest.mark.parametrize("name", PACKED)
def test_packings_in_all_domains_and_changed_ones(name, check):
    assert {True, False} <= compare_changes(check, packed(name), 60)


@pytest.mark.parametrize("name", ["R^n", "bias", "fractions", "images"])
def test_both_checkers_find_the_same_changes_too_large(name, check):
    document, answers = copy.deepcopy(packed(name)), set()
    proof = document["proof"]["proofs"][0]
    epsilon = Fraction(proof["epsilon"])
    for eighths in range(6, 40):
        proof["epsilon"] = str(epsilon * eighths / 8)
        answers.add(agree(check, json.dumps(document).encode())[0])
    assert answers == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{"groups": 2}, {"stride": 2, "padding": 3}, {"padding": 2, "padding_mode": "circular"}], ids=str
)
def test_packings_that_are_searched_for(options, check):
    """In each group; only some of the boxes; where the grid goes on behind its end."""
    groups = options.get("groups", 1)
    kernels = np.random.default_rng(0).standard_normal((100 * groups, 1, 16)).astype(np.float32)
    certificate = xi.certify(xi.ConvLayer(kernels, **options), assume="full-spark", timeout=120).certificate
    data = certificate.to_bytes()
    assert agree(check, data)[:2] == (True, packings.CLAIM)
    rng, answers = random.Random(1), set()
    places = [place for place in range(data.index(b'"proof"'), len(data)) if data[place : place + 1].isdigit()]
    for place in rng.sample(places, 80):
        digit = rng.choice(sorted(set(b"0123456789") - {data[place]}))
        answer = agree(check, data[:place] + bytes([digit]) + data[place + 1 :])
        answers.add(answer if isinstance(answer, str) else answer[0])
    assert False in answers


# ------------------------------------------------------------------ kernel files


def test_kernel_files(check, run_command, tmp_path):
    layer = xi.ConvLayer([[[1, 1]], [[1, -1]], [[-1, 1]], [[-1, -1]]], [0, 0, 0, 0], padding=1)
    certificate = xi.certify(layer).certificate
    certificate.write(tmp_path / "c.json")
    assert xi.check(certificate, layer, checker="proved").valid
    other = xi.ConvLayer([[[1, 1]], [[1, -1]], [[-1, 1]], [[-1, -2]]], [0, 0, 0, 0], padding=1)
    assert "kernel 3 differs" in xi.check(certificate, other, checker="proved").reason
    kernels = [[["1.0", 1]], [[1, -1]], [[-1, 1.0]], [["-2/2", -1]]]
    (tmp_path / "kernels.json").write_text(json.dumps({"kernels": kernels, "padding": [[1, 1]]}))
    np.savez(tmp_path / "kernels.npz", kernels=np.array([[[1, 1]], [[1, -1]], [[-1, 1]], [[-1, -1]]]), padding=1)
    np.savez(tmp_path / "unpadded.npz", kernels=np.array([[[1, 1]], [[1, -1]], [[-1, 1]], [[-1, -1]]]))
    (tmp_path / "dense.json").write_text(json.dumps({"W": [[1, 1]]}))
    for file, status in (("kernels.json", 0), ("kernels.npz", 0), ("unpadded.npz", 4), ("dense.json", 3)):
        done = run_command("check", "--proved", "c.json", file)
        assert done.returncode == status, (file, done.stdout, done.stderr)


def test_geometries_of_kernel_files(check, tmp_path):
    """Each key of the layer differs once."""
    c = convolution("1 1; 1 -1; -1 1; -1 -1", [2], padding=1)
    document = collision(c, [3], "0 0 0", "0 0 0")
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document))
    given = checker_layer(c)
    answers = set()
    for changes in ({}, {"stride": (2,)}, {"dilation": (2,)}, {"padding": ((1, 0),)}, {"padding_mode": "reflect"}):
        layer = type(given)(**{name: getattr(given, name) for name in given.__slots__} | changes)
        answers.add(agree(check, path.read_bytes(), layer)[2])
    assert len(answers) == 5
