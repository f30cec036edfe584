"""Tables of supports: renumbered by first use as a dictionary would do it."""

from __future__ import annotations

import numpy as np
import pytest

import exactinj.certificates.supports as supports_module
from exactinj.certificates.supports import SupportTable, used_supports


def renumbered(supports, tokens):
    """The naive way: one tuple a support, one step a token."""
    numbers = {}
    return [int(t) if t < 0 else numbers.setdefault(supports[t], len(numbers)) for t in tokens], list(numbers)


@pytest.mark.parametrize("largest", [2, 100, 128, 32_768, 100_000])
@pytest.mark.parametrize("seed", range(20))
def test_supports_are_numbered_by_first_use_and_each_kept_once(largest, seed):
    rng = np.random.default_rng(seed)
    count, width = int(rng.integers(1, 40)), int(rng.integers(1, 9))
    codes = (rng.integers(1, largest + 1, (count, width)) * rng.choice([-1, 1], (count, width))).astype(np.int32)
    codes[0, 0] = largest
    sizes = rng.integers(1, width + 1, count)
    supports = [tuple(row[:size]) for row, size in zip(codes.tolist(), sizes, strict=True)]
    tokens = rng.integers(-5, count, int(rng.integers(0, 200))).astype(np.int32)
    table = SupportTable.of(codes, sizes)
    assert list(table) == supports == [table[k] for k in range(count)]
    assert table.sizes.tolist() == sizes.tolist()
    kept, numbers = used_supports(table, tokens)
    assert (numbers.tolist(), list(kept)) == renumbered(supports, tokens)
    assert numbers.dtype == np.int32


def test_no_support_at_all():
    empty = SupportTable.of(np.zeros((0, 3), dtype=np.int32), np.zeros(0, dtype=np.int32))
    kept, numbers = used_supports(empty, np.array([-1, -2], dtype=np.int32))
    assert (len(kept), numbers.tolist()) == (0, [-1, -2])


@pytest.mark.parametrize("repeats", [0, 1, 3, 60])
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_numbers_that_are_in_order_already(repeats, chunk, monkeypatch):
    """As a search in one go has them: that way is shorter, and has to end at the same."""
    monkeypatch.setattr(supports_module, "CHUNK", 16 * chunk)
    rng = np.random.default_rng(repeats)
    codes = rng.integers(-3, 100, (100, 5)).astype(np.int8)
    codes[codes == 0] = 1
    for k in rng.integers(1, 100, repeats):
        codes[k] = codes[rng.integers(0, k)]
    tokens = np.array([t for k in range(100) for t in (k, *rng.integers(0, k + 1, rng.integers(0, 3)))], dtype=np.int32)
    table = SupportTable(codes)
    kept, numbers = used_supports(table, tokens)
    assert (numbers.tolist(), list(kept)) == renumbered(list(table), tokens)
    late = np.concatenate([tokens[:20], [99], tokens[20:]]).astype(np.int32)
    kept, numbers = used_supports(table, late)
    assert (numbers.tolist(), list(kept)) == renumbered(list(table), late)
