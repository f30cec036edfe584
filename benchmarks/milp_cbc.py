"""The CBC that comes with PuLP, one thread, on the program of ``milp.py``.

PuLP writes the model and brings the binary; the binary is run here, so that it can be killed and its
own first line of the solution file is read (PuLP calls a run stopped by its time limit "Optimal").
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pulp
from milp import BigM, Weights, big_m, from_point
from outcome import Answer, Outcome, Question
from timing import GRACE, Elapsed, Stopwatch


def decide(weights: Weights, question: Question) -> Outcome:
    """Solve; writing the model is not counted, reading it and starting the process are."""
    program = big_m(weights, question.epsilon)
    with tempfile.TemporaryDirectory() as folder:
        model, solution = Path(folder, "model.mps"), Path(folder, "solution.txt")
        point_names = _write_model(program, model)
        command = _command(model, solution, program.cutoff, question.limit)
        with Stopwatch() as watch:
            log = _run(command, question.limit + GRACE)
        if log is None:
            return Outcome(Answer.TIMED_OUT, watch.elapsed, {}, "killed")
        return _outcome(weights, _read(solution), point_names, watch.elapsed, _nodes(log))


def _write_model(program: BigM, path: Path) -> list[str]:
    """Write the program as MPS; returns the names of x_1..x_n."""
    m, n = program.rows.shape
    problem = pulp.LpProblem("layer", pulp.LpMinimize)
    x = [pulp.LpVariable(f"x{j}", -1, 1) for j in range(n)]
    z = [pulp.LpVariable(f"z{i}", cat=pulp.LpBinary) for i in range(m)]
    problem += pulp.lpSum(z)
    for row, constant, switch in zip(program.rows.tolist(), program.constants.tolist(), z, strict=True):
        terms = [*zip(x, row, strict=True), (switch, -constant)]
        problem += pulp.LpAffineExpression(terms) <= -program.epsilon
    problem.writeMPS(str(path))
    return [variable.name for variable in x]


def _command(model: Path, solution: Path, cutoff: float, limit: float) -> list[str]:
    options = {"threads": 1, "timeMode": "elapsed", "sec": limit, "cutoff": cutoff, "printingOptions": "all"}
    words = [word for name, value in options.items() for word in (f"-{name}", str(value))]
    return [pulp.PULP_CBC_CMD().path, str(model), *words, "-solve", "-solution", str(solution)]


def _run(command: list[str], limit: float) -> str | None:
    """The log of the run, or None if it had to be killed."""
    try:
        return subprocess.run(command, timeout=limit, stdout=subprocess.PIPE, text=True, check=True).stdout
    except subprocess.TimeoutExpired:
        return None


def _read(path: Path) -> list[list[str]]:
    """The solution file's lines, in words: the status, then index, name, value, reduced cost."""
    return [line.removeprefix("**").split() for line in path.read_text().splitlines()]


def _outcome(weights: Weights, lines: list[list[str]], names: list[str], time: Elapsed, nodes: int) -> Outcome:
    status = " ".join(lines[0])
    if "nfeasible" in status:  # "Infeasible", and "Integer infeasible" when nothing beats the cutoff
        return Outcome(Answer.INJECTIVE, time, {"nodes": nodes}, status)
    if status.startswith("Optimal"):
        values: dict[str, Any] = {words[1]: words[2] for words in lines[1:] if words[1:]}
        return from_point(weights, [float(values[name]) for name in names], time, nodes)
    answer = Answer.TIMED_OUT if status.startswith("Stopped on time") else Answer.FAILED
    return Outcome(answer, time, {"nodes": nodes}, status)


def _nodes(log: str) -> int:
    found = re.search(r"Enumerated nodes:\s+(\d+)", log)
    return int(found[1]) if found else 0
