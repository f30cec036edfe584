"""Long lists of integers out of a document, thousands at a time; whatever is unusual is read one by one as ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from exactinj.checker.faults import Unreadable
from exactinj.checker.rationals import show
from exactinj.checker.stream import Reader
from exactinj.kernels.evidence import read_codes, read_integers

__all__ = ["LARGEST", "BulkReader"]

Codes = NDArray[np.int32]
LEAST, MOST = 1 << 14, 1 << 21  # characters at once
LARGEST = 2**31 - 1


class BulkReader(Reader):
    """A reader that takes what the compiled functions understand, up to the comma behind it."""

    wide = 0  # the last token that was read by itself: it need not fit into 32 bits
    _compact = re.compile(r"\[[ \t\n\r]*-?[0-9]")

    def codes(self, *, signed: bool) -> Iterator[tuple[Codes, NDArray[np.int64]]]:
        """Lists of codes and where each ends; stops before an element that is none, or the last one of its list."""
        size = LEAST
        while self.peek() == "[" and self._compact.match(self._text, self._at):
            text = self._chunk(size)
            codes, ends = np.empty(text.size // 2 + 1, dtype=np.int32), np.empty(text.size // 3 + 1, dtype=np.int64)
            count, taken = read_codes(text, 0, codes, ends, signed)
            if not count:
                return
            self._at += taken
            yield codes[: ends[count - 1]].copy(), ends[:count].copy()
            size = min(4 * size, MOST)

    def tokens(self, place: str) -> Iterator[Codes]:
        """The tokens at the key `tree`, then the end of the proof; as `_tokens` of the checker reads them."""
        self.key(",", "tree")
        self.expect("[")
        more, number = self.peek() != "]" or self.expect("]") == ",", 0
        while more:
            for part in self._integers():
                yield part
                number += part.size
            token = self.value()
            more = self.expect(",]") == ","
            if type(token) is not int:
                raise Unreadable(f"{place} token {number}: expected an integer, found {show(token)}")
            self.wide = token
            yield np.array([max(min(token, LARGEST), -LARGEST)], dtype=np.int32)  # no tree has so many entries or rows
            number += 1
        self.expect("}")

    def _integers(self) -> Iterator[Codes]:
        size = LEAST
        while True:
            text = self._chunk(size)
            values = np.empty(text.size // 2 + 1, dtype=np.int32)
            count, taken = read_integers(text, 0, values)
            if not count:
                return
            self._at += taken
            yield values[:count].copy()
            size = min(4 * size, MOST)

    def _chunk(self, size: int) -> NDArray[np.uint8]:
        """So much text ahead; a character that is not ASCII is a question mark there, which nothing takes."""
        while len(self._text) - self._at < size and self._extend():
            pass
        return np.frombuffer(self._text[self._at : self._at + size].encode("ascii", "replace"), dtype=np.uint8)
