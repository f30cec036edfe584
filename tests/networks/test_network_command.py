"""Networks on the command line: `certify net.json`, `check CERT net.json`."""

from __future__ import annotations

import json

import pytest

import exactinj as xi
from exactinj.cli.main import main

FOLD = {"W": [[1], [-1]], "b": [0, "1/2"], "activation": "relu"}
SUM = {"W": [[1, "-1/3"], ["0.5", 0]], "activation": {"leaky": "1/10"}}
LOSS = {"W": [[1, 1]], "activation": "none"}


@pytest.fixture
def file(tmp_path):
    def write(*layers):
        path = tmp_path / "net.json"
        path.write_text(json.dumps({"layers": layers}))
        return str(path)

    return write


def test_certify_and_check(file, tmp_path, capsys):
    net, certificate = file(FOLD, SUM), str(tmp_path / "c.json")
    assert main(["certify", net, "--out", certificate]) == 0
    out = capsys.readouterr().out
    assert "a network 1 -> 2 -> 2 with 4 neurons" in out
    assert "4 cells, 6 pairs of cells" in out
    assert main(["check", certificate, net]) == 0
    assert "4 cells cover R^n" in capsys.readouterr().out
    assert main(["check", certificate, file(FOLD, LOSS)]) == 4
    assert "layer 1 differs" in capsys.readouterr().out
    assert xi.certify(net).verdict == "not_injective"  # the file now holds the other network


def test_json(file, capsys):
    assert main(["certify", file(FOLD, LOSS), "--json"]) == 10
    document = json.loads(capsys.readouterr().out)
    assert document["layer"] == {"m": 1, "n": 1, "layers": 2, "neurons": 2, "sha256": document["layer"]["sha256"]}
    assert (document["verdict"], document["engine"], document["assumption"]) == ("not_injective", "cell-pairs", None)
    assert document["witness"]["x"] != document["witness"]["y"]
    assert set(document["witness"]["float_replay"]) == {"float64", "float32"}
    assert set(document["stats"]) == {"nodes", "refuters", "proven_in_rationals", "pivots", "explored", "seconds"}


def test_a_collision_in_words(file, capsys):
    assert main(["certify", file(FOLD, LOSS)]) == 10
    out = capsys.readouterr().out
    assert "NOT INJECTIVE on R^n" in out
    assert "  output of both = " in out


@pytest.mark.parametrize(
    ("layers", "options", "words"),
    [
        ([FOLD, {**SUM, "activation": "tanh"}], [], "layer 1: found the activation 'tanh'"),
        ([FOLD, {"W": [[1]]}], [], "layer 1 has 1 columns and layer 0 has 2 rows"),
        ([FOLD, 3], [], "layer 1: found a value of type int"),
        ([], [], "without layers"),
        ([FOLD], ["--engine", "tree"], "found the engine 'tree' for a network"),
        ([FOLD], ["--domain", "box:0,1:2,3"], "dimension"),
    ],
)
def test_refuses_in_one_line(file, capsys, layers, options, words):
    assert main(["certify", file(*layers), *options]) == 3
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_out_of_time(file, capsys):
    many = {"W": [[k, k * k % 17, k * k * k % 23] for k in range(1, 60)], "b": list(range(59))}
    assert main(["certify", file(many), "--timeout", "0.3"]) == 12
    assert "TIMED OUT" in capsys.readouterr().out


def test_other_verbs_say_what_they_take(file, capsys):
    for verb in ("alpha", "sample", "compare"):
        assert main([verb, file(FOLD)]) == 3
        assert "found the key 'layers'" in capsys.readouterr().err


def test_python_takes_what_stands_for_a_network(file):
    network = xi.DenseNetwork([FOLD, SUM])
    for given in (network, {"layers": [FOLD, SUM]}, file(FOLD, SUM)):
        result = xi.certify(given)
        assert result.layer == network
        assert result.verdict == "injective"
        assert xi.check(result.certificate, given).valid
    with pytest.raises(xi.InputError, match="found blocks for a network"):
        xi.certify(network, blocks=[[0]])
    with pytest.raises(xi.InputError, match="found a network, expected a dense layer"):
        xi.alpha_star(network)
