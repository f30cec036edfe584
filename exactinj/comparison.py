"""Biases side by side: exact alpha*, the convex-hull bias, and the layer's own.

For each row: which bias is the largest. For each bias as a whole: whether the layer with that bias is injective on the
domain, decided exactly. None of them is "the" maximal bias: the rectifying biases have many maximal elements, and
both methods give one that is sufficient (`docs/mathematics.md`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.alpha import AlphaStar, AlphaStatistics, alpha_star
from exactinj.biases.hull.bias import HullBias, hull_bias
from exactinj.domains import Domain, Region
from exactinj.errors import InputError
from exactinj.exact.short import few, short_repr, shortened
from exactinj.exact.surd import Surd
from exactinj.injectivity.certify import certify_automatically
from exactinj.injectivity.result import Result
from exactinj.layers.dense import ReLULayer
from exactinj.sampling import AlphaEstimate, sample_alpha
from exactinj.sampling.samplers import uniform_on
from exactinj.work.card import Card, ShownAsCard, verdict_heading
from exactinj.work.clock import Clock

__all__ = [
    "ACCURACY",
    "BITS",
    "ComparedBias",
    "Comparison",
    "Stage",
    "compared",
    "gaps_between",
    "sampled_in_stages",
    "stage_of",
]

ACCURACY = 1e-3
FIRST_STAGE = 1000  # samples
BITS = 40  # biases that are irrational are rounded down by at most 2**-BITS of their size before they are decided


@dataclass(frozen=True)
class ComparedBias:
    """One bias alpha of ``ReLU(Wx - alpha)``: `values` exact, `decided` the rational one whose layer is decided.

    A row with the value infinity is left out of consideration by its method: it is decided with a bias that keeps
    the row inactive on the whole domain.
    """

    name: str
    values: tuple[Surd, ...]
    decided: tuple[Fraction, ...]

    def __repr__(self) -> str:
        return short_repr(self, f"{self.name}, about {few(self.values)}")


@dataclass(frozen=True)
class Stage:
    """How far an estimate was from exact alpha* after so many samples: floats, over the rows with a finite alpha*."""

    samples: int
    median_gap: float
    largest_gap: float

    def to_json(self) -> dict[str, object]:
        """The same, with None for gaps that are not known."""
        return {
            "samples": self.samples,
            "median_gap": _known(self.median_gap),
            "largest_gap": _known(self.largest_gap),
        }


@dataclass(frozen=True)
class Comparison(ShownAsCard):
    """Biases of one layer on one domain, and what is proved about each.

    Attributes
    ----------
    biases : by name ``"exact"``, ``"hull"``, ``"layer"``; methods that do not apply are missing
    results : the exact decision for the layer with each bias; empty on spheres, which are not decided
    notes : why a method is missing, in words
    estimate : a sampled estimate of alpha* if one was asked for; `results` then has ``"estimate"``, the decision for
        the layer with the estimate as its bias, which no sample refuted
    stages : how the estimate came closer while the samples doubled
    """

    layer: ReLULayer
    exact: AlphaStar
    hull: HullBias | None
    biases: dict[str, ComparedBias]
    results: dict[str, Result]
    notes: tuple[str, ...]
    estimate: AlphaEstimate | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def gaps(self) -> NDArray[np.float64]:
        """(m,) estimate less exact alpha*, in floats: never negative beyond rounding. NaN where one of them is missing.

        Infinity where no sample selected a row that has a finite alpha*.
        """
        if self.estimate is None:
            return np.full(self.layer.m, np.nan)
        return gaps_between(self.estimate, self.exact)

    def rows_within(self, accuracy: float) -> int:
        """How many rows the estimate has to within an accuracy."""
        return int(np.count_nonzero(self.gaps <= accuracy))

    def samples_needed(self, accuracy: float) -> int | None:
        """The first stage of the sampling at which every row was within an accuracy; None if none was known to be."""
        if not self.exact.complete:
            return None
        return next((stage.samples for stage in self.stages if stage.largest_gap <= accuracy), None)

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{name} {result.verdict}" for name, result in self.results.items())
        where = f"{shortened(self.exact.domain.text)}, m = {self.layer.m}, n = {self.layer.n}"
        return f"<Comparison: {', '.join(self.biases) or 'no bias'} on {where}; {verdicts or 'nothing decided'}>"

    def _card(self) -> Card:
        biases = tuple((f"{name}, about", few(bias.values, 8)) for name, bias in self.biases.items())
        decided = tuple((f"with bias {name}", verdict_heading(found.verdict)) for name, found in self.results.items())
        return Card(f"biases on {shortened(self.exact.domain.text)}", (("layer", self.layer), *biases, *decided))

    def to_json(self) -> dict[str, object]:
        """The document of ``exactinj compare --json``."""
        return {
            "domain": self.exact.domain.text,
            "layer": self.layer.summary,
            "biases": {name: [value.to_json() for value in bias.values] for name, bias in self.biases.items()},
            "largest": [list(self.largest(row)) for row in range(self.layer.m)] if self.biases else [],
            "verdicts": {name: str(result.verdict) for name, result in self.results.items()},
            "notes": list(self.notes),
            "sampled": self._sampled(),
        }

    def _sampled(self) -> dict[str, object] | None:
        """The estimate, and how close it came to exact alpha*."""
        if self.estimate is None:
            return None
        return {
            **self.estimate.to_json(),
            "gaps": [_known(float(gap)) for gap in self.gaps],
            "rows_within_0.001": self.rows_within(ACCURACY),
            "samples_needed_for_0.001": self.samples_needed(ACCURACY),
            "stages": [stage.to_json() for stage in self.stages],
        }

    def largest(self, row: int) -> tuple[str, ...]:
        """The names of the biases with the largest value in a row, compared exactly; none where none is known yet."""
        best = max((bias.values[row] for bias in self.biases.values()), default=None)
        return tuple(name for name, bias in self.biases.items() if bias.values[row] == best)

    def is_below(self, smaller: str, larger: str) -> bool:
        """Whether one bias is at most another in every row, compared exactly."""
        pairs = zip(self.biases[smaller].values, self.biases[larger].values, strict=True)
        return all(a <= c for a, c in pairs)


def compared(
    layer: ReLULayer,
    region: Region,
    clock: Clock,
    *,
    samples: int | None = None,
    seed: int = 0,
    keep: Callable[[Comparison], None] | None = None,
) -> Comparison:
    """All biases of a layer on a region of its dimension, and the decisions about them; as far as the time goes.

    Parameters
    ----------
    samples, seed : with a number of samples, an estimate is compared as well
    keep : is given after each step what is known by then
    """
    known = Comparison(layer, AlphaStar(layer, region, (None,) * layer.m, AlphaStatistics()), None, {}, {}, ())
    for step in _steps(known, region, clock, samples, seed):
        known = step
        if keep is not None:
            keep(known)
    return known


def _steps(known: Comparison, region: Region, clock: Clock, samples: int | None, seed: int) -> Iterator[Comparison]:
    """What is known after each step. The hull has half of the time at most; alpha* stops in time with what it has."""
    known = _with_hull(known, region, clock)
    yield known
    known = _with_exact(known, region, clock)
    yield known
    if isinstance(region, Domain):
        for name, bias in known.biases.items():
            known = _with_result(known, name, bias.decided, region, clock)
            yield known
    if samples is None:
        return
    estimate, stages = sampled_in_stages(known.exact, samples=samples, seed=seed, clock=clock)
    known = replace(known, estimate=estimate, stages=stages)
    yield known
    if isinstance(region, Domain) and estimate.is_complete:
        yield _with_result(known, "estimate", estimate.values, region, clock)


def _with_hull(known: Comparison, region: Region, clock: Clock) -> Comparison:
    clock.report("facets of the convex hull")
    try:
        hull = hull_bias(known.layer, region, clock.part(0.5))
    except InputError as error:
        known = replace(known, notes=(*known.notes, f"hull: {error}"))
    else:
        note = () if hull.complete else (f"hull: {hull.reason}; give a longer --timeout",)
        known = replace(known, hull=hull, notes=(*known.notes, *note))
    return replace(known, biases=_biases_of(known, region))


def _with_exact(known: Comparison, region: Region, clock: Clock) -> Comparison:
    exact = alpha_star(known.layer, region, clock=clock.part())
    note = () if exact.complete else ("exact: out of time; give a longer --timeout",)
    known = replace(known, exact=exact, notes=(*known.notes, *note))
    return replace(known, biases=_biases_of(known, region))


def _with_result(known: Comparison, name: str, alpha: Any, domain: Domain, clock: Clock) -> Comparison:
    biased = ReLULayer(known.layer.W.fractions(), alpha=alpha)
    return replace(known, results={**known.results, name: certify_automatically(biased, domain, clock.part())})


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _biases_of(known: Comparison, region: Region) -> dict[str, ComparedBias]:
    """The biases that there are; the layer's own one if it is not zero."""
    layer, exact, hull = known.layer, known.exact, known.hull
    radius: Fraction = getattr(region, "radius", Fraction(1))
    found = {}
    if exact.complete:
        values = tuple(value for value in exact.alpha if value is not None)
        found["exact"] = ComparedBias("exact", values, _rational(layer, values, radius))
    if hull is not None and hull.complete:
        values = tuple(value for value in hull.alpha if value is not None)
        found["hull"] = ComparedBias("hull", values, _rational(layer, values, radius))
    if not layer.b.is_zero():
        own = tuple(-value for (value,) in layer.b.fractions())
        found["layer"] = ComparedBias("layer", tuple(map(Surd.of_rational, own)), own)
    return found


