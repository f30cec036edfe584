"""How many random residual blocks which condition says to be injective.

    python benchmarks/residual_conditions.py [--samples 200] [--sizes 2 3 4 6 8 10] [--scales 0.25 0.5 1] [--wide]

A block is ``x + B ReLU(Ax)`` with k hidden units on n inputs, entries of A normal with variance 1/n, of B with variance
scale^2 / k. The conditions, from the strongest to the weakest: the spectral norms have a product below 1 (i-ResNets:
Lipschitz < 1), the symmetric part of ``M = I + AB`` is positive definite, it is after scaling rows (M is diagonally
stable), M is a P-matrix, the block is injective. The first two are computed in floats, the third is what the search
found (proved), the last two are decided exactly.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

import exactinj as xi
from exactinj.certificates.p_matrix import PMatrixProof
from exactinj.domains import RealSpace
from exactinj.injectivity.residual.p_matrix import Work, p_matrix
from exactinj.injectivity.residual.reduction import reduction
from exactinj.injectivity.residual.scalings import closing_scaling
from exactinj.work.clock import Clock

NAMES = ("norms < 1", "definite", "scaled", "P-matrix", "injective")


def conditions(A: np.ndarray, B: np.ndarray, timeout: float) -> list[bool | None]:
    """Which of the conditions hold; None if that was not decided in time."""
    block = xi.ResidualBlock(A, B)
    M = np.eye(len(A)) + A @ B
    norms = bool(np.linalg.norm(A, 2) * np.linalg.norm(B, 2) < 1)
    definite = bool(np.linalg.eigvalsh(M + M.T)[0] > 0)
    reduced = reduction(block, RealSpace())
    found = p_matrix(reduced, Clock(), Work())
    result = xi.certify(block, timeout=timeout)
    injective = None if result.verdict in ("unknown", "timed_out") else result.verdict == "injective"
    return [
        norms,
        definite,
        closing_scaling(reduced.matrix, Clock()) is not None,
        isinstance(found, PMatrixProof),
        injective,
    ]


def shares(n: int, k: int, scale: float, samples: int, timeout: float) -> Sequence[float]:
    """The share of blocks for each condition, and of those that were not decided."""
    chance, rows = np.random.default_rng([n, k, int(scale * 1000)]), []
    for _ in range(samples):
        A, B = chance.standard_normal((k, n)) / n**0.5, chance.standard_normal((n, k)) * scale / k**0.5
        rows.append(conditions(A, B, timeout))
    open_ones = sum(row[-1] is None for row in rows)
    return [sum(bool(row[c]) for row in rows) / samples for c in range(len(NAMES))] + [open_ones / samples]


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description="Shares of random residual blocks that conditions call injective.")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2, 3, 4, 6, 8, 10])
    parser.add_argument("--scales", type=float, nargs="+", default=[0.25, 0.5, 1.0])
    parser.add_argument("--wide", action="store_true", help="k = 2 n hidden units in place of k = n")
    parser.add_argument("--timeout", type=float, default=20.0)
    options = parser.parse_args()
    print(f"| scale | n | k | {' | '.join(NAMES)} | open |")
    print("| --- " * (len(NAMES) + 4) + "|")
    for scale in options.scales:
        for n in options.sizes:
            k = 2 * n if options.wide else n
            found = shares(n, k, scale, options.samples, options.timeout)
            print(f"| {scale:g} | {n} | {k} | {' | '.join(f'{share:.0%}' for share in found)} |", flush=True)


if __name__ == "__main__":
    main()
