"""Results in words, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactinj.evidence.collision import FloatReplay, replay
from exactinj.evidence.result import Result, Verdict
from exactinj.exact.numbers import rational_text

__all__ = ["describe_result"]

LONGEST_NUMBER = 24
LONGEST_VECTOR = 12
LONGEST_DOMAIN = 100


def describe_result(result: Result, name: str, certificate_path: str | None) -> str:
    """Verdict, evidence and what to do next, in a few lines."""
    layer, stats = result.layer, result.stats
    bias = "Wx" if layer.b.is_zero() else "Wx + b"
    where = result.domain.text if len(result.domain.text) <= LONGEST_DOMAIN else f"{result.domain.text[:40]}..."
    lines = [f"{name}: ReLU({bias}), m = {layer.m} rows, n = {layer.n}, sha256 {layer.digest[:16]}"]
    if result.verdict is Verdict.INJECTIVE:
        lines.append(f"INJECTIVE on {where}, proved: {result.reason}")
        work = f"{stats.nodes:,} nodes, {stats.refuters:,} refuters, {stats.seconds:.2f} s"
        lines.append(f"  {work}, engine {result.engine}")
    elif result.verdict is Verdict.NOT_INJECTIVE:
        lines.append(f"NOT INJECTIVE on {where}: {result.reason}")
        lines += _describe_pair(result)
    else:
        lines.append(f"{str(result.verdict).upper().replace('_', ' ')}: {result.reason}")
    if certificate_path is not None:
        lines.append(f"certificate: {certificate_path}  (exactinj check {certificate_path} {name})")
    return "\n".join(lines)


def _describe_pair(result: Result) -> list[str]:
    pair = result.witness
    if pair is None:
        return []
    shortened = any(len(rational_text(value)) > LONGEST_NUMBER for value in (*pair.x, *pair.y))
    lines = [f"  x = {_vector(pair.x)}", f"  y = {_vector(pair.y)}"]
    if shortened or len(pair.x) > LONGEST_VECTOR:
        lines.append("  (shortened here; --json or the certificate has every digit)")
    lines.append(f"  ReLU output of both = {_vector(result.layer.evaluate(pair.x))}, equal in exact arithmetic")
    seen = [f"{name}: {_replay_text(outcome)}" for name, outcome in replay(result.layer, pair).items()]
    lines.append("  replayed in " + "; ".join(seen))
    return lines


def _replay_text(outcome: FloatReplay) -> str:
    if not outcome.inputs_differ:
        return "the inputs round to the same point"
    if outcome.largest_ulp is None:
        return "overflow"
    return "outputs bit-equal" if outcome.outputs_equal else f"outputs differ by up to {outcome.largest_ulp} ulp"


def _vector(values: Sequence[Fraction]) -> str:
    shown = [_number(value) for value in values[:LONGEST_VECTOR]]
    if len(values) > LONGEST_VECTOR:
        shown.append(f"... {len(values) - LONGEST_VECTOR} more")
    return "(" + ", ".join(shown) + ")"


def _number(value: Fraction) -> str:
    text = rational_text(value)
    if len(text) <= LONGEST_NUMBER:
        return text
    try:
        return f"~{float(value):.6g}"
    except OverflowError:
        return f"~10^{len(rational_text(Fraction(int(abs(value))))) - 1}"
