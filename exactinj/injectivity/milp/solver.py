"""The one place that knows mixed-integer solvers: CBC and HiGHS through PuLP.

What comes out is a proposal or a reason why there is none, never a fact about the program. Known
ways in which these solvers and their interfaces mislead, and what is done about each:

* a time limit can read ``Optimal`` in PuLP: no limit is given, the process is killed instead;
* PuLP maps unlike outcomes to one status, and lacks some: only the solver's own word for "optimal"
  together with PuLP's status 1 and solution status 1 is accepted;
* the CBC 2.10.3 that comes with PuLP calls feasible programs infeasible in its preprocessing (Cbc issue
  632), so that is off; HiGHS has had such errors too: "infeasible" is passed on as what the solver says;
* CBC stops reading a file at a variable that is in no constraint: such variables stay here, at their lower bound;
* solution files of CBC keep 8 digits, model files 12, HiGHS allows 1e-6: values are approximate;
* killed runs leave files, and a solve with another number of threads than the one before can fail: there
  is a process and a directory for each use, and always one thread.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from exactinj.work.clock import Clock

__all__ = ["FEASIBILITY_TOLERANCE", "SOLVERS", "Constraint", "MixedProgram", "SolverProcess", "require_solver"]

SOLVERS = ("cbc", "highs")
PACKAGES = {"cbc": ("pulp",), "highs": ("pulp", "highspy")}
FEASIBILITY_TOLERANCE = 1e-6  # the largest violation, of a row or of integrality, that either solver lets pass
DIRECTORY_PREFIX = "exactinj-milp-"
SHORTEST_POLL, LONGEST_POLL = 0.001, 0.05  # seconds between two looks for an answer, and at the clock
REMOVAL_ATTEMPTS = 40


@dataclass(frozen=True)
class Constraint:
    """``lower <= sum coefficient * variable <= upper``, the terms as pairs (variable, coefficient)."""

    terms: tuple[tuple[int, float], ...]
    lower: float = -math.inf
    upper: float = math.inf


@dataclass(frozen=True)
class MixedProgram:
    """Find any point: `bounds` per variable, the variables in `binary` are 0 or 1. No objective."""

    bounds: tuple[tuple[float, float], ...]
    binary: frozenset[int]
    constraints: tuple[Constraint, ...]


def require_solver(solver: str) -> None:
    """Raise `InputError` for an unknown solver, `MissingExtraError` if a package of it is missing."""
    from exactinj.errors import InputError, MissingExtraError  # not at the top: the worker runs this file alone

    if solver not in SOLVERS:
        raise InputError(f"found the solver {solver!r}, expected one of {', '.join(SOLVERS)}")
    for package in PACKAGES[solver]:
        if find_spec(package) is None:
            raise MissingExtraError(
                f"the milp engine with {solver} needs the package {package}, which is not installed; "
                "run: pip install exactinj[milp]"
            )


class SolverProcess:
    """A process of its own that answers one program after another; a context manager that leaves nothing.

    Everything happens in a process group and a directory that do not outlive the context, nor, where
    there are process groups, this process. If the solver crashes, the next program starts a new one.
    """

    def __init__(self, solver: str, clock: Clock) -> None:
        require_solver(solver)
        self.solver = solver
        self._clock = clock
        self._asked = 0
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX))
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            _kill_group(self._worker)
        _remove(self._folder)

    def propose(self, program: MixedProgram, purpose: str = "") -> tuple[float, ...] | str:
        """Values that the solver holds for a solution, or a text that says what happened instead.

        `purpose` is what the clock's listener is told meanwhile. Raises `OutOfTimeError` at the deadline.
        """
        self._clock.check()
        self._asked += 1
        (self._folder / f"program{self._asked}.json").write_text(_to_json(program))
        worker = self._send()
        answer = self._folder / f"answer{self._asked}.json"
        pause = SHORTEST_POLL
        while not answer.exists():
            if worker.poll() is not None and not answer.exists():
                return self._obituary(worker)
            self._clock.check()
            self._clock.report(f"{purpose}, {self._clock.elapsed:.0f} s")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_POLL)
        return _read_answer(answer, len(program.bounds))

    def _send(self) -> subprocess.Popen[bytes]:
        """Tell the worker, a new one if need be, the number of the program to solve."""
        if self._worker is None or self._worker.poll() is not None:
            self._worker = self._start()
        stream = self._worker.stdin
        if stream is not None:
            with suppress(BrokenPipeError):  # it has just died, which the caller will notice
                stream.write(f"{self._asked}\n".encode())
                stream.flush()
        return self._worker

    def _start(self) -> subprocess.Popen[bytes]:
        """Run this file as a script."""
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this interpreter, this file and a known word
                [sys.executable, "-P", "-W", "ignore", str(Path(__file__).resolve()), self.solver],
                cwd=self._folder,
                env={**os.environ, "TMPDIR": str(self._folder), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _obituary(self, worker: subprocess.Popen[bytes]) -> str:
        _kill_group(worker)  # the solver may live on in it
        self._worker = None
        lines = (self._folder / "log").read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
        return f"the process of {self.solver} ended with status {worker.returncode} and without an answer ({last})"


def _to_json(program: MixedProgram) -> str:
    rows = [(row.terms, row.lower, row.upper) for row in program.constraints]
    return json.dumps({"bounds": program.bounds, "binary": sorted(program.binary), "constraints": rows})


def _kill_group(worker: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(worker.pid, signal.SIGKILL)  # the group has the number of its first process
        else:
            worker.kill()
    worker.wait()
    if worker.stdin is not None:
        with suppress(BrokenPipeError):
            worker.stdin.close()


def _remove(folder: Path) -> None:
    """Remove a directory, even if a solver that has just been killed was still writing into it."""
    for _ in range(REMOVAL_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(LONGEST_POLL)


def _read_answer(file: Path, size: int) -> tuple[float, ...] | str:
    answer = json.loads(file.read_text())
    values = answer.get("values")
    if values is None:
        return str(answer["reason"])
    if len(values) != size or not all(isinstance(value, float) and math.isfinite(value) for value in values):
        return "the solver called its answer optimal, but left values out"
    return tuple(values)


# --- the worker process: this file as a script, inside its own directory -----------------------------


def _work(solver: str) -> None:
    numbers: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(numbers, Path.cwd()), daemon=True).start()
    if "highspy" not in PACKAGES[solver]:
        sys.modules["highspy"] = None  # type: ignore[assignment]  # PuLP would load it, and numpy, for nothing
    pulp = import_module("pulp")
    while True:
        number = numbers.get()
        program = json.loads(Path(f"program{number}.json").read_text())
        draft = Path("draft.json")
        draft.write_text(json.dumps(_answer(pulp, solver, program, f"model{number}")))
        draft.rename(f"answer{number}.json")  # so that it is never seen half written


def _listen(numbers: SimpleQueue[str], folder: Path) -> None:
    """Pass on what the parent says. Once it is gone, and stdin with it, end too and leave nothing."""
    for line in sys.stdin:
        numbers.put(line.strip())
    _remove(folder)  # before the group is killed, and this process with it: nothing can be written afterwards
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _answer(pulp: Any, solver: str, program: dict[str, Any], name: str) -> dict[str, object]:
    model, variables = _pulp_model(pulp, program, name)
    native, optimal = {"cbc": _run_cbc, "highs": _run_highs}[solver](pulp, model)
    if optimal and (model.status, model.sol_status) == (1, 1):
        return {"values": [_value(variables.get(i), lower) for i, (lower, _) in enumerate(program["bounds"])]}
    return {"reason": f"{solver} ended with the status {native!r}"}


def _pulp_model(pulp: Any, program: dict[str, Any], name: str) -> tuple[Any, dict[int, Any]]:
    model = pulp.LpProblem(name, pulp.LpMinimize)
    binary = set(program["binary"])
    used = {i for terms, _, _ in program["constraints"] for i, value in terms if value}
    variables = {
        i: pulp.LpVariable(f"v{i}", lower, upper, pulp.LpInteger if i in binary else pulp.LpContinuous)
        for i, (lower, upper) in enumerate(program["bounds"])
        if i in used
    }
    model += pulp.LpAffineExpression(), "nothing"
    for terms, lower, upper in program["constraints"]:
        left = pulp.LpAffineExpression([(variables[i], value) for i, value in terms])
        if lower == upper:
            model += left == upper
            continue
        if lower > -math.inf:
            model += left >= lower
        if upper < math.inf:
            model += left <= upper
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


if __name__ == "__main__":
    _work(sys.argv[1])
