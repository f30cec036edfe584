"""Residual blocks on the command line: files, exit statuses, JSON, messages."""

from __future__ import annotations

import json

import numpy as np
import pytest

import exactinj as xi
from exactinj.cli.main import main

FOLD = {"A": [[1, 0]], "B": [[-2], [1]], "b": ["1/2"]}


def written(folder, content, name="block.json"):
    file = folder / name
    file.write_text(json.dumps(content))
    return str(file)


def test_a_block_that_folds(tmp_path, capsys):
    file, proof = written(tmp_path, FOLD), str(tmp_path / "pair.json")
    assert main(["certify", file, "--out", proof]) == 10
    shown = capsys.readouterr().out
    assert "x + B ReLU(Ax + b), n = 2, k = 1 hidden units" in shown
    assert "NOT INJECTIVE on R^n: I + AB is no P-matrix (its principal minor at the unit 0 is not positive)" in shown
    assert "value of both = " in shown or "output of both = " in shown
    assert main(["check", proof, file]) == 0
    assert "VALID: not_injective" in capsys.readouterr().out
    assert main(["check", proof, written(tmp_path, {**FOLD, "b": [0]}, "other.json")]) == 4
    assert "b differs from the given block" in capsys.readouterr().out
    assert main(["check", proof, written(tmp_path, {"W": [[1]]}, "layer.json")]) == 3
    assert "as the certificate is about a residual block" in capsys.readouterr().err


def test_json_of_a_block(tmp_path, capsys):
    np.savez(tmp_path / "block.npz", A=np.eye(2), B=np.array([[0.0, -3], [0.25, 0]]))
    assert main(["certify", str(tmp_path / "block.npz"), "--json", "--out", str(tmp_path / "proof.json")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "injective"
    assert document["engine"] == "p-matrix"
    assert document["layer"] == xi.ResidualBlock(np.eye(2), [[0, -3], ["1/4", 0]]).summary
    assert document["witness"] is None
    assert document["stats"]["nodes"] == 1
    assert main(["check", document["certificate"], str(tmp_path / "block.npz"), "--quiet"]) == 0


def test_domains_of_a_block(tmp_path, capsys):
    file = written(tmp_path, FOLD)
    assert main(["certify", file, "--domain", "nonneg", "--quiet", "--out", str(tmp_path / "proof.json")]) == 0
    assert main(["check", str(tmp_path / "proof.json"), file]) == 0
    assert "with 1 unit taken out that keeps its sign on nonneg" in capsys.readouterr().out
    assert main(["certify", file, "--domain", "ball:1", "--quiet"]) == 10
    assert main(["certify", file, "--domain", "ball:1/3", "--quiet"]) == 0
    assert main(["certify", file, "--domain", "ball:1:0,0,0"]) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"A": [[1, 0]]}, "found no key 'B', expected A, B and optionally b"),
        ({"B": [[1]], "b": [1]}, "found no key 'A'"),
        ({"A": [[1, 0]], "B": [[1, 0]]}, "expected B of shape 2x1"),
        ({"A": [[1, 0]], "B": [[1], [0]], "b": [1, 2]}, "b has 2 entries and A has 1 rows"),
        ({"A": [[1, 0]], "B": [[1], [0]], "W": [[1]]}, "found the keys A, B, W, expected W and optionally b or alpha"),
        ({"A": [[1, 0]], "B": [[1], [0]], "alpha": [1]}, "found the key 'alpha', expected A, B and optionally b"),
        ({"A": [[1, 0], [1]], "B": [[1], [0]]}, "A is ragged"),
        ({"A": [[1, "x"]], "B": [[1], [0]]}, "A, row 0, column 1"),
        ({"A": [], "B": []}, "A is empty"),
        ({"A": 3, "B": [[1]]}, "A is"),
    ],
)
def test_files_that_are_no_blocks(tmp_path, content, message, capsys):
    assert main(["certify", written(tmp_path, content)]) == 3
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_arrays_that_are_no_blocks(tmp_path, capsys):
    np.savez(tmp_path / "both.npz", A=np.eye(2), B=np.eye(2), W=np.eye(2))
    assert main(["certify", str(tmp_path / "both.npz")]) == 3
    assert "found the arrays A, B, W" in capsys.readouterr().err
    np.savez(tmp_path / "cube.npz", A=np.zeros((2, 2, 2)), B=np.eye(2))
    assert main(["certify", str(tmp_path / "cube.npz")]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_verbs_that_take_no_blocks(tmp_path, capsys):
    file = written(tmp_path, FOLD)
    for verb in ("alpha", "sample", "compare", "export"):
        assert main([verb, file, *(["--smtlib"] if verb == "export" else [])]) == 3
        assert "residual block" in capsys.readouterr().err
    assert main(["alpha", "casebook:residual-steep"]) == 3
    assert "is a residual block" in capsys.readouterr().err
    assert main(["certify", file, "--engine", "tree"]) == 3
    assert "for a residual block, expected auto" in capsys.readouterr().err


def test_a_picture_of_a_pair(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    file, picture = written(tmp_path, FOLD), tmp_path / "pair.png"
    assert main(["certify", file, "--plot", str(picture), "--quiet"]) == 10
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["certify", "casebook:residual-steep", "--plot", str(tmp_path / "none.png")]) == 0
    captured = capsys.readouterr()
    assert "nothing to draw" in captured.out + captured.err


def test_the_checker_alone(tmp_path):
    import subprocess
    import sys
    from pathlib import Path

    from exactinj import checker

    alone = Path(checker.__file__).with_name("checker.py")
    file, proof = written(tmp_path, FOLD), tmp_path / "pair.json.gz"
    xi.certify(file).certificate.write(proof)
    done = subprocess.run(
        [sys.executable, "-I", str(alone), str(proof), file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout[:22]) == (0, "valid: not_injective: ")
