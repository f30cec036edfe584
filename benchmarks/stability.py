"""Certified Lipschitz constants: how long the enclosures take, how large their certificate is, beside published bounds.

    python benchmarks/stability.py [--sizes 4,28 6,42] [--timeout 300] [--tolerance 1/1000]

Textbook frames, doubled frames, a trained layer and Gaussian rows on R^n. Prints a table in Markdown: kappa and the
Lipschitz constant as enclosed, then what the slides' bound and the operator norm would have said.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
from timing import Stopwatch

import exactinj as xi

FRAMES = ("octahedron", "cuboctahedron", "icosahedron")
HEAD = "| layer | n | m | kappa | slides | Lipschitz | operator norm | nodes | s | kB | check: s |"


def layers(sizes: list[tuple[int, int]]) -> Iterator[tuple[str, Any]]:
    """Names and layers."""
    for name in FRAMES:
        yield name, xi.read_layer(f"casebook:{name}")
    yield "cross-polytope", [*np.eye(8, dtype=int).tolist(), *(-np.eye(8, dtype=int)).tolist()]
    random = np.random.default_rng(0)
    basis = random.standard_normal((8, 8))
    yield "doubled Gaussian basis", np.vstack([basis, -basis])
    yield (
        "trained on Iris, doubled",
        np.vstack([sign * xi.read_layer("casebook:iris-m8").W.to_float() for sign in (1, -1)]),
    )
    for n, m in sizes:
        yield "Gaussian", np.random.default_rng(1).standard_normal((m, n))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Certified Lipschitz constants.")
    parser.add_argument("--sizes", nargs="*", type=lambda text: tuple(map(int, text.split(","))), default=[(4, 28)])
    parser.add_argument("--timeout", type=float, default=300.0)
    parser.add_argument("--tolerance", default="1/1000")
    options = parser.parse_args()
    print(HEAD)
    print("| --- |" + " -: |" * 10)
    for name, given in layers(options.sizes):
        with Stopwatch() as watch:
            found = xi.stability(given, timeout=options.timeout, tolerance=options.tolerance)
        low, high = map(float, found.lower_lipschitz)
        top = [
            float(end) ** 0.5 for end in (found.upper_lipschitz_squared.at_least, found.upper_lipschitz_squared.at_most)
        ]
        published = found.published.to_json()
        size, checking = "-", "-"
        if found.certificate is not None:
            size = f"{len(found.certificate.to_bytes(form='compact')) / 1000:.1f}"
            with Stopwatch() as check:
                valid = xi.check(found.certificate).valid
            checking = f"{check.elapsed.wall:.2f}" if valid else "REJECTED"
        print(
            f"| {name} | {found.layer.n} | {found.layer.m} | {low:.4f} to {high:.4f} | {published['slides']:.4f} | "
            f"{top[0]:.4f} to {top[1]:.4f} | {published['operator_norm']:.4f} | {found.nodes:,} | "
            f"{watch.elapsed.wall:.2f} | {size} | {checking} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
