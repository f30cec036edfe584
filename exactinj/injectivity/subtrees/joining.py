"""Parts of a search joined into one proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.supports import SupportTable
from exactinj.injectivity.growing import GrowingTable, Integers
from exactinj.injectivity.subtrees.part import Part
from exactinj.injectivity.subtrees.plan import Job
from exactinj.work.verdict import Statistics

__all__ = ["joined"]


def joined(
    problem: HomogeneousProblem,
    top: Part,
    jobs_of: Callable[[Part], Sequence[Job]],
    part_of: Callable[[Job], Part],
    stats: Statistics,
) -> SignSplitTree:
    """The proof of the whole, from the part of the root and those of all jobs below it.

    Parts are asked for in preorder, one at a time. Circuits that two parts found are in it twice. `stats` says how much
    there is in all.
    """
    proof = _Proof(problem, stats)
    stack = [proof.pieces(top, jobs_of(top))]
    while stack:
        job = next(stack[-1], None)
        if job is None:
            stack.pop()
        else:
            part = part_of(job)
            stack.append(proof.pieces(part, jobs_of(part)))
    return proof.whole()


class _Proof:
    """As much of the proof as is there; mutable, used once."""

    def __init__(self, problem: HomogeneousProblem, stats: Statistics) -> None:
        self.problem = problem
        self.supports = GrowingTable(problem.columns + 1, expected=stats.refuters)
        self.tokens = GrowingTable(1, np.int32, expected=stats.nodes)
        self.places = {row: place for place, row in enumerate(problem.rows)}

    def pieces(self, part: Part, jobs: Sequence[Job]) -> Iterator[Job]:
        """Append a part; after each job that it yields, the job's part has to be appended before it goes on."""
        shift = self.supports.count
        self.supports.append(self._named(part))
        tokens, start = part.tokens, 0
        for job in jobs:
            self.tokens.append((tokens[start : job.place] + shift)[:, None])
            start = job.place + len(job.nodes)
            yield job
        self.tokens.append((tokens[start:] + shift)[:, None])

    def whole(self) -> SignSplitTree:
        supports = SupportTable(self.supports.whole())
        return SignSplitTree(supports, self.tokens.whole()[:, 0], self.problem.proof_rows)

    def _named(self, part: Part) -> Integers:
        """The supports of a part, with its cuts under the names that they have here."""
        if not part.cuts:
            return part.supports
        names = [*range(1, len(self.problem.first_rows) + 1), *(self._place(cut) + 1 for cut in part.cuts)]
        table = np.array([0, *names], dtype=np.int32)
        renamed: Integers = np.sign(part.supports) * table[np.abs(part.supports.astype(np.int32))]
        return renamed

    def _place(self, cut: tuple[int, ...]) -> int:
        """The place of a cut among the rows; a new one has to hold on the whole domain."""
        if cut not in self.places:
            self.problem = self.problem.with_cut(cut)
            self.places[cut] = len(self.problem.rows) - 1
        return self.places[cut]
