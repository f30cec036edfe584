"""Re-check an exactinj certificate: standard library only, no code shared with the package.

    python -I checker.py CERTIFICATE [LAYER]

Written from docs/certificates.md, version 1; each section of that page is one function here. The document
is read element by element and never held as a whole: of a verified refuter only the row indices stay.
All arithmetic is exact, on integers: each row (w_i, b_i) is scaled once by its own positive denominator.

A fault of form (JSON, keys and their order, types, number formats, or lists that do not fit m and n) makes
a document unreadable; whatever else fails is a rejection. The first fault in document order counts.
"""

from __future__ import annotations

import argparse
import ast
import codecs
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
from operator import itemgetter, mul
from typing import Any, BinaryIO, ClassVar, NoReturn, TypeVar

VALID, UNREADABLE, REJECTED, INTERRUPTED = 0, 3, 4, 130
BLOCK = 1 << 14  # bytes per read; deflate expands at most 1032-fold, so this bounds memory for gzip too
DIGITS = 600  # int() takes this many decimal digits under every setting of Python's conversion limit

FilePath = str | os.PathLike[str]
Layer = tuple[Sequence[Sequence[Fraction]], Sequence[Fraction]]  # W, b
Vector = Sequence[int]


class Unreadable(Exception):
    """The input is not a certificate, or not a layer, in the documented format."""


class Rejected(Exception):
    """The certificate was read, but its claim does not follow."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the certificate proves its claim, and why or why not."""

    valid: bool
    claim: str | None
    reason: str


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

    def key(self, before: str, name: str) -> None:
        """Take the punctuation `before`, then the key `name` and its colon."""
        self.expect(before)
        found = self.value()
        if found != name:
            raise self.malformed(f'expected the key "{name}", found {_show(found)}')
        self.expect(":")

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
        self.expect("[")
        more, number = self.peek() != "]" or self.expect("]") == ",", 0
        while more:
            yield number
            more, number = self.expect(",]") == ",", number + 1

    def end(self) -> None:
        """The end of the proof and of the document."""
        self.expect("}")
        self.expect("}")
        if found := self.peek():
            raise self.malformed(f"expected the end of the document, found {_show(found)}")


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


class _Row:
    """(w_i, b_i) as integers over one positive denominator."""

    __slots__ = ("_nonzero", "_pick", "denominator", "entries")

    def __init__(self, normal: Sequence[Fraction], bias: Fraction) -> None:
        self.entries, self.denominator = _scaled([*normal, bias])
        places = [j for j, value in enumerate(normal) if value]
        padding = [0] * (2 - len(places))  # with two places or more itemgetter returns a tuple
        self._nonzero = [self.entries[j] for j in places] + padding
        self._pick: Callable[[Vector], Vector] = itemgetter(*places, *padding)

    def products(self, basis: list[Vector]) -> list[int]:
        """<w_i, y> times the denominator for each y; visits the nonzero entries of w_i only."""
        return [sum(map(mul, self._nonzero, self._pick(y))) for y in basis]

    def is_orthogonal(self, basis: list[Vector]) -> bool:
        """Whether all products are 0. Usually the first is not, so it is tried before a loop starts."""
        nonzero, pick = self._nonzero, self._pick
        first = sum(map(mul, nonzero, pick(basis[0])))
        return not first and not any(sum(map(mul, nonzero, pick(y))) for y in basis)


def _quoted(texts: Sequence[str]) -> str:
    """A list of rationals as it enters the digest."""
    return '["' + '","'.join(texts) + '"]'


def _read_layer(reader: _Reader, given: Layer | None, dimension: int | None) -> tuple[list[_Row], int]:
    """Section "Layer": shape, which fits the domain's, digest, and equality with the layer that was given as well."""
    reader.key(",", "layer")
    m, n = reader.size("{", "m"), reader.size(",", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {_show(n)} rationals, found lists of {dimension}")
    reader.key(",", "sha256")
    sha256 = reader.value()
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise reader.malformed(f'"sha256": expected 64 lower-case hex digits, found {_show(sha256)}')
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


@dataclass(frozen=True, slots=True)
class _Space(_Domain):
    """All of R^n."""

    type = "R^n"

    def contains(self, x: Sequence[Fraction]) -> bool:
        return True

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])


