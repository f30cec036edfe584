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

import math
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from exactinj.errors import InputError, MissingExtraError
from exactinj.injectivity.milp import solver_worker
from exactinj.injectivity.milp.program import MixedProgram
from exactinj.work.clock import Clock
from exactinj.work.processes import Ended, StartedChild, started
from exactinj.work.worker import remove_folder

__all__ = ["FEASIBILITY_TOLERANCE", "SOLVERS", "SolverProcess", "require_solver"]

SOLVERS = ("cbc", "highs")
FEASIBILITY_TOLERANCE = 1e-6  # the largest violation, of a row or of integrality, that either solver lets pass
DIRECTORY_PREFIX = "exactinj-milp-"
PAUSE = 0.05  # seconds between two looks at the clock


def require_solver(solver: str) -> None:
    """Raise `InputError` for an unknown solver, `MissingExtraError` if a package of it is missing."""
    if solver not in SOLVERS:
        raise InputError(f"found the solver {solver!r}, expected one of {', '.join(SOLVERS)}")
    for package in solver_worker.PACKAGES[solver]:
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
        self._worker: StartedChild | None = None

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX))
        return self

    def __exit__(self, *_: object) -> None:
        self._end_worker()
        remove_folder(self._folder)

    def propose(self, program: MixedProgram, purpose: str = "") -> tuple[float, ...] | str:
        """Values that the solver holds for a solution, or a text that says what happened instead.

        `purpose` is what the clock's listener is told meanwhile. Raises `OutOfTimeError` at the deadline.
        """
        self._clock.check()
        if self._worker is None:
            self._worker = self._start()
        self._worker.send(program)
        while (message := self._worker.next_message(PAUSE)) is None:
            self._clock.check()
            self._clock.report(f"{purpose}, {self._clock.elapsed:.0f} s")
        if isinstance(message, Ended | Exception):
            self._end_worker()  # the solver may live on in its group
            return f"the process of {self.solver} ended {self._how(message)}"
        return _proposal(message, len(program.bounds))

    def _start(self) -> StartedChild:
        with (self._folder / "log").open("ab") as log:
            environment = {"TMPDIR": str(self._folder), "OMP_NUM_THREADS": "1"}
            return started(solver_worker.serve, self.solver, scratch=self._folder, environment=environment, log=log)

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _how(self, message: Ended | Exception) -> str:
        if isinstance(message, Exception):
            return f"without an answer ({type(message).__name__}: {message})"
        lines = (self._folder / "log").read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
        return f"with status {message.status} and without an answer ({last})"


def _proposal(answer: object, size: int) -> tuple[float, ...] | str:
    if not isinstance(answer, tuple):
        return str(answer)
    if len(answer) != size or not all(isinstance(value, float) and math.isfinite(value) for value in answer):
        return "the solver called its answer optimal, but left values out"
    return answer
