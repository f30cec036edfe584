"""Re-check an exactinj certificate: standard library only, no code shared with the package.

    python -I checker.py CERTIFICATE [LAYER]

Written from docs/certificates.md, version 1, docs/certificates-convolution.md and docs/certificates-network.md. This
file runs alone. It is made of the modules in the folder exactinj/checker, in which it stands, by
`python -m exactinj.checker.assemble`: change those.

The parts: faults, limits, rationals, stream, rows, domains, trees, supports, cones, convolution, residual, network,
graph, dependencies, definite, rules/collision, rules/flat_tree, rules/sign_split, rules/packing, rules/blocks,
rules/window_packing, rules/stages, rules/depth_tree, rules/gram, rules/boxes, rules/periodic, rules/patch,
rules/geometric, rules/count, rules/unpaired, rules/p_matrix, rules/orientation, rules/cell_pairs, rules/composition,
rules/rank, rules/graph_composition, reading/layer, reading/domain, reading/convolution, reading/residual,
reading/network, reading/proofs, reading/gram, reading/graph, document, files/texts, files/arrays, files/layers,
files/kernels, files/residuals, files/networks, files/graphs, command.
"""

from __future__ import annotations

import argparse
import ast
import codecs
import contextlib
import csv
import hashlib
import io
import json
import math
import os
import re
import struct
import sys
import zipfile
import zlib
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, compress, pairwise, product
from operator import itemgetter, mul
from typing import Any, BinaryIO, ClassVar, NamedTuple, NoReturn, Protocol, TypeVar

# ------------------------------------------------------------------ faults
# The two ways in which a check fails, each with its reason as a value besides the words.
#
# A fault of form (JSON, keys and their order, types, number formats, or lists that do not fit m and n) makes
# a document unreadable; whatever else fails is a rejection. The first fault in document order counts.

_Value = TypeVar("_Value")
Later = Callable[[], _Value]
"""A value that is read from the document when the rule is done with what stands before it."""


class Source(StrEnum):
    """The file that cannot be read."""

    CERTIFICATE = "certificate"
    LAYER_FILE = "layer file"
    KERNEL_FILE = "kernel file"
    BLOCK_FILE = "block file"
    NETWORK_FILE = "network file"


class Reason(StrEnum):
    """What about a certificate does not hold."""

    RULE = "rule"  # it proves another claim, or cannot stand where it stands
    DOMAIN = "domain"  # it is empty or flat, or not one that the claim or rule can be about
    OTHER_LAYER = "other layer"  # the certificate is not about the layer that was given
    OTHER_CONVOLUTION = "other convolution"  # or not about the convolution that was given
    OTHER_RESIDUAL = "other block"  # or not about the residual block that was given
    OTHER_NETWORK = "other network"  # or not about the network that was given
    DIGEST = "digest"  # the layer is not the one that its digest states
    SIZES = "sizes"  # the convolution is not defined for all of them
    POINTS = "points"  # they are equal, outside the domain, or have different outputs
    REFUTER = "refuter"
    CIRCUIT = "circuit"
    TREE = "tree"
    PACKING = "packing"  # refuters that are not disjoint, too few, or do not bear the change
    BLOCKS = "blocks"
    COMPOSITION = "composition"  # the proofs are not those of the layers
    RANK = "rank"  # the rows are not shown to be independent
    VALUE = "value"  # alpha of a row
    COVERAGE = "coverage"  # boxes do not cover the grid
    CELLS = "cells"  # they are not shown to cover the domain, or the map loses rank on one
    PAIRS = "pairs"  # of cells
    MINORS = "minors"  # they are not shown to be positive
    COUNT = "count"  # a group is not shown to have too few rows


class Unreadable(Exception):
    """The input is not a certificate, or not a layer, in the documented format."""

    def __init__(self, message: str, source: Source = Source.CERTIFICATE) -> None:
        super().__init__(message)
        self.source = source


class Rejected(Exception):
    """The certificate was read, but its claim does not follow."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@contextlib.contextmanager
def within(place: str) -> Iterator[None]:
    """Faults inside a part of the document say where it is."""
    try:
        yield
    except Rejected as error:
        raise Rejected(error.reason, f"{place}: {error}") from None
    except Unreadable as error:
        raise Unreadable(f"{place}: {error}", error.source) from None


# ------------------------------------------------------------------ limits
# How much a document may ask for.

LONGEST_NUMBER = 1_000_000  # decimal digits of an integer, of a numerator or of a denominator
LONGEST_VALUE = 1 << 27  # characters of one row, one refuter, or whatever else is read as one JSON value

ENTRIES = 1 << 25
"""Numbers held in one matrix or list that a short document can ask for: a few lines about a convolution may have a
size of 10^9. A tree has at least n tokens, but they come last; so it is read only if n * n is at most this."""


def require_room(count: int, what: str) -> None:
    """Raises Unreadable if so many numbers are too many to be held in memory."""
    if count > ENTRIES:
        raise Unreadable(f"{what} are too many to be held in memory")


# ------------------------------------------------------------------ rationals
# Integers of any length, rationals in canonical form, and how values look in a message.

DIGITS = 600  # int() takes this many decimal digits under every setting of Python's conversion limit


Vector = Sequence[int]


def integer_of(text: str, place: str = "") -> int:
    """`int(text)` for decimal digits, perhaps after a minus. Raises Unreadable if there are more than a million."""
    if len(text) <= DIGITS:
        return int(text)
    digits = text.removeprefix("-")
    if len(digits) > LONGEST_NUMBER:
        where = f"{place}: " if place else ""
        raise Unreadable(f"{where}found a number of {len(digits)} digits, expected at most {LONGEST_NUMBER}")
    value = _joined(digits)
    return -value if text[0] == "-" else value


def _joined(digits: str) -> int:
    """From pieces of so many digits, joined two by two."""
    ends = range(len(digits), 0, -DIGITS)
    pieces, power = [int(digits[max(end - DIGITS, 0) : end]) for end in ends], 10**DIGITS  # the last digits first
    while len(pieces) > 1:
        high = [*pieces[1::2], 0] if len(pieces) % 2 else pieces[1::2]
        pieces = [low + power * above for low, above in zip(pieces[::2], high, strict=True)]
        power *= power if len(pieces) > 1 else 1
    return pieces[0]


def decimal_text(number: int) -> str:
    """`str(number)` of any length, for a number that is not negative."""
    half = number.bit_length() * 3 // 20  # about half of its digits
    if half < DIGITS // 2:
        return str(number)
    high, low = divmod(number, 10**half)
    return decimal_text(high) + decimal_text(low).zfill(half)


def show(value: object) -> str:
    """A JSON value in a message: short, on one line, ASCII."""
    if isinstance(value, str):
        return ascii(value) if len(value) <= 40 else ascii(value[:40]) + "..."
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else json.dumps(value)


_RATIONAL = re.compile("(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?")


def rational(text: object, place: str) -> Fraction:
    """A rational in canonical form."""
    match = _RATIONAL.fullmatch(text) if isinstance(text, str) else None
    if match:
        numerator, denominator = integer_of(match[1], place), integer_of(match[2] or "1", place)
        if match[2] is None or (denominator > 1 and math.gcd(numerator, denominator) == 1):
            return Fraction(numerator, denominator)
    raise Unreadable(f"{place}: expected a string with a rational in canonical form, found {show(text)}")


def rationals(value: object, count: int | None, place: str) -> list[Fraction]:
    """A list of `count` rationals, or of some if the dimension is not known yet."""
    if not isinstance(value, list) or len(value) != (count or max(len(value), 1)):
        expected = "n" if count is None else show(count)
        raise Unreadable(f"{place}: expected a list of {expected} rationals, found {show(value)}")
    return [rational(entry, place) for entry in value]


def over_one_denominator(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Integers over one positive denominator."""
    denominator = math.lcm(*(value.denominator for value in values))
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


Number = TypeVar("Number", int, Fraction)


def square_of(x: Sequence[Number]) -> Number:
    """<x, x>."""
    square: Number = sum(map(mul, x, x))
    return square


def negative_part(x: Vector) -> Vector:
    """x^- = min(x, 0) entry by entry."""
    return [min(value, 0) for value in x]


def unit_vectors(n: int) -> list[Vector]:
    """A basis of Z^n."""
    return [[int(j == k) for j in range(n)] for k in range(n)]


def increasing(value: object, place: str) -> list[int]:
    """A non-empty, strictly increasing list of integers."""
    if isinstance(value, list) and value and all(type(entry) is int for entry in value):
        if all(low < high for low, high in pairwise(value)):
            return value
        raise Unreadable(f"{place}: expected the integers in increasing order, each once")
    raise Unreadable(f"{place}: expected a list of integers, not empty, found {show(value)}")


def integers(value: Any, count: int | None, least: int | None, place: str) -> tuple[int, ...]:
    """A list of `count` integers that are not below `least`; of one for each of 1 to 3 axes."""
    right_length = isinstance(value, list) and (len(value) == count if count else 1 <= len(value) <= 3)
    if right_length and all(type(entry) is int and (least is None or entry >= least) for entry in value):
        return tuple(value)
    wanted = f"{count or '1 to 3'} integers" + ("" if least is None else f" >= {least}")
    raise Unreadable(f"{place}: expected {wanted}, found {show_list(value)}")


def show_list(value: object) -> str:
    """A JSON value in a message, with the numbers of a short list."""
    shown = isinstance(value, list) and len(value) <= 3
    return f"[{', '.join(map(show, value))}]" if isinstance(value, list) and shown else show(value)


def times(numbers: Sequence[int]) -> str:
    """A size or a shape in a message: 3 x 4."""
    return " x ".join(map(show, numbers))


def index_of(digits: Sequence[int], counts: Sequence[int]) -> int:
    """The number of a tuple in lexicographic order, where the k-th entry has counts[k] values."""
    number = 0
    for digit, count in zip(digits, counts, strict=True):
        number = number * count + digit
    return number


def digits_of(number: int, counts: Sequence[int]) -> list[int]:
    """The tuple with this number."""
    digits = []
    for count in reversed(counts):
        number, digit = divmod(number, count)
        digits.append(digit)
    return digits[::-1]


def rational_text(value: Fraction) -> str:
    """The canonical form of a number that is not below 0."""
    tail = "" if value.denominator == 1 else f"/{decimal_text(value.denominator)}"
    return f"{decimal_text(value.numerator)}{tail}"


# ------------------------------------------------------------------ stream
# JSON, piece by piece: the document is read element by element and never held as a whole.

BLOCK = 1 << 14  # bytes per read; deflate expands at most 1032-fold, so this bounds memory for gzip too


def _blocks(binary_file: BinaryIO) -> Iterator[bytes]:
    """The bytes of the document, unpacked when the first two are those of gzip."""
    block = binary_file.read(2)
    if len(block) == 1:
        block += binary_file.read(1)
    inflater = zlib.decompressobj(wbits=31) if block == b"\x1f\x8b" else None
    while block:
        if inflater is None:
            yield block
        while block and inflater is not None:
            if inflater.eof:  # a gzip file may have several members
                inflater = zlib.decompressobj(wbits=31)
            yield inflater.decompress(block)
            block = inflater.unused_data
        block = binary_file.read(BLOCK)
    if inflater is not None and not inflater.eof:
        raise Unreadable("the gzip data is truncated: get a complete copy of the file")


def pieces_of(binary_file: BinaryIO) -> Iterator[str]:
    """The text of a document, UTF-8, plain or gzip. Raises Unreadable."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(binary_file):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 text ({error.reason}): expected JSON, plain or gzip") from None
    except (OSError, ValueError, zlib.error) as error:
        raise Unreadable(f"cannot be read to its end: {error}") from None


def _whole_number(text: str) -> int:
    try:
        return integer_of(text)
    except Unreadable as error:
        raise ValueError(str(error)) from None


def _no_float(_: str) -> NoReturn:
    raise ValueError("expected an integer, found a number with fraction or exponent, NaN or Infinity")


class Reader:
    """Pulls JSON values and punctuation, one after the other, out of pieces of text."""

    _decode = staticmethod(
        json.JSONDecoder(parse_int=_whole_number, parse_float=_no_float, parse_constant=_no_float).raw_decode
    )
    _space = re.compile(r"[ \t\n\r]+")

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts, self._text, self._at, self._dropped = texts, "", 0, 0

    def malformed(self, message: str) -> Unreadable:
        return Unreadable(f"character {self._dropped + self._at}: {message}")

    def _extend(self) -> bool:
        """Drop what was read and at least double the rest: repeated attempts stay linear in total."""
        pieces = [self._text[self._at :]]
        missing = len(pieces[0]) + 1
        for piece in self._texts:
            pieces.append(piece)
            missing -= len(piece)
            if missing <= 0:
                break
        if not any(pieces[1:]):
            return False
        self._dropped += self._at
        self._text, self._at = "".join(pieces), 0
        return True

    def peek(self) -> str:
        """The next character that is not white space, left unread; "" at the end of the document."""
        while True:
            if space := self._space.match(self._text, self._at):
                self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._extend():
                return ""

    def value(self) -> Any:
        """The next JSON value. One that ends where the text read so far ends may go on: read further."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                self._require_short()
                cut = error.pos + 16 > len(self._text) or error.msg.startswith("Unterminated string")
                if not (cut and self._extend()):
                    raise self.malformed(f"not JSON, or truncated ({error.msg})") from None
            except ValueError as error:
                raise self.malformed(str(error)) from None
            except RecursionError:
                raise self.malformed("nested too deeply for a certificate") from None
            else:
                if end + 3 <= len(self._text) or not self._extend():
                    self._at = end
                    return value

    def _require_short(self) -> None:
        if len(self._text) - self._at > LONGEST_VALUE:
            raise self.malformed(f"one value of more than {LONGEST_VALUE} characters, or not JSON")

    def expect(self, characters: str) -> str:
        """Take the next character, which must be one of `characters`."""
        found = self.peek()
        if not found or found not in characters:
            wanted = " or ".join(characters)
            raise self.malformed(f"expected {wanted}, found {show(found) if found else 'the end'}")
        self._at += 1
        return found

    def key(self, before: str, *names: str) -> str:
        """Take the punctuation `before`, then one of the keys `names` and its colon."""
        self.expect(before)
        found = self.value()
        if not isinstance(found, str) or found not in names:
            wanted = '" or "'.join(names)
            raise self.malformed(f'expected the key "{wanted}", found {show(found)}')
        self.expect(":")
        return found

    def one_of(self, before: str, name: str, allowed: Sequence[object]) -> Any:
        """The value of the key `name`, one of `allowed` and of its type (`true` is not 1)."""
        self.key(before, name)
        found = self.value()
        if not any(type(found) is type(value) and found == value for value in allowed):
            wanted = " or ".join(map(show, allowed))
            raise self.malformed(f'"{name}": expected {wanted}, found {show(found)}')
        return found

    def size(self, before: str, name: str) -> int:
        self.key(before, name)
        found = self.value()
        if type(found) is not int or found < 1:
            raise self.malformed(f'"{name}": expected a positive integer, found {show(found)}')
        return found

    def elements(self, before: str, name: str) -> Iterator[Any]:
        """The elements of the list at the key `name`, one by one."""
        self.key(before, name)
        self.expect("[")
        more = self.peek() != "]" or self.expect("]") == ","
        while more:
            value = self.value()
            more = self.expect(",]") == ","
            yield value

    def places(self, before: str, name: str) -> Iterator[int]:
        """The numbers of the elements of the list at the key `name`; whoever iterates reads each element."""
        self.key(before, name)
        yield from self.items()

    def items(self) -> Iterator[int]:
        """The same for a list without a key."""
        self.expect("[")
        more, number = self.peek() != "]" or self.expect("]") == ",", 0
        while more:
            yield number
            more, number = self.expect(",]") == ",", number + 1

    def end(self) -> None:
        """The end of the document."""
        self.expect("}")
        if found := self.peek():
            raise self.malformed(f"expected the end of the document, found {show(found)}")


# ------------------------------------------------------------------ rows
# The rows (w_i, b_i) of a layer as integers, each scaled once by its own positive denominator.
#
# The rows of an unrolled convolution are made when a proof names them.

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


# ------------------------------------------------------------------ domains
# Section "Domains": the sets K, and what it takes to show that an affine function is nonnegative on one.

def _coordinate(k: int, n: int, factor: int, constant: int, denominator: int) -> Row:
    """The function (factor x_k + constant) / denominator."""
    return Row.sparse(Form({k: factor}, constant, denominator), n)


class Domain:
    """A set K. Where one does not say how to show something about it, nothing is shown."""

    type: ClassVar[str]

    @property
    def dimension(self) -> int | None:
        """The length of its vectors; None if it has none."""
        return None

    @property
    def halfspaces(self) -> tuple[Row, ...]:
        """The functions that refuters and circuits may name besides the rows; all are at most 0 on K."""
        return ()

    def facet_count(self, n: int) -> int:
        """How many functions compact entries may name behind the rows, for inputs of length n."""
        return len(self.halfspaces)

    def facet(self, j: int, n: int) -> Row:
        """The j-th of these functions, at most 0 on K."""
        return self.halfspaces[j]

    def contains(self, x: Sequence[Fraction]) -> bool:
        """Whether the point lies in K."""
        return False

    def nonnegative(self, form: Vector) -> bool:
        """Whether <g, x> + beta >= 0 on K, where form = (g_1, ..., g_n, beta) up to a positive factor."""
        return False

    def cut(self, columns: Sequence[int]) -> Domain:
        """The projection of K to these coordinates; with a coordinate listed twice, both have its bounds."""
        raise Rejected(Reason.DOMAIN, f"the domain {self.type} cannot be cut down to some of the columns")


Cut = Callable[[Sequence[int]], Domain]  # the domain cut down to the columns


@dataclass(frozen=True, slots=True)
class Space(Domain):
    """All of R^n."""

    type = "R^n"

    def cut(self, columns: Sequence[int]) -> Domain:
        return self

    def contains(self, x: Sequence[Fraction]) -> bool:
        return True

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])


@dataclass(frozen=True, slots=True)
class Orthant(Domain):
    """x_j >= 0 for every j."""

    type = "nonneg"

    def facet_count(self, n: int) -> int:
        return n

    def facet(self, j: int, n: int) -> Row:
        return _coordinate(j, n, -1, 0, 1)

    def cut(self, columns: Sequence[int]) -> Domain:
        return self

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0

    def nonnegative(self, form: Vector) -> bool:
        return min(form) >= 0


@dataclass(frozen=True, slots=True)
class Box(Domain):
    """l_j <= x_j <= u_j for every j; the ends are integers over one positive denominator."""

    type = "box"
    lower: Vector
    upper: Vector
    denominator: int

    @property
    def dimension(self) -> int:
        return len(self.lower)

    def facet_count(self, n: int) -> int:
        return 2 * n

    def facet(self, j: int, n: int) -> Row:
        k, is_upper = divmod(j, 2)
        if is_upper:
            return _coordinate(k, n, self.denominator, -self.upper[k], self.denominator)
        return _coordinate(k, n, -self.denominator, self.lower[k], self.denominator)

    def contains(self, x: Sequence[Fraction]) -> bool:
        scaled = [value * self.denominator for value in x]
        return all(low <= value <= high for low, value, high in zip(self.lower, scaled, self.upper, strict=True))

    def nonnegative(self, form: Vector) -> bool:
        ends = zip(form, self.lower, self.upper, strict=False)  # the last entry of the form, beta, has none
        lowest = sum(min(value * low, value * high) for value, low, high in ends)
        return form[-1] * self.denominator + lowest >= 0

    def cut(self, columns: Sequence[int]) -> Domain:
        return Box([self.lower[j] for j in columns], [self.upper[j] for j in columns], self.denominator)


@dataclass(frozen=True, slots=True)
class Polytope(Domain):
    """d_j(x) = <G_j, x> - h_j <= 0 for every j. Forms already include the multiples of the d_j."""

    type = "polytope"
    functions: tuple[Row, ...]

    @property
    def dimension(self) -> int:
        return len(self.functions[0].entries) - 1

    @property
    def halfspaces(self) -> tuple[Row, ...]:
        return self.functions

    def contains(self, x: Sequence[Fraction]) -> bool:
        return max(self.values(x)) <= 0

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])

    def values(self, x: Sequence[Fraction]) -> list[Fraction]:
        """Positive multiples of the d_j(x)."""
        return [sum(map(mul, row.entries, x), Fraction(row.entries[-1])) for row in self.functions]


@dataclass(frozen=True, slots=True)
class Ball(Domain):
    """|x - c| <= r; the center is integers over one positive denominator."""

    type = "ball"
    center: Vector
    denominator: int
    radius: Fraction

    @property
    def dimension(self) -> int:
        return len(self.center)

    def contains(self, x: Sequence[Fraction]) -> bool:
        differences = [value - Fraction(c, self.denominator) for value, c in zip(x, self.center, strict=True)]
        return square_of(differences) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        t: int = form[-1] * self.denominator + sum(map(mul, form, self.center))
        return t >= 0 and t * t >= (self.radius * self.denominator) ** 2 * square_of(form[:-1])

    def cut(self, columns: Sequence[int]) -> Domain:
        return Ball([self.center[j] for j in columns], self.denominator, self.radius)


@dataclass(frozen=True, slots=True)
class NonnegativeBall(Domain):
    """x_j >= 0 for every j, and |x| <= r."""

    type = "nonneg-ball"
    radius: Fraction

    def facet_count(self, n: int) -> int:
        return n

    def facet(self, j: int, n: int) -> Row:
        return _coordinate(j, n, -1, 0, 1)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0 and square_of(x) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and form[-1] ** 2 >= self.radius**2 * square_of(negative_part(form[:-1]))

    def cut(self, columns: Sequence[int]) -> Domain:
        return self


@dataclass(frozen=True, slots=True)
class Sphere(Domain):
    """|x| = r."""

    type = "sphere"
    radius: Fraction


