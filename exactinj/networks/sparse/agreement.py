"""Whether two inputs have one output, exactly, computing only what their difference reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from exactinj.layers.network import Agreement, ExactTensor, Network, Node, NotRationalError
from exactinj.networks.sparse.steps import reached
from exactinj.networks.sparse.terms import Places
from exactinj.networks.sparse.values import PlaceValues

__all__ = ["agreement_at_places"]


def agreement_at_places(network: Network, x: Mapping[str, ExactTensor], y: Mapping[str, ExactTensor]) -> Agreement:
    """Whether f(x) = f(y), proved exactly as by `Network.agreement`, computing only what the difference reaches."""
    sides = [PlaceValues(network, point) for point in (x, y)]
    apart: dict[str, Places] = {}  # where the two differ; everywhere, if it is not known
    for name, shape in network.inputs.items():
        apart[name] = _differing(sides, name, np.arange(prod(shape)))
    cut, obstacle = [name for name in network.inputs if not apart[name].size], None
    for node in network.nodes:
        if all(apart[read].size == 0 for read in node.inputs):
            apart[node.name] = np.zeros(0, dtype=np.int64)
            continue
        try:
            apart[node.name] = _differing(sides, node.name, _reached_by_any(network, node, apart))
        except NotRationalError as error:
            obstacle = obstacle or f"{node.name}: {error}"
            apart[node.name] = np.zeros(1, dtype=np.int64)
        if apart[node.name].size == 0:
            cut.append(node.name)
    return Agreement(all(apart[name].size == 0 for name in network.outputs), tuple(cut), obstacle)


def _reached_by_any(network: Network, node: Node, apart: Mapping[str, Places]) -> Places:
    shapes = [network.shapes[read] or () for read in node.inputs]
    if network.shapes[node.name] is None or any(network.shapes[read] is None for read in node.inputs):
        raise NotRationalError("the shape of a value is not known")
    found = [reached(node.operation, shapes, k, apart[read]) for k, read in enumerate(node.inputs) if apart[read].size]
    return np.unique(np.concatenate(found))


def _differing(sides: Sequence[PlaceValues], name: str, places: Places) -> Places:
    left, right = (side.at(name, places) for side in sides)
    scales = [side.denominator(name) for side in sides]
    differ = np.asarray(left * scales[1] != right * scales[0], dtype=bool)
    return np.asarray(places[differ])
