"""Convolutions for every input size: how often the box condition misses, and how long answers take.

    taskset -c 1 python benchmarks/convolution.py [--banks 10] [--box-limit 10] [--inputs 10] [--timeout 10]
    taskset -c 1 python benchmarks/convolution.py --only times

Table 1, Gaussian banks without bias on R^n. Each is asked about once with boxes up to `--box-limit` inputs. Where that
says nothing, the unrolled layers of all sizes from the extent of the kernel to `--inputs` inputs are decided in turn:

* found: a box proves injectivity for every size (in brackets: with a stride, only for some of its residues);
* refuted: periodic, local or geometric inputs prove non-injectivity for every size (in brackets likewise);
* never, sometimes: no proof for every size; not injective at each of the sizes tried, at some of them;
* missed: no proof, but injective at each of the sizes tried; the box condition, up to the limit, misses such a bank;
* open: no proof, and no time to decide all of these sizes.

Table 2: seconds for banks of usual shapes, one process, kernels loaded before. A letter for each seed: I injective,
N not injective, u unknown, t out of time, with the boxes or the rules of the proofs.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from itertools import product
from math import prod

import numpy as np
from timing import Stopwatch

import exactinj as xi

BANKS = {(2,): (3, 4, 5, 6, 8), (3,): (4, 6, 8, 10), (4,): (6, 8, 10, 12), (2, 2): (8, 12, 16, 20)}
WORDS = ("found", "refuted", "never", "sometimes", "missed", "open")
TARGETS = [
    ("width 3, 8 kernels", (8, 1, 3)),
    ("2x2, 16 kernels", (16, 1, 2, 2)),
    ("3x3, 64 kernels", (64, 1, 3, 3)),
]
LETTERS = {"injective": "I", "not_injective": "N", "unknown": "u", "timed_out": "t"}


def bank(shape: tuple[int, ...], padding: str, stride: int, seed: int) -> xi.ConvLayer:
    """A seeded Gaussian bank; "same" adds as many zeros as keep the size for stride 1."""
    kernels = np.random.default_rng([*shape, seed]).standard_normal(shape)
    pads = [((k - 1) // 2, k - 1 - (k - 1) // 2) if padding == "same" else (0, 0) for k in shape[2:]]
    return xi.ConvLayer(kernels, stride=stride, padding=pads)


def verdict(layer: xi.ConvLayer, options: argparse.Namespace) -> str:
    """One of the words, with a star if it holds for some residues only."""
    result = xi.certify(layer, box_limit=options.box_limit, timeout=options.timeout)
    if isinstance(result.sizes, xi.Sizes):
        word = "found" if result.verdict == "injective" else "refuted"
        return word if result.sizes.is_all else f"{word}*"
    axes = [range(extent, max(extent, options.inputs) + 1) for extent in layer.extent]
    sizes = [size for size in product(*axes) if prod(size) <= options.inputs]
    answers = Counter(LETTERS[xi.certify(layer.unrolled(size), timeout=options.timeout).verdict] for size in sizes)
    if answers["t"] or not sizes:
        return "open"
    return "missed" if not answers["N"] else "sometimes" if answers["I"] else "never"


def counts_table(options: argparse.Namespace) -> None:
    """Table 1."""
    print(f"| kernel | padding | stride | kernels | {' | '.join(WORDS)} |\n{'| --- ' * (4 + len(WORDS))}|")
    total: Counter[str] = Counter()
    for (size, counts), padding, stride in product(BANKS.items(), ("none", "same"), (1, 2)):
        for count in counts:
            shape = (count, 1, *size)
            seen = Counter(verdict(bank(shape, padding, stride, seed), options) for seed in range(options.banks))
            total.update(seen)
            cells = ["x".join(map(str, size)), padding, str(stride), str(count), *_cells(seen)]
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"| all | | | | {' | '.join(_cells(total))} |", flush=True)


def _cells(seen: Counter[str]) -> list[str]:
    return [f"{seen[word]}" + (f" ({seen[f'{word}*']})" if seen[f"{word}*"] else "") for word in WORDS]


def times_table(options: argparse.Namespace) -> None:
    """Table 2."""
    print("| bank | verdicts | box or rule | seconds | median |\n| --- | --- | --- | --- | --- |")
    xi.certify(bank((6, 1, 2), "none", 1, 0))  # loads the compiled kernels
    for name, shape in TARGETS:
        letters, proofs, seconds = "", [], []
        for seed in range(3):
            with Stopwatch() as watch:
                result = xi.certify(bank(shape, "none", 1, seed), timeout=options.longest)
            letters += LETTERS[result.verdict]
            box = result.certificate.proof.box if result.verdict == "injective" else None
            proofs.append("x".join(map(str, box)) if box else result.engine)
            seconds.append(watch.elapsed.on(options.clock))
        cells = [name, letters, ", ".join(proofs), ", ".join(f"{value:.2f}" for value in seconds)]
        print(f"| {' | '.join(cells)} | {statistics.median(seconds):.2f} |", flush=True)


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--banks", type=int, default=10, help="a row of table 1")
    parser.add_argument("--box-limit", type=int, default=10)
    parser.add_argument("--inputs", type=int, default=10, help="of the largest unrolled layers")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one question of table 1")
    parser.add_argument("--longest", type=float, default=300.0, help="seconds for one question of table 2")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="cpu")
    parser.add_argument("--only", choices=("counts", "times"))
    options = parser.parse_args()
    if options.only != "counts":
        times_table(options)
        print()
    if options.only != "times":
        counts_table(options)


if __name__ == "__main__":
    main()
