"""What certificates hold, from their text: domains and proofs as objects, without any judgement of them."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from exactinj.certificates.blocks import Block, BlocksProof, StagesProof
from exactinj.certificates.cell_pairs import CellPairs, CellStep
from exactinj.certificates.collision import Collision
from exactinj.certificates.composition import Composition
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
from exactinj.certificates.form import Form
from exactinj.certificates.gram import GramProof, GramSide
from exactinj.certificates.orientation import OrientationProof
from exactinj.certificates.p_matrix import Definite, Dominant, Minors, MinorTree, PMatrixProof, Split, Token
from exactinj.certificates.packing import StatedPacking
from exactinj.certificates.stated_tree import StatedEntry, StatedTree
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
)
from exactinj.errors import CertificateError, InputError
from exactinj.exact.numbers import fraction_from
from exactinj.exact.surd import Surd

__all__ = [
    "Record",
    "domain_of",
    "proof_of",
    "read_record",
    "reader_of",
    "record_of",
    "refusals",
    "require_same",
    "subject_of",
]

GZIP_MAGIC = b"\x1f\x8b"
Record = dict[str, Any]
READERS = {
    "layer": "Certificate",
    "convolution": "ConvCertificate",
    "residual": "ResidualCertificate",
    "dense_network": "NetworkCertificate",
    "graph": "GraphCertificate",
}
SUBJECTS = {
    "layer": "a dense layer",
    "convolution": "a convolution",
    "residual": "a residual block",
    "dense_network": "a dense network",
    "graph": "a network",
}


def read_record(path: str | os.PathLike[str]) -> Record:
    """The document in a ``.json`` or ``.json.gz`` file; use it, and this, inside `refusals`."""
    try:
        raw = Path(path).read_bytes()
        return record_of(gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw)
    except (OSError, EOFError, zlib.error) as error:
        raise CertificateError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def record_of(text: bytes) -> Record:
    """The document in a text, if it is a certificate of this version."""
    document = json.loads(text, parse_float=_refuse_number, parse_constant=_refuse_number)
    if not isinstance(document, dict) or (document["format"], document["version"]) != (FORMAT, VERSION):
        raise InputError(f"found another format, expected {FORMAT} of version {VERSION}")
    return document


@contextmanager
def refusals(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever is wrong with a document becomes a `CertificateError` of one line."""
    try:
        yield
    except CertificateError:  # it has its words
        raise
    except (InputError, KeyError, TypeError, IndexError, ValueError, OverflowError, RecursionError) as error:
        cause = (
            f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0] if str(error) else "damaged"
        )
        raise CertificateError(
            f"{path}: not a certificate that can be read ({cause}); exactinj check says more"
        ) from None


def subject_of(record: Record) -> str:
    """What a document is about, in words."""
    return next((words for key, words in SUBJECTS.items() if key in record), "something else")


def reader_of(record: Record) -> str:
    """What reads such a document, in words."""
    own = next((name for key, name in READERS.items() if key in record), None)
    return "read_certificate" if own is None else f"{own}.read, or read_certificate"


def require_same(stated: tuple[str, str], own: tuple[str, str]) -> None:
    """Refuse a document whose digest of the layer, or claim, is not that of what was read."""
    if stated[0] != own[0]:
        raise InputError(f"found the sha256 {stated[0][:12]} and a layer with {own[0][:12]}, expected its own")
    if stated[1] != own[1]:
        raise InputError(f"found the claim {stated[1]} with a proof of {own[1]}, expected the same")


def _refuse_number(text: str) -> Any:
    raise InputError(f"found the number {text}, expected whole numbers and strings")


# ------------------------------------------------------------------ domains


def domain_of(record: Record) -> Region:
    """The domain, or region, of the field ``domain``."""
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