@dataclass(frozen=True, slots=True)
class _Orthant(_Domain):
    """x_j >= 0 for every j."""

    type = "nonneg"

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


@dataclass(frozen=True, slots=True)
class _NonnegativeBall(_Domain):
    """x_j >= 0 for every j, and |x| <= r."""

    type = "nonneg-ball"
    radius: Fraction

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0 and _square(x) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and form[-1] ** 2 >= self.radius**2 * _square(_negative_part(form[:-1]))


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


def _check_collision(reader: _Reader, domain: _Domain, rows: list[_Row], n: int) -> str:
    """Rule "collision": two points of K, different, with one image."""
    points = []
    for name in "xy":
        reader.key(",", name)
        points.append(_rationals(reader.value(), n, f"proof.{name}"))
    reader.end()
    x, y = points
    if x == y:
        raise Rejected("collision: x and y are equal")
    for name, point in zip("xy", points, strict=True):
        if not domain.contains(point):
            raise Rejected(f"collision: {name} does not lie in the domain {domain.type}")
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
    value: object, place: str, multiplier: re.Pattern[str], functions: list[_Row]
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


def _check_refuter(value: object, number: int, domain: _Domain, rows: list[_Row], m: int) -> tuple[int, ...]:
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

    def __init__(self, tokens: Iterator[int], supports: list[tuple[int, ...]], rows: list[_Row]) -> None:
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


def _require_enough_rows(rows: list[_Row], n: int) -> None:
    """Fewer than n rows never span; this bounds the n by n identity, too."""
    if len(rows) < n:
        raise Rejected(f"tree: {len(rows)} rows do not span R^{n}, so no tree proves the claim")


def _check_flat_tree(reader: _Reader, domain: _Domain, rows: list[_Row], n: int) -> str:
    """Rule "flat-tree": every refuter, then the tree."""
    functions, values = [*rows, *domain.halfspaces], enumerate(reader.elements(",", "refuters"))
    supports = [_check_refuter(value, number, domain, functions, len(rows)) for number, value in values]
    _require_enough_rows(rows, n)
    tokens = _TreeReader(_tokens(reader), supports, rows).read(n)
    reader.end()
    return f"{len(supports)} refuters and the tree of {tokens} tokens are correct"


# ------------------------------------------------------------------ rule "sign-split"

_NONZERO = re.compile("-?[1-9][0-9]*")
_Signs = tuple[tuple[int, ...], tuple[int, ...]]  # the rows with lambda_i > 0, the rows with lambda_i < 0


def _check_circuit(value: object, number: int, domain: _Domain, rows: list[_Row], m: int) -> _Signs:
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

    def __init__(self, tokens: Iterator[int], circuits: list[_Signs], rows: list[_Row]) -> None:
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


def _check_sign_split(reader: _Reader, domain: _Domain, rows: list[_Row], n: int) -> str:
    """Rule "sign-split": every circuit, then the tree."""
    functions, values = [*rows, *domain.halfspaces], enumerate(reader.elements(",", "circuits"))
    circuits = [_check_circuit(value, number, domain, functions, len(rows)) for number, value in values]
    _require_enough_rows(rows, n)
    tokens = _SignReader(_tokens(reader), circuits, rows).read(n)
    reader.end()
    return f"{len(circuits)} circuits and the tree of {tokens} tokens are correct"


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
    reader.end()
    return f"the values of all {len(rows)} rows are attained, and the trees of {tokens} tokens are correct"


# ------------------------------------------------------------------ the document

RULES = {
    "collision": ("not_injective", _check_collision),
    "flat-tree": ("injective", _check_flat_tree),
    "sign-split": ("injective", _check_sign_split),
    "depth-tree": ("alpha_star", _check_depth_tree),
}


