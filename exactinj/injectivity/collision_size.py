"""How large a collision is: apart, out, and against changes of the rows. Floats of exact numbers.

Let x, y collide and let z be a point of the segment between them where the rows I are strictly inactive. A change of
the rows ``(w_i, b_i)`` by less than ``delta |(w_i, b_i)|`` moves ``g_i(z)`` by less than ``delta |(w_i, b_i)|
|(z, 1)|`` (Cauchy-Schwarz), so for

    delta = min { -g_i(z) / (|(w_i, b_i)| |(z, 1)|) : i in I }

they all stay inactive at z, and by continuity at interior points of the domain near it. If fewer than n rows are left,
they do not span, whatever they are: the changed layer has a collision there as well. Where n or more rows are active
(without spanning), a change as small as one likes can make them span; then delta is 0. Without bias the same holds with
``w_i`` and ``z`` in place of ``(w_i, b_i)`` and ``(z, 1)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.certificates.collision import Collision
from exactinj.domains import Domain, NonnegativeOrthant, RealSpace
from exactinj.exact.numbers import nearest_float
from exactinj.exact.surd import Surd
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock

__all__ = ["CollisionSize", "far_out", "size_of_collision"]

FAR = 10**6  # inputs larger than that are worth a word about the domain

Vector = Sequence[Fraction]


@dataclass(frozen=True)
class CollisionSize:
    """The size of a colliding pair, in floats.

    Attributes
    ----------
    distance : |x - y|
    length : the larger of |x| and |y|
    margin : of a ball around a point of the segment, in which the same rows are inactive: a lower bound for the
        inradius of their region; infinite if no row bounds it. None for a convolution or a network
    active : how many rows are active there; None for a convolution
    survives : delta, above: no change of the rows by a smaller relative amount leaves the layer without collisions.
        0 if n or more rows are active there; None for a convolution
    """

    distance: float
    length: float
    margin: float | None = None
    active: int | None = None
    survives: float | None = None

    @property
    def text(self) -> str:
        """In words."""
        words = f"|x - y| {_float_words(self.distance)} at |x| {_float_words(self.length)}"
        if self.survives is None:
            return words
        if not self.survives:
            return f"{words}; a change of the rows as small as one likes can remove it ({self.active} rows are active)"
        return f"{words}; it survives every change of the rows by less than a relative {self.survives:.2g}"

    def to_json(self) -> dict[str, object]:
        """The same, with None for a margin without bounds."""
        margin = self.margin
        return {
            "distance": self.distance,
            "length": self.length,
            "margin": None if margin is None or margin == float("inf") else margin,
            "active_rows": self.active,
            "survives_relative_change_below": self.survives,
        }


def size_of_collision(layer: ReLULayer | ConvLayer | DenseNetwork | ResidualBlock, pair: Collision) -> CollisionSize:
    """The size of a pair that collides; for a dense layer with what its inactive rows say."""
    distance = _length([a - c for a, c in zip(pair.x, pair.y, strict=True)])
    length = max(_length(pair.x), _length(pair.y))
    if not isinstance(layer, ReLULayer):
        return CollisionSize(float(distance), float(length))
    middle = [(a + c) / 2 for a, c in zip(pair.x, pair.y, strict=True)]
    margin, survives, active = max(
        (_room(layer, point) for point in (middle, pair.x, pair.y)), key=lambda room: (room[1], room[0])
    )
    return CollisionSize(float(distance), float(length), float(margin), active, float(survives))


def far_out(pair: object, layer: ReLULayer, domain: Domain) -> str:
    """A word on the domain, for a pair of very large inputs where nothing bounds them; else nothing."""
    if not isinstance(pair, Collision) or not isinstance(domain, RealSpace | NonnegativeOrthant):
        return ""
    largest = max(map(abs, (*pair.x, *pair.y)))
    if largest < FAR or layer.b.is_zero():
        return ""
    kind = "ball" if isinstance(domain, RealSpace) else "nonneg-ball"
    return (
        f"; the inputs are as large as {nearest_float(largest):.2g}: --domain {kind}:R, or box:l,u, asks about inputs "
        "of your size"
    )


def _room(layer: ReLULayer, point: Vector) -> tuple[Surd, Surd, int]:
    """At a point: the margin, delta as above, and the number of active rows."""
    values = layer.preactivation(point)
    weights, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    extra = 0 if layer.b.is_zero() else 1
    reach = _square(point) + extra
    margins, deltas = [], []
    for value, row, offset in zip(values, weights, bias, strict=True):
        if value < 0:
            square = _square(row)
            margins.append(Surd(1, value * value / square) if square else Surd.infinity())
            deltas.append(Surd(1, value * value / ((square + offset * offset) * reach)))
    active = layer.m - len(margins)
    zero = Surd(0, Fraction(0))
    survives = zero if active >= layer.n or not reach else min(deltas, default=Surd(1, Fraction(1)))
    return min(margins, default=zero), survives, active


def _float_words(length: float) -> str:
    """A length that is not 0, of which floats may leave nothing."""
    return f"= {length:.3g}" if length else "below 1e-323"


def _square(vector: Vector) -> Fraction:
    return sum((value * value for value in vector), Fraction(0))


def _length(vector: Vector) -> Surd:
    square = _square(vector)
    return Surd(int(square > 0), square)
