"""The process that runs a mixed-integer solver, one program after another; `SolverProcess` starts it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from exactinj.injectivity.milp.program import MixedProgram
from exactinj.work.processes import Send

__all__ = ["PACKAGES", "serve"]

PACKAGES = {"cbc": ("pulp",), "highs": ("pulp", "highspy")}


def serve(programs: Iterator[MixedProgram], send: Send, solver: str) -> None:
    """Answer every program: with values, or with a text that says why there are none."""
    if "highspy" not in PACKAGES[solver]:
        sys.modules["highspy"] = None  # type: ignore[assignment]  # PuLP would load it, and numpy, for nothing
    pulp = import_module("pulp")
    for number, program in enumerate(programs):
        send(_answer(pulp, solver, program, f"model{number}"))


def _answer(pulp: Any, solver: str, program: MixedProgram, name: str) -> tuple[float, ...] | str:
    model, variables = _pulp_model(pulp, program, name)
    native, optimal = {"cbc": _run_cbc, "highs": _run_highs}[solver](pulp, model)
    if optimal and (model.status, model.sol_status) == (1, 1):
        return tuple(_value(variables.get(i), lower) for i, (lower, _) in enumerate(program.bounds))
    return f"{solver} ended with the status {native!r}"


def _pulp_model(pulp: Any, program: MixedProgram, name: str) -> tuple[Any, dict[int, Any]]:
    model = pulp.LpProblem(name, pulp.LpMinimize)
    used = {i for row in program.constraints for i, value in row.terms if value}
    variables = {
        i: pulp.LpVariable(f"v{i}", lower, upper, pulp.LpInteger if i in program.binary else pulp.LpContinuous)
        for i, (lower, upper) in enumerate(program.bounds)
        if i in used
    }
    model += pulp.LpAffineExpression(), "nothing"
    for row in program.constraints:
        left = pulp.LpAffineExpression([(variables[i], value) for i, value in row.terms])
        if row.lower == row.upper:
            model += left == row.upper
            continue
        if row.lower > -math.inf:
            model += left >= row.lower
        if row.upper < math.inf:
            model += left <= row.upper
    return model, variables


def _run_cbc(pulp: Any, model: Any) -> tuple[str, bool]:
    """CBC's own status is the first line of its solution file, which PuLP deletes unless told to keep files.

    They are named after the model, which must be new each time: PuLP would read an old file.
    """
    model.solve(pulp.PULP_CBC_CMD(msg=False, keepFiles=True, options=["preprocess off"]))
    native = Path(f"{model.name}-pulp.sol").read_text().partition("\n")[0].strip()
    return native, native.startswith("Optimal - objective value")


def _run_highs(pulp: Any, model: Any) -> tuple[str, bool]:
    model.solve(pulp.HiGHS(msg=False, threads=1))
    native = model.solverModel.getModelStatus().name
    return native, native == "kOptimal"


def _value(variable: Any, lower: float) -> float:
    if variable is None:
        return float(lower)
    value = variable.value()
    return math.nan if value is None else float(value)
