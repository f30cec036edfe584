"""The rows (w_i, b_i) of a layer as integers, each scaled once by its own positive denominator.

The rows of an unrolled convolution are made when a proof names them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import compress
from operator import itemgetter, mul
from typing import NamedTuple, Protocol

from exactinj.checker.faults import Unreadable
from exactinj.checker.limits import ENTRIES
from exactinj.checker.rationals import Vector, over_one_denominator, show

__all__ = ["Form", "Layer", "MadeRows", "Row", "Rows", "form_of"]


Layer = tuple[Sequence[Sequence[Fraction]], Sequence[Fraction]]  # W, b


class Form(NamedTuple):
    """(w_i, b_i) like a row, but only the entries of w_i that are not 0, by column."""

    nonzero: dict[int, int]
    constant: int
    denominator: int


class Row:
    """(w_i, b_i) as integers over one positive denominator."""

    __slots__ = ("_nonzero", "_pick", "denominator", "entries")

    def __init__(self, normal: Sequence[Fraction], bias: Fraction) -> None:
        self._hold(*over_one_denominator([*normal, bias]))

    @classmethod
    def sparse(cls, form: Form, n: int) -> Row:
        """The row with n entries that has the nonzero entries of the form."""
        row, entries = cls.__new__(cls), [0] * n
        for j, value in form.nonzero.items():
            entries[j] = value
        row._hold([*entries, form.constant], form.denominator)
        return row

    def _hold(self, entries: list[int], denominator: int) -> None:
        self.entries, self.denominator = entries, denominator
        places = [j for j, value in enumerate(entries[:-1]) if value]
        padding = [0] * (2 - len(places))  # with two places or more itemgetter returns a tuple
        self._nonzero = [entries[j] for j in places] + padding
        self._pick: Callable[[Vector], Vector] = itemgetter(*places, *padding)

    def form(self) -> Form:
        nonzero = {j: self.entries[j] for j in compress(range(len(self.entries) - 1), self.entries)}
        return Form(nonzero, self.entries[-1], self.denominator)

    def products(self, basis: list[Vector]) -> list[int]:
        """<w_i, y> times the denominator for each y; visits the nonzero entries of w_i only."""
        return [sum(map(mul, self._nonzero, self._pick(y))) for y in basis]

    def is_orthogonal(self, basis: list[Vector]) -> bool:
        """Whether all products are 0. Usually the first is not, so it is tried before a loop starts."""
        nonzero, pick = self._nonzero, self._pick
        first = sum(map(mul, nonzero, pick(basis[0])))
        return not first and not any(sum(map(mul, nonzero, pick(y))) for y in basis)


class Rows(Protocol):
    """The rows of a layer: a list of them, or one that makes them when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> Row: ...


class MadeRows:
    """m rows with n entries, made from their forms; those made last are kept as long as they fit."""

    def __init__(self, m: int, n: int, form: Callable[[int], Form]) -> None:
        if max(m, n) > sys.maxsize:
            raise Unreadable(f"the layer of {show(m)} rows and {show(n)} columns does not fit into memory")
        self._m, self.n, self.form = m, n, form
        self._kept: dict[int, Row] = {}

    def __len__(self) -> int:
        return self._m

    def __getitem__(self, i: int) -> Row:
        row = self._kept.get(i)
        if row is None:
            row = Row.sparse(self.form(i), self.n)
            if (len(self._kept) + 1) * self.n > ENTRIES:
                self._kept.clear()
            self._kept[i] = row
        return row


def form_of(rows: Rows, i: int) -> Form:
    """The row as a form, without making it whole."""
    return rows.form(i) if isinstance(rows, MadeRows) else rows[i].form()
