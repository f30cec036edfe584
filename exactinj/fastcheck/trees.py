"""Trees of tokens: walked in compiled code modulo a prime; what is zero there is settled in integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import Vector, show
from exactinj.checker.rows import Rows
from exactinj.checker.trees import listed
from exactinj.fastcheck.reading import LARGEST, BulkReader
from exactinj.fastcheck.supports import Table
from exactinj.kernels import evidence as kernel

__all__ = ["MOST_ENTRIES", "check_tree"]

# Primes below 2**29: sums of 32 products fit into 63 bits.
PRIMES = (536870909, 536870879, 536870869, 536870849, 536870839, 536870837, 536870819, 536870813)
MOST_ENTRIES = 1 << 24  # of all bases together
REMEMBERED = 1 << 16

Walker = Callable[[kernel.Walk], int]


class OutOfPrimesError(Exception):
    """Independent rows look dependent modulo each of the primes: a case for the other checker."""


def check_tree(walker: Walker, reader: BulkReader, table: Table, rows: Rows, name: str) -> int:
    """read_tree. Returns the number of tokens; raises Rejected with the token at which the tree goes wrong."""
    return _Tree(walker, reader, table, rows, name).read()


class _Tree:
    """One reading of a tree; mutable, used once."""

    def __init__(self, walker: Walker, reader: BulkReader, table: Table, rows: Rows, name: str) -> None:
        self.walker, self.reader, self.name = walker, reader, name
        self.supply = reader.tokens("tree")
        self.vectors: list[Vector] = [rows[i].entries[:-1] for i in range(len(rows))]
        self.n, self.m, self.before = len(self.vectors[0]), len(rows), 0
        self.spans: dict[tuple[int, ...], bool] = {}
        codes, ends = table.arrays()
        m, n = self.m, self.n
        cursor = np.zeros(kernel.CURSOR_SIZE, dtype=np.int64)
        cursor[[kernel.CONFIRMED, kernel.DENIED, kernel.PLACE]] = -1
        self.walk = kernel.Walk(
            residues=np.zeros((m, n), dtype=np.int64),
            exact=_settled_ranks(self.vectors, n),
            basis=np.zeros((n + 1, n, n), dtype=np.int64),
            node_entry=np.zeros(m + 2, dtype=np.int64),
            node_place=np.zeros(m + 2, dtype=np.int64),
            node_row=np.zeros(m + 2, dtype=np.int64),
            node_adds=np.zeros(m + 2, dtype=np.int64),
            node_excluded=np.zeros(m + 2, dtype=np.int64),
            excluded_rows=np.zeros(m + 2, dtype=np.int64),
            is_excluded=np.zeros(m, dtype=np.uint8),
            in_path=np.zeros(m, dtype=np.uint8),
            codes=codes,
            ends=ends,
            tokens=np.zeros(0, dtype=np.int32),
            cursor=cursor,
        )
        self._use(PRIMES[0])

    def read(self) -> int:
        cursor = self.walk.cursor
        while True:
            outcome = int(self.walker(self.walk))
            if outcome == kernel.FINISHED:
                return self._finish()
            if outcome == kernel.WANT_TOKENS:
                self._more_tokens()
            elif outcome == kernel.WANT_MEMBERSHIP:
                asked, among = self._question()
                cursor[kernel.CONFIRMED if self._spans(among, asked) else kernel.DENIED] = asked
            elif outcome == kernel.WANT_PRIME:
                self._change_prime()
            else:
                raise self._rejected(outcome)

    def _more_tokens(self) -> None:
        part = next(self.supply, None)
        if part is None:
            raise Rejected(Reason.TREE, f"tree: ends after {self._taken()} tokens, before it is complete")
        self.before += int(self.walk.cursor[kernel.SUPPLIED])
        self.walk = self.walk._replace(tokens=part)
        self.walk.cursor[kernel.TAKEN], self.walk.cursor[kernel.SUPPLIED] = 0, part.size

    def _finish(self) -> int:
        cursor = self.walk.cursor
        if cursor[kernel.TAKEN] < cursor[kernel.SUPPLIED] or next(self.supply, None) is not None:
            raise Rejected(Reason.TREE, f"tree: complete after {self._taken()} tokens, but the list goes on")
        return self._taken()

    def _taken(self) -> int:
        return self.before + int(self.walk.cursor[kernel.TAKEN])

    def _path(self) -> list[int]:
        return [int(row) for row in self.walk.node_row[1 : self.walk.cursor[kernel.LEVEL] + 1]]

    def _base(self) -> list[int]:
        """The rows of the path that add to its rank."""
        levels = range(1, int(self.walk.cursor[kernel.LEVEL]) + 1)
        return [int(self.walk.node_row[level]) for level in levels if self.walk.node_adds[level]]

    def _question(self) -> tuple[int, list[int]]:
        """The row in question, and the independent rows whose span it may lie in."""
        cursor, among = self.walk.cursor, self._base()
        if self.walker is kernel.walk_flats and cursor[kernel.STAGE] == kernel.CHILD:
            return int(cursor[kernel.PLACE]), [*among, int(cursor[kernel.CANDIDATE])]
        return int(cursor[kernel.CANDIDATE]), among

    def _spans(self, among: Sequence[int], row: int) -> bool:
        """Whether a row lies in the span of independent ones, exactly."""
        key = (row, *sorted(among))
        found = self.spans.get(key)
        if found is None:
            if len(self.spans) >= REMEMBERED:
                self.spans.clear()
            rank = fmpz_mat([list(self.vectors[i]) for i in (*among, row)]).rank()
            found = self.spans[key] = bool(rank == len(among))
        return found

    def _change_prime(self) -> None:
        """Go on modulo another prime, for which the path and the row that is to follow are independent."""
        cursor = self.walk.cursor
        rank, base = int(cursor[kernel.RANK]), self._base()
        for prime in PRIMES:
            if prime == cursor[kernel.PRIME]:
                continue
            self._use(prime)
            if not all(kernel.annihilate(self.walk, i) for i in base):
                continue
            if kernel.annihilate(self.walk, int(cursor[kernel.CANDIDATE])):
                cursor[kernel.RANK] = rank
                cursor[kernel.DENIED] = cursor[kernel.CONFIRMED] = -1
                return
        raise OutOfPrimesError

    def _use(self, prime: int) -> None:
        """Everything modulo this prime, for an empty path."""
        walk = self.walk
        walk.residues[:] = [[value % prime for value in row] for row in self.vectors]
        walk.cursor[kernel.PRIME], walk.cursor[kernel.RANK] = prime, 0
        walk.basis[0] = np.eye(self.n, dtype=np.int64)

    def _rejected(self, outcome: int) -> Rejected:
        cursor = self.walk.cursor
        row, path, wide = int(cursor[kernel.CANDIDATE]), self._path(), self.reader.wide
        named = row if abs(wide) < LARGEST else wide if wide > 0 else -wide - 1
        words = {
            kernel.NO_ENTRY: f"there is no {self.name} {show(named)}",
            kernel.IN_SPAN: f"row {row} lies in the span of {listed(path)}",
            kernel.NOT_EXCLUDED: f"row {show(named)} is not excluded",
            kernel.NOT_IN_SPAN: f"row {int(cursor[kernel.PLACE])} does not lie in the span of {listed([*path, row])}",
            kernel.BAD_SPLIT: f"row {show(named)} is not a row without a sign",
            kernel.BAD_NEGATIVE: f"row {row} is not known to be nonnegative",
            kernel.BAD_POSITIVE: f"row {row} is known to be nonnegative",
        }
        return Rejected(Reason.TREE, f"tree token {self._taken() - 1}: {words[outcome]}")


def _settled_ranks(vectors: Sequence[Vector], n: int) -> NDArray[np.uint8]:
    """For which r Hadamard's bound of minors of r rows is below every prime: then zero modulo one is zero."""
    squares = sorted((sum(value * value for value in row) for row in vectors), reverse=True)
    least = min(PRIMES) ** 2
    return np.array([prod(max(square, 1) for square in squares[:r]) < least for r in range(n + 2)], dtype=np.uint8)
