"""What a report shows, as plain data: no engine, no network, no file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.work.verdict import Verdict

__all__ = ["Pair", "ReportContent", "ReportRow", "Step"]


@dataclass(frozen=True)
class Step:
    """A step of the model in the picture: what it is, what it reads, what was found about it (None: nothing asked)."""

    name: str
    kind: str
    shape: tuple[int, ...] | None
    inputs: tuple[str, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True)
class ReportRow:
    """A layer in the table."""

    name: str
    kind: str
    inputs: int | None
    outputs: int | None
    activation: str
    domain: str
    verdict: Verdict
    reason: str
    assumption: str | None = None
    certificate: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Pair:
    """Two inputs with one output: exact numbers, and the shape that they are drawn in."""

    title: str
    x: Sequence[Fraction]
    y: Sequence[Fraction]
    shape: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class ReportContent:
    """Everything on the page.

    Attributes
    ----------
    model : its name or file
    facts : further lines about it, as (what, value)
    verdict, reason : of the model as a whole
    rows, steps, pairs : the table, the picture, the collisions
    assumptions : what was assumed, in sentences; () for nothing
    """

    model: str
    facts: tuple[tuple[str, str], ...]
    verdict: Verdict
    reason: str
    rows: tuple[ReportRow, ...]
    steps: tuple[Step, ...] = ()
    pairs: tuple[Pair, ...] = ()
    assumptions: tuple[str, ...] = ()
