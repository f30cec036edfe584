"""Network files, certificates-network.md: the layers of a dense network."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from exactinj.checker.faults import Source, Unreadable
from exactinj.checker.files.layers import FilePath, read_file
from exactinj.checker.files.texts import entry_of, json_object
from exactinj.checker.network import DenseLayer, DenseNetwork
from exactinj.checker.rationals import show

__all__ = ["read_network"]

_PLAIN_SLOPES = {"relu": Fraction(0), "none": Fraction(1)}


def _dense_layer(value: object, place: str) -> DenseLayer:
    """W, and perhaps b (null means 0) and the activation (relu if it is left out)."""
    if not isinstance(value, dict) or "W" not in value or not set(value) <= {"W", "b", "activation"}:
        raise Unreadable(f"{place}: expected an object with W and perhaps b and activation")
    W = value["W"]
    if not isinstance(W, list) or not W or not all(isinstance(row, list) and 0 < len(row) == len(W[0]) for row in W):
        raise Unreadable(f"{place}: W: expected a matrix: at least one row, of equal length and not empty")
    b = value.get("b")
    b = [0] * len(W) if b is None else b
    if not isinstance(b, list) or len(b) != len(W):
        raise Unreadable(f"{place}: b: expected one number for each of the {len(W)} rows of W")
    rows = [[entry_of(entry, f"{place}: W[{i}][{j}]") for j, entry in enumerate(row)] for i, row in enumerate(W)]
    bias = [entry_of(entry, f"{place}: b[{i}]") for i, entry in enumerate(b)]
    return DenseLayer(rows, bias, _slopes_of(value.get("activation", "relu"), len(W), place))


def _slopes_of(activation: object, rows: int, place: str) -> list[Fraction]:
    if isinstance(activation, str) and activation in _PLAIN_SLOPES:
        return [_PLAIN_SLOPES[activation]] * rows
    if isinstance(activation, dict) and list(activation) == ["leaky"]:
        slopes = activation["leaky"]
        if not isinstance(slopes, list):
            return [entry_of(slopes, f"{place}: leaky")] * rows
        if len(slopes) == rows:
            return [entry_of(slope, f"{place}: leaky[{i}]") for i, slope in enumerate(slopes)]
        raise Unreadable(f"{place}: leaky: expected one slope, or one for each of the {rows} rows of W")
    raise Unreadable(f'{place}: expected the activation "relu", "none" or {{"leaky": slope}}, found {show(activation)}')


def _dense_network(parts: dict[str, Any]) -> DenseNetwork:
    found = parts.get("layers")
    if list(parts) != ["layers"] or not isinstance(found, list) or not found:
        raise Unreadable("expected layers alone, a list that is not empty, as the certificate is about a network")
    layers = [_dense_layer(value, f"layers[{k}]") for k, value in enumerate(found)]
    for k in range(1, len(layers)):
        if len(layers[k].W[0]) != len(layers[k - 1].W):
            raise Unreadable(f"layers[{k}]: expected as many columns as layers[{k - 1}] has rows")
    return DenseNetwork(layers)


_NETWORK_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {".json": json_object}


def read_network(path: FilePath) -> DenseNetwork:
    """The exact network of a network file. Raises Unreadable."""
    return read_file(path, Source.NETWORK_FILE, _NETWORK_FORMATS, _dense_network)
