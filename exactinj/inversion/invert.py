"""One output of one layer inverted: the result from what the exact part, or floats, found."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactinj.domains import Domain
from exactinj.inversion.exactly import preimage_of
from exactinj.inversion.result import Inversion, InversionStatus
from exactinj.inversion.system import system_of
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["invert_exactly"]


def invert_exactly(layer: ReLULayer, output: Sequence[Fraction], domain: Domain, clock: Clock) -> Inversion:
    """How many inputs in the domain have the output, proved, or ``timed_out``.

    >>> from exactinj.domains import RealSpace
    >>> invert_exactly(ReLULayer([[1], [-1]], [-1, 1]), [Fraction(0), Fraction(0)], RealSpace(), Clock()).x
    (Fraction(1, 1),)
    """
    begun = clock.elapsed
    try:
        clock.check()
        found = preimage_of(system_of(layer, domain, output), clock)
    except OutOfTimeError:
        return _result(InversionStatus.TIMED_OUT, "out of time", layer, domain, clock.elapsed - begun)
    if found.x is None:
        status = InversionStatus.NONE
    else:
        status = InversionStatus.UNIQUE if found.second is None else InversionStatus.MANY
    return Inversion(
        status=status,
        reason=found.reason,
        x=found.x,
        second=found.second,
        dimension=found.dimension,
        residual=None if found.x is None else 0.0,
        error_bound=None,
        farkas=found.farkas,
        layer=layer.summary,
        domain=domain,
        seconds=clock.elapsed - begun,
    )


def _result(status: InversionStatus, reason: str, layer: ReLULayer, domain: Domain, seconds: float) -> Inversion:
    return Inversion(status, reason, None, None, None, None, None, None, layer.summary, domain, seconds)
