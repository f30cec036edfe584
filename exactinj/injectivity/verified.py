"""Engines of others: whatever one says is proved here before anyone hears it.

A pair is evaluated in rationals again; a tree becomes a certificate, and the independent checker reads it. What does
not hold is refused with the reason, as ``unknown``: the verdict of an engine, whoever wrote it, never counts by itself.
"""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

from exactinj import checker
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.certificates.collision import Collision, verified_collision
from exactinj.certificates.proof_text import Proof
from exactinj.certificates.records import record_of
from exactinj.domains import Domain
from exactinj.errors import ExactinjError, InputError, InternalError
from exactinj.exact.numbers import fraction_from
from exactinj.exact.short import shortened
from exactinj.injectivity.engine import Answer, Engine
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["VerifiedEngine"]

MALFORMED = (ExactinjError, checker.Unreadable, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class _RefusedError(Exception):
    """What is wrong with the evidence, in words."""


class VerifiedEngine(Engine):
    """Asks an engine, and passes on what is proved."""

    def __init__(self, inner: Engine) -> None:
        if not isinstance(getattr(inner, "name", None), str) or not inner.name.isprintable() or not inner.name:
            raise InputError(f"found an engine of type {type(inner).__name__} without a name, expected a text `name`")
        self.inner = inner
        self.name = inner.name

    @property
    def proves_injectivity(self) -> bool:
        return self.inner.proves_injectivity

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        layer, domain = problem.layer, problem.domain
        answer = self.inner.decide(problem, clock)
        if not isinstance(answer, Answer):
            raise InputError(f"found {type(answer).__name__} as the answer of {self.name}, expected an exactinj.Answer")
        clock.report(f"what the engine {self.name} says is verified")
        try:
            return self._verified(answer, layer, domain)
        except _RefusedError as error:
            reason = f"the engine {self.name} answered {answer.verdict}, which is not proved: {error}"
            return replace(answer, verdict=Verdict.UNKNOWN, reason=reason, proof=None)

    def _verified(self, answer: Answer, layer: ReLULayer, domain: Domain) -> Answer:
        match answer.verdict:
            case Verdict.NOT_INJECTIVE:
                return replace(answer, proof=_verified_pair(answer.proof, layer, domain))
            case Verdict.INJECTIVE:
                return replace(answer, proof=_verified_tree(answer.proof, layer, domain))
            case Verdict.UNKNOWN | Verdict.TIMED_OUT:
                return replace(answer, proof=None)
        raise InputError(f"found the verdict {answer.verdict!r} of {self.name}, expected an exactinj.Verdict")


def _verified_pair(proof: object, layer: ReLULayer, domain: Domain) -> Collision:
    """The pair in Fractions, evaluated once more."""
    if not isinstance(proof, Collision):
        raise _RefusedError(f"found {_kind(proof)} as its proof, expected a Collision")
    try:
        x, y = (_point(values, layer.n) for values in (proof.x, proof.y))
        return verified_collision(layer, domain, x, y)
    except InternalError as error:  # the words for engines of our own ask for a report
        raise _RefusedError(str(error).partition(";")[0]) from None
    except MALFORMED as error:
        raise _RefusedError(f"its pair cannot be evaluated ({_words(error)})") from None


def _point(values: object, n: int) -> tuple[Fraction, ...]:
    point = tuple(fraction_from(value) for value in values)  # type: ignore[attr-defined]
    if len(point) != n:
        raise InputError(f"found a point of length {len(point)}, expected n = {n}")
    return point


def _verified_tree(proof: object, layer: ReLULayer, domain: Domain) -> Proof:
    """The proof as the checker read and accepted it: a copy, so that nothing that happens to the original matters."""
    if proof is None or isinstance(proof, Collision):
        raise _RefusedError(f"found {_kind(proof)} as its proof, expected a tree of docs/certificates.md")
    try:
        text = Certificate(layer, domain, proof).to_bytes()  # type: ignore[arg-type]
        numbers = (layer.W.fractions(), [value for (value,) in layer.b.fractions()])
        outcome = checker.check_stream(io.BytesIO(text), numbers)
        record = record_of(text)
    except MALFORMED as error:
        raise _RefusedError(f"its proof is not one of docs/certificates.md ({_words(error)})") from None
    if not outcome.valid:
        raise _RefusedError(f"the checker rejects its proof: {outcome.reason}")
    if outcome.claim != Verdict.INJECTIVE:
        raise _RefusedError(f"its proof is one of {outcome.claim}")
    return Certificate.of_record(record).proof


def _kind(proof: object) -> str:
    return "nothing" if proof is None else type(proof).__name__


def _words(error: Exception) -> str:
    return shortened(str(error).partition(";")[0].splitlines()[0] if str(error).strip() else type(error).__name__)
