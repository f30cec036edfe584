"""Rule "blocks": groups of columns with rows that are zero outside, each group proved by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exactinj.checker.domains import Cut, Domain
from exactinj.checker.faults import Later, Reason, Rejected, Unreadable, within
from exactinj.checker.limits import ENTRIES
from exactinj.checker.rows import Form, MadeRows, Rows, form_of
from exactinj.checker.rules.flat_tree import FlatTree, check_flat_tree
from exactinj.checker.rules.sign_split import SignSplit, check_sign_split

__all__ = ["Block", "Blocks", "InjectiveProof", "check_blocks", "check_injective", "check_layer_blocks"]


@dataclass(frozen=True, slots=True)
class Block:
    """Columns and rows in increasing order, and the proof of the block layer; to be read in this order."""

    columns: list[int]
    rows: Later[list[int]]
    proof: Later[InjectiveProof]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks, each to be judged before the next one is taken."""

    blocks: Iterator[Block]


InjectiveProof = FlatTree | SignSplit | Blocks


def check_injective(proof: InjectiveProof, cut: Cut, rows: Rows, n: int) -> str:
    """A proof with one of these rules, for rows that may not be in the document."""
    if isinstance(proof, Blocks):
        return check_blocks(proof, cut, rows, n)
    if n * n > ENTRIES:
        raise Unreadable(f"a tree for {n} columns does not fit into memory")
    domain = cut(range(n))
    if isinstance(proof, FlatTree):
        return check_flat_tree(proof, domain, rows, n)
    return check_sign_split(proof, domain, rows, n)


def _require_between(numbers: Sequence[int], count: int, name: str) -> None:
    """Raises Rejected unless the increasing numbers are from 0 to count - 1."""
    if numbers[0] < 0 or numbers[-1] >= count:
        raise Rejected(Reason.BLOCKS, f"{name}: names one outside 0 to {count - 1}")


def _check_block(block: Block, cut: Cut, rows: Rows, n: int) -> None:
    """Its rows are zero outside its columns, and the block layer is injective."""
    columns = block.columns
    _require_between(columns, n, "columns")
    chosen = block.rows()
    _require_between(chosen, len(rows), "rows")
    place = {j: k for k, j in enumerate(columns)}
    for i in chosen:
        outside = next((j for j in form_of(rows, i).nonzero if j not in place), None)
        if outside is not None:
            raise Rejected(Reason.BLOCKS, f"row {i} is not zero in column {outside}")

    def form(k: int) -> Form:
        nonzero, constant, denominator = form_of(rows, chosen[k])
        return Form({place[j]: value for j, value in nonzero.items()}, constant, denominator)

    def cut_again(inner: Sequence[int]) -> Domain:
        return cut([columns[k] for k in inner])

    check_injective(block.proof(), cut_again, MadeRows(len(chosen), len(columns), form), len(columns))


def check_blocks(proof: Blocks, cut: Cut, rows: Rows, n: int) -> str:
    """Each block, then that every column is in one."""
    covered, count = set[int](), 0
    for block in proof.blocks:
        with within(f"block {count}"):
            _check_block(block, cut, rows, n)
        covered.update(block.columns)
        count += 1
    if len(covered) < n:
        missing = next(j for j in range(n) if j not in covered)
        raise Rejected(Reason.BLOCKS, f"blocks: no block has column {missing}")
    return f"{count} blocks have all {n} columns, and their proofs are correct"


def check_layer_blocks(proof: Blocks, domain: Domain, rows: Rows, n: int) -> str:
    """For a layer: not on a polytope."""
    if domain.halfspaces:
        raise Rejected(Reason.DOMAIN, "blocks: the domain is a polytope")
    return check_blocks(proof, domain.cut, rows, n)
