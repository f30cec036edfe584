"""certificates-network.md, section "Residual blocks": the block, checked against its digest and the one given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import rationals, show
from exactinj.checker.reading.layer import quoted, read_digest
from exactinj.checker.residual import Residual
from exactinj.checker.stream import Reader

__all__ = ["read_certified_residual"]


class _BlockReader:
    """Reads the matrices, and adds their texts to the digest."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.digest = reader, hashlib.sha256()

    def matrix(self, before: str, name: str, rows: int, columns: int) -> list[list[Fraction]]:
        self.digest.update(f'{before}"{name}":['.encode())
        found: list[list[Fraction]] = []
        for texts in self.reader.elements(",", name):
            if len(found) == rows:
                raise self.reader.malformed(f"residual.{name}: expected {rows} rows, found more")
            self.digest.update(b"," if found else b"")
            found.append(rationals(texts, columns, f"residual.{name} row {len(found)}"))
            self.digest.update(quoted(texts).encode())
        if len(found) != rows:
            raise self.reader.malformed(f"residual.{name}: expected {show(rows)} rows, found {len(found)}")
        return found

    def bias(self, count: int) -> list[Fraction]:
        self.reader.key(",", "b")
        texts = self.reader.value()
        b = rationals(texts, count, "residual.b")
        self.reader.expect("}")
        self.digest.update(f'],"b":{quoted(texts)}}}'.encode())
        return b


def read_certified_residual(reader: Reader, given: object, dimension: int | None) -> Residual:
    """Shape, which fits the domain's, digest, and equality with the block that was given as well."""
    if given is not None and not isinstance(given, Residual):
        raise Rejected(
            Reason.OTHER_RESIDUAL, "residual: the certificate is about a residual block, the given layer is none"
        )
    k, n = reader.size("{", "k"), reader.size(",", "n")
    if dimension not in (None, n):
        raise reader.malformed(f"domain: expected lists of {show(n)} rationals, found lists of {dimension}")
    sha256 = read_digest(reader)
    parts = _BlockReader(reader)
    residual = Residual(parts.matrix("{", "A", k, n), parts.matrix("],", "B", n, k), parts.bias(k))
    if given is not None:
        _require_same(residual, given)
    if parts.digest.hexdigest() != sha256:
        found = parts.digest.hexdigest()
        raise Rejected(Reason.DIGEST, f"residual: the SHA-256 of A, B and b is {found}, not the one stated")
    return residual


def _require_same(residual: Residual, given: Residual) -> None:
    for name in ("A", "B", "b"):
        if _listed(getattr(residual, name)) != _listed(getattr(given, name)):
            raise Rejected(Reason.OTHER_RESIDUAL, f"residual: {name} differs from the given block")


def _listed(part: Sequence[Sequence[Fraction]] | Sequence[Fraction]) -> list[object]:
    return [list(row) if isinstance(row, Sequence) else row for row in part]
