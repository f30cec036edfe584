"""What the loss term and the monitor of ``exactinj.torch`` cost: epochs of scikit-learn's digits with and without.

    python benchmarks/training.py --rows 128 256 --batches 32 64

Each number is the least processor time of some epochs over the least of plain ones, in one run, on one thread. The
monitor's hook keeps 256 inputs an epoch; it measures at their end, without exact verdicts, which have their own limit.
"""

from __future__ import annotations

import argparse
import time

import torch
from sklearn.datasets import load_digits

from exactinj.torch import InjectivityMonitor, MCBERegularizer

EPOCHS = 20
EVERY = (1, 8, 32)


def fastest_epoch(rows: int, batch: int, every: int | None, *, is_monitored: bool = False) -> float:
    """Processor seconds of the shortest epoch but the first, with the points asked again after so many batches."""
    data, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(data / 16, dtype=torch.float32), torch.tensor(labels)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(64, rows), torch.nn.ReLU(), torch.nn.Linear(rows, 10))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    regularizer = MCBERegularizer(net[0], every=every or 1)
    monitor = InjectivityMonitor(net[0], exact_up_to=0) if is_monitored else None
    times = []
    for _ in range(EPOCHS):
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
        times.append(time.process_time() - start)
    return min(times[1:])


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
            plain = fastest_epoch(rows, batch, None)
            ratios = [fastest_epoch(rows, batch, every) / plain for every in EVERY]
            ratios.append(fastest_epoch(rows, batch, None, is_monitored=True) / plain)
            print(f"| {rows} | {batch} | {plain:.3f} |", *(f"{ratio:.2f} |" for ratio in ratios))


if __name__ == "__main__":
    main()
