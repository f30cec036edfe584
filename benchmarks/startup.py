"""How long a whole `exactinj certify` takes on small layers, of two source trees side by side.

    python benchmarks/startup.py [--trees . ../before] [--runs 9]

Every run is a process of its own, the trees take turns, and the first round, which may compile, is not counted. Shown
are the least seconds on both clocks, and the ratio of processor time to that of the first tree.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from processes import run_measured
from timing import Elapsed

HERE = Path(__file__).resolve().parent


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Seconds of a whole process that decides a small layer.")
    parser.add_argument("--trees", type=Path, nargs="+", default=[HERE.parent], help="folders that hold exactinj/")
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, weights in layers().items():
            path = Path(folder, f"{name}.json")
            path.write_text(json.dumps({"W": weights}))
            rounds = [[seconds(tree, path) for tree in options.trees] for _ in range(options.runs + 1)][1:]
            wall = [min(times[k].wall for times in rounds) for k in range(len(options.trees))]
            cpu = [min(times[k].cpu for times in rounds) for k in range(len(options.trees))]
            for k, tree in enumerate(options.trees):
                print(f"{name:10}  {tree}: wall {wall[k]:.2f} s, cpu {cpu[k]:.2f} s, x {cpu[k] / cpu[0]:.2f}")


def layers() -> dict[str, list[list[float]]]:
    """Injective layers, of growing n, and one that is not."""
    gaussian = {f"gaussian-{n}": np.random.default_rng(0).standard_normal((7 * n, n)).tolist() for n in range(3, 9)}
    return {"square": [[1, 0], [0, 1], [-1, 0], [0, -1]], "triangle": [[1, 0], [0, 1], [-1, -1]], **gaussian}


def seconds(tree: Path, layer: Path) -> Elapsed:
    """One process."""
    os.environ["PYTHONPATH"] = str(tree.resolve())
    return run_measured([sys.executable, "-P", "-m", "exactinj", "certify", str(layer)]).time


if __name__ == "__main__":
    main()
