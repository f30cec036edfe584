"""Plain text tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["table"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with columns of equal width, the head first.

    >>> table(["row", "value"], [["0", "1/2"], ["10", "3"]])
    ['  row  value', '  0    1/2', '  10   3']
    """
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    return [
        ("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))).rstrip()
        for line in (head, *rows)
    ]
