"""Certificates from files, as objects: the way back from `Certificate.write`.

Nothing is judged here: that is the checker's part. What a certificate says is taken as it stands, and written again it
is the same document, byte for byte.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from exactinj.certificates.blocks import Block, BlocksProof
from exactinj.certificates.certificate import Certificate
from exactinj.certificates.collision import Collision
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.depth_tree import DepthRefuter, DepthTree, RowProof
from exactinj.certificates.document import FORMAT, VERSION
from exactinj.certificates.every_size import (
    BoxesProof,
    GeometricPattern,
    PatchPair,
    PeriodicPair,
    RowCount,
    Slot,
    UnpairedRow,
)
from exactinj.certificates.stated_tree import StatedTree
from exactinj.domains import (
    Ball,
    Box,
    NonnegativeBall,
    NonnegativeOrthant,
    Polytope,
    RealSpace,
    Region,
    Shell,
    Sphere,
    convex_domain,
)
from exactinj.errors import CertificateError, InputError
from exactinj.exact.numbers import fraction_from
from exactinj.exact.surd import Surd
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.dense import ReLULayer

__all__ = ["read_certificate"]

GZIP_MAGIC = b"\x1f\x8b"
Record = dict[str, Any]


def read_certificate(path: str | os.PathLike[str]) -> Certificate | ConvCertificate:
    """The certificate in a ``.json`` or ``.json.gz`` file, as `certify` returned it.

    It has ``.layer``, ``.domain``, ``.claim``, ``.proof``, for a pair ``.collision``, and ``.write``, which writes the
    same bytes again. Reading proves nothing: `check` does. The whole document is held in memory.

    Raises
    ------
    CertificateError
        If the file is no certificate of this version, or its layer has another digest than it says.
    """
    try:
        return _certificate(json.loads(_text(Path(path)), parse_float=_refuse_number, parse_constant=_refuse_number))
    except (InputError, KeyError, TypeError, IndexError, ValueError, OverflowError, RecursionError) as error:
        cause = (
            f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0] if str(error) else "damaged"
        )
        raise CertificateError(
            f"{path}: not a certificate that can be read ({cause}); exactinj check says more"
        ) from None


def _text(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw
    except (OSError, EOFError, zlib.error) as error:
        raise CertificateError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _refuse_number(text: str) -> Any:
    raise InputError(f"found the number {text}, expected whole numbers and strings")


def _certificate(document: Record) -> Certificate | ConvCertificate:
    if not isinstance(document, dict) or (document["format"], document["version"]) != (FORMAT, VERSION):
        raise InputError(f"found another format, expected {FORMAT} of version {VERSION}")
    domain = _domain(document["domain"])
    if "convolution" in document:
        return _of_convolution(document, domain)
    layer = ReLULayer(document["layer"]["W"], document["layer"]["b"])
    _require_same(document["layer"]["sha256"], layer)
    certificate = Certificate(layer, domain, _proof(document["proof"]))
    _require_claim(certificate, document["claim"])
    return certificate


def _of_convolution(document: Record, domain: Region) -> ConvCertificate:
    record = document["convolution"]
    geometry = {name: record[name] for name in ("stride", "dilation", "padding", "padding_mode", "groups")}
    kernels = shaped(record["kernels"], record["in_channels"] // record["groups"], record["kernel_size"])
    layer = ConvLayer(kernels, record["b"], **geometry)
    _require_same(record["sha256"], layer)
    sizes: tuple[int, ...] | Sizes = _sizes(record["sizes"], layer) if "sizes" in record else tuple(record["size"])
    proof = _proof(document["proof"])
    if isinstance(proof, Collision) and isinstance(sizes, tuple):
        proof = Collision(proof.x, proof.y, (layer.in_channels, *sizes))
    certificate = ConvCertificate(layer, convex_domain(domain), sizes, proof)
    _require_claim(certificate, document["claim"])
    return certificate


def _require_same(digest: str, layer: ReLULayer | ConvLayer) -> None:
    if digest != layer.digest:
        raise InputError(f"found the sha256 {digest[:12]} and a layer with {layer.digest[:12]}, expected its own")


def _require_claim(certificate: Certificate | ConvCertificate, claim: str) -> None:
    if certificate.claim != claim:
        raise InputError(f"found the claim {claim} with a proof of {certificate.claim}, expected the same")


def _sizes(record: Record, layer: ConvLayer) -> Sizes:
    return Sizes(tuple(record["minimum"]), tuple(map(tuple, record["residues"])), layer.stride)


# ------------------------------------------------------------------ domains


def _domain(record: Record) -> Region:
    makers: dict[str, Callable[[], Region]] = {
        "R^n": RealSpace,
        "nonneg": NonnegativeOrthant,
        "ball": lambda: Ball(record["radius"], record["center"]),
        "nonneg-ball": lambda: NonnegativeBall(record["radius"]),
        "sphere": lambda: Sphere(record["radius"]),
        "shell": lambda: Shell(record["inner"], record["outer"]),
        "box": lambda: Box(record["lower"], record["upper"]),
        "polytope": lambda: Polytope(record["G"], record["h"], interior=record["interior"]),
    }
    return makers[record["type"]]()


# ------------------------------------------------------------------ proofs


def _proof(record: Record) -> Any:
    readers: dict[str, Callable[[Record], Any]] = {
        "collision": lambda found: Collision(_vector(found["x"]), _vector(found["y"])),
        "flat-tree": _tree,
        "sign-split": _tree,
        "depth-tree": lambda found: DepthTree(tuple(map(_row, found["rows"]))),
        "blocks": lambda found: BlocksProof(tuple(map(_block, found["blocks"]))),
        "boxes": _boxes,
        "periodic": lambda found: PeriodicPair(tuple(found["period"]), _vector(found["x"]), _vector(found["y"])),
        "patch": _patch,
        "geometric": lambda found: GeometricPattern(
            found["group"], tuple(found["period"]), _vector(found["factor"]), _vector(found["x"])
        ),
        "count": lambda found: RowCount(found["group"]),
        "unpaired": lambda found: UnpairedRow(found["group"], found["kernel"], tuple(found["tap"])),
    }
    return readers[record["rule"]](record)


def _vector(texts: Sequence[str]) -> tuple[Fraction, ...]:
    return tuple(map(fraction_from, texts))


def _tokens(numbers: Sequence[int]) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def _tree(record: Record) -> StatedTree:
    table = record["refuters" if record["rule"] == "flat-tree" else "circuits"]
    entries = tuple(tuple((i, int(fmpz(text))) for i, text in entry) for entry in table)
    return StatedTree(record["rule"], entries, _tokens(record["tree"]))


def _row(record: Record) -> RowProof:
    square = None if record["square"] is None else fraction_from(record["square"])
    point = None if record["point"] is None else _vector(record["point"])
    refuters = tuple(map(_refuter, record["refuters"]))
    return RowProof(record["row"], Surd(record["sign"], square), point, refuters, _tokens(record["tree"]))


def _refuter(entry: Sequence[Any]) -> DepthRefuter:
    if all(isinstance(row, int) for row in entry):
        return DepthRefuter(tuple(entry), None)
    return DepthRefuter(tuple(row for row, _ in entry), tuple(text for _, text in entry))


def _block(record: Record) -> Block:
    return Block(tuple(record["columns"]), tuple(record["rows"]), _proof(record["proof"]))


def _boxes(record: Record) -> BoxesProof:
    slots = tuple(tuple(Slot(tuple(slot["starts"]), *slot["known"]) for slot in axis) for axis in record["slots"])
    proofs = tuple(map(_proof, record["proofs"]))
    if len(proofs) % prod(map(len, slots)):
        raise InputError(f"found {len(proofs)} proofs, expected one for each group and choice of slots")
    return BoxesProof(tuple(record["box"]), slots, proofs)


def _patch(record: Record) -> PatchPair:
    return PatchPair(
        tuple(record["patch"]),
        tuple(record["anchor"]),
        tuple(record["phase"]),
        _vector(record["x"]),
        _vector(record["y"]),
    )
