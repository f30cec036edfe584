"""The proof of the rule "gram", read while the rule takes it."""

from __future__ import annotations

from collections.abc import Iterator

from exactinj.checker.faults import Unreadable
from exactinj.checker.rationals import rational, show
from exactinj.checker.reading.proofs import NONZERO, read_entries, read_tokens
from exactinj.checker.rules.gram import Gram, GramSide
from exactinj.checker.stream import Reader

__all__ = ["read_gram"]


def _pairs(value: object, place: str) -> list[tuple[int, int]]:
    pairs = []
    for pair in value if isinstance(value, list) else [None]:
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(i) is int for i in pair):
            raise Unreadable(f"{place}: expected a list of pairs of rows like [0, 3], found {show(value)}")
        pairs.append((pair[0], pair[1]))
    return pairs


def read_gram(reader: Reader) -> Gram:
    """The sides `below` and `above`."""

    def sides() -> Iterator[GramSide]:
        for name, bound in (("below", "at_least"), ("above", "at_most")):
            reader.key(",", name)
            reader.key("{", bound)
            value = rational(reader.value(), f"{name}: {bound}")
            reader.key(",", "pairs")
            pairs = _pairs(reader.value(), f"{name}: pairs")
            yield GramSide(value, pairs, read_entries(reader, "circuit", NONZERO), read_tokens(reader, f"{name}: tree"))
        reader.expect("}")

    return Gram(sides())
