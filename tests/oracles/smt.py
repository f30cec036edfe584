"""Injectivity as a formula of linear real arithmetic, for two solvers that share no code.

Two statements of the question, from further away to nearer:

- `smt_collision`: T2.  Some x in int K and v != 0 have, for every row, `<w_i, v> = 0` or
  `<w_i, x> + b_i < 0`.
- `smt_direct`: some x != y in K have equal outputs.  Nothing but the definition.

The solvers work over exact rationals; a model is checked by substitution before it is believed, an
`unknown` raises.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

from .answer import Domain, Numbers, OracleAnswer, Vector, check_domain, exact_layer, is_collision, is_witness

Solver = Literal["z3", "cvc5"]

_MODULES = {"z3": "z3", "cvc5": "cvc5.pythonic"}


class _Problem:
    """One satisfiability question in the interface that both solvers offer."""

    def __init__(self, solver: Solver) -> None:
        self.api: Any = importlib.import_module(_MODULES[solver])
        self.solver = self.api.SolverFor("QF_LRA")

    def reals(self, name: str, count: int) -> list[Any]:
        """`count` real unknowns."""
        return [self.api.Real(f"{name}{j}") for j in range(count)]

    def affine(self, coefficients: Vector, unknowns: list[Any], constant: Fraction = Fraction(0)) -> Any:
        """The term `<coefficients, unknowns> + constant`."""
        pairs = zip(coefficients, unknowns, strict=True)
        products = [self.api.RealVal(str(coefficient)) * unknown for coefficient, unknown in pairs if coefficient]
        return self.api.Sum([self.api.RealVal(str(constant)), *products])

    def solve(self, *unknowns: list[Any]) -> list[Vector] | None:
        """Values for the unknowns, or None if there are none.  Raises RuntimeError on `unknown`."""
        outcome = str(self.solver.check())
        if outcome == "unsat":
            return None
        if outcome != "sat":
            raise RuntimeError(f"expected sat or unsat, found {outcome!r}: give the solver more time")
        model = self.solver.model()
        return [tuple(self._value(model, unknown) for unknown in block) for block in unknowns]

    def _value(self, model: Any, unknown: Any) -> Fraction:
        return Fraction(str(model.eval(unknown, True).as_fraction()))


def smt_collision(
    W: Sequence[Numbers], b: Numbers | None = None, domain: Domain = "R^n", solver: Solver = "z3"
) -> OracleAnswer:
    """Decide injectivity of `ReLU(Wx + b)` on `domain` by the collision criterion T2.  Exact.

    `v != 0` is stated as "some v_j = 1".  That loses nothing: T2 constrains v only through
    `<w_i, v> = 0`, so a nonzero v may be divided by any of its nonzero coordinates.

    Arguments as in `brute_force_flats`; `solver` is `"z3"` or `"cvc5"`.  Returns the verdict, with
    the model as witness `(x, v)` if not injective.
    """
    check_domain(domain)
    rows, bias = exact_layer(W, b)
    problem = _Problem(solver)
    x, v = problem.reals("x", len(rows[0])), problem.reals("v", len(rows[0]))
    either = problem.api.Or
    if domain == "nonneg":
        problem.solver.add(*(unknown > 0 for unknown in x))
    for w, beta in zip(rows, bias, strict=True):
        if any(w):
            problem.solver.add(either(problem.affine(w, v) == 0, problem.affine(w, x, beta) < 0))
    problem.solver.add(either(*(unknown == 1 for unknown in v)))
    found = problem.solve(x, v)
    if found is None:
        return OracleAnswer(injective=True)
    if not is_witness(W, b, domain, *found):
        raise ArithmeticError(f"{solver} returned a model that is no witness: {found}")
    return OracleAnswer(False, *found)


def smt_direct(
    W: Sequence[Numbers], b: Numbers | None = None, domain: Domain = "R^n", solver: Solver = "z3"
) -> tuple[Vector, Vector] | None:
    """A pair `x != y` in the (closed) domain with `ReLU(Wx + b) = ReLU(Wy + b)`, or None.  Exact.

    The definition of injectivity, word for word; independent of T1, T2 and T3.  For tiny layers.
    Arguments as in `smt_collision`.
    """
    check_domain(domain)
    rows, bias = exact_layer(W, b)
    problem = _Problem(solver)
    x, y = problem.reals("x", len(rows[0])), problem.reals("y", len(rows[0]))
    if domain == "nonneg":
        problem.solver.add(*(unknown >= 0 for unknown in x + y))

    def relu(term: Any) -> Any:
        return problem.api.If(term > 0, term, problem.api.RealVal(0))

    for w, beta in zip(rows, bias, strict=True):
        problem.solver.add(relu(problem.affine(w, x, beta)) == relu(problem.affine(w, y, beta)))
    problem.solver.add(problem.api.Or(*(p != q for p, q in zip(x, y, strict=True))))
    found = problem.solve(x, y)
    if found is None:
        return None
    if not is_collision(W, b, domain, *found):
        raise ArithmeticError(f"{solver} returned a model that is no collision: {found}")
    return found[0], found[1]
