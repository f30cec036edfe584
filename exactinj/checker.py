"""Re-check an exactinj certificate: standard library only, no code shared with the package.

    python -I checker.py CERTIFICATE [LAYER]

Written from docs/certificates.md, version 1, and docs/certificates-convolution.md; each section of these pages is
one function here. The document is read element by element and never held as a whole: of a verified refuter only the
row indices stay. All arithmetic is exact, on integers: each row (w_i, b_i) is scaled once by its own positive
denominator. The rows of an unrolled convolution are made when a proof names them.

A fault of form (JSON, keys and their order, types, number formats, or lists that do not fit m and n) makes
a document unreadable; whatever else fails is a rejection. The first fault in document order counts.
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import compress, pairwise, product
from operator import itemgetter, mul
from typing import Any, BinaryIO, ClassVar, NamedTuple, NoReturn, Protocol, TypeVar

VALID, UNREADABLE, REJECTED, INTERRUPTED = 0, 3, 4, 130
BLOCK = 1 << 14  # bytes per read; deflate expands at most 1032-fold, so this bounds memory for gzip too
DIGITS = 600  # int() takes this many decimal digits under every setting of Python's conversion limit
ENTRIES = 1 << 25
"""Numbers held in one matrix or list that a short document can ask for: a few lines about a convolution may have a
size of 10^9. A tree has at least n tokens, but they come last; so it is read only if n * n is at most this."""

FilePath = str | os.PathLike[str]
Layer = tuple[Sequence[Sequence[Fraction]], Sequence[Fraction]]  # W, b
Vector = Sequence[int]


class Unreadable(Exception):
    """The input is not a certificate, or not a layer, in the documented format."""


class _UnreadableLayer(Unreadable):
    """The layer file or kernel file, not the certificate, is the one that cannot be read."""


class Rejected(Exception):
    """The certificate was read, but its claim does not follow."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the certificate proves its claim, and why or why not."""

    valid: bool
    claim: str | None
    reason: str


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


Given = Callable[[str], Layer | Convolution | None]  # the layer to check, when the document is about this kind of it

# ------------------------------------------------------------------ JSON, piece by piece


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


def _texts(binary_file: BinaryIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(binary_file):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 text ({error.reason}): expected JSON, plain or gzip") from None
    except (OSError, ValueError, zlib.error) as error:
        raise Unreadable(f"cannot be read to its end: {error}") from None


def _integer(text: str) -> int:
    """`int(text)` for decimal digits, perhaps after a minus, of any length."""
    if len(text) <= DIGITS:
        return int(text)
    if text[0] == "-":
        return -_integer(text[1:])
    half = len(text) // 2
    power: int = 10**half
    return _integer(text[:-half]) * power + _integer(text[-half:])


def _decimal(number: int) -> str:
    """`str(number)` of any length, for a number that is not negative."""
    half = number.bit_length() * 3 // 20  # about half of its digits
    if half < DIGITS // 2:
        return str(number)
    high, low = divmod(number, 10**half)
    return _decimal(high) + _decimal(low).zfill(half)


def _no_float(_: str) -> NoReturn:
    raise ValueError("expected an integer, found a number with fraction or exponent, NaN or Infinity")


def _show(value: object) -> str:
    """A JSON value in a message: short, on one line, ASCII."""
    if isinstance(value, str):
        return ascii(value) if len(value) <= 40 else ascii(value[:40]) + "..."
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else json.dumps(value)


class _Reader:
    """Pulls JSON values and punctuation, one after the other, out of pieces of text."""

    _decode = staticmethod(
        json.JSONDecoder(parse_int=_integer, parse_float=_no_float, parse_constant=_no_float).raw_decode
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

    def expect(self, characters: str) -> str:
        """Take the next character, which must be one of `characters`."""
        found = self.peek()
        if not found or found not in characters:
            wanted = " or ".join(characters)
            raise self.malformed(f"expected {wanted}, found {_show(found) if found else 'the end'}")
        self._at += 1
        return found

    def key(self, before: str, *names: str) -> str:
        """Take the punctuation `before`, then one of the keys `names` and its colon."""
        self.expect(before)
        found = self.value()
        if not isinstance(found, str) or found not in names:
            wanted = '" or "'.join(names)
            raise self.malformed(f'expected the key "{wanted}", found {_show(found)}')
        self.expect(":")
        return found

    def one_of(self, before: str, name: str, allowed: Sequence[object]) -> Any:
        """The value of the key `name`, one of `allowed` and of its type (`true` is not 1)."""
        self.key(before, name)
        found = self.value()
        if not any(type(found) is type(value) and found == value for value in allowed):
            wanted = " or ".join(map(_show, allowed))
            raise self.malformed(f'"{name}": expected {wanted}, found {_show(found)}')
        return found

    def size(self, before: str, name: str) -> int:
        self.key(before, name)
        found = self.value()
        if type(found) is not int or found < 1:
            raise self.malformed(f'"{name}": expected a positive integer, found {_show(found)}')
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
            raise self.malformed(f"expected the end of the document, found {_show(found)}")


@contextlib.contextmanager
def _within(place: str) -> Iterator[None]:
    """Faults inside a part of the document say where it is."""
    try:
        yield
    except Rejected as error:
        raise Rejected(f"{place}: {error}") from None
    except Unreadable as error:
        raise Unreadable(f"{place}: {error}") from None


# ------------------------------------------------------------------ section "Layer"

_RATIONAL = re.compile("(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?")


def _rational(text: object, place: str) -> Fraction:
    """A rational in canonical form."""
    match = _RATIONAL.fullmatch(text) if isinstance(text, str) else None
    if match:
        numerator, denominator = _integer(match[1]), _integer(match[2] or "1")
        if match[2] is None or (denominator > 1 and math.gcd(numerator, denominator) == 1):
            return Fraction(numerator, denominator)
    raise Unreadable(f"{place}: expected a string with a rational in canonical form, found {_show(text)}")


def _rationals(value: object, count: int | None, place: str) -> list[Fraction]:
    """A list of `count` rationals, or of some if the dimension is not known yet."""
    if not isinstance(value, list) or len(value) != (count or max(len(value), 1)):
        expected = "n" if count is None else _show(count)
        raise Unreadable(f"{place}: expected a list of {expected} rationals, found {_show(value)}")
    return [_rational(entry, place) for entry in value]


def _scaled(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Integers over one positive denominator."""
    denominator = math.lcm(*(value.denominator for value in values))
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


class _Form(NamedTuple):
    """(w_i, b_i) like a row, but only the entries of w_i that are not 0, by column."""

    nonzero: dict[int, int]
    constant: int
    denominator: int


class _Row:
    """(w_i, b_i) as integers over one positive denominator."""

    __slots__ = ("_nonzero", "_pick", "denominator", "entries")

    def __init__(self, normal: Sequence[Fraction], bias: Fraction) -> None:
        self._hold(*_scaled([*normal, bias]))

    @classmethod
    def sparse(cls, form: _Form, n: int) -> _Row:
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

    def form(self) -> _Form:
        nonzero = {j: self.entries[j] for j in compress(range(len(self.entries) - 1), self.entries)}
        return _Form(nonzero, self.entries[-1], self.denominator)

    def products(self, basis: list[Vector]) -> list[int]:
        """<w_i, y> times the denominator for each y; visits the nonzero entries of w_i only."""
        return [sum(map(mul, self._nonzero, self._pick(y))) for y in basis]

    def is_orthogonal(self, basis: list[Vector]) -> bool:
        """Whether all products are 0. Usually the first is not, so it is tried before a loop starts."""
        nonzero, pick = self._nonzero, self._pick
        first = sum(map(mul, nonzero, pick(basis[0])))
        return not first and not any(sum(map(mul, nonzero, pick(y))) for y in basis)


class _Rows(Protocol):
    """The rows of a layer: a list of them, or one that makes them when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> _Row: ...


class _MadeRows:
    """m rows with n entries, made from their forms; those made last are kept as long as they fit."""

    def __init__(self, m: int, n: int, form: Callable[[int], _Form]) -> None:
        if max(m, n) > sys.maxsize:
            raise Unreadable(f"the layer of {_show(m)} rows and {_show(n)} columns does not fit into memory")
        self._m, self.n, self.form = m, n, form
        self._kept: dict[int, _Row] = {}

    def __len__(self) -> int:
        return self._m

    def __getitem__(self, i: int) -> _Row:
        row = self._kept.get(i)
        if row is None:
            row = _Row.sparse(self.form(i), self.n)
            if (len(self._kept) + 1) * self.n > ENTRIES:
                self._kept.clear()
            self._kept[i] = row
        return row


def _quoted(texts: Sequence[str]) -> str:
    """A list of rationals as it enters the digest."""
    return '["' + '","'.join(texts) + '"]'


def _read_digest(reader: _Reader) -> str:
    reader.key(",", "sha256")
    sha256 = reader.value()
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise reader.malformed(f'"sha256": expected 64 lower-case hex digits, found {_show(sha256)}')
    return sha256


def _read_layer(reader: _Reader, given: Layer | Convolution | None, dimension: int | None) -> tuple[list[_Row], int]:
    """Section "Layer": shape, which fits the domain's, digest, and equality with the layer that was given as well."""
    if isinstance(given, Convolution):
        raise Rejected("layer: the certificate is about a layer (W, b), but the given layer is a convolution")
    m, n = reader.size("{", "m"), reader.size(",", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {_show(n)} rationals, found lists of {dimension}")
    sha256 = _read_digest(reader)
    if given is not None and (m, n) != (len(given[0]), len(given[0][0])):
        expected = f"{len(given[0])} x {len(given[0][0])}"
        raise Rejected(f"layer: W is {_show(m)} x {_show(n)} here and {expected} in the given layer")
    digest = hashlib.sha256(b'{"W":[')
    W: list[list[Fraction]] = []
    for texts in reader.elements(",", "W"):
        if len(W) == m:
            raise reader.malformed(f"layer.W: expected {m} rows, found more")
        digest.update(b"," if W else b"")
        W.append(_rationals(texts, n, f"layer.W row {len(W)}"))
        if given is not None and W[-1] != list(given[0][len(W) - 1]):
            raise Rejected(f"layer: row {len(W) - 1} of W differs from the given layer")
        digest.update(_quoted(texts).encode())
    if len(W) != m:
        raise reader.malformed(f"layer.W: expected {_show(m)} rows, found {len(W)}")
    reader.key(",", "b")
    texts = reader.value()
    b = _rationals(texts, m, "layer.b")
    reader.expect("}")
    if given is not None and b != list(given[1]):
        raise Rejected("layer: b differs from the given layer")
    digest.update(f'],"b":{_quoted(texts)}}}'.encode())
    if digest.hexdigest() != sha256:
        raise Rejected(f"layer: the SHA-256 of W and b is {digest.hexdigest()}, not the one stated")
    return [_Row(normal, bias) for normal, bias in zip(W, b, strict=True)], n


# ------------------------------------------------------------------ section "Domains"


class _Domain:
    """A set K. Where one does not say how to show something about it, nothing is shown."""

    type: ClassVar[str]

    @property
    def dimension(self) -> int | None:
        """The length of its vectors; None if it has none."""
        return None

    @property
    def halfspaces(self) -> tuple[_Row, ...]:
        """The functions that refuters and circuits may name besides the rows; all are at most 0 on K."""
        return ()

    def contains(self, x: Sequence[Fraction]) -> bool:
        """Whether the point lies in K."""
        return False

    def nonnegative(self, form: Vector) -> bool:
        """Whether <g, x> + beta >= 0 on K, where form = (g_1, ..., g_n, beta) up to a positive factor."""
        return False

    def cut(self, columns: Sequence[int]) -> _Domain:
        """The projection of K to these coordinates; with a coordinate listed twice, both have its bounds."""
        raise Rejected(f"the domain {self.type} cannot be cut down to some of the columns")


@dataclass(frozen=True, slots=True)
class _Space(_Domain):
    """All of R^n."""

    type = "R^n"

    def cut(self, columns: Sequence[int]) -> _Domain:
        return self

    def contains(self, x: Sequence[Fraction]) -> bool:
        return True

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])


@dataclass(frozen=True, slots=True)
class _Orthant(_Domain):
    """x_j >= 0 for every j."""

    type = "nonneg"

    def cut(self, columns: Sequence[int]) -> _Domain:
        return self

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0

    def nonnegative(self, form: Vector) -> bool:
        return min(form) >= 0


@dataclass(frozen=True, slots=True)
class _Box(_Domain):
    """l_j <= x_j <= u_j for every j; the ends are integers over one positive denominator."""

    type = "box"
    lower: Vector
    upper: Vector
    denominator: int

    @property
    def dimension(self) -> int:
        return len(self.lower)

    def contains(self, x: Sequence[Fraction]) -> bool:
        scaled = [value * self.denominator for value in x]
        return all(low <= value <= high for low, value, high in zip(self.lower, scaled, self.upper, strict=True))

    def nonnegative(self, form: Vector) -> bool:
        ends = zip(form, self.lower, self.upper, strict=False)  # the last entry of the form, beta, has none
        lowest = sum(min(value * low, value * high) for value, low, high in ends)
        return form[-1] * self.denominator + lowest >= 0

    def cut(self, columns: Sequence[int]) -> _Domain:
        return _Box([self.lower[j] for j in columns], [self.upper[j] for j in columns], self.denominator)


@dataclass(frozen=True, slots=True)
class _Polytope(_Domain):
    """d_j(x) = <G_j, x> - h_j <= 0 for every j. Forms already include the multiples of the d_j."""

    type = "polytope"
    functions: tuple[_Row, ...]

    @property
    def dimension(self) -> int:
        return len(self.functions[0].entries) - 1

    @property
    def halfspaces(self) -> tuple[_Row, ...]:
        return self.functions

    def contains(self, x: Sequence[Fraction]) -> bool:
        return max(self.values(x)) <= 0

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])

    def values(self, x: Sequence[Fraction]) -> list[Fraction]:
        """Positive multiples of the d_j(x)."""
        return [sum(map(mul, row.entries, x), Fraction(row.entries[-1])) for row in self.functions]


