"""The arrays that the compiled kernel works on: made from a problem, grown on demand."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, prod

import numpy as np

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.kernels import flats as kernel
from exactinj.kernels.recent import empty_ring, words_for

__all__ = ["first_quotients", "grown", "new_state", "opposite_pairs", "store_refuter", "with_new_rows"]

FIRST_CAPACITY = 1024


def new_state(problem: HomogeneousProblem, prime: int) -> kernel.SearchState:
    """A search at its root, with the artificial simplex basis and no refuters."""
    m, n, columns = problem.m, problem.dimension, problem.columns
    rows, _ = problem.equilibrated
    weights = problem.weights_of(range(m))
    cursor = np.zeros(kernel.CURSOR_SIZE, dtype=np.int64)
    cursor[kernel.GIVEN] = cursor[kernel.CONFIRMED] = -1
    cursor[kernel.PRIME] = prime
    cursor[kernel.CONSTANT_FIRST] = 1
    state = kernel.SearchState(
        rows=np.ascontiguousarray(rows),
        columns=np.ascontiguousarray(rows.T),
        quotients=first_quotients(weights, prime),
        modular_is_exact=_ranks_settled_by(prime, weights, n),
        status=np.full(len(problem.rows), kernel.NEGATIVE, dtype=np.int8),
        basis=len(problem.rows) + 1 + np.arange(columns + 1, dtype=np.int64),
        inverse=np.eye(columns + 1),
        path=np.zeros(n, dtype=np.int64),
        closure=np.zeros((n + 1, m), dtype=np.uint8),
        excluded=np.zeros(m, dtype=np.int64),
        node_refuter=np.zeros(n, dtype=np.int64),
        node_position=np.zeros(n, dtype=np.int64),
        supports=np.zeros((FIRST_CAPACITY, columns + 1), dtype=np.int32),
        sizes=np.zeros(FIRST_CAPACITY, dtype=np.int32),
        refuter_sizes=np.zeros(FIRST_CAPACITY, dtype=np.int32),
        ring=empty_ring(words_for(m)),
        barred=np.zeros(words_for(m), dtype=np.int64),
        free=np.zeros(words_for(m), dtype=np.int64),
        tokens=np.zeros(FIRST_CAPACITY, dtype=np.int32),
        point=np.zeros(columns),
        weights=np.zeros(len(problem.rows)),
        cursor=cursor,
    )
    state.closure[0] = ~state.quotients[0].any(axis=0)
    for pair in opposite_pairs(problem):
        state = store_refuter(state, problem, pair)
    cursor[kernel.PAIRS] = cursor[kernel.POOL]
    return state


def first_quotients(weights: list[tuple[int, ...]], prime: int) -> np.ndarray:
    """Integer rows modulo the prime, and room for their coordinates modulo a path (`modular.pass_to_quotient`)."""
    residues = np.array([[value % prime for value in row] for row in weights], dtype=np.int64)
    quotients = np.zeros((residues.shape[1], *residues.T.shape), dtype=np.int64)
    quotients[0] = residues.T
    return quotients


def grown(state: kernel.SearchState) -> kernel.SearchState:
    """The same state with room for more refuters and tokens."""
    if state.cursor[kernel.POOL] + 1 > state.sizes.size:
        state = state._replace(
            supports=_doubled(state.supports), sizes=_doubled(state.sizes), refuter_sizes=_doubled(state.refuter_sizes)
        )
    if state.cursor[kernel.TOKENS] + 2 > state.tokens.size:
        state = state._replace(tokens=_doubled(state.tokens))
    return state


def with_new_rows(state: kernel.SearchState, problem: HomogeneousProblem) -> kernel.SearchState:
    """The same state after the problem got more rows at its end: artificial columns move up."""
    rows, _ = problem.equilibrated
    count = state.rows.shape[0]
    added = len(rows) - count
    if added:
        state.basis[state.basis > count] += added
        status = np.concatenate([state.status, np.full(added, kernel.NEGATIVE, dtype=np.int8)])
        weights = np.concatenate([state.weights, np.zeros(added)])
        rows, columns = np.ascontiguousarray(rows), np.ascontiguousarray(rows.T)
        state = state._replace(rows=rows, columns=columns, status=status, weights=weights)
    return state


def store_refuter(state: kernel.SearchState, problem: HomogeneousProblem, support: Iterable[int]) -> kernel.SearchState:
    """Append a proven refuter (layer rows first) to the pool."""
    state = grown(state)
    ordered = sorted(support)
    place = state.cursor[kernel.POOL]
    state.supports[place, : len(ordered)] = ordered
    state.sizes[place] = len(ordered)
    state.refuter_sizes[place] = sum(i < problem.m for i in ordered)
    state.cursor[kernel.POOL] += 1
    return state


def opposite_pairs(problem: HomogeneousProblem) -> list[tuple[int, ...]]:
    """Refuters of two antiparallel rows, one for each direction that has them: exact.

    If ``w_i = a u`` and ``w_j = -c u`` with a, c > 0, then ``g_i / a + g_j / c = b_i / a + b_j / c``.
    They cost one child each, so `[B; -DB]` has a tree of n nodes.
    """
    best: dict[tuple[tuple[int, ...], int], tuple[Fraction, int]] = {}
    for i in range(problem.m):
        row = problem.rows[i]
        length = gcd(*row[: problem.dimension])
        if length == 0:
            continue
        leading = next(value for value in row if value)
        sign = 1 if leading > 0 else -1
        direction = tuple(sign * value // length for value in row[: problem.dimension])
        offset = Fraction(row[-1], length) if problem.is_affine else Fraction(0)
        key = (direction, sign)
        if key not in best or offset > best[key][0]:
            best[key] = (offset, i)
    pairs: list[tuple[int, ...]] = []
    for (direction, sign), (offset, i) in best.items():
        opposite = best.get((direction, -sign))
        if sign < 0 or opposite is None or offset + opposite[0] < 0:
            continue
        slack = (problem.slack,) if offset + opposite[0] > 0 else ()
        pairs.append((*sorted((i, opposite[1])), *slack))
    return sorted(pairs)


def _ranks_settled_by(prime: int, weights: list[tuple[int, ...]], n: int) -> np.ndarray:
    """Where Hadamard's bound on minors of order rank + 1 is below the prime: zero mod p is zero."""
    squares = sorted((sum(value * value for value in row) for row in weights), reverse=True)
    squares += [1] * (n + 1)
    return np.array([prod(max(s, 1) for s in squares[: rank + 1]) < prime**2 for rank in range(n + 1)], dtype=np.uint8)


def _doubled(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, np.zeros_like(array)])
