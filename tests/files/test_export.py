"""The exported questions, read by the tools that they are for, against the oracle."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from oracles import brute_force_flats, is_witness
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.cli.main import main
from exactinj.files.export import to_smtlib, to_vnnlib

DOMAINS = {"R^n": xi.RealSpace(), "nonneg": xi.NonnegativeOrthant()}


class Slab(xi.RealSpace):
    """A domain whose halfspaces are neither bounds nor integral: x_0/2 - x_1 < 3, -2 x_0 < 1."""

    def halfspaces(self, dimension):
        return [(Fraction(1, 2), -1, -3), (-2, 0, -1)]


def random_layers(count, domain_name, *, bias):
    rng = random.Random(f"export {bias} {domain_name}")
    for _ in range(count):
        n = rng.choice((1, 2, 2, 3, 3))
        yield random_degenerate_layer(rng, n, random_shape(rng, n), bias=bias)


def ask_z3(text):
    z3 = pytest.importorskip("z3")
    solver = z3.Solver()
    solver.from_string(text)
    outcome = str(solver.check())
    model = solver.model() if outcome == "sat" else None
    return outcome, model, z3


def ask_cvc5(text):
    """The output of cvc5, which is told to accept nothing but the standard."""
    cvc5 = pytest.importorskip("cvc5")
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("strict-parsing", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "exported")
    output = ""
    while not (command := parser.nextCommand()).isNull():
        output += command.invoke(solver, parser.getSymbolManager())
    return output.strip()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("domain_name", DOMAINS)
def test_smtlib_means_the_same_to_z3(domain_name, bias):
    seen = set()
    for W, b in random_layers(80, domain_name, bias=bias):
        outcome, model, z3 = ask_z3(to_smtlib(xi.ReLULayer(W, b), DOMAINS[domain_name]))
        injective = brute_force_flats(W, b, domain_name).injective
        assert outcome == ("unsat" if injective else "sat")
        seen.add(outcome)
        if model is not None:
            x, v = (
                [Fraction(str(model.eval(z3.Real(f"{name}{j}"), True).as_fraction())) for j in range(len(W[0]))]
                for name in "xv"
            )
            assert is_witness(W, b, domain_name, x, v)
    assert seen == {"sat", "unsat"}


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("domain_name", DOMAINS)
def test_smtlib_means_the_same_to_cvc5(domain_name, bias):
    for W, b in random_layers(25, domain_name, bias=bias):
        answer = ask_cvc5(to_smtlib(xi.ReLULayer(W, b), DOMAINS[domain_name]))
        assert answer == ("unsat" if brute_force_flats(W, b, domain_name).injective else "sat")


def test_smtlib_has_the_numbers_of_the_layer():
    layer = xi.ReLULayer([["1/3", 0, -2], [0, 0, 0], ["-1/7", 1, 0]], b=["-5/2", 1, 0])
    rows = [line for line in to_smtlib(layer, DOMAINS["R^n"]).splitlines() if line.startswith("(assert")]
    assert rows == [
        "(assert (or (= (+ (* (/ 1 3) v0) (* (- 2) v2)) 0) (< (+ (* (/ 1 3) x0) (* (- 2) x2) (/ (- 5) 2)) 0)))",
        "(assert (or (= 0 0) (< 1 0)))",
        "(assert (or (= (+ (* (/ (- 1) 7) v0) (* 1 v1)) 0) (< (+ (* (/ (- 1) 7) x0) (* 1 x1)) 0)))",
        "(assert (or (= v0 1) (= v1 1) (= v2 1)))",
    ]


def test_smtlib_with_numbers_of_thousands_of_digits():
    layer = xi.ReLULayer([[2, "1e5000"], [-1, "-1e5000"]], b=["1e-5000", 0])
    assert ask_cvc5(to_smtlib(layer, DOMAINS["R^n"])) == "sat"


def test_smtlib_says_what_sat_means():
    text = to_smtlib(xi.ReLULayer([[1], [-1]]), DOMAINS["nonneg"])
    assert "; sat:   NOT injective" in text
    assert "injective on nonneg?" in text
    assert xi.ReLULayer([[1], [-1]]).digest in text


def test_smtlib_on_a_domain_with_slanted_sides():
    text = to_smtlib(xi.ReLULayer([[1, 0], [0, 1], [1, 1]]), Slab())
    assert "(assert (< (+ (* (/ 1 2) x0) (* (- 1) x1) (- 3)) 0))" in text
    assert "(assert (< (+ (* (- 2) x0) (- 1)) 0))" in text
    assert ask_z3(text)[0] == "sat"


@pytest.mark.parametrize("domain", [*DOMAINS.values(), Slab()])
def test_vnnlib_is_accepted_by_the_public_parser(domain):
    vnnlib = pytest.importorskip("vnnlib")
    for n in (1, 2, 3) if not isinstance(domain, Slab) else (2,):
        layer = xi.ReLULayer([[1] * n, [2] * n], b=[1, "-1/3"])
        query = vnnlib.parse_query_string(to_vnnlib(layer, domain))
        assert len(query.networks) == 2
        assert len(query.assertions) == layer.m + 2 * len(domain.halfspaces(n)) + 1


def test_vnnlib_text():
    lines = to_vnnlib(xi.ReLULayer([[1, 0], [0, 1], [1, 1]]), DOMAINS["nonneg"]).splitlines()
    code = [line for line in lines if not line.startswith(";")]
    assert code[0] == "(vnnlib-version <2.0>)"
    assert "(declare-network g (equal-to f)" in code
    assert code[-8:] == [
        "(assert (== Y[0,0] V[0,0]))",
        "(assert (== Y[0,1] V[0,1]))",
        "(assert (== Y[0,2] V[0,2]))",
        "(assert (>= X[0,0] 0.0))",
        "(assert (>= U[0,0] 0.0))",
        "(assert (>= X[0,1] 0.0))",
        "(assert (>= U[0,1] 0.0))",
        "(assert (or (!= X[0,0] U[0,0]) (!= X[0,1] U[0,1])))",
    ]


def test_vnnlib_on_a_domain_with_slanted_sides():
    lines = to_vnnlib(xi.ReLULayer([[1, 0], [0, 1]]), Slab()).splitlines()
    assert "(assert (<= (+ (* 1.0 X[0,0]) (* -2.0 X[0,1])) 6.0))" in lines
    assert "(assert (<= (* -2.0 U[0,0]) 1.0))" in lines


# --- the verb --------------------------------------------------------------------------------------


@pytest.fixture
def layer_file(tmp_path):
    file = tmp_path / "layer.json"
    file.write_text('{"W": [["1/2", "1"], ["-1", "0"]]}')
    return file


@pytest.mark.parametrize(("form", "writer"), [("smtlib", to_smtlib), ("vnnlib", to_vnnlib)])
def test_the_verb_writes_to_stdout_or_a_file(form, writer, layer_file, tmp_path, capsys):
    expected = writer(xi.read_layer(layer_file), DOMAINS["nonneg"])
    words = ["export", str(layer_file), f"--{form}", "--domain", "nonneg"]
    assert main(words) == 0
    assert capsys.readouterr().out == expected
    assert main([*words, "--out", str(tmp_path / "question")]) == 0
    assert (tmp_path / "question").read_text() == expected
    assert capsys.readouterr().out == ""


def test_the_verb_refuses_a_place_that_is_not_there(layer_file, tmp_path, capsys):
    assert main(["export", str(layer_file), "--smtlib", "--out", str(tmp_path / "nowhere" / "question")]) == 3
    assert "cannot write" in capsys.readouterr().err
