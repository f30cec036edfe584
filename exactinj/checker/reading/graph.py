"""certificates-network.md, section "Networks as graphs": the graph, and the rule graph-composition."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

from exactinj.checker.convolution import Kernels
from exactinj.checker.domains import Box, Domain, Orthant, Space
from exactinj.checker.faults import Reason, Rejected, Unreadable, within
from exactinj.checker.graph import (
    ClipStep,
    ConstantStep,
    ConvolutionStep,
    DenseStep,
    Graph,
    GraphDigest,
    GraphStep,
    JoinStep,
    LeakyStep,
    MaximumStep,
    MeanStep,
    MoveStep,
    NamedStep,
    OtherStep,
    ScaleStep,
    SquareStep,
    SumStep,
)
from exactinj.checker.limits import require_room
from exactinj.checker.rationals import rational, rationals, show
from exactinj.checker.reading.convolution import read_convolution_and_digest, read_size, read_sizes_and_one
from exactinj.checker.reading.domain import read_domain
from exactinj.checker.reading.layer import read_digest, read_rows_of_layer
from exactinj.checker.reading.proofs import (
    read_boxes,
    read_injective,
    read_inner_rule,
    read_modulus,
    read_orientation,
    read_p_matrix,
)
from exactinj.checker.reading.residual import read_certified_residual
from exactinj.checker.rules.blocks import InjectiveProof
from exactinj.checker.rules.boxes import Boxes
from exactinj.checker.rules.graph_composition import ByConvolution, ByResidual, ByRows, GraphComposition, Rank
from exactinj.checker.rules.orientation import Orientation
from exactinj.checker.rules.p_matrix import PMatrix
from exactinj.checker.stream import Reader

__all__ = ["read_certified_graph", "read_digest_of_graph", "read_graph_composition"]

_LONGEST_NAME = 1000
_RULES_OF_ROWS = ["flat-tree", "sign-split", "blocks", "rank"]


def _whole_numbers(value: object, least: int, most: int, place: str) -> list[int]:
    """A non-empty list of integers from `least` to `most`."""
    if isinstance(value, list) and value and all(type(k) is int and least <= k <= most for k in value):
        return value
    raise Unreadable(f"{place}: expected a list of integers from {least} to {most}, not empty, found {show(value)}")


class _StepReader:
    """Reads steps, and keeps what the digest sees of them."""

    def __init__(self, reader: Reader, inputs: Sequence[int]) -> None:
        self.reader, self.sizes, self.records = reader, list(inputs), list[dict[str, object]]()
        self.record: dict[str, object] = {}
        self.reads: tuple[int, ...] = ()

    def step(self) -> GraphStep:
        """The next one."""
        kind: str = self.reader.one_of("{", "step", list(_STEPS))
        self.record = {"step": kind}
        found = self.value("reads")
        if not isinstance(found, list) or not all(type(v) is int and 0 <= v < len(self.sizes) for v in found):
            raise self.reader.malformed(f"reads: expected a list of numbers of earlier values, found {show(found)}")
        count = {"constant": len(found) == 0, "sum": len(found) > 0, "join": len(found) > 0, "other": True}
        if not count.get(kind, len(found) == 1):
            raise self.reader.malformed(f"reads: a step {kind} cannot read {len(found)} values")
        self.reads = tuple(found)
        step = _STEPS[kind](self)
        self.reader.expect("}")
        self.records.append(self.record)
        self.sizes.append(step.size)
        return step

    def value(self, name: str) -> Any:
        """The value of a key, which the digest sees."""
        self.reader.key(",", name)
        found = self.record[name] = self.reader.value()
        return found

    def integers(self, name: str, least: int, most: int) -> list[int]:
        return _whole_numbers(self.value(name), least, most, name)

    def windows(self, name: str, most: int) -> list[list[int]]:
        found = self.value(name)
        if not isinstance(found, list) or not found:
            raise self.reader.malformed(f"{name}: expected lists of integers, found {show(found)}")
        return [_whole_numbers(window, -1, most, name) for window in found]

    def rationals(self, name: str, count: int | None = None) -> list[Fraction]:
        found = rationals(self.value(name), count, name)
        if not found:
            raise self.reader.malformed(f"{name}: expected at least one rational, found none")
        return found

    def perhaps_rational(self, name: str) -> Fraction | None:
        found = self.value(name)
        return None if found is None else rational(found, name)

    @property
    def size(self) -> int:
        """Of the first value that is read."""
        return self.sizes[self.reads[0]]

    def each(self) -> int:
        (each,) = _whole_numbers([self.value("each")], 1, self.size, "each")
        return each

    def name(self) -> str:
        found = self.value("name")
        if not isinstance(found, str) or len(found) > _LONGEST_NAME or not found.isascii():
            raise self.reader.malformed(f'"name": expected a short ASCII string, found {show(found)}')
        return found

    def parameters(self) -> None:
        """The digest of the parameters of a step, or null."""
        found = self.value("sha256")
        if found is not None and not (isinstance(found, str) and re.fullmatch("[0-9a-f]{64}", found)):
            raise self.reader.malformed(f'"sha256": expected null or 64 lower-case hex digits, found {show(found)}')

    # ------------------------------------------------------------------ one kind each

    def dense(self) -> GraphStep:
        self.reader.key(",", "layer")
        rows, n, self.record["layer"] = read_rows_of_layer(self.reader, None, None)
        if self.size % n:
            raise self.reader.malformed(f"layer: {n} columns do not divide the {self.size} entries that are read")
        return DenseStep(self.reads, self.size // n * len(rows), rows, n)

    def convolution(self) -> GraphStep:
        self.reader.key(",", "layer")
        layer, self.record["layer"] = read_convolution_and_digest(self.reader, None, None)
        kernels = Kernels(layer)
        at = read_size(self.reader, kernels.axes)
        self.record["size"] = list(at)
        rows = kernels.unrolled(at)
        if rows.n != self.size:
            raise self.reader.malformed(f"layer: the convolution reads {show(rows.n)} entries, not {self.size}")
        return ConvolutionStep(self.reads, len(rows), rows)

    def scale(self) -> GraphStep:
        each, scale = self.each(), self.rationals("scale")
        return ScaleStep(self.reads, self.size, each, scale, self.rationals("shift", len(scale)))

    def sum(self) -> GraphStep:
        signs = self.value("signs")
        if not isinstance(signs, list) or not all(type(s) is int and abs(s) == 1 for s in signs):
            raise self.reader.malformed(f"signs: expected a list of 1 and -1, found {show(signs)}")
        if len(signs) != len(self.reads) or len({self.sizes[v] for v in self.reads}) > 1:
            raise self.reader.malformed("signs: expected one for each of some values with equally many entries")
        return SumStep(self.reads, self.size, signs)

    def mean(self) -> GraphStep:
        places = self.windows("places", self.size - 1)
        counts = self.integers("counts", 1, 1 << 62)
        if len(counts) != len(places):
            raise self.reader.malformed("counts: expected one for each list of places")
        return MeanStep(self.reads, len(places), places, counts)

    def move(self) -> GraphStep:
        places = self.integers("places", -1, self.size - 1)
        return MoveStep(self.reads, len(places), places, rational(self.value("fill"), "fill"))

    def join(self) -> GraphStep:
        starts = list(accumulate((self.sizes[v] for v in self.reads), initial=0))
        return JoinStep(self.reads, starts[-1], starts[:-1])

    def constant(self) -> GraphStep:
        value = self.rationals("value")
        return ConstantStep(self.reads, len(value), value)

    def leaky(self) -> GraphStep:
        each = self.each()
        return LeakyStep(self.reads, self.size, each, self.rationals("slopes"))

    def clip(self) -> GraphStep:
        low = self.perhaps_rational("low")
        return ClipStep(self.reads, self.size, low, self.perhaps_rational("high"))

    def square(self) -> GraphStep:
        return SquareStep(self.reads, self.size)

    def maximum(self) -> GraphStep:
        places = self.windows("places", self.size - 1)
        if any(max(window) < 0 for window in places):
            raise self.reader.malformed("places: expected windows that read an entry")
        return MaximumStep(self.reads, len(places), places)

    def named(self) -> GraphStep:
        name = self.name()
        self.parameters()
        return NamedStep(self.reads, self.size, name)

    def other(self) -> GraphStep:
        self.name()
        (count,) = _whole_numbers([self.value("count")], 1, 1 << 62, "count")
        require_room(count, "the entries of a value")
        self.parameters()
        return OtherStep(self.reads, count)


_STEPS: dict[str, Callable[[_StepReader], GraphStep]] = {
    "dense": _StepReader.dense,
    "convolution": _StepReader.convolution,
    "scale": _StepReader.scale,
    "sum": _StepReader.sum,
    "mean": _StepReader.mean,
    "move": _StepReader.move,
    "join": _StepReader.join,
    "constant": _StepReader.constant,
    "leaky": _StepReader.leaky,
    "clip": _StepReader.clip,
    "square": _StepReader.square,
    "maximum": _StepReader.maximum,
    "one-to-one": _StepReader.named,
    "other": _StepReader.other,
}


def _read_inputs(reader: Reader) -> tuple[list[list[int]], list[int]]:
    """The shapes of the inputs, and their numbers of entries."""
    reader.key("{", "inputs")
    found = reader.value()
    if not isinstance(found, list) or not found:
        raise reader.malformed(f"inputs: expected shapes, found {show(found)}")
    shapes = [_whole_numbers(shape, 1, 1 << 62, "inputs") for shape in found]
    counts = [math.prod(shape) for shape in shapes]
    require_room(sum(counts), "the entries of the inputs")
    return shapes, counts


def read_digest_of_graph(reader: Reader, domain: Domain) -> str:
    """The digest that a graph states and has."""
    return _read_graph(reader, domain)[1]


def read_certified_graph(reader: Reader, given: object, domain: Domain) -> Graph:
    """Shapes, which fit the domain's, digest, and equality with the network that was given as well."""
    if given is not None and not isinstance(given, GraphDigest):
        raise Rejected(Reason.OTHER_NETWORK, "graph: the certificate is about a network, the given layer is none")
    if not isinstance(domain, (Space, Orthant, Box)):
        raise Rejected(Reason.DOMAIN, f"domain: a certificate about a network cannot have the domain {domain.type}")
    graph, sha256 = _read_graph(reader, domain)
    if given is not None and given.sha256 != sha256:
        raise Rejected(
            Reason.OTHER_NETWORK, f"graph: the given network is another one, with the SHA-256 {given.sha256}"
        )
    return graph


