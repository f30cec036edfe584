"""What is known of the stability of a layer: enclosures, and the points that show them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Never

from exactinj.certificates.certificate import Certificate
from exactinj.domains import Domain
from exactinj.exact.numbers import rational_text
from exactinj.exact.short import rounded_out, shortened
from exactinj.exact.surd import Surd, root_above, root_below
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.algebraic import AlgebraicNumber, extreme_eigenvalue
from exactinj.lipschitz.enclosed import Bounds
from exactinj.lipschitz.frames import FrameBounds
from exactinj.lipschitz.gram import gram_of
from exactinj.lipschitz.pairs import ClosePair
from exactinj.lipschitz.search import CellValue
from exactinj.lipschitz.segment import bounds_between
from exactinj.work.card import Card, ShownAsCard

__all__ = ["Published", "Stability"]

MOST_INPUTS = 12  # of layers whose values are shown as algebraic numbers


@dataclass(frozen=True)
class Published:
    """Bounds of the literature on this layer, as enclosures of their squares.

    slides : ``min sigma_min^2 / (2 m)``, a lower bound of kappa^2
    thesis : ``min sigma_min^2 / 4``, stated as kappa^2 itself; a lower bound
    adjacent_wedges : ``min sigma_min^2 / 2``, stated for inputs in adjacent wedges, a lower bound for all
    operator_norm : ``sigma_max(W)^2``, an upper bound of the squared Lipschitz constant
    """

    slides: Bounds
    thesis: Bounds
    adjacent_wedges: Bounds
    operator_norm: Bounds

    def to_json(self) -> dict[str, float | None]:
        """Their square roots as floats, on the side on which they bound; None beyond the floats."""
        norm = root_above(self.operator_norm.at_most)
        return {
            "slides": root_below(self.slides.at_least),
            "thesis": root_below(self.thesis.at_least),
            "adjacent_wedges": root_below(self.adjacent_wedges.at_least),
            "operator_norm": norm if math.isfinite(norm) else None,
        }


@dataclass(frozen=True)
class Stability(ShownAsCard):
    """Bi-Lipschitz constants of ``f(x) = ReLU(W x + b)`` on a convex domain K, enclosed; every end is proved.

    Attributes
    ----------
    layer, domain : what was asked about
    sigma_min_squared : of ``A``, the smallest eigenvalue of ``W_I^T W_I`` over the active sets I of all cells in K
    lower_lipschitz : of ``kappa = inf |f(x) - f(y)| / |x - y|``; two `Surd`, as ``sqrt(A/2) <= kappa <= sqrt(A)``
    upper_lipschitz_squared : of the square of ``sup |f(x) - f(y)| / |x - y|``
    published : bounds of the literature beside it
    smallest, largest : the cells of the values that were found: a point, its active rows, a vector
    pair : the pair of inputs behind the upper end of `lower_lipschitz`, if it is better than ``sqrt(A)``
    frame : frame bounds of the rows
    certificate : a proof of both outer ends that the independent checker accepts
    complete : False if the time did not suffice for both searches; the outer ends are then what opposite rows say
    """

    layer: ReLULayer
    domain: Domain
    sigma_min_squared: Bounds
    lower_lipschitz: tuple[Surd, Surd]
    upper_lipschitz_squared: Bounds
    published: Published
    smallest: CellValue
    largest: CellValue
    pair: ClosePair | None
    frame: FrameBounds
    complete: bool
    certificate: Certificate = field(repr=False)
    nodes: int = 0
    seconds: float = 0.0

    def value_at(self, cell: CellValue) -> AlgebraicNumber:
        """The smallest eigenvalue of the rows active in the cell `smallest`, or the largest one in `largest`, exactly.

        It is A, or the square of the Lipschitz constant, if no other cell within the tolerance has a better one.
        """
        rows = self.layer.W.raw_rows()
        gram = gram_of([rows[i] for i in cell.active], self.layer.n)
        return extreme_eigenvalue(gram, largest=cell is self.largest)

    def __bool__(self) -> Never:
        raise TypeError("a result has no truth value; look at .sigma_min_squared.at_least")

    def __repr__(self) -> str:
        low, high = self._kappa(4)
        top = rounded_out(root_above(self.upper_lipschitz_squared.at_most), 4, up=True)
        return f"<Stability: {low} <= kappa <= {high}, Lipschitz at most {top} on {self.domain.text}>"

    def _kappa(self, digits: int) -> tuple[str, str]:
        """Decimals around the lower Lipschitz constant."""
        low, high = (end.square or Fraction(0) for end in self.lower_lipschitz)
        return rounded_out(root_below(low), digits), rounded_out(root_above(high), digits, up=True)

    def _card(self) -> Card:
        (low, high), top, squared = self._kappa(6), self.upper_lipschitz_squared, self.sigma_min_squared
        least = rounded_out(squared.at_least), rounded_out(squared.at_most, up=True)
        roots = rounded_out(root_below(top.at_least)), rounded_out(root_above(top.at_most), up=True)
        facts = (
            ("lower Lipschitz constant kappa", f"between {low} and {high}"),
            ("A, least sigma_min^2 of a cell", f"between {' and '.join(least)}"),
            ("Lipschitz constant", f"between {' and '.join(roots)}"),
            ("layer", self.layer),
            ("searches", "complete" if self.complete else "not complete: the outer ends are what opposite rows say"),
        )
        return Card(f"stability on {shortened(self.domain.text)}, proved", facts)

    def to_json(self, certificate: str | None = None) -> dict[str, object]:
        """The document that ``exactinj stability --json`` prints; `certificate` is where that was written."""
        low, high = self.lower_lipschitz
        return {
            "sigma_min_squared": self.sigma_min_squared.to_json(),
            "lower_lipschitz": {"at_least": low.to_json(), "at_most": high.to_json()},
            "upper_lipschitz_squared": self.upper_lipschitz_squared.to_json(),
            "published": self.published.to_json(),
            "frame_bounds": self.frame.to_json(),
            "domain": self.domain.text,
            "certificate": certificate,
            "witnesses": self._witnesses(),
            "complete": self.complete,
            "layer": {"m": self.layer.m, "n": self.layer.n, "sha256": self.layer.digest},
            "stats": {"nodes": self.nodes, "seconds": round(self.seconds, 6)},
        }

    def _witnesses(self) -> dict[str, object]:
        found: dict[str, object] = {
            "sigma_min": self._cell(self.smallest),
            "upper_lipschitz": self._cell(self.largest),
        }
        if self.pair is not None:
            between = bounds_between(self.layer, self.pair.x, self.pair.y)
            found["lower_lipschitz"] = {
                "x": _texts(self.pair.x),
                "y": _texts(self.pair.y),
                "segment": between.to_json(),
            }
        return found

    def _cell(self, cell: CellValue) -> dict[str, object]:
        known = {"value": self.value_at(cell).to_json()} if self.layer.n <= MOST_INPUTS else {}
        return {"x": _texts(cell.point), "active": list(cell.active), "vector": _texts(cell.value.vector), **known}


def _texts(values: tuple[Fraction, ...]) -> list[str]:
    return [rational_text(value) for value in values]
