"""What `make_injective` hands over: the repaired layer, what changed, and the proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Never

from exactinj.exact.numbers import rational_text
from exactinj.exact.short import shortened
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.networks.repair.task import counted
from exactinj.work.card import Card, ShownAsCard, verdict_heading
from exactinj.work.verdict import Verdict

__all__ = ["UNCHANGED", "Repair"]

UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Repair(ShownAsCard):
    """A layer made injective, or what was reached of it.

    Attributes
    ----------
    original : the layer as it was given, exact
    layer : the repaired layer, exact; `result` and its certificate speak of exactly these numbers
    method : ``"unchanged"`` (it is injective as it is), ``"rows"``, ``"doubled"`` or ``"bias"``
    added : the places of new rows (kernels) in the repaired layer; the others are the old ones in their order
    result : about the repaired layer; only ``result.verdict`` says whether the repair succeeded
    steps : what was tried, in order, and what came of it
    module : the repaired torch module of the same type and number format if a module was given, else None
    """

    original: ReLULayer | ConvLayer
    layer: ReLULayer | ConvLayer
    method: str
    added: tuple[int, ...]
    result: Result
    steps: tuple[str, ...] = ()
    module: Any = field(default=None, compare=False)

    def __bool__(self) -> Never:
        raise TypeError("a repair has no truth value; compare repair.result.verdict")

    @property
    def verdict(self) -> Verdict:
        """Of the repaired layer."""
        return self.result.verdict

    @property
    def raised(self) -> dict[int, Fraction]:
        """Per row (kernel) of the original whose bias is larger now, by how much."""
        new = [value for k, (value,) in enumerate(self.layer.b.fractions()) if k not in set(self.added)]
        old = [value for (value,) in self.original.b.fractions()]
        return {i: after - before for i, (before, after) in enumerate(zip(old, new, strict=True)) if after != before}

    @property
    def text(self) -> str:
        """What changed, in words."""
        parts = "kernel" if isinstance(self.layer, ConvLayer) else "row"
        if self.method == UNCHANGED:
            return "nothing changed: the layer is injective as it is"
        changes = [f"{counted(len(self.added), parts)} added"] if self.added else []
        changes += [f"the bias of {counted(len(self.raised), parts)} raised"] if self.raised else []
        return f"{', '.join(changes) or 'nothing changed'} (method {self.method})"

    def __repr__(self) -> str:
        return f"<Repair: {self.verdict} on {shortened(self.result.domain.text)}, {self.text}, {self.layer}>"

    def _card(self) -> Card:
        facts = (("change", self.text), ("repaired layer", self.layer), ("reason", self.result.reason))
        return Card(f"repair: {verdict_heading(self.verdict, shortened(self.result.domain.text))}", facts)

    def to_json(self, layer_path: str | None = None, certificate_path: str | None = None) -> dict[str, object]:
        """The document of ``exactinj repair --json``: that of `Result.to_json` about the repaired layer, and more."""
        return {
            **self.result.to_json(certificate_path),
            "repair": {
                "method": self.method,
                "text": self.text,
                "added": list(self.added),
                "raised": {str(i): rational_text(value) for i, value in self.raised.items()},
                "original": self.original.summary,
                "layer_file": layer_path,
                "steps": list(self.steps),
            },
        }
