"""The state of Monte Carlo Bias Estimation, and how a block of samples lowers it.

Each look at a block (`screens`, then float32) drops the samples that certainly change nothing. On the processor the
others are decided row by row by `kernels.samples.decide`; on an accelerator it is asked for the pairs of a sample and a
row that may count (`device`), and only those come back. A value is always one product of a processor in float64, so
that it does not depend on the way. Where floats do not order two rows, `selection` does, in rationals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.sampling.backend import Array, Backend, Screen
from exactinj.sampling.blocks import Independent, Rows, SampleBlock, near_unit
from exactinj.sampling.frame import Frame
from exactinj.sampling.greedy import greedy_selection
from exactinj.sampling.samplers import Sampler
from exactinj.sampling.screens import Look, screens_named
from exactinj.sampling.selection import is_selected

__all__ = ["Search"]

Floats = NDArray[np.float64]

LARGEST_EXPONENT = 1020  # of products
TRIED_AGAIN = 4  # blocks after which looks that dropped too little are tried again
TINIEST = 2.0**-100  # more than what float32 loses by underflow in a product of vectors no longer than 2^12


class Search:
    """The state of one run: values and points in float64.

    Scaled rows and values are those of the layer over ``2^exponent``, so that no row is longer than 1.
    """

    def __init__(
        self, frame: Frame, backend: Backend, sampler: Sampler, *, greedy: bool, screen: str = "float32"
    ) -> None:
        self.frame = frame
        self.backend = backend
        self.most = min(frame.n, frame.m)
        self.greedy = greedy
        self.exponent = int(np.frexp(np.abs(frame.rows).max() or 1.0)[1]) + frame.n.bit_length()
        self.rows: Floats = np.ldexp(frame.rows, -self.exponent)
        self.values: Floats = np.full(frame.m, np.inf)
        self.scaled_values: Floats = self.values.copy()
        self.points: Floats = np.full(frame.rows.shape, np.nan)
        self.device_rows = Rows(self.rows, backend)
        if frame.layer is not None:  # subnormal floats are off by up to 2^-1075, which these lengths account for
            self.device_rows.lengths += np.ldexp(np.sqrt(frame.n), 52 - 1074 - self.exponent)
        screens = screens_named(screen, self.rows, self.device_rows.lengths, backend)
        self.independent = Independent(sampler, backend, self.device_rows, screens)
        self.drawn = 0
        self._begun = self._skipped = 0  # blocks, and looks that are left out as they drop too little

    def look_at(self, block: SampleBlock) -> bool:
        """Take a block of samples; returns whether the estimate fell."""
        return self.begin(block)()

    def begin(self, block: SampleBlock) -> Callable[[], bool]:
        """Start to take a block of samples: an accelerator gets its work, and nobody waits for it.

        What is returned ends it, and says whether the estimate fell.
        """
        self.drawn += block.count
        if not block.count:
            return lambda: False
        if self.greedy:
            return lambda: self._look_greedily(block.points())
        if not np.isfinite(block.reach) or self.exponent + np.frexp(block.reach)[1] > LARGEST_EXPONENT:
            raise InputError("found products of samples and rows beyond float64; scale the layer or the domain")
        looks = self._useful(block.looks(near_unit(block.reach)))
        first = looks[0](None)
        marks = self.backend.marks(first.coefficients, self._screen(first), self.most)
        return lambda: self._end(block, looks[1:], first, marks)

    def _useful(self, looks: list[Callable[[Array | None], Look]]) -> list[Callable[[Array | None], Look]]:
        """Without the first ones where those did not drop half of an earlier block; they are tried again later."""
        self._begun += 1
        if self._begun % TRIED_AGAIN == 0:
            self._skipped = 0
        return looks[min(self._skipped, len(looks) - 1) :]

    def _end(self, block: SampleBlock, looks: list[Callable[[Array | None], Look]], first: Look, marks: Array) -> bool:
        """Look more closely at what is marked, and decide what is left."""
        chosen = self.backend.numbers(marks)
        self._skipped += 2 * len(chosen) > block.count
        look = Look(first.coefficients[chosen], first.error, first.unit)
        following = iter(looks)
        while len(chosen):
            kept = self.backend.candidates(look.coefficients, self._screen(look), self.most)
            chosen = chosen[kept]
            closer = next(following, None)
            if closer is None:
                return bool(len(chosen)) and self._decide(block, chosen, look, kept)
            look = closer(chosen)
        return False

    def _screen(self, look: Look) -> Screen:
        slack, estimate = _slack(look), self.scaled_values / look.unit
        highest = float(estimate.max() + slack.max())
        return Screen(_rounded_up(slack), _rounded_up(estimate), float(_rounded_up(np.array([highest]))[0]))

    def _decide(self, block: SampleBlock, chosen: Array, look: Look, kept: Array) -> bool:
        places = np.full(self.frame.m, -1)
        if self.backend.is_device:
            points, unclear = self._decide_there(block, chosen, places)
        else:
            points = block.points(chosen)
            coefficients = self.backend.numpy_single(look.coefficients[kept])
            unclear = self._decide_here(points, coefficients, look, places)
        if unclear.any():
            self._decide_exactly(points, unclear, places)
        fell = places >= 0
        self.points[fell] = points[places[fell]]
        self.scaled_values[fell] = np.ldexp(self.values[fell], -self.exponent)
        return bool(fell.any())

    def _decide_here(
        self, points: Floats, coefficients: NDArray[np.float32], look: Look, places: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """What float64 and the processor leave open, (S, m)."""
        from exactinj.kernels.samples import decide

        unclear = np.zeros(coefficients.shape, dtype=np.bool_)
        decide(
            coefficients,
            _slack(look),
            points,
            points / look.unit,
            self.frame.rows,
            self.rows,
            self.device_rows.lengths,
            self.most,
            self.values,
            self.scaled_values / look.unit,
            -self.exponent - int(np.log2(look.unit)),
            places,
            unclear,
        )
        return unclear

    def _decide_there(
        self, block: SampleBlock, chosen: Array, places: NDArray[np.int64]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """The points that the accelerator sends back, (S, n), and what float64 leaves open at them, (S, m)."""
        from exactinj.kernels.samples import settle
        from exactinj.sampling.device import possible_pairs

        unit = near_unit(block.reach)
        there = block.points_there(chosen, unit)
        pairs = possible_pairs(self.backend, self.device_rows, there, self.scaled_values / unit, self.most)
        needed, samples = np.unique(pairs.samples, return_inverse=True)
        points = block.points(chosen[needed]) if len(needed) else np.empty((0, self.frame.n))
        settle(samples, pairs.rows, pairs.is_clear, points, self.frame.rows, self.values, places)
        unclear = np.zeros((len(points), self.frame.m), dtype=np.bool_)
        left = ~pairs.is_clear
        unclear[samples[left], pairs.rows[left]] = True
        return points, unclear

    def _decide_exactly(self, points: Floats, unclear: NDArray[np.bool_], places: NDArray[np.int64]) -> None:
        """For each row the least value at points that are unclear, as far as it is selected there.

        Of equal values the first counts, whether it was clear or not, so that the point does not depend on the way.
        """
        from exactinj.kernels.samples import products

        lengths = self.device_rows.lengths
        for j in np.flatnonzero(unclear.any(axis=0)).tolist():
            candidates = np.flatnonzero(unclear[:, j])
            found = np.empty(len(candidates))
            products(points, candidates, self.frame.rows[j], found)
            for place in np.argsort(found, kind="stable"):
                value, k = float(found[place]), int(candidates[place])
                if value > self.values[j] or (value == self.values[j] and not k < places[j]):
                    break
                if is_selected(self.frame, self.rows, lengths, j, points[k]):
                    self.values[j], places[j] = value, k
                    break

    def _look_greedily(self, points: Floats) -> bool:
        """The variant for rows that are not full spark: independent rows by decreasing coefficient, in float64."""
        products: Any = points @ self.rows.T
        counted = np.where(greedy_selection(self.rows, products), products, np.inf)
        places = counted.argmin(axis=0)
        least = counted[places, np.arange(len(self.values))]
        least = np.ldexp(least, self.exponent)
        fell = least < self.values
        self.values[fell], self.points[fell] = least[fell], points[places[fell]]
        return bool(fell.any())


def _slack(look: Look) -> Floats:
    return np.asarray(1.01 * look.error / look.unit + TINIEST)


def _rounded_up(values: Floats) -> NDArray[np.float32]:
    """The least float32 numbers that are not smaller, or the ones after them."""
    with np.errstate(over="ignore"):
        return np.nextafter(values.astype(np.float32), np.float32(np.inf))
