"""What an inversion answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NoReturn

from exactinj.domains import Region
from exactinj.exact.numbers import rational_text
from exactinj.exact.short import few, short_repr, shortened
from exactinj.inversion.farkas import Farkas
from exactinj.work.card import Card, ShownAsCard

__all__ = ["Inversion", "InversionStatus"]


class InversionStatus(StrEnum):
    """How many inputs have the output, proved; or that the nearest one was asked for."""

    UNIQUE = "unique"
    MANY = "many"
    NONE = "none"
    NEAREST = "nearest"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, repr=False)
class Inversion(ShownAsCard):
    """The inputs of a layer, or network, that have one output.

    Attributes
    ----------
    status : ``unique``, ``many`` and ``none`` are proved; ``nearest`` is a point that floats found
    reason : one sentence
    x : an input: exact rationals that the layer maps to the output exactly, or floats where it is ``nearest``
    second : another one, of ``many``
    dimension : of the set of all of them, of its largest piece for a network; None where there is none, or not all
        pieces were looked at
    residual : ``|ReLU(W x + b) - y|``, rounded up; 0.0 where x is exact
    error_bound : no input whose output lies within the stated noise of y is farther from x; with a certified kappa
    farkas : what proves ``none``; None for networks where each of several pieces has its own
    layer : its shape
    domain : where inputs were looked for
    seconds : that it took
    at_layer : of a network, the layer that decided, counted from 0; the Farkas vector is about its rows
    at_output : what that layer would have to give, the one point that the later layers map to the output
    """

    status: InversionStatus
    reason: str
    x: tuple[Fraction, ...] | tuple[float, ...] | None
    second: tuple[Fraction, ...] | None
    dimension: int | None
    residual: float | None
    error_bound: float | None
    farkas: Farkas | None
    layer: dict[str, object]
    domain: Region
    seconds: float
    at_layer: int | None = None
    at_output: tuple[Fraction, ...] | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError("an inversion is neither true nor false; compare its status, as in result.status == 'unique'")

    def __repr__(self) -> str:
        return short_repr(self, f"status={self.status.value!r}, dimension={self.dimension}, {self.reason}")

    def _card(self) -> Card:
        x = None if self.x is None else few(self.x, 12)
        second = None if self.second is None else few(self.second, 12)
        facts = (("reason", self.reason), ("x", x), ("another", second), ("dimension", self.dimension))
        return Card(f"{self.status.value} on {shortened(self.domain.text)}", (*facts, ("residual", self.residual)))

    def to_json(self) -> dict[str, object]:
        """What ``exactinj invert --json`` prints."""
        return {
            "status": self.status.value,
            "reason": self.reason,
            "x": _numbers(self.x),
            "second": _numbers(self.second),
            "dimension": self.dimension,
            "residual": _finite(self.residual),
            "error_bound": _finite(self.error_bound),
            "farkas": None if self.farkas is None else self.farkas.to_json(),
            "at_layer": self.at_layer,
            "at_output": _numbers(self.at_output),
            "layer": self.layer,
            "domain": self.domain.text,
            "stats": {"seconds": round(self.seconds, 6)},
        }


def _finite(value: float | None) -> float | None:
    """JSON has no infinity."""
    return value if value is None or math.isfinite(value) else None


def _numbers(point: Sequence[Fraction] | Sequence[float] | None) -> list[object] | None:
    """Exact numbers as texts, floats as they are."""
    if point is None:
        return None
    return [rational_text(value) if isinstance(value, Fraction) else value for value in point]
