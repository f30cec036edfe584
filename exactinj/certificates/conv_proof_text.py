"""The rules about convolutions as JSON text; importing this file teaches them to `proof_pieces`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from exactinj.certificates.every_size import (
    BoxesProof,
    GeometricPattern,
    PatchPair,
    PeriodicPair,
    RowCount,
    UnpairedRow,
)
from exactinj.certificates.proof_text import pair_text, proof_pieces, rationals, separated, strings

__all__ = ["proof_pieces", "separated", "strings"]


@proof_pieces.register
def _boxes_pieces(proof: BoxesProof) -> Iterator[str]:
    slots = json.dumps(
        [[{"known": [slot.low, slot.high], "starts": list(slot.starts)} for slot in axis] for axis in proof.slots]
    )
    yield f'{{"rule": "boxes",\n"box": {list(proof.box)},\n"slots": {slots},\n"proofs": [\n'
    for number, part in enumerate(proof.proofs):
        yield ",\n" if number else ""
        yield from proof_pieces(part)
    yield "\n]}"


@proof_pieces.register
def _periodic_pieces(proof: PeriodicPair) -> Iterator[str]:
    yield f'{{"rule": "periodic",\n"period": {list(proof.period)},\n{pair_text(proof)}}}'


@proof_pieces.register
def _patch_pieces(proof: PatchPair) -> Iterator[str]:
    yield f'{{"rule": "patch",\n"patch": {list(proof.patch)},\n"anchor": {json.dumps(list(proof.anchor))},\n'
    yield f'"phase": {list(proof.phase)},\n{pair_text(proof)}}}'


@proof_pieces.register
def _geometric_pieces(proof: GeometricPattern) -> Iterator[str]:
    yield f'{{"rule": "geometric",\n"group": {proof.group},\n"period": {list(proof.period)},\n'
    yield f'"factor": {rationals(proof.factor)},\n"x": {rationals(proof.x)}}}'


@proof_pieces.register
def _count_pieces(proof: RowCount) -> Iterator[str]:
    yield f'{{"rule": "count",\n"group": {proof.group}}}'


@proof_pieces.register
def _unpaired_pieces(proof: UnpairedRow) -> Iterator[str]:
    yield f'{{"rule": "unpaired",\n"group": {proof.group},\n"kernel": {proof.kernel},\n"tap": {list(proof.tap)}}}'
