"""The document: format, claim, domain, layer and proof in their order, and the table of the rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from exactinj.checker.convolution import Convolution, Kernels, Sizes
from exactinj.checker.domains import Box, Domain, Orthant, Space, channel_cut
from exactinj.checker.faults import Reason, Rejected, Unreadable
from exactinj.checker.graph import GraphDigest
from exactinj.checker.network import DenseNetwork
from exactinj.checker.rationals import times
from exactinj.checker.reading.convolution import read_convolution, read_size, read_sizes
from exactinj.checker.reading.domain import read_domain
from exactinj.checker.reading.gram import read_gram
from exactinj.checker.reading.graph import read_certified_graph, read_graph_composition
from exactinj.checker.reading.layer import read_certified_layer
from exactinj.checker.reading.network import read_cell_pairs, read_certified_network
from exactinj.checker.reading.proofs import (
    PROVES,
    RESTING,
    read_boxes,
    read_collision,
    read_composition,
    read_count,
    read_depth_tree,
    read_geometric,
    read_injective,
    read_orientation,
    read_p_matrix,
    read_packing,
    read_patch,
    read_periodic,
    read_unpaired,
)
from exactinj.checker.reading.residual import read_certified_residual
from exactinj.checker.residual import Residual
from exactinj.checker.rows import Layer, Row
from exactinj.checker.rules.blocks import check_injective, check_layer_blocks
from exactinj.checker.rules.boxes import check_boxes
from exactinj.checker.rules.cell_pairs import check_cell_pairs
from exactinj.checker.rules.collision import check_collision, check_collision_at, check_collision_of
from exactinj.checker.rules.composition import check_composition
from exactinj.checker.rules.count import check_count
from exactinj.checker.rules.depth_tree import check_depth_tree
from exactinj.checker.rules.flat_tree import FlatTree, check_flat_tree
from exactinj.checker.rules.geometric import check_geometric
from exactinj.checker.rules.gram import check_gram
from exactinj.checker.rules.graph_composition import check_graph_composition
from exactinj.checker.rules.orientation import check_orientation
from exactinj.checker.rules.p_matrix import check_p_matrix
from exactinj.checker.rules.packing import check_packing
from exactinj.checker.rules.patch import check_patch
from exactinj.checker.rules.periodic import check_periodic
from exactinj.checker.rules.sign_split import SignSplit, check_sign_split
from exactinj.checker.rules.unpaired import check_unpaired
from exactinj.checker.stream import Reader, pieces_of

__all__ = ["CheckResult", "Given", "Judge", "Numbers", "check_document", "check_stream", "judge_layer"]

CLAIMS = (
    "injective",
    "not_injective",
    "alpha_star",
    "injective_if_full_spark",
    "injective_for_sizes",
    "not_injective_for_sizes",
    "injective_for_sizes_if_full_spark",
    "stability",
)
Numbers = Layer | Convolution | Residual | DenseNetwork | GraphDigest
Given = Callable[[str], Numbers | None]  # the layer to check, when the document is about this kind of it
Judge = Callable[[Reader, str, Domain, list[Row], int], str]  # what a rule says about the rows of a layer


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the certificate proves its claim, and why or why not; `fault` is what about it does not hold."""

    valid: bool
    claim: str | None
    reason: str
    fault: Reason | None = None

    def to_json(self) -> dict[str, object]:
        """The document of ``exactinj check --json``."""
        return {"valid": self.valid, "claim": self.claim, "reason": self.reason}


def _read_outer_rule(reader: Reader, claim: str) -> str:
    """The rule of the document's proof, which proves the claim."""
    reader.key(",", "proof")
    rule: str = reader.one_of("{", "rule", list(PROVES))
    if claim != PROVES[rule] and RESTING.get(claim) != rule:
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves "{PROVES[rule]}", not the claim "{claim}"')
    return rule


def _judge_packing_or_gram(reader: Reader, rule: str, domain: Domain, rows: list[Row], n: int) -> str:
    if rule == "gram":
        return check_gram(read_gram(reader), domain, rows, n)
    return check_packing(read_packing(reader), domain, rows, n)


