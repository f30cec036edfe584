"""How often the finder reaches fewer than n active rows on Gaussian layers, and in which time.

    python benchmarks/finder.py [--sizes 50,6.0 100,6.2 ...] [--layers 10] [--starts 40]

Rows ``numpy.random.default_rng(seed).standard_normal((m, n))``, no bias, seeds from 0. Columns: layers with such a
point, fewest active rows on average, processor seconds per layer for the descents (floats), and for the whole proof of
the last collision. A point counts here without its exact proof, which is asked for once per size.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.injectivity import finder
from exactinj.work.clock import Clock

SIZES = ("50,5.0", "50,5.5", "50,6.0", "100,5.5", "100,6.0", "100,6.2", "200,5.5", "200,6.0", "200,6.2")
HEAD = """\
|  n | m / n |  m | found | fewest, mean | descents | proof |
| -: | ----: | -: | ----: | -----------: | -------: | ----: |"""


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Success of the finder.")
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--starts", type=int, default=40)
    options = parser.parse_args()
    print(HEAD)
    for size in options.sizes:
        n, ratio = (float(part) for part in size.split(","))
        print(line(int(n), ratio, options), flush=True)
    return 0


def line(n: int, ratio: float, options: argparse.Namespace) -> str:
    """One line of the table."""
    m, seconds, fewest, proof = round(ratio * n), 0.0, [], "-"
    for seed in range(options.layers):
        layer = xi.ReLULayer(np.random.default_rng(seed).standard_normal((m, n)))
        problem = HomogeneousProblem(layer, xi.RealSpace())
        start = time.process_time()
        fewest.append(fewest_active(problem, options.starts))
        seconds += time.process_time() - start
    if fewest[-1] < n:
        start = time.process_time()
        xi.certify(layer, engine="finder")
        proof = f"{time.process_time() - start:.2f}"
    found = f"{sum(value < n for value in fewest)} of {options.layers}"
    return f"| {n} | {ratio:g} | {m:,} | {found} | {np.mean(fewest):.1f} | {seconds / options.layers:.2f} | {proof} |"


def fewest_active(problem: HomogeneousProblem, starts: int) -> int:
    """The fewest active rows that so many descents see, stopping at the first batch below n."""
    search, begun, fewest = finder._Search(problem, 0), 0, problem.m
    while begun < starts and fewest >= problem.dimension:
        count = min(finder.WIDEST if begun else finder.FIRST, starts - begun)
        begun += count
        fewest = min([fewest, *(found.active for found, _ in search.descents(count, Clock()))])
    return fewest


if __name__ == "__main__":
    raise SystemExit(main())
