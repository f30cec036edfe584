"""The Parisi formula of the spherical perceptron at temperature 0, evaluated on step functions of overlaps [MBBDN23].

The ground-state energy is conjectured to be the largest value, over all step functions and susceptibilities, of

    f = -S / 2 + c E,    S = q_0 / lambda(q_0) + integral dq / lambda(q),    E = -E[phi_0(sqrt(q_0) g)],    c = m / n,

where the potential starts from ``phi_k(h) = max_z (-[h + z > 0] - z^2 / (2 chi))``, which is 0, ``-h^2 / (2 chi)``
and -1 for h below 0, up to ``t = sqrt(2 chi)`` and above, and comes down the steps,

    exp(x_i phi_i) = Gaussian of variance q_(i+1) - q_i  *  exp(x_i phi_(i+1)).

The density P_i of h at overlap q_i goes up them. f is stationary where ``integral_0^{q_i} dq / lambda^2 = c M_i`` for
all i, with ``M_i = E[phi_i'(h)^2; P_i]``; its derivative by x follows from the mean potentials.

The first convolution acts on a function with corners and is done in closed form. All others act on analytic
functions, and are products of cosine transforms: the same as sinc interpolation of the function continued by
reflection at the ends, where the potential is constant, and exact up to rounding on a grid that resolves the smallest
Gaussian. Cost: 4 k transforms of about a thousand numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import dct, dst, next_fast_len
from scipy.special import ndtr

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.arrays import Floats, density
from exactinj.gaussian.thresholds.parisi_state import ParisiState

__all__ = ["Grid", "Observables", "observables"]

MOST_POINTS = 1 << 16


@dataclass(frozen=True)
class Grid:
    """Points for h in [-half_width, half_width]; the spacing is relative to the smallest scale, ``sqrt(1 - q_(k-1))``.

    Beyond the half width lies a share ``2 Phi(-half_width)`` of h; errors decay like ``exp(-(pi / spacing)^2 / 2)``.
    """

    half_width: float = 6.0
    spacing: float = 0.5

    def nodes_for(self, state: ParisiState) -> Nodes:
        """The points.

        Raises
        ------
        InputError
            If there would be more than 65536 of them.
        """
        smallest = self.spacing * float(np.sqrt(state.widths[-1]))
        if not smallest * MOST_POINTS > 2 * self.half_width:
            raise InputError(
                f"found 1 - q = {state.widths[-1]:.1e} below the last step {state.steps[-1]:g}, which a grid of "
                f"{MOST_POINTS} points cannot resolve; expected a smaller last step"
            )
        return Nodes(self.half_width, next_fast_len(int(np.ceil(2 * self.half_width / smallest)), real=True))


@dataclass(frozen=True)
class Nodes:
    """intervals + 1 equidistant points, and what can be done with functions given there."""

    half_width: float
    intervals: int

    @cached_property
    def h(self) -> Floats:
        """The points."""
        return np.linspace(-self.half_width, self.half_width, self.intervals + 1)

    @cached_property
    def weights(self) -> Floats:
        """Of the trapezoidal rule."""
        weights: Floats = np.full(self.intervals + 1, 2 * self.half_width / self.intervals)
        weights[[0, -1]] /= 2
        return weights

    @cached_property
    def frequencies(self) -> Floats:
        """Of the cosines."""
        return np.asarray(np.arange(self.intervals + 1) * (np.pi / (2 * self.half_width)), dtype=np.float64)

    def smoothed(self, values: Floats, variance: float) -> Floats:
        """The convolution with a centred Gaussian."""
        if variance <= 0:
            return values
        waves = dct(values, type=1) * np.exp(-variance / 2 * self.frequencies**2)
        return np.asarray(dct(waves, type=1) / (2 * self.intervals))

    def slopes(self, values: Floats) -> Floats:
        """The derivatives of functions, shape (..., intervals + 1)."""
        waves = dct(values, type=1)[..., 1:-1] * self.frequencies[1:-1] / self.intervals
        slopes = np.zeros_like(values)
        slopes[..., 1:-1] = -dst(waves, type=1) / 2
        return slopes


@dataclass(frozen=True)
class Observables:
    """What is seen of a state.

    interaction : E > 0
    fluctuations : M, shape (k + 1,)
    potentials : the means of phi_0, ..., phi_k, shape (k + 1,)
    active : the share of active rows in the ground state; c times it is the energy again where x is stationary, too
    """

    interaction: float
    fluctuations: Floats
    potentials: Floats
    active: float


def observables(state: ParisiState, grid: Grid) -> Observables:
    """Down the steps with the potential, and up again with the density.

    Raises
    ------
    InputError
        If the grid is too coarse.
    """
    with np.errstate(all="ignore"):  # what is not finite in the end is refused in `stationary`
        return _observables(state, grid.nodes_for(state))


def _observables(state: ParisiState, nodes: Nodes) -> Observables:
    last = _last_step(state, nodes.h)
    potentials = _potentials(state, nodes, last.potential)
    densities = _densities(state, nodes, potentials)
    tilted = nodes.weights * densities[-1] * np.exp(-state.steps[-1] * potentials[-1])
    measured = nodes.weights * densities
    means = np.sum(measured * potentials, axis=1)
    fluctuations = np.sum(measured * nodes.slopes(potentials) ** 2, axis=1)
    active = float(tilted @ last.active)
    last_mean = -active - state.chi / 2 * float(tilted @ last.squared_slope)
    return Observables(
        -float(means[0]),
        np.append(fluctuations, tilted @ last.squared_slope),
        np.append(means, last_mean),
        active,
    )


def _potentials(state: ParisiState, nodes: Nodes, last: Floats) -> Floats:
    """``phi_0, ..., phi_(k-1)``, shape (k, points)."""
    potentials = np.empty((len(state.steps), len(last)))
    potentials[-1] = last
    for i in reversed(range(len(state.steps) - 1)):
        x = state.steps[i]
        grown = nodes.smoothed(np.exp(x * potentials[i + 1]), state.widths[i])
        if not grown.min() > 0:
            raise InputError(f"found a grid too coarse for the step {x:g}, expected a smaller spacing than it has")
        potentials[i] = np.log(grown) / x
    return potentials


def _densities(state: ParisiState, nodes: Nodes, potentials: Floats) -> Floats:
    """``P_0, ..., P_(k-1)``, shape (k, points)."""
    densities = np.empty_like(potentials)
    scale = np.sqrt(state.overlaps[0])
    densities[0] = density(nodes.h / scale) / scale
    for i in range(len(state.steps) - 1):
        x = state.steps[i]
        tilted = densities[i] * np.exp(-x * potentials[i])
        densities[i + 1] = nodes.smoothed(tilted, state.widths[i]) * np.exp(x * potentials[i + 1])
    return densities


@dataclass(frozen=True)
class _LastStep:
    """What the last step does to each h: ``phi_(k-1)``, and moments of ``u = h + s g`` under ``exp(x phi_k(u))``.

    squared_slope : of ``phi_k'(u)^2``, which is ``(u / chi)^2`` on ``0 < u < t`` and 0 elsewhere
    active : of ``[u > t]``
    """

    potential: Floats
    squared_slope: Floats
    active: Floats


def _last_step(state: ParisiState, h: Floats) -> _LastStep:
    """From overlap 1 down to ``q_(k-1)``, in closed form.

    On ``0 < u < t`` the weight is ``exp(-x u^2 / (2 chi))``: a Gaussian again, of mean ``shrink h`` and variance
    ``shrink s^2``, with ``shrink = chi / (chi + x s^2)``.
    """
    x, width, chi = float(state.steps[-1]), float(np.sqrt(state.widths[-1])), state.chi
    shrink, t = chi / (chi + x * width**2), float(np.sqrt(2 * chi))
    mean, spread = shrink * h, float(np.sqrt(shrink)) * width
    low, high = -mean / spread, (t - mean) / spread
    factor = np.sqrt(shrink) * np.exp(-x * shrink / chi * h * h / 2)
    between = ndtr(high) - ndtr(low)
    square = (mean**2 + spread**2) * between + 2 * mean * spread * (density(low) - density(high))
    square += spread**2 * (low * density(low) - high * density(high))
    active = np.exp(-x) * ndtr((h - t) / width)
    return _LastStep(np.log(ndtr(-h / width) + factor * between + active) / x, factor * square / chi**2, active)
