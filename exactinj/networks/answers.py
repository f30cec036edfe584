"""What a scan finds: a row for each layer, and the answer for the network as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.reading import AnyCertificate
from exactinj.domains import Box, Domain
from exactinj.exact.numbers import rational_text
from exactinj.layers.network import ExactTensor, Network
from exactinj.networks.affine_parts import Question
from exactinj.work.card import Card, ShownAsCard, verdict_heading
from exactinj.work.verdict import Verdict

FEW_BOUNDS = 4
SHORT = 12  # characters of a number

__all__ = ["AnyCertificate", "LayerRow", "NetworkAnswer", "Pair", "ScanResult", "domain_words", "flat_pair"]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two different inputs of a layer or of a network with the same output, exactly.

    Attributes
    ----------
    x, y : exact, of the input's shape
    input : the name of the input that differs; others, if there are any, are the same for both, in `others`
    cut : names of the values at which the two came to agree
    float_replay : what the pair does in floating point, by the name of the program
    """

    x: ExactTensor
    y: ExactTensor
    input: str = "x"
    others: dict[str, ExactTensor] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    float_replay: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Pair of shape {self.x.shape}, {self.changed} entries differ>"

    @property
    def changed(self) -> int:
        """The number of entries in which the two differ."""
        return sum(value != 0 for value in self.x.minus(self.y).numerators.ravel().tolist())

    def arrays(self, dtype: Any = np.float64) -> tuple[NDArray[Any], NDArray[Any]]:
        """Both in floats, rounded."""
        return self.x.floats().astype(dtype), self.y.floats().astype(dtype)

    def to_json(self) -> dict[str, object]:
        x, y = ([rational_text(value) for value in part.fractions()] for part in (self.x, self.y))
        document: dict[str, object] = {"x": x, "y": y, "shape": list(self.x.shape)}
        if self.others:
            document["input"] = self.input
            others = {name: [rational_text(value) for value in part.fractions()] for name, part in self.others.items()}
            document["other_inputs"] = others
        if self.cut:
            document["equal_from"] = list(self.cut)
        return {**document, "float_replay": self.float_replay}


@dataclass(frozen=True, eq=False)
class LayerRow(ShownAsCard):
    """One layer of a network and what was found about it, on the domain that it gets."""

    name: str
    kind: str
    inputs: int | None
    outputs: int | None
    activation: str | None
    domain: str
    verdict: Verdict
    reason: str
    assumption: str | None = None
    certificate: str | None = None
    witness: Pair | None = None
    seconds: float = 0.0
    question: Question | None = None
    proof: AnyCertificate | None = None
    layer_digest: str | None = None

    @property
    def is_proved(self) -> bool:
        """Whether it was proved injective without any assumption."""
        return self.verdict is Verdict.INJECTIVE and self.assumption is None

    def __bool__(self) -> Never:
        raise TypeError("a row has no truth value, as 'unknown' is not 'no'; compare row.verdict")

    def __repr__(self) -> str:
        return f"<LayerRow {self.name}: {self.kind}, {self.verdict} on {self.domain}>"

    def _card(self) -> Card:
        facts = (("kind", self.kind), ("inputs", self.inputs), ("outputs", self.outputs), ("reason", self.reason))
        return Card(
            f"{self.name}: {verdict_heading(self.verdict, self.domain)}", (*facts, ("assumption", self.assumption))
        )

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "kind": self.kind,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "activation": self.activation,
            "domain": self.domain,
            "verdict": str(self.verdict),
            "reason": self.reason,
            "assumption": self.assumption,
            "certificate": self.certificate,
            "witness": None if self.witness is None else self.witness.to_json(),
            "seconds": round(self.seconds, 6),
            "sha256": self.layer_digest,
        }


