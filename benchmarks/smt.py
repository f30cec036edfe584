"""z3 over exact reals, on the collision form.

A layer without bias is not injective iff some x and some v != 0 have, for every row, <w_i, v> = 0 or
<w_i, x> < 0. Unlike the MILP this decides the same question as exactinj, without a margin, though
without evidence that anybody else can check. ``v != 0`` is stated as "some v_j = 1", which loses
nothing (v may be scaled) and is linear. Rows are scaled to integers and z3's simple solver is used:
of five variants tried the fastest.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import z3
from numpy.typing import NDArray
from outcome import Answer, Outcome, Question
from timing import Stopwatch, killed_after

ANSWERS = {"unsat": Answer.INJECTIVE, "sat": Answer.NOT_INJECTIVE}
OUT_OF_TIME = ("timeout", "canceled")  # what z3 calls it


def decide(weights: NDArray[np.float64], question: Question) -> Outcome:
    """Solve; stating the formula is not counted."""
    solver = _formula(weights)
    solver.set("timeout", int(1000 * question.limit))
    with killed_after(question.limit), Stopwatch() as watch:
        found = str(solver.check())
    if found in ANSWERS:
        return Outcome(ANSWERS[found], watch.elapsed, _conflicts(solver))
    reason = solver.reason_unknown()
    answer = Answer.TIMED_OUT if reason in OUT_OF_TIME else Answer.FAILED
    return Outcome(answer, watch.elapsed, _conflicts(solver), reason)


def _formula(weights: NDArray[np.float64]) -> Any:
    n = weights.shape[1]
    x, v = ([z3.Real(f"{name}{j}") for j in range(n)] for name in "xv")
    solver = z3.SimpleSolver()
    for row in map(_integer_row, weights.tolist()):
        solver.add(z3.Or(_inner_product(row, v) == 0, _inner_product(row, x) < 0))
    solver.add(z3.Or([unknown == 1 for unknown in v]))
    return solver


def _integer_row(row: list[float]) -> list[int]:
    """The row times its common denominator: floats are dyadic rationals."""
    exact = [Fraction(value) for value in row]
    scale = math.lcm(*(value.denominator for value in exact))
    return [int(value * scale) for value in exact]


def _inner_product(row: list[int], unknowns: list[Any]) -> Any:
    return z3.Sum([z3.RealVal(value) * unknown for value, unknown in zip(row, unknowns, strict=True)])


def _conflicts(solver: Any) -> dict[str, float]:
    return {key: value for key, value in solver.statistics() if key == "conflicts"}
