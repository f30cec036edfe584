"""Several engines at once, in processes of their own: the first proved answer counts.

Engines differ by orders of magnitude on the same layer, and the finder depends on its seed, so that running
different ones side by side is worth more than their sum. Every answer carries its own proof, so that it
does not matter which process it comes from. The losers are killed.

A fresh interpreter takes a second or more before it begins. So the first engine has `HEAD_START` seconds in this
process, alone; the others, and this one again from its beginning, are started only if that does not suffice.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.domains import Domain
from exactinj.errors import ExactinjError, InputError
from exactinj.injectivity.engine import Answer, Engine
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.log import LOGGER
from exactinj.work.processes import Child, Ended, Send, end_with_parent, started
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["HEAD_START", "PortfolioEngine"]

PROVED = (Verdict.INJECTIVE, Verdict.NOT_INJECTIVE)
HEAD_START = 2.0  # seconds
PAUSE = 0.1  # seconds between two looks at the clock
LAST_WORDS = 1.0  # seconds that engines have after the deadline to say how far they got


class PortfolioEngine(Engine):
    """Runs its engines in parallel processes and returns the first proved answer."""

    name = "portfolio"

    def __init__(self, engines: Sequence[Engine]) -> None:
        self.engines = tuple(engines)

    @property
    def proves_injectivity(self) -> bool:
        return any(engine.proves_injectivity for engine in self.engines)

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        engines = self.engines
        if HEAD_START > 0:
            answer = _within(engines[0], problem, clock.bounded(HEAD_START))
            if answer.verdict in PROVED or clock.is_over or len(engines) == 1:
                why = f"before any other of {len(engines)} processes was needed"
                return answer.chosen(answer.decided_by or engines[0].name, why)
            if answer.verdict is Verdict.UNKNOWN:  # it has nothing more to say
                engines = engines[1:]
        return _first_proof(engines, problem, clock)


def _within(engine: Engine, problem: HomogeneousProblem, clock: Clock) -> Answer:
    try:
        return engine.decide(problem, clock)
    except OutOfTimeError:
        stats = Statistics(seconds=clock.worked)
        return Answer(Verdict.TIMED_OUT, "out of time before the search began", None, stats)


def _first_proof(engines: Sequence[Engine], problem: HomogeneousProblem, clock: Clock) -> Answer:
    inbox: SimpleQueue[tuple[Child, object]] = SimpleQueue()
    children: dict[Child, Engine] = {}
    answers: list[Answer] = []
    clock.report(f"{len(engines)} processes: " + ", ".join(engine.name for engine in engines))
    try:
        for engine in engines:
            children[_start(engine, problem, clock, inbox)] = engine
        for child, message in _messages(inbox, set(children), clock):
            answer = _answer(children[child], message)
            answer = answer.chosen(str(answer.decided_by), f"one of {len(engines)} processes")
            if answer.verdict in PROVED:
                return answer
            answers.append(answer)
    finally:
        for child in children:
            child.kill()
    if not answers:
        return Answer(Verdict.TIMED_OUT, "no process had an answer in time", None, Statistics(seconds=clock.worked))
    return max(answers, key=lambda answer: answer.stats.nodes)


def _start(
    engine: Engine, problem: HomogeneousProblem, clock: Clock, inbox: SimpleQueue[tuple[Child, object]]
) -> Child:
    """A fresh interpreter: threads of numerical libraries do not survive a fork."""
    try:
        return started(_decide, engine, problem.layer, problem.domain, clock.deadline, inbox=inbox)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(
            f"the engine {engine.name} cannot be sent to another process ({error}); use jobs = 1"
        ) from None


def _messages(
    inbox: SimpleQueue[tuple[Child, object]], running: set[Child], clock: Clock
) -> Iterator[tuple[Child, object]]:
    """The first message of every running child, until a little after the deadline."""
    while running and not clock.is_over_by(LAST_WORDS):
        try:
            child, message = inbox.get(timeout=PAUSE)
        except Empty:
            continue
        if child in running:
            running.remove(child)
            yield child, message


def _answer(engine: Engine, message: object) -> Answer:
    """What a message of a child means. An error that exactinj raises on purpose is raised here, too."""
    match message:
        case Answer():
            return message if message.decided_by else replace(message, decided_by=engine.name)
        case ExactinjError():
            raise message
        case pickle.UnpicklingError():
            raise InputError(
                f"the engine {engine.name} cannot be loaded in another process ({message}); define its class in a "
                "module that can be imported, not in the script or notebook that is run, or use jobs = 1"
            )
        case Ended():
            reason = f"the process of the engine {engine.name} died, perhaps out of memory"
        case _:
            reason = f"the process of the engine {engine.name} ended with {type(message).__name__}: {message}"
    LOGGER.warning("%s", reason)
    return Answer(Verdict.UNKNOWN, reason, decided_by=engine.name)


def _decide(
    _: Iterator[object], send: Send, engine: Engine, layer: ReLULayer, domain: Domain, deadline: float | None
) -> None:
    """What a child does."""
    end_with_parent(os.getppid())
    send(_within(engine, HomogeneousProblem(layer, domain), Clock.until(deadline)))
