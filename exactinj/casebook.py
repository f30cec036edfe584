"""The casebook: layers with known answers and sources, one JSON file each (`files.case_files` says where)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exactinj.domains import Domain, Region, convex_domain
from exactinj.errors import InputError
from exactinj.exact.surd import Surd
from exactinj.files.case_files import CASE_WORD, case_document, case_files, casebook_folder
from exactinj.files.domain_words import parse_domain
from exactinj.files.kernel_files import read_kernels
from exactinj.files.layer_files import read_layer
from exactinj.files.network_files import network_of_parts
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.lipschitz.known import KnownStability

if TYPE_CHECKING:
    from exactinj.injectivity.result import Result

__all__ = ["Case", "KnownBias", "all_cases", "casebook_folder", "dense_cases", "find_case"]

KEYS = ("name", "title", "statement", "source", "why", "expected", "domain", "tags", "evidence")
LAYER_KEYS = ("layer", "layer_file", "convolution", "convolution_file", "network", "residual")
OPTIONAL_KEYS = {"biases", "stability"}
CONVOLUTION_KEYS = {"input_shape", "sizes"}
OPTIONAL_OF: dict[str, set[str]] = {
    "layer": OPTIONAL_KEYS,
    "layer_file": OPTIONAL_KEYS,
    "network": set(),
    "residual": set(),
}


@dataclass(frozen=True)
class KnownBias:
    """The exact bias alpha of every row that a method (``exact`` or ``hull``) has to give on a domain."""

    method: str
    domain: Region
    alpha: tuple[Surd, ...]


@dataclass(frozen=True)
class Case:
    """A layer or network, where it comes from, why it is interesting, and what the right answer is.

    For a convolution the question is about `input_shape`, (channels, *size), if there is one; otherwise the answer is
    known for all `sizes`.
    """

    name: str
    title: str
    statement: str
    source: str
    why: str
    expected: str
    domain: Domain
    tags: tuple[str, ...]
    evidence: str
    layer: ReLULayer | ConvLayer | DenseNetwork | ResidualBlock
    biases: tuple[KnownBias, ...] = ()
    stability: tuple[KnownStability, ...] = ()
    input_shape: tuple[int, ...] | None = None
    sizes: Sizes | None = None

    def is_answered_by(self, result: Result) -> bool:
        """Whether a result has the right verdict, for the input shape in question or for all the sizes."""
        if result.verdict != self.expected:
            return False
        if self.sizes is not None:
            return isinstance(result.sizes, Sizes) and _includes(result.sizes, self.sizes)
        if self.input_shape is not None:
            size = self.input_shape[1:]
            return result.sizes == size or (isinstance(result.sizes, Sizes) and result.sizes.contains(size))
        return True


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [_read_case(name) for name in case_files()]


def dense_cases() -> list[Case]:
    """The cases about single dense layers."""
    return [case for case in all_cases() if isinstance(case.layer, ReLULayer)]


def find_case(name: str) -> Case:
    """One case; `InputError` with the nearest names if it is unknown."""
    return _read_case(name)


def _read_case(name: str) -> Case:
    document, folder = case_document(name)
    file = folder / f"{name}.json"
    layers = [key for key in LAYER_KEYS if key in document]
    optional = OPTIONAL_OF.get("".join(layers[:1]), CONVOLUTION_KEYS)
    if len(layers) != 1 or set(document) - optional != {*KEYS, *layers} or document["name"] != name:
        raise InputError(
            f"{file}: expected the keys {', '.join(KEYS)}, one of {', '.join(LAYER_KEYS)}, and its own name"
        )
    layer = _layer_of_case(document)
    if isinstance(layer, ConvLayer) and len(CONVOLUTION_KEYS & set(document)) != 1:
        raise InputError(f"{file}: expected input_shape or sizes, whichever the answer is about")
    fields = {key: document[key] for key in KEYS if key not in ("domain", "tags")}
    biases = tuple(
        KnownBias(known["method"], parse_domain(known["domain"]), tuple(map(Surd.parse, known["alpha"])))
        for known in document.get("biases", ())
    )
    stability = tuple(
        KnownStability.parse(known, parse_domain(known["domain"])) for known in document.get("stability", ())
    )
    return Case(
        **fields,
        domain=convex_domain(parse_domain(document["domain"])),
        tags=tuple(document["tags"]),
        layer=layer,
        biases=biases,
        stability=stability,
        input_shape=tuple(document["input_shape"]) if "input_shape" in document else None,
        sizes=_sizes(document["sizes"], layer) if "sizes" in document and isinstance(layer, ConvLayer) else None,
    )


def _layer_of_case(document: dict[str, Any]) -> ReLULayer | ConvLayer | DenseNetwork | ResidualBlock:
    if "network" in document:
        return network_of_parts(document["network"])
    if "residual" in document:
        return ResidualBlock(**document["residual"])
    word = f"{CASE_WORD}{document['name']}"
    return read_layer(word) if {"layer", "layer_file"} & set(document) else read_kernels(word)


def _sizes(record: dict[str, Any], layer: ConvLayer) -> Sizes:
    return Sizes(tuple(record["minimum"]), tuple(map(tuple, record["residues"])), layer.stride)


def _includes(larger: Sizes, smaller: Sizes) -> bool:
    """Whether one set of sizes contains another with the same strides."""
    minima = zip(larger.minimum, smaller.minimum, strict=True)
    residues = zip(larger.residues, smaller.residues, strict=True)
    return all(a <= b for a, b in minima) and all(set(a) >= set(b) for a, b in residues)
