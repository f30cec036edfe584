"""Two inputs of a convolution next to each other: signals as rows of numbers, images and volumes as grids."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from exactinj.certificates.collision import Collision
from exactinj.exact.numbers import rational_text

__all__ = ["number_text", "pictures", "vector_text"]

LONGEST_NUMBER = 24
LONGEST_CELL = 9
DIGITS = 4  # of numbers that are longer than that
WIDEST = 100
MOST_ROWS = 24
LONGEST_VECTOR = 12
MOST_PLACES, MOST_NARROW_PLACES, NARROW = 8, 16, 3  # places shown of an axis; more if all numbers are narrow
CONTEXT = 2  # places shown around those that differ
AXIS_NAMES = (("place",), ("row", "column"), ("slice", "row", "column"))
INDENT = " " * 4


def pictures(pair: Collision, at: str = "") -> list[str]:
    r"""The two inputs, channel by channel, where they differ and a few places around it; `at` says at which size.

    >>> pair = Collision((Fraction(1), Fraction(2), Fraction(0)), (Fraction(1), Fraction(0), Fraction(0)), (1, 3))
    >>> print(*pictures(pair), sep="\n")
      x and y of shape 1x3 differ in 1 of 3 numbers, within channel 0, place 1 (counted from 0)
        channel 0  x:  1  2  0
                   y:  1  0  0
    """
    shape = pair.shape or (1, len(pair.x))
    x, y = (_array(values, shape) for values in (pair.x, pair.y))
    differ = np.array([a != b for a, b in zip(pair.x, pair.y, strict=True)]).reshape(shape)
    names = ("channel", *AXIS_NAMES[len(shape) - 2])
    spans = [np.flatnonzero(np.moveaxis(differ, k, 0).reshape(n, -1).any(axis=1)) for k, n in enumerate(shape)]
    where = ", ".join(_range_text(name, int(span[0]), int(span[-1])) for name, span in zip(names, spans, strict=True))
    count = f"{int(differ.sum())} of {prod(shape)} numbers"
    lines = [f"  x and y of shape {'x'.join(map(str, shape))}{at} differ in {count}, within {where} (counted from 0)"]

    if prod(shape[1:]) > 1 and all((channel == channel.flat[0]).all() for channel in (*x, *y)):
        both = ((name, vector_text([channel.flat[0] for channel in values])) for name, values in (("x", x), ("y", y)))
        return lines + [f"{INDENT}{name} is constant in every channel: {text}" for name, text in both]
    narrow = all(len(rational_text(value)) <= NARROW for value in (*pair.x, *pair.y))
    flat = 1 if len(shape) == 2 else 2  # noqa: PLR2004 - axes that one block shows
    window = [_window(span, n, narrow=narrow) for span, n in zip(spans[-flat:], shape[-flat:], strict=True)]
    cut = [
        _range_text(name, part.start, part.stop - 1)
        for name, part, n in zip(names[-flat:], window, shape[-flat:], strict=True)
        if part.stop - part.start < n
    ]
    most = max(2, MOST_ROWS // (1 if flat == 1 else window[0].stop - window[0].start))
    indices = product(*map(range, shape[:-flat]))
    blocks = sorted(sorted(indices, key=lambda index: not differ[index].any())[:most])  # those that differ first
    for index in blocks:
        title = ", ".join([*(f"{name} {k}" for name, k in zip(names, index, strict=False)), *cut])
        left, right = (np.atleast_2d(values[index][tuple(window)]).tolist() for values in (x, y))
        lines += _block(title, left, right, is_signal=flat == 1)
    shown = len(blocks) * prod(part.stop - part.start for part in window)
    return lines + _shortened(pair, prod(shape) - shown)


def _array(values: Sequence[Fraction], shape: Sequence[int]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def _range_text(name: str, first: int, last: int) -> str:
    return f"{name} {first}" if first == last else f"{name}s {first}-{last}"


def _window(span: np.ndarray, length: int, *, narrow: bool) -> slice:
    """The places to show of an axis: all, or those that differ with a few around them."""
    most = MOST_NARROW_PLACES if narrow else MOST_PLACES
    if length <= most:
        return slice(0, length)
    first = max(0, int(span[0]) - CONTEXT)
    return slice(first, min(length, first + most, int(span[-1]) + CONTEXT + 1))


def _block(title: str, x: list[list[Fraction]], y: list[list[Fraction]], *, is_signal: bool) -> list[str]:
    """One channel, or one slice of it, of both inputs."""
    left = [[number_text(value, LONGEST_CELL, DIGITS) for value in row] for row in x]
    right = [[_beside(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(x, y, strict=True)]
    if is_signal:
        rows = _aligned([*left, *right])
        labelled = [("x = y:", rows[0])] if x == y else [("x:", rows[0]), ("y:", rows[1])]
        heads = [title, " " * len(title)]
        return [f"{INDENT}{head}  {label}  {row}" for head, (label, row) in zip(heads, labelled, strict=False)]
    left_rows, right_rows = _aligned(left), _aligned(right)
    if x == y:
        return [f"{INDENT}{title}, x = y:", *(f"{INDENT}  {row}" for row in left_rows)]
    if len(left_rows[0]) + len(right_rows[0]) > WIDEST:
        grids = [(f"{INDENT}{title}, {name}:", rows) for name, rows in (("x", left_rows), ("y", right_rows))]
        return [line for head, rows in grids for line in (head, *(f"{INDENT}  {row}" for row in rows))]
    both = [f"{INDENT}  {a}    |  {b}" for a, b in zip(left_rows, right_rows, strict=True)]
    return [f"{INDENT}{title}, x on the left, y on the right:", *both]


def _aligned(cells: list[list[str]]) -> list[str]:
    """Lines with all numbers of one width."""
    width = max(len(cell) for row in cells for cell in row)
    return ["  ".join(cell.rjust(width) for cell in row) for row in cells]


def _beside(x: Fraction, y: Fraction) -> str:
    """The number y; if it would look like another number x, also what it is more."""
    text = number_text(y, LONGEST_CELL, DIGITS)
    if x == y or text != number_text(x, LONGEST_CELL, DIGITS):
        return text
    difference = number_text(abs(y - x), LONGEST_CELL, 1).removeprefix("~")
    return f"{text}{'+' if y > x else '-'}{difference}"


def _shortened(pair: Collision, hidden: int) -> list[str]:
    """What the pictures leave out."""
    parts = [f"{hidden} numbers are not shown"] if hidden else []
    if any(len(rational_text(value)) > LONGEST_CELL for value in (*pair.x, *pair.y)):
        parts.append("numbers with ~ are rounded")
    return [f"  ({' and '.join(parts)} here; --json or the certificate has every digit)"] if parts else []


def vector_text(values: Sequence[Fraction]) -> str:
    """The first numbers of a vector, with how many there are more."""
    shown = [number_text(value) for value in values[:LONGEST_VECTOR]]
    if len(values) > LONGEST_VECTOR:
        shown.append(f"... {len(values) - LONGEST_VECTOR} more")
    return "(" + ", ".join(shown) + ")"


def number_text(value: Fraction, longest: int = LONGEST_NUMBER, digits: int = 6) -> str:
    """A rational number exactly, or if that is longer rounded with ``~`` in front.

    >>> number_text(Fraction(1, 3)), number_text(Fraction(10**30 + 1, 3))
    ('1/3', '~3.33333e+29')
    """
    text = rational_text(value)
    if len(text) <= longest:
        return text
    try:
        return f"~{float(value):.{digits}g}"
    except OverflowError:
        return f"~10^{len(rational_text(Fraction(int(abs(value))))) - 1}"
