"""One random layer: how it is drawn, what is asked about it, and the line that keeps the answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.api import certify
from exactinj.domains import Domain
from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, rational_text
from exactinj.files.domain_words import parse_domain
from exactinj.layers.dense import ReLULayer
from exactinj.sweep.lines import LineKind, as_object
from exactinj.sweep.plan import Bias
from exactinj.work.verdict import Verdict

__all__ = ["KIND", "Decision", "Ensemble", "Entries", "EntryKind", "Trial", "decide_trial"]

REVISION = 1  # of how layers are drawn; a change makes old results other results
FORMAT = "exactinj gaussian 1"
LOADED = 8  # from this n on all engines are used


class EntryKind(StrEnum):
    """The distribution of the entries of W, which are independent."""

    GAUSSIAN = "gaussian"
    SIGNS = "signs"
    SPARSE = "sparse"


@dataclass(frozen=True)
class Entries:
    """``gaussian``, ``signs`` (+1 or -1) or ``sparse:p`` (standard normal with probability p, otherwise 0).

    >>> Entries.parse("sparse:0.25").text
    'sparse:1/4'
    """

    kind: EntryKind = EntryKind.GAUSSIAN
    share: Fraction = Fraction(1)

    @classmethod
    def parse(cls, text: str) -> Entries:
        """Read it from the text of the command line; `InputError` for anything else."""
        name, colon, number = text.partition(":")
        try:
            kind, share = EntryKind(name), fraction_from(number) if colon else Fraction(1)
        except (ValueError, OverflowError):
            kind, share = EntryKind.GAUSSIAN, Fraction(0)
        if bool(colon) != (kind is EntryKind.SPARSE) or not 0 < share <= 1:
            raise InputError(f"found the entries {text!r}, expected gaussian, signs or sparse:p with 0 < p <= 1")
        return cls(kind, share)

    @property
    def text(self) -> str:
        """What `parse` reads."""
        return f"sparse:{rational_text(self.share)}" if self.kind is EntryKind.SPARSE else str(self.kind)

    def draw(self, m: int, n: int, random: np.random.Generator) -> NDArray[np.float64]:
        """The weights W, (m, n) float64."""
        if self.kind is EntryKind.SIGNS:
            return (2 * random.integers(0, 2, size=(m, n)) - 1).astype(np.float64)
        places = random.spawn(1)[0]  # of its own, so that fewer rows are the first ones of more
        weights = random.standard_normal((m, n))
        if self.kind is EntryKind.SPARSE:
            weights *= places.random((m, n)) < float(self.share)
        return weights


@dataclass(frozen=True)
class Ensemble:
    """A distribution of layers ``ReLU(W x - alpha)`` and the domain on which injectivity is asked, as texts.

    Attributes
    ----------
    entries : see `Entries`; rows are independent, so that p(m) never falls when m grows
    bias : ``zero``, ``constant:c`` or ``gaussian:v``, where v is the *variance* of the biases alpha
    domain : in words, ``R^n``, ``nonneg`` or ``ball:1``

    >>> Ensemble(entries="sparse:0.5", bias="gaussian:0.1").text
    'sparse:1/2 entries, bias gaussian:1/10, on R^n'
    """

    entries: str = "gaussian"
    bias: str = "zero"
    domain: str = "R^n"

    def __post_init__(self) -> None:
        domain = parse_domain(self.domain)
        if not isinstance(domain, Domain):
            raise InputError(f"nothing is decided exactly on the domain {self.domain}, expected a convex one")
        object.__setattr__(self, "entries", Entries.parse(self.entries).text)
        object.__setattr__(self, "bias", Bias.parse(self.bias).text)
        object.__setattr__(self, "domain", domain.text)

    @property
    def text(self) -> str:
        """For tables and headings."""
        return f"{self.entries} entries, bias {self.bias}, on {self.domain}"

    def trial(self, n: int, m: int, number: int, *, seed: int = 0, timeout: float | None = None) -> Trial:
        """The question about the first m rows of the sequence with this number."""
        return Trial(n, m, number, seed, self.entries, self.bias, self.domain, timeout)


@dataclass(frozen=True)
class Trial:
    """One random layer and how long its decision may take: everything that determines the result, nothing else."""

    n: int
    m: int
    trial: int
    seed: int
    entries: str
    bias: str
    domain: str
    timeout: float | None
    revision: int = REVISION

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of the content."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def ensemble(self) -> Ensemble:
        """What the layer is drawn from."""
        return Ensemble(self.entries, self.bias, self.domain)

    def layer(self) -> ReLULayer:
        """The layer, with exactly the numbers that were drawn as floats.

        Trials that differ in m only have the same rows, as many as m says, of one endless sequence.
        """
        seeds = np.random.SeedSequence(self.seed, spawn_key=(self.n, self.trial)).spawn(2)
        weights, bias = map(np.random.default_rng, seeds)
        rows = Entries.parse(self.entries).draw(self.m, self.n, weights)
        return ReLULayer(rows, alpha=Bias.parse(self.bias).draw(self.m, bias))


@dataclass(frozen=True)
class Decision:
    """What was decided about one layer: its exact verdict, and the digest of the layer."""

    task: Trial
    layer: str
    verdict: Verdict

    def to_line(self) -> bytes:
        """One line of a results file."""
        document = {
            "format": FORMAT,
            "key": self.task.key,
            "task": asdict(self.task),
            "layer": self.layer,
            "exact": str(self.verdict),
        }
        return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Decision:
        """Read a line; ValueError with what is wrong otherwise."""
        document = as_object(line, FORMAT)
        task = _trial(document["task"])
        if document["key"] != task.key:
            raise ValueError("the key is not that of the task")
        if not isinstance(document["layer"], str):
            raise ValueError("no digest of a layer")  # noqa: TRY004 (what is wrong with a line is a ValueError)
        return cls(task, document["layer"], Verdict(document["exact"]))


KIND = LineKind("exactinj gaussian", FORMAT, Decision.from_line)


def _trial(content: dict[str, Any]) -> Trial:
    kinds: dict[str, tuple[type, ...]] = {
        **dict.fromkeys(("n", "m", "trial", "seed", "revision"), (int,)),
        **dict.fromkeys(("entries", "bias", "domain"), (str,)),
        "timeout": (float, type(None)),
    }
    if set(content) != {field.name for field in fields(Trial)}:
        raise ValueError("a task with other fields")
    if not all(type(content[name]) in types for name, types in kinds.items()):
        raise ValueError("a task with values of the wrong type")
    return Trial(**content)


def decide_trial(task: Trial) -> Decision:
    """Draw the layer and decide it exactly; the same task gives the same verdict, but for its deadline."""
    layer = task.layer()
    if task.timeout is not None:
        _load_engines(min(task.n, LOADED))
    return Decision(task, layer.digest, certify(layer, domain=task.domain, timeout=task.timeout).verdict)


@cache
def _load_engines(n: int) -> None:
    """Load compiled code once in each process, or compile it, before the first deadline of such an n runs."""
    for rows in (4 * n, 8 * n):  # a layer with a collision, and one to be proved injective
        certify(ReLULayer(np.random.default_rng(0).standard_normal((rows, n))))
