"""Exact verdicts counted: how many of so many random layers are injective, and what that says about the probability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from exactinj.errors import InputError
from exactinj.gaussian.trials import Decision, Ensemble
from exactinj.sweep.summary import TAIL, clopper_pearson
from exactinj.work.verdict import Verdict

__all__ = ["Counts", "count_decisions"]

DECIDED = (Verdict.INJECTIVE, Verdict.NOT_INJECTIVE)


@dataclass(frozen=True, order=True)
class Counts:
    """Layers of one shape (m, n) by their exact verdicts; `unknown` ones were not decided in time.

    >>> [round(value, 4) for value in Counts(2, 7, 464, 536).interval()]
    [0.4327, 0.4955]
    """

    n: int
    m: int
    injective: int
    not_injective: int
    unknown: int = 0

    @property
    def trials(self) -> int:
        """How many layers were asked about."""
        return self.injective + self.not_injective + self.unknown

    @property
    def decided(self) -> int:
        """How many have a proved verdict."""
        return self.injective + self.not_injective

    @property
    def share(self) -> float:
        """An estimate of the probability: the injective ones among those decided; NaN if there are none."""
        return self.injective / self.decided if self.decided else float("nan")

    def interval(self, *, tail: float = TAIL) -> tuple[float, float]:
        """Clopper and Pearson's interval for the probability, with at most `tail` of error probability at each end.

        Undecided layers count as not injective at the lower end and as injective at the upper one, so the interval
        holds whatever they are.
        """
        low, _ = clopper_pearson(self.injective, self.trials, tail=tail)
        _, high = clopper_pearson(self.injective + self.unknown, self.trials, tail=tail)
        return low, high

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        return {
            "n": self.n,
            "m": self.m,
            "trials": self.trials,
            "injective": self.injective,
            "not_injective": self.not_injective,
            "unknown": self.unknown,
        }

    @classmethod
    def from_json(cls, document: dict[str, int]) -> Counts:
        """The reverse of `to_json`; `InputError` where the numbers do not add up."""
        counts = cls(*(document[name] for name in ("n", "m", "injective", "not_injective", "unknown")))
        if counts.trials != document["trials"] or min(counts.injective, counts.not_injective, counts.unknown) < 0:
            raise InputError(f"found counts that do not add up, {document}, expected trials to be their sum")
        return counts


def count_decisions(decisions: Iterable[Decision]) -> list[Counts]:
    """Counts per shape, in the order of (n, m).

    A layer that several results speak of, say with other timeouts, counts once, decided if one of them decides it.

    Raises
    ------
    InputError
        If results of different ensembles are mixed.
    """
    layers: dict[tuple[int, int, int, int], Verdict] = {}
    ensembles: set[Ensemble] = set()
    for decision in decisions:
        task = decision.task
        ensembles.add(task.ensemble)
        name = (task.n, task.m, task.seed, task.trial)
        if name not in layers or decision.verdict in DECIDED:
            layers[name] = decision.verdict
    if len(ensembles) > 1:
        names = "; ".join(sorted(ensemble.text for ensemble in ensembles))
        raise InputError(f"found layers of {len(ensembles)} ensembles ({names}), expected one; select by decision.task")
    shapes: dict[tuple[int, int], Counter[Verdict]] = {}
    for (n, m, _, _), verdict in layers.items():
        shapes.setdefault((n, m), Counter())[verdict if verdict in DECIDED else Verdict.UNKNOWN] += 1
    order = (*DECIDED, Verdict.UNKNOWN)
    return [Counts(n, m, *(shapes[n, m][verdict] for verdict in order)) for n, m in sorted(shapes)]
