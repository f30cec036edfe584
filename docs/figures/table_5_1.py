"""Table 5.1 of [Eck24]: mean times of MCBE, and of DDMCBE with randomised smoothing and with kernel density.

    python docs/figures/table_5_1.py [--out FOLDER] [--quick]

1000 points, three-dimensional data (Iris as in figure 5.1), means of 100 repetitions after one that is not counted. The
thesis does not say how many rows it took; here m = 6, 9 and 30. The samplers are made anew in every repetition, as a
kernel density estimate has to look at its data first. Methods take turns, so that other programs disturb all alike.
Seconds depend on the machine: compare the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import arguments
from fig_5_1 import iris_points

from exactinj import sample_alpha
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.samplers import Sampler, UniformBall

THESIS = {"MCBE": 0.060, "smoothing": 0.063, "kernel density": 0.111}
ROWS = (6, 9, 30)
SAMPLES = 1000
SIGMA = 0.5


def main() -> None:
    """Measure, print, write."""
    options = arguments(__doc__)
    repetitions = 3 if options.quick else 100
    lines = ["| mean of seconds (over that of MCBE) | " + " | ".join(THESIS) + " |", "| --- " * 4 + "|"]
    lines.append(table_line("thesis", list(THESIS.values())))
    lines += [table_line(f"here, n = 3, m = {m}", mean_times(m, repetitions)) for m in ROWS]
    text = "\n".join(lines)
    print(f"{text}\n{SAMPLES} points, {repetitions} repetitions; times and the biases behind them are estimates")
    path: Path = options.out / "table_5_1.md"
    path.write_text(f"{text}\n", encoding="utf-8")
    print(path)


def table_line(name: str, seconds: list[float]) -> str:
    """One row of the table: seconds, and ratios to the first of them."""
    return f"| {name} | " + " | ".join(f"{value:.2g} ({value / seconds[0]:.2f})" for value in seconds) + " |"


def mean_times(m: int, repetitions: int) -> list[float]:
    """Mean seconds of the three methods for m standard normal rows."""
    data = iris_points()
    radius = float(np.linalg.norm(data, axis=1).max())
    makers: list[Callable[[], Sampler]] = [
        lambda: UniformBall(radius),
        lambda: Smoothing(data, SIGMA),
        lambda: KernelDensity(data),
    ]
    rows = np.random.default_rng(m).standard_normal((m, 3))
    times = [[elapsed(rows, make, seed) for make in makers] for seed in range(repetitions + 1)]
    means: list[float] = np.mean(times[1:], axis=0).tolist()
    return means


def elapsed(rows: np.ndarray, make: Callable[[], Sampler], seed: int) -> float:
    """Seconds of one estimate."""
    start = time.perf_counter()
    sample_alpha(rows, sampler=make(), samples=SAMPLES, seed=seed)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
