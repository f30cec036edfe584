"""Monte Carlo bias estimation: cost a sample against the bare matrix product, and against a loop over samples.

For Gaussian unit rows and points that are uniform on the sphere, per backend and type of the samples: the product of a
block of points with W alone, in that type (the floor); the search on given points (product, screen, decisions); the
whole run with its random numbers, with independent samples and with samples that share subspaces; and the plain
algorithm of the thesis, sample by sample: once with a numpy product and a sort of all rows ("loop"), once as it is
written down, with a product for each row ("plain loop"). Seconds are those of a run that has seen as many samples
before as are measured.

    python benchmarks/mcbe.py
    python benchmarks/mcbe.py --sizes 784,1568 3072,6144 --samples 500000 --dtypes float32 --backend torch --device cuda

With `--screens` a second table: for each screen the bare float32 product, the coefficients of the first look (rounding
of the points and product), the share of samples that the first look and all looks keep after the run, and the whole run
of independent samples over the float32 product. On a processor float16 and TF32 are emulated: only the shares count.

    python benchmarks/mcbe.py --sizes 64,128 784,1568 784,4704 3072,6144 --samples 500000 --dtypes float32 \
        --backend torch --device cuda --screens float32 tf32 float16
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from exactinj.sampling.backend import Backend, backend_named
from exactinj.sampling.blocks import Source, Subspaces
from exactinj.sampling.frame import Frame
from exactinj.sampling.run import SUBSPACE, _block_size, _draw
from exactinj.sampling.samplers import UniformSphere
from exactinj.sampling.search import Search
from exactinj.work.clock import Clock

LOOPED = 300  # samples of the plain loop
SEARCHED = 64  # blocks of the search on given points


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
    """Seconds a sample: product, search on given points, whole run of independent samples, the same in subspaces."""
    _, n = rows.shape
    source = backend_named(backend, dtype, 0, device)
    frame = Frame(rows, None)
    size = _block_size(frame, source, None)
    search, _ = warm(frame, source, samples, size)
    blocks = [UniformSphere().draw(source, size, n) for _ in range(max(2, min(SEARCHED, samples // size)))]
    typed = source.array(rows)
    seconds = [
        timed(source, lambda: [len(source.products(block, typed)) for block in blocks]) / (len(blocks) * size),
        timed(source, lambda: [search.look_at(search.independent.given(block)) for block in blocks])
        / (len(blocks) * size),
    ]
    for dimension in (0, SUBSPACE):
        search, stream = warm(frame, source, samples, size, dimension)
        seconds.append(timed(source, lambda: draw(search, stream, samples, size)) / samples)  # noqa: B023
    return seconds


def measure_screen(
    rows: np.ndarray, source: Backend, screen: str, samples: int
) -> tuple[float, float, float, float, float]:
    """Seconds a sample of the float32 product and of the first look, shares kept by it and in all, whole run."""
    _, n = rows.shape
    frame = Frame(rows, None)
    size = min(_block_size(frame, source, None), samples)
    search = Search(frame, source, UniformSphere(), greedy=False, screen=screen)
    draw(search, search.independent, samples, size)
    given = [UniformSphere().draw(source, size, n) for _ in range(max(2, min(SEARCHED, samples // size)))]
    singles, typed = [source.single(block) for block in given], source.single(source.doubles(rows))
    looks = [search.independent.given(block).looks(1.0) for block in given]
    count = len(given) * size
    product = timed(source, lambda: [len(source.products(block, typed)) for block in singles]) / count
    first = timed(source, lambda: [look[0](None).unit for look in looks]) / count
    kept = [
        sum(len(source.candidates(found.coefficients, search._screen(found), search.most)) for found in some) / count
        for some in ([look[place](None) for look in looks] for place in (0, -1))
    ]
    whole = timed(source, lambda: draw(search, search.independent, samples, size)) / samples
    return product, first, *kept, whole


def print_screens(options: argparse.Namespace) -> None:
    """The second table."""
    print(
        "\n| n, m | backend, type, screen | product us | first look us | / product | it keeps | all keep "
        "| whole us | / product |"
    )
    print("| --- " * 9 + "|")
    for text in options.sizes:
        n, m = map(int, text.split(","))
        rows = np.random.default_rng(0).standard_normal((m, n))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        for backend in options.backend:
            for dtype in options.dtypes:
                for screen in options.screens:
                    source = backend_named(backend, dtype, 0, options.device if backend == "torch" else None)
                    product, first, one, last, whole = measure_screen(rows, source, screen, options.samples)
                    cells = [f"{product * 1e6:.4g}", f"{first * 1e6:.4g}", f"{first / product:.2f}"]
                    cells += [f"{one:.4f}", f"{last:.4f}", f"{whole * 1e6:.4g}", f"{whole / product:.2f}"]
                    print(f"| {n}, {m} | {backend}, {dtype}, {screen} | {' | '.join(cells)} |", flush=True)


def warm(frame: Frame, backend: Backend, samples: int, size: int, dimension: int = 0) -> tuple[Search, Source]:
    """A search that has seen so many samples, and where it gets them from."""
    search = Search(frame, backend, UniformSphere(), greedy=False)
    stream: Source = search.independent
    if dimension:
        stream = Subspaces(UniformSphere(), backend, search.device_rows, k=dimension, most=samples, block=size)
    draw(search, stream, samples, size)
    return search, stream


def draw(search: Search, stream: Source, samples: int, size: int) -> None:
    """So many samples more."""
    goal = search.drawn + samples
    _draw(search, stream, Clock(), samples=goal, patience=None, size=size, ahead=int(search.backend.is_device))


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
    parser.add_argument("--screens", nargs="+", choices=("float32", "float16", "tf32"), help="a second table")
    options = parser.parse_args()
    print(
        "| n, m | backend, type | product us | search us | / product "
        "| whole us | / product | loop / | plain loop / | subspaces us | / product | loop / | plain loop / |"
    )
    print("| --- " * 13 + "|")
    for text in options.sizes:
        n, m = map(int, text.split(","))
        rows = np.random.default_rng(0).standard_normal((m, n))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        loop, plain = loop_seconds(rows), plain_loop_seconds(rows)
        for backend in options.backend:
            for dtype in options.dtypes:
                device = options.device if backend == "torch" else None
                product, search, *whole = measure(rows, backend, dtype, device, options.samples)
                cells = [f"{product * 1e6:.2f}", f"{search * 1e6:.2f}", f"{search / product:.2f}"]
                for one in whole:
                    cells += [f"{one * 1e6:.2f}", f"{one / product:.2f}", f"{loop / one:.0f}", f"{plain / one:.0f}"]
                print(f"| {n}, {m} | {backend}, {dtype} | {' | '.join(cells)} |", flush=True)
    if options.screens:
        print_screens(options)


if __name__ == "__main__":
    main()
