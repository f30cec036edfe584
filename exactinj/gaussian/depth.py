"""Random networks: all layers injective one by one, on what they get, or the network as one map.

Three questions about a chain of Gaussian layers, each implied by the one before: is every layer injective on all of its
space; is the first one on R^n and every later one on the orthant, where the outputs of a ReLU layer lie; is the whole
map injective. The first has the product of the layers' probabilities, as layers are independent; the last one is
decided by cells and pairs of cells (`exactinj.networks`) for small networks only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import isfinite, prod

import numpy as np

from exactinj.api import certify
from exactinj.errors import InputError
from exactinj.gaussian.counts import DECIDED, Counts
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.sweep.summary import TAIL
from exactinj.work.pools import spread
from exactinj.work.verdict import Verdict

__all__ = ["DepthCounts", "estimate_depth", "product_interval"]

ORTHANT = "nonneg"


@dataclass(frozen=True)
class DepthCounts:
    """Exact verdicts about random networks with these widths.

    Attributes
    ----------
    layers : for each layer, how many are injective on all of R^k
    layerwise : networks all of whose layers are
    on_orthant : networks whose first layer is injective on R^n and all others on the orthant
    whole : networks that are injective as one map
    """

    widths: tuple[int, ...]
    layers: tuple[Counts, ...]
    layerwise: Counts
    on_orthant: Counts
    whole: Counts

    def to_json(self) -> dict[str, object]:
        """A JSON object; the probability that all layers are injective also as a product."""
        share = prod(counts.share for counts in self.layers)
        return {
            "widths": list(self.widths),
            "layers": [counts.to_json() for counts in self.layers],
            "product": {"estimate": share if isfinite(share) else None, "interval": self.product},
            "layerwise": self.layerwise.to_json(),
            "on_orthant": self.on_orthant.to_json(),
            "whole": self.whole.to_json(),
        }

    @property
    def product(self) -> tuple[float, float]:
        """A 95 % interval for the probability that all layers are injective, from that of each."""
        return product_interval(self.layers)


def product_interval(layers: Sequence[Counts]) -> tuple[float, float]:
    """A 95 % interval for the product of the probabilities of independent layers: each may fail with its share.

    >>> [round(end, 2) for end in product_interval([Counts(2, 8, 620, 380), Counts(8, 60, 999, 1)])]
    [0.58, 0.65]
    """
    ends = [counts.interval(tail=TAIL / len(layers)) for counts in layers]
    return prod(low for low, _ in ends), prod(high for _, high in ends)


def estimate_depth(
    widths: Sequence[int],
    *,
    trials: int = 100,
    seed: int = 0,
    timeout: float | None = 60.0,
    jobs: int | None = 1,
) -> DepthCounts:
    """Draw networks of Gaussian layers without bias, decide all three questions for each, and count.

    Parameters
    ----------
    widths : sequence of int
        Inputs, then the rows of each layer: ``[2, 8, 24]`` has two layers.
    timeout : float, optional
        Seconds for each decision; what takes longer counts as unknown.
    jobs : int, optional
        Processes on this machine; None takes the backend of ``joblib.parallel_config``.

    Raises
    ------
    InputError
        For fewer than two widths, and widths below 1.

    Examples
    --------
    >>> found = estimate_depth([1, 3, 6], trials=20)
    >>> found.layerwise.injective <= found.on_orthant.injective <= found.whole.injective
    True
    """
    if len(widths) <= 1 or min(widths) < 1 or trials < 1:
        raise InputError(f"found the widths {list(widths)} and {trials} trials, expected at least two and one of them")
    decide = partial(_verdicts, tuple(widths), seed, timeout)
    found = [decide(k) for k in range(trials)] if jobs == 1 else list(spread(decide, range(trials), jobs))
    n, m = widths[0], widths[-1]
    shapes = [*((k, rows) for k, rows in pairwise(widths)), (n, m), (n, m), (n, m)]
    counts = [_counted(*shape, verdicts) for shape, verdicts in zip(shapes, zip(*found, strict=True), strict=True)]
    return DepthCounts(tuple(widths), tuple(counts[:-3]), *counts[-3:])


def _counted(n: int, m: int, verdicts: Sequence[Verdict]) -> Counts:
    numbers = Counter(verdict if verdict in DECIDED else Verdict.UNKNOWN for verdict in verdicts)
    return Counts(n, m, *(numbers[verdict] for verdict in (*DECIDED, Verdict.UNKNOWN)))


def _verdicts(widths: tuple[int, ...], seed: int, timeout: float | None, number: int) -> list[Verdict]:
    """For each layer, all layers, all on the orthant, the whole; later ones only where the earlier do not tell."""
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*widths, number)))
    weights = [random.standard_normal((rows, n)) for n, rows in pairwise(widths)]
    alone = [certify(layer, timeout=timeout).verdict for layer in weights]
    layerwise = _all_of(alone)
    on_orthant = layerwise
    if layerwise is not Verdict.INJECTIVE:
        later = (certify(layer, domain=ORTHANT, timeout=timeout).verdict for layer in weights[1:])
        on_orthant = _all_of([alone[0], *later])
    return [*alone, layerwise, on_orthant, _whole(weights, alone[0], on_orthant, timeout)]


def _whole(weights: list[np.ndarray], first: Verdict, on_orthant: Verdict, timeout: float | None) -> Verdict:
    """A first layer with a collision makes one of the network; injective layers make it injective."""
    if first is Verdict.NOT_INJECTIVE or on_orthant is Verdict.INJECTIVE:
        return first if first is Verdict.NOT_INJECTIVE else on_orthant
    return certify(DenseNetwork([ReLULayer(layer) for layer in weights]), timeout=timeout).verdict


def _all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Injective if all are, not injective if one is not, otherwise unknown."""
    if Verdict.NOT_INJECTIVE in verdicts:
        return Verdict.NOT_INJECTIVE
    return Verdict.INJECTIVE if set(verdicts) == {Verdict.INJECTIVE} else Verdict.UNKNOWN
