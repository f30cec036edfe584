"""Results in words, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.certificates.collision import Collision
from exactinj.certificates.float_replay import FloatReplay, replay
from exactinj.cli.pictures import LONGEST_NUMBER, LONGEST_VECTOR, pictures, vector_text
from exactinj.domains import Box
from exactinj.exact.numbers import rational_text
from exactinj.injectivity.result import AnyLayer, Result
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import times
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.work.verdict import Verdict

__all__ = ["describe_result"]

LONGEST_DOMAIN = 100


def describe_result(result: Result, name: str, certificate_path: str | None, shape: Sequence[int] | None = None) -> str:
    """Verdict, evidence and what to do next, in a few lines; `shape` is the input shape a convolution was asked for."""
    stats = result.stats
    where = result.domain.text if len(result.domain.text) <= LONGEST_DOMAIN else f"{result.domain.text[:40]}..."
    if isinstance(result.layer, ConvLayer):
        place = " at every place," if isinstance(result.domain, Box) else ""
        where = f"{where}{place} at {_sizes_text(result, shape)}"
    lines = [f"{name}: {_layer_text(result.layer)}, sha256 {result.layer.digest[:16]}"]
    if result.verdict is Verdict.INJECTIVE:
        lines.append(_injective_line(result, where))
        lines += _sizes_left(result)
        work = f"{stats.nodes:,} nodes, {stats.refuters:,} refuters, {stats.seconds:.2f} s"
        if isinstance(result.layer, ResidualBlock):
            work = f"{stats.nodes:,} Schur complements, {stats.pivots:,} minors, {stats.seconds:.2f} s"
        if isinstance(result.layer, DenseNetwork):
            work = f"{stats.nodes:,} cells, {stats.refuters:,} pairs of cells, {stats.seconds:.2f} s"
        lines.append(f"  {work}, engine {result.engine}")
    elif result.verdict is Verdict.NOT_INJECTIVE:
        lines.append(f"NOT INJECTIVE on {where}: {result.reason}")
        lines += _sizes_left(result)
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


def _layer_text(layer: AnyLayer) -> str:
    """The formula and the shape; for a convolution stride and padding in any case."""
    if isinstance(layer, DenseNetwork):
        widths = " -> ".join(str(width) for width in layer.widths)
        return f"a network {widths} with {layer.neurons} neurons"
    if isinstance(layer, ResidualBlock):
        inner = "Ax" if layer.b.is_zero() else "Ax + b"
        return f"x + B ReLU({inner}), n = {layer.n}, k = {layer.k} hidden units"
    product_text, bias = ("K * x", layer.has_bias) if isinstance(layer, ConvLayer) else ("Wx", not layer.b.is_zero())
    formula = f"ReLU({product_text}{' + b' if bias else ''})"
    if not isinstance(layer, ConvLayer):
        return f"{formula}, m = {layer.m} rows, n = {layer.n}"
    usual = ", stride 1" if set(layer.stride) == {1} else ""
    usual += "" if layer.is_padded else ", no padding"
    return f"{formula}, {layer.description}{usual}"


# ------------------------------------------------------------------ the sizes that a verdict holds for


def _sizes_text(result: Result, shape: Sequence[int] | None) -> str:
    if not isinstance(result.sizes, Sizes):
        return f"the size {times(result.sizes or ())}"
    text = result.sizes.text
    if result.verdict is Verdict.NOT_INJECTIVE:
        text = text.replace("every", "any", 1)  # "not injective at every size" could mean: at some
    return text + ("" if shape is None else f", so also at {times(shape[1:])}")


def _sizes_left(result: Result) -> list[str]:
    """What a verdict about many sizes leaves open."""
    layer, sizes = result.layer, result.sizes
    if not isinstance(layer, ConvLayer) or not isinstance(sizes, Sizes):
        return []
    first = [axis.smallest_size for axis in layer.axes]
    if sizes.is_all and list(sizes.minimum) == first:
        return ["  (these are all sizes for which the layer is defined)"]
    kinds = [] if list(sizes.minimum) == first else [f"smaller ones (the layer is defined from {times(first)} on)"]
    kinds += [] if sizes.is_all or result.opposite_sizes is not None else ["other remainders modulo the stride"]
    if not kinds:
        return []
    return [f"  (this says nothing about other sizes: {', '.join(kinds)}; --input-shape decides one)"]


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
    seen = [f"{name}: {_replay_text(outcome)}" for name, outcome in replay(layer, pair).items()]
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


def _replay_text(outcome: FloatReplay) -> str:
    if not outcome.inputs_differ:
        return "the inputs round to the same point"
    if outcome.largest_ulp is None:
        return "overflow"
    return "outputs bit-equal" if outcome.outputs_equal else f"outputs differ by up to {outcome.largest_ulp} ulp"


def _is_long(pair: Collision, longest: int) -> bool:
    return any(len(rational_text(value)) > longest for value in (*pair.x, *pair.y))
