"""The report about a sweep: the phase diagram of random layers, estimates and exact counts apart."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.errors import InputError
from exactinj.report.answer import AnswerContent, Facts, Figure, Folded, Paragraph, Section, Table
from exactinj.report.drawings import Tile, TileMap
from exactinj.report.marks import COUNTED
from exactinj.reporting.common import small_print
from exactinj.reporting.evidence import Subject
from exactinj.sweep.results import CellResult
from exactinj.sweep.summary import CellSummary, summary

__all__ = ["sweep_content"]

FEW_CELLS = 40  # in an open table
MOST_CELLS = 1000  # in a table
MOST_TITLES = 600  # tiles that say their numbers themselves
RATIOS = (("2", 2.0), ("3.3", 3.3), ("6.7", 6.7), ("9", 9.0))  # rows by inputs; see docs/gaussian-thresholds.md
HEAD = ("n", "m", "layers", "mean p_H (estimate)", "95 %", "injective (exact)", "not injective", "undecided", "share")
NUMBERS = (0, 1, 2, 3, 5, 6, 7)


def sweep_content(results: Sequence[CellResult], subject: Subject, *, planned: int | None = None) -> AnswerContent:
    """What the page shows of the results of one experiment; `planned` is how many layers it will have at its end."""
    cells = summary(results)
    if not cells:
        raise InputError("found no results, expected some to report; run exactinj sweep first")
    task = results[0].task
    layers = sum(cell.trials for cell in cells)
    missing = 0 if planned is None else max(planned - layers, 0)
    return AnswerContent(
        title=subject.name,
        question=f"From how many rows on are random layers injective, on {task.domain}, with bias {task.bias}?",
        mark=COUNTED,
        reason=_reason(cells, layers, missing),
        claim=_claim(cells),
        facts=_facts(results, cells, layers, missing),
        sections=(
            _picture(cells),
            _table(cells),
            Section("Evidence", (Paragraph(_evidence(subject)),)),
            *small_print(_exactness(cells)),
        ),
    )


# ------------------------------------------------------------------ words


def _reason(cells: Sequence[CellSummary], layers: int, missing: int) -> str:
    decided, unknown = sum(cell.decided for cell in cells), sum(cell.unknown for cell in cells)
    injective = sum(cell.injective for cell in cells)
    text = f"{layers:,} layers in {len(cells):,} cells (n, m)"
    if decided or unknown:
        text += f"; decided exactly {decided:,}, of which {injective:,} are injective; {unknown:,} stay undecided"
    return text + (f"; {missing:,} of the plan are still to be computed" if missing else "")


def _claim(cells: Sequence[CellSummary]) -> tuple[str, ...]:
    first = (
        "Each tile is a number of inputs n and of rows m, with random Gaussian rows. p_H is the share of rows whose "
        "bias is as small as samples say is needed; 1 means that no sample spoke against the layer. It is an "
        "estimate, and can only be too large."
    )
    if not any(cell.decided for cell in cells):
        return (first, "No layer was decided exactly in this sweep.")
    missed = sum(cell.missed for cell in cells)
    second = "Discs show exact verdicts: each counted layer was decided by proof."
    if missed:
        second += f" {missed:,} layers are not injective although their estimate is 1: sampling missed that."
    return first, second


def _facts(results: Sequence[CellResult], cells: Sequence[CellSummary], layers: int, missing: int) -> Facts:
    task = results[0].task
    seeds = sorted({result.task.seed for result in results})
    rows = [
        ("bias", task.bias),
        ("domain", task.domain),
        ("n", _range([cell.n for cell in cells])),
        ("m", _range([cell.m for cell in cells])),
        ("layers", f"{layers:,}" + (f", {missing:,} still to come" if missing else "")),
        ("samples for each estimate", f"{task.samples:,}"),
        ("seeds", ", ".join(map(str, seeds))),
        ("computed with", f"exactinj {task.version}"),
    ]
    return Facts(tuple(rows))


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _evidence(subject: Subject) -> str:
    place = "the results file" if subject.file is None else subject.file
    return (
        f"The verdicts are in {place}, one line a layer with its seed; a sweep keeps no certificates. Any layer can be "
        "drawn again from its line and decided with exactinj certify, which writes one."
    )


def _exactness(cells: Sequence[CellSummary]) -> tuple[tuple[str, str], ...]:
    rows = [("p_H, the shades", "estimates from samples, never below the value with exact alpha*")]
    if any(cell.decided or cell.unknown for cell in cells):
        rows.append(("injective, not injective, the discs", "counts of proved verdicts"))
        rows.append(("share and its 95 % interval", "statistics over random layers (Clopper and Pearson)"))
    return (*rows, ("95 % of p_H", "Wilson's interval over random layers"))


# ------------------------------------------------------------------ the diagram and the table


def _picture(cells: Sequence[CellSummary]) -> Section:
    has_titles = len(cells) <= MOST_TITLES
    tiles = tuple(
        Tile(
            column=cell.m,
            row=cell.n,
            level=cell.hamming,
            share=cell.share_injective,
            title=_title(cell) if has_titles else "",
            is_open=bool(cell.unknown and not cell.decided),
        )
        for cell in cells
    )
    low, high = min(cell.hamming for cell in cells), max(cell.hamming for cell in cells)
    words = (
        f"Phase diagram of {len(cells)} cells, rows m to the right and inputs n upwards, shaded by the mean estimate "
        f"p_H from {low:.3g} to {high:.3g}; the numbers stand in the table below."
    )
    drawing = TileMap(words, tiles, "rows m", "inputs n", "mean p_H", "share injective, exactly", RATIOS)
    hover = " Hover over a tile for its numbers; all of them are in the table." if has_titles else ""
    caption = f"Dashed lines are redundancies m / n.{hover}"
    return Section("Phase diagram", (Figure(drawing, caption),))


def _title(cell: CellSummary) -> str:
    text = f"n = {cell.n}, m = {cell.m}: mean p_H {cell.hamming:.4f} of {cell.trials} layers (estimate)"
    if cell.share_interval is None:
        return text
    return f"{text}; exact: {cell.injective} injective, {cell.not_injective} not, {cell.unknown} undecided"


def _table(cells: Sequence[CellSummary]) -> Section:
    table = Table(HEAD, tuple(_row(cell) for cell in cells[:MOST_CELLS]), NUMBERS)
    if len(cells) <= FEW_CELLS:
        return Section("Cells", (table,))
    if len(cells) <= MOST_CELLS:
        return Section("Cells", (Folded(f"the numbers of all {len(cells):,} cells", (table,)),))
    note = Paragraph(f"{len(cells) - MOST_CELLS:,} more cells; exactinj sweep --json prints all.", is_quiet=True)
    return Section("Cells", (Folded(f"the numbers of the first {MOST_CELLS:,} cells", (table, note)),))


def _row(cell: CellSummary) -> tuple[str, ...]:
    low, high = cell.hamming_interval
    row = (str(cell.n), str(cell.m), str(cell.trials), f"{cell.hamming:.4f}", f"{low:.3f} to {high:.3f}")
    if cell.share_interval is None:
        return (*row, "", "", "", "")
    low, high = cell.share_interval
    share = "unknown" if cell.share_injective is None else f"{cell.share_injective:.3f} ({low:.3f} to {high:.3f})"
    return (*row, str(cell.injective), str(cell.not_injective), str(cell.unknown), share)
