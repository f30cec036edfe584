"""A network proved layer by layer: one certificate of its graph, with the proof of each row of a scan (N1).

What a row's certificate says is brought into the words of the graph: which entries of the source the columns are, which
entries of the value the rows are. That is proposed by comparing values at random points; the checker proves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from io import BytesIO
from itertools import repeat
from math import prod
from random import Random

from exactinj import checker
from exactinj.certificates.certificate import Certificate
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.every_size import BoxesProof
from exactinj.certificates.graph_certificate import GraphCertificate
from exactinj.certificates.graph_composition import (
    ConvolutionLayer,
    GraphComposition,
    GraphLayer,
    RankProof,
    ResidualLayer,
    RowsLayer,
)
from exactinj.certificates.residual_certificate import ResidualCertificate
from exactinj.domains import Box, Domain, RealSpace
from exactinj.exact.matrix import RANK_PRIME, independent_rows
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import Clip, ExactTensor, Network
from exactinj.layers.network.flat import FlatNetwork, flat_network
from exactinj.networks.affine_parts import Question, has_known_shapes
from exactinj.networks.answers import LayerRow
from exactinj.networks.fixed_inputs import free_inputs
from exactinj.networks.folding import Folded, folded
from exactinj.networks.ranges import Range
from exactinj.networks.residual_rows import residual_block
from exactinj.networks.telling import BOTH, Told, told
from exactinj.work.verdict import Verdict

__all__ = ["graph_composition"]

LARGEST_VALUE = 1 << 40  # of the entries of random points
Ranges = Mapping[str, Range]


def graph_composition(
    network: Network, domain: Domain, rows: Sequence[LayerRow], ranges: Ranges
) -> GraphCertificate | str:
    """The certificate, if the checker accepts it; otherwise why there is none."""
    flat = flat_network(network)
    if flat is None:
        return "it has a step that certificates have no words for"
    maker = _Maker(network, flat, ranges, {row.question.output: row.question for row in rows if row.question})
    found = [maker.layer(row) for row in rows if row.verdict is Verdict.INJECTIVE and row.assumption is None]
    layers = tuple(layer for layer in found if layer is not None)
    whole = GraphCertificate(flat.graph, _of_all_inputs(network, domain), GraphComposition(layers))
    try:
        checked = checker.check_stream(BytesIO(whole.to_bytes()))
    except checker.Unreadable as error:  # too large for it
        return f"the checker would not read it ({error})"
    return whole if checked.valid else "the proofs of its rows do not say all that it takes"


def _of_all_inputs(network: Network, domain: Domain) -> Domain:
    """The domain of all inputs, one behind the other."""
    parts = [domain.for_dimension(prod(shape)) for shape in network.inputs.values()]
    boxes = [part for part in parts if isinstance(part, Box)]
    if len(boxes) < len(parts):
        return domain
    return Box([v for box in boxes for v in _listed(box.lower)], [v for box in boxes for v in _listed(box.upper)])


def _listed(side: object) -> Sequence[Fraction]:
    return side if isinstance(side, tuple) else ()


class _Maker:
    """Makes the layers of one proof."""

    def __init__(self, network: Network, flat: FlatNetwork, ranges: Ranges, by_output: Mapping[str, Question]) -> None:
        self.network, self.numbers, self.ranges, self.by_output = network, flat.numbers, ranges, by_output

    def layer(self, row: LayerRow) -> GraphLayer | None:
        """Of a row that was proved; None for what needs no proof, and for what cannot be said so."""
        question = row.question
        if question is None or not has_known_shapes(self.network, question):
            return None
        if isinstance(row.proof, ResidualCertificate):
            return self._residual(question, row.proof)
        layer = folded(self.network, question) if len(question.sources) == 1 else None
        return self._of_folded(question, row, layer) if isinstance(layer, Folded) else None

    def _of_folded(self, question: Question, row: LayerRow, layer: Folded) -> GraphLayer | None:
        if row.proof is None:
            return self._by_rank(question, layer)
        free = free_inputs(layer, self.ranges[question.sources[0]])
        columns = (layer if free is None else free.layer).order.tolist()
        if isinstance(row.proof, ConvCertificate):
            return self._convolution(question, row.proof, layer)
        return self._dense(question, row.proof, columns) if isinstance(row.proof, Certificate) else None

    def _place(self, question: Question) -> tuple[int, int]:
        return self.numbers[question.output], self.numbers[question.sources[0]]

    def _dense(self, question: Question, proof: Certificate, columns: Sequence[int]) -> GraphLayer | None:
        rows = self._rows(question, proof.layer, columns, None)
        if rows is None or not isinstance(proof.domain, Domain):
            return None
        return RowsLayer(*self._place(question), tuple(columns), rows, proof.domain, proof.proof)  # type: ignore[arg-type]

    def _convolution(self, question: Question, proof: ConvCertificate, layer: Folded) -> GraphLayer | None:
        size, columns = layer.size, tuple(layer.order.tolist())
        if size is None:
            return None
        rows = self._rows(question, proof.layer, columns, size)
        if rows is None:
            return None
        place = (*self._place(question), columns, rows)
        if isinstance(proof.proof, BoxesProof) and isinstance(proof.sizes, Sizes):
            return ConvolutionLayer(*place, proof.domain, proof.layer, proof.sizes, size, proof.proof)
        return RowsLayer(*place, _at_places(proof.domain, prod(size)), proof.proof)  # type: ignore[arg-type]

    def _by_rank(self, question: Question, layer: Folded) -> GraphLayer | None:
        """Independent rows among those of which the value tells everything."""
        dense = layer.layer if isinstance(layer.layer, ReLULayer) else layer.layer.unrolled(layer.size or ())
        columns = layer.order.tolist()
        codes = self._rows(question, dense, columns, None, all_of=False)
        if codes is None or dense.n > dense.m:
            return None
        tells = self._told(question)
        whole = [(k, code) for k, code in enumerate(codes) if code and tells[(abs(code) - 1) % len(tells)] == BOTH]
        integer = dense.W.integer_rows()
        chosen = independent_rows([integer[k] for k, _ in whole])
        if len(chosen) < dense.n:
            return None
        rows = tuple(whole[k][1] for k in chosen)
        return RowsLayer(*self._place(question), tuple(columns), rows, RealSpace(), RankProof(RANK_PRIME))

    def _residual(self, question: Question, proof: ResidualCertificate) -> GraphLayer | None:
        found = residual_block(self.network, self.by_output, question)
        if found is None or proof.proof is None:
            return None
        hidden = next(name for name in question.sources if name != found.source)
        place = (self.numbers[question.value], self.numbers[found.source], self.numbers[hidden])
        return ResidualLayer(*place, proof.domain, proof.layer, RANK_PRIME, proof.proof)  # type: ignore[arg-type]

    # ------------------------------------------------------------------ rows

    def _told(self, question: Question) -> Sequence[Told]:
        activation = None if question.activation is None else question.activation.operation
        return told(activation, self.ranges[question.value], self.network.shapes[question.value] or ())

    def _rows(
        self,
        question: Question,
        layer: ReLULayer | ConvLayer,
        columns: Sequence[int],
        size: Sequence[int] | None,
        *,
        all_of: bool = True,
    ) -> tuple[int, ...] | None:
        """For each row of a layer the code of the row of the graph that it is, by values at a random point.

        None if one has no such row; 0 for it, unless `all_of` is asked for.
        """
        x, source = self._random_point(question, columns)
        values = question.network(self.network).values({question.sources[0]: source})[question.value].fractions()
        codes: dict[Fraction, int] = {}
        more = _shifted(question)
        for i, (z, functions) in enumerate(zip(values, self._told(question), strict=True), 1):
            for sign, shift in (*functions, *more) if functions == BOTH else functions if all_of else BOTH[:1]:
                shifted = (sign, shift) in more and (sign, shift) not in BOTH
                codes.setdefault(sign * z + shift, sign * (i + len(values) * shifted))
        found = [codes.get(value, 0) for value in _values(layer, x, size)]
        return None if all_of and 0 in found else tuple(found)

    def _random_point(self, question: Question, columns: Sequence[int]) -> tuple[list[Fraction], ExactTensor]:
        """Random columns, and the source that has them; what else it holds is fixed."""
        name = question.sources[0]
        shape, random = self.network.shapes[name] or (), Random(0)  # noqa: S311 (a proposal)
        lower = self.ranges[name].lower
        whole = [Fraction(0)] * prod(shape) if lower is None else lower.fractions()
        x = [Fraction(random.randrange(LARGEST_VALUE)) for _ in columns]
        for j, value in zip(columns, x, strict=True):
            whole[j] = value
        return x, ExactTensor.of_fractions(whole, shape)


def _shifted(question: Question) -> Told:
    """The functions of the bounds of a clip."""
    clip = None if question.activation is None else question.activation.operation
    if not isinstance(clip, Clip):
        return ()
    below = () if clip.low is None else ((1, -clip.low),)
    return below if clip.high is None else (*below, (-1, clip.high))


def _values(layer: ReLULayer | ConvLayer, x: Sequence[Fraction], size: Sequence[int] | None) -> Sequence[Fraction]:
    """What stands before the ReLU."""
    return layer.preactivation(x) if isinstance(layer, ReLULayer) else layer.preactivation(x, size)


def _at_places(domain: Domain, places: int) -> Domain:
    """A domain of a place of a grid as that of all its places."""
    if not isinstance(domain, Box):
        return domain
    sides = (_listed(side) for side in (domain.lower, domain.upper))
    return Box(*([value for value in side for value in repeat(value, places)] for side in sides))
