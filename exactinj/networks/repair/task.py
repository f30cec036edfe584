"""What every way of repairing is given, what it hands back, and how rows that are not needed are dropped again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from exactinj.domains import Domain
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["Attempt", "Build", "Extra", "Layer", "Row", "Task", "counted", "with_few"]

Layer: TypeAlias = ReLULayer | ConvLayer
Row: TypeAlias = tuple[tuple[Fraction, ...], Fraction]  # (w, b): what a new row or kernel computes is <w, x> + b
Extra: TypeAlias = tuple[Row, ...]  # one new row; of a convolution one kernel for each group
Build: TypeAlias = Callable[[Sequence[Extra]], tuple[Layer, tuple[int, ...]]]  # the layer, and where they stand in it

SECONDS_OF_ONE = 5.0  # that a layer without one of the new rows may take to be decided
SECONDS_OF_ALL = 30.0


@dataclass(frozen=True)
class Task:
    """A question of repair.

    Attributes
    ----------
    domain : convex, for the layer's dimension; of a convolution, that of one place
    decide : gives the exact answer for a layer, with its certificate
    clock : of the whole repair
    precision : the bits that numbers of the layer may have, such as 24 for float32; None for any rational
    """

    domain: Domain
    decide: Callable[[Layer, Clock], Result]
    clock: Clock
    precision: int | None = None

    def decided(self, layer: Layer) -> Result:
        """The answer for a layer within the time that is left."""
        return self.decide(layer, self.clock)


@dataclass(frozen=True)
class Attempt:
    """A layer that one method made, where its new rows stand, and the answer about it."""

    method: str
    layer: Layer
    added: tuple[int, ...]
    result: Result
    note: str

    @property
    def is_proved(self) -> bool:
        """Whether the layer is injective, with a certificate."""
        return self.result.verdict is Verdict.INJECTIVE


def with_few(attempt: Attempt, extras: Sequence[Extra], build: Build, task: Task) -> Attempt:
    """The same without those new rows that it is injective without, tried one after the other, last ones first.

    Each that is left is needed by the others, unless a layer without it took too long to be decided. A convolution
    keeps the set of sizes that it is injective for.
    """
    if not attempt.is_proved:
        return attempt
    kept, best, clock = list(extras), attempt, task.clock.bounded(SECONDS_OF_ALL)
    for extra in reversed(extras):
        if clock.is_over:
            break
        task.clock.report(f"whether {len(kept) - 1} new rows suffice")
        fewer = list(kept)
        fewer.remove(extra)
        layer, added = build(fewer)
        result = task.decide(layer, clock.bounded(SECONDS_OF_ONE))
        if result.verdict is Verdict.INJECTIVE and result.sizes == best.result.sizes:
            kept, best = fewer, replace(best, layer=layer, added=added, result=result)
    dropped = len(extras) - len(kept)
    return best if not dropped else replace(best, note=f"{best.note}; {dropped} of them turned out not to be needed")


def counted(count: int, name: str) -> str:
    """A number of things in words.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {name}{'' if count == 1 else 's'}"
