"""Proof objects as JSON text, piece by piece: one rule, one function. Rules about convolutions: `conv_proof_text`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import singledispatch
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.blocks import Block, BlocksProof, StagesProof
from exactinj.certificates.cell_pairs import CellPairs, CellStep, Support
from exactinj.certificates.collision import Collision
from exactinj.certificates.composition import Composition
from exactinj.certificates.depth_tree import DepthTree, RowProof
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.form import Form
from exactinj.certificates.gram import GramProof, GramSide
from exactinj.certificates.orientation import OrientationProof
from exactinj.certificates.p_matrix import Minors, PMatrixProof, Split, Token
from exactinj.certificates.packing import Packing, StatedPacking
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree
from exactinj.certificates.support_text import compact_lines, token_lines
from exactinj.certificates.supports import SupportTable
from exactinj.errors import InternalError
from exactinj.exact.numbers import integer_text, rational_text

__all__ = ["Proof", "pair_text", "proof_pieces", "rationals", "separated", "strings"]

TOKENS_A_LINE = 16
Entry: TypeAlias = Sequence[tuple[int, int]] | Sequence[int]  # pairs (row, multiplier), or codes

Proof = (
    FlatTree | SignSplitTree | StatedTree | BlocksProof | Collision | DepthTree | Packing | StatedPacking | GramProof
)


@singledispatch
def proof_pieces(proof: object) -> Iterator[str]:
    """The JSON object of a proof."""
    raise InternalError(f"a proof of type {type(proof).__name__} cannot be written; please report this")


@proof_pieces.register
def _blocks_pieces(proof: BlocksProof) -> Iterator[str]:
    return _pieces_of_blocks("blocks", proof.blocks)


@proof_pieces.register
def _stages_pieces(proof: StagesProof) -> Iterator[str]:
    return _pieces_of_blocks("stages", proof.stages)


def _pieces_of_blocks(rule: str, blocks: Sequence[Block]) -> Iterator[str]:
    yield f'{{"rule": "{rule}",\n"{rule}": [\n'
    for number, block in enumerate(blocks):
        yield ",\n" if number else ""
        yield f'{{"columns": {list(block.columns)}, "rows": {list(block.rows)},\n"proof": '
        yield from proof_pieces(block.proof)
        yield "}"
    yield "\n]}"


@proof_pieces.register
def _composition_pieces(proof: Composition) -> Iterator[str]:
    yield '{"rule": "composition",\n"layers": [\n'
    for number, layer in enumerate(proof.layers):
        yield ",\n" if number else ""
        yield from proof_pieces(layer)
    yield "\n]}"


@proof_pieces.register
def _flat_tree_pieces(proof: FlatTree) -> Iterator[str]:
    if proof.written_form is Form.COMPACT:
        return _compact_pieces("flat-tree", proof)
    return _tree_pieces("flat-tree", "refuters", proof.refuters(), proof.tokens)


@proof_pieces.register
def _sign_split_pieces(proof: SignSplitTree) -> Iterator[str]:
    if proof.written_form is Form.COMPACT:
        return _compact_pieces("sign-split", proof)
    return _tree_pieces("sign-split", "circuits", proof.circuits(), proof.tokens)


def _compact_pieces(rule: str, proof: FlatTree | SignSplitTree) -> Iterator[str]:
    yield f'{{"rule": "{rule}",\n"supports": [\n'
    yield from compact_lines(proof.supports, proof.rows, _entry)
    yield '],\n"tree": [\n'
    yield from token_lines(proof.tokens)
    yield "]}"


@proof_pieces.register
def _stated_pieces(proof: StatedTree) -> Iterator[str]:
    if proof.form is Form.EXPLICIT:
        yield from _tree_pieces(proof.rule, proof.table, proof.entries, proof.tokens)
        return
    yield f'{{"rule": "{proof.rule}",\n"{proof.table}": [\n'
    yield from separated(map(_entry, proof.entries))
    yield '],\n"tree": [\n'
    yield from token_lines(proof.tokens)
    yield "]}"


class Pair(Protocol):
    """Whatever has an x and a y."""

    @property
    def x(self) -> tuple[Fraction, ...]: ...
    @property
    def y(self) -> tuple[Fraction, ...]: ...


def pair_text(pair: Pair) -> str:
    """The fields x and y."""
    return f'"x": {rationals(pair.x)},\n"y": {rationals(pair.y)}'


def rationals(values: Iterable[Fraction]) -> str:
    """A JSON list of rationals as strings."""
    return strings([rational_text(value) for value in values])


@proof_pieces.register
def _collision_pieces(pair: Collision) -> Iterator[str]:
    yield f'{{"rule": "collision",\n{pair_text(pair)}}}'


def _tree_pieces(
    rule: str,
    table: str,
    entries: Iterable[Entry],
    tokens: NDArray[np.int32],
    first: str = "",
) -> Iterator[str]:
    before = first and f"{first},\n"
    yield f'{{"rule": "{rule}",\n{before}"{table}": [\n'
    yield from separated(map(_entry, entries))
    yield '],\n"tree": [\n'
    yield from separated(_token_lines(tokens))
    yield "]}"


@proof_pieces.register
def _packing_pieces(proof: Packing) -> Iterator[str]:
    if proof.written_form is Form.COMPACT:
        entries = compact_lines(SupportTable.of_places(proof.supports), proof.rows, _entry)
    else:
        entries = separated(map(_entry, proof.refuters()))
    return _packing_text(proof.epsilon, proof.written_form, entries)


@proof_pieces.register
def _stated_packing_pieces(proof: StatedPacking) -> Iterator[str]:
    return _packing_text(proof.epsilon, proof.form, separated(map(_entry, proof.stated)))


def _packing_text(epsilon: Fraction | None, form: Form, entries: Iterator[str]) -> Iterator[str]:
    stated = "null" if epsilon is None else f'"{rational_text(epsilon)}"'
    table = "supports" if form is Form.COMPACT else "refuters"
    yield f'{{"rule": "packing",\n"epsilon": {stated},\n"{table}": [\n'
    yield from entries
    yield "]}"


@proof_pieces.register
def _gram_pieces(proof: GramProof) -> Iterator[str]:
    yield '{"rule": "gram",\n"below": '
    yield from _side_pieces("at_least", proof.below)
    yield ',\n"above": '
    yield from _side_pieces("at_most", proof.above)
    yield "}"


def _side_pieces(name: str, side: GramSide) -> Iterator[str]:
    """The object of a tree, with the bound and the pairs in place of its rule."""
    pieces = proof_pieces(side.tree)
    opening = next(pieces)
    bound, pairs = rational_text(side.bound), [list(pair) for pair in side.pairs]
    yield opening.replace('"rule": "sign-split"', f'"{name}": "{bound}",\n"pairs": {pairs}', 1)
    yield from pieces


def _entry(entry: Entry) -> str:
    """A refuter or circuit; its codes, if it was read in the compact form."""
    if isinstance(entry[0], int):
        return "[" + ",".join(map(str, entry)) + "]"
    return "[" + ", ".join(f'[{i}, "{integer_text(value)}"]' for i, value in entry) + "]"  # type: ignore[misc]


def _token_lines(tokens: NDArray[np.int32]) -> Iterator[str]:
    return (", ".join(map(str, tokens[k : k + TOKENS_A_LINE])) for k in range(0, tokens.size, TOKENS_A_LINE))


@proof_pieces.register
def _depth_pieces(proof: DepthTree) -> Iterator[str]:
    yield '{"rule": "depth-tree",\n"rows": [\n'
    for number, row in enumerate(proof.rows):
        yield ",\n" if number else ""
        yield from _row_pieces(row)
    yield "\n]}"


def _row_pieces(row: RowProof) -> Iterator[str]:
    point = "null" if row.point is None else strings([rational_text(Fraction(value)) for value in row.point])
    yield f'{{"row": {row.row}, "sign": {row.value.sign}, "square": {json.dumps(row.square_text)},\n"point": {point},\n'
    yield '"refuters": [\n'
    yield from separated(refuter.text for refuter in row.refuters)
    yield '],\n"tree": [\n'
    yield from separated(_token_lines(row.tokens))
    yield "]}"


@proof_pieces.register
def _p_matrix_pieces(proof: PMatrixProof) -> Iterator[str]:
    yield f'{{"rule": "p-matrix",\n"active": {list(proof.active)},\n"inactive": {list(proof.inactive)},\n"blocks": [\n'
    for number, block in enumerate(proof.blocks):
        yield ",\n" if number else ""
        yield f'{{"rows": {list(block.rows)},\n"tree": [\n'
        yield from separated(map(_minor_token, block.tokens))
        yield "]}"
    yield "\n]}"


@proof_pieces.register
def _orientation_pieces(proof: OrientationProof) -> Iterator[str]:
    point = f'"point": {rationals(proof.point)}'
    return _tree_pieces("orientation", "circuits", proof.circuits, np.array(proof.tokens, dtype=np.int32), point)


def _minor_token(token: Token) -> str:
    if isinstance(token, Split):
        return str(token.unit)
    if isinstance(token, Minors):
        return f'{{"minors": {token.units}}}'
    name = type(token).__name__.lower()
    return f'{{"{name}": {strings([integer_text(weight) for weight in token.weights])}}}'


@proof_pieces.register
def _cell_pairs_pieces(proof: CellPairs) -> Iterator[str]:
    yield '{"rule": "cell-pairs",\n"directions": [\n'
    yield from separated(strings([str(value) for value in direction]) for direction in proof.directions)
    yield '],\n"cells": [\n'
    yield from separated(map(_cell_text, proof.cells))
    yield '],\n"pairs": [\n'
    yield from separated(f"[{_support_text(left)}, {_support_text(right)}]" for left, right in proof.pairs)
    yield "]}"


def _cell_text(step: CellStep) -> str:
    if isinstance(step, int):
        return str(step)
    return "[" + ", ".join(str(part) if isinstance(part, int) else _support_text(part) for part in step) + "]"


def _support_text(support: Support | None) -> str:
    return "null" if support is None else str(list(support))


def separated(items: Iterable[str]) -> Iterator[str]:
    """Items on lines of their own with commas between."""
    first = True
    for item in items:
        yield item if first else ",\n" + item
        first = False
    yield "\n"


def strings(texts: list[str]) -> str:
    """A JSON list of strings on one line."""
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
