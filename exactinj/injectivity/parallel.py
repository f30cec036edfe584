"""Several engines at once, in processes of their own: the first proved answer counts.

Engines differ by orders of magnitude on the same layer, and the finder depends on its seed, so that running
different ones side by side is worth more than their sum. Every answer carries its own proof, so that it
does not matter which process it comes from. The losers are killed.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from exactinj.domains import Domain
from exactinj.injectivity.engine import Answer, Engine
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["PortfolioEngine"]

PROVED = (Verdict.INJECTIVE, Verdict.NOT_INJECTIVE)
PAUSE = 0.1  # seconds between two looks at the clock
LAST_WORDS = 1.0  # seconds that engines have after the deadline to say how far they got


@dataclass(frozen=True)
class _Racer:
    engine: Engine
    process: BaseProcess
    inbox: Connection


class PortfolioEngine(Engine):
    """Runs its engines in parallel processes and returns the first proved answer."""

    name = "portfolio"

    def __init__(self, engines: Sequence[Engine]) -> None:
        self.engines = tuple(engines)

    @property
    def proves_injectivity(self) -> bool:
        return any(engine.proves_injectivity for engine in self.engines)

    def decide(self, layer: ReLULayer, domain: Domain, clock: Clock) -> Answer:
        racers = [_start(engine, layer, domain, clock) for engine in self.engines]
        try:
            return self._first_proof(racers, clock)
        finally:
            for racer in racers:
                racer.process.kill()
                racer.process.join()
                racer.inbox.close()

    def _first_proof(self, racers: list[_Racer], clock: Clock) -> Answer:
        running = {racer.inbox: racer for racer in racers}
        answers: list[Answer] = []
        clock.report(f"{len(racers)} processes: " + ", ".join(racer.engine.name for racer in racers))
        while running and not clock.is_over_by(LAST_WORDS):
            for inbox in wait(list(running), timeout=PAUSE):
                racer = running.pop(inbox)  # type: ignore[call-overload]
                answer = _received(racer)
                answer = answer.chosen(answer.decided_by or racer.engine.name, f"one of {len(racers)} processes")
                if answer.verdict in PROVED:
                    return answer
                answers.append(answer)
        if not answers:
            stats = Statistics(seconds=clock.worked)
            return Answer(Verdict.TIMED_OUT, "no process had an answer in time", None, stats)
        return max(answers, key=lambda answer: answer.stats.nodes)


def _start(engine: Engine, layer: ReLULayer, domain: Domain, clock: Clock) -> _Racer:
    """A fresh interpreter: threads of numerical libraries do not survive a fork."""
    context = multiprocessing.get_context("spawn")
    inbox, outbox = context.Pipe(duplex=False)
    deadline = None if clock.left is None else time.time() + clock.left
    process = context.Process(target=_run, args=(engine, layer, domain, deadline, outbox), daemon=True)
    with _interrupts_ignored():
        process.start()
    outbox.close()
    return _Racer(engine, process, inbox)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that never see Ctrl-C: they are killed instead, and stay silent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _run(engine: Engine, layer: ReLULayer, domain: Domain, deadline: float | None, outbox: Connection) -> None:
    left = None if deadline is None else max(deadline - time.time(), 1e-3)
    with suppress(KeyboardInterrupt, BrokenPipeError):  # the parent knows
        try:
            answer = engine.decide(layer, domain, Clock(left))
        except OutOfTimeError:
            answer = Answer(Verdict.TIMED_OUT, "out of time before the search began")
        outbox.send(answer)


def _received(racer: _Racer) -> Answer:
    try:
        answer: Answer = racer.inbox.recv()
    except EOFError:
        return Answer(Verdict.UNKNOWN, f"the process of the engine {racer.engine.name} died, perhaps out of memory")
    return answer
