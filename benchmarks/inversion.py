"""Reconstruction beside the least-squares script of the frame literature and SciPy's ``lsq_linear``: accuracy and time.

Gaussian float32 rows, a bias, inputs in the box [0, 1]^n with 8 bits (images). Three outputs: exact; rounded to
float32; with noise of a relative size, where outputs of less than that are 0 (so that rows are off that were on).

    python benchmarks/inversion.py --sizes 64,256 784,3136
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import lsq_linear
from timing import Stopwatch

import exactinj as xi

Floats = np.ndarray
LARGEST_PEER = 100  # inputs, up to which a general solver is asked for the constrained problem


@dataclass(frozen=True)
class Case:
    """A layer, an input, and an output with what was done to it."""

    layer: xi.ReLULayer
    W: Floats
    b: Floats
    x: Floats
    y: Any
    name: str


def cases(n: int, m: int, seed: int, noise: float) -> list[Case]:
    """The same layer and input, with three outputs."""
    rng = np.random.default_rng(seed)
    W = (rng.standard_normal((m, n)) / np.sqrt(n)).astype(np.float32)
    b = (0.1 * rng.standard_normal(m)).astype(np.float32)
    x = rng.integers(0, 256, n) / 256
    layer = xi.ReLULayer(W, b)
    exact = layer.evaluate(x.tolist())
    rounded = np.maximum(W @ x.astype(np.float32) + b, 0)
    floats = np.array([float(value) for value in exact])
    size = noise * np.linalg.norm(floats) / np.sqrt(m)
    noisy = floats + size * rng.standard_normal(m) * (floats > 0)
    noisy = np.where(noisy > size, noisy, 0)
    wide, bias = W.astype(float), b.astype(float)
    return [
        Case(layer, wide, bias, x, exact, "exact"),
        Case(layer, wide, bias, x, rounded, "float32"),
        Case(layer, wide, bias, x, noisy, f"noise {noise:g}"),
    ]


def positive(case: Case) -> tuple[Floats, Floats, Floats]:
    """Rows with positive outputs, the outputs in floats, and these less the bias."""
    y = np.array([float(value) for value in case.y])
    return y > 0, y, y - case.b


def script(case: Case) -> Floats:
    """Least squares on the positive rows, as the scripts of the frame literature do."""
    on, _, right = positive(case)
    return np.linalg.lstsq(case.W[on], right[on], rcond=None)[0]


def scipy_box(case: Case) -> Floats:
    """The same in the box, which knows no inequalities of rows."""
    on, _, right = positive(case)
    return lsq_linear(case.W[on], right[on], bounds=(0, 1)).x


def highs(case: Case) -> Floats | None:
    """The constrained program by HiGHS, whose method for convex quadratic programs is an active-set method."""
    import highspy

    on, _, right = positive(case)
    W, n = case.W[on], case.W.shape[1]
    if n > LARGEST_PEER:
        return None
    solver, infinity = highspy.Highs(), highspy.kHighsInf
    solver.setOptionValue("output_flag", "false")
    gradient = -W.T @ right[on]
    for j in range(n):
        solver.addVar(-infinity, infinity)
        solver.changeColCost(j, float(gradient[j]))
    columns = np.arange(n, dtype=np.int32)
    for row, beta in zip(case.W[~on], case.b[~on], strict=True):
        solver.addRow(-infinity, -float(beta), n, columns, row)
    lower = np.tril(W.T @ W)
    rows, places = np.nonzero(lower.T)[::-1], np.nonzero(lower.T)
    hessian = highspy.HighsHessian()
    hessian.dim_, hessian.format_ = n, highspy.HessianFormat.kTriangular
    hessian.start_ = np.concatenate([[0], np.cumsum(np.bincount(places[0], minlength=n))]).astype(np.int32)
    hessian.index_ = rows[0].astype(np.int32)
    hessian.value_ = lower.T[places]
    solver.passHessian(hessian)
    solver.run()
    return np.array(solver.getSolution().col_value)


def ours(**options: Any) -> Callable[[Case], Floats | str]:
    """What `exactinj.invert` finds with some options, or its status if it finds none."""

    def invert(case: Case) -> Floats | str:
        result = xi.invert(case.layer, case.y, **options)
        return str(result.status) if result.x is None else np.array([float(value) for value in result.x])

    return invert


TOOLS: dict[str, Callable[[Case], Any]] = {
    "lstsq, positive rows": script,
    "lsq_linear, box": scipy_box,
    "HiGHS, inequalities": highs,
    "invert": ours(),
    "invert --noisy": ours(noisy=True),
    "invert --noisy, box": ours(noisy=True, domain="box:0,1"),
    "invert --noisy --method positive-rows": ours(noisy=True, method="positive-rows"),
}


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["64,256", "784,3136"])
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", nargs="*", default=[], help="tools to leave out")
    options = parser.parse_args()
    print("| n | m | output | tool | largest error | error / script's | s | s / script's |")
    print("| -: | -: | --- | --- | -: | -: | -: | -: |")
    warm = cases(4, 20, 0, options.noise)
    for tool in TOOLS.values():
        for case in warm:
            tool(case)
    for size in options.sizes:
        n, m = map(int, size.split(","))
        for case in cases(n, m, options.seed, options.noise):
            case.layer.evaluate([0] * n)  # what is made once for a layer
            table(case, n, m, set(options.skip))


def best_of(tool: Callable[[Case], Any], case: Case) -> tuple[Any, float]:
    """The result, and the least seconds of up to five runs that take no more than two seconds together."""
    times: list[float] = []
    while not times or (len(times) < 5 and sum(times) < 2):
        with Stopwatch() as watch:
            found = tool(case)
        times.append(watch.elapsed.wall)
    return found, min(times)


def table(case: Case, n: int, m: int, skip: set[str]) -> None:
    """The rows of one case."""
    base: tuple[float, float] | None = None
    for name, tool in TOOLS.items():
        if name in skip:
            continue
        found, seconds = best_of(tool, case)
        if found is None:
            continue
        if isinstance(found, str):
            cells = [found, "", f"{seconds:.3g}", f"{seconds / (base or (0, seconds))[1]:.2g}"]
        else:
            error = float(np.abs(found - case.x).max())
            base = base or (error, seconds)
            cells = [f"{error:.2g}", f"{error / base[0]:.2g}", f"{seconds:.3g}", f"{seconds / base[1]:.2g}"]
        print(f"| {n} | {m:,} | {case.name} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
