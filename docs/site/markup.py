"""Small pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def plain(words: str) -> str:
    """Words in which Markdown sees no signs of its own; what stands in backticks stays code."""
    return re.sub(r"([\\*_\[\]<>#~|$])", r"\\\1", words) if "`" not in words else words


def link(words: str, target: str) -> str:
    """A link."""
    return f"[{words}]({target})"


def joined(lines: Iterable[str]) -> str:
    """One line each."""
    return "\n".join(lines)


def cells(sizes: dict[str, Any]) -> str:
    """Sizes of a case in words: the least ones, and what is left on division by the strides."""
    axes = zip(sizes["minimum"], sizes["residues"], strict=True)
    return " by ".join(f"N >= {least}" + ("" if left == [0] else f", N mod s in {left}") for least, left in axes)
