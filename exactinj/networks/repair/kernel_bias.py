"""A larger bias for the kernels of a convolution: 0 where it was negative, or one that keeps every kernel active."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod

from exactinj.domains import Box
from exactinj.layers.convolution import ConvLayer
from exactinj.networks.repair.kernels import with_kernels
from exactinj.networks.repair.task import Attempt, Task
from exactinj.networks.repair.telling import rounded_up

__all__ = ["raised_kernel_bias"]


def raised_kernel_bias(layer: ConvLayer, task: Task) -> Attempt:
    """The layer with the first larger bias with which it is proved injective; the last attempt otherwise."""
    attempt: Attempt | None = None
    for name, bias in _biases(layer, task):
        rows = [(tuple(row), value) for row, value in zip(layer.kernels.fractions(), bias, strict=True)]
        built = with_kernels(layer, rows)
        attempt = Attempt("bias", built, (), task.decided(built), f"the bias raised to {name}")
        if attempt.is_proved:
            return attempt
    if attempt is None:
        return Attempt("bias", layer, (), task.decided(layer), "no bias to try")
    return replace(attempt, note="no bias that was tried is proved")


def _biases(layer: ConvLayer, task: Task) -> Iterator[tuple[str, list[Fraction]]]:
    yield "zero where it was negative", [max(value, Fraction(0)) for value in layer.bias]
    if isinstance(task.domain, Box):
        least = [-_least(layer, k, task.domain) for k in range(layer.out_channels)]
        pairs = zip(layer.bias, least, strict=True)
        bias = [own if own >= value else rounded_up(value, task.precision) for own, value in pairs]
        yield "one with which every kernel is active everywhere", bias


def _least(layer: ConvLayer, k: int, domain: Box) -> Fraction:
    """A lower bound of a kernel's product with any window, zeros of the padding among its places."""
    ins, taps = layer.in_channels // layer.groups, prod(layer.kernel_size)
    first = k // (layer.out_channels // layer.groups) * ins
    total = Fraction(0)
    for place, weight in enumerate(layer.kernels.fractions()[k]):
        channel = first + place // taps
        low = domain.lower[channel] if isinstance(domain.lower, tuple) else domain.lower
        high = domain.upper[channel] if isinstance(domain.upper, tuple) else domain.upper
        total += min(weight * low, weight * high, Fraction(0) if layer.is_padded else weight * high)
    return total
