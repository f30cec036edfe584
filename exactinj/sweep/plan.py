"""What a sweep computes: a grid of (n, m), a bias, and per layer a task that is named by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj import __version__
from exactinj.domains import Ball, Domain, Region
from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, rational_text
from exactinj.sampling.samplers import uniform_on

__all__ = ["Bias", "BiasKind", "SweepPlan", "Task", "grid"]

REVISION = 1  # of how layers are drawn and measured; a change makes old results other results
UNIT_BALL = Ball(1)
EXACT_UP_TO = 8  # a layer with n = 8 takes about 0.2 s


class BiasKind(StrEnum):
    """How the biases alpha of ``ReLU(Wx - alpha)`` are drawn."""

    ZERO = "zero"
    CONSTANT = "constant"
    GAUSSIAN = "gaussian"


@dataclass(frozen=True)
class Bias:
    """``zero``, ``constant:c`` (alpha_i = c) or ``gaussian:v`` (alpha_i ~ N(0, v), v is the *variance*).

    >>> Bias.parse("gaussian:0.1")
    Bias(kind=<BiasKind.GAUSSIAN: 'gaussian'>, value=Fraction(1, 10))
    """

    kind: BiasKind = BiasKind.ZERO
    value: Fraction = Fraction(0)

    @classmethod
    def parse(cls, text: str) -> Bias:
        """Read it from the text of the command line; `InputError` for anything else."""
        name, colon, number = text.partition(":")
        try:
            kind, value = BiasKind(name), fraction_from(number) if colon else Fraction(0)
            float(value)
        except (ValueError, OverflowError):
            kind, value = BiasKind.ZERO, Fraction(-1)
        if bool(colon) != (kind is not BiasKind.ZERO) or (kind is not BiasKind.CONSTANT and value < 0):
            raise InputError(f"found the bias {text!r}, expected zero, constant:0.25 or gaussian:VARIANCE")
        return cls(kind, value)

    @property
    def text(self) -> str:
        """What `parse` reads, with the number as a rational."""
        return str(self.kind) if self.kind is BiasKind.ZERO else f"{self.kind}:{rational_text(self.value)}"

    def draw(self, m: int, random: np.random.Generator) -> NDArray[np.float64]:
        """The biases alpha of a layer with m rows, as float64."""
        if self.kind is BiasKind.GAUSSIAN:
            return sqrt(self.value) * random.standard_normal(m)
        return np.full(m, float(self.value))


@dataclass(frozen=True)
class Task:
    """One random layer and what is asked about it: everything that determines the result, and nothing else."""

    n: int
    m: int
    trial: int
    seed: int
    bias: str
    samples: int
    domain: str
    exact: bool
    timeout: float | None
    version: str = __version__
    revision: int = REVISION

    @property
    def content(self) -> dict[str, Any]:
        """What the key is made of, as a JSON object."""
        return asdict(self)

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of the content."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def seeds(self) -> list[np.random.SeedSequence]:
        """For the weights, the bias and the samples; they depend on (seed, n, m, trial) only, so never on the order."""
        return np.random.SeedSequence(self.seed, spawn_key=(self.n, self.m, self.trial)).spawn(3)


def grid(dimensions: Iterable[int], rows: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """All cells (n, m) with m >= n.

    >>> grid([2, 3], range(2, 5))
    ((2, 2), (2, 3), (2, 4), (3, 3), (3, 4))
    """
    columns = sorted(set(rows))
    return tuple((n, m) for n in sorted(set(dimensions)) for m in columns if m >= n)


@dataclass(frozen=True)
class SweepPlan:
    """Layers ``ReLU(Wx - alpha)`` with standard Gaussian W, as in section 6.2 of [Eck24].

    The thesis does not say which samples figures 6.1 and 6.2 rest on ("DDMCBE on synthetic data"). Its other synthetic
    experiments sample the unit ball (section 4.3), the default here, or the unit sphere (section 4.4). For a zero bias
    only directions count, so it does not matter. With a positive constant bias no layer is injective on a ball, as no
    row is active at 0, while on the sphere some are; so figure 6.1 on the right is about points away from 0.

    Parameters
    ----------
    cells : pairs (n, m) with 1 <= n <= m
        See `grid`.
    trials : int
        Layers in a cell.
    seed : int
    bias : Bias
    samples : int
        For each estimate.
    exact_up_to : int, optional
        The largest n to decide exactly, 0 for none. Left out, it is 8 on convex domains, and 0 on spheres, where
        injectivity is not decided.
    timeout : float, optional
        Seconds for each exact decision; a layer that takes longer stays unknown. None means any time.
    domain : Ball around 0, Sphere or another region that can be sampled uniformly

    Raises
    ------
    InputError
        For cells with m < n, numbers out of range, and domains that cannot be sampled, or not be decided on.

    Examples
    --------
    >>> [task.n for task in SweepPlan(grid([2, 3], [6]), trials=2).tasks()]
    [2, 3, 2, 3]
    """

    cells: tuple[tuple[int, int], ...]
    trials: int = 1
    seed: int = 0
    bias: Bias = Bias()
    samples: int = 10_000
    exact_up_to: int | None = None
    timeout: float | None = 60.0
    domain: Region = UNIT_BALL

    def __post_init__(self) -> None:
        if not self.cells or not all(1 <= n <= m for n, m in self.cells):
            raise InputError("found no cells, or some with m < n or n < 1, expected pairs (n, m) with 1 <= n <= m")
        if self.trials < 1 or self.samples < 1 or self.seed < 0:
            found = f"{self.trials} trials, {self.samples} samples, the seed {self.seed}"
            raise InputError(f"found {found}, expected at least one trial and sample and a seed that is not negative")
        if self.timeout is not None and not 0 < self.timeout < float("inf"):
            raise InputError(f"found a timeout of {self.timeout} s, expected a positive number of seconds")
        uniform_on(self.domain)
        if self.exact_up_to and not isinstance(self.domain, Domain):
            raise InputError(
                f"nothing is decided exactly on the domain {self.domain.text}; use a ball, or exact_up_to 0"
            )

    @property
    def largest_exact(self) -> int:
        """The largest n that is decided exactly."""
        if self.exact_up_to is not None:
            return self.exact_up_to
        return EXACT_UP_TO if isinstance(self.domain, Domain) else 0

    def tasks(self) -> Iterator[Task]:
        """All layers, one trial of every cell after the other, so that a stopped sweep shows the whole diagram."""
        timeout = None if self.timeout is None else float(self.timeout)
        for trial in range(self.trials):
            for n, m in dict.fromkeys(self.cells):
                exact = n <= self.largest_exact
                yield Task(
                    n,
                    m,
                    trial,
                    self.seed,
                    self.bias.text,
                    self.samples,
                    self.domain.text,
                    exact,
                    timeout if exact else None,
                )
