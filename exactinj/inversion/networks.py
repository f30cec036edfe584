"""Networks of dense layers, inverted backwards, one layer after the other.

Let the layers be f_1, ..., f_L and y the output. The points z with ``f_L(z) = y`` that f_(L-1) can give at all lie in
the set K_L that its activations allow (``z_i >= 0`` behind a ReLU). If there is exactly one such z in K_L, an input has
the output y of the network if and only if ``f_(L-1) o ... o f_1`` maps it to z, and the question is one layer shorter.
If there is none, the network has none. The first layer is asked on the domain, so that its answer is that of the
network. If there are several z, the layers that are left are solved together, piece by piece (`pieces`), as far as
that is not too much.

A row with an activation of positive slope s below 0 is an equation: ``<w_i, x> + b_i = y_i``, or ``y_i / s`` for
negative y_i. It is posed as a ReLU row with the bias ``b_i - t + 1`` and the output 1, which has the same multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from exactinj.domains import Domain, NonnegativeOrthant, Polytope, RealSpace
from exactinj.errors import InternalError
from exactinj.inversion.invert import invert_exactly
from exactinj.inversion.maps import DenseMap
from exactinj.inversion.pieces import pieces_of
from exactinj.inversion.result import Inversion, InversionStatus
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import AffineLayer, DenseNetwork
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["invert_network", "signed_rows"]

Point = Sequence[Fraction]


@dataclass(frozen=True)
class Posed:
    """One layer with one output, as ``ReLU(W x + b) = output``."""

    layer: ReLULayer
    output: tuple[Fraction, ...]


def signed_rows(network: DenseNetwork) -> frozenset[int]:
    """The outputs of a network that may be negative."""
    return frozenset(i for i, slope in enumerate(network.layers[-1].slopes) if slope > 0)


def invert_network(network: DenseNetwork, output: Point, domain: Domain, clock: Clock) -> Inversion:
    """How many inputs in the domain have the output, proved, or ``unknown`` where there are too many pieces.

    Parameters
    ----------
    network : of dense layers
    output : (m,) rationals, negative only in `signed_rows`
    domain : convex, of dimension n
    clock : at its deadline the answer is ``timed_out``

    Examples
    --------
    >>> twice = DenseNetwork([([[1], [-1]], None, "relu"), ([[1, -1]], [2], "none")])
    >>> answer = invert_network(twice, [Fraction(0)], RealSpace(), Clock())
    >>> answer.x, answer.reason
    ((Fraction(-2, 1),), 'one input, by the pieces of layers 0 to 1 together')
    """
    begun = clock.elapsed
    wanted = tuple(output)
    for k in reversed(range(len(network.layers))):
        where = domain if k == 0 else _given_by(network.layers[k - 1])
        found = _alone(network.layers[k], wanted, where, clock)
        if found is None or (k > 0 and found.status is InversionStatus.MANY):
            answer = _together(network, k, wanted, domain, clock)
            break
        answer = replace(found, reason=_reason(found, k, len(network.layers) - 1))
        if k == 0 or found.status is not InversionStatus.UNIQUE:
            break
        wanted = _exact(found.x)
    _evaluate_again(network, answer, tuple(output), domain)
    seconds = clock.elapsed - begun
    return replace(answer, layer=network.summary, domain=domain, seconds=seconds, at_layer=k, at_output=wanted)


def _alone(layer: AffineLayer, wanted: Point, where: Domain, clock: Clock) -> Inversion | None:
    """The points where one layer gives what is wanted; None if a negative slope gives it in several ways."""
    if any(slope < 0 < value for slope, value in zip(layer.slopes, wanted, strict=True)):
        return None
    posed = _posed(layer, wanted)
    return invert_exactly(DenseMap(posed.layer), posed.output, where, clock)


def _reason(found: Inversion, k: int, last: int) -> str:
    """In words, what one layer by itself decides."""
    if found.status is InversionStatus.UNIQUE:
        return "one layer after the other, from the last one to the first, leaves one input"
    if found.status is InversionStatus.NONE:
        needed = "this output" if k == last else "the only value that the later layers map to the output"
        return f"layer {k} has {needed} at no point of {found.domain.text}"
    return f"layer {k}: {found.reason}"


def _posed(layer: AffineLayer, wanted: Point) -> Posed:
    bias, output = [], []
    for (offset,), slope, value in zip(layer.b.fractions(), layer.slopes, wanted, strict=True):
        if slope == 0:
            bias.append(offset)
            output.append(value)
        else:
            bias.append(offset - (value if value >= 0 else value / slope) + 1)
            output.append(Fraction(1))
    return Posed(ReLULayer(layer.W.fractions(), bias), tuple(output))


def _given_by(layer: AffineLayer) -> Domain:
    """The points that the activations of a layer can give, whatever its rows are."""
    nonnegative = [i for i, slope in enumerate(layer.slopes) if slope <= 0]
    if len(nonnegative) == layer.m:
        return NonnegativeOrthant()
    if not nonnegative:
        return RealSpace()
    rows = [[-int(i == j) for j in range(layer.m)] for i in nonnegative]
    return Polytope(rows, [0] * len(rows), interior=[1] * layer.m)


def _together(network: DenseNetwork, k: int, wanted: Point, domain: Domain, clock: Clock) -> Inversion:
    """The answer for the layers up to k as one map."""
    which = f"layers 0 to {k} together" if k else "layer 0"
    try:
        found = pieces_of(network.layers[: k + 1], wanted, domain, clock)
    except OutOfTimeError:
        return _answer(InversionStatus.TIMED_OUT, f"out of time among the pieces of {which}; give a longer timeout")
    if len(found.points) > 1:
        so_far = "" if found.complete else "; there are too many pieces to look at all, so that no dimension is known"
        reason = f"several inputs, by the pieces of {which}{so_far}"
        return _answer(InversionStatus.MANY, reason, found.points, found.dimension)
    if not found.complete:
        several = f"layer {k} has its output at several points" if k else "layer 0 has several preimages of its output"
        reason = f"{several}, and {which} have too many pieces or inputs to find those that they give"
        return _answer(InversionStatus.UNKNOWN, reason)
    if found.points:
        return _answer(InversionStatus.UNIQUE, f"one input, by the pieces of {which}", found.points, 0)
    return _answer(InversionStatus.NONE, f"no input, by a Farkas vector for each piece of {which}")


def _answer(
    status: InversionStatus, reason: str, points: Sequence[tuple[Fraction, ...]] = (), dimension: int | None = None
) -> Inversion:
    return Inversion(
        status=status,
        reason=reason,
        x=points[0] if points else None,
        second=points[1] if len(points) > 1 else None,
        dimension=dimension,
        residual=0.0 if points else None,
        error_bound=None,
        farkas=None,
        layer={},
        domain=RealSpace(),
        seconds=0.0,
    )


def _exact(x: Sequence[Fraction] | Sequence[float] | None) -> tuple[Fraction, ...]:
    if x is None or not all(isinstance(value, Fraction) for value in x):
        raise InternalError("a layer with one input came without it; please report this")
    return tuple(map(Fraction, x))


def _evaluate_again(network: DenseNetwork, answer: Inversion, output: tuple[Fraction, ...], domain: Domain) -> None:
    """The points that are shown, by the whole network and the domain."""
    for x in (answer.x, answer.second):
        if x is not None and (tuple(network.evaluate(_exact(x))) != output or not domain.contains(_exact(x))):
            raise InternalError("a point found for an output of a network does not have it; please report this")
