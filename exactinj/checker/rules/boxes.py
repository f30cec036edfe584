"""Rule "boxes": boxes that cover the grid at every size, and a proof for each kind of box."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.checker.convolution import Axis, Kernels, Sizes, Slot
from exactinj.checker.domains import Domain, channel_cut
from exactinj.checker.faults import Later, Reason, Rejected, within
from exactinj.checker.rationals import digits_of, show, times
from exactinj.checker.rules.blocks import InjectiveProof, check_injective
from exactinj.checker.rules.packing import Packing
from exactinj.checker.rules.stages import Stages, check_stages
from exactinj.checker.rules.window_packing import check_window_packing

__all__ = ["BoxProof", "Boxes", "check_boxes"]


BoxProof = InjectiveProof | Packing | Stages


@dataclass(frozen=True, slots=True)
class Boxes:
    """The box, the slots of each axis, and a proof for each group and choice of slots in lexicographic order."""

    box: tuple[int, ...]
    slots: list[list[Slot]]
    proofs: Iterator[Later[BoxProof]]


def _require_coverage(axis: Axis, length: int, slots: list[Slot], least: int, residues: list[int]) -> None:
    """The conditions 1 to 4 along one axis, for the box length P and the minimum size."""
    if length < axis.stride:
        raise Rejected(Reason.COVERAGE, f"the box length {show(length)} is below the stride {show(axis.stride)}")
    if least < length:
        raise Rejected(Reason.COVERAGE, f"the box length {show(length)} is above the minimum size {show(least)}")
    if all(any(slot.known[end] for slot in slots) for end in (0, 1)):
        raise Rejected(Reason.COVERAGE, "places at both ends are known, so it is swept neither up nor down")
    if any(max(slot.known) > length - axis.stride for slot in slots):
        raise Rejected(Reason.COVERAGE, "more places are known than the box before has left")
    (low, high), last = axis.zeros, length - axis.extent
    if not any(_serves(slot, axis, -axis.low, -low, last) and not slot.known[0] for slot in slots):
        raise Rejected(Reason.COVERAGE, "no slot serves the first box")
    if not any(_serves(slot, axis, slot.starts[0], 0, last) for slot in slots):
        raise Rejected(Reason.COVERAGE, "no slot serves the inner boxes")
    for residue in residues:
        end = length - residue - axis.low
        if not any(_serves(slot, axis, end, 0, last + high) and not slot.known[1] for slot in slots):
            raise Rejected(Reason.COVERAGE, f"no slot serves the last box for the residue {show(residue)}")


def _serves(slot: Slot, axis: Axis, residue: int, first: int, last: int) -> bool:
    """Whether the slot has only starts from `first` to `last` that are congruent to `residue` modulo the stride."""
    starts = slot.starts
    return first <= starts[0] and starts[-1] <= last and all((tau - residue) % axis.stride == 0 for tau in starts)


def check_boxes(proof: Boxes, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """Coverage along each axis, then the proofs."""
    parts = zip(kernels.axes, proof.box, proof.slots, sizes.minimum, sizes.residues, strict=True)
    for k, (axis, length, slots, least, residues) in enumerate(parts, 1):
        with within(f"boxes: axis {k}"):
            _require_coverage(axis, length, slots, least, residues)
    total, count, packed = kernels.layer.groups * math.prod(map(len, proof.slots)), 0, 0
    for inner in proof.proofs:
        if count == total:
            raise Rejected(Reason.COVERAGE, f"boxes: the list of proofs goes on after {total}")
        with within(f"proof {count}"):
            packed += _check_one(inner, count, proof, domain, kernels)
        count += 1
    if count < total:
        raise Rejected(Reason.COVERAGE, f"boxes: the list of proofs ends after {count} of {show(total)}")
    assumed = "" if not packed else f", {packed} of them if their windows are full spark"
    return (
        f"the proofs of {total} box layers for the box {times(proof.box)} are correct{assumed}, "
        "and these boxes cover the grid"
    )


def _check_one(inner: Later[BoxProof], number: int, proof: Boxes, domain: Domain, kernels: Kernels) -> bool:
    """The proof with this number, for its box layer. Returns whether it rests on full spark."""
    group, *choice = digits_of(number, [kernels.layer.groups, *map(len, proof.slots)])
    injective = inner()
    slots = [slots[k] for slots, k in zip(proof.slots, choice, strict=True)]
    rows = kernels.box(group, slots, proof.box)
    cut = channel_cut(domain, group * kernels.inputs, math.prod(proof.box))
    if isinstance(injective, Packing):
        windows, has_bias = kernels.windows(slots, proof.box), any(kernels.layer.b)
        check_window_packing(injective, cut(range(rows.n)), rows, windows, has_bias=has_bias)
        return True
    if isinstance(injective, Stages):
        check_stages(injective, cut, rows)
    else:
        check_injective(injective, cut, rows, rows.n)
    return False
