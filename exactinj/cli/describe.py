"""Results in words, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.certificates.collision import Collision
from exactinj.certificates.float_replay import replay
from exactinj.cli.pictures import LONGEST_NUMBER, LONGEST_VECTOR, pictures, vector_text
from exactinj.domains import Box
from exactinj.exact.numbers import rational_text
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import times
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.reporting.words import layer_text, replay_text, sizes_left, sizes_text
from exactinj.work.verdict import Verdict

__all__ = ["describe_result"]

LONGEST_DOMAIN = 100


def describe_result(result: Result, name: str, certificate_path: str | None, shape: Sequence[int] | None = None) -> str:
    """Verdict, evidence and what to do next, in a few lines; `shape` is the input shape a convolution was asked for."""
    stats = result.stats
    where = result.domain.text if len(result.domain.text) <= LONGEST_DOMAIN else f"{result.domain.text[:40]}..."
    if isinstance(result.layer, ConvLayer):
        place = " at every place," if isinstance(result.domain, Box) else ""
        where = f"{where}{place} at {sizes_text(result, shape)}"
    lines = [f"{name}: {layer_text(result.layer)}, sha256 {result.layer.digest[:16]}"]
    if result.verdict is Verdict.INJECTIVE:
        lines.append(_injective_line(result, where))
        lines += _left(result)
        work = f"{stats.nodes:,} nodes, {stats.refuters:,} refuters, {stats.seconds:.2f} s"
        if isinstance(result.layer, ResidualBlock):
            work = f"{stats.nodes:,} Schur complements, {stats.pivots:,} minors, {stats.seconds:.2f} s"
        if isinstance(result.layer, DenseNetwork):
            work = f"{stats.nodes:,} cells, {stats.refuters:,} pairs of cells, {stats.seconds:.2f} s"
        lines.append(f"  {work}, engine {result.engine}")
    elif result.verdict is Verdict.NOT_INJECTIVE:
        lines.append(f"NOT INJECTIVE on {where}: {result.reason}")
        lines += _left(result)
        lines += _describe_pair(result, shape)
    else:
        lines.append(f"{str(result.verdict).upper().replace('_', ' ')}: {result.reason}")
        lines += _remedy(result, shape)
    if certificate_path is not None:
        lines.append(f"certificate: {certificate_path}  (exactinj check {certificate_path} {name})")
    return "\n".join(lines)


def _injective_line(result: Result, where: str) -> str:
    if result.assumption is None:
        return f"INJECTIVE on {where}, proved: {result.reason}"
    lines = [f"INJECTIVE on {where} IF {result.assumption.upper()}, which is assumed, not proved: {result.reason}"]
    if result.robust is not None:
        lines.append(f"  proved without any assumption: {result.robust.claim}")
    return "\n".join(lines)


def _left(result: Result) -> list[str]:
    """What a verdict about many sizes leaves open."""
    words = sizes_left(result)
    return [f"  ({words})"] if words else []


def _remedy(result: Result, shape: Sequence[int] | None) -> list[str]:
    """What may help where the reason does not say it."""
    if not isinstance(result.layer, ConvLayer):
        return []
    if result.verdict is Verdict.TIMED_OUT:
        return ["  a longer --timeout may help"]
    return [] if shape is None else ["  a larger --box-limit, or another --engine, may help"]


# ------------------------------------------------------------------ colliding pairs


def _describe_pair(result: Result, shape: Sequence[int] | None) -> list[str]:
    pair, layer = result.witness, result.layer
    if pair is None:
        return []
    if isinstance(layer, ConvLayer):
        at = ", the smallest of these sizes," if isinstance(result.sizes, Sizes) and shape is None else ""
        lines = [*pictures(pair, at), f"  {_conv_output(layer, pair)}, equal in exact arithmetic"]
    else:
        lines = [f"  x = {vector_text(pair.x)}", f"  y = {vector_text(pair.y)}"]
        if len(pair.x) > LONGEST_VECTOR or _is_long(pair, LONGEST_NUMBER):
            lines.append("  (shortened here; --json or the certificate has every digit)")
        kind = "ReLU output" if isinstance(layer, ReLULayer) else "output"
        lines.append(f"  {kind} of both = {vector_text(layer.evaluate(pair.x))}, equal in exact arithmetic")
    seen = [f"{name}: {replay_text(outcome)}" for name, outcome in replay(layer, pair).items()]
    return [*lines, *_describe_size(result), "  replayed in " + "; ".join(seen)]


def _describe_size(result: Result) -> list[str]:
    """How large the collision is, and what is left of it where it comes from rounding."""
    lines = [] if result.collision_size is None else [f"  {result.collision_size.text}"]
    return lines if result.nearby is None else [*lines, f"  {result.nearby.text}"]


def _conv_output(layer: ConvLayer, pair: Collision) -> str:
    """The common output of both inputs, or how much of it is positive."""
    size = (pair.shape or ())[1:]
    output = layer.evaluate(pair.x, size)
    head = f"ReLU output of both, of shape {layer.out_channels}x{times(layer.output_size(size))}"
    if len(output) <= LONGEST_VECTOR:
        return f"{head}: {vector_text(output)}"
    return f"{head}: {sum(value > 0 for value in output)} of {len(output)} numbers positive"


def _is_long(pair: Collision, longest: int) -> bool:
    return any(len(rational_text(value)) > longest for value in (*pair.x, *pair.y))