@dataclass(frozen=True, slots=True)
class _Ball(_Domain):
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
        return _square(differences) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        t: int = form[-1] * self.denominator + sum(map(mul, form, self.center))
        return t >= 0 and t * t >= (self.radius * self.denominator) ** 2 * _square(form[:-1])

    def cut(self, columns: Sequence[int]) -> _Domain:
        return _Ball([self.center[j] for j in columns], self.denominator, self.radius)


@dataclass(frozen=True, slots=True)
class _NonnegativeBall(_Domain):
    """x_j >= 0 for every j, and |x| <= r."""

    type = "nonneg-ball"
    radius: Fraction

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0 and _square(x) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and form[-1] ** 2 >= self.radius**2 * _square(_negative_part(form[:-1]))

    def cut(self, columns: Sequence[int]) -> _Domain:
        return self


@dataclass(frozen=True, slots=True)
class _Sphere(_Domain):
    """|x| = r."""

    type = "sphere"
    radius: Fraction


_Number = TypeVar("_Number", int, Fraction)


def _square(x: Sequence[_Number]) -> _Number:
    """<x, x>."""
    square: _Number = sum(map(mul, x, x))
    return square


def _negative_part(x: Vector) -> Vector:
    """x^- = min(x, 0) entry by entry."""
    return [min(value, 0) for value in x]


def _read_vector(reader: _Reader, name: str, count: int | None = None) -> list[Fraction]:
    """The list of rationals at the key `name`."""
    reader.key(",", name)
    return _rationals(reader.value(), count, f"domain.{name}")


def _read_box(reader: _Reader) -> _Box:
    lower = _read_vector(reader, "lower")
    upper = _read_vector(reader, "upper", len(lower))
    reader.expect("}")
    for j, (low, high) in enumerate(zip(lower, upper, strict=True)):
        if low >= high:
            raise Rejected(f"domain: the box has lower >= upper in coordinate {j}")
    scaled, denominator = _scaled([*lower, *upper])
    return _Box(scaled[: len(lower)], scaled[len(lower) :], denominator)


def _read_polytope(reader: _Reader) -> _Polytope:
    normals: list[list[Fraction]] = []
    for texts in reader.elements(",", "G"):
        normals.append(_rationals(texts, len(normals[0]) if normals else None, f"domain.G row {len(normals)}"))
    if not normals:
        raise reader.malformed("domain.G: expected at least one halfspace, found none")
    ends = _read_vector(reader, "h", len(normals))
    interior = _read_vector(reader, "interior", len(normals[0]))
    reader.expect("}")
    polytope = _Polytope(tuple(_Row(normal, -end) for normal, end in zip(normals, ends, strict=True)))
    for j, value in enumerate(polytope.values(interior)):
        if value >= 0:
            raise Rejected(f"domain: the interior point of the polytope is not strictly inside halfspace {j}")
    return polytope


def _read_radius(reader: _Reader) -> Fraction:
    reader.key(",", "radius")
    radius = _rational(reader.value(), "domain.radius")
    reader.expect("}")
    if radius <= 0:
        raise Rejected("domain: the radius is not positive")
    return radius


def _read_ball(reader: _Reader) -> _Ball:
    center = _read_vector(reader, "center")
    return _Ball(*_scaled(center), _read_radius(reader))


def _read_plain(domain: _Domain) -> Callable[[_Reader], _Domain]:
    """For a domain without parameters."""

    def read(reader: _Reader) -> _Domain:
        reader.expect("}")
        return domain

    return read


_READ_DOMAIN: dict[str, Callable[[_Reader], _Domain]] = {
    _Space.type: _read_plain(_Space()),
    _Orthant.type: _read_plain(_Orthant()),
    _Box.type: _read_box,
    _Polytope.type: _read_polytope,
    _Ball.type: _read_ball,
    _NonnegativeBall.type: lambda reader: _NonnegativeBall(_read_radius(reader)),
    _Sphere.type: lambda reader: _Sphere(_read_radius(reader)),
}


def _read_domain(reader: _Reader, claim: str) -> _Domain:
    """Section "Domains": the set K, which has interior points unless the claim is about a sphere."""
    reader.key(",", "domain")
    domain = _READ_DOMAIN[reader.one_of("{", "type", list(_READ_DOMAIN))](reader)
    if isinstance(domain, _Sphere) and claim != "alpha_star":
        raise Rejected(f'domain: the claim on a sphere can be "alpha_star" only, not "{claim}"')
    return domain


# ------------------------------------------------------------------ rule "collision"


def _read_points(reader: _Reader, n: int, rule: str) -> list[list[Fraction]]:
    """The points x and y, which are different, and the end of the proof."""
    points = []
    for name in "xy":
        reader.key(",", name)
        points.append(_rationals(reader.value(), n, f"proof.{name}"))
    reader.expect("}")
    if points[0] == points[1]:
        raise Rejected(f"{rule}: x and y are equal")
    return points


def _require_inside(points: list[list[Fraction]], domain: _Domain, rule: str) -> None:
    for name, point in zip("xy", points, strict=True):
        if not domain.contains(point):
            raise Rejected(f"{rule}: {name} does not lie in the domain {domain.type}")


def _check_collision(reader: _Reader, domain: _Domain, rows: list[_Row], n: int) -> str:
    """Rule "collision": two points of K, different, with one image."""
    x, y = points = _read_points(reader, n, "collision")
    _require_inside(points, domain, "collision")
    (x_scaled, x_factor), (y_scaled, y_factor) = _scaled([*x, Fraction(1)]), _scaled([*y, Fraction(1)])
    for i, row in enumerate(rows):  # max(g_i, 0) at both, times the denominator and both factors
        at_x = max(sum(map(mul, row.entries, x_scaled)), 0) * y_factor
        at_y = max(sum(map(mul, row.entries, y_scaled)), 0) * x_factor
        if at_x != at_y:
            raise Rejected(f"collision: row {i} has different outputs at x and at y")
    return f"x and y differ, lie in {domain.type} and have the same output in all {len(rows)} rows"


# ------------------------------------------------------------------ rule "flat-tree"

_POSITIVE = re.compile("[1-9][0-9]*")


