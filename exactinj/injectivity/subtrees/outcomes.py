"""Jobs of a search done by several processes, of which some may get lost."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from exactinj.errors import ExactinjError
from exactinj.injectivity.subtrees.plan import Job
from exactinj.injectivity.subtrees.question import Outcome, Question, searched
from exactinj.work.log import LOGGER
from exactinj.work.pools import spread

__all__ = ["LostWorkerError", "Workers"]


class LostWorkerError(Exception):
    """A process was lost, and so was the one that did its work again."""


@dataclass(frozen=True)
class Workers:
    """Who searches: so many processes, 1 for this one alone, None for the backend that the user chose in joblib.

    deadline : by ``time.time()``, which other machines know too
    """

    processes: int | None
    question: Question
    budget: int
    deadline: float | None

    def outcomes(self, jobs: Sequence[Job]) -> Generator[tuple[Job, Outcome], None, None]:
        """What each job came to, in the order in which they are finished; after the deadline none is begun.

        Where a process gets lost, what was in progress is begun again behind all others. `LostWorkerError` if another
        one is lost before anything is finished.
        """
        if self.processes == 1:
            for job in takewhile(lambda _: not self.is_over(), jobs):
                yield job, self(job)[1]
            return
        waiting, losses = list(jobs), 0
        while waiting:
            finished: set[Job] = set()
            try:
                for job, outcome in spread(self, waiting, self.processes, self.is_over):
                    finished.add(job)
                    yield job, outcome
            except ExactinjError:
                raise
            except Exception as error:  # noqa: BLE001 - what pools of all kinds raise when a process is gone
                losses = 1 if finished else losses + 1
                LOGGER.warning("a process was lost (%s); what it had is searched again", type(error).__name__)
                if losses == 2:  # noqa: PLR2004
                    raise LostWorkerError(f"{type(error).__name__}: {error}".splitlines()[0]) from None
            if self.is_over():
                return
            left = [job for job in waiting if job not in finished]
            begun = 2 * (self.processes or 1)  # as far as a pool hands jobs out in advance
            waiting = [*left[begun:], *left[:begun]]

    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.time() > self.deadline

    def __call__(self, job: Job) -> tuple[Job, Outcome]:
        """Do one job, in whatever process."""
        return job, searched(self.question, self.budget, self.deadline, job.nodes)
