"""Certificates: a claim about one layer on one domain, and its proof, as deterministic JSON.

The format is specified in ``docs/certificates.md``; ``exactinj/checker.py`` checks it without any of
this code. Writing streams: a tree of a million tokens is never held as text.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Region
from exactinj.evidence.collision import Collision
from exactinj.evidence.depth_tree import DepthTree, RowProof
from exactinj.evidence.files import replacing
from exactinj.evidence.sign_split import SignSplitTree
from exactinj.evidence.tree_proof import FlatTree
from exactinj.exact.numbers import integer_text, rational_text
from exactinj.layer import ReLULayer

__all__ = ["Certificate", "Proof"]

FORMAT = "exactinj-certificate"
VERSION = 1
TOKENS_A_LINE = 16

Proof = FlatTree | SignSplitTree | Collision | DepthTree


@dataclass(frozen=True)
class Certificate:
    """A claim with its proof: ``injective`` or ``alpha_star`` with trees, ``not_injective`` with a colliding pair."""

    layer: ReLULayer
    domain: Region
    proof: Proof

    @property
    def claim(self) -> str:
        if isinstance(self.proof, DepthTree):
            return "alpha_star"
        return "not_injective" if isinstance(self.proof, Collision) else "injective"

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write to a file, gzip-compressed if its name ends in ``.gz``; never leaves half a file."""
        with replacing(Path(path)) as raw:
            if str(path).endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    self._write_text(packed)
            else:
                self._write_text(raw)

    def to_bytes(self) -> bytes:
        """The uncompressed document."""
        buffer = io.BytesIO()
        self._write_text(buffer)
        return buffer.getvalue()

    def _write_text(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        for piece in self._pieces():
            stream.write(piece.encode("ascii"))

    def _pieces(self) -> Iterator[str]:
        layer = self.layer
        yield f'{{"format": "{FORMAT}",\n"version": {VERSION},\n"claim": "{self.claim}",\n'
        yield f'"domain": {json.dumps(self.domain.record)},\n'
        yield f'"layer": {{"m": {layer.m}, "n": {layer.n}, "sha256": "{layer.digest}",\n"W": [\n'
        yield from _separated(map(_strings, layer.W.texts()))
        yield f'],\n"b": {_strings([text for (text,) in layer.b.texts()])}}},\n"proof": '
        yield from _proof_pieces(self.proof)
        yield "}\n"


def _collision_pieces(pair: Collision) -> Iterator[str]:
    x, y = (_strings([rational_text(value) for value in point]) for point in (pair.x, pair.y))
    yield f'{{"rule": "collision",\n"x": {x},\n"y": {y}}}'


def _proof_pieces(proof: Proof) -> Iterator[str]:
    if isinstance(proof, Collision):
        return _collision_pieces(proof)
    if isinstance(proof, DepthTree):
        return _depth_pieces(proof)
    if isinstance(proof, FlatTree):
        return _tree_pieces("flat-tree", "refuters", proof.refuters(), proof.tokens)
    return _tree_pieces("sign-split", "circuits", proof.circuits(), proof.tokens)


def _tree_pieces(
    rule: str, table: str, entries: Iterator[list[tuple[int, int]]], tokens: NDArray[np.int32]
) -> Iterator[str]:
    yield f'{{"rule": "{rule}",\n"{table}": [\n'
    yield from _separated(
        "[" + ", ".join(f'[{i}, "{integer_text(value)}"]' for i, value in entry) + "]" for entry in entries
    )
    yield '],\n"tree": [\n'
    yield from _separated(_token_lines(tokens))
    yield "]}"


def _token_lines(tokens: NDArray[np.int32]) -> Iterator[str]:
    return (", ".join(map(str, tokens[k : k + TOKENS_A_LINE])) for k in range(0, tokens.size, TOKENS_A_LINE))


def _depth_pieces(proof: DepthTree) -> Iterator[str]:
    yield '{"rule": "depth-tree",\n"rows": [\n'
    for number, row in enumerate(proof.rows):
        yield ",\n" if number else ""
        yield from _row_pieces(row)
    yield "\n]}"


def _row_pieces(row: RowProof) -> Iterator[str]:
    point = "null" if row.point is None else _strings([integer_text(value) for value in row.point])
    yield f'{{"row": {row.row}, "sign": {row.value.sign}, "square": {json.dumps(row.square_text)},\n"point": {point},\n'
    yield '"refuters": [\n'
    yield from _separated(refuter.text for refuter in row.refuters)
    yield '],\n"tree": [\n'
    yield from _separated(_token_lines(row.tokens))
    yield "]}"


def _separated(items: Iterable[str]) -> Iterator[str]:
    """Items on lines of their own with commas between."""
    first = True
    for item in items:
        yield item if first else ",\n" + item
        first = False
    yield "\n"


def _strings(texts: list[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
