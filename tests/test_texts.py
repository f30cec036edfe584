"""What a prompt shows: short representations whatever the size; documents as the command line prints them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import exactinj as xi
from exactinj.cli.main import main

LONGEST = 400
TRIANGLE = [[1, 0], [0, 1], [-1, -1]]
RANDOM = np.random.default_rng(3)
WIDE = xi.ReLULayer(np.vstack([np.eye(40), -np.eye(40)]), b=RANDOM.standard_normal(80) / 8)


@pytest.fixture(scope="module")
def large():
    """Objects of every kind with many numbers behind them."""
    collision = xi.certify(xi.ReLULayer(RANDOM.standard_normal((60, 40))))
    circle = np.column_stack([np.cos(np.arange(26)), np.sin(np.arange(26))])
    alpha = xi.alpha_star(circle)
    comparison = xi.compare(circle, samples=1000)
    return [
        WIDE,
        xi.certify(WIDE),
        collision,
        collision.witness,
        collision.certificate,
        alpha,
        alpha.values[0],
        alpha.alpha[0],
        alpha.certificate,
        comparison,
        comparison.hull,
        comparison.estimate,
        comparison.biases["exact"],
        comparison.results,
        xi.Ball(1, [0.1] * 784),
        xi.Box([0] * 784, [1] * 784),
        xi.Polytope(np.vstack([np.eye(30), -np.eye(30)]), np.ones(60)),
        xi.certify(xi.ConvLayer(RANDOM.standard_normal((6, 3, 3, 3))), timeout=1),
    ]


def test_representations_are_short(large):
    for value in large:
        entries = value.values() if isinstance(value, dict) else [value]
        for entry in entries:
            text = repr(entry)
            assert len(text) <= LONGEST, text[:200]
            assert type(entry).__name__ in text


def test_short_things_show_all():
    assert repr(xi.Box(0, 1)) == "Box(lower=Fraction(0, 1), upper=Fraction(1, 1))"
    assert repr(xi.Ball(1)) == "Ball(radius=Fraction(1, 1), center=None)"
    witness = xi.certify(xi.ReLULayer(TRIANGLE)).witness
    assert repr(witness) == "Collision(x=(Fraction(2, 1), Fraction(-1, 1)), y=(Fraction(2, 1), Fraction(0, 1)))"


def test_what_a_result_says_of_itself():
    text = repr(xi.certify(TRIANGLE, domain="nonneg"))
    for part in ("injective", "nonneg", "tree", "m=3, n=2"):
        assert part in text


def test_everything_has_a_document(large):
    for value in large:
        if hasattr(value, "to_json"):
            json.dumps(value.to_json(), allow_nan=False)
    assert {type(value) for value in large if hasattr(value, "to_json")} >= {
        xi.Result,
        xi.Collision,
        xi.AlphaStar,
        xi.HullBias,
        xi.Comparison,
        xi.AlphaEstimate,
        xi.Surd,
    }


@pytest.mark.parametrize(
    ("words", "document"),
    [
        (["certify"], xi.certify),
        (["alpha"], xi.alpha_star),
        (["alpha", "--method", "hull"], xi.hull_bias),
        (["compare", "--samples", "500"], lambda layer: xi.compare(layer, samples=500)),
        (["sample", "--samples", "500"], lambda layer: xi.sample_alpha(layer, samples=500)),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_documents_are_those_of_the_command_line(words, document, tmp_path, capfd):
    np.save(tmp_path / "layer.npy", np.array(TRIANGLE))
    main([words[0], str(tmp_path / "layer.npy"), *words[1:], "--json"])
    printed = json.loads(capfd.readouterr().out)
    made = json.loads(json.dumps(document(xi.read_layer(tmp_path / "layer.npy")).to_json()))
    for found in (printed, made):
        for timed in (found, found.get("stats") or {}, found.get("sampled") or {}):
            timed.pop("seconds", None)
    assert made == printed


def test_the_checkers_answer_has_a_document():
    certificate = xi.certify(TRIANGLE).certificate
    assert xi.check(certificate).to_json() == {
        "valid": True,
        "claim": "not_injective",
        "reason": xi.check(certificate).reason,
    }


def test_exact_values_in_latex():
    alpha = xi.alpha_star(TRIANGLE)
    assert alpha.to_latex() == r"\left(-\frac{1}{\sqrt{2}}, -\frac{1}{\sqrt{2}}, -\frac{1}{\sqrt{5}}\right)"
    assert (
        xi.hull_bias(TRIANGLE, domain="sphere:1").to_latex()
        == r"\left(-\frac{1}{\sqrt{2}}, -\frac{1}{\sqrt{2}}, -1\right)"
    )
    pair = xi.certify(TRIANGLE).witness
    assert pair.to_latex() == r"x = \left(2, -1\right), \quad y = \left(2, 0\right)"
