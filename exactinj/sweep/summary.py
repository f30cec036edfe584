"""Results per cell: the mean estimate, the exact share of injective layers, and how sure both are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from exactinj.errors import InputError
from exactinj.sweep.results import CellResult
from exactinj.work.verdict import Verdict

__all__ = ["CellSummary", "clopper_pearson", "summary", "wilson"]

DEVIATIONS = 1.959963984540054  # of the normal distribution, for 95 %
TAIL = 0.025


@dataclass(frozen=True)
class CellSummary:
    """All layers of one cell (n, m). Intervals are for 95 %.

    Attributes
    ----------
    hammings : the estimates p_H of the layers, in the order of (seed, trial)
    injective, not_injective : numbers of layers with these exact verdicts
    unknown : layers that were asked about and not decided in time
    missed : layers that are not injective, exactly, although their estimate is p_H = 1: what the samples missed
    """

    n: int
    m: int
    hammings: tuple[float, ...]
    injective: int
    not_injective: int
    unknown: int
    missed: int

    @property
    def trials(self) -> int:
        """The number of layers."""
        return len(self.hammings)

    @property
    def hamming(self) -> float:
        """The mean of the estimates p_H."""
        return sum(self.hammings) / self.trials

    @property
    def hamming_interval(self) -> tuple[float, float]:
        """Wilson's, for the mean over random layers; conservative, as p_H varies less than a coin of the same mean."""
        return wilson(sum(self.hammings), self.trials)

    @property
    def decided(self) -> int:
        """How many layers have a proved verdict."""
        return self.injective + self.not_injective

    @property
    def share_injective(self) -> float | None:
        """The exact share of injective layers among the decided ones; None if there are none."""
        return self.injective / self.decided if self.decided else None

    @cached_property
    def share_interval(self) -> tuple[float, float] | None:
        """Clopper and Pearson's, for the probability that a random layer is injective; None if none was asked about.

        Undecided layers count as not injective at the lower end and as injective at the upper one.
        """
        asked = self.decided + self.unknown
        if not asked:
            return None
        return clopper_pearson(self.injective, asked)[0], clopper_pearson(self.injective + self.unknown, asked)[1]

    def to_json(self) -> dict[str, object]:
        """A JSON object; the estimate and the exact counts stand apart."""
        share = self.share_injective
        exact = {
            "injective": self.injective,
            "not_injective": self.not_injective,
            "unknown": self.unknown,
            "missed_by_estimate": self.missed,
            "share_injective": share,
            "interval": self.share_interval,
        }
        estimate = {
            "hamming": self.hamming,
            "interval": self.hamming_interval,
            "equal_to_one": sum(value == 1 for value in self.hammings),
        }
        asked = self.decided + self.unknown
        return {
            "n": self.n,
            "m": self.m,
            "trials": self.trials,
            "estimate": estimate,
            "exact": exact if asked else None,
        }


def summary(results: Iterable[CellResult]) -> list[CellSummary]:
    """One entry a cell, in the order of (n, m).

    A layer that several results speak of, say with other timeouts, counts once, decided if one of them decides it.

    Raises
    ------
    InputError
        If results of different biases, domains, numbers of samples or versions are mixed.
    """
    layers: dict[tuple[int, int], dict[tuple[int, int], CellResult]] = {}
    kinds = set()
    for result in results:
        task = result.task
        kinds.add((task.bias, task.domain, task.samples, task.version, task.revision))
        cell = layers.setdefault((task.n, task.m), {})
        known = cell.get((task.seed, task.trial))
        if known is None or _decision(result) > _decision(known):
            cell[task.seed, task.trial] = result
    if len(kinds) > 1:
        names = "; ".join(f"bias {kind[0]} on {kind[1]}, {kind[2]:,} samples, {kind[3]}" for kind in sorted(kinds))
        raise InputError(f"found results of {len(kinds)} experiments ({names}), expected one; select by result.task")
    return [_condensed(n, m, [cell[name] for name in sorted(cell)]) for (n, m), cell in sorted(layers.items())]


def _decision(result: CellResult) -> int:
    return 2 if result.verdict in (Verdict.INJECTIVE, Verdict.NOT_INJECTIVE) else int(result.verdict is not None)


def _condensed(n: int, m: int, results: list[CellResult]) -> CellSummary:
    verdicts = [result.verdict for result in results]
    not_injective = [result for result in results if result.verdict == Verdict.NOT_INJECTIVE]
    return CellSummary(
        n,
        m,
        tuple(result.hamming for result in results),
        verdicts.count(Verdict.INJECTIVE),
        len(not_injective),
        verdicts.count(Verdict.TIMED_OUT) + verdicts.count(Verdict.UNKNOWN),
        sum(result.rows == m for result in not_injective),
    )


def wilson(total: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a mean in [0, 1], from the sum of so many trials.

    >>> [round(value, 4) for value in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    share, square = total / trials, DEVIATIONS**2
    centre = share + square / (2 * trials)
    spread = DEVIATIONS * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    scale = 1 + square / trials
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


def clopper_pearson(successes: int, trials: int, *, tail: float = TAIL) -> tuple[float, float]:
    """Clopper and Pearson's interval for a probability, 95 % unless another probability is left in each tail.

    >>> [round(value, 4) for value in clopper_pearson(8, 10)]
    [0.4439, 0.9748]
    """
    from scipy.special import betaincinv

    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return low, high
