"""Many random layers on a grid of (n, m): the redundancy phase diagram, sampled and, where it can be decided, exact.

`SweepPlan` says what, `run_sweep` does it and can be stopped and started at any time, `read_results` reads what it
wrote, `summary` condenses it per cell. Sampled numbers are estimates; exact verdicts are proved layer by layer.
"""

from exactinj.sweep.plan import Bias, SweepPlan, Task, grid
from exactinj.sweep.results import CellResult, read_results
from exactinj.sweep.run import SweepRun, run_sweep
from exactinj.sweep.summary import CellSummary, summary

__all__ = [
    "Bias",
    "CellResult",
    "CellSummary",
    "SweepPlan",
    "SweepRun",
    "Task",
    "grid",
    "read_results",
    "run_sweep",
    "summary",
]
