"""Greedy selection: both ways against a rank for every prefix, on rows with dependencies."""

from __future__ import annotations

import numpy as np
import pytest

from exactinj.exact.matrix import integer_rank
from exactinj.sampling import greedy


def first_independent(rows, order):
    """The places that raise the exact rank, in order."""
    taken = []
    for i in order:
        if integer_rank([rows[j] for j in (*taken, i)]) > len(taken):
            taken.append(i)
    return set(taken)


@pytest.mark.parametrize("short", [0, 1000])
@pytest.mark.parametrize(("m", "n", "rank"), [(1, 1, 1), (9, 4, 4), (30, 6, 3), (90, 12, 12), (200, 9, 7), (5, 9, 5)])
def test_the_rows_that_raise_the_rank(short, m, n, rank, monkeypatch):
    monkeypatch.setattr(greedy, "SHORT", short)
    monkeypatch.setattr(greedy, "BLOCK", 16)
    random = np.random.default_rng(m * n)
    rows = random.integers(-3, 4, (m, rank)) @ random.integers(-2, 3, (rank, n))
    rows[random.integers(m)] = 0
    rows[m // 2 :: 3] = 2 * rows[: len(rows[m // 2 :: 3])]
    rows = rows[:, : n if m != 1 else 1]
    products = random.standard_normal((4, m))
    chosen = greedy.greedy_selection(rows.astype(float), products)
    for own, which in zip(products, chosen, strict=True):
        order = np.argsort(-own, kind="stable").tolist()
        assert set(np.flatnonzero(which).tolist()) == first_independent(rows.tolist(), order)


def test_both_ways_agree_on_long_rows(monkeypatch):
    random = np.random.default_rng(3)
    rows = random.standard_normal((300, 70))
    rows[100:120] = -rows[:20]
    products = random.standard_normal((3, 300))
    blocks = greedy.greedy_selection(rows, products)
    monkeypatch.setattr(greedy, "SHORT", 1000)
    assert np.array_equal(blocks, greedy.greedy_selection(rows, products))
    assert (blocks.sum(axis=1) == 70).all()
