"""Rule "composition": a network whose layers are injective, each on what the layer before it can give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.checker.domains import Domain, Orthant, Space
from exactinj.checker.faults import Reason, Rejected, within
from exactinj.checker.network import DenseLayer, DenseNetwork
from exactinj.checker.rows import Row
from exactinj.checker.rules.blocks import Blocks, InjectiveProof, check_injective, check_layer_blocks

__all__ = ["Composition", "check_composition"]


@dataclass(frozen=True, slots=True)
class Composition:
    """A proof for each layer, each to be judged before the next one is taken."""

    layers: Iterator[InjectiveProof]


def _rows_of(layer: DenseLayer) -> list[Row]:
    """Rows with slope 0, rows with a positive slope and their opposites."""
    rows = []
    for normal, bias, slope in zip(layer.W, layer.b, layer.slopes, strict=True):
        if slope >= 0:
            rows.append(Row(normal, bias))
        if slope > 0:
            rows.append(Row([-value for value in normal], -bias))
    return rows


def _check_step(proof: InjectiveProof, domain: Domain, layer: DenseLayer) -> None:
    rows, n = _rows_of(layer), len(layer.W[0])
    if not rows:
        raise Rejected(Reason.COMPOSITION, "all of its slopes are negative")
    if isinstance(proof, Blocks):
        check_layer_blocks(proof, domain, rows, n)
    else:
        check_injective(proof, lambda _: domain, rows, n)


def check_composition(proof: Composition, domain: Domain, network: DenseNetwork) -> str:
    """Each layer on its domain, and that none is left."""
    count = 0
    for part in proof.layers:
        if count == len(network.layers):
            raise Rejected(Reason.COMPOSITION, f"layers: more proofs than the {count} layers")
        layer = network.layers[count]
        with within(f"layer {count}"):
            _check_step(part, domain, layer)
        domain = Orthant() if all(slope <= 0 for slope in layer.slopes) else Space()
        count += 1
    if count < len(network.layers):
        raise Rejected(Reason.COMPOSITION, f"layers: found {count} proofs for {len(network.layers)} layers")
    return f"each of the {count} layers is injective on what it gets, and their proofs are correct"
