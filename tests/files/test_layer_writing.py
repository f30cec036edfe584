"""A way back: layers written, and read again by the package and by the checker."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj import checker
from exactinj.cli.main import main


def numbers(layer):
    return layer.W.fractions(), [value for (value,) in layer.b.fractions()]


@pytest.mark.parametrize("name", ["layer.json", "layer.npz", "LAYER.JSON"])
def test_both_readers_read_back_what_was_written(tmp_path, name):
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((30, 4)), np.arange(30) / 7)
    layer.write(tmp_path / name)
    assert xi.read_layer(tmp_path / name) == layer
    W, b = checker.read_layer(tmp_path / name)
    assert ([list(row) for row in W], list(b)) == numbers(layer)


def test_json_holds_any_rational(tmp_path):
    layer = xi.ReLULayer([["1/3", "1e-400"], [7, "-2"]], ["1e400", 0])
    layer.write(tmp_path / "layer.json")
    assert xi.read_layer(tmp_path / "layer.json") == layer
    assert json.loads((tmp_path / "layer.json").read_text())["W"][1] == ["7", "-2"]


@pytest.mark.parametrize("value", ["1/3", "1e-400", "1e400", 2**53 + 1])
def test_npz_refuses_what_it_would_round(tmp_path, value):
    for layer in (xi.ReLULayer([[value]]), xi.ReLULayer([[1]], [value])):
        with pytest.raises(xi.InputError, match="no float64"):
            layer.write(tmp_path / "layer.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"), [("a.csv", "expected .json"), ("a", "expected .json"), ("no/a.json", "write")]
)
def test_places_that_are_refused(tmp_path, name, message):
    with pytest.raises(xi.InputError, match=message):
        xi.ReLULayer([[1]]).write(tmp_path / name)


def test_another_bias_for_the_same_rows():
    layer = xi.ReLULayer([[1, "1/2"], [0, 3]], [5, 6])
    assert layer.with_alpha(["1/3", -1]) == xi.ReLULayer([[1, "1/2"], [0, 3]], alpha=["1/3", -1])
    with pytest.raises(xi.InputError, match="alpha has 1 entries and W has 2 rows"):
        layer.with_alpha([1])


def test_exact_alpha_becomes_a_layer_that_is_injective_and_no_larger_bias():
    star = xi.alpha_star(xi.read_layer("casebook:mercedes-benz"), domain=xi.Ball(1))
    layer = star.layer_with_bias()
    for value, (negated,) in zip(star.alpha, layer.b.fractions(), strict=True):
        assert value.floor(53) == -negated <= value
    assert xi.certify(layer, domain=xi.Ball(1)).verdict == "injective"


def test_a_row_that_is_never_needed_stays_inactive():
    octagon = [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]]
    star = xi.alpha_star(xi.ReLULayer([*octagon, ["1/100", "1/30"]]), domain=xi.Sphere(2))
    assert [value.is_finite for value in star.alpha] == [True] * 8 + [False]
    alpha = -star.layer_with_bias().b.fractions()[8][0]
    assert alpha > 0
    assert alpha * alpha >= 4 * (Fraction(1, 100) ** 2 + Fraction(1, 30) ** 2)  # its length times the radius, squared


def test_estimates_with_rows_without_a_sample_are_refused():
    estimate = xi.sample_alpha(xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]), samples=1, seed=3)
    with pytest.raises(xi.InputError, match="draw more samples"):
        estimate.layer_with_bias()


def test_the_verbs_write_layers(tmp_path, capsys):
    file = tmp_path / "rectified.json"
    assert main(["alpha", "casebook:mercedes-benz", "--layer-out", str(file)]) == 0
    assert "alpha rounded down in 3 rows" in capsys.readouterr().out
    assert main(["certify", str(file), "--domain", "ball:1", "--quiet"]) == 0
    assert main(["alpha", "casebook:cube", "--method", "hull", "--layer-out", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layer_file"] == str(file)
    assert main(["certify", str(file), "--domain", "ball:1", "--quiet"]) == 0
    assert main(["sample", "casebook:cube", "--layer-out", str(file), "--samples", "2000"]) == 0
    assert "ESTIMATE as bias" in capsys.readouterr().out
    assert xi.read_layer(file).m == 8
    assert main(["alpha", "casebook:cube", "--layer-out", str(tmp_path / "a.txt")]) == 3
    assert main(["alpha", "casebook:cube", "--layer-out", str(tmp_path / "no" / "a.json")]) == 3


def test_a_certificate_on_standard_output(tmp_path, capsys):
    assert main(["certify", "casebook:mercedes-benz", "--out", str(tmp_path / "proof.json"), "--quiet"]) == 10
    assert main(["certify", "casebook:mercedes-benz", "--out", "-"]) == 10
    printed = capsys.readouterr()
    assert printed.out == (tmp_path / "proof.json").read_text()
    assert "NOT INJECTIVE" in printed.err
    for verb in ("certify", "conv", "alpha"):
        assert main([verb, "casebook:mercedes-benz", "--out", "-", "--json"]) == 3
        assert capsys.readouterr().out == ""
