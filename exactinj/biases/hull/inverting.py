"""What the facets say about all inputs with one output.

Every point x of the domain lies in the cone of a facet F, where ``<w_i, x> >= alpha_i`` for i in F. So
``<w_i, x> = output_i + alpha_i`` for i in F, and x is the candidate that the left inverse of F gives. The candidates
that have the output are therefore all inputs that have it, on spheres and shells too, where there may be several. On
balls the layer is injective, and the first one is the only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from exactinj.domains import Ball, Domain, Region, Shell, Sphere
from exactinj.errors import InputError, InternalError
from exactinj.inversion.farkas import Farkas
from exactinj.inversion.invert import invert_exactly
from exactinj.inversion.maps import DenseMap
from exactinj.inversion.result import Inversion, InversionStatus
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["inversion_by_facets"]

Point = tuple[Fraction, ...]


def inversion_by_facets(
    inputs: Iterator[Point], layer: ReLULayer, output: Sequence[Fraction], domain: Region, clock: Clock
) -> Inversion:
    """The answer from the candidates of all facets that have the output; ``timed_out`` if the time ends among them.

    Parameters
    ----------
    inputs : points of the domain with this output, all of them, one at a time, perhaps repeated
    layer : ``ReLU(W x - alpha)``
    domain : that of the bias, where the facets' cones cover it
    """
    begun = clock.elapsed
    farkas = None
    try:
        found = _distinct(inputs, domain, clock)
    except OutOfTimeError:
        found, status, reason = [], InversionStatus.TIMED_OUT, "out of time among the facets; give a longer timeout"
    else:
        status, reason = _of_points(found, domain)
        if not found:
            farkas = _refuted(layer, output, domain, clock)
    return Inversion(
        status=status,
        reason=reason,
        x=found[0] if found else None,
        second=found[1] if len(found) > 1 else None,
        dimension=0 if found else None,
        residual=0.0 if found else None,
        error_bound=None,
        farkas=farkas,
        layer=DenseMap(layer).summary,
        domain=domain,
        seconds=clock.elapsed - begun,
    )


def _distinct(inputs: Iterator[Point], domain: Region, clock: Clock) -> list[Point]:
    """The inputs without repetitions, no more than two; on balls the first one is all."""
    found: list[Point] = []
    clock.check()
    for x in inputs:
        clock.check()
        if x not in found:
            found.append(x)
        if len(found) == (1 if isinstance(domain, Domain) else 2):
            break
    return found


def _of_points(found: Sequence[Point], domain: Region) -> tuple[InversionStatus, str]:
    if not found:
        nowhere = "no facet's left inverse gives an input with this output, and their cones cover the domain"
        return InversionStatus.NONE, nowhere
    if len(found) > 1:
        return (
            InversionStatus.MANY,
            "the left inverses of two facets give inputs with this output; there are finitely many",
        )
    why = "the layer is injective there" if isinstance(domain, Domain) else "no other facet gives another one"
    return InversionStatus.UNIQUE, f"the left inverse of a facet gives it, and {why}"


def _refuted(layer: ReLULayer, output: Sequence[Fraction], domain: Region, clock: Clock) -> Farkas | None:
    """A Farkas vector on the ball around the domain; None where that ball has inputs, or the time is over."""
    whole = isinstance(domain, Domain)
    found = invert_exactly(DenseMap(layer), output, _convex(domain, layer.n), clock)
    if whole and found.status in (InversionStatus.UNIQUE, InversionStatus.MANY):
        raise InternalError("facets missed an input that has the output; please report this")
    return found.farkas


def _convex(domain: Region, n: int) -> Domain:
    """The domain, or the ball around a sphere or shell."""
    if isinstance(domain, Domain):
        return domain.for_dimension(n)
    if isinstance(domain, Sphere):
        return Ball(domain.radius).for_dimension(n)
    if isinstance(domain, Shell):
        return Ball(domain.outer).for_dimension(n)
    raise InputError(f"found the domain {domain.text}, expected one that hull_bias takes")
