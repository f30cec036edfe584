"""Monte Carlo bias estimation: cost a sample against the bare matrix product, and against a loop over samples.

For Gaussian unit rows and points that are uniform on the sphere, per backend and type: the product of a block of
points with W alone (the floor), the search on given points (product, scan, selection), the whole run with its random
numbers, and the plain algorithm of the thesis, sample by sample: once with a numpy product and a sort of all rows
("loop"), once as it is written down, with a product for each row ("plain loop").

    python benchmarks/mcbe.py
    python benchmarks/mcbe.py --backend torch --device cuda --sizes 784,1568 3072,6144 --samples 500000 --dtypes float32
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from exactinj.engines.clock import Clock
from exactinj.sampling.backend import backend_named
from exactinj.sampling.frame import Frame
from exactinj.sampling.run import _block_size, _draw, _Search
from exactinj.sampling.samplers import UniformSphere

LOOPED = 300  # samples of the plain loop
REPEATS = 3


def loop_seconds(rows: np.ndarray) -> float:
    """Seconds a sample of the plain algorithm."""
    m, n = rows.shape
    points = UniformSphere().points(LOOPED, n, 5)
    alpha = np.full(m, np.inf)
    start = time.perf_counter()
    for x in points:
        z = rows @ x
        for j in np.argsort(-z)[:n]:
            alpha[j] = min(alpha[j], z[j])
    return (time.perf_counter() - start) / LOOPED


def plain_loop_seconds(rows: np.ndarray) -> float:
    """Seconds a sample of the algorithm as it is written down, with one product for each row."""
    m, n = rows.shape
    points = UniformSphere().points(LOOPED // 10, n, 5)
    alpha = [float("inf")] * m
    start = time.perf_counter()
    for x in points:
        z = [float(np.dot(w, x)) for w in rows]
        for j in sorted(range(m), key=lambda i: -z[i])[:n]:
            alpha[j] = min(alpha[j], z[j])
    return (time.perf_counter() - start) / len(points)


def measure(rows: np.ndarray, backend: str, dtype: str, device: str | None, samples: int) -> list[float]:
    """Seconds a sample: product, search on given points, whole run; medians of a few repetitions after a warm-up."""
    _, n = rows.shape
    source = backend_named(backend, dtype, 0, device)
    size = _block_size(Frame(rows, None), source, None)
    search = _Search(Frame(rows, None), source, UniformSphere(), greedy=False)
    _draw(search, UniformSphere(), Clock(), samples=max(4 * size, samples // 4), patience=None, size=size)
    count = max(2, min(64, samples // size))
    blocks = [UniformSphere().draw(source, size, n) for _ in range(count)]
    seconds: list[list[float]] = [[], [], []]
    for _ in range(REPEATS):
        seconds[0].append(
            timed(source, lambda: sum(len(source.products(block, search.device_rows)) for block in blocks))
        )
        seconds[1].append(timed(source, lambda: sum(search.look_at(block) for block in blocks)))
        seconds[2].append(
            timed(source, lambda: [search.look_at(UniformSphere().draw(source, size, n)) for _ in blocks])
        )
    return [float(np.median(part)) / (count * size) for part in seconds]


def timed(source: Any, work: Any) -> float:
    """Seconds of a piece of work, until the device is done."""
    synchronise(source)
    start = time.perf_counter()
    work()
    synchronise(source)
    return time.perf_counter() - start


def synchronise(source: Any) -> None:
    """Wait for an accelerator."""
    if source.is_device:
        import torch

        torch.cuda.synchronize()


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["64,128", "64,384", "784,1568", "784,4704"], help="n,m")
    parser.add_argument("--backend", nargs="+", default=["numpy", "torch"])
    parser.add_argument("--dtypes", nargs="+", default=["float64", "float32"])
    parser.add_argument("--device", help="of torch")
    parser.add_argument("--samples", type=int, default=40_000)
    options = parser.parse_args()
    print(
        "| n, m | backend, type | product us | search us | / product | whole us | / product | loop / | plain loop / |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for text in options.sizes:
        n, m = map(int, text.split(","))
        rows = np.random.default_rng(0).standard_normal((m, n))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        loop, plain = loop_seconds(rows), plain_loop_seconds(rows)
        for backend in options.backend:
            for dtype in options.dtypes:
                device = options.device if backend == "torch" else None
                product, search, whole = measure(rows, backend, dtype, device, options.samples)
                cells = [f"{product * 1e6:.2f}", f"{search * 1e6:.2f}", f"{search / product:.2f}"]
                cells += [f"{whole * 1e6:.2f}", f"{whole / product:.2f}", f"{loop / whole:.0f}", f"{plain / whole:.0f}"]
                print(f"| {n}, {m} | {backend}, {dtype} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