def _read_graph(reader: Reader, domain: Domain) -> tuple[Graph, str]:
    """The graph and its digest."""
    shapes, counts = _read_inputs(reader)
    if domain.dimension not in (None, sum(counts)):
        raise reader.malformed(f"domain: expected lists of {sum(counts)} rationals, found lists of {domain.dimension}")
    sha256 = read_digest(reader)
    parts, steps = _StepReader(reader, counts), list[GraphStep]()
    for number in reader.places(",", "steps"):
        with within(f"graph.steps {number}"):
            steps.append(parts.step())
    reader.key(",", "outputs")
    outputs = _whole_numbers(reader.value(), 0, len(parts.sizes) - 1, "outputs")
    reader.expect("}")
    text = json.dumps({"inputs": shapes, "steps": parts.records, "outputs": outputs}, separators=(",", ":"))
    found = hashlib.sha256(text.encode("ascii")).hexdigest()
    if found != sha256:
        raise Rejected(Reason.DIGEST, f"graph: the SHA-256 of the network is {found}, not the one stated")
    return Graph(counts, steps, outputs, domain), sha256


# ------------------------------------------------------------------ rule graph-composition


def _read_number(reader: Reader, before: str, name: str, count: int) -> int:
    """The number of one of so many values."""
    reader.key(before, name)
    found = reader.value()
    if type(found) is not int or not 0 <= found < count:
        raise reader.malformed(f'"{name}": expected the number of a value, below {count}, found {show(found)}')
    return found


