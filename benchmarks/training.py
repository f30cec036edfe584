"""What the loss term and the monitor of ``exactinj.torch`` cost: epochs of scikit-learn's digits with and without.

    python benchmarks/training.py --rows 128 256 --batches 32 64

Trainings with and without take turns, an epoch each; each number is the median over these turns of the processor time
over that of the plain epoch, on one thread. The monitor's hook keeps 256 inputs an epoch; it measures at their end,
without exact verdicts, which have their own limit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from statistics import median

import torch
from sklearn.datasets import load_digits

from exactinj.torch import InjectivityMonitor, MCBERegularizer

EPOCHS = 20
EVERY = (1, 8, 32)


def epochs(rows: int, batch: int, every: int | None, *, is_monitored: bool = False) -> Iterator[float]:
    """Processor seconds of one epoch after the other; with the term, points are asked again after so many batches."""
    data, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(labels)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(64, rows), torch.nn.ReLU(), torch.nn.Linear(rows, 10))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    regularizer = MCBERegularizer(net[0], every=every or 1)
    monitor = InjectivityMonitor(net[0], exact_up_to=0) if is_monitored else None
    while True:
        start = time.process_time()
        for chosen in torch.randperm(len(x)).split(batch):
            inputs = x[chosen]
            loss = torch.nn.functional.cross_entropy(net(inputs), y[chosen])
            if every is not None:
                loss = loss + 0.1 * regularizer(inputs)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if monitor is not None:
            monitor.measure()
        yield time.process_time() - start


def ratios(rows: int, batch: int) -> tuple[float, list[float]]:
    """Median seconds of a plain epoch, and of the others over the plain one of the same turn."""
    runs = [epochs(rows, batch, every) for every in (None, *EVERY)] + [epochs(rows, batch, None, is_monitored=True)]
    turns = [[next(run) for run in runs] for _ in range(EPOCHS + 1)][1:]  # the first ones load compiled code
    return median(turn[0] for turn in turns), [median(t[k] / t[0] for t in turns) for k in range(1, len(runs))]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 64, 128])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| m | batch | plain epoch: s |", *(f"every {every} |" for every in EVERY), "monitor |")
    print("| -: | -: | -: |", *("-: |" for _ in EVERY), "-: |")
    for rows in options.rows:
        for batch in options.batches:
            plain, found = ratios(rows, batch)
            print(f"| {rows} | {batch} | {plain:.3f} |", *(f"{ratio:.2f} |" for ratio in found))


if __name__ == "__main__":
    main()
