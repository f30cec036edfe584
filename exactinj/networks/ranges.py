"""What each value of a network can be, for inputs of a domain: intervals with rational ends, proved.

An affine step maps intervals entry by entry, with its weights split by sign; ends are rounded outwards to short
dyadic numbers. Activations map intervals exactly. What is too large to be computed has no ends but those that the
activation itself gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatch
from math import prod

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Box, Domain, NonnegativeOrthant, RealSpace
from exactinj.layers.network import (
    AffineOperation,
    Clip,
    Constant,
    Convolution,
    Dense,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Network,
    Node,
    OneToOne,
    Operation,
    ScaleShift,
    Square,
    Sum,
)
from exactinj.work.clock import Clock

__all__ = ["Range", "after_step", "domain_of", "ranges", "signed_parts"]

MOST_ENTRIES = 2_000_000  # that the windows of one step read
BITS = 40  # of the ends of an interval, beside its largest number
ENDS: dict[str, tuple[int | None, int | None]] = {
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "softplus": (0, None),
    "exp": (0, None),
    "sqrt": (0, None),
    "elu": (-1, None),
}


@dataclass(frozen=True)
class Range:
    """Ends of intervals, one for each entry of a value; None where there are none on that side."""

    lower: ExactTensor | None = None
    upper: ExactTensor | None = None

    @property
    def is_nonnegative(self) -> bool:
        return self.lower is not None and bool((self.lower.numerators >= 0).all())

    def is_one_sided(self, below: NDArray[np.bool_] | None = None) -> bool:
        """Whether no entry takes both signs; of those in `below`, if that is given, and the others are nonnegative."""
        positive = np.asarray(self.lower is not None and self.lower.numerators >= 0, dtype=bool)
        negative = np.asarray(self.upper is not None and self.upper.numerators <= 0, dtype=bool)
        return bool((positive | (negative if below is None else negative & below)).all())

    def is_at_least(self, bound: Fraction) -> bool:
        return self.lower is not None and all(value >= bound for value in self.lower.fractions())

    def is_at_most(self, bound: Fraction) -> bool:
        return self.upper is not None and all(value <= bound for value in self.upper.fractions())

    @property
    def is_bounded(self) -> bool:
        return self.lower is not None and self.upper is not None


def ranges(network: Network, domain: Domain, clock: Clock | None = None) -> dict[str, Range]:
    """The range of every value, by name, for inputs with entries in a domain; sound, and exact where it can be.

    After the end of the clock affine steps have no ends any more.
    """
    found = {name: _of_domain(domain, shape) for name, shape in network.inputs.items()}
    for node in network.nodes:
        is_late = clock is not None and clock.is_over and isinstance(node.operation, AffineOperation)
        found[node.name] = Range() if is_late else after_step(network, node, found)
    return found


def domain_of(where: Range) -> Domain:
    """The smallest of box, orthant and R^n that holds a range; entries that are fixed make it no box."""
    if where.lower is not None and where.upper is not None:
        pairs = list(zip(where.lower.fractions(), where.upper.fractions(), strict=True))
        if all(low < high for low, high in pairs):
            return Box([low for low, _ in pairs], [high for _, high in pairs])
    return NonnegativeOrthant() if where.is_nonnegative else RealSpace()


def after_step(network: Network, node: Node, found: dict[str, Range]) -> Range:
    """The range of the value of a step from those that are found."""
    shapes = [network.shapes[name] for name in (*node.inputs, node.name)]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return Range()
    read = tuple(found[name] for name in node.inputs)
    if isinstance(node.operation, AffineOperation):
        return _affine(node.operation, known, read)
    return _range(node.operation, known[-1], *read)


def _of_domain(domain: Domain, shape: tuple[int, ...]) -> Range:
    if isinstance(domain, Box):
        box = domain.for_dimension(prod(shape))
        sides = (box.lower, box.upper)
        lower, upper = (ExactTensor.of_fractions(side, shape) for side in sides)  # type: ignore[arg-type]  # tuples
        return Range(lower, upper)
    zero = ExactTensor(np.zeros(shape, dtype=object))
    return Range(zero, None) if isinstance(domain, NonnegativeOrthant) else Range()


# ------------------------------------------------------------------ steps


@singledispatch
def _range(_: Operation, shape: tuple[int, ...], *read: Range) -> Range:  # noqa: ARG001 (what others use)
    """The range of the value of a step that is not affine, from those of what it reads."""
    return Range()


@_range.register
def _(operation: OneToOne, shape: tuple[int, ...], *_: Range) -> Range:
    ends = ENDS.get(operation.name, (None, None))
    return Range(*(None if end is None else ExactTensor(np.full(shape, end, dtype=object)) for end in ends))


@_range.register
def _(operation: LeakyRelu, shape: tuple[int, ...], *read: Range) -> Range:
    (where,) = read
    slope = operation.slope.numerators
    if (slope >= 0).all():
        lower = None if where.lower is None else operation.exact(where.lower)
        if lower is None and not slope.any():
            lower = ExactTensor(np.zeros(shape, dtype=object))
        return Range(lower, None if where.upper is None else operation.exact(where.upper))
    zero = ExactTensor(np.zeros(shape, dtype=object)) if (slope <= 0).all() else None
    if where.lower is None or where.upper is None:
        return Range(zero, None)
    ends = [operation.exact(end) for end in (where.lower, where.upper)]
    crosses = (where.lower.numerators < 0) & (where.upper.numerators > 0)
    lowest = _pick(ends[0], ends[1], np.minimum)
    lower = ExactTensor(np.where(crosses, np.minimum(lowest.numerators, 0), lowest.numerators), lowest.denominator)
    highest = _pick(ends[0], ends[1], np.maximum)
    upper = ExactTensor(np.where(crosses, np.maximum(highest.numerators, 0), highest.numerators), highest.denominator)
    return Range(lower, upper)


@_range.register
def _(operation: Clip, shape: tuple[int, ...], *read: Range) -> Range:
    (where,) = read
    ends = []
    for end, bound in ((where.lower, operation.low), (where.upper, operation.high)):
        constant = None if bound is None else ExactTensor.of_fractions([bound] * prod(shape), shape)
        ends.append(constant if end is None else operation.exact(end))
    return Range(*ends)


@_range.register
def _(operation: Square, shape: tuple[int, ...], *read: Range) -> Range:
    (where,) = read
    zero = ExactTensor(np.zeros(shape, dtype=object))
    if where.lower is None or where.upper is None:
        return Range(zero, None)
    ends = [operation.exact(end) for end in (where.lower, where.upper)]
    crosses = (where.lower.numerators <= 0) & (where.upper.numerators >= 0)
    lowest = _pick(ends[0], ends[1], np.minimum)
    lower = ExactTensor(np.where(crosses, 0, lowest.numerators), lowest.denominator)
    return Range(lower, _pick(ends[0], ends[1], np.maximum))


@_range.register
def _(operation: Maximum, _: tuple[int, ...], *read: Range) -> Range:
    (where,) = read
    return Range(*(None if end is None else operation.exact(end) for end in (where.lower, where.upper)))


def _pick(left: ExactTensor, right: ExactTensor, choose: np.ufunc) -> ExactTensor:
    common = int(np.lcm.reduce([left.denominator, right.denominator], dtype=object))
    return ExactTensor(choose(left.over(common), right.over(common)), common)


# ------------------------------------------------------------------ affine steps


def _affine(operation: AffineOperation, shapes: list[tuple[int, ...]], read: tuple[Range, ...]) -> Range:
    """The range of an affine step; `shapes` of what it reads and of its value."""
    if _work(operation, shapes[-1]) > MOST_ENTRIES:
        return Range()
    lows, highs = [where.lower for where in read], [where.upper for where in read]
    parts = signed_parts(operation)
    offset = operation.exact(*(ExactTensor(np.zeros(shape, dtype=object)) for shape in shapes[:-1]))
    ends = []
    for same, other in ((lows, highs), (highs, lows)):
        total: ExactTensor | None = offset
        for part, values in zip(parts, (same, other), strict=True):
            if part is None or total is None:
                continue
            known = [value for value in values if value is not None]
            total = total.plus(part.linear(*known)) if len(known) == len(values) else None
        ends.append(total)
    lower = None if ends[0] is None else _rounded(ends[0], up=False)
    return Range(lower, None if ends[1] is None else _rounded(ends[1], up=True))


def _work(operation: AffineOperation, shape: tuple[int, ...]) -> int:
    if isinstance(operation, Convolution):
        return prod(shape) // operation.out_channels * operation.in_channels * prod(operation.kernels.shape[2:])
    return operation.W.shape[0] * operation.W.shape[1] if isinstance(operation, Dense) else prod(shape)


Parts = tuple[AffineOperation | None, AffineOperation | None]


@singledispatch
def signed_parts(operation: AffineOperation) -> Parts:
    """Operations whose linear parts have the positive weights, and the negative ones; None where there are none."""
    return operation, None


@signed_parts.register
def _(_: Constant) -> Parts:
    return None, None


@signed_parts.register
def _(operation: Dense) -> Parts:
    weights = ExactTensor.of_matrix(operation.W)
    made: list[Dense | None] = []
    for choose in (np.maximum, np.minimum):
        part = ExactTensor(choose(weights.numerators, 0), weights.denominator)
        made.append(Dense(part.plain()) if part.numerators.any() else None)
    return made[0], made[1]


@signed_parts.register
def _(operation: Convolution) -> Parts:
    options = {
        "stride": [axis.stride for axis in operation.axes],
        "padding": [(axis.low, axis.high) for axis in operation.axes],
        "dilation": [axis.dilation for axis in operation.axes],
    }
    made: list[Convolution | None] = []
    for choose in (np.maximum, np.minimum):
        kernels = ExactTensor(choose(operation.kernels.numerators, 0), operation.kernels.denominator)
        some = bool(kernels.numerators.any())
        made.append(Convolution(kernels, groups=operation.groups, **options) if some else None)  # type: ignore[arg-type]
    return made[0], made[1]


@signed_parts.register
def _(operation: ScaleShift) -> Parts:
    made: list[ScaleShift | None] = []
    for choose in (np.maximum, np.minimum):
        scale = ExactTensor(choose(operation.scale.numerators, 0), operation.scale.denominator)
        made.append(ScaleShift(scale, 0) if scale.numerators.any() else None)
    return made[0], made[1]


@signed_parts.register
def _(operation: Sum) -> Parts:
    made: list[Sum | None] = []
    for choose in (max, min):
        signs = [choose(sign, 0) for sign in operation.signs]
        made.append(Sum(signs) if any(signs) else None)
    return made[0], made[1]


def _rounded(value: ExactTensor, *, up: bool) -> ExactTensor:
    """The numbers rounded to `BITS` bits of the largest one, down or up; 0 and short numbers stay."""
    if value.denominator.bit_length() <= BITS or not value.size:
        return value
    largest = max(abs(entry) for entry in value.numerators.ravel().tolist())
    places = max(BITS + value.denominator.bit_length() - max(largest.bit_length(), 1), 1)
    scaled = value.numerators * (1 << places)
    rounded = -((-scaled) // value.denominator) if up else scaled // value.denominator
    return ExactTensor(np.asarray(rounded, dtype=object), 1 << places).reduced()
