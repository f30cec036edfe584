"""What samples that share subspaces cost in height: estimates of alpha* from as many samples of either kind.

For layers of several kinds and numbers of samples: the mean estimate over the rows, with its standard error over
seeds, and the share of unseen points at which the estimate would not change (both estimates), and seconds.

    python benchmarks/subspaces.py [--seeds 6]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from exactinj.sampling import sample_alpha
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.samplers import Sampler, UniformSphere

UNSEEN = 4000


def layers() -> Iterator[tuple[str, np.ndarray, Sampler, tuple[int, ...]]]:
    """Names, rows, where samples lie, and how many."""
    random = np.random.default_rng(1)
    few, sphere = (10_000, 100_000, 1_000_000), UniformSphere()
    for n, m in ((64, 128), (64, 384)):
        yield f"Gaussian {n}, {m}", _unit(random.standard_normal((m, n))), sphere, few
    yield "Gaussian 784, 1568", _unit(random.standard_normal((1568, 784))), sphere, (10_000, 100_000)
    data = load_digits()
    points = data.data / 16 - data.data.mean() / 16
    trained = MLPClassifier((128,), learning_rate_init=0.01, max_iter=300, random_state=0).fit(points, data.target)
    weights = trained.coefs_[0].T
    yield "digits, trained", weights / np.linalg.norm(weights, axis=1).max(), sphere, few
    yield "digits, smoothing", weights, Smoothing(points, 0.5), few[:2]
    yield "digits, kernel density", weights, KernelDensity(points), few[:2]
    centres = np.repeat(random.standard_normal((8, 64)), 16, axis=0) + 0.3 * random.standard_normal((128, 64))
    yield "clusters and negatives", _unit(np.vstack([centres, -centres])), sphere, few
    yield "I, -I, Gaussian", np.vstack([np.eye(64), -np.eye(64), random.standard_normal((64, 64)) / 8]), sphere, few
    yield "nonnegative rows", _unit(np.abs(random.standard_normal((128, 64)))), sphere, few
    yield "decaying columns", _unit(random.standard_normal((128, 64)) / np.arange(1, 65)), sphere, few


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def unchanged(rows: np.ndarray, values: np.ndarray, products: np.ndarray) -> float:
    """The share of points, given by their products, at which no selected row is below its value."""
    m, n = rows.shape
    level = np.partition(products, m - n, axis=1)[:, m - n]
    return float((~((products >= level[:, None]) & (products < values))).all(axis=1).mean())


def measure(rows: np.ndarray, sampler: Sampler, samples: int, seeds: int, subspace: int) -> tuple[Any, ...]:
    """Mean estimate, its standard error, share of unseen points without a change, seconds a run."""
    products = sampler.points(UNSEEN, rows.shape[1], 10**6) @ rows.T
    heights, shares = [], []
    start = time.perf_counter()
    runs = [sample_alpha(rows, sampler, samples=samples, seed=seed, subspace=subspace) for seed in range(seeds)]
    seconds = (time.perf_counter() - start) / seeds
    for run in runs:
        heights.append(run.values[np.isfinite(run.values)].mean())
        shares.append(unchanged(rows, run.values, products))
    return np.mean(heights), np.std(heights, ddof=1) / seeds**0.5, np.mean(shares), seconds


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    print("| layer | samples | independent | unchanged | s | subspaces of dimension 16 | unchanged | s |")
    print("| --- " * 8 + "|")
    for name, rows, sampler, counts in layers():
        for samples in counts:
            cells = []
            for subspace in (0, 16):
                height, error, share, seconds = measure(rows, sampler, samples, options.seeds, subspace)
                cells += [f"{height:.5f} +- {error:.5f}", f"{share:.4f}", f"{seconds:.2f}"]
            print(f"| {name} | {samples:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
