"""One dense layer, decided: what `exactinj.certify` does once it knows layer, domain and engine."""

from __future__ import annotations

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.domains import Domain
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.result import Result, dense_result
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["certify_automatically", "certify_dense"]


def certify_dense(layer: ReLULayer, domain: Domain, engine: Engine, clock: Clock) -> Result:
    """What an engine answers, as a result with its certificate; ``timed_out`` wherever time ran out."""
    try:
        answer = engine.decide(HomogeneousProblem(layer, domain), clock)
    except OutOfTimeError:  # at a step outside an engine's own search
        stats = Statistics(seconds=clock.worked)
        answer = Answer(Verdict.TIMED_OUT, "out of time before the search began; give a longer --timeout", None, stats)
    return dense_result(layer, domain, answer, engine.name)


def certify_automatically(layer: ReLULayer, domain: Domain, clock: Clock) -> Result:
    """The same with the engine ``auto``, component by component."""
    before = clock.elapsed
    from exactinj.injectivity.auto import AutoEngine  # these bring compilers along, which takes a second
    from exactinj.injectivity.blocks import BlocksEngine

    clock.discount(clock.elapsed - before)
    return certify_dense(layer, domain, BlocksEngine(AutoEngine()), clock)