@dataclass(frozen=True, eq=False)
class NetworkAnswer(ShownAsCard):
    """Whether the whole network is injective on the domain of its input."""

    verdict: Verdict
    reason: str
    witness: Pair | None = None
    certificate: str | None = None
    assumption: str | None = None

    def __bool__(self) -> Never:
        raise TypeError("an answer has no truth value, as 'unknown' is not 'no'; compare answer.verdict")

    def __repr__(self) -> str:
        return f"<NetworkAnswer: {self.verdict}; {self.reason}>"

    def _card(self) -> Card:
        return Card(verdict_heading(self.verdict), (("reason", self.reason), ("assumption", self.assumption)))

    def to_json(self) -> dict[str, object]:
        return {
            "verdict": str(self.verdict),
            "reason": self.reason,
            "assumption": self.assumption,
            "witness": None if self.witness is None else self.witness.to_json(),
            "certificate": self.certificate,
        }


@dataclass(frozen=True, eq=False)
class ScanResult(ShownAsCard):
    """All layers of a model, and the model as a whole.

    Attributes
    ----------
    model : what was read: file and sha256, or the digest of a network
    domain : of the model's input, in words
    layers : a row each, in the order of the steps
    network : the answer for the whole
    graph : the exact computation graph; None for files that hold none
    """

    model: dict[str, object]
    domain: str
    layers: tuple[LayerRow, ...]
    network: NetworkAnswer
    graph: Network | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def __bool__(self) -> Never:
        raise TypeError("a result has no truth value, as 'unknown' is not 'no'; compare result.network.verdict")

    def __repr__(self) -> str:
        proved = sum(row.is_proved for row in self.layers)
        assumed = sum(row.verdict is Verdict.INJECTIVE and not row.is_proved for row in self.layers)
        collide = sum(row.verdict is Verdict.NOT_INJECTIVE for row in self.layers)
        counts = f"{len(self.layers)} layers, {proved} injective, {collide} not"
        counts += f", {assumed} injective under an assumption" if assumed else ""
        return f"<ScanResult: network {self.network.verdict} on {self.domain}; {counts}>"

    def _card(self) -> Card:
        rows = tuple((row.name, f"{verdict_heading(row.verdict, row.domain)}; {row.reason}") for row in self.layers)
        whole = f"the network: {verdict_heading(self.network.verdict, self.domain)}"
        return Card(whole, (("reason", self.network.reason), *rows))

    def to_json(self) -> dict[str, object]:
        """The document that ``exactinj scan --json`` prints."""
        return {
            "model": self.model,
            "domain": self.domain,
            "layers": [row.to_json() for row in self.layers],
            "network": self.network.to_json(),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 6),
        }


def domain_words(domain: Domain) -> str:
    """A domain in words; a box with bounds of its own for each of many entries by the widest ones, rounded outwards."""
    if not isinstance(domain, Box) or not isinstance(domain.lower, tuple) or not isinstance(domain.upper, tuple):
        return domain.text
    low, high = min(domain.lower), max(domain.upper)
    if len(set(domain.lower)) == 1 and len(set(domain.upper)) == 1 and _is_short(low) and _is_short(high):
        return f"box:{rational_text(low)},{rational_text(high)}"
    if len(domain.lower) <= FEW_BOUNDS and all(map(_is_short, (*domain.lower, *domain.upper))):
        return domain.text
    return f"boxes within {_outwards(low, up=False)},{_outwards(high, up=True)}"


def _is_short(value: Fraction) -> bool:
    return len(rational_text(value)) <= SHORT


def _outwards(value: Fraction, *, up: bool) -> str:
    """A decimal with few digits, not below the value or not above it."""
    if not value:
        return "0"
    digits = 3 - math.floor(math.log10(abs(value)))
    scale = Fraction(10) ** digits
    rounded = Fraction(math.ceil(value * scale) if up else math.floor(value * scale)) / scale
    return f"{float(rounded):.6g}"


def flat_pair(x: Sequence[Fraction], y: Sequence[Fraction], shape: tuple[int, ...], name: str) -> Pair:
    """A pair from flat numbers of an input."""
    return Pair(ExactTensor.of_fractions(list(x), shape), ExactTensor.of_fractions(list(y), shape), name)
