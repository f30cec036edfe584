"""Where the replica symmetric solution stops being stable at energy 1: the de Almeida-Thouless line [MBBDN23, AT78].

At inverse temperature beta, with ``N(h) = 1 - (1 - e^-beta) Phi(h / sqrt(1 - q))``, ``F = log N``, g standard normal,
c = m / n:

    q / (1 - q)^2 = c E[F'(sqrt(q) g)^2]                      (the overlap q)
    e = c E[e^-beta Phi(sqrt(q) g / sqrt(1 - q)) / N]         (active rows divided by n)
    1 / (1 - q)^2 >= c E[F''(sqrt(q) g)^2]                    (stability)

For m / n up to 5.3238 the solution whose energy is 1 is stable. If it is right where it is stable, as physics has it,
then there are inputs with fewer than n active rows, so that 5.3238 is a lower bound of the threshold. That is not
proved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from exactinj.gaussian.thresholds.arrays import Floats, density
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["ReplicaSymmetric", "at_unit_energy", "threshold"]

NODES = np.linspace(-12.0, 12.0, 2401)
WEIGHTS = density(NODES) * (NODES[1] - NODES[0])
BETAS = (0.5, 8.0)
SCALES = (0.3, 6.0)  # of sqrt(q / (1 - q))


@dataclass(frozen=True)
class ReplicaSymmetric:
    """The solution with this ``scale = sqrt(q / (1 - q))`` and inverse temperature; ratio, energy, stability follow."""

    scale: float
    beta: float

    @property
    def overlap(self) -> float:
        """The overlap q."""
        return self.scale**2 / (1 + self.scale**2)

    def _slopes(self) -> tuple[Floats, Floats, Floats]:
        """N at the nodes, and the first two derivatives of F times sqrt(1 - q) and 1 - q."""
        h, part = self.scale * NODES, -np.expm1(-self.beta)
        number = 1 - part * ndtr(h)
        first = -part * density(h) / number
        return number, first, -h * first - first**2

    @property
    def ratio(self) -> float:
        """The ratio c = m / n."""
        _, first, _ = self._slopes()
        return self.scale**2 / float(WEIGHTS @ first**2)

    @property
    def energy(self) -> float:
        """Active rows divided by n."""
        number, _, _ = self._slopes()
        return self.ratio * float(WEIGHTS @ (np.exp(-self.beta) * ndtr(self.scale * NODES) / number))

    @property
    def stability(self) -> float:
        """``1 - c (1 - q)^2 E[F''^2]``; negative where replica symmetry is broken."""
        _, _, second = self._slopes()
        return 1 - self.ratio * float(WEIGHTS @ second**2)


def at_unit_energy(beta: float) -> ReplicaSymmetric:
    """The solution with as many active rows as inputs."""
    scale = brentq(lambda scale: ReplicaSymmetric(scale, beta).energy - 1, *SCALES, xtol=1e-13)
    return ReplicaSymmetric(float(scale), beta)


def threshold() -> Threshold:
    """5.3238."""
    beta = float(brentq(lambda beta: at_unit_energy(beta).stability, *BETAS, xtol=1e-12))
    statement = "a lower bound if the replica symmetric solution is right where it is stable; not proved"
    value = at_unit_energy(beta).ratio
    return Threshold("de Almeida-Thouless", value, Status.CONJECTURE, statement, "MBBDN23, AT78")
