"""The residual block as a map: reading, exact values, digest, files, pickles."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi

A, B, b = [[1, "1/2"], [0, -3], [2, 2]], [["1/3", 0, 1], [-1, 2, 0]], [0, "-1/7", 5]


def test_values_by_the_definition():
    block, chance = xi.ResidualBlock(A, B, b), random.Random(1)
    rows, columns = ([[Fraction(v) for v in row] for row in part] for part in (A, B))
    for _ in range(50):
        x = [Fraction(chance.randint(-9, 9), chance.randint(1, 5)) for _ in range(2)]
        before = [sum(p * q for p, q in zip(row, x, strict=True)) for row in rows]
        hidden = [max(value + Fraction(c), 0) for value, c in zip(before, b, strict=True)]
        out = [v + sum(p * q for p, q in zip(row, hidden, strict=True)) for v, row in zip(x, columns, strict=True)]
        assert block.evaluate(x) == out
        assert np.allclose(block.evaluate_float(x), [float(v) for v in out])


def test_the_matrix_of_the_block():
    block = xi.ResidualBlock(A, B)
    product = [[sum(Fraction(A[i][j]) * Fraction(B[j][h]) for j in range(2)) for h in range(3)] for i in range(3)]
    assert block.interaction.fractions() == [[product[i][j] + (i == j) for j in range(3)] for i in range(3)]


def test_the_digest_is_that_of_the_canonical_text():
    text = b'{"A":[["1","1/2"],["0","-3"],["2","2"]],"B":[["1/3","0","1"],["-1","2","0"]],"b":["0","-1/7","5"]}'
    assert xi.ResidualBlock(A, B, b).digest == hashlib.sha256(text).hexdigest()


def test_equality_and_pickles():
    block = xi.ResidualBlock(A, B, b)
    again = pickle.loads(pickle.dumps(block))  # noqa: S301 (our own)
    assert again == block
    assert hash(again) == hash(block)
    assert again != xi.ResidualBlock(A, B)
    assert repr(block).startswith("ResidualBlock(k=3, n=2, with bias, sha256=")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([[1, 2]], [[1, 2]]), "expected B of shape 2x1"),
        (([[1, 2]], [[1], [2]], [1, 2]), "b has 2 entries and A has 1 rows"),
        (([[1, 2], [3]], [[1, 0], [2, 0]]), "A is ragged"),
        (([[1, float("nan")]], [[1], [2]]), "A, row 0, column 1"),
        (([], [[1]]), "A is empty"),
        (([[1]], [["x"]]), "B, row 0, column 0"),
    ],
)
def test_what_is_no_block(parts, message):
    with pytest.raises(xi.InputError, match=message):
        xi.ResidualBlock(*parts)


def test_points_of_another_dimension():
    with pytest.raises(xi.InputError, match="expected n = 2"):
        xi.ResidualBlock(A, B, b).evaluate([1, 2, 3])


def test_files_of_blocks(tmp_path):
    block = xi.ResidualBlock(A, B, b)
    block.write(tmp_path / "block.json")
    assert xi.ResidualBlock(**json.loads((tmp_path / "block.json").read_text())) == block
    with pytest.raises(xi.InputError, match="no float64"):
        block.write(tmp_path / "block.npz")
    floats = xi.ResidualBlock([[0.1, 2]], [[3], [-0.5]])
    floats.write(tmp_path / "block.npz")
    assert xi.ResidualBlock(**np.load(tmp_path / "block.npz")) == floats


def test_the_network_of_a_block_is_the_same_map():
    block, chance = xi.ResidualBlock(A, B, b), random.Random(2)
    network = block.network()
    for _ in range(20):
        x = [Fraction(chance.randint(-9, 9), chance.randint(1, 5)) for _ in range(2)]
        assert network.evaluate(x) == block.evaluate(x)
