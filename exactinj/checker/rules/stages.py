"""Rule "stages" inside "boxes": groups of columns one after the other, which know the columns of those before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.checker.domains import Cut
from exactinj.checker.faults import Reason, Rejected, within
from exactinj.checker.rows import Form, MadeRows
from exactinj.checker.rules.blocks import Block, check_injective

__all__ = ["Stages", "check_stages"]


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages, each to be judged before the next one is taken."""

    stages: Iterator[Block]


def check_stages(proof: Stages, cut: Cut, rows: MadeRows) -> str:
    """Each stage, then that every column is in one."""
    known, count = set[int](), 0
    for stage in proof.stages:
        with within(f"stage {count}"):
            _check_stage(stage, cut, rows, known)
        known.update(stage.columns)
        count += 1
    if len(known) < rows.n:
        missing = next(j for j in range(rows.n) if j not in known)
        raise Rejected(Reason.BLOCKS, f"stages: no stage has column {missing}")
    return f"{count} stages have all {rows.n} columns, and their proofs are correct"


def _check_stage(stage: Block, cut: Cut, rows: MadeRows, known: set[int]) -> None:
    """Its rows are zero outside its columns, and with the known columns the stage layer is injective."""
    columns = stage.columns
    if columns[0] < 0 or columns[-1] >= rows.n:
        raise Rejected(Reason.BLOCKS, f"columns: names one outside 0 to {rows.n - 1}")
    chosen = stage.rows()
    if chosen[0] < 0 or chosen[-1] >= len(rows):
        raise Rejected(Reason.BLOCKS, f"rows: names one outside 0 to {len(rows) - 1}")
    place = {j: k for k, j in enumerate(columns)}
    for i in chosen:
        outside = next((j for j in rows.form(i).nonzero if j not in place), None)
        if outside is not None:
            raise Rejected(Reason.BLOCKS, f"row {i} is not zero in column {outside}")
    seen = [place[j] for j in columns if j in known]

    def form(k: int) -> Form:
        if k >= len(chosen):
            column, negative = divmod(k - len(chosen), 2)
            return Form({seen[column]: -1 if negative else 1}, 0, 1)
        nonzero, constant, denominator = rows.form(chosen[k])
        return Form({place[j]: value for j, value in nonzero.items()}, constant, denominator)

    layer = MadeRows(len(chosen) + 2 * len(seen), len(columns), form)
    check_injective(stage.proof(), lambda inner: cut([columns[k] for k in inner]), layer, len(columns))
