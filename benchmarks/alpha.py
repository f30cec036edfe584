"""Exact alpha* and the exact convex-hull bias: cost against n and m, beside a conic solver and beside sampling.

Four tables, each measured in one run and read as ratios:

1. alpha* on the unit ball and sphere for Gaussian unit rows: search, writing of the certificate, lone check.
2. Hull bias: exact facets and minima against the facet programs of a conic solver (CVXPY with CLARABEL), one
   second-order cone program for each row of each simplex of Qhull, as public implementations do it. Its values are
   floats with a tolerance; the largest difference is printed.
3. Sampling to equal accuracy: uniform points on the sphere, top n of m rows by numpy, until every row of the estimate
   is within 1e-3 of the exact value, or the budget is spent.
4. Degenerate hulls of known rows in many dimensions: all facets, exactly, against Qhull alone, which cuts them into
   simplices, in floats; stopped after the budget.

    pip install -e . cvxpy
    taskset -c 1 python benchmarks/alpha.py
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
from itertools import combinations, product
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull
from timing import Stopwatch

import exactinj as xi
from exactinj.biases.hull.facets import facets

CHECKER = Path(xi.__file__).parent / "checker" / "checker.py"
BATCH = 20_000
ACCURACY = 1e-3


def frame(n: int, m: int, seed: int) -> np.ndarray:
    """Gaussian rows scaled to length one."""
    rows = np.random.default_rng(seed).standard_normal((m, n))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def search_table(sizes: list[tuple[int, int]], clock: str) -> None:
    """Table 1."""
    print("| n, m | domain | search s | nodes | write s | check s | check / search |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for n, m in sizes:
        layer = xi.ReLULayer(frame(n, m, 0))
        for domain in (xi.Ball(1), xi.Sphere(1)):
            with Stopwatch() as search:
                alpha = xi.alpha_star(layer, domain=domain, timeout=300)
            if not alpha.complete:
                print(f"| {n}, {m} | {domain.text} | > {search.elapsed.on(clock):.1f} | - | - | - | - |", flush=True)
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "alpha.json"
                with Stopwatch() as write:
                    alpha.certificate.write(path)
                with Stopwatch() as check:
                    done = subprocess.run([sys.executable, "-I", CHECKER, path, "--quiet"], check=False)
            if done.returncode:
                raise SystemExit("the lone checker did not accept a certificate")
            seconds = [part.elapsed.on(clock) for part in (search, write, check)]
            cells = [f"{n}, {m}", domain.text, f"{seconds[0]:.2f}", f"{alpha.stats.nodes:,}", f"{seconds[1]:.2f}"]
            print(f"| {' | '.join(cells)} | {seconds[2]:.2f} | {seconds[2] / seconds[0]:.2f} |", flush=True)


def conic_hull_bias(rows: np.ndarray) -> np.ndarray:
    """Per row the least product over the cones of its simplices: one program a row and simplex, in floats."""
    import cvxpy as cp

    n = rows.shape[1]
    best = np.full(len(rows), np.inf)
    corners, weights, row = cp.Parameter((n, n)), cp.Variable(n), cp.Parameter(n)
    problem = cp.Problem(cp.Minimize(row @ weights), [weights >= 0, cp.norm(corners.T @ weights) <= 1])
    for simplex in ConvexHull(rows).simplices:
        gram = rows[simplex] @ rows[simplex].T
        corners.value = rows[simplex]
        for k, i in enumerate(simplex):
            if gram[k].min() >= 0:  # concave on the cone: the least value is at a corner
                best[i] = min(best[i], gram[k].min())
                continue
            row.value = gram[k]
            problem.solve(solver=cp.CLARABEL)
            best[i] = min(best[i], problem.value)
    return best


def hull_table(sizes: list[tuple[int, int]], largest_conic: int, clock: str) -> None:
    """Table 2."""
    print("| n, m | facets | exact s | conic s | conic / exact | largest difference |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n, m in sizes:
        rows = frame(n, m, 1)
        with Stopwatch() as exact:
            hull = xi.hull_bias(xi.ReLULayer(rows), domain=xi.Sphere(1))
        cells = [f"{n}, {m}", f"{len(hull.facets):,}", f"{exact.elapsed.on(clock):.2f}"]
        if len(hull.facets) > largest_conic:
            print(f"| {' | '.join(cells)} | - | - | - |", flush=True)
            continue
        with Stopwatch() as conic:
            floats = conic_hull_bias(rows)
        difference = max(abs(float(a) - c) for a, c in zip(hull.alpha, floats, strict=True))
        ratio = conic.elapsed.on(clock) / exact.elapsed.on(clock)
        print(f"| {' | '.join(cells)} | {conic.elapsed.on(clock):.2f} | {ratio:.1f} | {difference:.1e} |", flush=True)


def sampling_table(sizes: list[tuple[int, int]], budget: float, clock: str) -> None:
    """Table 3."""
    print("| n, m | exact s | samples | sampling s | sampling / exact | rows within 1e-3 | largest gap |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for n, m in sizes:
        rows = frame(n, m, 2)
        with Stopwatch() as exact:
            alpha = xi.alpha_star(xi.ReLULayer(rows), domain=xi.Sphere(1))
        truth = np.array([float(value) for value in alpha.alpha])
        random = np.random.default_rng(3)
        estimate, samples, spent = np.full(m, np.inf), 0, 0.0
        while spent < budget and (estimate - truth).max() > ACCURACY:
            with Stopwatch() as batch:
                estimate = np.minimum(estimate, sampled(rows, random))
            samples, spent = samples + BATCH, spent + batch.elapsed.on(clock)
        gaps = estimate - truth
        if gaps.min() < -1e-12:
            raise SystemExit("a sample is below the exact value")
        stopped = "> " if gaps.max() > ACCURACY else ""
        seconds = exact.elapsed.on(clock)
        close = f"{int((gaps <= ACCURACY).sum())} of {m}"
        cells = [f"{n}, {m}", f"{seconds:.2f}", f"{stopped}{samples:,}", f"{stopped}{spent:.1f}"]
        print(f"| {' | '.join(cells)} | {stopped}{spent / seconds:.1f} | {close} | {gaps.max():.1e} |", flush=True)


def sampled(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The estimate from one batch of uniform points on the sphere."""
    m, n = rows.shape
    points = random.standard_normal((BATCH, n))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    values = points @ rows.T
    level = np.partition(values, m - n, axis=1)[:, m - n, None]
    estimate: np.ndarray = np.where(values >= level, values, np.inf).min(axis=0)
    return estimate


