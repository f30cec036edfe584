"""What one tool said about one layer, and the question as it is sent to the tool's own process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from timing import Elapsed


class Answer(StrEnum):
    """The answers that are compared, and the two ways to have none."""

    INJECTIVE = "injective"
    NOT_INJECTIVE = "not_injective"
    TIMED_OUT = "timed_out"
    FAILED = "failed"

    @property
    def decides(self) -> bool:
        """Whether this is a yes or a no."""
        return self in (Answer.INJECTIVE, Answer.NOT_INJECTIVE)


@dataclass(frozen=True)
class Question:
    """One Gaussian layer for one tool: ``default_rng(seed).standard_normal((m, n))``, bias zero.

    `limit` is in seconds, `epsilon` the margin of the MILP on rows of length 1, `certificate` where
    exactinj writes its evidence.
    """

    tool: str
    n: int
    m: int
    seed: int
    limit: float
    epsilon: float
    certificate: str

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Outcome:
    """An answer with the time that it took and the tool's own counts of its work.

    `write` is the time to write the evidence, of exactinj only.
    """

    answer: Answer
    time: Elapsed
    work: dict[str, float] = field(default_factory=dict)
    note: str = ""
    write: Elapsed | None = None

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The inverse of `to_json`."""
        values = json.loads(text)
        write = None if values["write"] is None else Elapsed(**values["write"])
        return cls(Answer(values["answer"]), Elapsed(**values["time"]), values["work"], values["note"], write)
