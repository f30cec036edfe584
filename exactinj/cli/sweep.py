"""``exactinj sweep``: many random layers on a grid of (n, m), sampled and exact; resumable, in shards."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs, add_output_options, numbers_of, seconds, shard_of
from exactinj.cli.figure_files import refuse_bad_picture, save_figure
from exactinj.cli.output import note_processes, print_error, show, show_json
from exactinj.cli.progress import ProgressLine
from exactinj.cli.report_files import add_report, refuse_bad_report
from exactinj.cli.supervise import requests_to_stop
from exactinj.cli.table import table
from exactinj.errors import InputError

if TYPE_CHECKING:
    from exactinj.sweep import CellResult, CellSummary, SweepPlan, SweepRun, Task

__all__ = ["add", "run"]

MOST_CELLS = 40  # in a table


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "sweep",
        help="many random layers: the redundancy phase diagram, sampled and exact",
        description="Gaussian layers ReLU(Wx - alpha) on a grid of (n, m): the Hamming proportion p_H, estimated from "
        "samples, and exact verdicts for small n. Stop it at any time; run it again with the same --out to go on.",
    )
    verb.add_argument("--n", default="2:30", metavar="RANGE", help="dimensions: 5, 2,3,4, 2:30 or 2:30:STEP (2:30)")
    verb.add_argument("--m", default="2:150:4", metavar="RANGE", help="rows, where m >= n (default 2:150:4)")
    verb.add_argument("--grid", metavar="NxM,...", help="these cells instead, such as 3x13,4x19")
    verb.add_argument("--bias", default="zero", metavar="BIAS", help="zero (default), constant:C or gaussian:VARIANCE")
    verb.add_argument("--domain", default="ball:1", metavar="DOMAIN", help="ball:r (default ball:1), sphere:r, ...")
    verb.add_argument("--trials", type=int, default=1, metavar="N", help="layers in each cell (default 1)")
    verb.add_argument("--samples", type=int, default=10_000, metavar="N", help="for each estimate (default 10000)")
    verb.add_argument(
        "--exact-up-to", type=int, metavar="N", help="decide layers up to this n exactly (default 8; 0 for none)"
    )
    verb.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="SECONDS", help="for each exact decision (default 60)"
    )
    verb.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    verb.add_argument("--seed", type=int, default=0, help="(default 0)")
    verb.add_argument("--shard", default="1/1", metavar="i/N", help="only the i-th of N parts, 1 <= i <= N")
    verb.add_argument("--out", required=True, metavar="FILE", help="JSON lines; finished layers in it are skipped")
    verb.add_argument("--plot", metavar="FILE", help="draw the phase diagram (.png, .pdf or .svg)")
    add_report(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, also where some layers stay unknown: the counts say so."""
    from exactinj.sweep import read_results, run_sweep, summary

    plan, shard = _plan(options), shard_of(options.shard)
    refuse_bad_picture(options.plot)
    refuse_bad_report(options.report)
    line = ProgressLine(enabled=not options.quiet)
    note_processes(options)
    try:
        with requests_to_stop():
            outcome = run_sweep(plan, options.out, jobs=options.jobs, shard=shard, report=line.show_sometimes)
    except KeyboardInterrupt:
        line.clear()
        print_error(f"interrupted; finished layers are in {options.out}, and the same command goes on from there")
        return exit_status.INTERRUPTED
    finally:
        line.clear()
    keys = {task.key for task in plan.tasks()}
    everything = read_results(options.out)
    results = [result for result in everything if result.task.key in keys]
    others = [result.task for result in everything if result.task.key not in keys]
    if options.plot is not None and results:
        _draw(results, options.plot)
    page = _report(results, len(keys), options)
    cells = summary(results)
    if options.json:
        asked = {} if options.report is None else {"report": page}
        show_json({**_document(options, plan, outcome, cells, others), **asked})
    elif not options.quiet:
        lines = [] if page is None else [f"report: {page}"]
        show("\n".join([_describe(options, plan, outcome, cells, others), *lines]))
    return exit_status.OK


