"""Networks of dense layers, inverted backwards, one layer after the other.

Let the layers be f_1, ..., f_L and y the output. The points z with ``f_L(z) = y`` that f_(L-1) can give at all lie in
the set K_L that its activations allow (``z_i >= 0`` behind a ReLU). If there is exactly one such z in K_L, an input has
the output y of the network if and only if ``f_(L-1) o ... o f_1`` maps it to z, and the question is one layer shorter.
If there is none, the network has none. If there are several, the shorter network decides among them, which is not
looked at here. The first layer is asked on the domain, so that its answer is that of the network.

A row with an activation of positive slope s below 0 is an equation: ``<w_i, x> + b_i = y_i``, or ``y_i / s`` for
negative y_i. It is posed as a ReLU row with the bias ``b_i - t + 1`` and the output 1, which has the same multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from exactinj.domains import Domain, NonnegativeOrthant, Polytope, RealSpace, Region
from exactinj.errors import InternalError
from exactinj.inversion.invert import invert_exactly
from exactinj.inversion.maps import DenseMap
from exactinj.inversion.result import Inversion, InversionStatus
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import AffineLayer, DenseNetwork
from exactinj.work.clock import Clock

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
    """How many inputs in the domain have the output, proved, or ``unknown`` and which layer leaves it open.

    Parameters
    ----------
    network : of dense layers
    output : (m,) rationals, negative only in `signed_rows`
    domain : convex, of dimension n
    clock : at its deadline the answer is ``timed_out``

    Examples
    --------
    >>> twice = DenseNetwork([([[1], [-1]], None, "relu"), ([[1, -1]], [2], "none")])
    >>> invert_network(twice, [Fraction(0)], RealSpace(), Clock()).reason
    'layer 1 has its output at several points of nonneg; which of them the layers before it give is not decided'
    """
    begun = clock.elapsed
    wanted = tuple(output)
    for k in reversed(range(len(network.layers))):
        where = domain if k == 0 else _given_by(network.layers[k - 1])
        found = _at_layer(network.layers[k], wanted, where, clock)
        if k == 0 or found.status is not InversionStatus.UNIQUE:
            answer = _of_network(network, k, replace(found, at_layer=k, at_output=wanted))
            break
        wanted = _exact(found.x)
    _evaluate_again(network, answer, tuple(output), domain)
    return replace(answer, layer=network.summary, domain=domain, seconds=clock.elapsed - begun)


def _at_layer(layer: AffineLayer, wanted: tuple[Fraction, ...], where: Domain, clock: Clock) -> Inversion:
    """The answer for one layer; ``unknown`` if an activation folds an output that is wanted."""
    if any(slope < 0 < value for slope, value in zip(layer.slopes, wanted, strict=True)):
        reason = "a negative slope gives a positive number twice, which is not decided"
        return _unknown(reason, where)
    posed = _posed(layer, wanted)
    return invert_exactly(DenseMap(posed.layer), posed.output, where, clock)


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


def _of_network(network: DenseNetwork, k: int, found: Inversion) -> Inversion:
    """What the answer of layer k says about the network, with the reason in words."""
    where, is_last = found.domain.text, k == len(network.layers) - 1
    if found.status is InversionStatus.UNIQUE:
        return replace(found, reason="one layer after the other, from the last one to the first, leaves one input")
    if found.status is InversionStatus.NONE:
        needed = "this output" if is_last else "the only value that the later layers map to the output"
        return replace(found, reason=f"layer {k} has {needed} at no point of {where}")
    if found.status is InversionStatus.MANY and k > 0:
        several = f"layer {k} has its output at several points of {where}"
        reason = f"{several}; which of them the layers before it give is not decided"
        return replace(_unknown(reason, found.domain), at_layer=k, at_output=found.at_output)
    return replace(found, reason=f"layer {k}: {found.reason}")


def _unknown(reason: str, domain: Region) -> Inversion:
    return Inversion(
        status=InversionStatus.UNKNOWN,
        reason=reason,
        x=None,
        second=None,
        dimension=None,
        residual=None,
        error_bound=None,
        farkas=None,
        layer={},
        domain=domain,
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
