"""The grids behind figures 6.1 and 6.2, and how their panels are computed and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from exactinj.plotting import plot_sweep
from exactinj.sweep import CellResult, CellSummary, SweepPlan, grid, read_results, run_sweep, summary

__all__ = ["draw_panel", "near_transition", "results_of", "whole_grid"]

JOBS = 2
DIMENSIONS = (*range(2, 9), *range(10, 31, 2))
ROWS = (*range(2, 61, 2), *range(65, 151, 5))
EXACT = range(2, 9)
QUICK_DIMENSIONS, QUICK_ROWS = (2, 3, 5, 9), range(4, 61, 8)


def whole_grid(*, quick: bool) -> tuple[tuple[int, int], ...]:
    """2 <= n <= 30 and n <= m <= 150, every n up to 8, steps of 2 beyond, steps of 2 to 5 in m."""
    return grid(QUICK_DIMENSIONS, QUICK_ROWS) if quick else grid(DIMENSIONS, ROWS)


def near_transition(low: float, high: float, *, quick: bool) -> tuple[tuple[int, int], ...]:
    """The cells up to n = 8 with ``low <= m/n <= high``, which deserve more layers."""
    return tuple((n, m) for n, m in whole_grid(quick=quick) if n in EXACT and low <= m / n <= high)


def results_of(plans: Iterable[SweepPlan], path: Path) -> list[CellResult]:
    """Run the plans; what the file holds already is not computed again, so a stopped script goes on."""
    wanted = set()
    for plan in plans:
        run = run_sweep(plan, path, jobs=JOBS)
        wanted |= {task.key for task in plan.tasks()}
        print(f"{path.name}: {run.computed} layers computed, {run.found} found, {run.seconds:.0f} s")
    return [result for result in read_results(path) if result.task.key in wanted]


def draw_panel(axes: Any, results: Sequence[CellResult], title: str) -> None:
    """One phase diagram, its numbers printed; the legend goes below the axes, where it hides no cell."""
    plot_sweep(results, axes)
    axes.set_title(title, fontsize=10)
    if axes.get_legend():
        axes.get_legend().remove()
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), fontsize=8, ncols=2)
    cells = summary(results)
    print(title.replace("\n", ", "))
    for n in sorted({cell.n for cell in cells}):
        print(_line(n, [cell for cell in cells if cell.n == n]))


def _line(n: int, cells: list[CellSummary]) -> str:
    """Where p_H is half way and where the exact share is, for one n."""
    layers = sum(cell.trials for cell in cells)
    half = next((cell.m for cell in cells if cell.hamming >= 0.5), None)
    whole = next((cell.m for k, cell in enumerate(cells) if all(c.hamming == 1 for c in cells[k:])), None)
    text = f"  n = {n}, {layers} layers: estimate p_H reaches 1/2 at m = {half}, stays 1 from m = {whole}"
    if not any(cell.decided for cell in cells):
        return text
    exact = next((cell.m for cell in cells if (cell.share_injective or 0) >= 0.5), None)
    missed, unknown = sum(cell.missed for cell in cells), sum(cell.unknown for cell in cells)
    decided = sum(cell.decided for cell in cells)
    proved = sum(cell.injective for cell in cells)
    return (
        f"{text}; exact: {proved} of {decided} injective, half of them at m = {exact}, {unknown} undecided, "
        f"{missed} not injective though p_H = 1"
    )
