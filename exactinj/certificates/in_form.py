"""A proof in another form: the trees inside it, wherever they stand."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any

from exactinj.certificates.blocks import BlocksProof, StagesProof
from exactinj.certificates.composition import Composition
from exactinj.certificates.every_size import BoxesProof
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.form import Form
from exactinj.certificates.gram import GramProof
from exactinj.certificates.packing import Packing
from exactinj.certificates.sign_split import SignSplitTree

__all__ = ["in_form"]


@singledispatch
def in_form(proof: Any, form: Form) -> Any:  # noqa: ARG001 - the others use it
    """The same proof, to be written in this form; one that has no forms, or was read from a file, stays as it is."""
    return proof


@in_form.register(FlatTree)
@in_form.register(SignSplitTree)
@in_form.register(Packing)
def _tree_in_form(proof: FlatTree | SignSplitTree | Packing, form: Form) -> FlatTree | SignSplitTree | Packing:
    return replace(proof, form=form)


@in_form.register
def _blocks_in_form(proof: BlocksProof, form: Form) -> BlocksProof:
    return BlocksProof(tuple(replace(block, proof=in_form(block.proof, form)) for block in proof.blocks))


@in_form.register
def _stages_in_form(proof: StagesProof, form: Form) -> StagesProof:
    return StagesProof(tuple(replace(stage, proof=in_form(stage.proof, form)) for stage in proof.stages))


@in_form.register
def _boxes_in_form(proof: BoxesProof, form: Form) -> BoxesProof:
    return replace(proof, proofs=tuple(in_form(part, form) for part in proof.proofs))


@in_form.register
def _composition_in_form(proof: Composition, form: Form) -> Composition:
    return replace(proof, layers=tuple(in_form(layer, form) for layer in proof.layers))


@in_form.register
def _gram_in_form(proof: GramProof, form: Form) -> GramProof:
    below, above = (replace(side, tree=in_form(side.tree, form)) for side in (proof.below, proof.above))
    return GramProof(below, above)
