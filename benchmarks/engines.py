"""All engines side by side over n and m: where the automatic choice should switch.

    python benchmarks/engines.py [--seeds 3] [--limit 30]

Gaussian layers without bias, first in the range where most are injective (m = 7 n), then where most are not
(m = 4 n), then collisions of real size. Every engine is asked about the same layers in the same run, after a
warm-up; a time is the median over the seeds, in seconds of one process. A dash means that the engine
was not asked, as it had run past the limit on a smaller layer. Letters: I injective, N not injective, u unknown,
t out of time. Disagreement of two proved answers would be a bug and is reported.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import numpy as np

import exactinj as xi
from exactinj.api import ENGINES

INJECTIVE = [(3, 21), (4, 28), (5, 35), (6, 42), (7, 49), (8, 56), (9, 63), (10, 70)]
COLLIDING = [(3, 9), (4, 16), (6, 24), (8, 32), (10, 40), (12, 48), (16, 64), (20, 80), (40, 160), (80, 320)]
LETTERS = {"injective": "I", "not_injective": "N", "unknown": "u", "timed_out": "t"}


def gaussian(n: int, m: int, seed: int) -> xi.ReLULayer:
    """A seeded layer without bias."""
    return xi.ReLULayer(np.random.default_rng([n, m, seed]).standard_normal((m, n)))


def ask(engine: str, layer: xi.ReLULayer, limit: float) -> tuple[float, str]:
    """Seconds and the letter of the verdict."""
    started = time.perf_counter()
    result = xi.certify(layer, engine=engine, timeout=limit)
    return time.perf_counter() - started, LETTERS[result.verdict]


def compare(title: str, sizes: list[tuple[int, int]], seeds: int, limit: float, engines: list[str]) -> None:
    """One table; engines that get slow are not asked about larger layers."""
    print(f"\n{title}\n{'n, m':>10}" + "".join(f"{engine:>20}" for engine in engines))
    tired: set[str] = set()
    for n, m in sizes:
        layers = [gaussian(n, m, seed) for seed in range(seeds)]
        row, proved = f"{n:>4}, {m:>4}", [set() for _ in layers]
        for engine in engines:
            if engine in tired:
                row += f"{'-':>20}"
                continue
            answers = [ask(engine, layer, limit) for layer in layers]
            middle = statistics.median(seconds for seconds, _ in answers)
            row += f"{middle:>13.4f} {''.join(letter for _, letter in answers):<6}"
            if middle > limit / 2:
                tired.add(engine)
            for letters, (_, letter) in zip(proved, answers, strict=True):
                letters.update(letter if letter in "IN" else "")
        print(row, flush=True)
        if any(len(letters) > 1 for letters in proved):
            sys.exit(f"DISAGREEMENT at n = {n}, m = {m}")


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for one question")
    options = parser.parse_args()
    for engine in ENGINES:
        ask(engine, gaussian(6, 42, 0), 60.0)  # long enough to be compiled
    compare("m = 7 n, mostly injective", INJECTIVE, options.seeds, options.limit, list(ENGINES))
    compare("m = 4 n, mostly not injective", COLLIDING, options.seeds, options.limit, list(ENGINES))


if __name__ == "__main__":
    main()
