"""Words about layers, domains, sizes and numbers that the command line and reports share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactinj.certificates.float_replay import FloatReplay
from exactinj.domains import Ball, Box, NonnegativeBall, NonnegativeOrthant, RealSpace, Region, Sphere
from exactinj.exact.numbers import nearest_float, rational_text
from exactinj.exact.short import shortened
from exactinj.injectivity.result import AnyLayer, Result
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import times
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.work.verdict import Verdict

__all__ = [
    "domain_words",
    "exact_vector_words",
    "layer_text",
    "replay_text",
    "short_exact",
    "sizes_left",
    "sizes_text",
]

LONGEST_DOMAIN = 100
LONGEST_VECTOR = 200  # letters
LONGEST_NUMBER = 40  # letters


def layer_text(layer: AnyLayer) -> str:
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


def domain_words(domain: Region) -> str:  # noqa: PLR0911 (one case a kind)
    """Where the inputs lie, for a sentence."""
    match domain:
        case RealSpace():
            return "all real inputs"
        case NonnegativeOrthant():
            return "the inputs without negative numbers"
        case Ball(radius, center) if center is None or not any(center):
            return f"the inputs of length at most {short_exact(radius)}"
        case NonnegativeBall(radius):
            return f"the inputs of length at most {short_exact(radius)} without negative numbers"
        case Sphere(radius):
            return f"the inputs of length {short_exact(radius)}"
        case Box(Fraction() as low, Fraction() as high):
            return f"the inputs with all numbers between {short_exact(low)} and {short_exact(high)}"
        case _:
            return f"the inputs in {shortened(domain.text, LONGEST_DOMAIN)}"


# ------------------------------------------------------------------ the sizes that a verdict holds for


def sizes_text(result: Result, shape: Sequence[int] | None) -> str:
    """The sizes of a convolution's input that the verdict speaks of."""
    if not isinstance(result.sizes, Sizes):
        return f"the size {times(result.sizes or ())}"
    text = result.sizes.text
    if result.verdict is Verdict.NOT_INJECTIVE:
        text = text.replace("every", "any", 1)  # "not injective at every size" could mean: at some
    return text + ("" if shape is None else f", so also at {times(shape[1:])}")


def sizes_left(result: Result) -> str:
    """What a verdict about many sizes leaves open, in words; empty for other verdicts."""
    layer, sizes = result.layer, result.sizes
    if not isinstance(layer, ConvLayer) or not isinstance(sizes, Sizes):
        return ""
    first = [axis.smallest_size for axis in layer.axes]
    if sizes.is_all and list(sizes.minimum) == first:
        return "these are all sizes for which the layer is defined"
    kinds = [] if list(sizes.minimum) == first else [f"smaller ones (the layer is defined from {times(first)} on)"]
    kinds += [] if sizes.is_all or result.opposite_sizes is not None else ["other remainders modulo the stride"]
    if not kinds:
        return ""
    return f"this says nothing about other sizes: {', '.join(kinds)}; --input-shape decides one"


# ------------------------------------------------------------------ numbers


def replay_text(outcome: FloatReplay) -> str:
    """What a pair does in floats."""
    if not outcome.inputs_differ:
        return "the inputs round to the same point"
    if outcome.largest_ulp is None:
        return "overflow"
    return "outputs bit-equal" if outcome.outputs_equal else f"outputs differ by up to {outcome.largest_ulp} ulp"


def short_exact(value: Fraction) -> str:
    """The rational number, or "about" and a float where it is long."""
    text = rational_text(value)
    return text if len(text) <= LONGEST_NUMBER else f"about {nearest_float(value):.6g}"


def exact_vector_words(values: Sequence[Fraction]) -> str:
    """All numbers where they are short, else how many of them are positive."""
    text = "(" + ", ".join(map(rational_text, values[:LONGEST_VECTOR])) + ")"
    if len(values) <= LONGEST_VECTOR and len(text) <= LONGEST_VECTOR:
        return text
    return f"{len(values)} numbers, {sum(value > 0 for value in values)} of them positive"
