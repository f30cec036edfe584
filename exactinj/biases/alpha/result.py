"""What `alpha_star` hands over: exact values, points that attain them, and their proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from exactinj.certificates.certificate import Certificate
from exactinj.certificates.depth_tree import DepthTree, RowProof
from exactinj.domains import Ball, NonnegativeBall, Region, Sphere
from exactinj.errors import InputError
from exactinj.exact.numbers import rational_text
from exactinj.exact.short import few, short_repr, shortened
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.work.card import Card, ShownAsCard

__all__ = ["AlphaStar", "AlphaStatistics", "RowAlpha"]

ROWS_SHOWN = 12
LONGEST_EXACT = 60  # characters


@dataclass(frozen=True)
class RowAlpha:
    """Exact alpha* of one row.

    The minimum is attained at the multiple of `point` of norm r (at 0 if it is 0); `point` is None where no point of
    the domain has fewer than n rows above j and the value is infinite. At the point, the rows `above` are strictly
    above row j, and those of `level` (j among them) equal it.
    """

    row: int
    value: Surd
    point: tuple[Fraction, ...] | None
    above: tuple[int, ...]
    level: tuple[int, ...]
    proof: RowProof = field(repr=False)

    def __repr__(self) -> str:
        return short_repr(self, f"row {self.row}, value about {float(self.value):.6g}")

    def to_json(self) -> dict[str, object]:
        """The point that attains the value, and the rows above and level with it there."""
        point = None if self.point is None else [rational_text(value) for value in self.point]
        return {"point": point, "above": list(self.above), "level": list(self.level)}


@dataclass(frozen=True)
class AlphaStatistics:
    """Work done over all rows: nodes of trees, refuters found, projections and cones computed exactly, seconds."""

    nodes: int = 0
    refuters: int = 0
    exact_fits: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class AlphaStar(ShownAsCard):
    """Exact alpha* on a domain; `values` holds None for the rows that the time did not suffice for."""

    layer: ReLULayer
    domain: Region
    values: tuple[RowAlpha | None, ...]
    stats: AlphaStatistics

    @property
    def complete(self) -> bool:
        """Whether every row has its value."""
        return None not in self.values

    @property
    def alpha(self) -> tuple[Surd | None, ...]:
        """The values alone."""
        return tuple(None if entry is None else entry.value for entry in self.values)

    @property
    def certificate(self) -> Certificate | None:
        """The claim for all rows with its proof; None if a row is missing."""
        proofs = [entry.proof for entry in self.values if entry is not None]
        if len(proofs) < len(self.values):
            return None
        return Certificate(self.layer, self.domain, DepthTree(tuple(proofs)))

    def __repr__(self) -> str:
        done = "complete" if self.complete else f"{sum(entry is not None for entry in self.values)} rows finished"
        where = f"{shortened(self.domain.text)}, m = {self.layer.m}, n = {self.layer.n}"
        return f"<AlphaStar: exact on {where}, {done}, alpha about {few(self.alpha)}>"

    def _card(self) -> Card:
        rows = tuple((f"row {k}", _in_words(value)) for k, value in enumerate(self.alpha[:ROWS_SHOWN]))
        more = len(self.values) - len(rows)
        facts = (("layer", self.layer), *rows, ("further rows", more or None))
        return Card(f"alpha*, exact, on {shortened(self.domain.text)}", facts)

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """The document of ``exactinj alpha --json``."""
        stats = self.stats
        return {
            "alpha": [None if value is None else value.to_json() for value in self.alpha],
            "method": "exact",
            "domain": self.domain.text,
            "complete": self.complete,
            "layer": self.layer.summary,
            "rows": [None if entry is None else entry.to_json() for entry in self.values],
            "certificate": certificate_path,
            "stats": {"nodes": stats.nodes, "refuters": stats.refuters, "seconds": round(stats.seconds, 6)},
        }

    def to_latex(self) -> str:
        r"""LaTeX for a formula, a vector of exact numbers; ``\cdot`` where a value is missing."""
        texts = [r"\cdot" if value is None else value.to_latex() for value in self.alpha]
        return rf"\left({', '.join(texts)}\right)"

    def floor(self, bits: int = 53) -> list[Fraction]:
        """Rational biases alpha, each at most alpha* and within ``2**-bits`` of it relative to its size.

        `InputError` if rows are missing or infinite.
        """
        return [value.floor(bits) for value in _finite(self.alpha)]

    def layer_with_bias(self, bits: int = 53) -> ReLULayer:
        """The layer ``ReLU(Wx - alpha)``: each alpha* rounded down by `Surd.floor`, exact if it is rational.

        A row whose alpha* is infinity gets a bias that keeps it inactive: at least its length times the radius.

        Raises
        ------
        InputError
            If rows are missing.
        """
        known = [value for value in self.alpha if value is not None]
        if len(known) < len(self.alpha):
            missing = self.alpha.index(None)
            raise InputError(f"row {missing} has no value, as the time ran out; expected one for every row")
        return self.layer.with_alpha(
            [value.floor(bits) if value.is_finite else self._inactive(j, bits) for j, value in enumerate(known)]
        )

    def _inactive(self, row: int, bits: int) -> Fraction:
        """At least the largest value of a row on the domain."""
        if not isinstance(self.domain, Ball | NonnegativeBall | Sphere):
            raise InputError(f"found the domain {self.domain.text}, expected a ball, a nonnegative ball or a sphere")
        square = sum((self.layer.W[row, j] ** 2 for j in range(self.layer.n)), Fraction(0))
        return -(Surd(-1, square) * self.domain.radius).floor(bits) if square else Fraction(0)


def _finite(values: Sequence[Surd | None]) -> list[Surd]:
    found = []
    for j, value in enumerate(values):
        if value is None or not value.is_finite:
            state = "no value, as the time ran out" if value is None else "the value infinity"
            raise InputError(f"row {j} has {state}; expected a finite value for every row")
        found.append(value)
    return found


def _in_words(value: Surd | None) -> str:
    if value is None:
        return "not finished"
    exact = str(value)
    return exact if value.square in (0, 1, None) or len(exact) > LONGEST_EXACT else f"{exact}, about {float(value):.6g}"
