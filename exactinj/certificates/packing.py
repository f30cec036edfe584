"""The proof object of packings: pairwise disjoint refuters, and how far the rows may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from exactinj.certificates.form import Form
from exactinj.certificates.proof_rows import Multipliers, ProofRows
from exactinj.certificates.stated_tree import StatedEntry

__all__ = ["FULL_SPARK", "Packing", "StatedPacking"]

FULL_SPARK = "full spark"  # the assumption under which a packing proves injectivity


@dataclass(frozen=True)
class Packing:
    """The body of the rule ``packing`` of ``docs/certificates.md``: data, from which refuters are computed.

    supports : n of them or more, pairwise disjoint on the rows of the layer; a row is named by its place in `rows`
    epsilon : by how much every entry of W and b may change while n of the supports stay refuters; None if not known
    """

    supports: tuple[tuple[int, ...], ...]
    rows: ProofRows
    epsilon: Fraction | None = None
    form: Form | None = None

    @property
    def written_form(self) -> Form:
        """The form that was asked for, or explicit: few refuters, with multipliers that take long to compute."""
        return self.form or Form.EXPLICIT

    def refuters(self) -> Iterator[Multipliers]:
        """Per support the multipliers, positive."""
        for support in self.supports:
            yield self.rows.multipliers([i + 1 for i in support])


@dataclass(frozen=True)
class StatedPacking:
    """A packing as a certificate states it: refuters with multipliers, or in the compact form perhaps their codes."""

    stated: tuple[StatedEntry, ...]
    epsilon: Fraction | None = None
    form: Form = Form.EXPLICIT