def channel_cut(domain: Domain, first: int, places: int) -> Cut:
    """The bounds of a channel hold at each of its places; `first` is the channel of column 0."""
    return lambda columns: domain.cut([first + j // places for j in columns])


# ------------------------------------------------------------------ trees
# What the rules with trees share: combinations of rows, annihilators of their spans, walking a tree of tokens.

class Combination(NamedTuple):
    """Rows i and their multipliers lambda_i, side by side."""

    indices: list[int]
    multipliers: list[int]

    def form(self, functions: Rows, reason: Reason, place: str) -> Vector:
        """The sum of all lambda_i g_i up to a positive factor. Raises Rejected unless the rows are different ones."""
        require_different(self.indices, len(functions), reason, place)
        form, _ = total_of(self.multipliers, [functions[i] for i in self.indices])
        return form


def total_of(multipliers: Sequence[int], functions: Sequence[Row]) -> tuple[Vector, int]:
    """The sum of the functions with the multipliers, as integers over one positive denominator."""
    common = math.lcm(*[row.denominator for row in functions])
    scaled = [factor * (common // row.denominator) for factor, row in zip(multipliers, functions, strict=True)]
    return [sum(map(mul, scaled, column)) for column in zip(*[row.entries for row in functions], strict=True)], common


def require_different(indices: Sequence[int], count: int, reason: Reason, place: str) -> None:
    """Raises Rejected unless these are rows, each named once."""
    if indices and (min(indices) < 0 or max(indices) >= count):
        raise Rejected(reason, f"{place}: names a row outside 0 to {count - 1}")
    if len(set(indices)) < len(indices):
        raise Rejected(reason, f"{place}: names a row twice")


def with_halfspaces(rows: Rows, domain: Domain) -> Rows:
    """What refuters and circuits may name."""
    return [*(rows[i] for i in range(len(rows))), *domain.halfspaces] if domain.halfspaces else rows


def annihilator(basis: list[Vector], divisor: int, row: Row) -> tuple[list[Vector], int]:
    """Integer basis of the vectors orthogonal to A + i, from one for A; w_i is not in span(A).

    While no product was zero, all entries are minors and the last pivot, `divisor`, divides the new ones
    (Bareiss); from then on `divisor` is 0 and the content is removed. The last vector is left as it is.
    """
    products = row.products(basis)
    pivot = next(k for k, product in enumerate(products) if product)
    a, eliminated = products.pop(pivot), basis[pivot]
    divisor = divisor if all(products) else 0
    child: list[Vector] = []
    for b, y in zip(products, basis[:pivot] + basis[pivot + 1 :], strict=True):
        if b == 0:
            child.append(y)
            continue
        combined = [a * p - b * q for p, q in zip(y, eliminated, strict=True)]
        if len(basis) > 2:
            content = divisor or math.gcd(*combined)
            combined = [entry // content for entry in combined]
        child.append(combined)
    return child, divisor and a


def listed(rows: Sequence[int]) -> str:
    """Rows in a message."""
    return "the rows " + ", ".join(map(str, rows)) if rows else "no rows: it is zero"


@dataclass(slots=True)
class Node:
    """A node that is being read: the children to come, the annihilator of A, the rows it put into N."""

    children: Iterator[int]
    basis: list[Vector] = field(default_factory=list)
    divisor: int = 1
    added: list[int] = field(default_factory=list)
    goes_on: bool = False  # after its children, another token follows for the same A


class TreeWalk:
    """What reading a tree without recursion takes: `path` is A and `excluded` is N of the innermost node."""

    def __init__(self, tokens: Iterator[int], place: str = "tree") -> None:
        self.tokens, self.place = tokens, place
        self.count = 0
        self.path: list[int] = []
        self.excluded: set[int] = set()
        self.stack: list[Node] = []

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.TREE, f"{self.place} token {self.count - 1}: {message}")

    def take(self) -> int:
        """The next token."""
        token = next(self.tokens, None)
        if token is None:
            raise Rejected(Reason.TREE, f"{self.place}: ends after {self.count} tokens, before it is complete")
        self.count += 1
        return token

    def finish(self) -> int:
        """The end of the list. Returns the number of tokens."""
        if next(self.tokens, None) is not None:
            raise Rejected(Reason.TREE, f"{self.place}: complete after {self.count} tokens, but the list goes on")
        return self.count

    def leave(self) -> None:
        """Return from read_node: what it excluded is gone, and its parent excludes its row."""
        self.excluded.difference_update(self.stack.pop().added)
        if self.stack:
            self.exclude(self.path.pop())

    def exclude(self, i: int) -> None:
        """N = N + {i}."""
        self.stack[-1].added.append(i)
        self.excluded.add(i)


def require_enough_rows(rows: Rows, n: int) -> None:
    """Fewer than n rows never span; this bounds the n by n identity, too."""
    if len(rows) < n:
        raise Rejected(Reason.TREE, f"tree: {len(rows)} rows do not span R^{n}, so no tree proves the claim")


# ------------------------------------------------------------------ supports
# Section "Compact lists": entries of which only the functions and the signs of their multipliers are stated.

MOST_FACETS = 4096


class Codes(NamedTuple):
    """A compact entry: i + 1 for the function i with a positive multiplier, -(i + 1) with a negative one."""

    codes: list[int]


Entry = Combination | Codes


@dataclass(slots=True)
class Functions:
    """What entries may name: the rows of a layer with n columns, then facets of K."""

    rows: Rows
    domain: Domain
    n: int
    named: Rows = field(init=False)  # those that explicit entries may name
    _facets: dict[int, Row] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.named = with_halfspaces(self.rows, self.domain)

    @property
    def m(self) -> int:
        return len(self.rows)

    def explicit(self, entry: Entry, reason: Reason, place: str) -> Combination:
        """The entry with multipliers. Raises Rejected if a compact one does not determine them."""
        if isinstance(entry, Combination):
            return entry
        indices = [abs(code) - 1 for code in entry.codes]
        require_different(indices, self.m + self.domain.facet_count(self.n), reason, place)
        rows = [self.function(i) for i in indices]
        signed = [
            list(row.entries) if code > 0 else [-value for value in row.entries]
            for code, row in zip(entry.codes, rows, strict=True)
        ]
        factors = _dependency([column[:-1] for column in signed])
        if len(factors) == 2:
            factors = _dependency(signed)
        if len(factors) != 1:
            raise Rejected(reason, f"{place}: its functions do not determine their multipliers")
        (values,) = factors
        if values[0] < 0:
            values = [-value for value in values]
        if min(values) <= 0:
            raise Rejected(reason, f"{place}: the multipliers do not have the signs that are stated")
        pairs = [
            (i, value * row.denominator if code > 0 else -value * row.denominator)
            for i, code, value, row in zip(indices, entry.codes, values, rows, strict=True)
            if i < len(self.named)
        ]
        return Combination([i for i, _ in pairs], [value for _, value in pairs])

    def function(self, i: int) -> Row:
        if i < self.m:
            return self.rows[i]
        row = self._facets.get(i)
        if row is None:
            if len(self._facets) >= MOST_FACETS:
                self._facets.clear()
            row = self._facets[i] = self.domain.facet(i - self.m, self.n)
        return row


def _dependency(columns: Sequence[Vector]) -> list[list[int]]:
    """The t with sum t_l column_l = 0: as many vectors as their space has dimensions; right only if it is one.

    Elimination without fractions (Bareiss); by Cramer's rule all divisions on the way back leave no remainder, too.
    """
    lines, places, free, divisor = [list(line) for line in zip(*columns, strict=True)], list[int](), list[int](), 1
    for k in range(len(columns)):
        rank = len(places)
        pivot = next((i for i in range(rank, len(lines)) if lines[i][k]), None)
        if pivot is None:
            free.append(k)
            continue
        lines[rank], lines[pivot] = lines[pivot], lines[rank]
        top, a = lines[rank], lines[rank][k]
        for i in range(rank + 1, len(lines)):
            line, b = lines[i], lines[i][k]
            lines[i] = [(a * p - b * q) // divisor for p, q in zip(line, top, strict=True)]
        places.append(k)
        divisor = a
    if len(free) != 1:
        return [[] for _ in free]
    values = [0] * len(columns)
    values[free[0]] = divisor
    for k, line in zip(reversed(places), reversed(lines[: len(places)]), strict=True):
        values[k] = -sum(map(mul, line[k + 1 :], values[k + 1 :])) // line[k]
    return [values]


# ------------------------------------------------------------------ cones
# The extreme rays of a polyhedral cone, by double description over the integers.

def extreme_rays(normals: list[Vector], n: int) -> list[Vector] | None:
    """The extreme rays of {x : <x, v> <= 0 for every normal v}, or None if the cone contains a line.

    Double description: the cone of the normals so far is held as a basis of its lines and, modulo these, its
    extreme rays, each with a bit for every normal that is 0 on it.
    """
    if len(normals) < n:  # before the n by n identity is built
        return None
    lines, rays = unit_vectors(n), list[tuple[Vector, int]]()
    for number, normal in enumerate(normals):
        crossing = next((k for k, line in enumerate(lines) if sum(map(mul, normal, line))), None)
        if crossing is None:
            rays = _cut(rays, normal, 1 << number)
            continue
        inner = lines.pop(crossing)
        if sum(map(mul, normal, inner)) > 0:
            inner = [-value for value in inner]
        lines = [_on_wall(normal, line, inner) for line in lines]
        rays = [(_on_wall(normal, ray, inner), zeros | 1 << number) for ray, zeros in rays]
        rays.append((inner, (1 << number) - 1))
    return None if lines else [ray for ray, _ in rays]


def _cut(rays: list[tuple[Vector, int]], normal: Vector, bit: int) -> list[tuple[Vector, int]]:
    """The rays where <x, normal> <= 0, and a new one between any two neighbours on different sides.

    Two extreme rays are neighbours exactly if no third one is 0 on all normals that are 0 on both.
    """
    sides = [sum(map(mul, normal, ray)) for ray, _ in rays]
    kept = [(ray, zeros if side else zeros | bit) for (ray, zeros), side in zip(rays, sides, strict=True) if side <= 0]
    inside = [ray for ray, side in zip(rays, sides, strict=True) if side < 0]
    outside = [ray for ray, side in zip(rays, sides, strict=True) if side > 0]
    for inner, inner_zeros in inside:
        for outer, outer_zeros in outside:
            common = inner_zeros & outer_zeros
            if sum(zeros & common == common for _, zeros in rays) == 2:
                kept.append((_on_wall(normal, outer, inner), common | bit))
    return kept


def _on_wall(normal: Vector, x: Vector, inner: Vector) -> Vector:
    """The primitive vector a x + c y with a > 0 on which the normal is 0, where y = inner has <y, normal> < 0."""
    a, c = -sum(map(mul, normal, inner)), sum(map(mul, normal, x))
    combined = [a * p + c * q for p, q in zip(x, inner, strict=True)]
    content = math.gcd(*combined)
    return [value // content for value in combined]


# ------------------------------------------------------------------ convolution
# certificates-convolution.md, section "The layer": windows, unrolled rows, rows of boxes, equal outputs.

MODES = ("zeros", "circular", "reflect", "replicate")


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution layer; `kernels[o]` lists K[o, i, u] in lexicographic order of (i, u)."""

    in_channels: int
    out_channels: int
    groups: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    padding_mode: str
    kernels: Sequence[Sequence[Fraction]]
    b: Sequence[Fraction]


Reads = tuple[int | None, ...]  # for each tap the place that it reads, None where it reads 0


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the grid: kernel size, stride, dilation, padding on both sides and its mode."""

    taps: int
    stride: int
    dilation: int
    low: int
    high: int
    mode: str

    @property
    def extent(self) -> int:
        return self.dilation * (self.taps - 1) + 1

    @property
    def least(self) -> int:
        """The layer is defined for this size and all larger ones."""
        needed = {"reflect": max(self.low, self.high) + 1, "circular": max(self.low, self.high)}
        return max(1, self.extent - self.low - self.high, needed.get(self.mode, 1))

    @property
    def zeros(self) -> tuple[int, int]:
        """How many zeros stand before and after the grid."""
        return (self.low, self.high) if self.mode == "zeros" else (0, 0)

    def windows(self, size: int) -> int:
        return (size + self.low + self.high - self.extent) // self.stride + 1

    def inside(self, start: int, size: int) -> Reads:
        """The taps of the window that starts there, as far as they lie in [0, size)."""
        places = (start + self.dilation * u for u in range(self.taps))
        return tuple(j if 0 <= j < size else None for j in places)

    def reads(self, window: int, size: int) -> Reads:
        """The places that a window of the layer reads."""
        start = self.stride * window - self.low
        if self.mode == "zeros":
            return self.inside(start, size)
        return tuple(self._padded(start + self.dilation * u, size) for u in range(self.taps))

    def _padded(self, j: int, size: int) -> int:
        if self.mode == "circular":
            return j % size
        if self.mode == "replicate":
            return min(max(j, 0), size - 1)
        return 2 * (size - 1) - j if j >= size else abs(j)


@dataclass(frozen=True, slots=True)
class Slot:
    """How many places of the box are known at its two ends along an axis, and where its windows start."""

    known: tuple[int, ...]
    starts: list[int]


def _known_count(box: Sequence[int], known: Sequence[Sequence[int]]) -> int:
    """The number of places of the box that are known along some axis."""
    return math.prod(box) - math.prod(length - sum(ends) for length, ends in zip(box, known, strict=True))


def _known_place(number: int, box: Sequence[int], known: Sequence[Sequence[int]]) -> list[int]:
    """The known place with this number, in lexicographic order of the known places."""
    low, high = known[0]
    every, some = math.prod(box[1:]), _known_count(box[1:], known[1:])  # for a first index that is known, or not
    if number < low * every:
        return digits_of(number, box)
    number -= low * every
    if number < (box[0] - low - high) * some:
        index, number = divmod(number, some)
        return [low + index, *_known_place(number, box[1:], known[1:])]
    return digits_of((box[0] - high) * every + number - (box[0] - low - high) * some, box)


@dataclass(frozen=True, slots=True)
class Windows:
    """The window rows of a box layer, which come first, and its columns that are not known."""

    count: int
    unknown: list[int]
    start: Callable[[int], tuple[int, ...]]
    reads: Callable[[int], frozenset[int]]  # the columns that the taps of a row's window lie in


class Kernels:
    """A convolution with its kernels as integers over one positive denominator for each output channel."""

    def __init__(self, layer: Convolution) -> None:
        self.layer = layer
        parts = zip(layer.kernel_size, layer.stride, layer.dilation, layer.padding, strict=True)
        self.axes = [Axis(size, s, D, low, high, layer.padding_mode) for size, s, D, (low, high) in parts]
        self.inputs, self.outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups  # of a group
        self.scaled = [
            over_one_denominator([*kernel, bias]) for kernel, bias in zip(layer.kernels, layer.b, strict=True)
        ]
        self.taps = list(product(range(self.inputs), *map(range, layer.kernel_size)))

    def form(self, o: int, reads: Sequence[Reads], size: Sequence[int], first: int) -> Form:
        """The row of output channel o for one window; `first` is the column block of its group's first channel."""
        entries, denominator = self.scaled[o]
        sums: dict[int, int] = {}
        for j in compress(range(len(self.taps)), entries):
            i, *u = self.taps[j]
            places = [read[k] for read, k in zip(reads, u, strict=True)]
            inner = [place for place in places if place is not None]
            if len(inner) == len(places):
                column = index_of([first + i, *inner], [0, *size])
                sums[column] = sums.get(column, 0) + entries[j]
        return Form({column: value for column, value in sums.items() if value}, entries[-1], denominator)

    def unrolled(self, size: Sequence[int]) -> MadeRows:
        """The unrolled layer for a size."""
        counts = [axis.windows(length) for axis, length in zip(self.axes, size, strict=True)]

        def form(number: int) -> Form:
            o, *window = digits_of(number, [self.layer.out_channels, *counts])
            reads = [axis.reads(J, length) for axis, J, length in zip(self.axes, window, size, strict=True)]
            return self.form(o, reads, size, o // self.outputs * self.inputs)

        return MadeRows(self.layer.out_channels * math.prod(counts), self.layer.in_channels * math.prod(size), form)

    def box(self, group: int, slots: Sequence[Slot], box: Sequence[int]) -> MadeRows:
        """The box layer of a group and one slot for each axis: its windows, then two rows for each known column."""
        counts = [self.outputs, *(len(slot.starts) for slot in slots)]
        windows, places = math.prod(counts), [slot.known for slot in slots]
        known = _known_count(box, places)

        def form(number: int) -> Form:
            if number >= windows:
                column, negative = divmod(number - windows, 2)
                i, column = divmod(column, known)
                return Form({index_of([i, *_known_place(column, box, places)], [0, *box]): -1 if negative else 1}, 0, 1)
            o, *choice = digits_of(number, counts)
            starts = [slot.starts[k] for slot, k in zip(slots, choice, strict=True)]
            reads = [axis.inside(tau, length) for axis, tau, length in zip(self.axes, starts, box, strict=True)]
            return self.form(group * self.outputs + o, reads, box, 0)

        return MadeRows(windows + 2 * self.inputs * known, self.inputs * math.prod(box), form)

    def windows(self, slots: Sequence[Slot], box: Sequence[int]) -> Windows:
        """Where the window rows of `box` start, and what they read."""
        counts = [self.outputs, *(len(slot.starts) for slot in slots)]
        read: dict[tuple[int, ...], frozenset[int]] = {}

        def start(number: int) -> tuple[int, ...]:
            _, *choice = digits_of(number, counts)
            return tuple(slot.starts[k] for slot, k in zip(slots, choice, strict=True))

        def reads(number: int) -> frozenset[int]:
            first = start(number)
            if first not in read:
                inside = [axis.inside(tau, length) for axis, tau, length in zip(self.axes, first, box, strict=True)]
                places = product(range(self.inputs), *([j for j in axis if j is not None] for axis in inside))
                read[first] = frozenset(index_of(place, [0, *box]) for place in places)
            return read[first]

        free = [range(slot.known[0], length - slot.known[1]) for slot, length in zip(slots, box, strict=True)]
        unknown = [index_of(place, [0, *box]) for place in product(range(self.inputs), *free)]
        return Windows(math.prod(counts), unknown, start, reads)

    def about(self) -> str:
        """The geometry in words."""
        layer = self.layer
        mode = f" {layer.padding_mode}" if any(map(any, layer.padding)) else ""
        pairs = " x ".join(f"({show(low)}, {show(high)})" for low, high in layer.padding)
        return (
            f"kernel {times(layer.kernel_size)}, stride {times(layer.stride)}, dilation {times(layer.dilation)}, "
            f"padding {pairs}{mode}, channels {layer.in_channels} to {layer.out_channels}, groups {layer.groups}"
        )


class TwoInputs:
    """Two inputs of one size, as integers over one positive denominator, for which outputs are compared."""

    def __init__(self, kernels: Kernels, size: Sequence[int], points: list[list[Fraction]]) -> None:
        self.kernels, self.size, self.count = kernels, size, math.prod(size)
        scaled, self.denominator = over_one_denominator([*points[0], *points[1]])
        self.x, self.y = (
            [*scaled[: len(points[0])], 0],
            [*scaled[len(points[0]) :], 0],
        )  # the last is what padding reads

    def differing(self) -> list[int]:
        """The places at which the inputs differ in some channel."""
        pairs = enumerate(zip(self.x, self.y, strict=True))
        return sorted({j % self.count for j, (x, y) in pairs if x != y})

    def different_output(self, reads: Sequence[Reads]) -> int | None:
        """An output channel in which the outputs of a window differ."""
        places = [-1 if None in read else index_of(read, self.size) for read in product(*reads)]  # type: ignore[arg-type]
        width, height = self.kernels.inputs, self.kernels.outputs
        for group in range(self.kernels.layer.groups):
            bases = range(group * width * self.count, (group + 1) * width * self.count, self.count)
            columns = [-1 if place < 0 else base + place for base in bases for place in places]
            x, y = [self.x[j] for j in columns], [self.y[j] for j in columns]
            if x == y:
                continue
            for o in range(group * height, (group + 1) * height):
                entries, _ = self.kernels.scaled[o]
                constant = entries[-1] * self.denominator
                if max(sum(map(mul, entries, x)) + constant, 0) != max(sum(map(mul, entries, y)) + constant, 0):
                    return o
        return None

    def require_equal_outputs(self, windows: Sequence[Iterator[tuple[str, Reads]]], rule: str) -> int:
        """For what windows may read along each axis, with a name. Returns the number of different ones."""
        axes = []
        for named in windows:
            names: dict[Reads, str] = {}
            for name, reads in named:
                names.setdefault(reads, name)
            axes.append(names)
        for window in product(*axes):
            o = self.different_output(window)
            if o is not None:
                place = ", ".join(names[reads] for names, reads in zip(axes, window, strict=True))
                raise Rejected(Reason.POINTS, f"{rule}: output {o} of the window ({place}) differs at x and at y")
        return math.prod(map(len, axes))


@dataclass(frozen=True, slots=True)
class Sizes:
    """All N with N_k >= minimum[k] and N_k mod s_k in residues[k]."""

    minimum: tuple[int, ...]
    residues: tuple[list[int], ...]

    def about(self, axes: Sequence[Axis]) -> str:
        parts = []
        for k, (least, residues, axis) in enumerate(zip(self.minimum, self.residues, axes, strict=True), 1):
            some = ", ".join(map(show, residues[:8])) + (", ..." if len(residues) > 8 else "")
            full = "any residue" if len(residues) == axis.stride else f"N_{k} mod {show(axis.stride)} in {{{some}}}"
            parts.append(f"N_{k} >= {show(least)} ({full})")
        return " and ".join(parts)


def require_group(group: int, kernels: Kernels, rule: str) -> None:
    """Raises Rejected unless the layer has this group."""
    if not 0 <= group < kernels.layer.groups:
        raise Rejected(Reason.COUNT, f"{rule}: there is no group {show(group)}")


# ------------------------------------------------------------------ residual
# certificates-network.md, section "Residual blocks": the map x + B ReLU(Ax + b), and the matrix I + AB.

@dataclass(frozen=True, slots=True)
class Residual:
    """A (k, n), B (n, k) and b (k)."""

    A: Sequence[Sequence[Fraction]]
    B: Sequence[Sequence[Fraction]]
    b: Sequence[Fraction]

    @property
    def k(self) -> int:
        """The number of hidden units."""
        return len(self.A)

    @property
    def n(self) -> int:
        """The dimension of the input."""
        return len(self.B)

    def inner(self, x: Sequence[Fraction]) -> list[Fraction]:
        """Ax + b."""
        point, factor = over_one_denominator([*x, Fraction(1)])
        return [_product([*row, bias], point, factor) for row, bias in zip(self.A, self.b, strict=True)]

    def outputs(self, x: Sequence[Fraction]) -> list[Fraction]:
        """f(x)."""
        hidden, factor = over_one_denominator([max(value, Fraction(0)) for value in self.inner(x)])
        return [value + _product(row, hidden, factor) for row, value in zip(self.B, x, strict=True)]

    def interaction(self) -> list[Vector]:
        """I + AB times a positive integer."""
        require_room(self.k * self.k, "the entries of I + AB")
        rows, row_factor = _over_one(self.A)
        columns, column_factor = _over_one(list(zip(*self.B, strict=True)))
        factor = row_factor * column_factor
        return [
            [sum(map(mul, row, column)) + factor * (i == j) for j, column in enumerate(columns)]
            for i, row in enumerate(rows)
        ]


def _product(row: Sequence[Fraction], point: Vector, factor: int) -> Fraction:
    """The inner product with a vector that is integers over one factor."""
    entries, denominator = over_one_denominator(row)
    return Fraction(sum(map(mul, entries, point)), denominator * factor)


def _over_one(rows: Sequence[Sequence[Fraction]]) -> tuple[list[Vector], int]:
    """A matrix as integers over one positive denominator."""
    width = len(rows[0])
    entries, denominator = over_one_denominator([value for row in rows for value in row])
    return [entries[k : k + width] for k in range(0, len(entries), width)], denominator


# ------------------------------------------------------------------ network
# certificates-network.md, section "Dense networks": the map, and its affine pieces.

@dataclass(frozen=True, slots=True)
class DenseLayer:
    """W, b and the slopes below 0."""

    W: Sequence[Sequence[Fraction]]
    b: Sequence[Fraction]
    slopes: Sequence[Fraction]


def coprime(values: Sequence[int]) -> Vector:
    """The positive multiple with coprime entries, or zero."""
    content = math.gcd(*values)
    return list(values) if content < 2 else [value // content for value in values]


@dataclass(frozen=True, slots=True)
class DenseNetwork:
    """The layers, each with as many columns as the one before it has rows."""

    layers: Sequence[DenseLayer]

    @property
    def n(self) -> int:
        """The dimension of the input."""
        return len(self.layers[0].W[0])

    @property
    def m(self) -> int:
        """The dimension of the output."""
        return len(self.layers[-1].W)

    def neurons(self) -> list[tuple[int, int]]:
        """Layer and row of each neuron, in order."""
        return [(k, i) for k, layer in enumerate(self.layers) for i, slope in enumerate(layer.slopes) if slope != 1]

    def outputs(self, x: Sequence[Fraction]) -> list[Fraction]:
        """f(x)."""
        point = list(x)
        for layer in self.layers:
            sums = [sum(map(mul, row, point), bias) for row, bias in zip(layer.W, layer.b, strict=True)]
            point = [z if z >= 0 else slope * z for z, slope in zip(sums, layer.slopes, strict=True)]
        return point


class Piece:
    """The pre-activations (w, beta) of a layer as the pattern of the layers before makes them; one denominator."""

    __slots__ = ("_network", "denominator", "layer", "sums")

    def __init__(self, network: DenseNetwork, layer: int, sums: list[Vector], denominator: int) -> None:
        self._network, self.layer, self.sums, self.denominator = network, layer, sums, denominator

    @classmethod
    def first(cls, network: DenseNetwork) -> Piece:
        """The pre-activations of the first layer."""
        inputs: list[Vector] = [[int(i == j) for j in range(network.n + 1)] for i in range(network.n)]
        return cls._of(network, 0, inputs, 1)

    @classmethod
    def _of(cls, network: DenseNetwork, layer: int, inputs: list[Vector], denominator: int) -> Piece:
        """W times the inputs, plus b."""
        weights = network.layers[layer]
        width = len(weights.W[0]) + 1
        flat = [value for row, bias in zip(weights.W, weights.b, strict=True) for value in (*row, bias)]
        entries, factor = over_one_denominator(flat)
        one = [0] * network.n + [denominator]
        columns = list(zip(*inputs, one, strict=True))
        sums: list[Vector] = [
            [sum(map(mul, entries[k : k + width], column)) for column in columns] for k in range(0, len(flat), width)
        ]
        return cls._reduced(network, layer, sums, denominator * factor)

    @classmethod
    def _reduced(cls, network: DenseNetwork, layer: int, rows: list[Vector], denominator: int) -> Piece:
        content = math.gcd(denominator, *(value for row in rows for value in row))
        return cls(network, layer, [[value // content for value in row] for row in rows], denominator // content)

    def outputs(self, signs: Sequence[int]) -> tuple[list[Vector], int]:
        """The layer's outputs over one denominator; one sign for each of its neurons."""
        slopes = self._network.layers[self.layer].slopes
        left = iter(signs)
        factors, common = over_one_denominator(
            [slope if slope != 1 and next(left) < 0 else Fraction(1) for slope in slopes]
        )
        rows: list[Vector] = [[factor * value for value in row] for factor, row in zip(factors, self.sums, strict=True)]
        return rows, self.denominator * common

    def next(self, signs: Sequence[int]) -> Piece:
        """The pre-activations of the layer behind it."""
        return self._of(self._network, self.layer + 1, *self.outputs(signs))


# ------------------------------------------------------------------ graph
# certificates-network.md, section "Networks as graphs": steps, forms of values, intervals, what steps tell.

MOST_AFFINE_STEPS = 200  # one after the other
Ends = tuple[Fraction | None, Fraction | None]
NO_ENDS: Ends = (None, None)
Told = tuple[tuple[int, Fraction], ...]  # signs and shifts: ReLU(sign z + shift) is told
TELLS_ALL: Told = ((1, Fraction(0)), (-1, Fraction(0)))
Term = tuple[int, int, int]  # the entry of the k-th value that is read, times an integer: (k, entry, factor)
Terms = tuple[Sequence[Term], int, int]  # their sum plus a constant, over a positive denominator
ENDS_OF_NAMES: dict[str, Ends] = {
    "sigmoid": (Fraction(0), Fraction(1)),
    "tanh": (Fraction(-1), Fraction(1)),
    "softplus": (Fraction(0), None),
    "exp": (Fraction(0), None),
    "sqrt": (Fraction(0), None),
    "elu": (Fraction(-1), None),
}


@dataclass(frozen=True, slots=True)
class GraphDigest:
    """A graph that was given, by its digest."""

    sha256: str


@dataclass(frozen=True, slots=True)
class GraphStep(ABC):
    """A step: the values that it reads, and the number of entries of its own."""

    reads: tuple[int, ...]
    size: int


class AffineStep(GraphStep):
    """An affine map of what it reads."""

    __slots__ = ()

    @abstractmethod
    def terms(self, i: int) -> Terms:
        """Entry i in terms of the entries of what it reads."""

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        """The values that follow from its own, and from those that are known."""
        return ()


@dataclass(frozen=True, slots=True)
class DenseStep(AffineStep):
    """W u + b for each block of n entries."""

    rows: Sequence[Row]
    n: int

    def terms(self, i: int) -> Terms:
        block, r = divmod(i, len(self.rows))
        form = self.rows[r].form()
        terms = [(0, block * self.n + j, value) for j, value in form.nonzero.items()]
        return terms, form.constant, form.denominator


@dataclass(frozen=True, slots=True)
class ConvolutionStep(AffineStep):
    """The rows of the unrolled layer."""

    rows: MadeRows

    def terms(self, i: int) -> Terms:
        form = self.rows.form(i)
        return [(0, j, value) for j, value in form.nonzero.items()], form.constant, form.denominator


@dataclass(frozen=True, slots=True)
class ScaleStep(AffineStep):
    """s v_i + t."""

    each: int
    scale: Sequence[Fraction]
    shift: Sequence[Fraction]

    def terms(self, i: int) -> Terms:
        k = i // self.each % len(self.scale)
        s, t = self.scale[k], self.shift[k]
        common = math.lcm(s.denominator, t.denominator)
        return [(0, i, int(s * common))], int(t * common), common

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        return self.reads if all(self.scale) else ()


@dataclass(frozen=True, slots=True)
class SumStep(AffineStep):
    """Values with signs."""

    signs: Sequence[int]

    def terms(self, i: int) -> Terms:
        return [(k, i, sign) for k, sign in enumerate(self.signs)], 0, 1

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        left = {v for v in self.reads if not known[v]}
        total = sum(sign for v, sign in zip(self.reads, self.signs, strict=True) if v in left)
        return tuple(left) if len(left) == 1 and total else ()


@dataclass(frozen=True, slots=True)
class MeanStep(AffineStep):
    """Sums over windows, each over a number."""

    places: Sequence[Sequence[int]]
    counts: Sequence[int]

    def terms(self, i: int) -> Terms:
        return [(0, j, 1) for j in self.places[i] if j >= 0], 0, self.counts[i]


@dataclass(frozen=True, slots=True)
class MoveStep(AffineStep):
    """Entries at new places, or a number."""

    places: Sequence[int]
    fill: Fraction

    def terms(self, i: int) -> Terms:
        j = self.places[i]
        return ([(0, j, 1)], 0, 1) if j >= 0 else ([], self.fill.numerator, self.fill.denominator)

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        seen = {j for j in self.places if j >= 0}
        return self.reads if len(seen) == sizes[self.reads[0]] else ()


@dataclass(frozen=True, slots=True)
class JoinStep(AffineStep):
    """Values one behind the other; `starts` of each."""

    starts: Sequence[int]

    def terms(self, i: int) -> Terms:
        k = bisect_right(self.starts, i) - 1
        return [(k, i - self.starts[k], 1)], 0, 1

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        return self.reads


@dataclass(frozen=True, slots=True)
class ConstantStep(AffineStep):
    """A list of numbers."""

    value: Sequence[Fraction]

    def terms(self, i: int) -> Terms:
        return [], self.value[i].numerator, self.value[i].denominator


class EntryStep(GraphStep):
    """A function of each entry."""

    __slots__ = ()

    @abstractmethod
    def tells(self, i: int, ends: Ends) -> Told:
        """What its entry i tells of the one that it reads, which has these ends."""

    @abstractmethod
    def image(self, i: int, ends: Ends) -> Ends:
        """The ends of its entry i."""


@dataclass(frozen=True, slots=True)
class LeakyStep(EntryStep):
    """max(z, 0) + s min(z, 0)."""

    each: int
    slopes: Sequence[Fraction]

    def slope(self, i: int) -> Fraction:
        return self.slopes[i // self.each % len(self.slopes)]

    def tells(self, i: int, ends: Ends) -> Told:
        (low, high), s = ends, self.slope(i)
        if s > 0 or (low is not None and low >= 0) or (high is not None and high <= 0 and s):
            return TELLS_ALL
        return () if s else TELLS_ALL[:1]

    def image(self, i: int, ends: Ends) -> Ends:
        s = self.slope(i)
        low, high = (None if end is None else max(end, Fraction(0)) + s * min(end, Fraction(0)) for end in ends)
        if s > 0:
            return low, high
        if s == 0:
            return Fraction(0) if low is None else low, high
        if low is None or high is None:
            return Fraction(0), None
        return _image_of_valley((low, high), ends)


def _image_of_valley(images: tuple[Fraction, Fraction], ends: Ends) -> Ends:
    """Of a function that falls to 0 at 0 and then rises, from those of the ends."""
    crosses = ends[0] is not None and ends[1] is not None and ends[0] <= 0 <= ends[1]
    return Fraction(0) if crosses else min(images), max(images)


@dataclass(frozen=True, slots=True)
class ClipStep(EntryStep):
    """min(max(z, low), high)."""

    low: Fraction | None
    high: Fraction | None

    def tells(self, i: int, ends: Ends) -> Told:
        low_acts = self.low is not None and (ends[0] is None or ends[0] < self.low)
        high_acts = self.high is not None and (ends[1] is None or ends[1] > self.high)
        if low_acts:
            return () if high_acts else ((1, -(self.low or Fraction(0))),)
        return ((-1, self.high or Fraction(0)),) if high_acts else TELLS_ALL

    def shift(self, sign: int) -> Fraction | None:
        """That of the function of the bound below, or above; None if that is not there."""
        if sign < 0:
            return self.high
        return None if self.low is None else -self.low

    def _clipped(self, z: Fraction) -> Fraction:
        z = z if self.low is None else max(z, self.low)
        return z if self.high is None else min(z, self.high)

    def image(self, i: int, ends: Ends) -> Ends:
        low, high = (end if outer is None else outer for outer, end in zip(ends, (self.low, self.high), strict=True))
        return None if low is None else self._clipped(low), None if high is None else self._clipped(high)


class SquareStep(EntryStep):
    """z^2."""

    __slots__ = ()

    def tells(self, i: int, ends: Ends) -> Told:
        one_sided = (ends[0] is not None and ends[0] >= 0) or (ends[1] is not None and ends[1] <= 0)
        return TELLS_ALL if one_sided else ()

    def image(self, i: int, ends: Ends) -> Ends:
        if ends[0] is None or ends[1] is None:
            return Fraction(0), None
        return _image_of_valley((ends[0] ** 2, ends[1] ** 2), ends)


@dataclass(frozen=True, slots=True)
class NamedStep(EntryStep):
    """A function that is one-to-one."""

    name: str

    def tells(self, i: int, ends: Ends) -> Told:
        return TELLS_ALL

    def image(self, i: int, ends: Ends) -> Ends:
        return ENDS_OF_NAMES.get(self.name, NO_ENDS)


@dataclass(frozen=True, slots=True)
class MaximumStep(GraphStep):
    """The largest entry of each window."""

    places: Sequence[Sequence[int]]


class OtherStep(GraphStep):
    """Any function."""

    __slots__ = ()


class Graph:
    """Inputs, steps and outputs on a domain; forms and intervals are made when they are asked for."""

    def __init__(
        self, inputs: Sequence[int], steps: Sequence[GraphStep], outputs: Sequence[int], domain: Domain
    ) -> None:
        self.inputs, self.steps, self.outputs, self.domain = len(inputs), steps, outputs, domain
        self.sizes = [*inputs, *(step.size for step in steps)]
        self.base: dict[int, int] = {}  # the column of the first entry of each atom, among those of all atoms
        self._forms: dict[tuple[int, int], Form] = {}
        self._ends: dict[int, list[Ends]] = {}
        self._column_ends: list[Ends] = []
        self._place_atoms()

    def _place_atoms(self) -> None:
        depths: list[int] = []
        for v, size in enumerate(self.sizes):
            step = self.step(v)
            if isinstance(step, AffineStep):
                depths.append(1 + max((depths[read] for read in step.reads), default=0))
                if depths[-1] > MOST_AFFINE_STEPS:
                    raise Unreadable(f"graph: more than {MOST_AFFINE_STEPS} affine steps, one after the other")
            else:
                depths.append(0)
                self.base[v] = len(self._column_ends)
                self._column_ends += [NO_ENDS] * size

    def step(self, v: int) -> GraphStep | None:
        """The step of a value; None for an input."""
        return self.steps[v - self.inputs] if v >= self.inputs else None

    def forget(self) -> None:
        """The forms that were made: they can be many."""
        self._forms.clear()

    # ------------------------------------------------------------------ forms

    def form(self, v: int, i: int) -> Form:
        """Entry i of a value in terms of the columns of all atoms."""
        if v in self.base:
            return Form({self.base[v] + i: 1}, 0, 1)
        found = self._forms.get((v, i))
        if found is None:
            found = self._forms[v, i] = self._made(v, i)
        return found

    def _made(self, v: int, i: int) -> Form:
        step = self.step(v)
        if not isinstance(step, AffineStep):
            raise TypeError(f"value {v} is an atom")
        terms, constant, denominator = step.terms(i)
        parts = [(self.form(step.reads[k], j), factor) for k, j, factor in terms]
        common = math.lcm(*(form.denominator for form, _ in parts))
        sums: dict[int, int] = {}
        constant *= common
        for form, factor in parts:
            scaled = factor * (common // form.denominator)
            constant += scaled * form.constant
            for column, value in form.nonzero.items():
                sums[column] = sums.get(column, 0) + scaled * value
        return Form({column: value for column, value in sums.items() if value}, constant, denominator * common)

    # ------------------------------------------------------------------ intervals

    def ends(self, v: int) -> list[Ends]:
        """The interval of each entry."""
        waiting = [v]
        while waiting:
            current = waiting[-1]
            missing = [] if current in self._ends else [u for u in self._needed(current) if u not in self._ends]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if current not in self._ends:
                self._ends[current] = self._ends_of(current)
                if current in self.base:
                    start = self.base[current]
                    self._column_ends[start : start + self.sizes[current]] = self._ends[current]
        return self._ends[v]

    def _needed(self, v: int) -> Sequence[int]:
        """The values whose ends give those of this one: the atoms of an affine one, what an atom reads."""
        step = self.step(v)
        if not isinstance(step, AffineStep):
            return () if step is None or isinstance(step, OtherStep | NamedStep) else step.reads
        atoms, open_values, seen = set[int](), [v], {v}
        while open_values:
            current = open_values.pop()
            inner = self.step(current)
            if not isinstance(inner, AffineStep):
                atoms.add(current)
                continue
            open_values += [read for read in dict.fromkeys(inner.reads) if read not in seen]
            seen.update(inner.reads)
        return sorted(atoms)

    def _ends_of(self, v: int) -> list[Ends]:
        step, count = self.step(v), range(self.sizes[v])
        if step is None:
            return self._ends_of_input(v)
        if isinstance(step, AffineStep):
            return [self._ends_of_form(self.form(v, i)) for i in count]
        if isinstance(step, EntryStep):
            read = [NO_ENDS] * len(count) if isinstance(step, NamedStep) else self._ends[step.reads[0]]
            return [step.image(i, read[i]) for i in count]
        if isinstance(step, MaximumStep):
            read = self._ends[step.reads[0]]
            return [_ends_of_largest([read[j] for j in window if j >= 0]) for window in step.places]
        return [NO_ENDS] * len(count)

    def _ends_of_input(self, v: int) -> list[Ends]:
        start, size = sum(self.sizes[:v]), self.sizes[v]
        if isinstance(self.domain, Orthant):
            return [(Fraction(0), None)] * size
        if not isinstance(self.domain, Box):
            return [NO_ENDS] * size
        sides = [side[start : start + size] for side in (self.domain.lower, self.domain.upper)]
        lower, upper = ([Fraction(value, self.domain.denominator) for value in side] for side in sides)
        return list(zip(lower, upper, strict=True))

    def _ends_of_form(self, form: Form) -> Ends:
        low: Fraction | None = Fraction(form.constant)
        high: Fraction | None = low
        for column, value in form.nonzero.items():
            ends = self._column_ends[column]
            first, last = ends if value > 0 else ends[::-1]
            low = None if low is None or first is None else low + value * first
            high = None if high is None or last is None else high + value * last
        scaled = (None if end is None else end / form.denominator for end in (low, high))
        lowest, highest = scaled
        return lowest, highest

    # ------------------------------------------------------------------ what is told

    def read_by(self, v: int) -> int:
        """The value z of which `v` tells something: what its step reads, or itself."""
        step = self.step(v)
        return step.reads[0] if isinstance(step, EntryStep) else v

    def tells(self, v: int, i: int) -> Told:
        """What the value tells of entry i of z."""
        step = self.step(v)
        if isinstance(step, AffineStep):
            return TELLS_ALL
        if not isinstance(step, EntryStep):
            return ()
        if isinstance(step, NamedStep) or (isinstance(step, LeakyStep) and step.slope(i) > 0):
            return TELLS_ALL
        return step.tells(i, self.ends(step.reads[0])[i])


def _ends_of_largest(window: Sequence[Ends]) -> Ends:
    lows = [low for low, _ in window if low is not None]
    highs = [high for _, high in window if high is not None]
    return max(lows) if lows else None, max(highs) if len(highs) == len(window) else None


# ------------------------------------------------------------------ dependencies
# Positive dependencies of vectors, certificates-network.md: unique up to a factor, all coefficients positive.

def integer_kernel(rows: Sequence[Sequence[int]], columns: int) -> list[Vector]:
    """A basis of the integer vectors that are orthogonal to all rows.

    One row after the other: of the vectors so far, one that is not orthogonal to it clears the others and goes.
    """
    basis: list[Vector] = [[int(i == j) for j in range(columns)] for i in range(columns)]
    for row in rows:
        products = [sum(map(mul, row, vector)) for vector in basis]
        pivot = min((k for k, product in enumerate(products) if product), key=lambda k: abs(products[k]), default=None)
        if pivot is None:
            continue
        a, eliminated = products[pivot], basis[pivot]
        basis = [
            _cleared(vector, a, eliminated, product) if product else vector
            for k, (vector, product) in enumerate(zip(basis, products, strict=True))
            if k != pivot
        ]
        if not basis:
            break
    return basis


def _cleared(vector: Vector, a: int, eliminated: Vector, product: int) -> Vector:
    combined = [a * p - product * q for p, q in zip(vector, eliminated, strict=True)]
    content = math.gcd(*combined)
    return combined if content < 2 else [value // content for value in combined]


def positive_dependency(vectors: Sequence[Sequence[int]]) -> list[int] | None:
    """The coefficients, or None if there is no such dependency."""
    if not vectors:
        return None
    kernel = integer_kernel(list(zip(*vectors, strict=True)), len(vectors))
    if len(kernel) != 1:
        return None
    sign = 1 if kernel[0][0] > 0 else -1
    coefficients = [sign * value for value in kernel[0]]
    return coefficients if min(coefficients) > 0 else None


# ------------------------------------------------------------------ definite
# Whether a symmetric integer matrix is positive definite, exactly.
#
# Small ones by elimination. For large ones its numbers would grow too long: an integer L with L L^T a little below the
# matrix is computed as in Cholesky's method, rounding down, and if the exact difference is strictly diagonally dominant
# with a positive diagonal, the matrix is a sum of a semidefinite and a definite one. How L came about is of no concern.

_ELIMINATED, _ELIMINATED_AT_MOST = 24, 64  # rows: at once, and if the other way fails
_FACTOR_BITS = 60


def is_definite(matrix: Sequence[Vector]) -> bool | None:
    """None if the matrix is large, and so close to a singular one that it is not decided."""
    size = len(matrix)
    if min(matrix[i][i] for i in range(size)) <= 0:
        return False
    if size <= _ELIMINATED:
        return _by_elimination(matrix)
    if _by_factor(matrix):
        return True
    return _by_elimination(matrix) if size <= _ELIMINATED_AT_MOST else None


def is_semidefinite(matrix: Sequence[Vector]) -> bool:
    """No eigenvalue is negative: by elimination (Bareiss); a zero on the diagonal comes with a row of zeros."""
    rows, divisor = [list(row) for row in matrix], 1
    while rows:
        head = rows[0]
        pivot = head[0]
        tail = head[1:]
        if pivot < 0 or (not pivot and any(tail)):
            return False
        if not pivot:
            rows = [row[1:] for row in rows[1:]]
            continue
        rows = [[(pivot * p - row[0] * q) // divisor for p, q in zip(row[1:], tail, strict=True)] for row in rows[1:]]
        divisor = pivot
    return True


def _by_elimination(matrix: Sequence[Vector]) -> bool:
    """All leading minors are positive (Bareiss)."""
    rows, divisor = [list(row) for row in matrix], 1
    while rows:
        head = rows[0]
        pivot = head[0]
        if pivot <= 0:
            return False
        tail = head[1:]
        rows = [[(pivot * p - row[0] * q) // divisor for p, q in zip(row[1:], tail, strict=True)] for row in rows[1:]]
        divisor = pivot
    return True


def _by_factor(matrix: Sequence[Vector]) -> bool:
    """Rows and columns are scaled by powers of two first, so that the diagonal is about 4^_FACTOR_BITS."""
    size = len(matrix)
    shifts = [_FACTOR_BITS - matrix[i][i].bit_length() // 2 for i in range(size)]
    lift = max(0, -2 * min(shifts))
    scaled = [[value << (shifts[i] + shifts[j] + lift) for j, value in enumerate(row)] for i, row in enumerate(matrix)]
    factor = _rounded_factor([[value >> lift for value in row] for row in scaled])
    if factor is None:
        return False
    for i, row in enumerate(scaled):
        products = (sum(map(mul, factor[i], other)) for other in factor)  # rows of L end at the diagonal
        rest = [value - (product << lift) for value, product in zip(row, products, strict=True)]
        if 2 * rest[i] <= sum(map(abs, rest)):
            return False
    return True


def _rounded_factor(matrix: Sequence[Vector]) -> list[list[int]] | None:
    """The rows of L, each up to its diagonal entry; None where a square root fails."""
    size = len(matrix)
    room = 4 * size << _FACTOR_BITS
    rows: list[list[int]] = []
    for i in range(size):
        row: list[int] = []
        for j in range(i):
            row.append((matrix[i][j] - sum(map(mul, row, rows[j]))) // rows[j][j])
        square = matrix[i][i] - room - sum(map(mul, row, row))
        if square <= 0:
            return None
        row.append(math.isqrt(square))
        if not row[-1]:
            return None
        rows.append(row)
    return rows


# ------------------------------------------------------------------ rules/collision
# Rule "collision": two points of K, different, with one image.

@dataclass(frozen=True, slots=True)
class Points:
    """The points x and y of a proof."""

    x: list[Fraction]
    y: list[Fraction]


def require_two_inside(points: Points, domain: Domain, rule: str) -> None:
    """Raises Rejected unless the points are different and lie in K."""
    if points.x == points.y:
        raise Rejected(Reason.POINTS, f"{rule}: x and y are equal")
    for name, point in (("x", points.x), ("y", points.y)):
        if not domain.contains(point):
            raise Rejected(Reason.POINTS, f"{rule}: {name} does not lie in the domain {domain.type}")


def check_collision(points: Points, domain: Domain, rows: list[Row]) -> str:
    """For the rows of a layer."""
    require_two_inside(points, domain, "collision")
    x_scaled, x_factor = over_one_denominator([*points.x, Fraction(1)])
    y_scaled, y_factor = over_one_denominator([*points.y, Fraction(1)])
    for i, row in enumerate(rows):  # max(g_i, 0) at both, times the denominator and both factors
        at_x = max(sum(map(mul, row.entries, x_scaled)), 0) * y_factor
        at_y = max(sum(map(mul, row.entries, y_scaled)), 0) * x_factor
        if at_x != at_y:
            raise Rejected(Reason.POINTS, f"collision: row {i} has different outputs at x and at y")
    return f"x and y differ, lie in {domain.type} and have the same output in all {len(rows)} rows"


def check_collision_of(
    points: Points, domain: Domain, outputs: Callable[[Sequence[Fraction]], Sequence[Fraction]]
) -> str:
    """For any map that can be evaluated."""
    require_two_inside(points, domain, "collision")
    pairs = enumerate(zip(outputs(points.x), outputs(points.y), strict=True))
    i = next((i for i, (at_x, at_y) in pairs if at_x != at_y), None)
    if i is not None:
        raise Rejected(Reason.POINTS, f"collision: output {i} differs at x and at y")
    return f"x and y differ, lie in {domain.type} and have the same output"


def _windows(axis: Axis, size: int) -> Iterator[tuple[str, Reads]]:
    for window in range(axis.windows(size)):
        yield str(window), axis.reads(window, size)


def check_collision_at(points: Points, domain: Domain, kernels: Kernels, size: Sequence[int]) -> str:
    """For a convolution at one size: window by window, without the rows of the unrolled layer."""
    require_two_inside(points, channel_cut(domain, 0, math.prod(size))(range(len(points.x))), "collision")
    windows = []
    for axis, length in zip(kernels.axes, size, strict=True):
        require_room(axis.windows(length) * axis.taps, "the windows")
        windows.append(_windows(axis, length))
    TwoInputs(kernels, size, [points.x, points.y]).require_equal_outputs(windows, "collision")
    return f"x and y differ, lie in {domain.type} and have the same output in all windows"


# ------------------------------------------------------------------ rules/flat_tree
# Rule "flat-tree": refuters, and a tree of flats that read one refuter at each node.

@dataclass(frozen=True, slots=True)
class FlatTree:
    """What the proof holds, each to be taken once and in this order; all multipliers are positive."""

    refuters: Iterator[Entry]
    tokens: Iterator[int]


def support_of_refuter(refuter: Combination, number: int, functions: Functions) -> tuple[int, ...]:
    """A refuter: sum_i lambda_i g_i is nonnegative on K. Returns its support, which is among the first m rows."""
    domain = functions.domain
    form = refuter.form(functions.named, Reason.REFUTER, f"refuter {number}") if refuter.indices else []
    support = tuple(i for i in refuter.indices if i < functions.m)
    if not support:
        raise Rejected(Reason.REFUTER, f"refuter {number}: names halfspaces of the domain only, no row of the layer")
    if not domain.nonnegative(form):
        raise Rejected(Reason.REFUTER, f"refuter {number}: the sum of lambda_i g_i is not nonnegative on {domain.type}")
    return support


class _FlatTreeWalk(TreeWalk):
    """The reader of a flat tree."""

    def __init__(self, tokens: Iterator[int], supports: list[tuple[int, ...]], rows: Rows) -> None:
        super().__init__(tokens)
        self.supports, self.rows = supports, rows

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(self.take(), unit_vectors(n), 1)
        while self.stack:
            node = self.stack[-1]
            i = next(node.children, None)
            if i is None:
                self.leave()
            elif i not in self.excluded:
                token = self.take()
                if token < 0:
                    self.vacuous(token, i, node.basis)
                    self.exclude(i)
                else:
                    self.path.append(i)
                    self.enter(token, *annihilator(node.basis, node.divisor, self.rows[i]))
        return self.finish()

    def enter(self, token: int, basis: list[Vector], divisor: int) -> None:
        """read_node: the refuter is disjoint from span(A); no children when |A| + 1 = n."""
        if not 0 <= token < len(self.supports):
            raise self.rejected(f"there is no refuter {show(token)}")
        support = self.supports[token]
        for i in support:
            if self.rows[i].is_orthogonal(basis):
                raise self.rejected(f"row {i} lies in the span of {listed(self.path)}")
        self.stack.append(Node(iter(support if len(basis) > 1 else ()), basis, divisor))

    def vacuous(self, token: int, i: int, basis: list[Vector]) -> None:
        """A vacuous child: w_k - c w_i is orthogonal to the annihilator of A for some number c."""
        k = -token - 1
        if k not in self.excluded:
            raise self.rejected(f"row {show(k)} is not excluded")
        products = list(zip(self.rows[i].products(basis), self.rows[k].products(basis), strict=True))
        a, b = next(pair for pair in products if pair[0])
        if any(a * q != b * p for p, q in products):
            raise self.rejected(f"row {k} does not lie in the span of {listed([*self.path, i])}")


def check_flat_tree(proof: FlatTree, domain: Domain, rows: Rows, n: int) -> str:
    """Every refuter, then the tree."""
    functions = Functions(rows, domain, n)
    supports = [
        support_of_refuter(functions.explicit(entry, Reason.REFUTER, f"refuter {k}"), k, functions)
        for k, entry in enumerate(proof.refuters)
    ]
    require_enough_rows(rows, n)
    tokens = _FlatTreeWalk(proof.tokens, supports, rows).read(n)
    return f"{len(supports)} refuters and the tree of {tokens} tokens are correct"


# ------------------------------------------------------------------ rules/sign_split
# Rule "sign-split": circuits, and a tree that splits by the signs of the rows.

Signs = tuple[tuple[int, ...], tuple[int, ...]]  # the rows with lambda_i > 0, the rows with lambda_i < 0


@dataclass(frozen=True, slots=True)
class SignSplit:
    """What the proof holds, each to be taken once and in this order; no multiplier is 0."""

    circuits: Iterator[Entry]
    tokens: Iterator[int]


def signs_of(entry: Entry, number: int, functions: Functions) -> Signs:
    """A circuit: F = sum_i lambda_i g_i is nonnegative on K; some lambda_i is positive or F is not zero."""
    place, named = f"circuit {number}", functions.named
    circuit, signs = circuit_of(entry, place, functions)
    factors = [factor for factor in circuit.multipliers if factor < 0]  # of rows of the layer, as all others are not
    if not signs[0] and not any(total_of(factors, [named[i] for i in signs[1]])[0]):
        raise Rejected(Reason.CIRCUIT, f"{place}: no multiplier is positive and the sum of lambda_i g_i is zero")
    return signs


def circuit_of(entry: Entry, place: str, functions: Functions) -> tuple[Combination, Signs]:
    """A combination with a row of the layer, halfspaces with positive multipliers, and a sum nonnegative on K."""
    domain, m = functions.domain, functions.m
    circuit = functions.explicit(entry, Reason.CIRCUIT, place)
    form = circuit.form(functions.named, Reason.CIRCUIT, place) if circuit.indices else []
    pairs = list(zip(*circuit, strict=True))
    positive = tuple(i for i, factor in pairs if i < m and factor > 0)
    negative = tuple(i for i, factor in pairs if factor < 0)
    if any(i >= m for i in negative):
        raise Rejected(Reason.CIRCUIT, f"{place}: a halfspace of the domain has a negative multiplier")
    if not positive and not negative:
        raise Rejected(Reason.CIRCUIT, f"{place}: names halfspaces of the domain only, no row of the layer")
    if not domain.nonnegative(form):
        raise Rejected(Reason.CIRCUIT, f"{place}: the sum of lambda_i g_i is not nonnegative on {domain.type}")
    return circuit, (positive, negative)


class SignWalk(TreeWalk):
    """The reader of a tree over signs: `path` is P and `excluded` is Q of the innermost node."""

    def __init__(self, tokens: Iterator[int], circuits: list[Signs], place: str = "tree") -> None:
        super().__init__(tokens, place)
        self.circuits = circuits

    def positive_rows(self, token: int) -> tuple[int, ...]:
        """Of the circuit that a token names. Raises Rejected unless there is one that fits P."""
        if not 0 <= token < len(self.circuits):
            raise self.rejected(f"there is no circuit {show(token)}")
        positive, negative = self.circuits[token]
        for i in negative:
            if i not in self.path:
                raise self.rejected(f"row {i} is not known to be nonnegative")
        for i in positive:
            if i in self.path:
                raise self.rejected(f"row {i} is known to be nonnegative")
        return positive


class _SignSplitWalk(SignWalk):
    """The reader of a sign-split tree."""

    def __init__(self, tokens: Iterator[int], circuits: list[Signs], rows: Rows) -> None:
        super().__init__(tokens, circuits)
        self.rows = rows

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(unit_vectors(n), 1)
        while self.stack:
            node = self.stack[-1]
            i = next(node.children, None)
            if i is None and node.goes_on:
                self.open(node)
            elif i is None:
                self.leave()
            elif i not in self.excluded:
                self.child(node, i)
        return self.finish()

    def enter(self, basis: list[Vector], divisor: int) -> None:
        """read_node for rows P that do not span, given their annihilator."""
        self.stack.append(Node(iter(()), basis, divisor))
        self.open(self.stack[-1])

    def child(self, node: Node, i: int) -> None:
        """read_node(P + i, Q), which is empty if P + i has rank n; then Q = Q + i."""
        adds_rank = not self.rows[i].is_orthogonal(node.basis)
        if adds_rank and len(node.basis) == 1:
            self.exclude(i)
            return
        self.path.append(i)
        self.enter(*(annihilator(node.basis, node.divisor, self.rows[i]) if adds_rank else (node.basis, node.divisor)))

    def open(self, node: Node) -> None:
        """A token: a row to split at, after which the node goes on with that row in Q, or a circuit."""
        token = self.take()
        if token < 0:
            i = -token - 1
            if i >= len(self.rows) or i in self.excluded or i in self.path:
                raise self.rejected(f"row {show(i)} is not a row without a sign")
            node.children, node.goes_on = iter((i,)), True
            return
        node.children, node.goes_on = iter(self.positive_rows(token)), False


def check_sign_split(proof: SignSplit, domain: Domain, rows: Rows, n: int) -> str:
    """Every circuit, then the tree."""
    functions = Functions(rows, domain, n)
    circuits = [signs_of(entry, k, functions) for k, entry in enumerate(proof.circuits)]
    require_enough_rows(rows, n)
    tokens = _SignSplitWalk(proof.tokens, circuits, rows).read(n)
    return f"{len(circuits)} circuits and the tree of {tokens} tokens are correct"


# ------------------------------------------------------------------ rules/packing
# Rule "packing": pairwise disjoint refuters, and how far the rows may change.

FIXED_POINT_BITS = 60


@dataclass(frozen=True, slots=True)
class Packing:
    """What the proof holds: epsilon or None, then the refuters, each to be taken once."""

    epsilon: Fraction | None
    refuters: Iterator[Entry]


def check_packing(proof: Packing, domain: Domain, rows: Rows, n: int) -> str:
    """Every refuter, that they are disjoint and enough, and that n of them bear the change."""
    if proof.epsilon is not None and not isinstance(domain, Space):
        raise Rejected(Reason.PACKING, f"epsilon: a number for a layer on {domain.type}, only null can stand there")
    functions = Functions(rows, domain, n)
    has_bias = any(rows[i].entries[-1] for i in range(len(rows)))
    used: dict[int, int] = {}
    count = lasting = 0
    for count, entry in enumerate(proof.refuters, start=1):
        refuter = functions.explicit(entry, Reason.REFUTER, f"refuter {count - 1}")
        for i in support_of_refuter(refuter, count - 1, functions):
            if i in used:
                raise Rejected(Reason.PACKING, f"refuter {count - 1}: names row {i}, which refuter {used[i]} has")
            used[i] = count - 1
        if proof.epsilon is not None and lasting < n:
            lasting += bears(refuter, [rows[i] for i in refuter.indices], proof.epsilon, has_bias=has_bias)
    if count < n:
        raise Rejected(Reason.PACKING, f"there are {count} refuters, expected n = {n} or more")
    if proof.epsilon is not None and lasting < n:
        raise Rejected(Reason.PACKING, f"{lasting} refuters bear the change epsilon, expected n = {n} or more")
    nearby = "" if proof.epsilon is None else f", {n} of them after every change of the entries up to epsilon too"
    return f"{count} refuters are correct and disjoint{nearby}; injective if any {n} rows are independent"


def bears(refuter: Combination, rows: list[Row], epsilon: Fraction, *, has_bias: bool) -> bool:
    """Whether the multipliers stay positive: q < 1 and q max(mu) < (1 - q) min(mu) with q = (d + 1) eps S |M^-1|."""
    columns = [[Fraction(value, row.denominator) for value in row.entries] for row in rows]
    multipliers = [Fraction(value) for value in refuter.multipliers]
    free = len(columns)
    if not has_bias:
        columns = [column[:-1] for column in columns]
    else:
        total, common = total_of(refuter.multipliers, rows)
        if total[-1]:  # the row (0, -1) makes the sum zero
            columns.append([Fraction(0)] * (len(columns[0]) - 1) + [Fraction(-1)])
            multipliers.append(Fraction(total[-1], common))
    size = len(columns)
    if len(columns[0]) != size - 1 or not all(map(any, columns)):
        return False
    scales = [_power_of_two(column) for column in columns]
    weights = [value / scale for value, scale in zip(multipliers, scales, strict=True)]
    norm = _inverse_norm([[value * scale for value in column] for column, scale in zip(columns, scales, strict=True)])
    if norm is None:
        return False
    q = size * epsilon * max(scales[:free]) * norm
    return q < 1 and q * max(weights) < (1 - q) * min(weights)


def _power_of_two(column: list[Fraction]) -> Fraction:
    """One that brings the largest entry to about 1."""
    largest = max(map(abs, column))
    shift = largest.numerator.bit_length() - largest.denominator.bit_length()
    return Fraction(1, 1 << shift) if shift >= 0 else Fraction(1 << -shift)


def _inverse_norm(columns: list[list[Fraction]]) -> Fraction | None:
    """An upper bound of the largest row sum of |M^-1|, M having these columns and a row of ones below.

    With X a float inverse, read as integers over 2^60, it is |X| / (1 - |I - M X|), all exact.
    """
    size = len(columns)
    lines = [[column[j] for column in columns] for j in range(size - 1)] + [[Fraction(1)] * size]
    inverse = _float_inverse([[float(value) for value in line] for line in lines])
    if inverse is None:
        return None
    scaled = [[value * 2.0**FIXED_POINT_BITS for value in line] for line in inverse]
    if not all(math.isfinite(value) for line in scaled for value in line):
        return None
    approximate = [[round(value) for value in line] for line in scaled]
    common = math.lcm(*(value.denominator for column in columns for value in column))
    M = [[value.numerator * (common // value.denominator) for value in line] for line in lines]
    unit, turned = common << FIXED_POINT_BITS, list(zip(*approximate, strict=True))
    residual = max(
        sum(abs((unit if i == j else 0) - sum(map(mul, line, column))) for j, column in enumerate(turned))
        for i, line in enumerate(M)
    )
    if residual >= unit:
        return None
    return Fraction(max(sum(map(abs, line)) for line in approximate), 1 << FIXED_POINT_BITS) / (
        1 - Fraction(residual, unit)
    )


def _float_inverse(lines: list[list[float]]) -> list[list[float]] | None:
    """By elimination with the largest pivots; None where floats meet a zero pivot."""
    size = len(lines)
    work = [[*line, *(float(i == j) for j in range(size))] for i, line in enumerate(lines)]
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(work[i][k]))
        if not work[best][k]:
            return None
        work[k], work[best] = work[best], work[k]
        pivot = work[k] = [value / work[k][k] for value in work[k]]
        for i in range(size):
            factor = work[i][k]
            if i != k and factor:
                work[i] = [value - factor * p for value, p in zip(work[i], pivot, strict=True)]
    return [line[size:] for line in work]


# ------------------------------------------------------------------ rules/blocks
# Rule "blocks": groups of columns with rows that are zero outside, each group proved by itself.

@dataclass(frozen=True, slots=True)
class Block:
    """Columns and rows in increasing order, and the proof of the block layer; to be read in this order."""

    columns: list[int]
    rows: Later[list[int]]
    proof: Later[InjectiveProof]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks, each to be judged before the next one is taken."""

    blocks: Iterator[Block]


InjectiveProof = FlatTree | SignSplit | Blocks


def check_injective(proof: InjectiveProof, cut: Cut, rows: Rows, n: int) -> str:
    """A proof with one of these rules, for rows that may not be in the document."""
    if isinstance(proof, Blocks):
        return check_blocks(proof, cut, rows, n)
    if n * n > ENTRIES:
        raise Unreadable(f"a tree for {n} columns does not fit into memory")
    domain = cut(range(n))
    if isinstance(proof, FlatTree):
        return check_flat_tree(proof, domain, rows, n)
    return check_sign_split(proof, domain, rows, n)


def _require_between(numbers: Sequence[int], count: int, name: str) -> None:
    """Raises Rejected unless the increasing numbers are from 0 to count - 1."""
    if numbers[0] < 0 or numbers[-1] >= count:
        raise Rejected(Reason.BLOCKS, f"{name}: names one outside 0 to {count - 1}")


def _check_block(block: Block, cut: Cut, rows: Rows, n: int) -> None:
    """Its rows are zero outside its columns, and the block layer is injective."""
    columns = block.columns
    _require_between(columns, n, "columns")
    chosen = block.rows()
    _require_between(chosen, len(rows), "rows")
    place = {j: k for k, j in enumerate(columns)}
    for i in chosen:
        outside = next((j for j in form_of(rows, i).nonzero if j not in place), None)
        if outside is not None:
            raise Rejected(Reason.BLOCKS, f"row {i} is not zero in column {outside}")

    def form(k: int) -> Form:
        nonzero, constant, denominator = form_of(rows, chosen[k])
        return Form({place[j]: value for j, value in nonzero.items()}, constant, denominator)

    def cut_again(inner: Sequence[int]) -> Domain:
        return cut([columns[k] for k in inner])

    check_injective(block.proof(), cut_again, MadeRows(len(chosen), len(columns), form), len(columns))


def check_blocks(proof: Blocks, cut: Cut, rows: Rows, n: int) -> str:
    """Each block, then that every column is in one."""
    covered, count = set[int](), 0
    for block in proof.blocks:
        with within(f"block {count}"):
            _check_block(block, cut, rows, n)
        covered.update(block.columns)
        count += 1
    if len(covered) < n:
        missing = next(j for j in range(n) if j not in covered)
        raise Rejected(Reason.BLOCKS, f"blocks: no block has column {missing}")
    return f"{count} blocks have all {n} columns, and their proofs are correct"


def check_layer_blocks(proof: Blocks, domain: Domain, rows: Rows, n: int) -> str:
    """For a layer: not on a polytope."""
    if domain.halfspaces:
        raise Rejected(Reason.DOMAIN, "blocks: the domain is a polytope")
    return check_blocks(proof, domain.cut, rows, n)


# ------------------------------------------------------------------ rules/window_packing
# Rule "packing" inside "boxes": disjoint refuters among the windows of a box, each with an input of its own.

def check_window_packing(proof: Packing, domain: Domain, rows: MadeRows, windows: Windows, *, has_bias: bool) -> str:
    """Every refuter, that they are disjoint, along one axis, and that enough of them have columns of their own."""
    if proof.epsilon is not None and not isinstance(domain, Space):
        raise Rejected(Reason.PACKING, f"epsilon: a number for a layer on {domain.type}, only null can stand there")
    functions, used, starts = Functions(rows, domain, rows.n), dict[int, int](), set[tuple[int, ...]]()
    unknown, seen = set(windows.unknown), list[frozenset[int]]()
    for number, entry in enumerate(proof.refuters):
        refuter = functions.explicit(entry, Reason.REFUTER, f"refuter {number}")
        support = support_of_refuter(refuter, number, functions)
        for i in support:
            if i >= windows.count:
                raise Rejected(Reason.PACKING, f"refuter {number}: names row {i}, which is not one of a window")
            if i in used:
                raise Rejected(Reason.PACKING, f"refuter {number}: names row {i}, which refuter {used[i]} has")
            used[i] = number
        starts.update(map(windows.start, support))
        read = [windows.reads(i) for i in support]
        within_reach = sorted(frozenset[int]().union(*read))
        if proof.epsilon is None or bears(
            refuter, [_restricted(rows[i], within_reach) for i in refuter.indices], proof.epsilon, has_bias=has_bias
        ):
            seen.append(read[0].intersection(unknown, *read))
    if sum(len(set(along)) > 1 for along in zip(*starts, strict=True)) > 1:
        raise Rejected(Reason.PACKING, "the windows of the refuters start at different places along more than one axis")
    matched = _matched(seen)
    if matched < len(unknown):
        words = "" if proof.epsilon is None else " that bear the change epsilon"
        raise Rejected(
            Reason.PACKING, f"only {matched} refuters{words} have inputs of their own, expected {len(unknown)}"
        )
    return f"{len(seen)} refuters are correct and disjoint, and {matched} of them have inputs of their own"


def _restricted(row: Row, columns: Sequence[int]) -> Row:
    """The row in these columns, outside of which it is 0."""
    form = row.form()
    place = {j: k for k, j in enumerate(columns)}
    return Row.sparse(form._replace(nonzero={place[j]: value for j, value in form.nonzero.items()}), len(columns))


def _matched(choices: Sequence[frozenset[int]]) -> int:
    """How many of these sets can have a member of their own: augmenting paths, each looked for in breadth."""
    owner: dict[int, int] = {}
    for first in range(len(choices)):
        came_from: dict[int, int] = {}  # a member, and the set on whose behalf it was looked at
        queue, end = [first], None
        while queue and end is None:
            current = queue.pop(0)
            for member in choices[current]:
                if member not in came_from:
                    came_from[member] = current
                    if member not in owner:
                        end = member
                        break
                    queue.append(owner[member])
        while end is not None:
            holder = came_from[end]
            given_up = next((member for member, who in owner.items() if who == holder), None)
            owner[end] = holder
            end = given_up
    return len(owner)


# ------------------------------------------------------------------ rules/stages
# Rule "stages" inside "boxes": groups of columns one after the other, which know the columns of those before.

@dataclass(frozen=True, slots=True)
class Stages:
    """The stages, each to be judged before the next one is taken."""

    stages: Iterator[Block]


def check_stages(proof: Stages, cut: Cut, rows: MadeRows) -> str:
    """Each stage, then that every column is in one."""
    known, count = set[int](), 0
    for stage in proof.stages:
        with within(f"stage {count}"):
            _check_stage(stage, cut, rows, known)
        known.update(stage.columns)
        count += 1
    if len(known) < rows.n:
        missing = next(j for j in range(rows.n) if j not in known)
        raise Rejected(Reason.BLOCKS, f"stages: no stage has column {missing}")
    return f"{count} stages have all {rows.n} columns, and their proofs are correct"


def _check_stage(stage: Block, cut: Cut, rows: MadeRows, known: set[int]) -> None:
    """Its rows are zero outside its columns, and with the known columns the stage layer is injective."""
    columns = stage.columns
    if columns[0] < 0 or columns[-1] >= rows.n:
        raise Rejected(Reason.BLOCKS, f"columns: names one outside 0 to {rows.n - 1}")
    chosen = stage.rows()
    if chosen[0] < 0 or chosen[-1] >= len(rows):
        raise Rejected(Reason.BLOCKS, f"rows: names one outside 0 to {len(rows) - 1}")
    place = {j: k for k, j in enumerate(columns)}
    for i in chosen:
        outside = next((j for j in rows.form(i).nonzero if j not in place), None)
        if outside is not None:
            raise Rejected(Reason.BLOCKS, f"row {i} is not zero in column {outside}")
    seen = [place[j] for j in columns if j in known]

    def form(k: int) -> Form:
        if k >= len(chosen):
            column, negative = divmod(k - len(chosen), 2)
            return Form({seen[column]: -1 if negative else 1}, 0, 1)
        nonzero, constant, denominator = rows.form(chosen[k])
        return Form({place[j]: value for j, value in nonzero.items()}, constant, denominator)

    layer = MadeRows(len(chosen) + 2 * len(seen), len(columns), form)
    check_injective(stage.proof(), lambda inner: cut([columns[k] for k in inner]), layer, len(columns))


# ------------------------------------------------------------------ rules/depth_tree
# Rule "depth-tree": alpha* of every row; a point that attains it, and a tree that shows that nothing is below.

_Round = Ball | NonnegativeBall | Sphere  # the ball with center 0


@dataclass(frozen=True, slots=True)
class RowValue:
    """The stated value sign * sqrt(square); infinity if there is no square."""

    sign: int
    square: Fraction | None


@dataclass(frozen=True, slots=True)
class ShortCombination:
    """A refuter for a value that is not positive: rows and their positive multipliers."""

    rows: list[int]
    multipliers: list[Fraction]


@dataclass(frozen=True, slots=True)
class Cone:
    """A refuter for a positive value: rows whose halfspaces make the cone."""

    rows: list[int]


@dataclass(frozen=True, slots=True)
class RowProof:
    """What the proof holds about one row, in this order; a positive value has cones as refuters."""

    row: Later[int]
    value: Later[RowValue]
    point: Later[list[Fraction] | None]
    refuters: Iterator[ShortCombination | Cone]
    tokens: Iterator[int]


@dataclass(frozen=True, slots=True)
class DepthTree:
    """The rows, each to be judged before the next one is taken."""

    rows: Iterator[RowProof]


@dataclass(frozen=True, slots=True)
class _RowClaim:
    """The claim about row j on K, with radius r: alpha_j = sign * r * sqrt(bound); infinity if `bound` is None."""

    j: int
    sign: int
    bound: Fraction | None
    rows: list[Row]
    n: int
    domain: _Round

    @property
    def row(self) -> Row:
        return self.rows[self.j]

    def excess(self, x: Vector) -> Fraction | int:
        """A number with the sign of r <x, w_j> / |x| - alpha_j; x is not 0."""
        if self.bound is None:
            return -1
        (product,) = self.row.products([x])
        return product * abs(product) - self.sign * self.bound * self.row.denominator**2 * square_of(x)


def _claim_of(proof: RowProof, j: int, rows: list[Row], n: int, domain: _Round) -> _RowClaim:
    """The claim about row j, which the next proof has to be about."""
    if j == len(rows):
        raise Rejected(Reason.VALUE, f"depth-tree: the list goes on after all {len(rows)} rows")
    row = proof.row()
    if row != j:
        raise Rejected(Reason.VALUE, f"row {j}: found row {show(row)} in its place")
    value = proof.value()
    sign, square = value.sign, value.square
    if square is None:
        if sign != 1 or not isinstance(domain, Sphere):
            raise Rejected(Reason.VALUE, f"row {j}: the value is infinity only with sign 1 and on a sphere")
        return _RowClaim(j, sign, None, rows, n, domain)
    if square < 0 or (square == 0) != (sign == 0):
        text = show(rational_text(square))
        raise Rejected(Reason.VALUE, f"row {j}: the sign {sign} and the square {text} are not those of a number")
    if sign == 1 and not isinstance(domain, Sphere):
        raise Rejected(Reason.VALUE, f"row {j}: the value is positive, but the domain contains 0")
    return _RowClaim(j, sign, square / domain.radius**2, rows, n, domain)


def _check_point(point: list[Fraction] | None, claim: _RowClaim, place: str) -> None:
    """The point z: alpha_j is at most what is stated."""
    if point is None or claim.bound is None:
        if point is not None or claim.bound is not None:
            raise Rejected(Reason.VALUE, f"{place}: the point is null exactly if the square is")
        return
    z, _ = over_one_denominator(point)
    if isinstance(claim.domain, NonnegativeBall) and min(z) < 0:
        raise Rejected(Reason.VALUE, f"{place}: the point is not nonnegative")
    if not any(z):
        if isinstance(claim.domain, Sphere) or claim.sign:
            raise Rejected(Reason.VALUE, f"{place}: the point is 0")
        return
    values = [(row.products([z])[0], row.denominator) for row in claim.rows]
    own, factor = values[claim.j]
    above = sum(value * factor > own * denominator for value, denominator in values)
    if above > claim.n - 1:
        raise Rejected(Reason.VALUE, f"{place}: {above} rows are above it at the point, more than {claim.n - 1}")
    if claim.excess(z) != 0:
        raise Rejected(Reason.VALUE, f"{place}: the point does not have the stated value")


def _row_support_of(refuter: ShortCombination | Cone, claim: _RowClaim, place: str) -> tuple[int, ...]:
    """The support of a refuter that holds."""
    require_different(refuter.rows, len(claim.rows), Reason.REFUTER, place)
    if claim.j in refuter.rows:
        raise Rejected(Reason.REFUTER, f"{place}: names row {claim.j} itself")
    if isinstance(refuter, Cone):
        _check_cone(refuter, claim, place)
    else:
        _check_short(refuter, claim, place)
    return tuple(refuter.rows)


def _check_short(refuter: ShortCombination, claim: _RowClaim, place: str) -> None:
    """A refuter if sign <= 0: z = w_j + sum_i lambda_i (w_i - w_j) has r |z| <= |alpha_j|."""
    factors, denominator = over_one_denominator([1 - sum(refuter.multipliers, Fraction(0)), *refuter.multipliers])
    total, common = total_of(factors, [claim.row, *[claim.rows[i] for i in refuter.rows]])
    z = total[:-1]
    length = square_of(negative_part(z) if isinstance(claim.domain, NonnegativeBall) else z)
    if claim.bound is None or length > claim.bound * (denominator * common) ** 2:
        raise Rejected(Reason.REFUTER, f"{place}: the combination of rows is too long")


def _check_cone(refuter: Cone, claim: _RowClaim, place: str) -> None:
    """A refuter if sign = 1: the rays p of {x : <x, w_i> <= <x, w_j>} have r <p, w_j> >= alpha_j |p|."""
    own = claim.row
    normals: list[Vector] = [
        [a * own.denominator - b * row.denominator for a, b in zip(row.entries[:-1], own.entries[:-1], strict=True)]
        for row in (claim.rows[i] for i in refuter.rows)
    ]
    rays = extreme_rays(normals, claim.n)
    if rays is None:
        raise Rejected(Reason.REFUTER, f"{place}: the cone contains a line")
    if any(claim.excess(ray) < 0 for ray in rays):
        raise Rejected(Reason.REFUTER, f"{place}: the cone has a ray on which row {claim.j} is smaller than stated")


class _DepthTreeWalk(TreeWalk):
    """The reader of a depth tree: `path` is S and `excluded` is E of the innermost node."""

    def __init__(self, tokens: Iterator[int], supports: list[tuple[int, ...]], place: str) -> None:
        super().__init__(tokens, place)
        self.supports = supports

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(n)
        while self.stack:
            i = next(self.stack[-1].children, None)
            if i is None:
                self.leave()
            elif i not in self.excluded:
                self.path.append(i)
                self.enter(n)
        return self.finish()

    def enter(self, n: int) -> None:
        """read_node: the support is disjoint from S; no children when |S| = n - 1."""
        token = self.take()
        if not 0 <= token < len(self.supports):
            raise self.rejected(f"there is no refuter {show(token)}")
        support = self.supports[token]
        for i in support:
            if i in self.path:
                raise self.rejected(f"row {i} is known to be above")
        self.stack.append(Node(iter(support if len(self.path) < n - 1 else ())))


def _check_row(proof: RowProof, claim: _RowClaim, n: int) -> int:
    """The point, every refuter, then the tree. Returns the number of tokens."""
    place = f"row {claim.j}"
    _check_point(proof.point(), claim, place)
    supports = [_row_support_of(refuter, claim, f"{place}: refuter {k}") for k, refuter in enumerate(proof.refuters)]
    return _DepthTreeWalk(proof.tokens, supports, f"{place}: tree").read(n)


def check_depth_tree(proof: DepthTree, domain: Domain, rows: list[Row], n: int) -> str:
    """For each row its value and what proves it."""
    if not isinstance(domain, _Round) or (isinstance(domain, Ball) and any(domain.center)):
        raise Rejected(
            Reason.DOMAIN, "depth-tree: the domain is not a ball with center 0, a nonnegative ball or a sphere"
        )
    tokens, count = 0, 0
    for row in proof.rows:
        tokens += _check_row(row, _claim_of(row, count, rows, n, domain), n)
        count += 1
    if count < len(rows):
        raise Rejected(Reason.VALUE, f"depth-tree: the list ends after {count} of {len(rows)} rows")
    return f"the values of all {len(rows)} rows are attained, and the trees of {tokens} tokens are correct"


# ------------------------------------------------------------------ rules/gram
# Rule "gram": bounds of the eigenvalues of the active rows of every cell, by trees over signs of rows.

_Matrix = list[Vector]
_LEAF = -1


@dataclass(frozen=True, slots=True)
class GramSide:
    """A bound with its pairs, circuits and tree, each to be taken once and in this order."""

    bound: Fraction
    pairs: list[tuple[int, int]]
    circuits: Iterator[Entry]
    tokens: Iterator[int]


@dataclass(frozen=True, slots=True)
class Gram:
    """The sides `below` and `above`, each to be judged before the next one is taken."""

    sides: Iterator[GramSide]


class _Matrices:
    """The rows over one denominator D, and matrices times D^2 and the denominator of the bound."""

    def __init__(self, rows: Sequence[Row], bound: Fraction) -> None:
        common = math.lcm(*(row.denominator for row in rows))
        self.functions = [[value * (common // row.denominator) for value in row.entries] for row in rows]
        self.scale, self.threshold = bound.denominator, bound.numerator * common * common
        self.n = len(self.functions[0]) - 1

    def multiple_of_identity(self, value: int) -> _Matrix:
        return [[value if j == k else 0 for k in range(self.n)] for j in range(self.n)]

    def with_row(self, matrix: _Matrix, i: int, sign: int = 1) -> _Matrix:
        """The matrix and sign w_i w_i^T."""
        row = self.functions[i][:-1]
        factors = [sign * self.scale * value for value in row]
        return [
            [entry + factor * value for entry, value in zip(line, row, strict=True)] if factor else line
            for line, factor in zip(matrix, factors, strict=True)
        ]

    def square(self, i: int) -> int:
        return sum(map(mul, self.functions[i][:-1], self.functions[i][:-1]))

    def require_pair(self, i: int, j: int, place: str) -> None:
        """Raises Rejected unless w_j = -c w_i with c > 0 and c b_i + b_j >= 0."""
        one, other = self.functions[i], self.functions[j]
        k = next((k for k in range(self.n) if one[k]), None)
        if k is None or one[k] * other[k] >= 0:
            raise Rejected(Reason.TREE, f"{place}: the rows {i} and {j} are no opposites of each other")
        a, c = abs(one[k]), abs(other[k])
        if any(c * p + a * q for p, q in zip(one[:-1], other[:-1], strict=True)):
            raise Rejected(Reason.TREE, f"{place}: the rows {i} and {j} are no opposites of each other")
        if c * one[-1] + a * other[-1] < 0:
            raise Rejected(Reason.TREE, f"{place}: the rows {i} and {j} are both inactive somewhere")


def _signs_of(entry: Entry, number: int, functions: Functions, side: str) -> Signs:
    """A circuit: F = sum_i lambda_i f_i is nonnegative on K; some lambda_i is positive or some f_i is not zero."""
    place = f"{side}: circuit {number}"
    _, (positive, negative) = circuit_of(entry, place, functions)
    if not positive and not any(any(functions.named[i].entries) for i in negative):
        raise Rejected(Reason.CIRCUIT, f"{place}: no multiplier is positive and all rows are zero")
    return positive, negative


class _GramWalk(SignWalk):
    """The reader of a tree; a node's `basis` is the matrix of P."""

    def __init__(self, side: GramSide, name: str, circuits: list[Signs]) -> None:
        super().__init__(side.tokens, circuits, f"{name}: tree")
        self.side = side

    def read(self, matrices: _Matrices, start: _Matrix) -> int:
        """read_tree. Returns the number of tokens."""
        self.matrices = matrices
        self.enter(start)
        while self.stack:
            node = self.stack[-1]
            i = next(node.children, None)
            if i is None:
                self.leave()
            elif i not in self.excluded:
                self.path.append(i)
                self.enter(matrices.with_row(node.basis, i))
        return self.finish()

    def enter(self, matrix: _Matrix) -> None:
        """A token: the matrix is semidefinite, or a circuit."""
        token = self.take()
        if token == _LEAF:
            if not is_semidefinite(self._with_pairs(matrix)):
                raise self.rejected("the matrix of the rows that are known to be active does not reach the bound")
            self.stack.append(Node(iter(()), matrix))
            return
        self.stack.append(Node(iter(self.positive_rows(token)), matrix))

    def _with_pairs(self, matrix: _Matrix) -> _Matrix:
        for i, j in self.side.pairs:
            if i not in self.path and j not in self.path:
                if j in self.excluded or i in self.excluded:
                    term = i if j in self.excluded else j
                else:
                    term = i if self.matrices.square(i) <= self.matrices.square(j) else j
                matrix = self.matrices.with_row(matrix, term)
        return matrix


def _check_side(side: GramSide, name: str, domain: Domain, rows: list[Row], n: int) -> str:
    """The pairs, every circuit, then the tree; above, the rows are those of the layer with all signs turned."""
    matrices = _Matrices(rows, side.bound)
    named = [i for pair in side.pairs for i in pair]
    if len(set(named)) < len(named) or any(not 0 <= i < len(rows) for i in named):
        raise Rejected(Reason.TREE, f"{name}: the pairs name a row twice, or one that is not there")
    for i, j in side.pairs:
        matrices.require_pair(i, j, f"{name}: pairs")
    functions = Functions(rows, domain, n)
    circuits = [_signs_of(entry, k, functions, name) for k, entry in enumerate(side.circuits)]
    start = matrices.multiple_of_identity(-matrices.threshold)
    if name == "above":
        start = matrices.multiple_of_identity(matrices.threshold)
        for i in range(len(rows)):
            start = matrices.with_row(start, i, sign=-1)
    tokens = _GramWalk(side, name, circuits).read(matrices, start)
    return f"{len(circuits)} circuits and {tokens} tokens"


def check_gram(proof: Gram, domain: Domain, rows: Rows, n: int) -> str:
    """Both sides, below first."""
    require_room(n * n, f"the entries of a matrix of {n} rows")
    own = [rows[i] for i in range(len(rows))]
    turned = [_turned(row) for row in own]
    names = iter((("below", own), ("above", turned)))
    said, bounds = [], []
    for side in proof.sides:
        name, used = next(names)
        said.append(f"{name} by {_check_side(side, name, domain, used, n)}")
        bounds.append(rational_text(side.bound))
    return f"sigma_min^2 is at least {bounds[0]}, sigma_max^2 at most {bounds[1]} in every cell: {', '.join(said)}"


def _turned(row: Row) -> Row:
    *normal, bias = [Fraction(-value, row.denominator) for value in row.entries]
    return Row(normal, bias)


# ------------------------------------------------------------------ rules/boxes
# Rule "boxes": boxes that cover the grid at every size, and a proof for each kind of box.

BoxProof = InjectiveProof | Packing | Stages


@dataclass(frozen=True, slots=True)
class Boxes:
    """The box, the slots of each axis, and a proof for each group and choice of slots in lexicographic order."""

    box: tuple[int, ...]
    slots: list[list[Slot]]
    proofs: Iterator[Later[BoxProof]]


def _require_coverage(axis: Axis, length: int, slots: list[Slot], least: int, residues: list[int]) -> None:
    """The conditions 1 to 4 along one axis, for the box length P and the minimum size."""
    if length < axis.stride:
        raise Rejected(Reason.COVERAGE, f"the box length {show(length)} is below the stride {show(axis.stride)}")
    if least < length:
        raise Rejected(Reason.COVERAGE, f"the box length {show(length)} is above the minimum size {show(least)}")
    if all(any(slot.known[end] for slot in slots) for end in (0, 1)):
        raise Rejected(Reason.COVERAGE, "places at both ends are known, so it is swept neither up nor down")
    if any(max(slot.known) > length - axis.stride for slot in slots):
        raise Rejected(Reason.COVERAGE, "more places are known than the box before has left")
    (low, high), last = axis.zeros, length - axis.extent
    if not any(_serves(slot, axis, -axis.low, -low, last) and not slot.known[0] for slot in slots):
        raise Rejected(Reason.COVERAGE, "no slot serves the first box")
    if not any(_serves(slot, axis, slot.starts[0], 0, last) for slot in slots):
        raise Rejected(Reason.COVERAGE, "no slot serves the inner boxes")
    for residue in residues:
        end = length - residue - axis.low
        if not any(_serves(slot, axis, end, 0, last + high) and not slot.known[1] for slot in slots):
            raise Rejected(Reason.COVERAGE, f"no slot serves the last box for the residue {show(residue)}")


def _serves(slot: Slot, axis: Axis, residue: int, first: int, last: int) -> bool:
    """Whether the slot has only starts from `first` to `last` that are congruent to `residue` modulo the stride."""
    starts = slot.starts
    return first <= starts[0] and starts[-1] <= last and all((tau - residue) % axis.stride == 0 for tau in starts)


def check_boxes(proof: Boxes, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """Coverage along each axis, then the proofs."""
    parts = zip(kernels.axes, proof.box, proof.slots, sizes.minimum, sizes.residues, strict=True)
    for k, (axis, length, slots, least, residues) in enumerate(parts, 1):
        with within(f"boxes: axis {k}"):
            _require_coverage(axis, length, slots, least, residues)
    total, count, packed = kernels.layer.groups * math.prod(map(len, proof.slots)), 0, 0
    for inner in proof.proofs:
        if count == total:
            raise Rejected(Reason.COVERAGE, f"boxes: the list of proofs goes on after {total}")
        with within(f"proof {count}"):
            packed += _check_one(inner, count, proof, domain, kernels)
        count += 1
    if count < total:
        raise Rejected(Reason.COVERAGE, f"boxes: the list of proofs ends after {count} of {show(total)}")
    assumed = "" if not packed else f", {packed} of them if their windows are full spark"
    return (
        f"the proofs of {total} box layers for the box {times(proof.box)} are correct{assumed}, "
        "and these boxes cover the grid"
    )


def _check_one(inner: Later[BoxProof], number: int, proof: Boxes, domain: Domain, kernels: Kernels) -> bool:
    """The proof with this number, for its box layer. Returns whether it rests on full spark."""
    group, *choice = digits_of(number, [kernels.layer.groups, *map(len, proof.slots)])
    injective = inner()
    slots = [slots[k] for slots, k in zip(proof.slots, choice, strict=True)]
    rows = kernels.box(group, slots, proof.box)
    cut = channel_cut(domain, group * kernels.inputs, math.prod(proof.box))
    if isinstance(injective, Packing):
        windows, has_bias = kernels.windows(slots, proof.box), any(kernels.layer.b)
        check_window_packing(injective, cut(range(rows.n)), rows, windows, has_bias=has_bias)
        return True
    if isinstance(injective, Stages):
        check_stages(injective, cut, rows)
    else:
        check_injective(injective, cut, rows, rows.n)
    return False


# ------------------------------------------------------------------ rules/periodic
# Rule "periodic": two inputs that repeat along every axis.

@dataclass(frozen=True, slots=True)
class Periodic:
    """The period along each axis, and one period of each input."""

    period: tuple[int, ...]
    points: Points


def _left_out(axis: Axis) -> tuple[int, int]:
    """How many taps at most lie before and after the grid when one lies in it: ceil(l / D), ceil(h / D) with zeros."""
    low, high = (min(-(-width // axis.dilation), axis.taps - 1) for width in axis.zeros)
    return low, high


def _phases(axis: Axis, period: int) -> Iterator[tuple[str, Reads]]:
    """What a window reads of a period, for every phase and tap interval of an axis."""
    (low, high), last = _left_out(axis), axis.taps - 1
    for phase in range(period):
        places = [(phase + axis.dilation * u) % period for u in range(axis.taps)]
        for u in range(low + 1):
            for v in range(max(u, last - high), last + 1):
                yield (
                    f"phase {phase}, taps {u} to {v}",
                    tuple(place if u <= k <= v else None for k, place in enumerate(places)),
                )


def check_periodic(proof: Periodic, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """The two inputs differ, lie in K at every size, and have equal outputs in all kinds of windows."""
    period, points = proof.period, proof.points
    require_two_inside(points, channel_cut(domain, 0, math.prod(period))(range(len(points.x))), "periodic")
    if any(least < length for least, length in zip(sizes.minimum, period, strict=True)):
        raise Rejected(Reason.SIZES, "periodic: the period is longer than the minimum size")
    layer = kernels.layer
    if layer.padding_mode != "zeros" and any(map(any, layer.padding)) and any(length > 1 for length in period):
        mode = layer.padding_mode
        raise Rejected(Reason.SIZES, f"periodic: with the padding mode {mode} only the period 1 is possible")
    windows = []
    for axis, length in zip(kernels.axes, period, strict=True):
        low, high = _left_out(axis)
        require_room(length * (low + 1) * (high + 1) * axis.taps, "the phases")
        windows.append(_phases(axis, length))
    count = TwoInputs(kernels, period, [points.x, points.y]).require_equal_outputs(windows, "periodic")
    return f"two inputs of period {times(period)} have the same output in all {count} kinds of windows"


# ------------------------------------------------------------------ rules/patch
# Rule "patch": two inputs that differ in one place of the grid.

ANCHORS = ("first", "inner", "last")


@dataclass(frozen=True, slots=True)
class Anchored:
    """Along one axis: the length of the patch, whether it is at the beginning of the grid, inside or at the end."""

    axis: Axis
    length: int
    anchor: str
    phase: int

    def starts(self, j: int) -> list[int]:
        """Where windows start that read place j of the patch."""
        axis, starts = self.axis, (j - self.axis.dilation * u for u in range(self.axis.taps))
        least = -axis.low if self.anchor == "first" else None
        most = self.length + axis.high - axis.extent if self.anchor == "last" else None
        return [
            tau
            for tau in starts
            if (tau - self.phase) % axis.stride == 0
            and (least is None or tau >= least)
            and (most is None or tau <= most)
        ]

    def holds(self, tau: int) -> bool:
        """Whether the taps of a window lie in the patch, or beyond an end of the patch that is one of the grid."""
        begins, ends = tau >= 0, tau + self.axis.extent <= self.length
        return (begins or self.anchor == "first") and (ends or self.anchor == "last")

    def require_fit(self, least: int, residues: list[int], k: int) -> None:
        """The conditions 2, 4 and 5 for the least size and its residues."""
        axis, stride = self.axis, self.axis.stride
        padded = axis.mode != "zeros" and (axis.low or axis.high)
        margin = max(axis.low, axis.high) + 1 if padded else 0
        needed = self.length
        if self.anchor == "inner":
            needed += 2 * margin + (-axis.low - self.phase - margin) % stride
        elif padded:
            raise Rejected(
                Reason.SIZES, f"patch: with the padding mode {axis.mode} the anchor of axis {k} has to be inner"
            )
        if self.anchor == "first" and (self.phase + axis.low) % stride:
            raise Rejected(
                Reason.SIZES, f"patch: no window of axis {k} has the phase {show(self.phase)} at the beginning"
            )
        if self.anchor == "last" and any((self.length - axis.low - self.phase - r) % stride for r in residues):
            raise Rejected(Reason.SIZES, f"patch: the phase of axis {k} does not fit all sizes at the end")
        if least < needed:
            raise Rejected(Reason.SIZES, f"patch: it needs N_{k} >= {show(needed)}, not only {show(least)}")


@dataclass(frozen=True, slots=True)
class Patch:
    """The patch along each axis, and both inputs there."""

    parts: list[Anchored]
    points: Points


def _check_patch_windows(pair: TwoInputs, parts: Sequence[Anchored]) -> int:
    """Condition 3: windows that read a difference lie in the patch and have equal outputs. Returns their number."""
    seen = set[tuple[int, ...]]()
    for place in pair.differing():
        for tau in product(*(part.starts(j) for part, j in zip(parts, digits_of(place, pair.size), strict=True))):
            if tau in seen:
                continue
            pairs = list(zip(parts, tau, strict=True))
            name = ", ".join(map(show, tau))
            if not all(part.holds(start) for part, start in pairs):
                raise Rejected(
                    Reason.POINTS, f"patch: the window at ({name}) reads a difference and does not lie in the patch"
                )
            o = pair.different_output([part.axis.inside(start, part.length) for part, start in pairs])
            if o is not None:
                raise Rejected(Reason.POINTS, f"patch: output {o} of the window at ({name}) differs at x and at y")
            seen.add(tau)
    return len(seen)


def check_patch(proof: Patch, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """The two inputs differ, lie in K, fit into every size, and no window tells them apart."""
    parts, points = proof.parts, proof.points
    size = [part.length for part in parts]
    require_two_inside(points, channel_cut(domain, 0, math.prod(size))(range(len(points.x))), "patch")
    for k, (part, least, residues) in enumerate(zip(parts, sizes.minimum, sizes.residues, strict=True), 1):
        part.require_fit(least, residues, k)
    count = _check_patch_windows(TwoInputs(kernels, size, [points.x, points.y]), parts)
    where = f"in a patch of size {times(size)} only"
    return f"two inputs that differ {where} have the same output in {count} windows there"


# ------------------------------------------------------------------ rules/geometric
# Rule "geometric": an input at which too few rows of a group are not negative.

@dataclass(frozen=True, slots=True)
class Geometric:
    """The group; x on one period, and the factor along each axis from one period to the next."""

    group: int
    period: tuple[int, ...]
    factor: list[Fraction]
    x: list[Fraction]


@dataclass(frozen=True, slots=True)
class _Growing:
    """The input X of a group: x repeated along every axis, each time times the factor of that axis."""

    kernels: Kernels
    period: tuple[int, ...]
    factor: list[Fraction]
    x: list[Fraction]

    def seen(self, phase: Sequence[int]) -> list[Fraction]:
        """X at the taps of the window at this phase, in the order of the kernels."""
        axes = self.kernels.axes
        places = [[psi + axis.dilation * u for u in range(axis.taps)] for psi, axis in zip(phase, axes, strict=True)]
        powers = [
            [rho ** (j // q) for j in line] for rho, q, line in zip(self.factor, self.period, places, strict=True)
        ]
        found = []
        for i, *u in self.kernels.taps:
            inner = [line[k] % q for line, k, q in zip(places, u, self.period, strict=True)]
            value = self.x[index_of([i, *inner], [0, *self.period])]
            found.append(value * math.prod(line[k] for line, k in zip(powers, u, strict=True)))
        return found

    def not_negative(self, group: int, phase: Sequence[int]) -> int:
        """A(phase): how many outputs of the group are not shown to be negative at all windows with this phase."""
        seen, _ = over_one_denominator(self.seen(phase))
        count = 0
        for o in range(group * self.kernels.outputs, (group + 1) * self.kernels.outputs):
            entries, _ = self.kernels.scaled[o]
            count += entries[-1] > 0 or sum(map(mul, entries, seen)) >= 0
        return count


def _require_growing(proof: Geometric, domain: Domain, kernels: Kernels) -> None:
    """The conditions 1 and 2."""
    if min(proof.factor) <= 0:
        raise Rejected(Reason.COUNT, "geometric: a factor is not positive")
    require_group(proof.group, kernels, "geometric")
    if any(map(any, kernels.layer.padding)):
        raise Rejected(Reason.COUNT, "geometric: the layer has padding")
    if isinstance(domain, Box) or (isinstance(domain, Orthant) and min(proof.x) <= 0):
        where = f"the interior of the domain {domain.type}"
        raise Rejected(Reason.POINTS, f"geometric: the input does not lie in {where}")


def check_geometric(proof: Geometric, domain: Domain, kernels: Kernels, _: Sizes) -> str:
    """At every phase fewer rows are not negative than the group has inputs.

    M_k <= N_k / s_k, on which the proof rests, takes E_k >= s_k; so that is asked for as well.
    """
    _require_growing(proof, domain, kernels)
    for k, axis in enumerate(kernels.axes, 1):
        if axis.extent < axis.stride:
            raise Rejected(Reason.COUNT, f"geometric: the kernel is shorter than the stride along axis {k}")
    for axis, q, rho in zip(kernels.axes, proof.period, proof.factor, strict=True):
        bits = (rho.numerator * rho.denominator - 1).bit_length()  # 0 for the factor 1
        require_room((q + axis.extent) // q * axis.taps * bits, "the powers of the factors")
    growing = _Growing(kernels, proof.period, proof.factor, proof.x)
    fewest = kernels.inputs * math.prod(axis.stride for axis in kernels.axes)  # with as many rows, all inputs
    overlap = any(axis.extent > axis.stride for axis in kernels.axes)
    largest = 0
    for phase in product(*map(range, proof.period)):
        count = growing.not_negative(proof.group, phase)
        if count > fewest or (count == fewest and not overlap):
            place = ", ".join(map(show, phase))
            found = f"{count} outputs are not negative, too many for {fewest}"
            raise Rejected(Reason.COUNT, f"geometric: at the phase ({place}) {found}")
        largest = max(largest, count)
    return f"at an input that grows geometrically at most {largest} outputs of group {proof.group} are not negative"


# ------------------------------------------------------------------ rules/count
# Rule "count": a group with too few rows at every size, whatever its weights.

@dataclass(frozen=True, slots=True)
class Count:
    """The group."""

    group: int


def most_rows(kernels: Kernels, sizes: Sizes) -> tuple[int, int, bool]:
    """(r, n, less): at every size a group has at most r rows for n inputs; less than that if it says so."""
    rows, inputs, less = kernels.outputs, kernels.inputs, False
    for axis, least in zip(kernels.axes, sizes.minimum, strict=True):
        excess = axis.low + axis.high - axis.extent + axis.stride  # there are at most (N + excess) / stride windows
        rows *= least + max(excess, 0)
        inputs *= least * axis.stride
        less |= excess < 0
    return rows, inputs, less


def check_count(proof: Count, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """The group has fewer rows than inputs, on R^n than twice its inputs.

    The domain has to have an interior: reading a box asks for lower < upper in all channels.
    """
    require_group(proof.group, kernels, "count")
    rows, inputs, less = most_rows(kernels, sizes)
    twice = isinstance(domain, Space)
    needed = 2 * inputs if twice else inputs
    fewer = f"fewer rows than {'twice its ' if twice else ''}inputs"
    if rows > needed or (rows == needed and not less):
        raise Rejected(Reason.COUNT, f"count: group {proof.group} is not shown to have {fewer}")
    return f"group {proof.group} has {fewer} at every size"


# ------------------------------------------------------------------ rules/unpaired
# Rule "unpaired": a group with at most 2 n rows at every size, and a row without a negative multiple.

@dataclass(frozen=True, slots=True)
class Unpaired:
    """The group, a kernel of it and a tap of the kernel."""

    group: int
    kernel: int
    tap: tuple[int, ...]


def _is_read(axis: Axis, u: int, size: int) -> bool:
    """Whether some window along the axis has its tap u in the grid."""
    first = axis.low - axis.dilation * u  # the window J reads the place stride * J - first with this tap
    lowest = max(0, -(-first // axis.stride))
    return lowest <= min((size - 1 + first) // axis.stride, axis.windows(size) - 1)


def _require_no_negative(kernels: Kernels, group: int, kernel: int, tap: Sequence[int]) -> None:
    """Condition 5. The sign at a place where K_r[u] is not 0 tells most vectors apart from its negative multiples."""
    kernel_size = kernels.layer.kernel_size
    taps = math.prod(kernel_size)
    first = group * kernels.outputs
    entries, _ = kernels.scaled[first + kernel]
    row = entries[index_of(tap, kernel_size) : -1 : taps]
    pivot = next((i for i, value in enumerate(row) if value), None)
    if pivot is None:
        raise Rejected(Reason.COUNT, f"unpaired: kernel {kernel} is 0 at the tap {show_list(list(tap))}")
    lead = row[pivot]
    for q in range(kernels.outputs):
        entries, _ = kernels.scaled[first + q]
        for v in range(taps):
            factor = entries[pivot * taps + v]
            if factor and (factor > 0) != (lead > 0):
                other = entries[v:-1:taps]
                if all(x * lead == y * factor for x, y in zip(other, row, strict=True)):
                    place = show_list(digits_of(v, kernel_size))
                    raise Rejected(Reason.COUNT, f"unpaired: kernel {q} is a negative multiple at the tap {place}")


def _require_a_row(proof: Unpaired, domain: Domain, kernels: Kernels) -> None:
    """The proof names a tap of a kernel, and the conditions 1 to 3."""
    require_group(proof.group, kernels, "unpaired")
    if not 0 <= proof.kernel < kernels.outputs:
        raise Rejected(Reason.COUNT, f"unpaired: there is no kernel {show(proof.kernel)} in a group")
    if not all(0 <= u < axis.taps for u, axis in zip(proof.tap, kernels.axes, strict=True)):
        raise Rejected(Reason.COUNT, f"unpaired: there is no tap {show_list(list(proof.tap))}")
    if not isinstance(domain, Space):
        raise Rejected(Reason.DOMAIN, f"unpaired: the domain is {domain.type}, not R^n")
    if kernels.layer.padding_mode != "zeros" and any(map(any, kernels.layer.padding)):
        raise Rejected(Reason.COUNT, "unpaired: the layer has padding that is not zero")


def check_unpaired(proof: Unpaired, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """With at most 2 n rows every one would need a negative multiple."""
    _require_a_row(proof, domain, kernels)
    group, place = proof.group, show_list(list(proof.tap))
    rows, inputs, _ = most_rows(kernels, sizes)
    if rows > 2 * inputs:
        few = "at most twice as many rows as inputs"
        raise Rejected(Reason.COUNT, f"unpaired: group {group} is not shown to have {few}")
    for k, (axis, u, least) in enumerate(zip(kernels.axes, proof.tap, sizes.minimum, strict=True), 1):
        if not _is_read(axis, u, least):
            where = f"no window has the tap {place} in the grid along axis {k}"
            raise Rejected(Reason.COUNT, f"unpaired: at the minimum {where}")
    _require_no_negative(kernels, group, proof.kernel, proof.tap)
    row = f"a row with the tap {place} of kernel {proof.kernel} in the grid has no negative multiple"
    return f"group {group} has at most twice as many rows as inputs at every size, and {row}"


# ------------------------------------------------------------------ rules/p_matrix
# Rule "p-matrix": all principal minors of I + AB are positive, so x + B ReLU(Ax + b) is one-to-one.

MOST_MINORS = 1 << 22  # of all tokens "minors" together
MOST_ROWS = 1000  # of a matrix that has to be positive definite


@dataclass(frozen=True, slots=True)
class Split:
    """A node with the children without the unit, and with it."""

    unit: int


@dataclass(frozen=True, slots=True)
class Dominant:
    """S_ii d_i > sum of the other |S_ij| d_j, for every i."""

    weights: list[int]


@dataclass(frozen=True, slots=True)
class Definite:
    """diag(d) S and its transpose have a positive definite sum."""

    weights: list[int]


@dataclass(frozen=True, slots=True)
class Minors:
    """All minors of so many units are computed."""

    units: int


Token = Split | Dominant | Definite | Minors


@dataclass(frozen=True, slots=True)
class PTree:
    """The rows of a block and its tree."""

    rows: list[int]
    tokens: Iterator[Token]


@dataclass(frozen=True, slots=True)
class PMatrix:
    """Units that keep their sign on K, and the blocks, each to be taken once and in this order."""

    active: list[int]
    inactive: list[int]
    blocks: Iterator[PTree]


@dataclass(frozen=True, slots=True)
class _Node:
    """Units U and a positive multiple of S whose entries are minors; `divisor` divides those of the next pivot."""

    units: list[int]
    matrix: Sequence[Vector]
    divisor: int

    def without(self, place: int) -> _Node:
        rest = [k for k in range(len(self.units)) if k != place]
        return _Node([self.units[k] for k in rest], [[self.matrix[i][j] for j in rest] for i in rest], self.divisor)

    def schur(self, place: int) -> _Node:
        """The Schur complement (Bareiss)."""
        rest = [k for k in range(len(self.units)) if k != place]
        pivot, head = self.matrix[place][place], self.matrix[place]
        rows = []
        for i in rest:
            row, factor = self.matrix[i], self.matrix[i][place]
            rows.append([(pivot * row[j] - factor * head[j]) // self.divisor for j in rest])
        return _Node([self.units[k] for k in rest], rows, pivot)


class _PTreeWalk:
    """The reader of one tree. `minors` counts over all trees of a proof."""

    def __init__(self, place: str, minors: int) -> None:
        self.place, self.minors, self.count = place, minors, 0

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.MINORS, f"{self.place}, token {self.count - 1}: {message}")

    def read(self, root: _Node, tokens: Iterator[Token]) -> None:
        """read_tree."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.units:
                token = next(tokens, None)
                if token is None:
                    raise Rejected(Reason.MINORS, f"{self.place}: the tree ends after {self.count} tokens, too early")
                self.count += 1
                stack += self.take(node, token)
        if next(tokens, None) is not None:
            raise Rejected(Reason.MINORS, f"{self.place}: complete after {self.count} tokens, but the list goes on")

    def take(self, node: _Node, token: Token) -> list[_Node]:
        """What a token asks of its node. Returns its children, the first one last."""
        if isinstance(token, Split):
            return self.split(node, token.unit)
        if isinstance(token, Minors):
            self.all_minors(node, token.units)
            return []
        if len(token.weights) != len(node.units):
            raise self.rejected(f"has {len(token.weights)} multipliers for {len(node.units)} units")
        if isinstance(token, Dominant):
            self.dominant(node, token.weights)
        else:
            self.definite(node.matrix, token.weights)
        return []

    def split(self, node: _Node, unit: int) -> list[_Node]:
        if unit not in node.units:
            raise self.rejected(f"unit {show(unit)} is not among those that are left")
        place = node.units.index(unit)
        if node.matrix[place][place] <= 0:
            raise self.rejected(f"the minor at unit {unit} is not positive")
        return [node.schur(place), node.without(place)]

    def dominant(self, node: _Node, weights: Sequence[int]) -> None:
        for i, row in enumerate(node.matrix):
            others = sum(abs(value) * weight for value, weight in zip(row, weights, strict=True))
            if row[i] <= 0 or 2 * row[i] * weights[i] <= others:
                raise self.rejected(f"the row of unit {node.units[i]} is not dominated by its diagonal")

    def definite(self, matrix: Sequence[Vector], weights: Sequence[int]) -> None:
        size = range(len(matrix))
        found = is_definite([[weights[i] * matrix[i][j] + weights[j] * matrix[j][i] for j in size] for i in size])
        if found is None:
            raise Unreadable(f"{self.place}, token {self.count - 1}: a large matrix, too close to a singular one")
        if not found:
            raise self.rejected("the symmetric matrix is not positive definite")

    def all_minors(self, node: _Node, units: int) -> None:
        if units != len(node.units):
            raise self.rejected(f"is for {show(units)} units, but {len(node.units)} are left")
        self.minors += 1 << units
        if self.minors > MOST_MINORS:
            raise Unreadable(f"{self.place}: asks for more than {MOST_MINORS} minors")
        stack = [node]
        while stack:
            part = stack.pop()
            if part.matrix[0][0] <= 0:
                raise self.rejected("a principal minor is not positive")
            if len(part.units) > 1:
                stack += [part.schur(0), part.without(0)]


def _require_signs(proof: PMatrix, domain: Domain, residual: Residual) -> None:
    """Conditions 1 and 2."""
    named = [*proof.active, *proof.inactive]
    if any(not 0 <= i < residual.k for i in named) or len(set(named)) < len(named):
        raise Rejected(Reason.BLOCKS, f"signs: names a unit outside 0 to {residual.k - 1}, or twice")
    for sign, word, units in ((1, "active", proof.active), (-1, "inactive", proof.inactive)):
        for i in units:
            form, _ = over_one_denominator([sign * value for value in (*residual.A[i], residual.b[i])])
            if not domain.nonnegative(form):
                raise Rejected(Reason.DOMAIN, f"signs: unit {i} is not shown to be {word} on {domain.type}")


def _remaining(matrix: list[Vector], active: Sequence[int], left: list[int]) -> _Node:
    """Condition 3: a positive multiple of N, by elimination of the active units (Bareiss, rows exchanged at need)."""
    order = [*active, *left]
    rows, divisor = [[matrix[i][j] for j in order] for i in order], 1
    for count in range(len(active), 0, -1):
        place = next((i for i in range(count) if rows[i][0]), None)
        if place is None:
            raise Rejected(Reason.MINORS, "signs: the determinant at the active units is 0")
        head = rows.pop(place)
        if place % 2:
            head = [-value for value in head]  # as many exchanges of neighbours
        pivot, tail = head[0], head[1:]
        rows = [[(pivot * p - row[0] * q) // divisor for p, q in zip(row[1:], tail, strict=True)] for row in rows]
        divisor = pivot
    sign = 1 if divisor > 0 else -1
    return _Node(left, [[sign * value for value in row] for row in rows], abs(divisor))


def check_p_matrix(proof: PMatrix, domain: Domain, residual: Residual) -> str:
    """Units that keep their sign, then block after block."""
    _require_signs(proof, domain, residual)
    fixed = {*proof.active, *proof.inactive}
    whole = _remaining(residual.interaction(), proof.active, [i for i in range(residual.k) if i not in fixed])
    place_of = {unit: place for place, unit in enumerate(whole.units)}
    known, minors, tokens, number = set[int](), 0, 0, -1
    for number, block in enumerate(proof.blocks):
        if not all(i in place_of and i not in known for i in block.rows):
            raise Rejected(Reason.BLOCKS, f"block {number}: names a unit that is not left, or twice")
        for i in block.rows:
            j = next((j for j in sorted(known) if whole.matrix[place_of[i]][place_of[j]]), None)
            if j is not None:
                found = f"the entry ({i}, {j}) is not zero, and {j} is in an earlier block"
                raise Rejected(Reason.BLOCKS, f"block {number}: {found}")
        places = [place_of[i] for i in block.rows]
        part = [[whole.matrix[i][j] for j in places] for i in places]
        walk = _PTreeWalk(f"block {number}", minors)
        walk.read(_Node(block.rows, part, whole.divisor), block.tokens)
        known.update(block.rows)
        minors, tokens = walk.minors, tokens + walk.count
    if len(known) < len(whole.units):
        raise Rejected(Reason.BLOCKS, f"blocks: unit {min(set(whole.units) - known)} is in no block")
    words = "1 unit taken out that keeps its" if len(fixed) == 1 else f"{len(fixed)} units taken out that keep their"
    about = f" with {words} sign on {domain.type}" if fixed else ""
    return f"all principal minors of I + AB{about} are positive, by {number + 1} blocks and {tokens} tokens"


# ------------------------------------------------------------------ rules/orientation
# Rule "orientation": the block keeps its orientation on all cells, and takes one value once.

@dataclass(frozen=True, slots=True)
class Orientation:
    """The point, and what is to be taken once and in this order; no multiplier is 0."""

    point: list[Fraction]
    circuits: Iterator[Combination]
    tokens: Iterator[int]


_CellSigns = tuple[tuple[int, ...], tuple[int, ...]]  # the units with lambda_i > 0, those with lambda_i < 0


def _impossible_signs(circuit: Combination, number: int, functions: list[Row]) -> _CellSigns:
    """The sum of lambda_i g_i is a constant that is not negative, and some term of it is below 0 at these signs."""
    place = f"circuit {number}"
    if not Space().nonnegative(circuit.form(functions, Reason.CIRCUIT, place)):
        raise Rejected(Reason.CIRCUIT, f"{place}: the sum of lambda_i g_i is not a constant that is >= 0")
    pairs = list(zip(*circuit, strict=True))
    positive = tuple(i for i, factor in pairs if factor > 0)
    negative = tuple(i for i, factor in pairs if factor < 0)
    if not positive and not any(any(functions[i].entries) for i in negative):
        raise Rejected(Reason.CIRCUIT, f"{place}: no multiplier is positive and its units are 0 everywhere")
    return positive, negative


def _solved(matrix: Sequence[Vector], n: int) -> tuple[int, list[Fraction]]:
    """The determinant of the first n columns, up to a positive factor, and the solution for the last one (Bareiss)."""
    rows, divisor, sign = [list(row) for row in matrix], 1, 1
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return 0, []
        if pivot != k:
            rows[k], rows[pivot], sign = rows[pivot], rows[k], -sign
        head = rows[k]
        for i in range(n):
            if i != k:
                factor = rows[i][k]
                rows[i] = [
                    (head[k] * value - factor * top) // divisor for value, top in zip(rows[i], head, strict=True)
                ]
        divisor = head[k]
    return sign * divisor, [Fraction(rows[i][n], rows[i][i]) for i in range(n)]


class _CellWalk:
    """The reader of the tree. A unit is in P with the sign 1, in Q with -1."""

    def __init__(
        self, tokens: Iterator[int], circuits: list[_CellSigns], residual: Residual, point: list[Fraction]
    ) -> None:
        self.tokens, self.circuits, self.residual, self.point = tokens, circuits, residual, point
        self.value = residual.outputs(point)
        self.columns = list(zip(*residual.B, strict=True))
        self.count, self.cells, self.sign = 0, 0, 0

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.TREE, f"tree token {self.count - 1}: {message}")

    def read(self) -> None:
        """read_tree: signs of nodes to come, the next one last."""
        stack: list[dict[int, int]] = [{}]
        while stack:
            signs = stack.pop()
            token = next(self.tokens, None)
            if token is None:
                raise Rejected(Reason.TREE, f"tree: ends after {self.count} tokens, before it is complete")
            self.count += 1
            if token > 0:
                self.circuit(token - 1, signs)
            elif token == 0:
                self.cell(signs)
            else:
                stack += self.split(-token - 1, signs)
        if next(self.tokens, None) is not None:
            raise Rejected(Reason.TREE, f"tree: complete after {self.count} tokens, but the list goes on")

    def split(self, i: int, signs: dict[int, int]) -> list[dict[int, int]]:
        if i >= self.residual.k or i in signs:
            raise self.rejected(f"unit {show(i)} is not a unit without a sign")
        return [{**signs, i: -1}, {**signs, i: 1}]

    def circuit(self, number: int, signs: dict[int, int]) -> None:
        if number >= len(self.circuits):
            raise self.rejected(f"there is no circuit {show(number)}")
        positive, negative = self.circuits[number]
        for i in positive:
            if signs.get(i) != -1:
                raise self.rejected(f"unit {i} is not known to be negative")
        for i in negative:
            if signs.get(i) != 1:
                raise self.rejected(f"unit {i} is not known to be nonnegative")

    def cell(self, signs: dict[int, int]) -> None:
        block = self.residual
        if len(signs) < block.k:
            raise self.rejected("a cell with units that have no sign")
        active = [i for i in range(block.k) if signs[i] > 0]
        determinant, x = _solved(self.equations(active), block.n)
        sign = (determinant > 0) - (determinant < 0)
        self.sign = self.sign or sign
        if sign == 0 or sign != self.sign:
            found = "is 0" if sign == 0 else "has another sign than before"
            raise self.rejected(f"the determinant of the cell with the units {active} {found}")
        values = block.inner(x)
        if x != self.point and all(value * signs[i] >= 0 for i, value in enumerate(values)):
            raise self.rejected("the value at the point is taken in another place, too")
        self.cells += 1

    def equations(self, active: Sequence[int]) -> list[Vector]:
        """J and f(p) - B_P b_P, every row times a positive number."""
        block, rows = self.residual, list[Vector]()
        for j in range(block.n):
            row = [Fraction(int(j == other)) for other in range(block.n)]
            right = self.value[j]
            for i in active:
                factor = self.columns[i][j]
                if factor:
                    row = [value + factor * a for value, a in zip(row, block.A[i], strict=True)]
                    right -= factor * block.b[i]
            rows.append(over_one_denominator([*row, right])[0])
        return rows


def check_orientation(proof: Orientation, residual: Residual) -> str:
    """The point, every circuit, then the tree."""
    for i, (row, value) in enumerate(zip(residual.A, residual.inner(proof.point), strict=True)):
        if not value and any(row):
            raise Rejected(Reason.POINTS, f"point: unit {i} is 0 there")
    functions = [Row(row, bias) for row, bias in zip(residual.A, residual.b, strict=True)]
    circuits = [_impossible_signs(circuit, k, functions) for k, circuit in enumerate(proof.circuits)]
    walk = _CellWalk(proof.tokens, circuits, residual, proof.point)
    walk.read()
    return f"one orientation on all {walk.cells} cells, one value taken once, and {len(circuits)} circuits are correct"


# ------------------------------------------------------------------ rules/cell_pairs
# Rule "cell-pairs": cells that cover the domain, on each of which a network is affine, and every pair of them.

Support = list[int]


@dataclass(frozen=True, slots=True)
class CellSplit:
    """A pre-activation with both signs."""


@dataclass(frozen=True, slots=True)
class CellSide:
    """Its only sign, and the support that shows it."""

    sign: int
    support: Support


@dataclass(frozen=True, slots=True)
class CellEnds:
    """At a cell: supports of the upper and the lower bound in each direction, None for no bound."""

    supports: list[Support | None]


@dataclass(frozen=True, slots=True)
class CellPairs:
    """What the proof holds, each to be taken once and in this order."""

    directions: list[list[Fraction]]
    cells: Iterator[CellSplit | CellSide | CellEnds]
    pairs: Iterator[tuple[Support, Support]]


@dataclass(frozen=True, slots=True)
class _AffineCell:
    """Its signs, its functions, and the rows (a, c) of its map over one denominator."""

    signs: tuple[int, ...]
    functions: tuple[Vector, ...]
    outputs: list[Vector]
    denominator: int


@dataclass(frozen=True, slots=True)
class _CellNode:
    """A node or leaf of the tree; per direction the ends of its interval, None where it has none."""

    cell: _AffineCell | None
    sides: tuple[_CellNode, _CellNode] | None
    count: int
    number: int  # of its first cell
    upper: list[Fraction | None]
    lower: list[Fraction | None]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A region that is being read: signs and functions of the first neurons, pre-activations of their layer."""

    signs: tuple[int, ...]
    functions: tuple[Vector, ...]
    piece: Piece

    def with_sign(self, sign: int, z: Vector, piece: Piece) -> _Pattern:
        function = coprime([sign * value for value in z])
        return _Pattern((*self.signs, sign), (*self.functions, function), piece)


def _domain_functions(domain: Domain, n: int) -> list[Vector]:
    """The functions of the domain, at least 0 on it."""
    units = [[int(i == j) for j in range(n)] for i in range(n)]
    if isinstance(domain, Space):
        return []
    if isinstance(domain, Orthant):
        return [[*unit, 0] for unit in units]
    if isinstance(domain, Box):
        functions = []
        for unit, low, high in zip(units, domain.lower, domain.upper, strict=True):
            scaled = [value * domain.denominator for value in unit]
            functions += [coprime([*scaled, -low]), coprime([*(-value for value in scaled), high])]
        return functions
    if isinstance(domain, Polytope):
        return [coprime([-value for value in row.entries]) for row in domain.functions]
    raise Rejected(Reason.DOMAIN, f"cell-pairs: the domain is {domain.type}, not R^n, nonneg, box or polytope")


class _NetworkCells:
    """read_cells: the items, and the tree that they make."""

    def __init__(self, proof: CellPairs, network: DenseNetwork, limits: list[Vector]) -> None:
        self.network, self.limits, self.directions = network, limits, proof.directions
        self.items, self.taken, self.cells = proof.cells, 0, 0
        self.neurons = network.neurons()
        counts = [0] * len(network.layers)
        for layer, _ in self.neurons:
            counts[layer] += 1
        ends = [sum(counts[: k + 1]) for k in range(len(counts))]
        self.spans = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
        self.constant = len(self.neurons) + len(limits)

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.CELLS, f"cells item {self.taken - 1}: {message}")

    def take(self) -> CellSplit | CellSide | CellEnds:
        item = next(self.items, None)
        if item is None:
            raise Rejected(Reason.CELLS, f"cells: the list ends after {self.taken} items, before it is complete")
        self.taken += 1
        return item

    def read(self) -> _CellNode:
        """The root. Of each split that is open, `half` has the side that is complete."""
        waiting, half = [_Pattern((), (), Piece.first(self.network))], list[list[_CellNode]]()
        while waiting:
            node = self.region(waiting.pop(), waiting, half)
            while half and half[-1]:
                node = _joined_nodes(half.pop()[0], node)
            if half:
                half[-1].append(node)
        if next(self.items, None) is not None:
            raise Rejected(Reason.CELLS, f"cells: complete after {self.taken} items, but the list goes on")
        return node

    def region(self, pattern: _Pattern, waiting: list[_Pattern], half: list[list[_CellNode]]) -> _CellNode:
        """read_region down to the first cell; the negative sides of splits on the way wait."""
        while len(pattern.signs) < len(self.neurons):
            layer, row = self.neurons[len(pattern.signs)]
            piece = self.advanced(pattern, layer)
            z = piece.sums[row]
            if not any(z):
                pattern = pattern.with_sign(1, z, piece)
                continue
            item = self.take()
            if isinstance(item, CellSplit):
                waiting.append(pattern.with_sign(-1, z, piece))
                half.append([])
                pattern = pattern.with_sign(1, z, piece)
            elif isinstance(item, CellSide):
                self.require_flat(pattern, item, z)
                pattern = pattern.with_sign(item.sign, z, piece)
            else:
                raise self.rejected(f"expected what neuron {len(pattern.signs)} does, found the bounds of a cell")
        return self.cell(pattern)

    def advanced(self, pattern: _Pattern, layer: int) -> Piece:
        """The pre-activations of a layer whose predecessors have all their signs."""
        piece = pattern.piece
        while piece.layer < layer:
            piece = piece.next(pattern.signs[self.spans[piece.layer]])
        return piece

    def function(self, functions: Sequence[Vector], number: int) -> Vector:
        """What a number stands for, up to the constant."""
        if 0 <= number < len(functions):
            return functions[number]
        if len(self.neurons) <= number < self.constant:
            return self.limits[number - len(self.neurons)]
        if number == self.constant:
            return [0] * self.network.n + [1]
        raise self.rejected(f"there is no function {show(number)}")

    def require_flat(self, pattern: _Pattern, item: CellSide, z: Vector) -> None:
        """The other side has no interior."""
        vectors = [self.function(pattern.functions, number) for number in item.support]
        vectors.append([-item.sign * value for value in z])
        if positive_dependency(vectors) is None:
            raise self.rejected(f"the support does not show that neuron {len(pattern.signs)} has one sign")

    def cell(self, pattern: _Pattern) -> _CellNode:
        """read_cell."""
        last = len(self.network.layers) - 1
        outputs, denominator = self.advanced(pattern, last).outputs(pattern.signs[self.spans[last]])
        if integer_kernel([row[:-1] for row in outputs], self.network.n):
            raise Rejected(Reason.CELLS, f"cell {self.cells}: the map has a rank below {self.network.n}")
        cell = _AffineCell(pattern.signs, pattern.functions, outputs, denominator)
        item = self.take()
        if not isinstance(item, CellEnds) or len(item.supports) != 2 * len(self.directions):
            raise self.rejected(f"expected the bounds of cell {self.cells}, two for each direction")
        upper: list[Fraction | None] = []
        lower: list[Fraction | None] = []
        for k, direction in enumerate(self.directions):
            upper.append(self.bound(cell, direction, 1, item.supports[2 * k]))
            below = self.bound(cell, direction, -1, item.supports[2 * k + 1])
            lower.append(None if below is None else -below)
        self.cells += 1
        return _CellNode(cell, None, 1, self.cells - 1, upper, lower)

    def bound(
        self, cell: _AffineCell, direction: list[Fraction], sign: int, support: Support | None
    ) -> Fraction | None:
        """The upper bound u of F, or of -F."""
        if support is None:
            return None
        factors = [sign * factor / cell.denominator for factor in direction]
        columns = zip(*cell.outputs, strict=True)
        function = [sum(map(mul, factors, column), Fraction(0)) for column in columns]
        scaled, common = over_one_denominator(function)
        functions = [self.function(cell.functions, number) for number in support]
        found = positive_dependency([scaled[:-1], *(vector[:-1] for vector in functions)])
        if found is None:
            raise self.rejected("the support of a bound does not prove one")
        constants = [scaled[-1], *(vector[-1] for vector in functions)]
        return Fraction(sum(map(mul, found, constants)), found[0] * common)


def _joined_nodes(a: _CellNode, b: _CellNode) -> _CellNode:
    """The node above two."""
    upper = [None if p is None or q is None else max(p, q) for p, q in zip(a.upper, b.upper, strict=True)]
    lower = [None if p is None or q is None else min(p, q) for p, q in zip(a.lower, b.lower, strict=True)]
    return _CellNode(None, (a, b), a.count + b.count, a.number, upper, lower)


def _disjoint(u: _CellNode, v: _CellNode) -> bool:
    for a, b in ((u, v), (v, u)):
        for high, low in zip(a.upper, b.lower, strict=True):
            if high is not None and low is not None and high < low:
                return True
    return False


class _PairWalk:
    """read_pairs."""

    def __init__(self, proof: CellPairs, cells: _NetworkCells) -> None:
        self.items, self.walk, self.taken = proof.pairs, cells, 0

    def read(self, root: _CellNode) -> None:
        waiting = [(root, root)]
        while waiting:
            u, v = waiting.pop()
            if u is v:
                if u.sides is not None:
                    a, b = u.sides
                    waiting += [(b, b), (a, b), (a, a)]
            elif _disjoint(u, v):
                continue
            elif u.sides is not None and (v.sides is None or u.count >= v.count):
                waiting += [(u.sides[1], v), (u.sides[0], v)]
            elif v.sides is not None:
                waiting += [(u, v.sides[1]), (u, v.sides[0])]
            else:
                self.pair(u, v)
        if next(self.items, None) is not None:
            raise Rejected(Reason.PAIRS, f"pairs: complete after {self.taken} items, but the list goes on")

    def pair(self, u: _CellNode, v: _CellNode) -> None:
        """read_pair."""
        item = next(self.items, None)
        if item is None:
            raise Rejected(Reason.PAIRS, f"pairs: the list ends after {self.taken} items, before it is complete")
        self.taken += 1
        if u.cell is None or v.cell is None or not self.holds(u.cell, v.cell, *item):
            place = f"pairs item {self.taken - 1}, cells {u.number} and {v.number}"
            raise Rejected(Reason.PAIRS, f"{place}: the supports do not show that no two points share an output")

    def holds(self, p: _AffineCell, q: _AffineCell, left: Support, right: Support) -> bool:
        """Whether one of the last two numbers is on the left, and the forms have a positive dependency on V."""
        constant, n = self.walk.constant, self.walk.network.n
        if not {constant, constant + 1} & set(left) or {constant, constant + 1} & set(right):
            return False
        rows = [
            [
                *(value * q.denominator for value in a[:-1]),
                *(-value * p.denominator for value in b[:-1]),
                a[-1] * q.denominator - b[-1] * p.denominator,
            ]
            for a, b in zip(p.outputs, q.outputs, strict=True)
        ]
        space = integer_kernel(rows, 2 * n + 1)
        forms = [(self.left_function(p, q, number), 0) for number in left]
        forms += [(self.walk.function(q.functions, number), n) for number in right]
        return positive_dependency([_values(form, first, n, space) for form, first in forms]) is not None

    def left_function(self, p: _AffineCell, q: _AffineCell, number: int) -> Vector:
        if number != self.walk.constant + 1:
            return self.walk.function(p.functions, number)
        pairs = zip(p.functions, p.signs, q.signs, strict=True)
        differing = [function for function, a, b in pairs if a != b]
        return [sum(column) for column in zip(*differing, strict=True)]


def _values(form: Vector, first: int, n: int, space: list[Vector]) -> Vector:
    """The values of a form in x (first = 0) or in y (first = n), and t, at a basis of V."""
    return [sum(map(mul, form[:-1], vector[first : first + n])) + form[-1] * vector[-1] for vector in space]


def check_cell_pairs(proof: CellPairs, domain: Domain, network: DenseNetwork) -> str:
    """The cells, then the pairs."""
    cells = _NetworkCells(proof, network, _domain_functions(domain, network.n))
    root = cells.read()
    pairs = _PairWalk(proof, cells)
    pairs.read(root)
    every = cells.cells * (cells.cells - 1) // 2
    apart = f"{every - pairs.taken} pairs of them by intervals, {pairs.taken} by supports"
    return f"{cells.cells} cells cover {domain.type}, and no two have an output in common: {apart}"


# ------------------------------------------------------------------ rules/composition
# Rule "composition": a network whose layers are injective, each on what the layer before it can give.

@dataclass(frozen=True, slots=True)
class Composition:
    """A proof for each layer, each to be judged before the next one is taken."""

    layers: Iterator[InjectiveProof]


def _rows_of(layer: DenseLayer) -> list[Row]:
    """Rows with slope 0, rows with a positive slope and their opposites."""
    rows = []
    for normal, bias, slope in zip(layer.W, layer.b, layer.slopes, strict=True):
        if slope >= 0:
            rows.append(Row(normal, bias))
        if slope > 0:
            rows.append(Row([-value for value in normal], -bias))
    return rows


def _check_step(proof: InjectiveProof, domain: Domain, layer: DenseLayer) -> None:
    rows, n = _rows_of(layer), len(layer.W[0])
    if not rows:
        raise Rejected(Reason.COMPOSITION, "all of its slopes are negative")
    if isinstance(proof, Blocks):
        check_layer_blocks(proof, domain, rows, n)
    else:
        check_injective(proof, lambda _: domain, rows, n)


def check_composition(proof: Composition, domain: Domain, network: DenseNetwork) -> str:
    """Each layer on its domain, and that none is left."""
    count = 0
    for part in proof.layers:
        if count == len(network.layers):
            raise Rejected(Reason.COMPOSITION, f"layers: more proofs than the {count} layers")
        layer = network.layers[count]
        with within(f"layer {count}"):
            _check_step(part, domain, layer)
        domain = Orthant() if all(slope <= 0 for slope in layer.slopes) else Space()
        count += 1
    if count < len(network.layers):
        raise Rejected(Reason.COMPOSITION, f"layers: found {count} proofs for {len(network.layers)} layers")
    return f"each of the {count} layers is injective on what it gets, and their proofs are correct"


# ------------------------------------------------------------------ rules/rank
# Rule "rank": a determinant that is a unit modulo a number is not 0.

def check_rank(rows: Sequence[Vector], modulus: int) -> None:
    """Raises Rejected unless an elimination of the square matrix finds pivots with inverses, for each column."""
    n = len(rows)
    require_room(n * n, f"the entries of a matrix of {n} rows")
    left = [[value % modulus for value in row] for row in rows]
    for column in range(n):
        place = next((k for k, row in enumerate(left) if row[0] and _inverse(row[0], modulus)), None)
        if place is None:
            raise Rejected(Reason.RANK, f"rank: no pivot with an inverse modulo the modulus in column {column}")
        pivot = left.pop(place)
        factor, tail = _inverse(pivot[0], modulus), pivot[1:]
        left = [_eliminated(row, row[0] * factor % modulus, tail, modulus) for row in left]


def _inverse(value: int, modulus: int) -> int:
    """0 if there is none."""
    try:
        return pow(value, -1, modulus)
    except ValueError:
        return 0


def _eliminated(row: Sequence[int], factor: int, tail: Sequence[int], modulus: int) -> list[int]:
    if not factor:
        return list(row[1:])
    return [(a - factor * b) % modulus for a, b in zip(row[1:], tail, strict=True)]


# ------------------------------------------------------------------ rules/graph_composition
# Rule "graph-composition": which values of a network are known once its outputs are, by proofs of its layers.

@dataclass(frozen=True, slots=True)
class Rank:
    """The modulus."""

    modulus: int


@dataclass(frozen=True, slots=True)
class ByRows:
    """A layer by its rows."""

    output: int
    source: int
    columns: list[int]
    rows: list[int]
    domain: Domain
    proof: Later[InjectiveProof | Rank]


@dataclass(frozen=True, slots=True)
class ByConvolution:
    """A layer that is a convolution at a size."""

    output: int
    source: int
    columns: list[int]
    rows: list[int]
    domain: Domain
    kernels: Kernels
    sizes: Sizes
    at: tuple[int, ...]
    proof: Later[Boxes]


@dataclass(frozen=True, slots=True)
class ByResidual:
    """A value M x + M B h + c with h = ReLU(A x + b)."""

    output: int
    source: int
    hidden: int
    domain: Domain
    residual: Residual
    modulus: int
    proof: Later[PMatrix | Orientation]


ProvedLayer = ByRows | ByConvolution | ByResidual


@dataclass(frozen=True, slots=True)
class GraphComposition:
    """The layers, each to be judged before the next one is taken."""

    layers: Iterator[ProvedLayer]


def check_graph_composition(proof: GraphComposition, graph: Graph) -> str:
    """Each layer, and then that all inputs are known."""
    found: list[tuple[int, int]] = []
    for layer in proof.layers:
        with within(f"layer {len(found)}"):
            _check_layer_of_graph(layer, graph)
        graph.forget()
        found.append((layer.output, layer.source))
    known = _known_values(graph, found)
    if not all(known[: graph.inputs]):
        missing = known.index(False)
        raise Rejected(Reason.COMPOSITION, f"layers: it does not follow that the input {missing} is known")
    steps = f"{len(graph.steps)} steps"
    return f"the proofs of {len(found)} layers are correct, and with these the outputs of {steps} tell the inputs"


def _check_layer_of_graph(layer: ProvedLayer, graph: Graph) -> None:
    if layer.source not in graph.base:
        raise Rejected(Reason.COMPOSITION, "source: names a value that is no atom")
    if isinstance(layer, ByResidual):
        _check_residual_layer(layer, graph)
    elif isinstance(layer, ByConvolution):
        _check_convolution_layer(layer, graph)
    else:
        _check_rows_layer(layer, graph)


# ------------------------------------------------------------------ rows


class _Told:
    """The rows of a layer that its value tells, cut down to the columns."""

    def __init__(self, layer: ByRows | ByConvolution, graph: Graph) -> None:
        self.graph, self.output, self.z = graph, layer.output, graph.read_by(layer.output)
        self.codes, base, size = layer.rows, graph.base[layer.source], graph.sizes[layer.source]
        if len(set(layer.columns)) < len(layer.columns) or not all(0 <= j < size for j in layer.columns):
            raise Rejected(Reason.COMPOSITION, f"columns: expected different entries of the source, below {size}")
        self.place = {base + j: k for k, j in enumerate(layer.columns)}
        self.fixed: dict[int, Fraction] = {}
        if len(self.place) < size:
            self._hold([j for j in range(size) if base + j not in self.place], base, graph.ends(layer.source))

    def _hold(self, others: Sequence[int], base: int, ends: Sequence[Ends]) -> None:
        """Entries of the source that are no columns have one value."""
        for j in others:
            low, high = ends[j]
            if low is None or low != high:
                raise Rejected(Reason.COMPOSITION, f"columns: entry {j} of the source is none, and not one number")
            self.fixed[base + j] = low

    def whole_rows(self) -> MadeRows:
        """All of them, each seen to be told, whether a proof names it or not."""
        forms = [self.form(k) for k in range(len(self.codes))]
        return MadeRows(len(forms), len(self.place), forms.__getitem__)

    def function(self, k: int) -> tuple[int, int, Fraction]:
        """Sign, entry i and shift of the row with this number, ReLU(sign z_i + shift)."""
        sign = 1 if self.codes[k] > 0 else -1
        shifted, i = divmod(abs(self.codes[k]) - 1, self.graph.sizes[self.z])
        step = self.graph.step(self.output)
        shift = step.shift(sign) if shifted and isinstance(step, ClipStep) else None if shifted else Fraction(0)
        if shifted > 1 or shift is None:
            raise Rejected(Reason.COMPOSITION, f"rows: row {k} names an entry or a bound that is not there")
        return sign, i, shift

    def form(self, k: int) -> Form:
        """The row with this number."""
        sign, i, shift = self.function(k)
        told = self.graph.tells(self.output, i)
        if told != TELLS_ALL and (sign, shift) not in told:
            raise Rejected(Reason.COMPOSITION, f"rows: the output does not tell row {k}")
        form = self.graph.form(self.z, i)
        constant, nonzero = sign * Fraction(form.constant, form.denominator) + shift, {}
        for column, value in form.nonzero.items():
            if column in self.place:
                nonzero[self.place[column]] = sign * value
            elif column in self.fixed:
                constant += sign * value * self.fixed[column] / form.denominator
            else:
                raise Rejected(Reason.COMPOSITION, f"rows: row {k} has an entry outside of the columns")
        common = math.lcm(form.denominator, constant.denominator)
        scale = common // form.denominator
        return Form({j: scale * value for j, value in nonzero.items()}, int(constant * common), common)


def _require_inside(domain: Domain, ends: Sequence[Ends]) -> None:
    """The domain holds all points whose entries have these ends."""
    if isinstance(domain, Space):
        return
    if isinstance(domain, Orthant):
        if any(low is None or low < 0 for low, _ in ends):
            raise Rejected(Reason.DOMAIN, "domain: a column is not shown to be nonnegative")
        return
    if not isinstance(domain, Box):
        raise Rejected(Reason.DOMAIN, f"domain: a layer of a network cannot have the domain {domain.type}")
    if len(domain.lower) != len(ends):
        raise Unreadable(f"domain: expected bounds for {len(ends)} columns, found {len(domain.lower)}")
    for j, (low, high) in enumerate(ends):
        inside = low is not None and high is not None
        inside = inside and low * domain.denominator >= domain.lower[j]  # type: ignore[operator]
        if not inside or high * domain.denominator > domain.upper[j]:  # type: ignore[operator]
            raise Rejected(Reason.DOMAIN, f"domain: column {j} is not shown to lie in the box")


def _ends_of_columns(layer: ByRows | ByConvolution, graph: Graph) -> Sequence[Ends]:
    if isinstance(layer.domain, Space):
        return ()
    ends = graph.ends(layer.source)
    return [ends[j] for j in layer.columns]


def _check_rows_layer(layer: ByRows, graph: Graph) -> None:
    told = _Told(layer, graph)
    _require_inside(layer.domain, _ends_of_columns(layer, graph))
    proof, n = layer.proof(), len(layer.columns)
    if not isinstance(proof, Rank):
        check_injective(proof, layer.domain.cut, told.whole_rows(), n)
        return
    if len(layer.rows) != n:
        raise Rejected(Reason.RANK, f"rank: found {len(layer.rows)} rows and {n} columns")
    made = told.whole_rows()
    rows = [made[k].entries[:-1] for k in range(n)]
    if any(graph.tells(layer.output, told.function(k)[1]) != TELLS_ALL for k in range(n)):
        raise Rejected(Reason.RANK, "rank: the output does not tell all of each row")
    check_rank(rows, proof.modulus)


def _check_convolution_layer(layer: ByConvolution, graph: Graph) -> None:
    told, kernels, at = _Told(layer, graph), layer.kernels, layer.at
    parts = zip(at, layer.sizes.minimum, layer.sizes.residues, kernels.axes, strict=True)
    if not all(size >= least and size % axis.stride in residues for size, least, residues, axis in parts):
        raise Rejected(Reason.SIZES, "at: the size is none of those of the proof")
    rows = kernels.unrolled(at)
    if rows.n != len(layer.columns) or len(rows) != len(layer.rows):
        raise Rejected(Reason.COMPOSITION, "rows and columns are not as many as those of the convolution")
    where = channel_cut(layer.domain, 0, math.prod(at))(range(rows.n))
    _require_inside(where, _ends_of_columns(layer, graph))
    for k in range(len(rows)):
        if not _same_form(told.form(k), rows.form(k)):
            raise Rejected(Reason.COMPOSITION, f"rows: row {k} is not that of the convolution")
    check_boxes(layer.proof(), layer.domain, kernels, layer.sizes)


def _same_form(left: Form, right: Form) -> bool:
    a, b = left.denominator, right.denominator
    if left.nonzero.keys() != right.nonzero.keys() or left.constant * b != right.constant * a:
        return False
    return all(value * b == right.nonzero[j] * a for j, value in left.nonzero.items())


# ------------------------------------------------------------------ residual blocks


def _check_residual_layer(layer: ByResidual, graph: Graph) -> None:
    step = graph.step(layer.hidden)
    if not isinstance(step, LeakyStep) or any(step.slopes):
        raise Rejected(Reason.COMPOSITION, "hidden: names a value that is no ReLU")
    block, base = layer.residual, graph.base[layer.source]
    if graph.sizes[layer.source] != block.n or step.size != block.k or graph.sizes[layer.output] != block.n:
        raise Rejected(Reason.COMPOSITION, "residual: the block has another shape than the layer")
    _require_same_matrix(graph, step.reads[0], {base + j: j for j in range(block.n)}, block)
    hidden = graph.base[layer.hidden]
    places = {base + j: j for j in range(block.n)} | {hidden + j: block.n + j for j in range(block.k)}
    rows = [_row_of_form(graph.form(layer.output, i), places) for i in range(block.n)]
    check_rank([row[: block.n] for row in rows], layer.modulus)
    columns = [over_one_denominator(column) for column in zip(*block.B, strict=True)]
    for row in rows:
        for j, (column, denominator) in enumerate(columns):
            total = sum(a * b for a, b in zip(row, column, strict=False))
            if total != row[block.n + j] * denominator:
                raise Rejected(Reason.COMPOSITION, f"residual: column {j} of B is not that of the layer")
    _require_inside(layer.domain, () if isinstance(layer.domain, Space) else graph.ends(layer.source))
    proof = layer.proof()
    if isinstance(proof, PMatrix):
        check_p_matrix(proof, layer.domain, block)
    else:
        check_orientation(proof, block)


def _row_of_form(form: Form, places: dict[int, int]) -> list[int]:
    """The form as a row, times its denominator."""
    row = [0] * len(places)
    for column, value in form.nonzero.items():
        if column not in places:
            raise Rejected(Reason.COMPOSITION, "residual: the layer reads something else as well")
        row[places[column]] = value
    return row


def _require_same_matrix(graph: Graph, z: int, places: dict[int, int], block: Residual) -> None:
    for i, (row, bias) in enumerate(zip(block.A, block.b, strict=True)):
        form = graph.form(z, i)
        entries = _row_of_form(form, places)
        same = all(Fraction(value, form.denominator) == other for value, other in zip(entries, row, strict=True))
        if not same or Fraction(form.constant, form.denominator) != bias:
            raise Rejected(Reason.COMPOSITION, f"residual: row {i} of A and b is not that of the layer")


# ------------------------------------------------------------------ known values


def _known_values(graph: Graph, layers: Sequence[tuple[int, int]]) -> list[bool]:
    known = [False] * len(graph.sizes)
    for v in graph.outputs:
        known[v] = True
    for with_ends in (False, True):
        while _learned(graph, layers, known, with_ends=with_ends):
            pass
        if all(known[: graph.inputs]):
            break
    return known


def _learned(graph: Graph, layers: Sequence[tuple[int, int]], known: list[bool], *, with_ends: bool) -> bool:
    """Once through all steps, from the last to the first; whether something is known now that was not."""
    before = sum(known)
    for number in reversed(range(len(graph.steps))):
        v, step = graph.inputs + number, graph.steps[number]
        if all(known[read] for read in step.reads) and (step.reads or isinstance(step, ConstantStep)):
            known[v] = True
        if known[v]:
            for source in _kept(graph, v, known, with_ends=with_ends):
                known[source] = True
        for output, source in layers:
            if output == v and known[v]:
                known[source] = True
    for output, source in layers:
        known[source] = known[source] or known[output]
    return sum(known) > before


def _kept(graph: Graph, v: int, known: list[bool], *, with_ends: bool) -> Sequence[int]:
    step = graph.step(v)
    if isinstance(step, AffineStep):
        return step.kept(known, graph.sizes)
    if not isinstance(step, EntryStep) or known[step.reads[0]]:
        return ()
    plain: Ends = (None, None)
    if with_ends:
        tells_all = all(graph.tells(v, i) == TELLS_ALL for i in range(step.size))
    else:
        tells_all = all(step.tells(i, plain) == TELLS_ALL for i in range(step.size))
    return step.reads if tells_all else ()


# ------------------------------------------------------------------ reading/layer
# Section "Layer": the rows, checked against their digest and against the layer that was given as well.

def quoted(texts: Sequence[str]) -> str:
    """A list of rationals as it enters the digest."""
    return '["' + '","'.join(texts) + '"]'


def read_digest(reader: Reader) -> str:
    """The SHA-256 that the document states."""
    reader.key(",", "sha256")
    sha256 = reader.value()
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise reader.malformed(f'"sha256": expected 64 lower-case hex digits, found {show(sha256)}')
    return sha256


def read_certified_layer(
    reader: Reader, given: Layer | Convolution | Residual | DenseNetwork | GraphDigest | None, dimension: int | None
) -> tuple[list[Row], int]:
    """Section "Layer": shape, which fits the domain's, digest, and equality with the layer that was given as well."""
    if isinstance(given, (Convolution, Residual, DenseNetwork, GraphDigest)):
        others = {Convolution: "a convolution", Residual: "a residual block"}
        found = others.get(type(given), "a network")
        raise Rejected(
            Reason.OTHER_LAYER, f"layer: the certificate is about a layer (W, b), but the given layer is {found}"
        )
    rows, n, _ = read_rows_of_layer(reader, given, dimension)
    return rows, n


def read_rows_of_layer(reader: Reader, given: Layer | None, dimension: int | None) -> tuple[list[Row], int, str]:
    """The same, with the digest."""
    m, n = reader.size("{", "m"), reader.size(",", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {show(n)} rationals, found lists of {dimension}")
    sha256 = read_digest(reader)
    if given is not None and (m, n) != (len(given[0]), len(given[0][0])):
        expected = f"{len(given[0])} x {len(given[0][0])}"
        raise Rejected(Reason.OTHER_LAYER, f"layer: W is {show(m)} x {show(n)} here and {expected} in the given layer")
    digest = hashlib.sha256(b'{"W":[')
    W: list[list[Fraction]] = []
    for texts in reader.elements(",", "W"):
        if len(W) == m:
            raise reader.malformed(f"layer.W: expected {m} rows, found more")
        digest.update(b"," if W else b"")
        W.append(rationals(texts, n, f"layer.W row {len(W)}"))
        if given is not None and W[-1] != list(given[0][len(W) - 1]):
            raise Rejected(Reason.OTHER_LAYER, f"layer: row {len(W) - 1} of W differs from the given layer")
        digest.update(quoted(texts).encode())
    if len(W) != m:
        raise reader.malformed(f"layer.W: expected {show(m)} rows, found {len(W)}")
    reader.key(",", "b")
    texts = reader.value()
    b = rationals(texts, m, "layer.b")
    reader.expect("}")
    if given is not None and b != list(given[1]):
        raise Rejected(Reason.OTHER_LAYER, "layer: b differs from the given layer")
    digest.update(f'],"b":{quoted(texts)}}}'.encode())
    if digest.hexdigest() != sha256:
        raise Rejected(Reason.DIGEST, f"layer: the SHA-256 of W and b is {digest.hexdigest()}, not the one stated")
    return [Row(normal, bias) for normal, bias in zip(W, b, strict=True)], n, sha256


# ------------------------------------------------------------------ reading/domain
# Section "Domains": the set K of the document.

def _read_vector(reader: Reader, name: str, count: int | None = None) -> list[Fraction]:
    """The list of rationals at the key `name`."""
    reader.key(",", name)
    return rationals(reader.value(), count, f"domain.{name}")


def _read_box(reader: Reader) -> Box:
    lower = _read_vector(reader, "lower")
    upper = _read_vector(reader, "upper", len(lower))
    reader.expect("}")
    for j, (low, high) in enumerate(zip(lower, upper, strict=True)):
        if low >= high:
            raise Rejected(Reason.DOMAIN, f"domain: the box has lower >= upper in coordinate {j}")
    scaled, denominator = over_one_denominator([*lower, *upper])
    return Box(scaled[: len(lower)], scaled[len(lower) :], denominator)


def _read_polytope(reader: Reader) -> Polytope:
    normals: list[list[Fraction]] = []
    for texts in reader.elements(",", "G"):
        normals.append(rationals(texts, len(normals[0]) if normals else None, f"domain.G row {len(normals)}"))
    if not normals:
        raise reader.malformed("domain.G: expected at least one halfspace, found none")
    ends = _read_vector(reader, "h", len(normals))
    interior = _read_vector(reader, "interior", len(normals[0]))
    reader.expect("}")
    polytope = Polytope(tuple(Row(normal, -end) for normal, end in zip(normals, ends, strict=True)))
    for j, value in enumerate(polytope.values(interior)):
        if value >= 0:
            raise Rejected(
                Reason.DOMAIN, f"domain: the interior point of the polytope is not strictly inside halfspace {j}"
            )
    return polytope


def _read_radius(reader: Reader) -> Fraction:
    reader.key(",", "radius")
    radius = rational(reader.value(), "domain.radius")
    reader.expect("}")
    if radius <= 0:
        raise Rejected(Reason.DOMAIN, "domain: the radius is not positive")
    return radius


def _read_ball(reader: Reader) -> Ball:
    center = _read_vector(reader, "center")
    return Ball(*over_one_denominator(center), _read_radius(reader))


def _read_plain(domain: Domain) -> Callable[[Reader], Domain]:
    """For a domain without parameters."""

    def read(reader: Reader) -> Domain:
        reader.expect("}")
        return domain

    return read


_READ_DOMAIN: dict[str, Callable[[Reader], Domain]] = {
    Space.type: _read_plain(Space()),
    Orthant.type: _read_plain(Orthant()),
    Box.type: _read_box,
    Polytope.type: _read_polytope,
    Ball.type: _read_ball,
    NonnegativeBall.type: lambda reader: NonnegativeBall(_read_radius(reader)),
    Sphere.type: lambda reader: Sphere(_read_radius(reader)),
}


def read_domain(reader: Reader, claim: str) -> Domain:
    """Section "Domains": the set K, which has interior points unless the claim is about a sphere."""
    reader.key(",", "domain")
    domain = _READ_DOMAIN[reader.one_of("{", "type", list(_READ_DOMAIN))](reader)
    if isinstance(domain, Sphere) and claim != "alpha_star":
        raise Rejected(Reason.DOMAIN, f'domain: the claim on a sphere can be "alpha_star" only, not "{claim}"')
    return domain


# ------------------------------------------------------------------ reading/convolution
# certificates-convolution.md, section "The document": the convolution and the sizes that a document is about.

_GEOMETRY = (
    "in_channels",
    "out_channels",
    "groups",
    "kernel_size",
    "stride",
    "dilation",
    "padding",
    "padding_mode",
)


def read_integers(reader: Reader, name: str, count: int | None, least: int | None = 1) -> tuple[int, ...]:
    """The list of integers at the key `name`."""
    reader.key(",", name)
    return integers(reader.value(), count, least, name)


def _read_padding(reader: Reader, d: int) -> tuple[tuple[int, int], ...]:
    reader.key(",", "padding")
    value = reader.value()
    if not isinstance(value, list) or len(value) != d:
        raise Unreadable(f"padding: expected {d} pairs of integers, found {show(value)}")
    pairs = [integers(pair, 2, 0, "padding") for pair in value]
    return tuple((low, high) for low, high in pairs)


def _read_geometry(reader: Reader, dimension: int | None) -> dict[str, Any]:
    """The keys of `_GEOMETRY`."""
    inputs, outputs = reader.size("{", "in_channels"), reader.size(",", "out_channels")
    if dimension not in (None, inputs):
        raise reader.malformed(f"domain: expected one rational for each of {show(inputs)} channels, found {dimension}")
    groups = reader.size(",", "groups")
    if inputs % groups or outputs % groups:
        raise reader.malformed(f'"groups": {show(groups)} does not divide the numbers of channels')
    kernel_size = read_integers(reader, "kernel_size", None)
    d = len(kernel_size)
    stride, dilation = read_integers(reader, "stride", d), read_integers(reader, "dilation", d)
    padding = _read_padding(reader, d)
    mode = reader.one_of(",", "padding_mode", MODES)
    return dict(zip(_GEOMETRY, (inputs, outputs, groups, kernel_size, stride, dilation, padding, mode), strict=True))


def _compact(value: object) -> str:
    """Geometry as it enters the digest."""
    if isinstance(value, tuple):
        return f"[{','.join(map(_compact, value))}]"
    return decimal_text(value) if isinstance(value, int) else f'"{value}"'


def _plain(value: Any) -> Any:
    """The geometry of a layer that was given, with tuples for lists."""
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def read_convolution(reader: Reader, dimension: int | None, given: Convolution | None) -> Convolution:
    """All but its sizes: geometry, digest, and equality with the layer that was given as well."""
    return read_convolution_and_digest(reader, dimension, given)[0]


def read_convolution_and_digest(
    reader: Reader, dimension: int | None, given: Convolution | None
) -> tuple[Convolution, str]:
    """The same, with the digest."""
    geometry = _read_geometry(reader, dimension)
    sha256 = read_digest(reader)
    for name in _GEOMETRY if given else ():
        if geometry[name] != _plain(getattr(given, name)):
            raise Rejected(Reason.OTHER_CONVOLUTION, f"convolution: {name} differs from the given layer")
    head = ",".join(f'"{name}":{_compact(value)}' for name, value in geometry.items())
    digest = hashlib.sha256(f'{{{head},"kernels":['.encode())
    outputs, width = geometry["out_channels"], geometry["in_channels"] // geometry["groups"]
    width *= math.prod(geometry["kernel_size"])
    kernels: list[list[Fraction]] = []
    for texts in reader.elements(",", "kernels"):
        if len(kernels) == outputs:
            raise reader.malformed(f"kernels: expected {outputs}, found more")
        digest.update(b"," if kernels else b"")
        kernels.append(rationals(texts, width, f"kernel {len(kernels)}"))
        if given is not None and kernels[-1] != list(given.kernels[len(kernels) - 1]):
            raise Rejected(
                Reason.OTHER_CONVOLUTION, f"convolution: kernel {len(kernels) - 1} differs from the given layer"
            )
        digest.update(quoted(texts).encode())
    if len(kernels) != outputs:
        raise reader.malformed(f"kernels: expected {show(outputs)}, found {len(kernels)}")
    reader.key(",", "b")
    texts = reader.value()
    b = rationals(texts, outputs, "convolution.b")
    if given is not None and b != list(given.b):
        raise Rejected(Reason.OTHER_CONVOLUTION, "convolution: b differs from the given layer")
    digest.update(f'],"b":{quoted(texts)}}}'.encode())
    if digest.hexdigest() != sha256:
        raise Rejected(
            Reason.DIGEST, f"convolution: the SHA-256 of the layer is {digest.hexdigest()}, not the one stated"
        )
    return Convolution(**geometry, kernels=kernels, b=b), sha256


def _require_defined(axes: Sequence[Axis], sizes: Sequence[int], name: str) -> None:
    for k, (axis, size) in enumerate(zip(axes, sizes, strict=True), 1):
        if size < axis.least:
            raise Rejected(
                Reason.SIZES, f"{name}: the layer is not defined for N_{k} = {show(size)}, below {show(axis.least)}"
            )


def read_size(reader: Reader, axes: Sequence[Axis]) -> tuple[int, ...]:
    """The one size that the document is about."""
    size = read_integers(reader, "size", len(axes))
    reader.expect("}")
    _require_defined(axes, size, "size")
    return size


def read_sizes(reader: Reader, axes: Sequence[Axis]) -> Sizes:
    """The sizes that the document is about, and the end of the convolution."""
    sizes = _read_sizes(reader, axes)
    reader.expect("}")
    _require_defined(axes, sizes.minimum, "sizes")
    return sizes


def read_sizes_and_one(reader: Reader, axes: Sequence[Axis]) -> tuple[Sizes, tuple[int, ...]]:
    """The sizes, one size at the key `at`, and the end of the convolution."""
    sizes, at = _read_sizes(reader, axes), read_integers(reader, "at", len(axes))
    reader.expect("}")
    _require_defined(axes, sizes.minimum, "sizes")
    return sizes, at


def _read_sizes(reader: Reader, axes: Sequence[Axis]) -> Sizes:
    """The object of the key `sizes`."""
    reader.key(",", "sizes")
    reader.key("{", "minimum")
    minimum = integers(reader.value(), len(axes), 1, "minimum")
    reader.key(",", "residues")
    lists = reader.value()
    if not isinstance(lists, list) or len(lists) != len(axes):
        raise Unreadable(f"residues: expected {len(axes)} lists of integers, found {show(lists)}")
    residues = tuple(increasing(value, "residues") for value in lists)
    for axis, values in zip(axes, residues, strict=True):
        if values[0] < 0 or values[-1] >= axis.stride:
            raise Unreadable(f"residues: expected integers from 0 to {show(axis.stride - 1)}")
    reader.expect("}")
    return Sizes(minimum, residues)


# ------------------------------------------------------------------ reading/residual
# certificates-network.md, section "Residual blocks": the block, checked against its digest and the one given.

class _BlockReader:
    """Reads the matrices, and adds their texts to the digest."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.digest = reader, hashlib.sha256()

    def matrix(self, before: str, name: str, rows: int, columns: int) -> list[list[Fraction]]:
        self.digest.update(f'{before}"{name}":['.encode())
        found: list[list[Fraction]] = []
        for texts in self.reader.elements(",", name):
            if len(found) == rows:
                raise self.reader.malformed(f"residual.{name}: expected {rows} rows, found more")
            self.digest.update(b"," if found else b"")
            found.append(rationals(texts, columns, f"residual.{name} row {len(found)}"))
            self.digest.update(quoted(texts).encode())
        if len(found) != rows:
            raise self.reader.malformed(f"residual.{name}: expected {show(rows)} rows, found {len(found)}")
        return found

    def bias(self, count: int) -> list[Fraction]:
        self.reader.key(",", "b")
        texts = self.reader.value()
        b = rationals(texts, count, "residual.b")
        self.reader.expect("}")
        self.digest.update(f'],"b":{quoted(texts)}}}'.encode())
        return b


def read_certified_residual(reader: Reader, given: object, dimension: int | None) -> Residual:
    """Shape, which fits the domain's, digest, and equality with the block that was given as well."""
    if given is not None and not isinstance(given, Residual):
        raise Rejected(
            Reason.OTHER_RESIDUAL, "residual: the certificate is about a residual block, the given layer is none"
        )
    k, n = reader.size("{", "k"), reader.size(",", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {show(n)} rationals, found lists of {dimension}")
    sha256 = read_digest(reader)
    parts = _BlockReader(reader)
    residual = Residual(parts.matrix("{", "A", k, n), parts.matrix("],", "B", n, k), parts.bias(k))
    if given is not None:
        _require_same(residual, given)
    if parts.digest.hexdigest() != sha256:
        found = parts.digest.hexdigest()
        raise Rejected(Reason.DIGEST, f"residual: the SHA-256 of A, B and b is {found}, not the one stated")
    return residual


def _require_same(residual: Residual, given: Residual) -> None:
    for name in ("A", "B", "b"):
        if _listed(getattr(residual, name)) != _listed(getattr(given, name)):
            raise Rejected(Reason.OTHER_RESIDUAL, f"residual: {name} differs from the given block")


def _listed(part: Sequence[Sequence[Fraction]] | Sequence[Fraction]) -> list[object]:
    return [list(row) if isinstance(row, Sequence) else row for row in part]


# ------------------------------------------------------------------ reading/network
# certificates-network.md, section "Dense networks": the network, checked as layers are, and the rule cell-pairs.

class _LayerReader:
    """Reads layers, and adds their texts to the digest."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.digest = reader, hashlib.sha256(b'{"layers":[')

    def layer(self, number: int, columns: int) -> DenseLayer:
        """The next one, for so many inputs."""
        place = f"dense_network.layers {number}"
        self.digest.update((b"," if number else b"") + b'{"W":[')
        W: list[list[Fraction]] = []
        for texts in self.reader.elements("{", "W"):
            self.digest.update(b"," if W else b"")
            W.append(rationals(texts, columns, f"{place}: W row {len(W)}"))
            self.digest.update(quoted(texts).encode())
        if not W:
            raise self.reader.malformed(f"{place}: expected at least one row, found none")
        b, slopes = self.vector("b", "]", len(W), place), self.vector("slopes", "", len(W), place)
        self.reader.expect("}")
        self.digest.update(b"}")
        return DenseLayer(W, b, slopes)

    def vector(self, name: str, before: str, count: int, place: str) -> list[Fraction]:
        self.reader.key(",", name)
        texts = self.reader.value()
        values = rationals(texts, count, f"{place}: {name}")
        self.digest.update(f'{before},"{name}":{quoted(texts)}'.encode())
        return values


def read_certified_network(reader: Reader, given: object, dimension: int | None) -> DenseNetwork:
    """Shapes, which fit the domain's, digest, and equality with the network that was given as well."""
    if given is not None and not isinstance(given, DenseNetwork):
        found = "dense_network: the certificate is about a network, the given layer is none"
        raise Rejected(Reason.OTHER_NETWORK, found)
    n = reader.size("{", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {show(n)} rationals, found lists of {dimension}")
    sha256 = read_digest(reader)
    parts, layers = _LayerReader(reader), list[DenseLayer]()
    for number in reader.places(",", "layers"):
        layers.append(parts.layer(number, len(layers[-1].W) if layers else n))
    if not layers:
        raise reader.malformed("dense_network.layers: expected at least one layer, found none")
    reader.expect("}")
    parts.digest.update(b"]}")
    if given is not None:
        _require_same_layers(layers, given)
    if parts.digest.hexdigest() != sha256:
        found = parts.digest.hexdigest()
        raise Rejected(Reason.DIGEST, f"dense_network: the SHA-256 of the layers is {found}, not the one stated")
    return DenseNetwork(layers)


def _require_same_layers(layers: list[DenseLayer], given: DenseNetwork) -> None:
    if len(layers) != len(given.layers):
        found = f"{len(layers)} layers here and {len(given.layers)} in the given network"
        raise Rejected(Reason.OTHER_NETWORK, f"dense_network: found {found}")
    for k, (layer, other) in enumerate(zip(layers, given.layers, strict=True)):
        same = [list(row) for row in layer.W] == [list(row) for row in other.W]
        if not same or list(layer.b) != list(other.b) or list(layer.slopes) != list(other.slopes):
            raise Rejected(Reason.OTHER_NETWORK, f"dense_network: layer {k} differs from the given network")


# ------------------------------------------------------------------ rule cell-pairs


def _support(value: object, place: str) -> list[int]:
    if isinstance(value, list) and all(type(number) is int for number in value):
        if len(set(value)) < len(value):
            raise Unreadable(f"{place}: a number occurs twice in a support")
        return value
    raise Unreadable(f"{place}: expected a list of integers, found {show(value)}")


def _cell_item(value: object, place: str) -> CellSplit | CellSide | CellEnds:
    """0, a sign with a support, or bounds."""
    if type(value) is int and value == 0:
        return CellSplit()
    if isinstance(value, list) and value and type(value[0]) is int:
        if value[0] not in (1, -1):
            raise Unreadable(f"{place}: expected the sign 1 or -1, found {show(value[0])}")
        return CellSide(value[0], _support(value[1:], place))
    if isinstance(value, list):
        return CellEnds([None if entry is None else _support(entry, place) for entry in value])
    raise Unreadable(f"{place}: expected 0 or a list, found {show(value)}")


def read_cell_pairs(reader: Reader, network: DenseNetwork) -> CellPairs:
    """The directions; cells and pairs while the rule takes them."""
    directions = [
        rationals(value, network.m, f"direction {k}") for k, value in enumerate(reader.elements(",", "directions"))
    ]

    def cells() -> Iterator[CellSplit | CellSide | CellEnds]:
        for number, value in enumerate(reader.elements(",", "cells")):
            yield _cell_item(value, f"cells item {number}")

    def pairs() -> Iterator[tuple[list[int], list[int]]]:
        for number, value in enumerate(reader.elements(",", "pairs")):
            place = f"pairs item {number}"
            if not isinstance(value, list) or len(value) != 2:
                raise Unreadable(f"{place}: expected two supports, found {show(value)}")
            yield _support(value[0], place), _support(value[1], place)
        reader.expect("}")

    return CellPairs(directions, cells(), pairs())


# ------------------------------------------------------------------ reading/proofs
# The proof of a document, one function a rule: what may be long is read while the rule takes it.

PROVES = {
    "collision": "not_injective",
    "flat-tree": "injective",
    "sign-split": "injective",
    "packing": "injective_if_full_spark",
    "blocks": "injective",
    "stages": "injective",
    "depth-tree": "alpha_star",
    "boxes": "injective_for_sizes",
    "periodic": "not_injective_for_sizes",
    "patch": "not_injective_for_sizes",
    "geometric": "not_injective_for_sizes",
    "count": "not_injective_for_sizes",
    "unpaired": "not_injective_for_sizes",
    "p-matrix": "injective",
    "orientation": "injective",
    "cell-pairs": "injective",
    "composition": "injective",
    "graph-composition": "injective",
    "rank": "injective",
    "gram": "stability",
}
RESTING = {"injective_for_sizes_if_full_spark": "boxes"}  # claims that a rule proves besides, with packings inside
POSITIVE = re.compile("[1-9][0-9]*")
NONZERO = re.compile("-?[1-9][0-9]*")


def _read_points(reader: Reader, n: int) -> Points:
    """The points x and y, and the end of the proof."""
    points = []
    for name in "xy":
        reader.key(",", name)
        points.append(rationals(reader.value(), n, f"proof.{name}"))
    reader.expect("}")
    return Points(*points)


def read_collision(reader: Reader, n: int) -> Points:
    """For a layer with n columns, perhaps an unrolled one."""
    return _read_points(reader, n)


# ------------------------------------------------------------------ flat-tree, sign-split, blocks


def _combination(value: object, multiplier: re.Pattern[str], place: str) -> Combination:
    """Pairs [i, "lambda_i"]."""
    if not isinstance(value, list) or not value:
        raise Unreadable(f"{place}: expected pairs [row, multiplier], found {show(value)}")
    indices, multipliers = [], []
    for pair in value:
        row, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if type(row) is not int or not isinstance(text, str) or not multiplier.fullmatch(text):
            raise Unreadable(f'{place}: expected pairs like [3, "12"], found another entry')
        indices.append(row)
        multipliers.append(integer_of(text, place))
    return Combination(indices, multipliers)


def _combinations(reader: Reader, name: str, multiplier: re.Pattern[str]) -> Iterator[Combination]:
    for number, value in enumerate(reader.elements(",", f"{name}s")):
        yield _combination(value, multiplier, f"{name} {number}")


def read_entries(reader: Reader, name: str, multiplier: re.Pattern[str]) -> Iterator[Entry]:
    """The list of refuters or circuits; at the key `supports` it has compact entries, too."""
    may_be_compact = reader.key(",", f"{name}s", "supports") == "supports"
    for number in reader.items():
        yield refuter_or_circuit(reader.value(), multiplier, f"{name} {number}", may_be_compact=may_be_compact)


def refuter_or_circuit(value: object, multiplier: re.Pattern[str], place: str, *, may_be_compact: bool) -> Entry:
    """A refuter or circuit of a list, of either kind if that may be."""
    if may_be_compact and isinstance(value, list) and value and type(value[0]) is int:
        return _codes(value, multiplier, place)
    return _combination(value, multiplier, place)


def _codes(value: list[object], multiplier: re.Pattern[str], place: str) -> Codes:
    least = "positive integers" if multiplier is POSITIVE else "integers that are not 0"
    codes = [code for code in value if type(code) is int and code and (code > 0 or multiplier is NONZERO)]
    if len(codes) < len(value):
        raise Unreadable(f"{place}: expected a list of {least}, found another entry in it")
    return Codes(codes)


def read_tokens(reader: Reader, place: str = "tree") -> Iterator[int]:
    """The tokens at the key `tree`, then the end of the proof."""
    for number, token in enumerate(reader.elements(",", "tree")):
        if type(token) is not int:
            raise Unreadable(f"{place} token {number}: expected an integer, found {show(token)}")
        yield token
    reader.expect("}")


def read_injective(reader: Reader, rule: str) -> InjectiveProof:
    """The rest of a proof with the rule flat-tree, sign-split or blocks."""
    if rule == "flat-tree":
        return FlatTree(read_entries(reader, "refuter", POSITIVE), read_tokens(reader))
    if rule == "sign-split":
        return SignSplit(read_entries(reader, "circuit", NONZERO), read_tokens(reader))
    if rule == "stages":
        raise Rejected(Reason.RULE, 'the rule "stages" stands inside the rule "boxes" only')
    if rule != "blocks":
        kind = "residual blocks" if rule in ("p-matrix", "orientation") else "networks"
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves something about {kind} only')
    return Blocks(_read_blocks(reader))


def read_packing(reader: Reader) -> Packing:
    """The number epsilon or null, and the refuters."""
    reader.key(",", "epsilon")
    text = reader.value()
    epsilon = None if text is None else rational(text, "epsilon")
    if epsilon is not None and epsilon <= 0:
        raise Unreadable(f"epsilon: expected null or a positive number, found {show(text)}")

    def refuters() -> Iterator[Entry]:
        yield from read_entries(reader, "refuter", POSITIVE)
        reader.expect("}")

    return Packing(epsilon, refuters())


def read_inner_rule(reader: Reader, allowed: Sequence[str]) -> str:
    """The rule of a proof inside a proof."""
    rule: str = reader.one_of("{", "rule", list(PROVES))
    if rule not in allowed:
        raise Rejected(Reason.RULE, f'the rule "{rule}" cannot stand here, only ' + ", ".join(allowed))
    return rule


def _read_inner(reader: Reader, allowed: Sequence[str]) -> InjectiveProof:
    """A proof inside a proof."""
    return read_injective(reader, read_inner_rule(reader, allowed))


def _read_numbers(reader: Reader, before: str, name: str) -> list[int]:
    reader.key(before, name)
    return increasing(reader.value(), name)


def _read_block(reader: Reader) -> Block:
    def rows() -> list[int]:
        return _read_numbers(reader, ",", "rows")

    def proof() -> InjectiveProof:
        reader.key(",", "proof")
        return _read_inner(reader, ["flat-tree", "sign-split"])

    return Block(_read_numbers(reader, "{", "columns"), rows, proof)


def _read_blocks(reader: Reader, name: str = "block") -> Iterator[Block]:
    """The blocks at the key `blocks`, or the stages at `stages`, then the end of the proof."""
    number = -1
    for number in reader.places(",", f"{name}s"):
        with within(f"{name} {number}"):
            block = _read_block(reader)
        yield block
        with within(f"{name} {number}"):
            reader.expect("}")
    if number < 0:
        raise reader.malformed(f"expected at least one {name}, found none")
    reader.expect("}")


def read_modulus(reader: Reader) -> int:
    """The number at the key `modulus`."""
    reader.key(",", "modulus")
    text = reader.value()
    if not isinstance(text, str) or not POSITIVE.fullmatch(text) or text == "1":
        raise reader.malformed(f'"modulus": expected a string with an integer above 1, found {show(text)}')
    return integer_of(text, "modulus")


def read_composition(reader: Reader) -> Composition:
    """The proofs at the key `layers`, then the end of the proof."""

    def layers() -> Iterator[InjectiveProof]:
        number = -1
        for number in reader.places(",", "layers"):
            with within(f"layer {number}"):
                proof = _read_inner(reader, ["flat-tree", "sign-split", "blocks"])
            yield proof
        if number < 0:
            raise reader.malformed("expected at least one layer, found none")
        reader.expect("}")

    return Composition(layers())


# ------------------------------------------------------------------ depth-tree


def _short_combination(value: object, place: str) -> ShortCombination:
    if not isinstance(value, list):
        raise Unreadable(f"{place}: expected a list of pairs [row, multiplier], found {show(value)}")
    rows, multipliers = [], []
    for pair in value:
        row, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if type(row) is not int:
            raise Unreadable(f'{place}: expected pairs like [3, "1/2"], found another entry')
        rows.append(row)
        multipliers.append(rational(text, place))
        if multipliers[-1] <= 0:
            raise Unreadable(f"{place}: expected a positive multiplier, found {show(text)}")
    return ShortCombination(rows, multipliers)


def _cone(value: object, place: str) -> Cone:
    if not isinstance(value, list) or not all(type(row) is int for row in value):
        raise Unreadable(f"{place}: expected a list of rows, found {show(value)}")
    return Cone(value)


class _RowReader:
    """The object for row j, part by part."""

    def __init__(self, reader: Reader, j: int, n: int) -> None:
        self.reader, self.j, self.n, self.sign = reader, j, n, 0

    def row(self) -> int:
        self.reader.key("{", "row")
        row = self.reader.value()
        if type(row) is not int:
            raise self.reader.malformed(f'"row": expected an integer, found {show(row)}')
        return row

    def value(self) -> RowValue:
        self.sign = self.reader.one_of(",", "sign", (-1, 0, 1))
        self.reader.key(",", "square")
        text = self.reader.value()
        return RowValue(self.sign, None if text is None else rational(text, f"row {self.j}: square"))

    def point(self) -> list[Fraction] | None:
        self.reader.key(",", "point")
        value = self.reader.value()
        return None if value is None else rationals(value, self.n, f"row {self.j}: point")

    def refuters(self) -> Iterator[ShortCombination | Cone]:
        read = _cone if self.sign == 1 else _short_combination
        for number, value in enumerate(self.reader.elements(",", "refuters")):
            yield read(value, f"row {self.j}: refuter {number}")


def read_depth_tree(reader: Reader, n: int) -> DepthTree:
    """For a layer with n columns."""

    def rows() -> Iterator[RowProof]:
        for j in reader.places(",", "rows"):
            row = _RowReader(reader, j, n)
            yield RowProof(row.row, row.value, row.point, row.refuters(), read_tokens(reader, f"row {j}: tree"))
        reader.expect("}")

    return DepthTree(rows())


# ------------------------------------------------------------------ rules of certificates-convolution.md


def _read_slot(reader: Reader) -> Slot:
    reader.key("{", "known")
    known = integers(reader.value(), 2, 0, "known")
    reader.key(",", "starts")
    starts = increasing(reader.value(), "starts")
    reader.expect("}")
    return Slot(known, starts)


def _read_slots(reader: Reader, d: int) -> list[list[Slot]]:
    axes = []
    for _ in reader.places(",", "slots"):
        axes.append([_read_slot(reader) for _ in reader.items()])
        if not axes[-1]:
            raise reader.malformed("slots: expected at least one slot for each axis, found none")
    if len(axes) != d:
        raise reader.malformed(f"slots: expected lists for {d} axes, found {len(axes)}")
    return axes


def read_boxes(reader: Reader, kernels: Kernels, claim: str) -> Boxes:
    """The box, the slots, and then proof by proof; packings only where the claim rests on full spark."""
    rules = ["flat-tree", "sign-split", "blocks", "stages", *(["packing"] if claim in RESTING else [])]

    def proof() -> BoxProof:
        rule = read_inner_rule(reader, rules)
        if rule == "stages":
            return Stages(_read_blocks(reader, "stage"))
        return read_packing(reader) if rule == "packing" else read_injective(reader, rule)

    def proofs() -> Iterator[Later[BoxProof]]:
        for _ in reader.places(",", "proofs"):
            yield proof
        reader.expect("}")

    d = len(kernels.axes)
    return Boxes(read_integers(reader, "box", d), _read_slots(reader, d), proofs())


def read_periodic(reader: Reader, kernels: Kernels) -> Periodic:
    """The period and the points."""
    period = read_integers(reader, "period", len(kernels.axes))
    return Periodic(period, _read_points(reader, kernels.layer.in_channels * math.prod(period)))


def _read_anchored(reader: Reader, axes: Sequence[Axis]) -> list[Anchored]:
    """The keys `patch`, `anchor` and `phase`."""
    d = len(axes)
    size = read_integers(reader, "patch", d)
    reader.key(",", "anchor")
    anchors = reader.value()
    if not isinstance(anchors, list) or len(anchors) != d or not all(anchor in ANCHORS for anchor in anchors):
        raise Unreadable(f"anchor: expected {d} of {', '.join(ANCHORS)}, found {show(anchors)}")
    phase = read_integers(reader, "phase", d, 0)
    if any(residue >= axis.stride for residue, axis in zip(phase, axes, strict=True)):
        raise Unreadable("phase: expected integers below the strides")
    return [Anchored(*parts) for parts in zip(axes, size, anchors, phase, strict=True)]


def read_patch(reader: Reader, kernels: Kernels) -> Patch:
    """The patch and the points."""
    parts = _read_anchored(reader, kernels.axes)
    return Patch(parts, _read_points(reader, kernels.layer.in_channels * math.prod(part.length for part in parts)))


def _read_integer(reader: Reader, name: str) -> int:
    reader.key(",", name)
    found = reader.value()
    if type(found) is not int:
        raise reader.malformed(f'"{name}": expected an integer, found {show(found)}')
    return found


def read_geometric(reader: Reader, kernels: Kernels) -> Geometric:
    """The group, the period, the factors and x."""
    group = _read_integer(reader, "group")
    period = read_integers(reader, "period", len(kernels.axes))
    reader.key(",", "factor")
    factor = rationals(reader.value(), len(kernels.axes), "factor")
    reader.key(",", "x")
    x = rationals(reader.value(), kernels.inputs * math.prod(period), "proof.x")
    reader.expect("}")
    return Geometric(group, period, factor, x)


def read_count(reader: Reader, _: Kernels) -> Count:
    """The group."""
    group = _read_integer(reader, "group")
    reader.expect("}")
    return Count(group)


def read_unpaired(reader: Reader, kernels: Kernels) -> Unpaired:
    """The group, the kernel and the tap."""
    group, kernel = _read_integer(reader, "group"), _read_integer(reader, "kernel")
    tap = read_integers(reader, "tap", len(kernels.axes), None)
    reader.expect("}")
    return Unpaired(group, kernel, tap)


# ------------------------------------------------------------------ rules of certificates-network.md


def _multipliers(value: object, place: str) -> list[int]:
    if not isinstance(value, list) or not all(isinstance(text, str) and POSITIVE.fullmatch(text) for text in value):
        raise Unreadable(f'{place}: expected a list of positive integers like "12", found {show(value)}')
    return [integer_of(text, place) for text in value]


def _p_token(value: object, place: str) -> Split | Dominant | Definite | Minors:
    if type(value) is int:
        return Split(value)
    name, entry = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    if name == "minors" and type(entry) is int and entry > 0:
        return Minors(entry)
    if name == "dominant":
        return Dominant(_multipliers(entry, place))
    if name == "definite":
        weights = _multipliers(entry, place)
        if len(weights) > MOST_ROWS:
            raise Unreadable(f"{place}: a definite matrix of {len(weights)} rows, expected at most {MOST_ROWS}")
        return Definite(weights)
    raise Unreadable(f"{place}: expected a unit, or an object dominant, definite or minors, found {show(value)}")


def read_orientation(reader: Reader, n: int) -> Orientation:
    """For a block with n inputs."""
    reader.key(",", "point")
    point = rationals(reader.value(), n, "proof.point")
    return Orientation(point, _combinations(reader, "circuit", NONZERO), read_tokens(reader))


def _read_perhaps_none(reader: Reader, name: str) -> list[int]:
    reader.key(",", name)
    value = reader.value()
    return [] if value == [] else increasing(value, name)


def read_p_matrix(reader: Reader) -> PMatrix:
    """Units that keep their sign, and the blocks with their trees."""

    def blocks() -> Iterator[PTree]:
        for number in reader.places(",", "blocks"):
            rows = _read_numbers(reader, "{", "rows")
            tokens = reader.elements(",", "tree")
            yield PTree(rows, (_p_token(value, f"block {number}, token {k}") for k, value in enumerate(tokens)))
            reader.expect("}")
        reader.expect("}")

    active, inactive = (_read_perhaps_none(reader, name) for name in ("active", "inactive"))
    return PMatrix(active, inactive, blocks())


# ------------------------------------------------------------------ reading/gram
# The proof of the rule "gram", read while the rule takes it.

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


# ------------------------------------------------------------------ reading/graph
# certificates-network.md, section "Networks as graphs": the graph, and the rule graph-composition.

_LONGEST_NAME = 1000
_RULES_OF_ROWS = ["flat-tree", "sign-split", "blocks", "rank"]


def _whole_numbers(value: object, least: int, most: int, place: str) -> list[int]:
    """A non-empty list of integers from `least` to `most`."""
    if isinstance(value, list) and value and all(type(k) is int and least <= k <= most for k in value):
        return value
    raise Unreadable(f"{place}: expected a list of integers from {least} to {most}, not empty, found {show(value)}")


class _StepReader:
    """Reads steps, and keeps what the digest sees of them."""

    def __init__(self, reader: Reader, inputs: Sequence[int]) -> None:
        self.reader, self.sizes, self.records = reader, list(inputs), list[dict[str, object]]()
        self.record: dict[str, object] = {}
        self.reads: tuple[int, ...] = ()

    def step(self) -> GraphStep:
        """The next one."""
        kind: str = self.reader.one_of("{", "step", list(_STEPS))
        self.record = {"step": kind}
        found = self.value("reads")
        if not isinstance(found, list) or not all(type(v) is int and 0 <= v < len(self.sizes) for v in found):
            raise self.reader.malformed(f"reads: expected a list of numbers of earlier values, found {show(found)}")
        count = {"constant": len(found) == 0, "sum": len(found) > 0, "join": len(found) > 0, "other": True}
        if not count.get(kind, len(found) == 1):
            raise self.reader.malformed(f"reads: a step {kind} cannot read {len(found)} values")
        self.reads = tuple(found)
        step = _STEPS[kind](self)
        self.reader.expect("}")
        self.records.append(self.record)
        self.sizes.append(step.size)
        return step

    def value(self, name: str) -> Any:
        """The value of a key, which the digest sees."""
        self.reader.key(",", name)
        found = self.record[name] = self.reader.value()
        return found

    def integers(self, name: str, least: int, most: int) -> list[int]:
        return _whole_numbers(self.value(name), least, most, name)

    def windows(self, name: str, most: int) -> list[list[int]]:
        found = self.value(name)
        if not isinstance(found, list) or not found:
            raise self.reader.malformed(f"{name}: expected lists of integers, found {show(found)}")
        return [_whole_numbers(window, -1, most, name) for window in found]

    def rationals(self, name: str, count: int | None = None) -> list[Fraction]:
        found = rationals(self.value(name), count, name)
        if not found:
            raise self.reader.malformed(f"{name}: expected at least one rational, found none")
        return found

    def perhaps_rational(self, name: str) -> Fraction | None:
        found = self.value(name)
        return None if found is None else rational(found, name)

    @property
    def size(self) -> int:
        """Of the first value that is read."""
        return self.sizes[self.reads[0]]

    def each(self) -> int:
        (each,) = _whole_numbers([self.value("each")], 1, self.size, "each")
        return each

    def name(self) -> str:
        found = self.value("name")
        if not isinstance(found, str) or len(found) > _LONGEST_NAME or not found.isascii():
            raise self.reader.malformed(f'"name": expected a short ASCII string, found {show(found)}')
        return found

    def parameters(self) -> None:
        """The digest of the parameters of a step, or null."""
        found = self.value("sha256")
        if found is not None and not (isinstance(found, str) and re.fullmatch("[0-9a-f]{64}", found)):
            raise self.reader.malformed(f'"sha256": expected null or 64 lower-case hex digits, found {show(found)}')

    # ------------------------------------------------------------------ one kind each

    def dense(self) -> GraphStep:
        self.reader.key(",", "layer")
        rows, n, self.record["layer"] = read_rows_of_layer(self.reader, None, None)
        if self.size % n:
            raise self.reader.malformed(f"layer: {n} columns do not divide the {self.size} entries that are read")
        return DenseStep(self.reads, self.size // n * len(rows), rows, n)

    def convolution(self) -> GraphStep:
        self.reader.key(",", "layer")
        layer, self.record["layer"] = read_convolution_and_digest(self.reader, None, None)
        kernels = Kernels(layer)
        at = read_size(self.reader, kernels.axes)
        self.record["size"] = list(at)
        rows = kernels.unrolled(at)
        if rows.n != self.size:
            raise self.reader.malformed(f"layer: the convolution reads {show(rows.n)} entries, not {self.size}")
        return ConvolutionStep(self.reads, len(rows), rows)

    def scale(self) -> GraphStep:
        each, scale = self.each(), self.rationals("scale")
        return ScaleStep(self.reads, self.size, each, scale, self.rationals("shift", len(scale)))

    def sum(self) -> GraphStep:
        signs = self.value("signs")
        if not isinstance(signs, list) or not all(type(s) is int and abs(s) == 1 for s in signs):
            raise self.reader.malformed(f"signs: expected a list of 1 and -1, found {show(signs)}")
        if len(signs) != len(self.reads) or len({self.sizes[v] for v in self.reads}) > 1:
            raise self.reader.malformed("signs: expected one for each of some values with equally many entries")
        return SumStep(self.reads, self.size, signs)

    def mean(self) -> GraphStep:
        places = self.windows("places", self.size - 1)
        counts = self.integers("counts", 1, 1 << 62)
        if len(counts) != len(places):
            raise self.reader.malformed("counts: expected one for each list of places")
        return MeanStep(self.reads, len(places), places, counts)

    def move(self) -> GraphStep:
        places = self.integers("places", -1, self.size - 1)
        return MoveStep(self.reads, len(places), places, rational(self.value("fill"), "fill"))

    def join(self) -> GraphStep:
        starts = list(accumulate((self.sizes[v] for v in self.reads), initial=0))
        return JoinStep(self.reads, starts[-1], starts[:-1])

    def constant(self) -> GraphStep:
        value = self.rationals("value")
        return ConstantStep(self.reads, len(value), value)

    def leaky(self) -> GraphStep:
        each = self.each()
        return LeakyStep(self.reads, self.size, each, self.rationals("slopes"))

    def clip(self) -> GraphStep:
        low = self.perhaps_rational("low")
        return ClipStep(self.reads, self.size, low, self.perhaps_rational("high"))

    def square(self) -> GraphStep:
        return SquareStep(self.reads, self.size)

    def maximum(self) -> GraphStep:
        places = self.windows("places", self.size - 1)
        if any(max(window) < 0 for window in places):
            raise self.reader.malformed("places: expected windows that read an entry")
        return MaximumStep(self.reads, len(places), places)

    def named(self) -> GraphStep:
        name = self.name()
        self.parameters()
        return NamedStep(self.reads, self.size, name)

    def other(self) -> GraphStep:
        self.name()
        (count,) = _whole_numbers([self.value("count")], 1, 1 << 62, "count")
        require_room(count, "the entries of a value")
        self.parameters()
        return OtherStep(self.reads, count)


_STEPS: dict[str, Callable[[_StepReader], GraphStep]] = {
    "dense": _StepReader.dense,
    "convolution": _StepReader.convolution,
    "scale": _StepReader.scale,
    "sum": _StepReader.sum,
    "mean": _StepReader.mean,
    "move": _StepReader.move,
    "join": _StepReader.join,
    "constant": _StepReader.constant,
    "leaky": _StepReader.leaky,
    "clip": _StepReader.clip,
    "square": _StepReader.square,
    "maximum": _StepReader.maximum,
    "one-to-one": _StepReader.named,
    "other": _StepReader.other,
}


def _read_inputs(reader: Reader) -> tuple[list[list[int]], list[int]]:
    """The shapes of the inputs, and their numbers of entries."""
    reader.key("{", "inputs")
    found = reader.value()
    if not isinstance(found, list) or not found:
        raise reader.malformed(f"inputs: expected shapes, found {show(found)}")
    shapes = [_whole_numbers(shape, 1, 1 << 62, "inputs") for shape in found]
    counts = [math.prod(shape) for shape in shapes]
    require_room(sum(counts), "the entries of the inputs")
    return shapes, counts


def read_digest_of_graph(reader: Reader, domain: Domain) -> str:
    """The digest that a graph states and has."""
    return _read_graph(reader, domain)[1]


def read_certified_graph(reader: Reader, given: object, domain: Domain) -> Graph:
    """Shapes, which fit the domain's, digest, and equality with the network that was given as well."""
    if given is not None and not isinstance(given, GraphDigest):
        raise Rejected(Reason.OTHER_NETWORK, "graph: the certificate is about a network, the given layer is none")
    if not isinstance(domain, (Space, Orthant, Box)):
        raise Rejected(Reason.DOMAIN, f"domain: a certificate about a network cannot have the domain {domain.type}")
    graph, sha256 = _read_graph(reader, domain)
    if given is not None and given.sha256 != sha256:
        raise Rejected(
            Reason.OTHER_NETWORK, f"graph: the given network is another one, with the SHA-256 {given.sha256}"
        )
    return graph


def _read_graph(reader: Reader, domain: Domain) -> tuple[Graph, str]:
    """The graph and its digest."""
    shapes, counts = _read_inputs(reader)
    if domain.dimension not in (None, sum(counts)):
        raise reader.malformed(f"domain: expected lists of {sum(counts)} rationals, found lists of {domain.dimension}")
    sha256 = read_digest(reader)
    parts, steps = _StepReader(reader, counts), list[GraphStep]()
    for number in reader.places(",", "steps"):
        with within(f"graph.steps {number}"):
            steps.append(parts.step())
    reader.key(",", "outputs")
    outputs = _whole_numbers(reader.value(), 0, len(parts.sizes) - 1, "outputs")
    reader.expect("}")
    text = json.dumps({"inputs": shapes, "steps": parts.records, "outputs": outputs}, separators=(",", ":"))
    found = hashlib.sha256(text.encode("ascii")).hexdigest()
    if found != sha256:
        raise Rejected(Reason.DIGEST, f"graph: the SHA-256 of the network is {found}, not the one stated")
    return Graph(counts, steps, outputs, domain), sha256


# ------------------------------------------------------------------ rule graph-composition


def _read_number(reader: Reader, before: str, name: str, count: int) -> int:
    """The number of one of so many values."""
    reader.key(before, name)
    found = reader.value()
    if type(found) is not int or not 0 <= found < count:
        raise reader.malformed(f'"{name}": expected the number of a value, below {count}, found {show(found)}')
    return found


def _read_list(reader: Reader, name: str) -> list[int]:
    reader.key(",", name)
    found = reader.value()
    if not isinstance(found, list) or not found or not all(type(k) is int for k in found):
        raise reader.malformed(f'"{name}": expected a list of integers, not empty, found {show(found)}')
    return found


class _LayerOfGraphReader:
    """Reads the layers of one proof."""

    def __init__(self, reader: Reader, graph: Graph) -> None:
        self.reader, self.count = reader, len(graph.sizes)

    def layer(self) -> ByRows | ByConvolution | ByResidual:
        """The next one, up to its proof."""
        reader = self.reader
        output, source = (_read_number(reader, *part, self.count) for part in (("{", "output"), (",", "source")))
        reader.expect(",")
        return self._rest(output, source)

    def _rest(self, output: int, source: int) -> ByRows | ByConvolution | ByResidual:
        reader = self.reader
        key = reader.value()
        if key not in ("columns", "hidden"):
            raise reader.malformed(f'expected the key "columns" or "hidden", found {show(key)}')
        reader.expect(":")
        first = reader.value()
        if key == "hidden":
            if type(first) is not int or not 0 <= first < self.count:
                raise reader.malformed(f'"hidden": expected the number of a value, found {show(first)}')
            return self._residual(output, source, first)
        columns = _whole_numbers(first, 0, 1 << 62, "columns")
        rows = _read_list(reader, "rows")
        if 0 in rows:
            raise reader.malformed('"rows": expected integers that are not 0')
        domain = read_domain(reader, "injective")
        if reader.key(",", "convolution", "proof") == "proof":
            return ByRows(output, source, columns, rows, domain, self._rows_proof)
        kernels = Kernels(read_convolution_and_digest(reader, None, None)[0])
        if domain.dimension not in (None, kernels.layer.in_channels):
            raise reader.malformed("domain: expected bounds for each channel of the convolution")
        sizes, at = read_sizes_and_one(reader, kernels.axes)

        def proof() -> Boxes:
            reader.key(",", "proof")
            read_inner_rule(reader, ["boxes"])
            return read_boxes(reader, kernels, "injective_for_sizes")  # no packings: they rest on an assumption

        return ByConvolution(output, source, columns, rows, domain, kernels, sizes, at, proof)

    def _rows_proof(self) -> InjectiveProof | Rank:
        rule = read_inner_rule(self.reader, _RULES_OF_ROWS)
        if rule != "rank":
            return read_injective(self.reader, rule)
        modulus = read_modulus(self.reader)
        self.reader.expect("}")
        return Rank(modulus)

    def _residual(self, output: int, source: int, hidden: int) -> ByResidual:
        reader = self.reader
        domain = read_domain(reader, "injective")
        reader.key(",", "residual")
        block = read_certified_residual(reader, None, domain.dimension)
        modulus = read_modulus(reader)

        def proof() -> PMatrix | Orientation:
            reader.key(",", "proof")
            rule = read_inner_rule(reader, ["p-matrix", "orientation"])
            return read_p_matrix(reader) if rule == "p-matrix" else read_orientation(reader, block.n)

        return ByResidual(output, source, hidden, domain, block, modulus, proof)


def read_graph_composition(reader: Reader, graph: Graph) -> GraphComposition:
    """The layers, while the rule takes them, and the end of the proof."""
    parts = _LayerOfGraphReader(reader, graph)

    def layers() -> Iterator[ByRows | ByConvolution | ByResidual]:
        for number in reader.places(",", "layers"):
            with within(f"layer {number}"):
                layer = parts.layer()
            yield layer
            with within(f"layer {number}"):
                reader.expect("}")
        reader.expect("}")

    return GraphComposition(layers())


# ------------------------------------------------------------------ document
# The document: format, claim, domain, layer and proof in their order, and the table of the rules.

CLAIMS = (
    "injective",
    "not_injective",
    "alpha_star",
    "injective_if_full_spark",
    "injective_for_sizes",
    "not_injective_for_sizes",
    "injective_for_sizes_if_full_spark",
    "stability",
)
Numbers = Layer | Convolution | Residual | DenseNetwork | GraphDigest
Given = Callable[[str], Numbers | None]  # the layer to check, when the document is about this kind of it
Judge = Callable[[Reader, str, Domain, list[Row], int], str]  # what a rule says about the rows of a layer


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the certificate proves its claim, and why or why not; `fault` is what about it does not hold."""

    valid: bool
    claim: str | None
    reason: str
    fault: Reason | None = None

    def to_json(self) -> dict[str, object]:
        """The document of ``exactinj check --json``."""
        return {"valid": self.valid, "claim": self.claim, "reason": self.reason}


def _read_outer_rule(reader: Reader, claim: str) -> str:
    """The rule of the document's proof, which proves the claim."""
    reader.key(",", "proof")
    rule: str = reader.one_of("{", "rule", list(PROVES))
    if claim != PROVES[rule] and RESTING.get(claim) != rule:
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves "{PROVES[rule]}", not the claim "{claim}"')
    return rule


def _judge_packing_or_gram(reader: Reader, rule: str, domain: Domain, rows: list[Row], n: int) -> str:
    if rule == "gram":
        return check_gram(read_gram(reader), domain, rows, n)
    return check_packing(read_packing(reader), domain, rows, n)


def judge_layer(reader: Reader, rule: str, domain: Domain, rows: list[Row], n: int) -> str:
    """A rule of certificates.md for the rows of a layer."""
    if rule == "collision":
        return check_collision(read_collision(reader, n), domain, rows)
    if rule == "depth-tree":
        return check_depth_tree(read_depth_tree(reader, n), domain, rows, n)
    if rule in ("packing", "gram"):
        return _judge_packing_or_gram(reader, rule, domain, rows, n)
    proof = read_injective(reader, rule)
    if isinstance(proof, FlatTree):
        return check_flat_tree(proof, domain, rows, n)
    if isinstance(proof, SignSplit):
        return check_sign_split(proof, domain, rows, n)
    return check_layer_blocks(proof, domain, rows, n)


def _judge_at_size(reader: Reader, rule: str, domain: Domain, kernels: Kernels, size: Sequence[int]) -> str:
    """A rule of certificates.md for the unrolled layer."""
    if rule == "collision":
        points = read_collision(reader, kernels.layer.in_channels * math.prod(size))
        return check_collision_at(points, domain, kernels, size)
    rows = kernels.unrolled(size)
    proof, cut = read_injective(reader, rule), channel_cut(domain, 0, math.prod(size))
    return f"{len(rows)} rows and {rows.n} columns, " + check_injective(proof, cut, rows, rows.n)


_SIZES_RULES: dict[str, Callable[[Reader, Domain, Kernels, Sizes], str]] = {
    "periodic": lambda reader, domain, kernels, sizes: check_periodic(
        read_periodic(reader, kernels), domain, kernels, sizes
    ),
    "patch": lambda reader, domain, kernels, sizes: check_patch(read_patch(reader, kernels), domain, kernels, sizes),
    "geometric": lambda reader, domain, kernels, sizes: check_geometric(
        read_geometric(reader, kernels), domain, kernels, sizes
    ),
    "count": lambda reader, domain, kernels, sizes: check_count(read_count(reader, kernels), domain, kernels, sizes),
    "unpaired": lambda reader, domain, kernels, sizes: check_unpaired(
        read_unpaired(reader, kernels), domain, kernels, sizes
    ),
}


def _check_layer(reader: Reader, claim: str, domain: Domain, given: Numbers | None, judge: Judge) -> str:
    """The document from the value of `layer` on."""
    rows, n = read_certified_layer(reader, given, domain.dimension)
    return judge(reader, _read_outer_rule(reader, claim), domain, rows, n)


def _check_convolution(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `convolution` on."""
    if not isinstance(domain, (Space, Orthant, Box)):
        raise Rejected(Reason.DOMAIN, f"domain: a certificate about a convolution cannot have the domain {domain.type}")
    if claim in ("alpha_star", "injective_if_full_spark", "stability"):
        raise Rejected(Reason.RULE, f'a certificate about a convolution cannot have the claim "{claim}"')
    if given is not None and not isinstance(given, Convolution):
        others = {Residual: "a residual block", DenseNetwork: "a network", GraphDigest: "a network"}
        found = f"the given layer is {others.get(type(given), 'one with (W, b)')}"
        raise Rejected(Reason.OTHER_CONVOLUTION, f"convolution: the certificate is about a convolution, but {found}")
    kernels = Kernels(read_convolution(reader, domain.dimension, given))
    if claim in ("injective", "not_injective"):
        size = read_size(reader, kernels.axes)
        rule = _read_outer_rule(reader, claim)
        where, reason = f"the input size {times(size)}", _judge_at_size(reader, rule, domain, kernels, size)
    else:
        sizes = read_sizes(reader, kernels.axes)
        rule = _read_outer_rule(reader, claim)
        every = "any" if claim.startswith("not") else "every"
        where = f"{every} input size with {sizes.about(kernels.axes)}"
        if rule == "boxes":
            reason = check_boxes(read_boxes(reader, kernels, claim), domain, kernels, sizes)
        else:
            reason = _SIZES_RULES[rule](reader, domain, kernels, sizes)
    word = "injective" if PROVES[rule].startswith("injective") else "not injective"
    word += ", if the windows are full spark," if claim in RESTING else ""
    return f"{word} for {where} on {domain.type}: {reason}; {kernels.about()}"


_RESIDUAL_RULES: dict[str, Callable[[Reader, Domain, Residual], str]] = {
    "collision": lambda reader, domain, block: check_collision_of(
        read_collision(reader, block.n), domain, block.outputs
    ),
    "p-matrix": lambda reader, domain, block: check_p_matrix(read_p_matrix(reader), domain, block),
    "orientation": lambda reader, _, block: check_orientation(read_orientation(reader, block.n), block),
}


def _check_residual(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `residual` on."""
    if claim in ("alpha_star", "stability"):
        raise Rejected(Reason.RULE, f'a certificate about a residual block cannot have the claim "{claim}"')
    block = read_certified_residual(reader, given, domain.dimension)
    rule = _read_outer_rule(reader, claim)
    if rule not in _RESIDUAL_RULES:
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves nothing about a residual block')
    return _RESIDUAL_RULES[rule](reader, domain, block)


_NETWORK_RULES: dict[str, Callable[[Reader, Domain, DenseNetwork], str]] = {
    "collision": lambda reader, domain, network: check_collision_of(
        read_collision(reader, network.n), domain, network.outputs
    ),
    "cell-pairs": lambda reader, domain, network: check_cell_pairs(read_cell_pairs(reader, network), domain, network),
    "composition": lambda reader, domain, network: check_composition(read_composition(reader), domain, network),
}


def _check_network(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `dense_network` on."""
    if claim in ("alpha_star", "stability"):
        raise Rejected(Reason.RULE, f'a certificate about a network cannot have the claim "{claim}"')
    network = read_certified_network(reader, given, domain.dimension)
    rule = _read_outer_rule(reader, claim)
    if rule not in _NETWORK_RULES:
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves nothing about a network')
    return _NETWORK_RULES[rule](reader, domain, network)


def _check_graph(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `graph` on."""
    graph = read_certified_graph(reader, given, domain)
    rule = _read_outer_rule(reader, claim)
    if rule != "graph-composition":
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves nothing about a network as a graph')
    return check_graph_composition(read_graph_composition(reader, graph), graph)


_KINDS = {
    "convolution": _check_convolution,
    "residual": _check_residual,
    "dense_network": _check_network,
    "graph": _check_graph,
}


def _check_proof(reader: Reader, claim: str, given: Given, judge: Judge) -> str:
    """Everything after the claim, in the order of the document. Returns the reason to accept."""
    domain = read_domain(reader, claim)
    kind = reader.key(",", *(["convolution"] if "_for_sizes" in claim else ["layer", *_KINDS]))
    if kind == "layer":
        reason = _check_layer(reader, claim, domain, given(kind), judge)
    else:
        reason = _KINDS[kind](reader, claim, domain, given(kind))
    reader.end()
    return reason


def check_document(
    binary_file: BinaryIO, given: Given, reader_type: type[Reader] = Reader, judge: Judge = judge_layer
) -> CheckResult:
    """The same for a layer that is asked for when the document says which kind of layer it is about.

    Another `judge` with a reader of its own may take the place of this one for proofs about the rows of a layer.
    """
    reader, claim = reader_type(pieces_of(binary_file)), None
    try:
        reader.one_of("{", "format", ["exactinj-certificate"])
        reader.one_of(",", "version", [1])
        claim = reader.one_of(",", "claim", CLAIMS)
        return CheckResult(valid=True, claim=claim, reason=_check_proof(reader, claim, given, judge))
    except Rejected as error:
        return CheckResult(valid=False, claim=claim, reason=str(error), fault=error.reason)
    except MemoryError:
        raise Unreadable("does not fit into memory") from None


def check_stream(binary_file: BinaryIO, layer: Numbers | None = None) -> CheckResult:
    """Check the certificate in a binary file, which must be about `layer` if that is given.

    Raises Unreadable if the document is not a certificate; a wrong one gives a result that is not valid.
    """
    return check_document(binary_file, lambda _: layer)


# ------------------------------------------------------------------ files/texts
# JSON and csv files: texts in UTF-8, with the numbers that they spell.
#
# A string and a csv field is the rational that it spells; a bare JSON integer is exact; a bare JSON decimal is the
# float64 that JSON means by it, and refused where that float is 0 or infinite and the decimal is not.

_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)/([0-9]+)|([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,9}))?)")
_SPACE = " \t\n\r\f\v"
_LARGEST_EXPONENT = 99_999


def _exact(text: str) -> Fraction | None:
    """The rational that "1/2", "-3", "0.1" or "1e-3" denotes; None for any other text."""
    match = _NUMBER.fullmatch(text.strip(_SPACE))
    if match is None:
        return None
    sign, top, bottom, whole, decimals, exponent = match.groups("")
    if not whole + decimals and not bottom.strip("0"):
        return None
    if abs(int(exponent or "0")) > _LARGEST_EXPONENT:
        raise Unreadable(f"found the number {show(text)}: expected an exponent of at most {_LARGEST_EXPONENT}")
    size = Fraction(integer_of(top or whole + decimals), integer_of(bottom or "1"))
    return (-1 if sign == "-" else 1) * size * Fraction(10) ** (int(exponent or "0") - len(decimals))


def entry_of(value: object, place: str) -> Fraction:
    """An entry of W, b or alpha; a float is the dyadic rational that it is."""
    if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
        return Fraction(value)
    exact = _exact(value) if isinstance(value, str) else None
    if exact is None:
        wanted = 'a finite number or a string like "1/2" or "0.1"'
        raise Unreadable(f"{place}: expected {wanted}, found {show(value)}")
    return exact


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dictionary of these items. Raises Unreadable if a key is repeated."""
    if len(dict(pairs)) < len(pairs):
        raise Unreadable("a key is repeated")
    return dict(pairs)


def _float(text: str) -> float:
    """The float64 that a bare decimal means, unless it loses the number wholly."""
    value = float(text)
    mantissa = re.split("[eE]", text)[0]
    if math.isinf(value) or (value == 0 and mantissa.strip("-0.")):
        raise Unreadable(f"found the number {text[:40]}, which float64 turns into {value}: put it in quotes")
    return value


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"found {name}: expected finite numbers")


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig")


def json_object(data: bytes) -> dict[str, Any]:
    """The object in a JSON file."""
    found = json.loads(
        _text(data), parse_int=integer_of, parse_float=_float, parse_constant=_no_constant, object_pairs_hook=unique
    )
    if not isinstance(found, dict):
        raise Unreadable(f"expected an object with the arrays of the layer, found {show(found)}")
    return found


def csv_rows(data: bytes) -> list[list[str]]:
    """The fields of each line; blank lines, and those that start with #, are left out."""
    lines = re.split("\r\n|\n|\r", _text(data))
    numbers = (f"{line}\n" for line in lines if line.lstrip(" \t")[:1] != "#")
    return [row for row in csv.reader(numbers, strict=True) if row]


# ------------------------------------------------------------------ files/arrays
# npy and npz files: plain numbers, or one text, as many as the file has bytes for.

_NPY_TYPES = {
    "f": {"2": "e", "4": "f", "8": "d"},
    "i": {"1": "b", "2": "h", "4": "i", "8": "q"},
    "u": {"1": "B", "2": "H", "4": "I", "8": "Q"},
}
_NPY_KEYS = {"descr", "fortran_order", "shape"}
_LONGEST_HEADER = 10_000
_UNPACKED_FREELY, _MOST_RATIO = 1 << 28, 100  # bytes; beyond that, unpacked bytes for each byte of the file
_LAYER_AXES, _KERNEL_AXES = range(1, 3), range(6)


def _npy_parts(data: bytes) -> tuple[str, bool, tuple[int, ...], bytes]:
    """The npy format, versions 1 to 3: the type, whether the first axis runs fastest, the shape, and the numbers."""
    start = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}.get(data[:8])
    if start is None:
        raise Unreadable("not in npy format, version 1 to 3: save with numpy.save or numpy.savez")
    length = int.from_bytes(data[8:start], "little")
    if length > _LONGEST_HEADER:
        raise Unreadable(f"found a header of {length} bytes, expected at most {_LONGEST_HEADER}")
    header = ast.literal_eval(data[start : start + length].decode("latin-1").strip())
    if not isinstance(header, dict) or set(header) != _NPY_KEYS or not isinstance(header["fortran_order"], bool):
        raise Unreadable("found a damaged header: save with numpy.save or numpy.savez")
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and size > 0 for size in shape):
        raise Unreadable("expected an array with no size zero")
    return str(header["descr"]), header["fortran_order"], shape, data[start + length :]


def npy_array(data: bytes, axes: range = _LAYER_AXES) -> Any:
    """An array of floats or integers with so many axes, as nested lists."""
    kind, fortran, shape, body = _npy_parts(data)
    if not re.fullmatch("[<>][fiu][248]|[<>|][iu]1", kind):
        raise Unreadable(f"found the type {show(kind)}: expected float16/32/64 or an integer type")
    if len(shape) not in axes:
        raise Unreadable(f"found {len(shape)} axes: expected {axes[0]} to {axes[-1]}")
    size = math.prod(shape) * int(kind[2])
    if len(body) != size:
        raise Unreadable(f"found {len(body)} bytes of numbers, expected {show(size)}: the file is damaged")
    order = ">" if kind[0] == ">" else "<"
    values = struct.unpack(f"{order}{math.prod(shape)}{_NPY_TYPES[kind[1]][kind[2]]}", body)
    steps = [math.prod(shape[:k] if fortran else shape[k + 1 :]) for k in range(len(shape))]
    return _nested(values, 0, shape, steps)


def _nested(values: Sequence[Any], first: int, shape: Sequence[int], steps: Sequence[int]) -> Any:
    """The array of this shape that starts at `first`; the next element of axis k is `steps[k]` further on."""
    if not shape:
        return values[first]
    return [_nested(values, first + k * steps[0], shape[1:], steps[1:]) for k in range(shape[0])]


def npy_value(data: bytes) -> Any:
    """An array of numbers with any of the shapes that a kernel file may have, or one text."""
    kind, _, shape, body = _npy_parts(data)
    text = re.fullmatch("([<>])U([1-9][0-9]{0,3})", kind)
    if text is None:
        return npy_array(data, _KERNEL_AXES)
    if shape or len(body) != 4 * int(text[2]):
        raise Unreadable("found an array of texts, or a damaged one: expected one text")
    return body.decode("utf-32-le" if text[1] == "<" else "utf-32-be").rstrip("\0")


def npz_arrays(
    data: bytes, require_names: Callable[[Sequence[str]], object], read: Callable[[bytes], Any]
) -> dict[str, Any]:
    """The arrays in an npz file by name; `require_names` raises for wrong names before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
            raise Unreadable("found an unusual compression: save with numpy.savez")
        unpacked = sum(info.file_size for info in members)
        if unpacked > max(_UNPACKED_FREELY, _MOST_RATIO * len(data)):
            raise Unreadable(f"found {len(data)} bytes that unpack to {unpacked}, expected {_MOST_RATIO} times at most")
        names = [info.filename.removesuffix(".npy") for info in members]
        require_names(names)
        return unique([(name, read(archive.read(info))) for name, info in zip(names, members, strict=True)])


# ------------------------------------------------------------------ files/layers
# Layer files: W, and b or alpha.

FilePath = str | os.PathLike[str]
_TORCH_NAMES = {"weight": "W", "bias": "b"}
_UNNAMED = "arr_0"
_SPARSE = {"format", "shape", "data"}
_Built = TypeVar("_Built")


def _our_names(names: Sequence[str]) -> list[str]:
    """W, b and alpha for the names of a file, which may be those of torch. Raises Unreadable for others."""
    ours = [_TORCH_NAMES[name] for name in names] if set(names) <= set(_TORCH_NAMES) else list(names)
    if set(names) >= _SPARSE:
        raise Unreadable("found a matrix in SciPy's sparse format: save it with numpy.save(FILE, A.toarray())")
    if "W" not in ours or not set(ours) <= {"W", "b", "alpha"}:
        found = ", ".join(map(show, names[:5])) or "nothing"
        raise Unreadable(f"expected W and at most one of b and alpha, found {found}: rename or remove arrays")
    return ours


def _names_of_arrays(names: Sequence[str]) -> list[str]:
    """The same for an archive, whose only array may be without a name."""
    return ["W"] if list(names) == [_UNNAMED] else _our_names(names)


def _bias(value: object, m: int, name: str) -> list[Any]:
    """One number for each row; a column of them is one, too."""
    if isinstance(value, list) and value and all(isinstance(row, list) and len(row) == 1 for row in value):
        value = [row[0] for row in value]
    if not isinstance(value, list) or len(value) != m:
        raise Unreadable(f"{name}: expected one number for each of the {m} rows of W")
    return value


def _layer(arrays: dict[str, Any]) -> Layer:
    """W and b from the arrays of a file; alpha = -b may stand in for b, and neither, or null, means b = 0."""
    arrays = {name: value for name, value in arrays.items() if value is not None}
    if {"b", "alpha"} <= set(arrays):
        raise Unreadable("expected at most one of b and alpha, found both: remove one")
    W = arrays.get("W")
    if not isinstance(W, list) or not W or not all(isinstance(row, list) and 0 < len(row) == len(W[0]) for row in W):
        raise Unreadable("W: expected a matrix: at least one row, of equal length and not empty")
    name = "alpha" if "alpha" in arrays else "b"
    b = _bias(arrays.get(name, [0] * len(W)), len(W), name)
    rows = [[entry_of(value, f"W[{i}][{j}]") for j, value in enumerate(row)] for i, row in enumerate(W)]
    bias = [entry_of(value, f"{name}[{i}]") for i, value in enumerate(b)]
    return rows, [-value for value in bias] if name == "alpha" else bias


def _json_layer(data: bytes) -> dict[str, Any]:
    arrays = json_object(data)
    return dict(zip(_our_names(list(arrays)), arrays.values(), strict=True))


def _npz_layer(data: bytes) -> dict[str, Any]:
    arrays = npz_arrays(data, _names_of_arrays, npy_array)
    return dict(zip(_names_of_arrays(list(arrays)), arrays.values(), strict=True))


_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": _json_layer,
    ".csv": lambda data: {"W": csv_rows(data)},
    ".npy": lambda data: {"W": npy_array(data)},
    ".npz": _npz_layer,
}


def opened(path: FilePath) -> BinaryIO:
    """The open file. Raises Unreadable."""
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be opened: {error}") from None


def read_file(
    path: FilePath,
    source: Source,
    formats: dict[str, Callable[[bytes], dict[str, Any]]],
    build: Callable[[dict[str, Any]], _Built],
) -> _Built:
    """What `build` makes of the arrays in the file. Raises Unreadable, with the kind of file in front."""
    suffix = os.path.splitext(path)[1].lower()
    try:
        if suffix not in formats:
            *others, last = formats
            raise Unreadable(f"found the ending {show(suffix)}: expected {', '.join(others)} or {last}")
        with opened(path) as file:
            return build(formats[suffix](file.read()))
    except Unreadable as error:
        raise Unreadable(f"{source}: {error}", source) from None
    except Exception as error:  # noqa: BLE001 (the standard library raises a dozen types on damaged files)
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise Unreadable(f"{source}: damaged, or not in {suffix} format ({cause})", source) from None


def read_layer(path: FilePath) -> Layer:
    """The exact W and b of a layer file. Raises Unreadable."""
    return read_file(path, Source.LAYER_FILE, _FORMATS, _layer)


# ------------------------------------------------------------------ files/kernels
# Kernel files, certificates-convolution.md: kernels, b and the geometry of a convolution.

_KERNEL_KEYS = ("kernels", "b", "stride", "dilation", "padding", "groups", "padding_mode")


def _whole(value: object, least: int, place: str) -> int:
    exact = entry_of(value, place)
    if exact.denominator != 1 or exact < least:
        raise Unreadable(f"{place}: expected an integer >= {least}, found {show(value)}")
    return exact.numerator


def _per_axis(value: object, d: int, least: int, place: str) -> tuple[int, ...]:
    """One integer for all axes, or one for each."""
    values = value if isinstance(value, list) else [value] * d
    if len(values) != d:
        raise Unreadable(f"{place}: expected one integer, or one for each of {d} axes, found {show(value)}")
    return tuple(_whole(entry, least, place) for entry in values)


def _padding_pairs(value: object, d: int) -> tuple[tuple[int, int], ...]:
    """One integer, one for each axis, or a pair for each axis."""
    if not isinstance(value, list) or not any(isinstance(entry, list) for entry in value):
        return tuple((width, width) for width in _per_axis(value, d, 0, "padding"))
    if len(value) != d or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise Unreadable(f"padding: expected one integer, or one or a pair for each of {d} axes, found {show(value)}")
    return tuple((_whole(low, 0, "padding"), _whole(high, 0, "padding")) for low, high in value)


def _shape(value: object) -> list[int]:
    """The shape of nested lists, going by the first element of each."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _flat(value: object, shape: Sequence[int], place: str) -> list[Fraction]:
    """The numbers of nested lists of this shape, in lexicographic order."""
    if not shape:
        return [entry_of(value, place)]
    if not isinstance(value, list) or len(value) != shape[0]:
        raise Unreadable(f"{place}: expected a list of {shape[0]}, found {show(value)}")
    return [entry for k, part in enumerate(value) for entry in _flat(part, shape[1:], f"{place}[{k}]")]


def _require_names(names: Sequence[str]) -> None:
    """Raises Unreadable for names that do not belong into a kernel file."""
    if "kernels" not in names or not set(names) <= set(_KERNEL_KEYS):
        found = ", ".join(map(show, names[:5])) or "nothing"
        raise Unreadable(f"expected kernels, and perhaps {', '.join(_KERNEL_KEYS[1:])}; found {found}")


def _convolution(arrays: dict[str, Any]) -> Convolution:
    """The layer from the arrays of a kernel file."""
    _require_names(list(arrays))
    shape = _shape(arrays["kernels"])
    if not 3 <= len(shape) <= 5 or 0 in shape:
        raise Unreadable(f"kernels: expected the axes out, in / groups and 1 to 3 of the grid, found {len(shape)} axes")
    outputs, inputs, *kernel_size = shape
    d, groups = len(kernel_size), _whole(arrays.get("groups", 1), 1, "groups")
    if outputs % groups:
        raise Unreadable(f"groups: {show(groups)} does not divide the {outputs} output channels")
    mode = arrays.get("padding_mode", "zeros")
    if not isinstance(mode, str) or mode not in MODES:
        raise Unreadable(f"padding_mode: expected {', '.join(MODES)}, found {show(mode)}")
    return Convolution(
        in_channels=inputs * groups,
        out_channels=outputs,
        groups=groups,
        kernel_size=tuple(kernel_size),
        stride=_per_axis(arrays.get("stride", 1), d, 1, "stride"),
        dilation=_per_axis(arrays.get("dilation", 1), d, 1, "dilation"),
        padding=_padding_pairs(arrays.get("padding", 0), d),
        padding_mode=mode,
        kernels=[_flat(kernel, shape[1:], f"kernels[{o}]") for o, kernel in enumerate(arrays["kernels"])],
        b=_flat(arrays.get("b", [0] * outputs), [outputs], "b"),
    )


_KERNEL_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": json_object,
    ".npy": lambda data: {"kernels": npy_value(data)},
    ".npz": lambda data: npz_arrays(data, _require_names, npy_value),
}


def read_kernels(path: FilePath) -> Convolution:
    """The exact convolution of a kernel file. Raises Unreadable."""
    return read_file(path, Source.KERNEL_FILE, _KERNEL_FORMATS, _convolution)


# ------------------------------------------------------------------ files/residuals
# Block files, certificates-network.md: A, B and perhaps b of x + B ReLU(Ax + b).

def _require_block_names(names: Sequence[str]) -> None:
    """Raises Unreadable for names that do not belong into a block file."""
    if not {"A", "B"} <= set(names) or not set(names) <= {"A", "B", "b"}:
        found = ", ".join(map(show, names[:5])) or "nothing"
        raise Unreadable(f"expected A, B and perhaps b, as the certificate is about a residual block; found {found}")


def _matrix(value: object, name: str) -> list[list[Fraction]]:
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        raise Unreadable(f"{name}: expected a matrix, at least one row, none of them empty")
    if any(len(row) != len(value[0]) for row in value):
        raise Unreadable(f"{name}: expected rows of equal length")
    return [[entry_of(entry, f"{name}[{i}][{j}]") for j, entry in enumerate(row)] for i, row in enumerate(value)]


def _residual(arrays: dict[str, Any]) -> Residual:
    """The block from the arrays of a file; null for b means 0, a column is a list."""
    _require_block_names(list(arrays))
    A, B = _matrix(arrays["A"], "A"), _matrix(arrays["B"], "B")
    k, n = len(A), len(A[0])
    if len(B) != n or len(B[0]) != k:
        raise Unreadable(f"B: expected shape {n} x {k} for A of shape {k} x {n}, found {len(B)} x {len(B[0])}")
    b = arrays.get("b")
    b = [0] * k if b is None else b
    if isinstance(b, list) and b and all(isinstance(row, list) and len(row) == 1 for row in b):
        b = [row[0] for row in b]
    if not isinstance(b, list) or len(b) != k:
        raise Unreadable(f"b: expected one number for each of the {k} rows of A")
    return Residual(A, B, [entry_of(entry, f"b[{i}]") for i, entry in enumerate(b)])


_BLOCK_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": json_object,
    ".npz": lambda data: npz_arrays(data, _require_block_names, npy_array),
}


def read_residual(path: FilePath) -> Residual:
    """The exact block of a block file. Raises Unreadable."""
    return read_file(path, Source.BLOCK_FILE, _BLOCK_FORMATS, _residual)


# ------------------------------------------------------------------ files/networks
# Network files, certificates-network.md: the layers of a dense network.

_PLAIN_SLOPES = {"relu": Fraction(0), "none": Fraction(1)}


def _dense_layer(value: object, place: str) -> DenseLayer:
    """W, and perhaps b (null means 0) and the activation (relu if it is left out)."""
    if not isinstance(value, dict) or "W" not in value or not set(value) <= {"W", "b", "activation"}:
        raise Unreadable(f"{place}: expected an object with W and perhaps b and activation")
    W = value["W"]
    if not isinstance(W, list) or not W or not all(isinstance(row, list) and 0 < len(row) == len(W[0]) for row in W):
        raise Unreadable(f"{place}: W: expected a matrix: at least one row, of equal length and not empty")
    b = value.get("b")
    b = [0] * len(W) if b is None else b
    if not isinstance(b, list) or len(b) != len(W):
        raise Unreadable(f"{place}: b: expected one number for each of the {len(W)} rows of W")
    rows = [[entry_of(entry, f"{place}: W[{i}][{j}]") for j, entry in enumerate(row)] for i, row in enumerate(W)]
    bias = [entry_of(entry, f"{place}: b[{i}]") for i, entry in enumerate(b)]
    return DenseLayer(rows, bias, _slopes_of(value.get("activation", "relu"), len(W), place))


def _slopes_of(activation: object, rows: int, place: str) -> list[Fraction]:
    if isinstance(activation, str) and activation in _PLAIN_SLOPES:
        return [_PLAIN_SLOPES[activation]] * rows
    if isinstance(activation, dict) and list(activation) == ["leaky"]:
        slopes = activation["leaky"]
        if not isinstance(slopes, list):
            return [entry_of(slopes, f"{place}: leaky")] * rows
        if len(slopes) == rows:
            return [entry_of(slope, f"{place}: leaky[{i}]") for i, slope in enumerate(slopes)]
        raise Unreadable(f"{place}: leaky: expected one slope, or one for each of the {rows} rows of W")
    raise Unreadable(f'{place}: expected the activation "relu", "none" or {{"leaky": slope}}, found {show(activation)}')


def _dense_network(parts: dict[str, Any]) -> DenseNetwork:
    found = parts.get("layers")
    if list(parts) != ["layers"] or not isinstance(found, list) or not found:
        raise Unreadable("expected layers alone, a list that is not empty, as the certificate is about a network")
    layers = [_dense_layer(value, f"layers[{k}]") for k, value in enumerate(found)]
    for k in range(1, len(layers)):
        if len(layers[k].W[0]) != len(layers[k - 1].W):
            raise Unreadable(f"layers[{k}]: expected as many columns as layers[{k - 1}] has rows")
    return DenseNetwork(layers)


_NETWORK_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {".json": json_object}


def read_network(path: FilePath) -> DenseNetwork:
    """The exact network of a network file. Raises Unreadable."""
    return read_file(path, Source.NETWORK_FILE, _NETWORK_FORMATS, _dense_network)


# ------------------------------------------------------------------ files/graphs
# Graph files, certificates-network.md: a network as a graph, by itself.

def read_graph(path: FilePath) -> GraphDigest:
    """The network of a graph file, by its digest. Raises Unreadable."""
    try:
        with opened(path) as file:
            reader = Reader(pieces_of(file))
            reader.key("{", "graph")
            sha256 = read_digest_of_graph(reader, Space())
            reader.end()
            return GraphDigest(sha256)
    except Unreadable as error:
        raise Unreadable(str(error), Source.NETWORK_FILE) from None
    except Rejected as error:
        raise Unreadable(f"{error}", Source.NETWORK_FILE) from None


# ------------------------------------------------------------------ command
# Files and the command line.

READERS: dict[str, Callable[[FilePath], Numbers]] = {
    "layer": read_layer,
    "convolution": read_kernels,
    "residual": read_residual,
    "dense_network": read_network,
    "graph": read_graph,
}
VALID, LOST, UNREADABLE, REJECTED, INTERRUPTED = 0, 1, 3, 4, 130


def check_file(
    path: FilePath,
    layer_path: FilePath | None = None,
    *,
    watch: Callable[[BinaryIO], BinaryIO] = lambda file: file,
    check: Callable[[BinaryIO, Given], CheckResult] = check_document,
) -> CheckResult:
    """Check a certificate file, which must be about the layer in `layer_path` if that is given.

    The second file is a kernel file if the certificate is about a convolution, a block file if it is about a residual
    block, a network or graph file if it is about a network, a layer file otherwise. What `watch` makes of the open
    certificate is read in its place: it may tell how far the reading is.
    `check` may be another checker.
    Raises Unreadable if one of the two files is not in its documented format.
    """

    def given(kind: str) -> Numbers | None:
        return None if layer_path is None else READERS[kind](layer_path)

    try:
        with opened(path) as file:
            return check(watch(file), given)
    except Unreadable as error:
        if error.source is not Source.CERTIFICATE:
            raise
        raise Unreadable(f"certificate: {error}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Re-check an exactinj certificate.")
    parser.add_argument("certificate", help="the certificate, JSON or gzip-compressed JSON")
    parser.add_argument("layer", nargs="?", help="also require that it is about the layer in this file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", help="print nothing; the exit status tells")
    options = parser.parse_args(argv)
    try:
        result = check_file(options.certificate, options.layer)
        word, status = ("valid", VALID) if result.valid else ("rejected", REJECTED)
    except Unreadable as error:
        result, word, status = CheckResult(valid=False, claim=None, reason=str(error)), "unreadable", UNREADABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.json:
        line = json.dumps({"valid": result.valid, "claim": result.claim, "reason": result.reason})
        return status if _shown(line) else LOST
    line = ascii(f"{word}: {f'{result.claim}: ' if result.valid else ''}{result.reason}")[1:-1]
    if options.quiet:
        return status
    if status == UNREADABLE:
        print(line, file=sys.stderr)
        return status
    return status if _shown(line) else LOST


def _shown(line: str) -> bool:
    """Whether standard output took the line: a full disk or a closed pipe must not read as an answer."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        print(line, flush=True)
    except OSError as error:
        if sys.stdout is not None:  # what is still in its buffer has somewhere to go
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"the answer could not be written to standard output: {error.strerror or error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