def _plan(options: argparse.Namespace) -> SweepPlan:
    from exactinj.files.domain_words import parse_domain
    from exactinj.sweep import Bias, SweepPlan, grid

    cells = (
        grid(numbers_of("--n", options.n), numbers_of("--m", options.m))
        if options.grid is None
        else _cells(options.grid)
    )
    return SweepPlan(
        cells,
        trials=options.trials,
        seed=options.seed,
        bias=Bias.parse(options.bias),
        samples=options.samples,
        exact_up_to=options.exact_up_to,
        timeout=options.timeout,
        domain=parse_domain(options.domain),
    )


def _cells(text: str) -> tuple[tuple[int, int], ...]:
    try:
        return tuple((int(n), int(m)) for n, m in (cell.split("x") for cell in text.split(",")))
    except ValueError:
        raise InputError(f"--grid: found {text!r}, expected cells NxM such as 3x13,4x19") from None


def _draw(results: list[CellResult], path: str) -> None:
    from matplotlib.figure import Figure

    from exactinj.plotting import plot_sweep

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = plot_sweep(results, figure.add_subplot())
    task = results[0].task
    axes.set_title(f"bias {task.bias}, {task.domain}, {task.samples:,} samples", fontsize=10)
    save_figure(figure, path)


def _report(results: list[CellResult], planned: int, options: argparse.Namespace) -> str | None:
    """Write the page where there is something to say; its file."""
    if options.report is None or not results:
        return None
    from exactinj.reporting.evidence import Subject
    from exactinj.reporting.page_files import write_page
    from exactinj.reporting.sweeps import sweep_content

    subject = Subject(Path(options.out).name, options.out)
    write_page(sweep_content(results, subject, planned=planned), options.report)
    return str(options.report)


def _document(
    options: argparse.Namespace, plan: SweepPlan, outcome: SweepRun, cells: list[CellSummary], others: list[Task]
) -> dict[str, object]:
    return {
        "bias": plan.bias.text,
        "domain": plan.domain.text,
        "samples": plan.samples,
        "trials": plan.trials,
        "seed": plan.seed,
        "exact_up_to": plan.largest_exact,
        "timeout": plan.timeout,
        "shard": options.shard,
        "results": options.out,
        "picture": options.plot,
        "layers": {"planned": outcome.tasks, "found": outcome.found, "computed": outcome.computed},
        "other_layers_in_file": {"count": len(others), "seeds": sorted({task.seed for task in others})},
        "cells": [cell.to_json() for cell in cells],
    }


def _describe(
    options: argparse.Namespace, plan: SweepPlan, outcome: SweepRun, cells: list[CellSummary], others: list[Task]
) -> str:
    lines = [
        f"{options.out}: bias {plan.bias.text} on {plan.domain.text}; p_H is an estimate from {plan.samples:,} samples",
        f"  {outcome.computed:,} layers computed, {outcome.found:,} were there, {outcome.seconds:.1f} s",
    ]
    head = ["n", "m", "layers", "mean p_H (estimate)", "95 %", "injective (exact)", "not injective", "unknown", "share"]
    lines += table(head, [_row(cell) for cell in cells[:MOST_CELLS]])
    if len(cells) > MOST_CELLS:
        lines.append(f"  ... {len(cells) - MOST_CELLS:,} more cells; --json prints all of them, --plot draws them")
    if others:
        seeds = ", ".join(map(str, sorted({task.seed for task in others})))
        lines.append(f"  ({len(others):,} layers of other sweeps in this file, seed {seeds}, are not counted here)")
    return "\n".join(lines)


def _row(cell: CellSummary) -> list[str]:
    low, high = cell.hamming_interval
    row = [str(cell.n), str(cell.m), str(cell.trials), f"{cell.hamming:.4f}", f"{low:.3f} to {high:.3f}"]
    if cell.share_interval is None:
        return [*row, "", "", "", ""]
    low, high = cell.share_interval
    share = "unknown" if cell.share_injective is None else f"{cell.share_injective:.3f} ({low:.3f} to {high:.3f})"
    return [*row, str(cell.injective), str(cell.not_injective), str(cell.unknown), share]
