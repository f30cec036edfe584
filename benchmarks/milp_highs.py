"""HiGHS through highspy, one thread, on the program of ``milp.py``."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from milp import BigM, Weights, big_m, from_point
from outcome import Answer, Outcome, Question
from timing import Elapsed, Stopwatch, killed_after


def decide(weights: Weights, question: Question) -> Outcome:
    """Solve; building the model is not counted."""
    program = big_m(weights, question.epsilon)
    solver = _model(program)
    solver.setOptionValue("time_limit", question.limit)
    with killed_after(question.limit), Stopwatch() as watch:
        solver.run()
    return _outcome(weights, program, solver, watch.elapsed)


def _model(program: BigM) -> Any:
    """Variables x_1..x_n in [-1, 1], z_1..z_m in {0, 1}; stop at the cutoff from either side."""
    m, n = program.rows.shape
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.setOptionValue("parallel", "off")
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("objective_bound", program.cutoff)
    solver.setOptionValue("objective_target", program.cutoff - 0.5)
    for _ in range(n):
        solver.addVar(-1.0, 1.0)
    for i in range(m):
        solver.addVar(0.0, 1.0)
        solver.changeColCost(n + i, 1.0)
        solver.changeColIntegrality(n + i, highspy.HighsVarType.kInteger)
        columns = np.array([*range(n), n + i], dtype=np.int32)
        values = np.append(program.rows[i], -program.constants[i])
        solver.addRow(-highspy.kHighsInf, -program.epsilon, n + 1, columns, values)
    return solver


def _outcome(weights: Weights, program: BigM, solver: Any, time: Elapsed) -> Outcome:
    """Read the bounds, not the status: a run that the cutoff ended reads "Optimal"."""
    info, status = solver.getInfo(), solver.getModelStatus()
    nodes = max(0, int(info.mip_node_count))
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if has_point and info.objective_function_value < program.cutoff:
        return from_point(weights, list(solver.getSolution().col_value)[: weights.shape[1]], time, nodes)
    if status == highspy.HighsModelStatus.kInfeasible or info.mip_dual_bound > program.cutoff - 0.5:
        return Outcome(Answer.INJECTIVE, time, {"nodes": nodes}, "no solution below the cutoff")
    if status == highspy.HighsModelStatus.kTimeLimit:
        return Outcome(Answer.TIMED_OUT, time, {"nodes": nodes})
    return Outcome(Answer.FAILED, time, {"nodes": nodes}, solver.modelStatusToString(status))
