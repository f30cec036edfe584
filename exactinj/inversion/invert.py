"""One output inverted: exactly, where floats propose and Q decides; or nearly, with a certified bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.domains import Domain
from exactinj.exact.numbers import nearest_float
from exactinj.inversion.exactly import Preimage, preimage_of
from exactinj.inversion.maps import LayerMap
from exactinj.inversion.noisy import nearest_input
from exactinj.inversion.result import Inversion, InversionStatus
from exactinj.inversion.short_inputs import short_input
from exactinj.inversion.system import system_of
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["METHODS", "Noise", "invert_exactly", "invert_nearly"]

METHODS = ("constrained", "positive-rows")

SMALL = 4096  # entries of W, below which floats do not pay
TOO_LARGE = (
    "no input with short numbers was found in floats, and the unrolled layer is too large to be solved in rationals; "
    "noisy inversion finds the nearest input"
)


@dataclass(frozen=True)
class Noise:
    """What is known about a noisy output.

    Attributes
    ----------
    method : ``constrained``, or ``positive-rows``: least squares without inequalities
    size : how far, at most, the output is from one that the layer has on the domain; 0 if nothing is said
    kappa : a certified lower Lipschitz constant of the layer on the domain, positive, or None
    """

    method: str = METHODS[0]
    size: Fraction = Fraction(0)
    kappa: Fraction | None = None

    def error_bound(self, residual: float) -> float | None:
        """``(residual + size) / kappa`` for a point of the domain, rounded up."""
        if self.kappa is None or math.isinf(residual):
            return None
        bound = (Fraction(residual) + self.size) / self.kappa
        near = nearest_float(bound)
        return near if near == math.inf or Fraction(near) >= bound else math.nextafter(near, math.inf)


def invert_exactly(layer: LayerMap, output: Sequence[Fraction], domain: Domain, clock: Clock) -> Inversion:
    """How many inputs in the domain have the output, proved; or ``timed_out``, or ``unknown`` with a reason.

    >>> from exactinj.domains import RealSpace
    >>> from exactinj.inversion.maps import DenseMap
    >>> from exactinj.layers.dense import ReLULayer
    >>> hat = DenseMap(ReLULayer([[1], [-1]], [-1, 1]))
    >>> invert_exactly(hat, [Fraction(0), Fraction(0)], RealSpace(), Clock()).x
    (Fraction(1, 1),)
    """
    begun = clock.elapsed
    try:
        clock.check()
        found = _preimage(layer, output, domain, clock)
    except OutOfTimeError:
        found = Preimage("out of time; give a longer timeout")
        return _result(InversionStatus.TIMED_OUT, found, layer, domain, clock.elapsed - begun)
    status = InversionStatus.UNKNOWN
    if found.farkas is not None:
        status = InversionStatus.NONE
    elif found.x is not None:
        status = InversionStatus.UNIQUE if found.second is None else InversionStatus.MANY
    return _result(status, found, layer, domain, clock.elapsed - begun)


def invert_nearly(layer: LayerMap, output: Sequence[Fraction], domain: Domain, noise: Noise, clock: Clock) -> Inversion:
    """The input in the domain that least squares finds for the output, in floats; or ``timed_out``."""
    begun = clock.elapsed
    if clock.is_over:
        return _result(InversionStatus.TIMED_OUT, Preimage("out of time; give a longer timeout"), layer, domain, 0.0)
    constrained = noise.method == METHODS[0]
    found = nearest_input(layer, output, domain, inequalities=constrained)
    positive = sum(value > 0 for value in output)
    reason = f"least squares on {positive} rows with positive outputs"
    reason += f" subject to {layer.m - positive} inequalities" if constrained else " alone"
    if not found.determined:
        reason += "; warning: these rows are not proved to determine the input, so that others may fit as well"
    if not found.consistent:
        reason += "; warning: the inequalities contradict each other, and are met nearly"
    if not found.inside:
        reason += "; warning: it lies outside the domain, which is too narrow for floats, so that no error is bounded"
    return Inversion(
        status=InversionStatus.NEAREST,
        reason=reason,
        x=found.x,
        second=None,
        dimension=None,
        residual=found.residual,
        error_bound=noise.error_bound(found.residual) if found.inside else None,
        farkas=None,
        layer=layer.summary,
        domain=domain,
        seconds=clock.elapsed - begun,
    )


def _preimage(layer: LayerMap, output: Sequence[Fraction], domain: Domain, clock: Clock) -> Preimage:
    if layer.m * layer.n > SMALL:
        x = short_input(layer, output)
        clock.check()
        if x is not None and domain.contains(x):
            return Preimage("rows with positive outputs span R^n", x, dimension=0)
    dense = layer.dense
    return Preimage(TOO_LARGE) if dense is None else preimage_of(system_of(dense, domain, output), clock)


def _result(status: InversionStatus, found: Preimage, layer: LayerMap, domain: Domain, seconds: float) -> Inversion:
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
        seconds=seconds,
    )
