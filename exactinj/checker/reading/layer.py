"""Section "Layer": the rows, checked against their digest and against the layer that was given as well."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from fractions import Fraction

from exactinj.checker.convolution import Convolution
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.graph import GraphDigest
from exactinj.checker.network import DenseNetwork
from exactinj.checker.rationals import rationals, show
from exactinj.checker.residual import Residual
from exactinj.checker.rows import Layer, Row
from exactinj.checker.stream import Reader

__all__ = ["quoted", "read_certified_layer", "read_digest", "read_rows_of_layer"]


def quoted(texts: Sequence[str]) -> str:
    """A list of rationals as it enters the digest."""
    return '["' + '","'.join(texts) + '"]'


def read_digest(reader: Reader) -> str:
    """The SHA-256 that the document states."""
    reader.key(",", "sha256")
    sha256 = reader.value()
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise reader.malformed(f'"sha256": expected 64 lower-case hex digits, found {show(sha256)}')
    return sha256


def read_certified_layer(
    reader: Reader, given: Layer | Convolution | Residual | DenseNetwork | GraphDigest | None, dimension: int | None
) -> tuple[list[Row], int]:
    """Section "Layer": shape, which fits the domain's, digest, and equality with the layer that was given as well."""
    if isinstance(given, (Convolution, Residual, DenseNetwork, GraphDigest)):
        others = {Convolution: "a convolution", Residual: "a residual block"}
        found = others.get(type(given), "a network")
        raise Rejected(
            Reason.OTHER_LAYER, f"layer: the certificate is about a layer (W, b), but the given layer is {found}"
        )
    rows, n, _ = read_rows_of_layer(reader, given, dimension)
    return rows, n


def read_rows_of_layer(reader: Reader, given: Layer | None, dimension: int | None) -> tuple[list[Row], int, str]:
    """The same, with the digest."""
    m, n = reader.size("{", "m"), reader.size(",", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {show(n)} rationals, found lists of {dimension}")
    sha256 = read_digest(reader)
    if given is not None and (m, n) != (len(given[0]), len(given[0][0])):
        expected = f"{len(given[0])} x {len(given[0][0])}"
        raise Rejected(Reason.OTHER_LAYER, f"layer: W is {show(m)} x {show(n)} here and {expected} in the given layer")
    digest = hashlib.sha256(b'{"W":[')
    W: list[list[Fraction]] = []
    for texts in reader.elements(",", "W"):
        if len(W) == m:
            raise reader.malformed(f"layer.W: expected {m} rows, found more")
        digest.update(b"," if W else b"")
        W.append(rationals(texts, n, f"layer.W row {len(W)}"))
        if given is not None and W[-1] != list(given[0][len(W) - 1]):
            raise Rejected(Reason.OTHER_LAYER, f"layer: row {len(W) - 1} of W differs from the given layer")
        digest.update(quoted(texts).encode())
    if len(W) != m:
        raise reader.malformed(f"layer.W: expected {show(m)} rows, found {len(W)}")
    reader.key(",", "b")
    texts = reader.value()
    b = rationals(texts, m, "layer.b")
    reader.expect("}")
    if given is not None and b != list(given[1]):
        raise Rejected(Reason.OTHER_LAYER, "layer: b differs from the given layer")
    digest.update(f'],"b":{quoted(texts)}}}'.encode())
    if digest.hexdigest() != sha256:
        raise Rejected(Reason.DIGEST, f"layer: the SHA-256 of W and b is {digest.hexdigest()}, not the one stated")
    return [Row(normal, bias) for normal, bias in zip(W, b, strict=True)], n, sha256