def _read_list(reader: Reader, name: str) -> list[int]:
    reader.key(",", name)
    found = reader.value()
    if not isinstance(found, list) or not found or not all(type(k) is int for k in found):
        raise reader.malformed(f'"{name}": expected a list of integers, not empty, found {show(found)}')
    return found


class _LayerOfGraphReader:
    """Reads the layers of one proof."""

    def __init__(self, reader: Reader, graph: Graph) -> None:
        self.reader, self.count = reader, len(graph.sizes)

    def layer(self) -> ByRows | ByConvolution | ByResidual:
        """The next one, up to its proof."""
        reader = self.reader
        output, source = (_read_number(reader, *part, self.count) for part in (("{", "output"), (",", "source")))
        reader.expect(",")
        return self._rest(output, source)

    def _rest(self, output: int, source: int) -> ByRows | ByConvolution | ByResidual:
        reader = self.reader
        key = reader.value()
        if key not in ("columns", "hidden"):
            raise reader.malformed(f'expected the key "columns" or "hidden", found {show(key)}')
        reader.expect(":")
        first = reader.value()
        if key == "hidden":
            if type(first) is not int or not 0 <= first < self.count:
                raise reader.malformed(f'"hidden": expected the number of a value, found {show(first)}')
            return self._residual(output, source, first)
        columns = _whole_numbers(first, 0, 1 << 62, "columns")
        rows = _read_list(reader, "rows")
        if 0 in rows:
            raise reader.malformed('"rows": expected integers that are not 0')
        domain = read_domain(reader, "injective")
        if reader.key(",", "convolution", "proof") == "proof":
            return ByRows(output, source, columns, rows, domain, self._rows_proof)
        kernels = Kernels(read_convolution_and_digest(reader, None, None)[0])
        if domain.dimension not in (None, kernels.layer.in_channels):
            raise reader.malformed("domain: expected bounds for each channel of the convolution")
        sizes, at = read_sizes_and_one(reader, kernels.axes)

        def proof() -> Boxes:
            reader.key(",", "proof")
            read_inner_rule(reader, ["boxes"])
            return read_boxes(reader, kernels, "injective_for_sizes")  # no packings: they rest on an assumption

        return ByConvolution(output, source, columns, rows, domain, kernels, sizes, at, proof)

    def _rows_proof(self) -> InjectiveProof | Rank:
        rule = read_inner_rule(self.reader, _RULES_OF_ROWS)
        if rule != "rank":
            return read_injective(self.reader, rule)
        modulus = read_modulus(self.reader)
        self.reader.expect("}")
        return Rank(modulus)

    def _residual(self, output: int, source: int, hidden: int) -> ByResidual:
        reader = self.reader
        domain = read_domain(reader, "injective")
        reader.key(",", "residual")
        block = read_certified_residual(reader, None, domain.dimension)
        modulus = read_modulus(reader)

        def proof() -> PMatrix | Orientation:
            reader.key(",", "proof")
            rule = read_inner_rule(reader, ["p-matrix", "orientation"])
            return read_p_matrix(reader) if rule == "p-matrix" else read_orientation(reader, block.n)

        return ByResidual(output, source, hidden, domain, block, modulus, proof)


def read_graph_composition(reader: Reader, graph: Graph) -> GraphComposition:
    """The layers, while the rule takes them, and the end of the proof."""
    parts = _LayerOfGraphReader(reader, graph)

    def layers() -> Iterator[ByRows | ByConvolution | ByResidual]:
        for number in reader.places(",", "layers"):
            with within(f"layer {number}"):
                layer = parts.layer()
            yield layer
            with within(f"layer {number}"):
                reader.expect("}")
        reader.expect("}")

    return GraphComposition(layers())