def cut_rows(points: int) -> list[list[int]]:
    """The products x_i x_j, i < j, of the sign vectors up to sign."""
    signs = ((1, *rest) for rest in product((1, -1), repeat=points - 1))
    return [[x[i] * x[j] for i, j in combinations(range(points), 2)] for x in signs]


DEGENERATE = {
    "cube": lambda: list(product((1, -1), repeat=8)),
    "half cube": lambda: [x for x in product((1, -1), repeat=8) if x.count(-1) % 2 == 0],
    "larger cube": lambda: list(product((1, -1), repeat=10)),
    "cuts of 5 points": lambda: cut_rows(5),
    "cuts of 6 points": lambda: cut_rows(6),
}


def degenerate_table(budget: float, clock: str) -> None:
    """Table 4."""
    print("| rows | n, m | facets | exact s | simplices | Qhull s | Qhull / exact |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, make in DEGENERATE.items():
        rows = np.array(make(), dtype=float)
        m, n = rows.shape
        with Stopwatch() as exact:
            found = facets(xi.ReLULayer(rows))
        seconds = exact.elapsed.on(clock)
        cells = [name, f"{n}, {m}", f"{len(found):,}", f"{seconds:.2f}"]
        with Stopwatch() as hull:
            simplices = simplices_within(rows, budget)
        spent = hull.elapsed.on(clock)
        stopped = "" if simplices else "> "
        cells += [f"{simplices:,}" if simplices else "-", f"{stopped}{spent:.1f}", f"{stopped}{spent / seconds:.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def simplices_within(rows: np.ndarray, budget: float) -> int:
    """How many simplices Qhull makes of the hull, in a process of its own; 0 if the budget does not suffice."""
    code = "import sys, pickle; from scipy.spatial import ConvexHull; "
    code += "print(len(ConvexHull(pickle.load(sys.stdin.buffer)).simplices))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, input=pickle.dumps(rows), capture_output=True, timeout=budget
        )
    except subprocess.TimeoutExpired:
        return 0
    return int(done.stdout or 0)


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", type=int, default=[1, 2, 3, 4], help="which of the four (default all)")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="cpu", help="the seconds that are shown")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of sampling a size (default 60)")
    parser.add_argument("--conic", type=int, default=2500, help="facets up to which the conic solver is asked")
    options = parser.parse_args()
    xi.alpha_star(xi.ReLULayer([[1], [-1]]))  # imports are not counted
    if 1 in options.tables:
        search_table([(2, 30), (3, 30), (3, 100), (4, 40), (5, 30)], options.clock)
    if 2 in options.tables:
        hull_table([(3, 30), (3, 200), (3, 2000), (4, 60), (5, 60), (6, 60)], options.conic, options.clock)
    if 3 in options.tables:
        sampling_table([(2, 10), (3, 15), (3, 30), (4, 20)], options.budget, options.clock)
    if 4 in options.tables:
        degenerate_table(options.budget, options.clock)


if __name__ == "__main__":
    main()