def proof_of(record: Record) -> Any:
    """The proof object of the field ``proof``."""
    readers: dict[str, Callable[[Record], Any]] = {
        "collision": lambda found: Collision(_vector(found["x"]), _vector(found["y"])),
        "flat-tree": _tree,
        "sign-split": _tree,
        "packing": _packing,
        "gram": lambda found: GramProof(_gram_side(found["below"], "at_least"), _gram_side(found["above"], "at_most")),
        "depth-tree": lambda found: DepthTree(tuple(map(_row, found["rows"]))),
        "blocks": lambda found: BlocksProof(tuple(map(_block, found["blocks"]))),
        "stages": lambda found: StagesProof(tuple(map(_block, found["stages"]))),
        "boxes": _boxes,
        "periodic": lambda found: PeriodicPair(tuple(found["period"]), _vector(found["x"]), _vector(found["y"])),
        "patch": _patch,
        "geometric": lambda found: GeometricPattern(
            found["group"], tuple(found["period"]), _vector(found["factor"]), _vector(found["x"])
        ),
        "count": lambda found: RowCount(found["group"]),
        "unpaired": lambda found: UnpairedRow(found["group"], found["kernel"], tuple(found["tap"])),
        "orientation": _orientation,
        "composition": lambda found: Composition(tuple(map(proof_of, found["layers"]))),
        "cell-pairs": lambda found: CellPairs(
            tuple(tuple(map(int, direction)) for direction in found["directions"]),
            tuple(map(_cell_step, found["cells"])),
            tuple((tuple(left), tuple(right)) for left, right in found["pairs"]),
        ),
        "p-matrix": lambda found: PMatrixProof(
            tuple(map(_minor_tree, found["blocks"])), tuple(found["active"]), tuple(found["inactive"])
        ),
    }
    return readers[record["rule"]](record)


def _gram_side(record: Record, bound: str) -> GramSide:
    tree = _tree({**record, "rule": "sign-split"})
    return GramSide(fraction_from(record[bound]), tuple((i, j) for i, j in record["pairs"]), tree)


def _cell_step(item: Any) -> CellStep:
    if isinstance(item, int):
        return item
    return tuple(tuple(part) if isinstance(part, list) else part for part in item)


def _vector(texts: Sequence[str]) -> tuple[Fraction, ...]:
    return tuple(map(fraction_from, texts))


def _tokens(numbers: Sequence[int]) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def _tree(record: Record) -> StatedTree:
    entries, form = _entries(record, "refuters" if record["rule"] == "flat-tree" else "circuits")
    return StatedTree(record["rule"], entries, _tokens(record["tree"]), form)


def _packing(record: Record) -> StatedPacking:
    entries, form = _entries(record, "refuters")
    return StatedPacking(entries, None if record["epsilon"] is None else fraction_from(record["epsilon"]), form)


def _entries(record: Record, table: str) -> tuple[tuple[StatedEntry, ...], Form]:
    """The list of dependencies, in the form that it has."""
    form = Form.COMPACT if "supports" in record else Form.EXPLICIT
    return tuple(map(_entry, record["supports" if form is Form.COMPACT else table])), form


def _entry(entry: Sequence[Any]) -> StatedEntry:
    if all(isinstance(code, int) for code in entry):
        return tuple(entry)
    return tuple((i, int(fmpz(text))) for i, text in entry)


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
    return Block(tuple(record["columns"]), tuple(record["rows"]), proof_of(record["proof"]))


def _boxes(record: Record) -> BoxesProof:
    slots = tuple(tuple(Slot(tuple(slot["starts"]), *slot["known"]) for slot in axis) for axis in record["slots"])
    proofs = tuple(map(proof_of, record["proofs"]))
    if len(proofs) % prod(map(len, slots)):
        raise InputError(f"found {len(proofs)} proofs, expected one for each group and choice of slots")
    return BoxesProof(tuple(record["box"]), slots, proofs)


def _orientation(record: Record) -> OrientationProof:
    circuits = tuple(tuple((i, int(fmpz(text))) for i, text in entry) for entry in record["circuits"])
    return OrientationProof(_vector(record["point"]), circuits, tuple(record["tree"]))


def _minor_tree(record: Record) -> MinorTree:
    return MinorTree(tuple(record["rows"]), tuple(map(_minor_token, record["tree"])))


def _minor_token(token: Any) -> Token:
    if isinstance(token, int):
        return Split(token)
    ((name, entry),) = token.items()
    if name == "minors":
        return Minors(entry)
    kinds: dict[str, Callable[[tuple[int, ...]], Token]] = {"dominant": Dominant, "definite": Definite}
    return kinds[name](tuple(int(fmpz(text)) for text in entry))


def _patch(record: Record) -> PatchPair:
    return PatchPair(
        tuple(record["patch"]),
        tuple(record["anchor"]),
        tuple(record["phase"]),
        _vector(record["x"]),
        _vector(record["y"]),
    )
