"""Injectivity of small networks as a formula of linear real arithmetic: the definition, word for word.

A network is a list of `Map`: W, b and per row the slope of the activation below 0 (0: ReLU, 1: none).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .answer import Numbers, Vector, exact, exact_layer, exact_vector, inner
from .smt import Solver, _Problem

Bounds = Sequence[tuple[Any, Any]] | None
"""Per input (lower, upper), either of them None; None for R^n."""


class Map(NamedTuple):
    """`x -> phi(Wx + b)`."""

    W: Sequence[Numbers]
    b: Numbers
    slopes: Numbers


def network_value(network: Sequence[Map], x: Numbers) -> Vector:
    """The output, exactly."""
    point = exact_vector(x)
    for W, b, slopes in network:
        rows, bias = exact_layer(W, b)
        sums = [inner(row, point) + beta for row, beta in zip(rows, bias, strict=True)]
        point = tuple(z if z >= 0 else exact(slope) * z for z, slope in zip(sums, slopes, strict=True))
    return point


def smt_network_collision(
    network: Sequence[Map], bounds: Bounds = None, solver: Solver = "z3"
) -> tuple[Vector, Vector] | None:
    """A pair `x != y` within the bounds with equal outputs, or None.  Exact."""
    n = len(network[0].W[0])
    problem = _Problem(solver)
    x, y = problem.reals("x", n), problem.reals("y", n)
    for unknowns in (x, y):
        for unknown, (low, up) in zip(unknowns, bounds or [(None, None)] * n, strict=True):
            if low is not None:
                problem.solver.add(unknown >= problem.api.RealVal(str(exact(low))))
            if up is not None:
                problem.solver.add(unknown <= problem.api.RealVal(str(exact(up))))
    for p, q in zip(_outputs(problem, network, x, "u"), _outputs(problem, network, y, "v"), strict=True):
        problem.solver.add(p == q)
    problem.solver.add(problem.api.Or(*(p != q for p, q in zip(x, y, strict=True))))
    found = problem.solve(x, y)
    if found is None:
        return None
    if found[0] == found[1] or network_value(network, found[0]) != network_value(network, found[1]):
        raise ArithmeticError(f"{solver} returned a model that is no collision: {found}")
    return found[0], found[1]


def _outputs(problem: Any, network: Sequence[Map], inputs: list[Any], name: str) -> list[Any]:
    """Unknowns for the outputs of every layer, tied to those of the layer before."""
    for k, (W, b, slopes) in enumerate(network):
        rows, bias = exact_layer(W, b)
        outputs = problem.reals(f"{name}{k}_", len(rows))
        for row, beta, slope, output in zip(rows, bias, slopes, outputs, strict=True):
            z = problem.affine(row, inputs, beta)
            low = problem.api.RealVal(str(exact(slope))) * z if exact(slope) else problem.api.RealVal(0)
            problem.solver.add(output == problem.api.If(z >= 0, z, low))
        inputs = outputs
    return inputs
