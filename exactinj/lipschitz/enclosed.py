"""A number between two rationals, both proved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactinj.exact.numbers import rational_text

__all__ = ["Bounds"]


@dataclass(frozen=True)
class Bounds:
    """``at_least <= value <= at_most``, both proved in rational arithmetic."""

    at_least: Fraction
    at_most: Fraction

    @property
    def is_exact(self) -> bool:
        """Whether both are the value itself."""
        return self.at_least == self.at_most

    def to_json(self) -> dict[str, object]:
        """Rationals as strings."""
        return {"at_least": rational_text(self.at_least), "at_most": rational_text(self.at_most)}
