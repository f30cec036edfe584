"""Wedges per second and peak memory of the exact enumeration, beside a plain one with float programs.

    python benchmarks/wedges.py [--sizes 4,20 5,20 6,40] [--peer-sizes 3,12 4,14] [--json FILE]

Gaussian layers without bias. Each line is a process of its own:

* ``count``: `count_wedges`, the compiled enumeration with exact ranks;
* ``stream``: `wedges`, one Python object per wedge, read and dropped;
* ``highs``: the same incremental scheme by hand (M. Rada, M. Cerny 2018), one HiGHS program in floats
  for every sign, no proof. It is asked at its own, smaller sizes; rates compare, as they fall slowly.

The compiled kernel is loaded before the clock starts. Seconds are processor seconds, on one core. Memory
is the peak resident set of the process, the interpreter and the libraries included. The number of wedges
is checked against Winder's formula; exit status 1 if one is wrong. Sage's arrangements, exact as well,
made about 230 wedges per second at (4, 20) on a machine like the one that these numbers were first
taken on.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from math import comb
from pathlib import Path

import numpy as np

Size = tuple[int, int]
SAGE = 230


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=_size, nargs="+", default=[(4, 20), (5, 20), (6, 40)], metavar="N,M")
    parser.add_argument("--peer-sizes", type=_size, nargs="*", default=[(3, 12), (4, 14)], metavar="N,M")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", nargs=3, metavar=("WAY", "N", "M"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(_measure(options.one[0], int(options.one[1]), int(options.one[2]))))
        return 0
    asked = [(way, size) for size in options.sizes for way in ("count", "stream")]
    asked += [("highs", size) for size in options.peer_sizes]
    print(f"{'way':8}{'n, m':>8}{'wedges':>12}{'seconds':>10}{'per second':>12}{'x Sage':>8}{'peak MB':>9}")
    lines = []
    for way, (n, m) in asked:
        command = [sys.executable, __file__, "--one", way, str(n), str(m)]
        line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        lines.append(line)
        rate = line["wedges"] / line["seconds"]
        print(
            f"{way:8}{f'{n}, {m}':>8}{line['wedges']:12,}{line['seconds']:10.3f}{rate:12,.0f}"
            f"{rate / SAGE:8.1f}{line['peak_megabytes']:9.0f}"
        )
    if options.json is not None:
        options.json.write_text(json.dumps(lines, indent=1) + "\n")
    wrong = [line for line in lines if line["wedges"] != line["expected"]]
    for line in wrong:
        print(f"wrong: {line['way']} at {line['n']}, {line['m']}: expected {line['expected']} wedges", file=sys.stderr)
    return 1 if wrong else 0


def _measure(way: str, n: int, m: int) -> dict[str, object]:
    weights = np.random.default_rng(n + m).standard_normal((m, n))
    run = {"count": _count, "stream": _stream, "highs": _highs}[way]
    run(np.random.default_rng(0).standard_normal((n + 1, n)))  # loads or compiles the kernel
    started = time.process_time()
    found = run(weights)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    expected = 2 * sum(comb(m - 1, k) for k in range(n))
    return {
        "way": way, "n": n, "m": m, "wedges": found, "expected": expected,
        "seconds": seconds, "peak_megabytes": peak,
    }  # fmt: skip


def _count(weights: np.ndarray) -> int:
    from exactinj import ReLULayer
    from exactinj.cells.wedges import count_wedges

    return count_wedges(ReLULayer(weights))


def _stream(weights: np.ndarray) -> int:
    from exactinj import ReLULayer
    from exactinj.cells.wedges import wedges

    return sum(wedge.rank >= 0 for wedge in wedges(ReLULayer(weights)))


def _highs(weights: np.ndarray) -> int:
    """Depth first over the rows; a program decides whether the other side of a row is empty."""
    from scipy.optimize import linprog

    m, n = weights.shape
    found = 0
    stack: list[tuple[list[float], np.ndarray]] = [([], np.ones(n))]
    while stack:
        signs, point = stack.pop()
        depth = len(signs)
        if depth == m:
            found += 1
            continue
        here = 1.0 if weights[depth] @ point > 0 else -1.0
        stack.append(([*signs, here], point))
        turned = weights[: depth + 1] * np.array([*signs, -here])[:, None]
        answer = linprog(
            [0.0] * n + [-1.0],
            A_ub=np.column_stack([-turned, np.ones(depth + 1)]),
            b_ub=np.zeros(depth + 1),
            bounds=[(-1, 1)] * n + [(None, 1)],
        )
        if answer.x[-1] > 1e-9:
            stack.append(([*signs, -here], answer.x[:n]))
    return found


def _size(text: str) -> Size:
    n, m = text.split(",")
    return int(n), int(m)


if __name__ == "__main__":
    sys.exit(main())
