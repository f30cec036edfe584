"""Scans of files of weights without a graph: every layer by itself, on the domain that is assumed for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from exactinj.certificates.collision import Collision
from exactinj.domains import Domain, convex_domain
from exactinj.errors import InputError
from exactinj.files.checkpoints import CheckpointLayer
from exactinj.files.domain_words import parse_domain
from exactinj.injectivity.convolution.places import channel_domain
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.networks.answers import LayerRow, NetworkAnswer, Pair, flat_pair
from exactinj.networks.layerwise import About, Means, answered
from exactinj.networks.ways import both_signs
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["answer_of_rows", "decided_checkpoint_row"]

ONE_TO_ONE = ("none", "identity", "sigmoid", "tanh", "softplus", "elu", "leaky relu", "leaky_relu", "leakyrelu")
EVERYWHERE = "R^n"
CHAIN = "the layers form a chain"


def decided_checkpoint_row(layer: CheckpointLayer, number: int, domain: Domain, means: Means, clock: Clock) -> LayerRow:
    """The row of a weight; `domain` is that of layers of which the geometry says none."""
    started = time.monotonic()
    row = LayerRow(layer.name, layer.kind, None, None, layer.activation, layer.domain, Verdict.UNKNOWN, layer.note)
    if layer.is_layer:
        try:
            row = _decided(layer, row, domain, (means, number, clock))
        except InputError as error:
            row = replace(row, reason=str(error))
    return replace(row, seconds=time.monotonic() - started)


def _decided(layer: CheckpointLayer, row: LayerRow, domain: Domain, how: tuple[Means, int, Clock]) -> LayerRow:
    means, number, clock = how
    whole = _asked(layer)
    if whole is None:
        return replace(row, reason=f"{layer.activation}: no engine decides layers with this activation")
    where = domain if layer.domain == EVERYWHERE else convex_domain(parse_domain(layer.domain))
    if isinstance(whole, ConvLayer):
        about = About(whole, channel_domain(where, whole.in_channels))
        row = replace(row, inputs=whole.in_channels, outputs=layer.shape[0])
    else:
        about = About(whole, where.for_dimension(whole.n))
        row = replace(row, inputs=whole.n, outputs=layer.shape[0])
    row, pair = answered(means, row, number, about, clock)
    note = f"; {layer.note}" if layer.note else ""
    return replace(row, reason=row.reason + note, witness=None if pair is None else _pair(pair))


def _asked(layer: CheckpointLayer) -> ReLULayer | ConvLayer | None:
    """The ReLU layer that is injective exactly if the layer with its activation is."""
    if layer.activation == "relu":
        return layer.layer
    is_one_to_one = layer.activation in ONE_TO_ONE or (layer.activation == "prelu" and "one-to-one" in layer.note)
    return both_signs(layer.layer) if is_one_to_one else None


def _pair(pair: Collision) -> Pair:
    shape = pair.shape or (len(pair.x),)
    return flat_pair(pair.x, pair.y, shape, "x")


def answer_of_rows(rows: Sequence[LayerRow], clock: Clock) -> NetworkAnswer:
    """What follows for the whole: nothing but under an assumption, as there is no graph."""
    if rows and all(row.verdict is Verdict.INJECTIVE and row.domain.startswith("R^n") for row in rows):
        reason = "each of its layers is injective on all of R^n, so that any chain of them is"
        assumed = {row.assumption for row in rows if row.assumption is not None}
        return NetworkAnswer(Verdict.INJECTIVE, reason, assumption="; ".join([CHAIN, *sorted(assumed)]))
    proved, collide = sum(row.is_proved for row in rows), sum(row.verdict is Verdict.NOT_INJECTIVE for row in rows)
    counts = f"{proved} injective, {collide} not injective"
    under = sum(row.verdict is Verdict.INJECTIVE and not row.is_proved for row in rows)
    counts += f", {under} injective under an assumption" if under else ""
    reason = f"the file holds weights and no graph, so nothing is said of the whole; of {len(rows)} layers {counts}"
    return NetworkAnswer(Verdict.TIMED_OUT if clock.is_over else Verdict.UNKNOWN, reason)
