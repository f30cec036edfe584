"""Inverses column by column are the inverses, and stop at the deadline."""

from __future__ import annotations

import time

import numpy as np
import pytest
from flint import fmpq_mat, fmpz_mat

from exactinj.alternatives import exact_program
from exactinj.work.clock import Clock, OutOfTimeError


@pytest.mark.parametrize("size", [1, 7, 8, 9, 25])
def test_inverses(size, monkeypatch):
    monkeypatch.setattr(exact_program, "AT_ONCE", 0)
    rows = np.random.default_rng(size).integers(-9, 9, (size, size)) + 20 * np.eye(size, dtype=int)
    matrix = fmpq_mat(fmpz_mat(rows.tolist()))
    inverse = exact_program._inverse(matrix, Clock())
    assert inverse * matrix == fmpq_mat(fmpz_mat(np.eye(size, dtype=int).tolist()))
    singular = fmpq_mat(fmpz_mat([[1] * size] * size))
    if size > 1:
        with pytest.raises(ZeroDivisionError):
            exact_program._inverse(singular, Clock())


def test_the_deadline_is_looked_at(monkeypatch):
    monkeypatch.setattr(exact_program, "AT_ONCE", 0)
    clock = Clock(1e-9)
    time.sleep(0.001)
    with pytest.raises(OutOfTimeError):
        exact_program._inverse(fmpq_mat(fmpz_mat([[2, 0], [0, 1]])), clock)
