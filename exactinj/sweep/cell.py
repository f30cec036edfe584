"""One cell of a sweep: draw the layer, estimate its Hamming proportion, decide it exactly if asked."""

from __future__ import annotations

from functools import cache

import numpy as np

from exactinj.api import certify
from exactinj.files.domain_words import parse_domain
from exactinj.layers.dense import ReLULayer
from exactinj.sampling import sample_alpha
from exactinj.sampling.samplers import uniform_on
from exactinj.sweep.plan import Bias, Task
from exactinj.sweep.results import CellResult

__all__ = ["draw_layer", "run_task"]


def draw_layer(task: Task) -> tuple[ReLULayer, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The layer, and its biases alpha as floats; the layer holds the same numbers exactly."""
    weights, bias, _ = task.seeds()
    rows = np.random.default_rng(weights).standard_normal((task.m, task.n))
    alpha = Bias.parse(task.bias).draw(task.m, np.random.default_rng(bias))
    return ReLULayer(rows, alpha=alpha), alpha


def run_task(task: Task) -> CellResult:
    """Compute one result; the same task gives the same result, apart from exact decisions at their deadline.

    The Hamming proportion is the share of rows with ``alpha_i <= alpha*(X)_i`` ([Eck24] definition 6.1.2), where
    ``alpha*(X)`` is the estimate of `exactinj.sampling.sample_alpha`, infinite for rows that no sample selected.
    """
    layer, alpha = draw_layer(task)
    domain = parse_domain(task.domain)
    seed = int(task.seeds()[2].generate_state(1, np.uint64)[0])
    estimate = sample_alpha(layer, uniform_on(domain), samples=task.samples, seed=seed)
    verdict = None
    if task.exact:
        _load_engines()
        verdict = str(certify(layer, domain=domain, timeout=task.timeout).verdict)
    rows = int(np.count_nonzero(alpha <= estimate.values))
    return CellResult(task, layer.digest, rows, int(np.count_nonzero(np.isinf(estimate.values))), verdict)


@cache
def _load_engines() -> None:
    """Load compiled code once in each process, or compile it, before the first deadline runs."""
    certify(ReLULayer(np.random.default_rng(0).standard_normal((12, 3))))