def _rational(layer: ReLULayer, values: Sequence[Surd], radius: Fraction) -> tuple[Fraction, ...]:
    """Biases rounded down; above everything that the row reaches for infinity."""
    rows = layer.W.fractions()
    return tuple(
        value.floor(BITS) if value.is_finite else 1 + radius * sum(map(abs, row), Fraction(0))
        for value, row in zip(values, rows, strict=True)
    )


def gaps_between(estimate: AlphaEstimate, exact: AlphaStar) -> NDArray[np.float64]:
    """(m,) floats, as `Comparison.gaps`."""
    gaps = np.full(len(exact.values), np.nan)
    for j, value in enumerate(exact.alpha):
        if value is not None and value.is_finite:
            gaps[j] = estimate.values[j] - float(value)
    return gaps


def stage_of(estimate: AlphaEstimate, exact: AlphaStar) -> Stage:
    """Where an estimate stands."""
    gaps = gaps_between(estimate, exact)
    known = gaps[~np.isnan(gaps)]
    if not known.size:
        return Stage(estimate.samples, float("nan"), float("nan"))
    return Stage(estimate.samples, float(np.median(known)), float(known.max()))


def sampled_in_stages(
    exact: AlphaStar, *, samples: int, seed: int, clock: Clock
) -> tuple[AlphaEstimate, tuple[Stage, ...]]:
    """Uniform samples on the domain of an exact alpha*, in runs with the seeds ``seed, seed + 1, ...`` that are merged.

    Each run doubles the number of samples, until there are enough or time is over.
    """
    sampler = uniform_on(exact.domain)
    estimate = sample_alpha(exact.layer, sampler, samples=min(FIRST_STAGE, samples), seed=seed)
    stages = [stage_of(estimate, exact)]
    while estimate.samples < samples and not clock.is_over:
        seed += 1
        count = min(estimate.samples, samples - estimate.samples)
        run = sample_alpha(exact.layer, sampler, samples=count, seed=seed, clock=Clock(clock.left))
        estimate = estimate.merge(run)
        stages.append(stage_of(estimate, exact))
        clock.report(f"{estimate.samples:,} samples, largest gap {stages[-1].largest_gap:.3g}")
    return estimate, tuple(stages)