def _check_proof(reader: _Reader, claim: str, layer: Layer | None) -> str:
    """Everything after the claim, in the order of the document. Returns the reason to accept."""
    domain = _read_domain(reader, claim)
    rows, n = _read_layer(reader, layer, domain.dimension)
    reader.key(",", "proof")
    rule = reader.one_of("{", "rule", list(RULES))
    proves, check = RULES[rule]
    if claim != proves:
        raise Rejected(f'the rule "{rule}" proves "{proves}", not the claim "{claim}"')
    return check(reader, domain, rows, n)


def check_stream(binary_file: BinaryIO, layer: Layer | None = None) -> CheckResult:
    """Check the certificate in a binary file, which must be about `layer` = (W, b) if that is given.

    Raises Unreadable if the document is not a certificate; a wrong one gives a result that is not valid.
    """
    reader, claim = _Reader(_texts(binary_file)), None
    try:
        reader.one_of("{", "format", ["exactinj-certificate"])
        reader.one_of(",", "version", [1])
        claim = reader.one_of(",", "claim", ["injective", "not_injective", "alpha_star"])
        return CheckResult(True, claim, _check_proof(reader, claim, layer))
    except Rejected as error:
        return CheckResult(False, claim, str(error))
    except MemoryError:
        raise Unreadable("does not fit into memory") from None


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
        raise Unreadable(f'expected an object {{"W": ..., "b": ...}}, found {_show(arrays)}')
    return arrays


def _csv_arrays(data: bytes) -> dict[str, Any]:
    return {"W": [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]}


def _npy_array(data: bytes) -> list[Any]:
    """The npy format, versions 1 to 3: one array of floats or integers with one or two axes."""
    start = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}.get(data[:8])
    if start is None:
        raise Unreadable("not in npy format, version 1 to 3: save with numpy.save or numpy.savez")
    length = int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start : start + min(length, 10_000)].decode("latin-1").strip())
    kind, fortran, shape = str(header["descr"]), header["fortran_order"], header["shape"]
    if not re.fullmatch("[<>][fiu][248]|[<>|][iu]1", kind):
        raise Unreadable(f"found the type {_show(kind)}: expected float16/32/64 or an integer type")
    if not all(type(size) is int and size > 0 for size in shape) or len(shape) not in (1, 2):
        raise Unreadable(f"found {len(shape)} axes: expected one (b) or two (W), and no size zero")
    body, size = data[start + length :], math.prod(shape) * int(kind[2])
    if len(body) != size:
        raise Unreadable(f"found {len(body)} bytes of numbers, expected {_show(size)}: the file is damaged")
    order = ">" if kind[0] == ">" else "<"
    values = list(struct.unpack(f"{order}{math.prod(shape)}{_NPY_TYPES[kind[1]][kind[2]]}", body))
    if len(shape) == 1:
        return values
    m, n = shape
    return [values[i::m] if fortran else values[i * n : (i + 1) * n] for i in range(m)]


def _npz_arrays(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
            raise Unreadable("found an unusual compression: save with numpy.savez")
        arrays = [(info.filename, _npy_array(archive.read(info))) for info in members]
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


def read_layer(path: FilePath) -> Layer:
    """The exact W and b of a layer file. Raises Unreadable."""
    suffix = os.path.splitext(path)[1].lower()
    try:
        if suffix not in _FORMATS:
            raise Unreadable(f"found the ending {_show(suffix)}: expected .json, .csv, .npy or .npz")
        with _opened(path) as file:
            return _layer(_FORMATS[suffix](file.read()))
    except Unreadable as error:
        raise Unreadable(f"layer file: {error}") from None
    except Exception as error:  # noqa: BLE001 (the standard library raises a dozen types on damaged files)
        cause = f"{type(error).__name__}: {error}"
        raise Unreadable(f"layer file: damaged, or not in {suffix} format ({cause})") from None


# ------------------------------------------------------------------ files and the command line


def check_file(path: FilePath, layer_path: FilePath | None = None) -> CheckResult:
    """Check a certificate file, which must be about the layer in `layer_path` if that is given.

    Raises Unreadable if one of the two files is not in its documented format.
    """
    layer = None if layer_path is None else read_layer(layer_path)
    try:
        with _opened(path) as file:
            return check_stream(file, layer)
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
