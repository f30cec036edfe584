"""certificates-network.md, section "Dense networks": the network, checked as layers are, and the rule cell-pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction

from exactinj.checker.faults import Reason, Rejected, Unreadable
from exactinj.checker.network import DenseLayer, DenseNetwork
from exactinj.checker.rationals import rationals, show
from exactinj.checker.reading.layer import quoted, read_digest
from exactinj.checker.rules.cell_pairs import CellEnds, CellPairs, CellSide, CellSplit
from exactinj.checker.stream import Reader

__all__ = ["read_cell_pairs", "read_certified_network"]


class _LayerReader:
    """Reads layers, and adds their texts to the digest."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.digest = reader, hashlib.sha256(b'{"layers":[')

    def layer(self, number: int, columns: int) -> DenseLayer:
        """The next one, for so many inputs."""
        place = f"dense_network.layers {number}"
        self.digest.update((b"," if number else b"") + b'{"W":[')
        W: list[list[Fraction]] = []
        for texts in self.reader.elements("{", "W"):
            self.digest.update(b"," if W else b"")
            W.append(rationals(texts, columns, f"{place}: W row {len(W)}"))
            self.digest.update(quoted(texts).encode())
        if not W:
            raise self.reader.malformed(f"{place}: expected at least one row, found none")
        b, slopes = self.vector("b", "]", len(W), place), self.vector("slopes", "", len(W), place)
        self.reader.expect("}")
        self.digest.update(b"}")
        return DenseLayer(W, b, slopes)

    def vector(self, name: str, before: str, count: int, place: str) -> list[Fraction]:
        self.reader.key(",", name)
        texts = self.reader.value()
        values = rationals(texts, count, f"{place}: {name}")
        self.digest.update(f'{before},"{name}":{quoted(texts)}'.encode())
        return values


def read_certified_network(reader: Reader, given: object, dimension: int | None) -> DenseNetwork:
    """Shapes, which fit the domain's, digest, and equality with the network that was given as well."""
    if given is not None and not isinstance(given, DenseNetwork):
        found = "dense_network: the certificate is about a network, the given layer is none"
        raise Rejected(Reason.OTHER_NETWORK, found)
    n = reader.size("{", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {show(n)} rationals, found lists of {dimension}")
    sha256 = read_digest(reader)
    parts, layers = _LayerReader(reader), list[DenseLayer]()
    for number in reader.places(",", "layers"):
        layers.append(parts.layer(number, len(layers[-1].W) if layers else n))
    if not layers:
        raise reader.malformed("dense_network.layers: expected at least one layer, found none")
    reader.expect("}")
    parts.digest.update(b"]}")
    if given is not None:
        _require_same_layers(layers, given)
    if parts.digest.hexdigest() != sha256:
        found = parts.digest.hexdigest()
        raise Rejected(Reason.DIGEST, f"dense_network: the SHA-256 of the layers is {found}, not the one stated")
    return DenseNetwork(layers)


def _require_same_layers(layers: list[DenseLayer], given: DenseNetwork) -> None:
    if len(layers) != len(given.layers):
        found = f"{len(layers)} layers here and {len(given.layers)} in the given network"
        raise Rejected(Reason.OTHER_NETWORK, f"dense_network: found {found}")
    for k, (layer, other) in enumerate(zip(layers, given.layers, strict=True)):
        same = [list(row) for row in layer.W] == [list(row) for row in other.W]
        if not same or list(layer.b) != list(other.b) or list(layer.slopes) != list(other.slopes):
            raise Rejected(Reason.OTHER_NETWORK, f"dense_network: layer {k} differs from the given network")


# ------------------------------------------------------------------ rule cell-pairs


def _support(value: object, place: str) -> list[int]:
    if isinstance(value, list) and all(type(number) is int for number in value):
        if len(set(value)) < len(value):
            raise Unreadable(f"{place}: a number occurs twice in a support")
        return value
    raise Unreadable(f"{place}: expected a list of integers, found {show(value)}")


def _cell_item(value: object, place: str) -> CellSplit | CellSide | CellEnds:
    """0, a sign with a support, or bounds."""
    if type(value) is int and value == 0:
        return CellSplit()
    if isinstance(value, list) and value and type(value[0]) is int:
        if value[0] not in (1, -1):
            raise Unreadable(f"{place}: expected the sign 1 or -1, found {show(value[0])}")
        return CellSide(value[0], _support(value[1:], place))
    if isinstance(value, list):
        return CellEnds([None if entry is None else _support(entry, place) for entry in value])
    raise Unreadable(f"{place}: expected 0 or a list, found {show(value)}")


def read_cell_pairs(reader: Reader, network: DenseNetwork) -> CellPairs:
    """The directions; cells and pairs while the rule takes them."""
    directions = [
        rationals(value, network.m, f"direction {k}") for k, value in enumerate(reader.elements(",", "directions"))
    ]

    def cells() -> Iterator[CellSplit | CellSide | CellEnds]:
        for number, value in enumerate(reader.elements(",", "cells")):
            yield _cell_item(value, f"cells item {number}")

    def pairs() -> Iterator[tuple[list[int], list[int]]]:
        for number, value in enumerate(reader.elements(",", "pairs")):
            place = f"pairs item {number}"
            if not isinstance(value, list) or len(value) != 2:
                raise Unreadable(f"{place}: expected two supports, found {show(value)}")
            yield _support(value[0], place), _support(value[1], place)
        reader.expect("}")

    return CellPairs(directions, cells(), pairs())
