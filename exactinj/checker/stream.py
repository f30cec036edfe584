"""JSON, piece by piece: the document is read element by element and never held as a whole."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NoReturn

from exactinj.checker.faults import Unreadable
from exactinj.checker.limits import LONGEST_VALUE
from exactinj.checker.rationals import integer_of, show

__all__ = ["Reader", "pieces_of"]


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