def judge_layer(reader: Reader, rule: str, domain: Domain, rows: list[Row], n: int) -> str:
    """A rule of certificates.md for the rows of a layer."""
    if rule == "collision":
        return check_collision(read_collision(reader, n), domain, rows)
    if rule == "depth-tree":
        return check_depth_tree(read_depth_tree(reader, n), domain, rows, n)
    if rule in ("packing", "gram"):
        return _judge_packing_or_gram(reader, rule, domain, rows, n)
    proof = read_injective(reader, rule)
    if isinstance(proof, FlatTree):
        return check_flat_tree(proof, domain, rows, n)
    if isinstance(proof, SignSplit):
        return check_sign_split(proof, domain, rows, n)
    return check_layer_blocks(proof, domain, rows, n)


def _judge_at_size(reader: Reader, rule: str, domain: Domain, kernels: Kernels, size: Sequence[int]) -> str:
    """A rule of certificates.md for the unrolled layer."""
    if rule == "collision":
        points = read_collision(reader, kernels.layer.in_channels * math.prod(size))
        return check_collision_at(points, domain, kernels, size)
    rows = kernels.unrolled(size)
    proof, cut = read_injective(reader, rule), channel_cut(domain, 0, math.prod(size))
    return f"{len(rows)} rows and {rows.n} columns, " + check_injective(proof, cut, rows, rows.n)


_SIZES_RULES: dict[str, Callable[[Reader, Domain, Kernels, Sizes], str]] = {
    "periodic": lambda reader, domain, kernels, sizes: check_periodic(
        read_periodic(reader, kernels), domain, kernels, sizes
    ),
    "patch": lambda reader, domain, kernels, sizes: check_patch(read_patch(reader, kernels), domain, kernels, sizes),
    "geometric": lambda reader, domain, kernels, sizes: check_geometric(
        read_geometric(reader, kernels), domain, kernels, sizes
    ),
    "count": lambda reader, domain, kernels, sizes: check_count(read_count(reader, kernels), domain, kernels, sizes),
    "unpaired": lambda reader, domain, kernels, sizes: check_unpaired(
        read_unpaired(reader, kernels), domain, kernels, sizes
    ),
}


def _check_layer(reader: Reader, claim: str, domain: Domain, given: Numbers | None, judge: Judge) -> str:
    """The document from the value of `layer` on."""
    rows, n = read_certified_layer(reader, given, domain.dimension)
    return judge(reader, _read_outer_rule(reader, claim), domain, rows, n)