def _total(multipliers: Sequence[int], functions: Sequence[_Row]) -> tuple[Vector, int]:
    """The sum of the functions with the multipliers, as integers over one positive denominator."""
    common = math.lcm(*[row.denominator for row in functions])
    scaled = [factor * (common // row.denominator) for factor, row in zip(multipliers, functions, strict=True)]
    return [sum(map(mul, scaled, column)) for column in zip(*[row.entries for row in functions], strict=True)], common


def _require_different(indices: Sequence[int], count: int, place: str) -> None:
    if indices and (min(indices) < 0 or max(indices) >= count):
        raise Rejected(f"{place}: names a row outside 0 to {count - 1}")
    if len(set(indices)) < len(indices):
        raise Rejected(f"{place}: names a row twice")


def _combination(
    value: object, place: str, multiplier: re.Pattern[str], functions: _Rows
) -> tuple[list[int], list[int], Vector]:
    """Pairs [i, "lambda_i"]. Returns the indices i, the lambda_i, and the sum of all up to a positive factor."""
    if not isinstance(value, list) or not value:
        raise Unreadable(f"{place}: expected pairs [row, multiplier], found {_show(value)}")
    indices, multipliers = [], []
    for pair in value:
        row, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if type(row) is not int or not isinstance(text, str) or not multiplier.fullmatch(text):
            raise Unreadable(f'{place}: expected pairs like [3, "12"], found another entry')
        indices.append(row)
        multipliers.append(_integer(text))
    _require_different(indices, len(functions), place)
    form, _ = _total(multipliers, [functions[i] for i in indices])
    return indices, multipliers, form


def _with_halfspaces(rows: _Rows, domain: _Domain) -> _Rows:
    """What refuters and circuits may name."""
    return [*(rows[i] for i in range(len(rows))), *domain.halfspaces] if domain.halfspaces else rows


def _check_refuter(value: object, number: int, domain: _Domain, rows: _Rows, m: int) -> tuple[int, ...]:
    """A refuter: sum_i lambda_i g_i is nonnegative on K. Returns its support, which is among the first m rows."""
    indices, _, form = _combination(value, f"refuter {number}", _POSITIVE, rows)
    support = tuple(i for i in indices if i < m)
    if not support:
        raise Rejected(f"refuter {number}: names halfspaces of the domain only, no row of the layer")
    if not domain.nonnegative(form):
        raise Rejected(f"refuter {number}: the sum of lambda_i g_i is not nonnegative on {domain.type}")
    return support


def _annihilator(basis: list[Vector], divisor: int, row: _Row) -> tuple[list[Vector], int]:
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


def _listed(rows: Sequence[int]) -> str:
    return "the rows " + ", ".join(map(str, rows)) if rows else "no rows: it is zero"


@dataclass(slots=True)
class _Node:
    """A node that is being read: the children to come, the annihilator of A, the rows it put into N."""

    children: Iterator[int]
    basis: list[Vector] = field(default_factory=list)
    divisor: int = 1
    added: list[int] = field(default_factory=list)
    goes_on: bool = False  # after its children, another token follows for the same A


class _TokenReader:
    """What reading a tree without recursion takes: `path` is A and `excluded` is N of the innermost node."""

    def __init__(self, tokens: Iterator[int], place: str = "tree") -> None:
        self.tokens, self.place = tokens, place
        self.count = 0
        self.path: list[int] = []
        self.excluded: set[int] = set()
        self.stack: list[_Node] = []

    def rejected(self, message: str) -> Rejected:
        return Rejected(f"{self.place} token {self.count - 1}: {message}")

    def take(self) -> int:
        """The next token."""
        token = next(self.tokens, None)
        if token is None:
            raise Rejected(f"{self.place}: ends after {self.count} tokens, before it is complete")
        self.count += 1
        return token

    def finish(self) -> int:
        """The end of the list. Returns the number of tokens."""
        if next(self.tokens, None) is not None:
            raise Rejected(f"{self.place}: complete after {self.count} tokens, but the list goes on")
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


def _unit_vectors(n: int) -> list[Vector]:
    return [[int(j == k) for j in range(n)] for k in range(n)]


class _TreeReader(_TokenReader):
    """The reader of a flat tree."""

    def __init__(self, tokens: Iterator[int], supports: list[tuple[int, ...]], rows: _Rows) -> None:
        super().__init__(tokens)
        self.supports, self.rows = supports, rows

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(self.take(), _unit_vectors(n), 1)
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
                    self.enter(token, *_annihilator(node.basis, node.divisor, self.rows[i]))
        return self.finish()

    def enter(self, token: int, basis: list[Vector], divisor: int) -> None:
        """read_node: the refuter is disjoint from span(A); no children when |A| + 1 = n."""
        if not 0 <= token < len(self.supports):
            raise self.rejected(f"there is no refuter {_show(token)}")
        support = self.supports[token]
        for i in support:
            if self.rows[i].is_orthogonal(basis):
                raise self.rejected(f"row {i} lies in the span of {_listed(self.path)}")
        self.stack.append(_Node(iter(support if len(basis) > 1 else ()), basis, divisor))

    def vacuous(self, token: int, i: int, basis: list[Vector]) -> None:
        """A vacuous child: w_k - c w_i is orthogonal to the annihilator of A for some number c."""
        k = -token - 1
        if k not in self.excluded:
            raise self.rejected(f"row {_show(k)} is not excluded")
        products = list(zip(self.rows[i].products(basis), self.rows[k].products(basis), strict=True))
        a, b = next(pair for pair in products if pair[0])
        if any(a * q != b * p for p, q in products):
            raise self.rejected(f"row {k} does not lie in the span of {_listed([*self.path, i])}")


def _tokens(reader: _Reader, place: str = "tree") -> Iterator[int]:
    for number, token in enumerate(reader.elements(",", "tree")):
        if type(token) is not int:
            raise Unreadable(f"{place} token {number}: expected an integer, found {_show(token)}")
        yield token


def _require_enough_rows(rows: _Rows, n: int) -> None:
    """Fewer than n rows never span; this bounds the n by n identity, too."""
    if len(rows) < n:
        raise Rejected(f"tree: {len(rows)} rows do not span R^{n}, so no tree proves the claim")


def _check_flat_tree(reader: _Reader, domain: _Domain, rows: _Rows, n: int) -> str:
    """Rule "flat-tree": every refuter, then the tree."""
    functions, values = _with_halfspaces(rows, domain), enumerate(reader.elements(",", "refuters"))
    supports = [_check_refuter(value, number, domain, functions, len(rows)) for number, value in values]
    _require_enough_rows(rows, n)
    tokens = _TreeReader(_tokens(reader), supports, rows).read(n)
    reader.expect("}")
    return f"{len(supports)} refuters and the tree of {tokens} tokens are correct"


# ------------------------------------------------------------------ rule "sign-split"

_NONZERO = re.compile("-?[1-9][0-9]*")
_Signs = tuple[tuple[int, ...], tuple[int, ...]]  # the rows with lambda_i > 0, the rows with lambda_i < 0


def _check_circuit(value: object, number: int, domain: _Domain, rows: _Rows, m: int) -> _Signs:
    """A circuit: F = sum_i lambda_i g_i is nonnegative on K; some lambda_i is positive or F is not zero."""
    indices, multipliers, form = _combination(value, f"circuit {number}", _NONZERO, rows)
    pairs = list(zip(indices, multipliers, strict=True))
    positive, negative = (
        [pair for pair in pairs if pair[0] < m and pair[1] > 0],
        [pair for pair in pairs if pair[1] < 0],
    )
    if any(i >= m for i, _ in negative):
        raise Rejected(f"circuit {number}: a halfspace of the domain has a negative multiplier")
    if not positive and not negative:
        raise Rejected(f"circuit {number}: names halfspaces of the domain only, no row of the layer")
    if not domain.nonnegative(form):
        raise Rejected(f"circuit {number}: the sum of lambda_i g_i is not nonnegative on {domain.type}")
    if not positive and not any(_total([factor for _, factor in negative], [rows[i] for i, _ in negative])[0]):
        raise Rejected(f"circuit {number}: no multiplier is positive and the sum of lambda_i g_i is zero")
    return tuple(i for i, _ in positive), tuple(i for i, _ in negative)


class _SignReader(_TokenReader):
    """The reader of a sign-split tree: `path` is P and `excluded` is Q of the innermost node."""

    def __init__(self, tokens: Iterator[int], circuits: list[_Signs], rows: _Rows) -> None:
        super().__init__(tokens)
        self.circuits, self.rows = circuits, rows

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(_unit_vectors(n), 1)
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
        self.stack.append(_Node(iter(()), basis, divisor))
        self.open(self.stack[-1])

    def child(self, node: _Node, i: int) -> None:
        """read_node(P + i, Q), which is empty if P + i has rank n; then Q = Q + i."""
        adds_rank = not self.rows[i].is_orthogonal(node.basis)
        if adds_rank and len(node.basis) == 1:
            self.exclude(i)
            return
        self.path.append(i)
        self.enter(*(_annihilator(node.basis, node.divisor, self.rows[i]) if adds_rank else (node.basis, node.divisor)))

    def open(self, node: _Node) -> None:
        """A token: a row to split at, after which the node goes on with that row in Q, or a circuit."""
        token = self.take()
        if token < 0:
            i = -token - 1
            if i >= len(self.rows) or i in self.excluded or i in self.path:
                raise self.rejected(f"row {_show(i)} is not a row without a sign")
            node.children, node.goes_on = iter((i,)), True
            return
        if token >= len(self.circuits):
            raise self.rejected(f"there is no circuit {_show(token)}")
        positive, negative = self.circuits[token]
        for i in negative:
            if i not in self.path:
                raise self.rejected(f"row {i} is not known to be nonnegative")
        for i in positive:
            if i in self.path:
                raise self.rejected(f"row {i} is known to be nonnegative")
        node.children, node.goes_on = iter(positive), False


def _check_sign_split(reader: _Reader, domain: _Domain, rows: _Rows, n: int) -> str:
    """Rule "sign-split": every circuit, then the tree."""
    functions, values = _with_halfspaces(rows, domain), enumerate(reader.elements(",", "circuits"))
    circuits = [_check_circuit(value, number, domain, functions, len(rows)) for number, value in values]
    _require_enough_rows(rows, n)
    tokens = _SignReader(_tokens(reader), circuits, rows).read(n)
    reader.expect("}")
    return f"{len(circuits)} circuits and the tree of {tokens} tokens are correct"


# ------------------------------------------------------------------ rule "blocks"

_Cut = Callable[[Sequence[int]], _Domain]  # the domain cut down to the columns

_TREES: dict[str, Callable[[_Reader, _Domain, _Rows, int], str]] = {
    "flat-tree": _check_flat_tree,
    "sign-split": _check_sign_split,
}


def _check_injective(reader: _Reader, rule: str, cut: _Cut, rows: _Rows, n: int) -> str:
    """The rest of a proof object with one of these rules, for rows that may not be in the document."""
    if rule == "blocks":
        return _check_blocks(reader, cut, rows, n)
    if n * n > ENTRIES:
        raise Unreadable(f"a tree for {n} columns does not fit into memory")
    return _TREES[rule](reader, cut(range(n)), rows, n)


def _read_rule(reader: _Reader, before: str, allowed: Sequence[str]) -> str:
    """The rule of a proof object inside a proof."""
    rule: str = reader.one_of(before, "rule", list(PROVES))
    if rule not in allowed:
        raise Rejected(f'the rule "{rule}" cannot stand here, only ' + ", ".join(allowed))
    return rule


def _increasing(value: object, place: str) -> list[int]:
    """A non-empty, strictly increasing list of integers."""
    if isinstance(value, list) and value and all(type(entry) is int for entry in value):
        if all(low < high for low, high in pairwise(value)):
            return value
        raise Unreadable(f"{place}: expected the integers in increasing order, each once")
    raise Unreadable(f"{place}: expected a list of integers, not empty, found {_show(value)}")


def _read_numbers(reader: _Reader, before: str, name: str, count: int) -> list[int]:
    """The columns or rows of a block."""
    reader.key(before, name)
    numbers = _increasing(reader.value(), name)
    if numbers[0] < 0 or numbers[-1] >= count:
        raise Rejected(f"{name}: names one outside 0 to {count - 1}")
    return numbers


def _form(rows: _Rows, i: int) -> _Form:
    return rows.form(i) if isinstance(rows, _MadeRows) else rows[i].form()


def _check_block(reader: _Reader, cut: _Cut, rows: _Rows, columns: list[int]) -> None:
    """A block from its rows on: these are zero outside the columns, and the block layer is injective."""
    chosen = _read_numbers(reader, ",", "rows", len(rows))
    place = {j: k for k, j in enumerate(columns)}
    for i in chosen:
        outside = next((j for j in _form(rows, i).nonzero if j not in place), None)
        if outside is not None:
            raise Rejected(f"row {i} is not zero in column {outside}")

    def form(k: int) -> _Form:
        nonzero, constant, denominator = _form(rows, chosen[k])
        return _Form({place[j]: value for j, value in nonzero.items()}, constant, denominator)

    def cut_again(inner: Sequence[int]) -> _Domain:
        return cut([columns[k] for k in inner])

    reader.key(",", "proof")
    rule = _read_rule(reader, "{", list(_TREES))
    _check_injective(reader, rule, cut_again, _MadeRows(len(chosen), len(columns), form), len(columns))
    reader.expect("}")


def _check_blocks(reader: _Reader, cut: _Cut, rows: _Rows, n: int) -> str:
    """Rule "blocks": each block, then that every column is in one."""
    covered, count = set[int](), 0
    for number in reader.places(",", "blocks"):
        with _within(f"block {number}"):
            columns = _read_numbers(reader, "{", "columns", n)
            covered.update(columns)
            _check_block(reader, cut, rows, columns)
        count += 1
    if not count:
        raise reader.malformed("expected at least one block, found none")
    reader.expect("}")
    if len(covered) < n:
        missing = next(j for j in range(n) if j not in covered)
        raise Rejected(f"blocks: no block has column {missing}")
    return f"{count} blocks have all {n} columns, and their proofs are correct"


def _check_layer_blocks(reader: _Reader, domain: _Domain, rows: _Rows, n: int) -> str:
    """Rule "blocks" for a layer: not on a polytope."""
    if domain.halfspaces:
        raise Rejected("blocks: the domain is a polytope")
    return _check_blocks(reader, domain.cut, rows, n)


# ------------------------------------------------------------------ rule "depth-tree"

_Round = _Ball | _NonnegativeBall | _Sphere  # the ball with center 0


@dataclass(frozen=True, slots=True)
class _RowClaim:
    """The claim about row j on K, with radius r: alpha_j = sign * r * sqrt(bound); infinity if `bound` is None."""

    j: int
    sign: int
    bound: Fraction | None
    rows: list[_Row]
    n: int
    domain: _Round

    @property
    def row(self) -> _Row:
        return self.rows[self.j]

    def excess(self, x: Vector) -> Fraction | int:
        """A number with the sign of r <x, w_j> / |x| - alpha_j; x is not 0."""
        if self.bound is None:
            return -1
        (product,) = self.row.products([x])
        return product * abs(product) - self.sign * self.bound * self.row.denominator**2 * _square(x)


def _check_row_point(value: object, claim: _RowClaim, place: str) -> None:
    """The point z: alpha_j is at most what is stated."""
    point = None if value is None else _rationals(value, claim.n, f"{place}: point")
    if point is None or claim.bound is None:
        if point is not None or claim.bound is not None:
            raise Rejected(f"{place}: the point is null exactly if the square is")
        return
    z, _ = _scaled(point)
    if isinstance(claim.domain, _NonnegativeBall) and min(z) < 0:
        raise Rejected(f"{place}: the point is not nonnegative")
    if not any(z):
        if isinstance(claim.domain, _Sphere) or claim.sign:
            raise Rejected(f"{place}: the point is 0")
        return
    values = [(row.products([z])[0], row.denominator) for row in claim.rows]
    own, factor = values[claim.j]
    above = sum(value * factor > own * denominator for value, denominator in values)
    if above > claim.n - 1:
        raise Rejected(f"{place}: {above} rows are above it at the point, more than {claim.n - 1}")
    if claim.excess(z) != 0:
        raise Rejected(f"{place}: the point does not have the stated value")


def _require_others(support: Sequence[int], claim: _RowClaim, place: str) -> None:
    _require_different(support, len(claim.rows), place)
    if claim.j in support:
        raise Rejected(f"{place}: names row {claim.j} itself")


def _check_short_combination(value: object, claim: _RowClaim, place: str) -> tuple[int, ...]:
    """A refuter if sign <= 0: z = w_j + sum_i lambda_i (w_i - w_j) has r |z| <= |alpha_j|. Returns its support."""
    if not isinstance(value, list):
        raise Unreadable(f"{place}: expected a list of pairs [row, multiplier], found {_show(value)}")
    support, multipliers = [], []
    for pair in value:
        row, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if type(row) is not int:
            raise Unreadable(f'{place}: expected pairs like [3, "1/2"], found another entry')
        support.append(row)
        multipliers.append(_rational(text, place))
        if multipliers[-1] <= 0:
            raise Unreadable(f"{place}: expected a positive multiplier, found {_show(text)}")
    _require_others(support, claim, place)
    factors, denominator = _scaled([1 - sum(multipliers, Fraction(0)), *multipliers])
    total, common = _total(factors, [claim.row, *[claim.rows[i] for i in support]])
    z = total[:-1]
    length = _square(_negative_part(z) if isinstance(claim.domain, _NonnegativeBall) else z)
    if claim.bound is None or length > claim.bound * (denominator * common) ** 2:
        raise Rejected(f"{place}: the combination of rows is too long")
    return tuple(support)


def _check_cone(value: object, claim: _RowClaim, place: str) -> tuple[int, ...]:
    """A refuter if sign = 1: the rays p of {x : <x, w_i> <= <x, w_j>} have r <p, w_j> >= alpha_j |p|. Its support."""
    if not isinstance(value, list) or not all(type(row) is int for row in value):
        raise Unreadable(f"{place}: expected a list of rows, found {_show(value)}")
    _require_others(value, claim, place)
    own = claim.row
    normals: list[Vector] = [
        [a * own.denominator - b * row.denominator for a, b in zip(row.entries[:-1], own.entries[:-1], strict=True)]
        for row in (claim.rows[i] for i in value)
    ]
    rays = _extreme_rays(normals, claim.n)
    if rays is None:
        raise Rejected(f"{place}: the cone contains a line")
    if any(claim.excess(ray) < 0 for ray in rays):
        raise Rejected(f"{place}: the cone has a ray on which row {claim.j} is smaller than stated")
    return tuple(value)


def _extreme_rays(normals: list[Vector], n: int) -> list[Vector] | None:
    """The extreme rays of {x : <x, v> <= 0 for every normal v}, or None if the cone contains a line.

    Double description: the cone of the normals so far is held as a basis of its lines and, modulo these, its
    extreme rays, each with a bit for every normal that is 0 on it.
    """
    if len(normals) < n:  # before the n by n identity is built
        return None
    lines, rays = _unit_vectors(n), list[tuple[Vector, int]]()
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


class _DepthReader(_TokenReader):
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
            raise self.rejected(f"there is no refuter {_show(token)}")
        support = self.supports[token]
        for i in support:
            if i in self.path:
                raise self.rejected(f"row {i} is known to be above")
        self.stack.append(_Node(iter(support if len(self.path) < n - 1 else ())))


def _read_row_claim(reader: _Reader, j: int, rows: list[_Row], n: int, domain: _Round) -> _RowClaim:
    """The keys `row`, `sign` and `square` of the object for row j."""
    reader.key("{", "row")
    row = reader.value()
    if type(row) is not int:
        raise reader.malformed(f'"row": expected an integer, found {_show(row)}')
    if row != j:
        raise Rejected(f"row {j}: found row {_show(row)} in its place")
    sign = reader.one_of(",", "sign", (-1, 0, 1))
    reader.key(",", "square")
    text = reader.value()
    if text is None:
        if sign != 1 or not isinstance(domain, _Sphere):
            raise Rejected(f"row {j}: the value is infinity only with sign 1 and on a sphere")
        return _RowClaim(j, sign, None, rows, n, domain)
    square = _rational(text, f"row {j}: square")
    if square < 0 or (square == 0) != (sign == 0):
        raise Rejected(f"row {j}: the sign {sign} and the square {_show(text)} are not those of a number")
    if sign == 1 and not isinstance(domain, _Sphere):
        raise Rejected(f"row {j}: the value is positive, but the domain contains 0")
    return _RowClaim(j, sign, square / domain.radius**2, rows, n, domain)


def _check_depth_tree(reader: _Reader, domain: _Domain, rows: list[_Row], n: int) -> str:
    """Rule "depth-tree": for each row its value, a point that has it, every refuter, then the tree."""
    if not isinstance(domain, _Round) or (isinstance(domain, _Ball) and any(domain.center)):
        raise Rejected("depth-tree: the domain is not a ball with center 0, a nonnegative ball or a sphere")
    tokens, count = 0, 0
    for j in reader.places(",", "rows"):
        if j == len(rows):
            raise Rejected(f"depth-tree: the list goes on after all {len(rows)} rows")
        claim = _read_row_claim(reader, j, rows, n, domain)
        reader.key(",", "point")
        _check_row_point(reader.value(), claim, f"row {j}")
        check = _check_cone if claim.sign == 1 else _check_short_combination
        values = enumerate(reader.elements(",", "refuters"))
        supports = [check(value, claim, f"row {j}: refuter {number}") for number, value in values]
        place = f"row {j}: tree"
        tokens += _DepthReader(_tokens(reader, place), supports, place).read(n)
        reader.expect("}")
        count += 1
    if count < len(rows):
        raise Rejected(f"depth-tree: the list ends after {count} of {len(rows)} rows")
    reader.expect("}")
    return f"the values of all {len(rows)} rows are attained, and the trees of {tokens} tokens are correct"


# ------------------------------------------------------------------ certificates-convolution.md, section "The layer"

_Reads = tuple[int | None, ...]  # for each tap the place that it reads, None where it reads 0


@dataclass(frozen=True, slots=True)
class _Axis:
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

    def inside(self, start: int, size: int) -> _Reads:
        """The taps of the window that starts there, as far as they lie in [0, size)."""
        places = (start + self.dilation * u for u in range(self.taps))
        return tuple(j if 0 <= j < size else None for j in places)

    def reads(self, window: int, size: int) -> _Reads:
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


def _place(digits: Sequence[int], counts: Sequence[int]) -> int:
    """The number of a tuple in lexicographic order, where the k-th entry has counts[k] values."""
    number = 0
    for digit, count in zip(digits, counts, strict=True):
        number = number * count + digit
    return number


def _digits(number: int, counts: Sequence[int]) -> list[int]:
    """The tuple with this number."""
    digits = []
    for count in reversed(counts):
        number, digit = divmod(number, count)
        digits.append(digit)
    return digits[::-1]


@dataclass(frozen=True, slots=True)
class _Slot:
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
        return _digits(number, box)
    number -= low * every
    if number < (box[0] - low - high) * some:
        index, number = divmod(number, some)
        return [low + index, *_known_place(number, box[1:], known[1:])]
    return _digits((box[0] - high) * every + number - (box[0] - low - high) * some, box)


class _Kernels:
    """A convolution with its kernels as integers over one positive denominator for each output channel."""

    def __init__(self, layer: Convolution) -> None:
        self.layer = layer
        parts = zip(layer.kernel_size, layer.stride, layer.dilation, layer.padding, strict=True)
        self.axes = [_Axis(size, s, D, low, high, layer.padding_mode) for size, s, D, (low, high) in parts]
        self.inputs, self.outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups  # of a group
        self.scaled = [_scaled([*kernel, bias]) for kernel, bias in zip(layer.kernels, layer.b, strict=True)]
        self.taps = list(product(range(self.inputs), *map(range, layer.kernel_size)))

    def form(self, o: int, reads: Sequence[_Reads], size: Sequence[int], first: int) -> _Form:
        """The row of output channel o for one window; `first` is the column block of its group's first channel."""
        entries, denominator = self.scaled[o]
        sums: dict[int, int] = {}
        for j in compress(range(len(self.taps)), entries):
            i, *u = self.taps[j]
            places = [read[k] for read, k in zip(reads, u, strict=True)]
            inner = [place for place in places if place is not None]
            if len(inner) == len(places):
                column = _place([first + i, *inner], [0, *size])
                sums[column] = sums.get(column, 0) + entries[j]
        return _Form({column: value for column, value in sums.items() if value}, entries[-1], denominator)

    def unrolled(self, size: Sequence[int]) -> _MadeRows:
        """The unrolled layer for a size."""
        counts = [axis.windows(length) for axis, length in zip(self.axes, size, strict=True)]

        def form(number: int) -> _Form:
            o, *window = _digits(number, [self.layer.out_channels, *counts])
            reads = [axis.reads(J, length) for axis, J, length in zip(self.axes, window, size, strict=True)]
            return self.form(o, reads, size, o // self.outputs * self.inputs)

        return _MadeRows(self.layer.out_channels * math.prod(counts), self.layer.in_channels * math.prod(size), form)

    def box(self, group: int, slots: Sequence[_Slot], box: Sequence[int]) -> _MadeRows:
        """The box layer of a group and one slot for each axis: its windows, then two rows for each known column."""
        counts = [self.outputs, *(len(slot.starts) for slot in slots)]
        windows, places = math.prod(counts), [slot.known for slot in slots]
        known = _known_count(box, places)

        def form(number: int) -> _Form:
            if number >= windows:
                column, negative = divmod(number - windows, 2)
                i, column = divmod(column, known)
                return _Form({_place([i, *_known_place(column, box, places)], [0, *box]): -1 if negative else 1}, 0, 1)
            o, *choice = _digits(number, counts)
            starts = [slot.starts[k] for slot, k in zip(slots, choice, strict=True)]
            reads = [axis.inside(tau, length) for axis, tau, length in zip(self.axes, starts, box, strict=True)]
            return self.form(group * self.outputs + o, reads, box, 0)

        return _MadeRows(windows + 2 * self.inputs * known, self.inputs * math.prod(box), form)

    def about(self) -> str:
        """The geometry in words."""
        layer = self.layer
        mode = f" {layer.padding_mode}" if any(map(any, layer.padding)) else ""
        pairs = " x ".join(f"({_show(low)}, {_show(high)})" for low, high in layer.padding)
        return (
            f"kernel {_times(layer.kernel_size)}, stride {_times(layer.stride)}, dilation {_times(layer.dilation)}, "
            f"padding {pairs}{mode}, channels {layer.in_channels} to {layer.out_channels}, groups {layer.groups}"
        )


def _times(numbers: Sequence[int]) -> str:
    return " x ".join(map(_show, numbers))


class _Pair:
    """Two inputs of one size, as integers over one positive denominator, for which outputs are compared."""

    def __init__(self, kernels: _Kernels, size: Sequence[int], points: list[list[Fraction]]) -> None:
        self.kernels, self.size, self.count = kernels, size, math.prod(size)
        scaled, self.denominator = _scaled([*points[0], *points[1]])
        self.x, self.y = (
            [*scaled[: len(points[0])], 0],
            [*scaled[len(points[0]) :], 0],
        )  # the last is what padding reads

    def differing(self) -> list[int]:
        """The places at which the inputs differ in some channel."""
        pairs = enumerate(zip(self.x, self.y, strict=True))
        return sorted({j % self.count for j, (x, y) in pairs if x != y})

    def different_output(self, reads: Sequence[_Reads]) -> int | None:
        """An output channel in which the outputs of a window differ."""
        places = [-1 if None in read else _place(read, self.size) for read in product(*reads)]  # type: ignore[arg-type]
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

    def require_equal_outputs(self, windows: Sequence[Iterator[tuple[str, _Reads]]], rule: str) -> int:
        """For what windows may read along each axis, with a name. Returns the number of different ones."""
        axes = []
        for named in windows:
            names: dict[_Reads, str] = {}
            for name, reads in named:
                names.setdefault(reads, name)
            axes.append(names)
        for window in product(*axes):
            o = self.different_output(window)
            if o is not None:
                place = ", ".join(names[reads] for names, reads in zip(axes, window, strict=True))
                raise Rejected(f"{rule}: output {o} of the window ({place}) differs at x and at y")
        return math.prod(map(len, axes))


# ------------------------------------------------------------------ certificates-convolution.md, section "The document"

_MODES = ("zeros", "circular", "reflect", "replicate")
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


@dataclass(frozen=True, slots=True)
class _Sizes:
    """All N with N_k >= minimum[k] and N_k mod s_k in residues[k]."""

    minimum: tuple[int, ...]
    residues: tuple[list[int], ...]

    def about(self, axes: Sequence[_Axis]) -> str:
        parts = []
        for k, (least, residues, axis) in enumerate(zip(self.minimum, self.residues, axes, strict=True), 1):
            some = ", ".join(map(_show, residues[:8])) + (", ..." if len(residues) > 8 else "")
            full = "any residue" if len(residues) == axis.stride else f"N_{k} mod {_show(axis.stride)} in {{{some}}}"
            parts.append(f"N_{k} >= {_show(least)} ({full})")
        return " and ".join(parts)


def _integers(value: Any, count: int | None, least: int | None, place: str) -> tuple[int, ...]:
    """A list of `count` integers that are not below `least`; of one for each of 1 to 3 axes."""
    right_length = isinstance(value, list) and (len(value) == count if count else 1 <= len(value) <= 3)
    if right_length and all(type(entry) is int and (least is None or entry >= least) for entry in value):
        return tuple(value)
    wanted = f"{count or '1 to 3'} integers" + ("" if least is None else f" >= {least}")
    raise Unreadable(f"{place}: expected {wanted}, found {_show_list(value)}")


def _show_list(value: object) -> str:
    shown = isinstance(value, list) and len(value) <= 3
    return f"[{', '.join(map(_show, value))}]" if isinstance(value, list) and shown else _show(value)


def _read_integers(reader: _Reader, name: str, count: int | None, least: int | None = 1) -> tuple[int, ...]:
    reader.key(",", name)
    return _integers(reader.value(), count, least, name)


def _read_padding(reader: _Reader, d: int) -> tuple[tuple[int, int], ...]:
    reader.key(",", "padding")
    value = reader.value()
    if not isinstance(value, list) or len(value) != d:
        raise Unreadable(f"padding: expected {d} pairs of integers, found {_show(value)}")
    pairs = [_integers(pair, 2, 0, "padding") for pair in value]
    return tuple((low, high) for low, high in pairs)


def _read_geometry(reader: _Reader, dimension: int | None) -> dict[str, Any]:
    """The keys of `_GEOMETRY`."""
    inputs, outputs = reader.size("{", "in_channels"), reader.size(",", "out_channels")
    if dimension not in (None, inputs):
        raise reader.malformed(f"domain: expected one rational for each of {_show(inputs)} channels, found {dimension}")
    groups = reader.size(",", "groups")
    if inputs % groups or outputs % groups:
        raise reader.malformed(f'"groups": {_show(groups)} does not divide the numbers of channels')
    kernel_size = _read_integers(reader, "kernel_size", None)
    d = len(kernel_size)
    stride, dilation = _read_integers(reader, "stride", d), _read_integers(reader, "dilation", d)
    padding = _read_padding(reader, d)
    mode = reader.one_of(",", "padding_mode", _MODES)
    return dict(zip(_GEOMETRY, (inputs, outputs, groups, kernel_size, stride, dilation, padding, mode), strict=True))


def _compact(value: object) -> str:
    """Geometry as it enters the digest."""
    if isinstance(value, tuple):
        return f"[{','.join(map(_compact, value))}]"
    return _decimal(value) if isinstance(value, int) else f'"{value}"'


def _plain(value: Any) -> Any:
    """The geometry of a layer that was given, with tuples for lists."""
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def _read_kernels(reader: _Reader, geometry: dict[str, Any], given: Convolution | None) -> Convolution:
    """The rest of the convolution but its sizes: digest, and equality with the layer that was given as well."""
    sha256 = _read_digest(reader)
    for name in _GEOMETRY if given else ():
        if geometry[name] != _plain(getattr(given, name)):
            raise Rejected(f"convolution: {name} differs from the given layer")
    head = ",".join(f'"{name}":{_compact(value)}' for name, value in geometry.items())
    digest = hashlib.sha256(f'{{{head},"kernels":['.encode())
    outputs, width = geometry["out_channels"], geometry["in_channels"] // geometry["groups"]
    width *= math.prod(geometry["kernel_size"])
    kernels: list[list[Fraction]] = []
    for texts in reader.elements(",", "kernels"):
        if len(kernels) == outputs:
            raise reader.malformed(f"kernels: expected {outputs}, found more")
        digest.update(b"," if kernels else b"")
        kernels.append(_rationals(texts, width, f"kernel {len(kernels)}"))
        if given is not None and kernels[-1] != list(given.kernels[len(kernels) - 1]):
            raise Rejected(f"convolution: kernel {len(kernels) - 1} differs from the given layer")
        digest.update(_quoted(texts).encode())
    if len(kernels) != outputs:
        raise reader.malformed(f"kernels: expected {_show(outputs)}, found {len(kernels)}")
    reader.key(",", "b")
    texts = reader.value()
    b = _rationals(texts, outputs, "convolution.b")
    if given is not None and b != list(given.b):
        raise Rejected("convolution: b differs from the given layer")
    digest.update(f'],"b":{_quoted(texts)}}}'.encode())
    if digest.hexdigest() != sha256:
        raise Rejected(f"convolution: the SHA-256 of the layer is {digest.hexdigest()}, not the one stated")
    return Convolution(**geometry, kernels=kernels, b=b)


def _require_defined(axes: Sequence[_Axis], sizes: Sequence[int], name: str) -> None:
    for k, (axis, size) in enumerate(zip(axes, sizes, strict=True), 1):
        if size < axis.least:
            raise Rejected(f"{name}: the layer is not defined for N_{k} = {_show(size)}, below {_show(axis.least)}")


def _read_size(reader: _Reader, axes: Sequence[_Axis]) -> tuple[int, ...]:
    size = _read_integers(reader, "size", len(axes))
    reader.expect("}")
    _require_defined(axes, size, "size")
    return size


def _read_sizes(reader: _Reader, axes: Sequence[_Axis]) -> _Sizes:
    reader.key(",", "sizes")
    reader.key("{", "minimum")
    minimum = _integers(reader.value(), len(axes), 1, "minimum")
    reader.key(",", "residues")
    lists = reader.value()
    if not isinstance(lists, list) or len(lists) != len(axes):
        raise Unreadable(f"residues: expected {len(axes)} lists of integers, found {_show(lists)}")
    residues = tuple(_increasing(value, "residues") for value in lists)
    for axis, values in zip(axes, residues, strict=True):
        if values[0] < 0 or values[-1] >= axis.stride:
            raise Unreadable(f"residues: expected integers from 0 to {_show(axis.stride - 1)}")
    reader.expect("}")
    reader.expect("}")
    _require_defined(axes, minimum, "sizes")
    return _Sizes(minimum, residues)


# ------------------------------------------------------------------ the unrolled layer for one size


def _windows(axis: _Axis, size: int) -> Iterator[tuple[str, _Reads]]:
    for window in range(axis.windows(size)):
        yield str(window), axis.reads(window, size)


def _check_collision_at(reader: _Reader, domain: _Domain, kernels: _Kernels, size: Sequence[int]) -> str:
    """Rule "collision" for the unrolled layer: window by window, without its rows."""
    places = math.prod(size)
    n = kernels.layer.in_channels * places
    points = _read_points(reader, n, "collision")
    _require_inside(points, domain.cut([j // places for j in range(n)]), "collision")
    windows = []
    for axis, length in zip(kernels.axes, size, strict=True):
        _require_room(axis.windows(length) * axis.taps, "the windows")
        windows.append(_windows(axis, length))
    _Pair(kernels, size, points).require_equal_outputs(windows, "collision")
    return f"x and y differ, lie in {domain.type} and have the same output in all windows"


def _require_room(count: int, what: str) -> None:
    if count > ENTRIES:
        raise Unreadable(f"{what} are too many to be held in memory")


def _channel_cut(domain: _Domain, first: int, places: int) -> _Cut:
    """The bounds of a channel hold at each of its places; `first` is the channel of column 0."""
    return lambda columns: domain.cut([first + j // places for j in columns])


def _check_at_size(reader: _Reader, rule: str, domain: _Domain, kernels: _Kernels, size: Sequence[int]) -> str:
    """A rule of certificates.md for the unrolled layer."""
    if rule == "collision":
        return _check_collision_at(reader, domain, kernels, size)
    rows = kernels.unrolled(size)
    cut = _channel_cut(domain, 0, math.prod(size))
    return f"{len(rows)} rows and {rows.n} columns, " + _check_injective(reader, rule, cut, rows, rows.n)


# ------------------------------------------------------------------ rule "boxes"


def _read_slot(reader: _Reader) -> _Slot:
    reader.key("{", "known")
    known = _integers(reader.value(), 2, 0, "known")
    reader.key(",", "starts")
    starts = _increasing(reader.value(), "starts")
    reader.expect("}")
    return _Slot(known, starts)


def _read_slots(reader: _Reader, d: int) -> list[list[_Slot]]:
    axes = []
    for _ in reader.places(",", "slots"):
        axes.append([_read_slot(reader) for _ in reader.items()])
        if not axes[-1]:
            raise reader.malformed("slots: expected at least one slot for each axis, found none")
    if len(axes) != d:
        raise reader.malformed(f"slots: expected lists for {d} axes, found {len(axes)}")
    return axes


def _require_coverage(axis: _Axis, length: int, slots: list[_Slot], least: int, residues: list[int]) -> None:
    """The conditions 1 to 4 along one axis, for the box length P and the minimum size."""
    if length < axis.stride:
        raise Rejected(f"the box length {_show(length)} is below the stride {_show(axis.stride)}")
    if least < length:
        raise Rejected(f"the box length {_show(length)} is above the minimum size {_show(least)}")
    if all(any(slot.known[end] for slot in slots) for end in (0, 1)):
        raise Rejected("places at both ends are known, so it is swept neither up nor down")
    if any(max(slot.known) > length - axis.stride for slot in slots):
        raise Rejected("more places are known than the box before has left")
    (low, high), last = axis.zeros, length - axis.extent
    if not any(_serves(slot, axis, -axis.low, -low, last) and not slot.known[0] for slot in slots):
        raise Rejected("no slot serves the first box")
    if not any(_serves(slot, axis, slot.starts[0], 0, last) for slot in slots):
        raise Rejected("no slot serves the inner boxes")
    for residue in residues:
        end = length - residue - axis.low
        if not any(_serves(slot, axis, end, 0, last + high) and not slot.known[1] for slot in slots):
            raise Rejected(f"no slot serves the last box for the residue {_show(residue)}")


def _serves(slot: _Slot, axis: _Axis, residue: int, first: int, last: int) -> bool:
    """Whether the slot has only starts from `first` to `last` that are congruent to `residue` modulo the stride."""
    starts = slot.starts
    return first <= starts[0] and starts[-1] <= last and all((tau - residue) % axis.stride == 0 for tau in starts)


def _check_boxes(reader: _Reader, domain: _Domain, kernels: _Kernels, sizes: _Sizes) -> str:
    """Rule "boxes": coverage along each axis, then a proof for each group and choice of slots."""
    d, groups = len(kernels.axes), kernels.layer.groups
    box = _read_integers(reader, "box", d)
    axes = _read_slots(reader, d)
    parts = zip(kernels.axes, box, axes, sizes.minimum, sizes.residues, strict=True)
    for k, (axis, length, slots, least, residues) in enumerate(parts, 1):
        with _within(f"boxes: axis {k}"):
            _require_coverage(axis, length, slots, least, residues)
    total, count = groups * math.prod(map(len, axes)), 0
    for number in reader.places(",", "proofs"):
        if number == total:
            raise Rejected(f"boxes: the list of proofs goes on after {total}")
        group, *choice = _digits(number, [groups, *map(len, axes)])
        with _within(f"proof {number}"):
            rule = _read_rule(reader, "{", [*_TREES, "blocks"])
            rows = kernels.box(group, [slots[k] for slots, k in zip(axes, choice, strict=True)], box)
            cut = _channel_cut(domain, group * kernels.inputs, math.prod(box))
            _check_injective(reader, rule, cut, rows, rows.n)
        count += 1
    if count < total:
        raise Rejected(f"boxes: the list of proofs ends after {count} of {_show(total)}")
    reader.expect("}")
    return f"the proofs of {total} box layers for the box {_times(box)} are correct, and these boxes cover the grid"


# ------------------------------------------------------------------ rule "periodic"


def _left_out(axis: _Axis) -> tuple[int, int]:
    """How many taps at most lie before and after the grid when one lies in it: ceil(l / D), ceil(h / D) with zeros."""
    low, high = (min(-(-width // axis.dilation), axis.taps - 1) for width in axis.zeros)
    return low, high


def _phases(axis: _Axis, period: int) -> Iterator[tuple[str, _Reads]]:
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


def _check_periodic(reader: _Reader, domain: _Domain, kernels: _Kernels, sizes: _Sizes) -> str:
    """Rule "periodic": two inputs that repeat along every axis."""
    period = _read_integers(reader, "period", len(kernels.axes))
    places = math.prod(period)
    n = kernels.layer.in_channels * places
    points = _read_points(reader, n, "periodic")
    _require_inside(points, domain.cut([j // places for j in range(n)]), "periodic")
    if any(least < length for least, length in zip(sizes.minimum, period, strict=True)):
        raise Rejected("periodic: the period is longer than the minimum size")
    layer = kernels.layer
    if layer.padding_mode != "zeros" and any(map(any, layer.padding)) and any(length > 1 for length in period):
        raise Rejected(f"periodic: with the padding mode {layer.padding_mode} only the period 1 is possible")
    windows = []
    for axis, length in zip(kernels.axes, period, strict=True):
        low, high = _left_out(axis)
        _require_room(length * (low + 1) * (high + 1) * axis.taps, "the phases")
        windows.append(_phases(axis, length))
    count = _Pair(kernels, period, points).require_equal_outputs(windows, "periodic")
    return f"two inputs of period {_times(period)} have the same output in all {count} kinds of windows"


# ------------------------------------------------------------------ rule "patch"


_ANCHORS = ("first", "inner", "last")


@dataclass(frozen=True, slots=True)
class _Anchored:
    """Along one axis: the length of the patch, whether it is at the beginning of the grid, inside or at the end."""

    axis: _Axis
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

    def require_room(self, least: int, residues: list[int], k: int) -> None:
        """The conditions 2, 4 and 5 for the least size and its residues."""
        axis, stride = self.axis, self.axis.stride
        padded = axis.mode != "zeros" and (axis.low or axis.high)
        margin = max(axis.low, axis.high) + 1 if padded else 0
        needed = self.length
        if self.anchor == "inner":
            needed += 2 * margin + (-axis.low - self.phase - margin) % stride
        elif padded:
            raise Rejected(f"patch: with the padding mode {axis.mode} the anchor of axis {k} has to be inner")
        if self.anchor == "first" and (self.phase + axis.low) % stride:
            raise Rejected(f"patch: no window of axis {k} has the phase {_show(self.phase)} at the beginning")
        if self.anchor == "last" and any((self.length - axis.low - self.phase - r) % stride for r in residues):
            raise Rejected(f"patch: the phase of axis {k} does not fit all sizes at the end")
        if least < needed:
            raise Rejected(f"patch: it needs N_{k} >= {_show(needed)}, not only {_show(least)}")


def _read_anchored(reader: _Reader, axes: Sequence[_Axis]) -> list[_Anchored]:
    """The keys `patch`, `anchor` and `phase`."""
    d = len(axes)
    size = _read_integers(reader, "patch", d)
    reader.key(",", "anchor")
    anchors = reader.value()
    if not isinstance(anchors, list) or len(anchors) != d or not all(anchor in _ANCHORS for anchor in anchors):
        raise Unreadable(f"anchor: expected {d} of {', '.join(_ANCHORS)}, found {_show(anchors)}")
    phase = _read_integers(reader, "phase", d, 0)
    if any(residue >= axis.stride for residue, axis in zip(phase, axes, strict=True)):
        raise Unreadable("phase: expected integers below the strides")
    return [_Anchored(*parts) for parts in zip(axes, size, anchors, phase, strict=True)]


def _check_patch_windows(pair: _Pair, parts: Sequence[_Anchored]) -> int:
    """Condition 3: windows that read a difference lie in the patch and have equal outputs. Returns their number."""
    seen = set[tuple[int, ...]]()
    for place in pair.differing():
        for tau in product(*(part.starts(j) for part, j in zip(parts, _digits(place, pair.size), strict=True))):
            if tau in seen:
                continue
            pairs = list(zip(parts, tau, strict=True))
            name = ", ".join(map(_show, tau))
            if not all(part.holds(start) for part, start in pairs):
                raise Rejected(f"patch: the window at ({name}) reads a difference and does not lie in the patch")
            o = pair.different_output([part.axis.inside(start, part.length) for part, start in pairs])
            if o is not None:
                raise Rejected(f"patch: output {o} of the window at ({name}) differs at x and at y")
            seen.add(tau)
    return len(seen)


def _check_patch(reader: _Reader, domain: _Domain, kernels: _Kernels, sizes: _Sizes) -> str:
    """Rule "patch": two inputs that differ in one place of the grid."""
    parts = _read_anchored(reader, kernels.axes)
    size = [part.length for part in parts]
    places = math.prod(size)
    n = kernels.layer.in_channels * places
    points = _read_points(reader, n, "patch")
    _require_inside(points, domain.cut([j // places for j in range(n)]), "patch")
    for k, (part, least, residues) in enumerate(zip(parts, sizes.minimum, sizes.residues, strict=True), 1):
        part.require_room(least, residues, k)
    count = _check_patch_windows(_Pair(kernels, size, points), parts)
    return (
        f"two inputs that differ in a patch of size {_times(size)} only have the same output in {count} windows there"
    )


# ------------------------------------------------------------------ rule "geometric"


@dataclass(frozen=True, slots=True)
class _Growing:
    """The input X of a group: x repeated along every axis, each time times the factor of that axis."""

    kernels: _Kernels
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
            value = self.x[_place([i, *inner], [0, *self.period])]
            found.append(value * math.prod(line[k] for line, k in zip(powers, u, strict=True)))
        return found

    def not_negative(self, group: int, phase: Sequence[int]) -> int:
        """A(phase): how many outputs of the group are not shown to be negative at all windows with this phase."""
        seen, _ = _scaled(self.seen(phase))
        count = 0
        for o in range(group * self.kernels.outputs, (group + 1) * self.kernels.outputs):
            entries, _ = self.kernels.scaled[o]
            count += entries[-1] > 0 or sum(map(mul, entries, seen)) >= 0
        return count


def _read_integer(reader: _Reader, name: str) -> int:
    reader.key(",", name)
    found = reader.value()
    if type(found) is not int:
        raise reader.malformed(f'"{name}": expected an integer, found {_show(found)}')
    return found


def _require_group(group: int, kernels: _Kernels, rule: str) -> None:
    if not 0 <= group < kernels.layer.groups:
        raise Rejected(f"{rule}: there is no group {_show(group)}")


def _read_growing(reader: _Reader, domain: _Domain, kernels: _Kernels) -> tuple[int, _Growing]:
    """The keys of the proof, and the conditions 1 and 2."""
    group = _read_integer(reader, "group")
    period = _read_integers(reader, "period", len(kernels.axes))
    reader.key(",", "factor")
    factor = _rationals(reader.value(), len(kernels.axes), "factor")
    reader.key(",", "x")
    x = _rationals(reader.value(), kernels.inputs * math.prod(period), "proof.x")
    reader.expect("}")
    if min(factor) <= 0:
        raise Rejected("geometric: a factor is not positive")
    _require_group(group, kernels, "geometric")
    if any(map(any, kernels.layer.padding)):
        raise Rejected("geometric: the layer has padding")
    if isinstance(domain, _Box) or (isinstance(domain, _Orthant) and min(x) <= 0):
        raise Rejected(f"geometric: the input does not lie in the interior of the domain {domain.type}")
    return group, _Growing(kernels, period, factor, x)


def _check_geometric(reader: _Reader, domain: _Domain, kernels: _Kernels, _: _Sizes) -> str:
    """Rule "geometric": an input at which too few rows of a group are not negative.

    M_k <= N_k / s_k, on which the proof rests, takes E_k >= s_k; so that is asked for as well.
    """
    group, growing = _read_growing(reader, domain, kernels)
    for k, axis in enumerate(kernels.axes, 1):
        if axis.extent < axis.stride:
            raise Rejected(f"geometric: the kernel is shorter than the stride along axis {k}")
    for axis, q, rho in zip(kernels.axes, growing.period, growing.factor, strict=True):
        bits = (rho.numerator * rho.denominator - 1).bit_length()  # 0 for the factor 1
        _require_room((q + axis.extent) // q * axis.taps * bits, "the powers of the factors")
    fewest = kernels.inputs * math.prod(axis.stride for axis in kernels.axes)  # with as many rows, all inputs
    overlap = any(axis.extent > axis.stride for axis in kernels.axes)
    largest = 0
    for phase in product(*map(range, growing.period)):
        count = growing.not_negative(group, phase)
        if count > fewest or (count == fewest and not overlap):
            place = ", ".join(map(_show, phase))
            raise Rejected(f"geometric: at the phase ({place}) {count} outputs are not negative, too many for {fewest}")
        largest = max(largest, count)
    return f"at an input that grows geometrically at most {largest} outputs of group {group} are not negative"


# ------------------------------------------------------------------ rule "count"


def _most_rows(kernels: _Kernels, sizes: _Sizes) -> tuple[int, int, bool]:
    """(r, n, less): at every size a group has at most r rows for n inputs; less than that if it says so."""
    rows, inputs, less = kernels.outputs, kernels.inputs, False
    for axis, least in zip(kernels.axes, sizes.minimum, strict=True):
        excess = axis.low + axis.high - axis.extent + axis.stride  # there are at most (N + excess) / stride windows
        rows *= least + max(excess, 0)
        inputs *= least * axis.stride
        less |= excess < 0
    return rows, inputs, less


def _check_count(reader: _Reader, domain: _Domain, kernels: _Kernels, sizes: _Sizes) -> str:
    """Rule "count": a group with too few rows at every size, whatever its weights.

    The domain has to have an interior: `_read_box` asks for lower < upper in all channels.
    """
    group = _read_integer(reader, "group")
    reader.expect("}")
    _require_group(group, kernels, "count")
    rows, inputs, less = _most_rows(kernels, sizes)
    twice = isinstance(domain, _Space)
    needed = 2 * inputs if twice else inputs
    fewer = f"fewer rows than {'twice its ' if twice else ''}inputs"
    if rows > needed or (rows == needed and not less):
        raise Rejected(f"count: group {group} is not shown to have {fewer}")
    return f"group {group} has {fewer} at every size"


# ------------------------------------------------------------------ rule "unpaired"


def _is_read(axis: _Axis, u: int, size: int) -> bool:
    """Whether some window along the axis has its tap u in the grid."""
    first = axis.low - axis.dilation * u  # the window J reads the place stride * J - first with this tap
    lowest = max(0, -(-first // axis.stride))
    return lowest <= min((size - 1 + first) // axis.stride, axis.windows(size) - 1)


def _require_no_negative(kernels: _Kernels, group: int, kernel: int, tap: Sequence[int]) -> None:
    """Condition 5. The sign at a place where K_r[u] is not 0 tells most vectors apart from its negative multiples."""
    kernel_size = kernels.layer.kernel_size
    taps = math.prod(kernel_size)
    first = group * kernels.outputs
    entries, _ = kernels.scaled[first + kernel]
    row = entries[_place(tap, kernel_size) : -1 : taps]
    pivot = next((i for i, value in enumerate(row) if value), None)
    if pivot is None:
        raise Rejected(f"unpaired: kernel {kernel} is 0 at the tap {_show_list(list(tap))}")
    lead = row[pivot]
    for q in range(kernels.outputs):
        entries, _ = kernels.scaled[first + q]
        for v in range(taps):
            factor = entries[pivot * taps + v]
            if factor and (factor > 0) != (lead > 0):
                other = entries[v:-1:taps]
                if all(x * lead == y * factor for x, y in zip(other, row, strict=True)):
                    place = _show_list(_digits(v, kernel_size))
                    raise Rejected(f"unpaired: kernel {q} is a negative multiple at the tap {place}")


def _check_unpaired(reader: _Reader, domain: _Domain, kernels: _Kernels, sizes: _Sizes) -> str:
    """Rule "unpaired": a group with at most 2 n rows at every size, and a row without a negative multiple."""
    group, kernel = _read_integer(reader, "group"), _read_integer(reader, "kernel")
    tap = _read_integers(reader, "tap", len(kernels.axes), None)
    reader.expect("}")
    _require_group(group, kernels, "unpaired")
    place = _show_list(list(tap))
    if not 0 <= kernel < kernels.outputs:
        raise Rejected(f"unpaired: there is no kernel {_show(kernel)} in a group")
    if not all(0 <= u < axis.taps for u, axis in zip(tap, kernels.axes, strict=True)):
        raise Rejected(f"unpaired: there is no tap {place}")
    if not isinstance(domain, _Space):
        raise Rejected(f"unpaired: the domain is {domain.type}, not R^n")
    if kernels.layer.padding_mode != "zeros" and any(map(any, kernels.layer.padding)):
        raise Rejected("unpaired: the layer has padding that is not zero")
    rows, inputs, _ = _most_rows(kernels, sizes)
    if rows > 2 * inputs:
        raise Rejected(f"unpaired: group {group} is not shown to have at most twice as many rows as inputs")
    for k, (axis, u, least) in enumerate(zip(kernels.axes, tap, sizes.minimum, strict=True), 1):
        if not _is_read(axis, u, least):
            raise Rejected(f"unpaired: at the minimum no window has the tap {place} in the grid along axis {k}")
    _require_no_negative(kernels, group, kernel, tap)
    row = f"a row with the tap {place} of kernel {kernel} in the grid has no negative multiple"
    return f"group {group} has at most twice as many rows as inputs at every size, and {row}"


# ------------------------------------------------------------------ the document

PROVES = {
    "collision": "not_injective",
    "flat-tree": "injective",
    "sign-split": "injective",
    "blocks": "injective",
    "depth-tree": "alpha_star",
    "boxes": "injective_for_sizes",
    "periodic": "not_injective_for_sizes",
    "patch": "not_injective_for_sizes",
    "geometric": "not_injective_for_sizes",
    "count": "not_injective_for_sizes",
    "unpaired": "not_injective_for_sizes",
}
CLAIMS = ("injective", "not_injective", "alpha_star", "injective_for_sizes", "not_injective_for_sizes")

_LAYER_RULES: dict[str, Callable[[_Reader, _Domain, list[_Row], int], str]] = {
    "collision": _check_collision,
    "flat-tree": _check_flat_tree,
    "sign-split": _check_sign_split,
    "blocks": _check_layer_blocks,
    "depth-tree": _check_depth_tree,
}
_SIZES_RULES: dict[str, Callable[[_Reader, _Domain, _Kernels, _Sizes], str]] = {
    "boxes": _check_boxes,
    "periodic": _check_periodic,
    "patch": _check_patch,
    "geometric": _check_geometric,
    "count": _check_count,
    "unpaired": _check_unpaired,
}


def _read_outer_rule(reader: _Reader, claim: str) -> str:
    """The rule of the document's proof, which proves the claim."""
    reader.key(",", "proof")
    rule: str = reader.one_of("{", "rule", list(PROVES))
    if claim != PROVES[rule]:
        raise Rejected(f'the rule "{rule}" proves "{PROVES[rule]}", not the claim "{claim}"')
    return rule


def _check_layer(reader: _Reader, claim: str, domain: _Domain, given: Layer | Convolution | None) -> str:
    """The document from the value of `layer` on."""
    rows, n = _read_layer(reader, given, domain.dimension)
    return _LAYER_RULES[_read_outer_rule(reader, claim)](reader, domain, rows, n)


def _check_convolution(reader: _Reader, claim: str, domain: _Domain, given: Layer | Convolution | None) -> str:
    """The document from the value of `convolution` on."""
    if not isinstance(domain, (_Space, _Orthant, _Box)):
        raise Rejected(f"domain: a certificate about a convolution cannot have the domain {domain.type}")
    if claim == "alpha_star":
        raise Rejected('a certificate about a convolution cannot have the claim "alpha_star"')
    if given is not None and not isinstance(given, Convolution):
        raise Rejected("convolution: the certificate is about a convolution, but the given layer is one with (W, b)")
    kernels = _Kernels(_read_kernels(reader, _read_geometry(reader, domain.dimension), given))
    if claim in ("injective", "not_injective"):
        size = _read_size(reader, kernels.axes)
        rule = _read_outer_rule(reader, claim)
        where, reason = f"the input size {_times(size)}", _check_at_size(reader, rule, domain, kernels, size)
    else:
        sizes = _read_sizes(reader, kernels.axes)
        rule = _read_outer_rule(reader, claim)
        every = "every" if claim == "injective_for_sizes" else "any"
        where = f"{every} input size with {sizes.about(kernels.axes)}"
        reason = _SIZES_RULES[rule](reader, domain, kernels, sizes)
    word = "injective" if PROVES[rule].startswith("injective") else "not injective"
    return f"{word} for {where} on {domain.type}: {reason}; {kernels.about()}"


def _check_proof(reader: _Reader, claim: str, given: Given) -> str:
    """Everything after the claim, in the order of the document. Returns the reason to accept."""
    domain = _read_domain(reader, claim)
    kind = reader.key(",", *(["convolution"] if claim.endswith("_for_sizes") else ["layer", "convolution"]))
    check = _check_layer if kind == "layer" else _check_convolution
    reason = check(reader, claim, domain, given(kind))
    reader.end()
    return reason


def _check(binary_file: BinaryIO, given: Given) -> CheckResult:
    reader, claim = _Reader(_texts(binary_file)), None
    try:
        reader.one_of("{", "format", ["exactinj-certificate"])
        reader.one_of(",", "version", [1])
        claim = reader.one_of(",", "claim", CLAIMS)
        return CheckResult(True, claim, _check_proof(reader, claim, given))
    except Rejected as error:
        return CheckResult(False, claim, str(error))
    except MemoryError:
        raise Unreadable("does not fit into memory") from None


def check_stream(binary_file: BinaryIO, layer: Layer | Convolution | None = None) -> CheckResult:
    """Check the certificate in a binary file, which must be about `layer` if that is given.

    Raises Unreadable if the document is not a certificate; a wrong one gives a result that is not valid.
    """
    return _check(binary_file, lambda _: layer)


# ------------------------------------------------------------------ layer files

_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)/([0-9]+)|([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,5}))?)")
_NPY_TYPES = {
    "f": {"2": "e", "4": "f", "8": "d"},
    "i": {"1": "b", "2": "h", "4": "i", "8": "q"},
    "u": {"1": "B", "2": "H", "4": "I", "8": "Q"},
}


def _exact(text: str) -> Fraction | None:
    """The rational that "1/2", "-3", "0.1" or "1e-3" denotes; None for any other text."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    sign, top, bottom, whole, decimals, exponent = match.groups("")
    if not whole + decimals and not bottom.strip("0"):
        return None
    size = Fraction(_integer(top or whole + decimals), _integer(bottom or "1"))
    return (-1 if sign == "-" else 1) * size * Fraction(10) ** (int(exponent or "0") - len(decimals))


def _entry(value: object, place: str) -> Fraction:
    """An entry of W, b or alpha; a float is the dyadic rational that it is."""
    if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
        return Fraction(value)
    exact = _exact(value) if isinstance(value, str) else None
    if exact is None:
        wanted = 'a finite number or a string like "1/2" or "0.1"'
        raise Unreadable(f"{place}: expected {wanted}, found {_show(value)}")
    return exact


def _layer(arrays: dict[str, Any]) -> Layer:
    """W and b from the arrays of a file; alpha = -b may stand in for b, and neither means b = 0."""
    if "W" not in arrays or not arrays.keys() <= {"W", "b", "alpha"} or len(arrays) > 2:
        found = ", ".join(map(_show, list(arrays)[:5])) or "nothing"
        raise Unreadable(f"expected W and at most one of b and alpha, found {found}: rename or remove arrays")
    W = arrays["W"] if isinstance(arrays["W"], list) else []
    if not W or not all(isinstance(row, list) and 0 < len(row) == len(W[0]) for row in W):
        raise Unreadable("W: expected a matrix: at least one row, of equal length and not empty")
    name = "alpha" if "alpha" in arrays else "b"
    b = arrays.get(name, [0] * len(W))
    if not isinstance(b, list) or len(b) != len(W):
        raise Unreadable(f"{name}: expected one number for each of the {len(W)} rows of W")
    rows = [[_entry(value, f"W[{i}][{j}]") for j, value in enumerate(row)] for i, row in enumerate(W)]
    bias = [_entry(value, f"{name}[{i}]") for i, value in enumerate(b)]
    return rows, [-value for value in bias] if name == "alpha" else bias


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise Unreadable("a key is repeated")
    return dict(pairs)


def _json_arrays(data: bytes) -> dict[str, Any]:
    arrays = json.loads(data.decode(), parse_int=_integer, object_pairs_hook=_unique)
    if not isinstance(arrays, dict):
        raise Unreadable(f"expected an object with the arrays of the layer, found {_show(arrays)}")
    return arrays


def _csv_arrays(data: bytes) -> dict[str, Any]:
    return {"W": [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]}


def _npy_parts(data: bytes) -> tuple[str, bool, tuple[int, ...], bytes]:
    """The npy format, versions 1 to 3: the type, whether the first axis runs fastest, the shape, and the numbers."""
    start = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}.get(data[:8])
    if start is None:
        raise Unreadable("not in npy format, version 1 to 3: save with numpy.save or numpy.savez")
    length = int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start : start + min(length, 10_000)].decode("latin-1").strip())
    kind, fortran, shape = str(header["descr"]), header["fortran_order"], header["shape"]
    return kind, bool(fortran), tuple(shape), data[start + length :]


def _npy_array(data: bytes, axes: Sequence[int] = (1, 2), wanted: str = "one (b) or two (W)") -> Any:
    """An array of floats or integers with so many axes, as nested lists."""
    kind, fortran, shape, body = _npy_parts(data)
    if not re.fullmatch("[<>][fiu][248]|[<>|][iu]1", kind):
        raise Unreadable(f"found the type {_show(kind)}: expected float16/32/64 or an integer type")
    if not all(type(size) is int and size > 0 for size in shape) or len(shape) not in axes:
        raise Unreadable(f"found {len(shape)} axes: expected {wanted}, and no size zero")
    size = math.prod(shape) * int(kind[2])
    if len(body) != size:
        raise Unreadable(f"found {len(body)} bytes of numbers, expected {_show(size)}: the file is damaged")
    order = ">" if kind[0] == ">" else "<"
    values = struct.unpack(f"{order}{math.prod(shape)}{_NPY_TYPES[kind[1]][kind[2]]}", body)
    steps = [math.prod(shape[:k] if fortran else shape[k + 1 :]) for k in range(len(shape))]
    return _nested(values, 0, shape, steps)


def _nested(values: Sequence[Any], first: int, shape: Sequence[int], steps: Sequence[int]) -> Any:
    """The array of this shape that starts at `first`; the next element of axis k is `steps[k]` further on."""
    if not shape:
        return values[first]
    return [_nested(values, first + k * steps[0], shape[1:], steps[1:]) for k in range(shape[0])]


def _npz_arrays(data: bytes, read: Callable[[bytes], Any] = _npy_array) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
            raise Unreadable("found an unusual compression: save with numpy.savez")
        arrays = [(info.filename, read(archive.read(info))) for info in members]
        return _unique([(name.removesuffix(".npy"), array) for name, array in arrays])


_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": _json_arrays,
    ".csv": _csv_arrays,
    ".npy": lambda data: {"W": _npy_array(data)},
    ".npz": _npz_arrays,
}


def _opened(path: FilePath) -> BinaryIO:
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be opened: {error}") from None


_Built = TypeVar("_Built")


def _read_file(
    path: FilePath,
    kind: str,
    formats: dict[str, Callable[[bytes], dict[str, Any]]],
    build: Callable[[dict[str, Any]], _Built],
) -> _Built:
    """What `build` makes of the arrays in the file. Raises Unreadable, with the kind of file in front."""
    suffix = os.path.splitext(path)[1].lower()
    try:
        if suffix not in formats:
            *others, last = formats
            raise Unreadable(f"found the ending {_show(suffix)}: expected {', '.join(others)} or {last}")
        with _opened(path) as file:
            return build(formats[suffix](file.read()))
    except Unreadable as error:
        raise _UnreadableLayer(f"{kind}: {error}") from None
    except Exception as error:  # noqa: BLE001 (the standard library raises a dozen types on damaged files)
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise _UnreadableLayer(f"{kind}: damaged, or not in {suffix} format ({cause})") from None


def read_layer(path: FilePath) -> Layer:
    """The exact W and b of a layer file. Raises Unreadable."""
    return _read_file(path, "layer file", _FORMATS, _layer)


# ------------------------------------------------------------------ certificates-convolution.md, "Kernel files"

_KERNEL_KEYS = ("kernels", "b", "stride", "dilation", "padding", "groups", "padding_mode")


def _npy_value(data: bytes) -> Any:
    """An array of numbers with any of the shapes that a kernel file may have, or one text."""
    kind, _, shape, body = _npy_parts(data)
    text = re.fullmatch("([<>])U([1-9][0-9]{0,3})", kind)
    if text is None:
        return _npy_array(data, range(6), "at most five")
    if shape or len(body) != 4 * int(text[2]):
        raise Unreadable("found an array of texts, or a damaged one: expected one text")
    return body.decode("utf-32-le" if text[1] == "<" else "utf-32-be").rstrip("\0")


def _whole(value: object, least: int, place: str) -> int:
    exact = _entry(value, place)
    if exact.denominator != 1 or exact < least:
        raise Unreadable(f"{place}: expected an integer >= {least}, found {_show(value)}")
    return exact.numerator


def _per_axis(value: object, d: int, least: int, place: str) -> tuple[int, ...]:
    """One integer for all axes, or one for each."""
    values = value if isinstance(value, list) else [value] * d
    if len(values) != d:
        raise Unreadable(f"{place}: expected one integer, or one for each of {d} axes, found {_show(value)}")
    return tuple(_whole(entry, least, place) for entry in values)


def _padding_pairs(value: object, d: int) -> tuple[tuple[int, int], ...]:
    """One integer, one for each axis, or a pair for each axis."""
    if not isinstance(value, list) or not any(isinstance(entry, list) for entry in value):
        return tuple((width, width) for width in _per_axis(value, d, 0, "padding"))
    if len(value) != d or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise Unreadable(f"padding: expected one integer, or one or a pair for each of {d} axes, found {_show(value)}")
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
        return [_entry(value, place)]
    if not isinstance(value, list) or len(value) != shape[0]:
        raise Unreadable(f"{place}: expected a list of {shape[0]}, found {_show(value)}")
    return [entry for k, part in enumerate(value) for entry in _flat(part, shape[1:], f"{place}[{k}]")]


def _convolution(arrays: dict[str, Any]) -> Convolution:
    """The layer from the arrays of a kernel file."""
    if "kernels" not in arrays or not arrays.keys() <= set(_KERNEL_KEYS):
        found = ", ".join(map(_show, list(arrays)[:5])) or "nothing"
        raise Unreadable(f"expected kernels, and perhaps {', '.join(_KERNEL_KEYS[1:])}; found {found}")
    shape = _shape(arrays["kernels"])
    if not 3 <= len(shape) <= 5 or 0 in shape:
        raise Unreadable(f"kernels: expected the axes out, in / groups and 1 to 3 of the grid, found {len(shape)} axes")
    outputs, inputs, *kernel_size = shape
    d, groups = len(kernel_size), _whole(arrays.get("groups", 1), 1, "groups")
    if outputs % groups:
        raise Unreadable(f"groups: {_show(groups)} does not divide the {outputs} output channels")
    mode = arrays.get("padding_mode", "zeros")
    if not isinstance(mode, str) or mode not in _MODES:
        raise Unreadable(f"padding_mode: expected {', '.join(_MODES)}, found {_show(mode)}")
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
    ".json": _json_arrays,
    ".npy": lambda data: {"kernels": _npy_value(data)},
    ".npz": lambda data: _npz_arrays(data, _npy_value),
}


def read_kernels(path: FilePath) -> Convolution:
    """The exact convolution of a kernel file. Raises Unreadable."""
    return _read_file(path, "kernel file", _KERNEL_FORMATS, _convolution)


# ------------------------------------------------------------------ files and the command line


def check_file(path: FilePath, layer_path: FilePath | None = None) -> CheckResult:
    """Check a certificate file, which must be about the layer in `layer_path` if that is given.

    The second file is a kernel file if the certificate is about a convolution, a layer file otherwise.
    Raises Unreadable if one of the two files is not in its documented format.
    """

    def given(kind: str) -> Layer | Convolution | None:
        if layer_path is None:
            return None
        return read_layer(layer_path) if kind == "layer" else read_kernels(layer_path)

    try:
        with _opened(path) as file:
            return _check(file, given)
    except _UnreadableLayer:
        raise
    except Unreadable as error:
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
        result, word, status = CheckResult(False, None, str(error)), "unreadable", UNREADABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.json:
        print(json.dumps(asdict(result)))
    elif not options.quiet:
        line = f"{word}: {f'{result.claim}: ' if result.valid else ''}{result.reason}"
        print(ascii(line)[1:-1], file=sys.stderr if status == UNREADABLE else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
