"""What the engines write about bounded domains: every changed digit gets the verdict of the naive reading."""

from __future__ import annotations

import json
import random
import re
from fractions import Fraction
from functools import cache

import pytest
from test_checker import naive_verdict, verdict
from test_checker_depth_tree import RULES as DEPTH_RULES
from test_checker_domains import RULES as DOMAIN_RULES

import exactinj as xi

RULES = {**DOMAIN_RULES, **DEPTH_RULES}

SQUARE = [[1, 0], [-1, 1], [-1, -1], [0, 2], [1, -2]]
DECIDED = {
    "ball": (SQUARE, ["1/2", "1/3", "1/2", "1/4", "1/2"], xi.Ball("3/4")),
    "ball off centre": (SQUARE, ["1/2", "1/3", "1/2", "1/4", "1/2"], xi.Ball("1/2", ["1/5", "-1/4"])),
    "tangential ball": ([["-3/5", "-4/5"], ["4/5", "-3/5"], ["-4/5", "3/5"]], [1, 0, 0], xi.Ball(1)),
    "nonnegative ball": ([[-1, 1], [2, -1], [-1, -1]], ["3/2", 1, 2], xi.NonnegativeBall("6/5")),
    "box": (SQUARE, ["1/2", 1, 1, "1/2", 1], xi.Box([-1, "-1/2"], ["1/2", 1])),
    "polytope": (SQUARE, [1, 1, 1, "1/2", 1], xi.Polytope([[1, 1], [-1, 0], [0, -1]], [1, "1/2", "1/2"])),
}


FRAME = [[2, 1], [-1, 2], [-2, -1], [1, -3]]
OCTAHEDRON = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1], [1, 1, 1]]
BIASES = {
    "alpha, ball:1/2": (FRAME, xi.Ball("1/2")),
    "alpha, nonneg-ball:2": (FRAME, xi.NonnegativeBall(2)),
    "alpha, sphere:1": (FRAME, xi.Sphere(1)),
    "alpha, sphere in space": (OCTAHEDRON, xi.Sphere(2)),
}
DOCUMENTS = [*(f"{name}, {engine}" for name in DECIDED for engine in ("tree", "sign-split")), *BIASES]


@cache
def document(name):
    """The layer and its certificate, once for all tests of a process."""
    if name in BIASES:
        W, domain = BIASES[name]
        frame = xi.ReLULayer(W)
        return frame, xi.alpha_star(frame, domain=domain).certificate
    case, engine = name.rsplit(", ", 1)
    W, b, domain = DECIDED[case]
    layer = xi.ReLULayer(W, b)
    return layer, xi.certify(layer, domain=domain, engine=engine).certificate


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_originals_are_valid(name):
    layer, certificate = document(name)
    assert xi.check(certificate, layer).valid
    assert naive_verdict(certificate.to_bytes().decode(), rules=RULES) == "valid"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_changed_digit_gets_the_verdict_of_the_naive_reading(name):
    layer, certificate = document(name)
    numbers = (layer.W.fractions(), [Fraction(value) for (value,) in layer.b.fractions()])
    original = certificate.to_bytes().decode()
    rng = random.Random(name)
    seen = {"valid": 0, "rejected": 0, "unreadable": 0}
    places = [match.start() for match in re.finditer(r"\d", original)]
    start = original.index('"proof"')
    in_proof = [place for place in places if place >= start]
    for place in in_proof if len(in_proof) <= 400 else rng.sample(in_proof, 400):
        for digit in rng.sample(sorted(set("0123456789") - {original[place]}), 2):
            text = original[:place] + digit + original[place + 1 :]
            answer = verdict(text.encode(), numbers)
            assert answer == naive_verdict(text, numbers, RULES), text
            seen[answer] += 1
    assert seen["rejected"] > 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_certificate_speaks_of_its_own_domain_only(name):
    """A larger domain or another value is another claim: the proof has to be judged anew."""
    _, certificate = document(name)
    original = json.loads(certificate.to_bytes())
    for radius in ("1/100", "1", "100"):
        if "radius" in original["domain"]:
            changed = {**original, "domain": {**original["domain"], "radius": radius}}
            text = json.dumps(changed)
            assert verdict(text.encode()) == naive_verdict(text, rules=RULES)