def _check_convolution(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `convolution` on."""
    if not isinstance(domain, (Space, Orthant, Box)):
        raise Rejected(Reason.DOMAIN, f"domain: a certificate about a convolution cannot have the domain {domain.type}")
    if claim in ("alpha_star", "injective_if_full_spark", "stability"):
        raise Rejected(Reason.RULE, f'a certificate about a convolution cannot have the claim "{claim}"')
    if given is not None and not isinstance(given, Convolution):
        others = {Residual: "a residual block", DenseNetwork: "a network", GraphDigest: "a network"}
        found = f"the given layer is {others.get(type(given), 'one with (W, b)')}"
        raise Rejected(Reason.OTHER_CONVOLUTION, f"convolution: the certificate is about a convolution, but {found}")
    kernels = Kernels(read_convolution(reader, domain.dimension, given))
    if claim in ("injective", "not_injective"):
        size = read_size(reader, kernels.axes)
        rule = _read_outer_rule(reader, claim)
        where, reason = f"the input size {times(size)}", _judge_at_size(reader, rule, domain, kernels, size)
    else:
        sizes = read_sizes(reader, kernels.axes)
        rule = _read_outer_rule(reader, claim)
        every = "any" if claim.startswith("not") else "every"
        where = f"{every} input size with {sizes.about(kernels.axes)}"
        if rule == "boxes":
            reason = check_boxes(read_boxes(reader, kernels, claim), domain, kernels, sizes)
        else:
            reason = _SIZES_RULES[rule](reader, domain, kernels, sizes)
    word = "injective" if PROVES[rule].startswith("injective") else "not injective"
    word += ", if the windows are full spark," if claim in RESTING else ""
    return f"{word} for {where} on {domain.type}: {reason}; {kernels.about()}"


_RESIDUAL_RULES: dict[str, Callable[[Reader, Domain, Residual], str]] = {
    "collision": lambda reader, domain, block: check_collision_of(
        read_collision(reader, block.n), domain, block.outputs
    ),
    "p-matrix": lambda reader, domain, block: check_p_matrix(read_p_matrix(reader), domain, block),
    "orientation": lambda reader, _, block: check_orientation(read_orientation(reader, block.n), block),
}


def _check_residual(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `residual` on."""
    if claim in ("alpha_star", "stability"):
        raise Rejected(Reason.RULE, f'a certificate about a residual block cannot have the claim "{claim}"')
    block = read_certified_residual(reader, given, domain.dimension)
    rule = _read_outer_rule(reader, claim)
    if rule not in _RESIDUAL_RULES:
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves nothing about a residual block')
    return _RESIDUAL_RULES[rule](reader, domain, block)


_NETWORK_RULES: dict[str, Callable[[Reader, Domain, DenseNetwork], str]] = {
    "collision": lambda reader, domain, network: check_collision_of(
        read_collision(reader, network.n), domain, network.outputs
    ),
    "cell-pairs": lambda reader, domain, network: check_cell_pairs(read_cell_pairs(reader, network), domain, network),
    "composition": lambda reader, domain, network: check_composition(read_composition(reader), domain, network),
}


def _check_network(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `dense_network` on."""
    if claim in ("alpha_star", "stability"):
        raise Rejected(Reason.RULE, f'a certificate about a network cannot have the claim "{claim}"')
    network = read_certified_network(reader, given, domain.dimension)
    rule = _read_outer_rule(reader, claim)
    if rule not in _NETWORK_RULES:
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves nothing about a network')
    return _NETWORK_RULES[rule](reader, domain, network)


def _check_graph(reader: Reader, claim: str, domain: Domain, given: Numbers | None) -> str:
    """The document from the value of `graph` on."""
    graph = read_certified_graph(reader, given, domain)
    rule = _read_outer_rule(reader, claim)
    if rule != "graph-composition":
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves nothing about a network as a graph')
    return check_graph_composition(read_graph_composition(reader, graph), graph)


_KINDS = {
    "convolution": _check_convolution,
    "residual": _check_residual,
    "dense_network": _check_network,
    "graph": _check_graph,
}


def _check_proof(reader: Reader, claim: str, given: Given, judge: Judge) -> str:
    """Everything after the claim, in the order of the document. Returns the reason to accept."""
    domain = read_domain(reader, claim)
    kind = reader.key(",", *(["convolution"] if "_for_sizes" in claim else ["layer", *_KINDS]))
    if kind == "layer":
        reason = _check_layer(reader, claim, domain, given(kind), judge)
    else:
        reason = _KINDS[kind](reader, claim, domain, given(kind))
    reader.end()
    return reason


def check_document(
    binary_file: BinaryIO, given: Given, reader_type: type[Reader] = Reader, judge: Judge = judge_layer
) -> CheckResult:
    """The same for a layer that is asked for when the document says which kind of layer it is about.

    Another `judge` with a reader of its own may take the place of this one for proofs about the rows of a layer.
    """
    reader, claim = reader_type(pieces_of(binary_file)), None
    try:
        reader.one_of("{", "format", ["exactinj-certificate"])
        reader.one_of(",", "version", [1])
        claim = reader.one_of(",", "claim", CLAIMS)
        return CheckResult(valid=True, claim=claim, reason=_check_proof(reader, claim, given, judge))
    except Rejected as error:
        return CheckResult(valid=False, claim=claim, reason=str(error), fault=error.reason)
    except MemoryError:
        raise Unreadable("does not fit into memory") from None


def check_stream(binary_file: BinaryIO, layer: Numbers | None = None) -> CheckResult:
    """Check the certificate in a binary file, which must be about `layer` if that is given.

    Raises Unreadable if the document is not a certificate; a wrong one gives a result that is not valid.
    """
    return check_document(binary_file, lambda _: layer)
