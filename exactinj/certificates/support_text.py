"""The lists `supports` and `tree` of compact certificates as text, thousands of entries a piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.proof_rows import Multipliers, ProofRows
from exactinj.certificates.supports import SupportTable

__all__ = ["compact_lines", "token_lines"]

Codes = NDArray[np.signedinteger[Any]]

LINES = 4096  # at once
TOKENS_A_LINE = 16


def compact_lines(table: SupportTable, rows: ProofRows, explicit: Callable[[Multipliers], str]) -> Iterator[str]:
    """Entries with commas between: signed rows, or what `explicit` makes of the multipliers where a cut is named."""
    before = ""
    for start in range(0, len(table), LINES):
        whole = table.codes[start : start + LINES]
        codes = whole if rows.constant is None else np.where(np.abs(whole) == rows.constant + 1, 0, whole)
        yield before
        if int(codes.max(initial=0)) <= rows.facets and -int(codes.min(initial=0)) <= rows.facets:
            yield _text(codes.tolist())
        else:
            both = zip(codes, whole, strict=True)
            yield ",\n".join(_line(row[row != 0], full[full != 0], rows, explicit) for row, full in both)
        before = ",\n"
    yield "\n"


def _line(codes: Codes, whole: Codes, rows: ProofRows, explicit: Callable[[Multipliers], str]) -> str:
    """One entry; `whole` has the row ``(0, -1)`` as well, which multipliers depend on."""
    if int(np.abs(codes).max()) <= rows.facets:
        return _text([codes.tolist()])
    return explicit(rows.multipliers(whole.tolist()))


def _text(entries: Sequence[Sequence[int]]) -> str:
    """Lists without the zeros behind them, one a line. None begins with 0: rows of the layer come first."""
    return str(entries)[1:-1].replace(", 0", "").replace("], [", "],\n[").replace(", ", ",")


def token_lines(tokens: NDArray[np.int32]) -> Iterator[str]:
    """Sixteen tokens a line."""
    whole = tokens.size - tokens.size % TOKENS_A_LINE
    before = ""
    for start in range(0, whole, LINES * TOKENS_A_LINE):
        lines = tokens[start : min(start + LINES * TOKENS_A_LINE, whole)].reshape(-1, TOKENS_A_LINE)
        yield before + str(lines.tolist())[2:-2].replace("], [", ",\n").replace(", ", ",")
        before = ",\n"
    if whole < tokens.size:
        yield before + ",".join(map(str, tokens[whole:].tolist()))
    yield "\n"
