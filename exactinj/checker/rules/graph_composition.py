"""Rule "graph-composition": which values of a network are known once its outputs are, by proofs of its layers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.checker.convolution import Kernels, Sizes
from exactinj.checker.domains import Box, Domain, Orthant, Space, channel_cut
from exactinj.checker.faults import Later, Reason, Rejected, Unreadable, within
from exactinj.checker.graph import TELLS_ALL, AffineStep, ClipStep, ConstantStep, Ends, EntryStep, Graph, LeakyStep
from exactinj.checker.rationals import over_one_denominator
from exactinj.checker.residual import Residual
from exactinj.checker.rows import Form, MadeRows
from exactinj.checker.rules.blocks import InjectiveProof, check_injective
from exactinj.checker.rules.boxes import Boxes, check_boxes
from exactinj.checker.rules.orientation import Orientation, check_orientation
from exactinj.checker.rules.p_matrix import PMatrix, check_p_matrix
from exactinj.checker.rules.rank import check_rank

__all__ = ["ByConvolution", "ByResidual", "ByRows", "GraphComposition", "Rank", "check_graph_composition"]


@dataclass(frozen=True, slots=True)
class Rank:
    """The modulus."""

    modulus: int


@dataclass(frozen=True, slots=True)
class ByRows:
    """A layer by its rows."""

    output: int
    source: int
    columns: list[int]
    rows: list[int]
    domain: Domain
    proof: Later[InjectiveProof | Rank]


@dataclass(frozen=True, slots=True)
class ByConvolution:
    """A layer that is a convolution at a size."""

    output: int
    source: int
    columns: list[int]
    rows: list[int]
    domain: Domain
    kernels: Kernels
    sizes: Sizes
    at: tuple[int, ...]
    proof: Later[Boxes]


@dataclass(frozen=True, slots=True)
class ByResidual:
    """A value M x + M B h + c with h = ReLU(A x + b)."""

    output: int
    source: int
    hidden: int
    domain: Domain
    residual: Residual
    modulus: int
    proof: Later[PMatrix | Orientation]


ProvedLayer = ByRows | ByConvolution | ByResidual


@dataclass(frozen=True, slots=True)
class GraphComposition:
    """The layers, each to be judged before the next one is taken."""

    layers: Iterator[ProvedLayer]


def check_graph_composition(proof: GraphComposition, graph: Graph) -> str:
    """Each layer, and then that all inputs are known."""
    found: list[tuple[int, int]] = []
    for layer in proof.layers:
        with within(f"layer {len(found)}"):
            _check_layer_of_graph(layer, graph)
        graph.forget()
        found.append((layer.output, layer.source))
    known = _known_values(graph, found)
    if not all(known[: graph.inputs]):
        missing = known.index(False)
        raise Rejected(Reason.COMPOSITION, f"layers: it does not follow that the input {missing} is known")
    steps = f"{len(graph.steps)} steps"
    return f"the proofs of {len(found)} layers are correct, and with these the outputs of {steps} tell the inputs"


def _check_layer_of_graph(layer: ProvedLayer, graph: Graph) -> None:
    if layer.source not in graph.base:
        raise Rejected(Reason.COMPOSITION, "source: names a value that is no atom")
    if isinstance(layer, ByResidual):
        _check_residual_layer(layer, graph)
    elif isinstance(layer, ByConvolution):
        _check_convolution_layer(layer, graph)
    else:
        _check_rows_layer(layer, graph)


# ------------------------------------------------------------------ rows


class _Told:
    """The rows of a layer that its value tells, cut down to the columns."""

    def __init__(self, layer: ByRows | ByConvolution, graph: Graph) -> None:
        self.graph, self.output, self.z = graph, layer.output, graph.read_by(layer.output)
        self.codes, base, size = layer.rows, graph.base[layer.source], graph.sizes[layer.source]
        if len(set(layer.columns)) < len(layer.columns) or not all(0 <= j < size for j in layer.columns):
            raise Rejected(Reason.COMPOSITION, f"columns: expected different entries of the source, below {size}")
        self.place = {base + j: k for k, j in enumerate(layer.columns)}
        self.fixed: dict[int, Fraction] = {}
        if len(self.place) < size:
            self._hold([j for j in range(size) if base + j not in self.place], base, graph.ends(layer.source))

    def _hold(self, others: Sequence[int], base: int, ends: Sequence[Ends]) -> None:
        """Entries of the source that are no columns have one value."""
        for j in others:
            low, high = ends[j]
            if low is None or low != high:
                raise Rejected(Reason.COMPOSITION, f"columns: entry {j} of the source is none, and not one number")
            self.fixed[base + j] = low

    def whole_rows(self) -> MadeRows:
        """All of them, each seen to be told, whether a proof names it or not."""
        forms = [self.form(k) for k in range(len(self.codes))]
        return MadeRows(len(forms), len(self.place), forms.__getitem__)

    def function(self, k: int) -> tuple[int, int, Fraction]:
        """Sign, entry i and shift of the row with this number, ReLU(sign z_i + shift)."""
        sign = 1 if self.codes[k] > 0 else -1
        shifted, i = divmod(abs(self.codes[k]) - 1, self.graph.sizes[self.z])
        step = self.graph.step(self.output)
        shift = step.shift(sign) if shifted and isinstance(step, ClipStep) else None if shifted else Fraction(0)
        if shifted > 1 or shift is None:
            raise Rejected(Reason.COMPOSITION, f"rows: row {k} names an entry or a bound that is not there")
        return sign, i, shift

    def form(self, k: int) -> Form:
        """The row with this number."""
        sign, i, shift = self.function(k)
        told = self.graph.tells(self.output, i)
        if told != TELLS_ALL and (sign, shift) not in told:
            raise Rejected(Reason.COMPOSITION, f"rows: the output does not tell row {k}")
        form = self.graph.form(self.z, i)
        constant, nonzero = sign * Fraction(form.constant, form.denominator) + shift, {}
        for column, value in form.nonzero.items():
            if column in self.place:
                nonzero[self.place[column]] = sign * value
            elif column in self.fixed:
                constant += sign * value * self.fixed[column] / form.denominator
            else:
                raise Rejected(Reason.COMPOSITION, f"rows: row {k} has an entry outside of the columns")
        common = math.lcm(form.denominator, constant.denominator)
        scale = common // form.denominator
        return Form({j: scale * value for j, value in nonzero.items()}, int(constant * common), common)


def _require_inside(domain: Domain, ends: Sequence[Ends]) -> None:
    """The domain holds all points whose entries have these ends."""
    if isinstance(domain, Space):
        return
    if isinstance(domain, Orthant):
        if any(low is None or low < 0 for low, _ in ends):
            raise Rejected(Reason.DOMAIN, "domain: a column is not shown to be nonnegative")
        return
    if not isinstance(domain, Box):
        raise Rejected(Reason.DOMAIN, f"domain: a layer of a network cannot have the domain {domain.type}")
    if len(domain.lower) != len(ends):
        raise Unreadable(f"domain: expected bounds for {len(ends)} columns, found {len(domain.lower)}")
    for j, (low, high) in enumerate(ends):
        inside = low is not None and high is not None
        inside = inside and low * domain.denominator >= domain.lower[j]  # type: ignore[operator]
        if not inside or high * domain.denominator > domain.upper[j]:  # type: ignore[operator]
            raise Rejected(Reason.DOMAIN, f"domain: column {j} is not shown to lie in the box")


def _ends_of_columns(layer: ByRows | ByConvolution, graph: Graph) -> Sequence[Ends]:
    if isinstance(layer.domain, Space):
        return ()
    ends = graph.ends(layer.source)
    return [ends[j] for j in layer.columns]


def _check_rows_layer(layer: ByRows, graph: Graph) -> None:
    told = _Told(layer, graph)
    _require_inside(layer.domain, _ends_of_columns(layer, graph))
    proof, n = layer.proof(), len(layer.columns)
    if not isinstance(proof, Rank):
        check_injective(proof, layer.domain.cut, told.whole_rows(), n)
        return
    if len(layer.rows) != n:
        raise Rejected(Reason.RANK, f"rank: found {len(layer.rows)} rows and {n} columns")
    made = told.whole_rows()
    rows = [made[k].entries[:-1] for k in range(n)]
    if any(graph.tells(layer.output, told.function(k)[1]) != TELLS_ALL for k in range(n)):
        raise Rejected(Reason.RANK, "rank: the output does not tell all of each row")
    check_rank(rows, proof.modulus)


def _check_convolution_layer(layer: ByConvolution, graph: Graph) -> None:
    told, kernels, at = _Told(layer, graph), layer.kernels, layer.at
    parts = zip(at, layer.sizes.minimum, layer.sizes.residues, kernels.axes, strict=True)
    if not all(size >= least and size % axis.stride in residues for size, least, residues, axis in parts):
        raise Rejected(Reason.SIZES, "at: the size is none of those of the proof")
    rows = kernels.unrolled(at)
    if rows.n != len(layer.columns) or len(rows) != len(layer.rows):
        raise Rejected(Reason.COMPOSITION, "rows and columns are not as many as those of the convolution")
    where = channel_cut(layer.domain, 0, math.prod(at))(range(rows.n))
    _require_inside(where, _ends_of_columns(layer, graph))
    for k in range(len(rows)):
        if not _same_form(told.form(k), rows.form(k)):
            raise Rejected(Reason.COMPOSITION, f"rows: row {k} is not that of the convolution")
    check_boxes(layer.proof(), layer.domain, kernels, layer.sizes)


def _same_form(left: Form, right: Form) -> bool:
    a, b = left.denominator, right.denominator
    if left.nonzero.keys() != right.nonzero.keys() or left.constant * b != right.constant * a:
        return False
    return all(value * b == right.nonzero[j] * a for j, value in left.nonzero.items())


# ------------------------------------------------------------------ residual blocks


def _check_residual_layer(layer: ByResidual, graph: Graph) -> None:
    step = graph.step(layer.hidden)
    if not isinstance(step, LeakyStep) or any(step.slopes):
        raise Rejected(Reason.COMPOSITION, "hidden: names a value that is no ReLU")
    block, base = layer.residual, graph.base[layer.source]
    if graph.sizes[layer.source] != block.n or step.size != block.k or graph.sizes[layer.output] != block.n:
        raise Rejected(Reason.COMPOSITION, "residual: the block has another shape than the layer")
    _require_same_matrix(graph, step.reads[0], {base + j: j for j in range(block.n)}, block)
    hidden = graph.base[layer.hidden]
    places = {base + j: j for j in range(block.n)} | {hidden + j: block.n + j for j in range(block.k)}
    rows = [_row_of_form(graph.form(layer.output, i), places) for i in range(block.n)]
    check_rank([row[: block.n] for row in rows], layer.modulus)
    columns = [over_one_denominator(column) for column in zip(*block.B, strict=True)]
    for row in rows:
        for j, (column, denominator) in enumerate(columns):
            total = sum(a * b for a, b in zip(row, column, strict=False))
            if total != row[block.n + j] * denominator:
                raise Rejected(Reason.COMPOSITION, f"residual: column {j} of B is not that of the layer")
    _require_inside(layer.domain, () if isinstance(layer.domain, Space) else graph.ends(layer.source))
    proof = layer.proof()
    if isinstance(proof, PMatrix):
        check_p_matrix(proof, layer.domain, block)
    else:
        check_orientation(proof, block)


def _row_of_form(form: Form, places: dict[int, int]) -> list[int]:
    """The form as a row, times its denominator."""
    row = [0] * len(places)
    for column, value in form.nonzero.items():
        if column not in places:
            raise Rejected(Reason.COMPOSITION, "residual: the layer reads something else as well")
        row[places[column]] = value
    return row


def _require_same_matrix(graph: Graph, z: int, places: dict[int, int], block: Residual) -> None:
    for i, (row, bias) in enumerate(zip(block.A, block.b, strict=True)):
        form = graph.form(z, i)
        entries = _row_of_form(form, places)
        same = all(Fraction(value, form.denominator) == other for value, other in zip(entries, row, strict=True))
        if not same or Fraction(form.constant, form.denominator) != bias:
            raise Rejected(Reason.COMPOSITION, f"residual: row {i} of A and b is not that of the layer")


# ------------------------------------------------------------------ known values


def _known_values(graph: Graph, layers: Sequence[tuple[int, int]]) -> list[bool]:
    known = [False] * len(graph.sizes)
    for v in graph.outputs:
        known[v] = True
    for with_ends in (False, True):
        while _learned(graph, layers, known, with_ends=with_ends):
            pass
        if all(known[: graph.inputs]):
            break
    return known


def _learned(graph: Graph, layers: Sequence[tuple[int, int]], known: list[bool], *, with_ends: bool) -> bool:
    """Once through all steps, from the last to the first; whether something is known now that was not."""
    before = sum(known)
    for number in reversed(range(len(graph.steps))):
        v, step = graph.inputs + number, graph.steps[number]
        if all(known[read] for read in step.reads) and (step.reads or isinstance(step, ConstantStep)):
            known[v] = True
        if known[v]:
            for source in _kept(graph, v, known, with_ends=with_ends):
                known[source] = True
        for output, source in layers:
            if output == v and known[v]:
                known[source] = True
    for output, source in layers:
        known[source] = known[source] or known[output]
    return sum(known) > before


def _kept(graph: Graph, v: int, known: list[bool], *, with_ends: bool) -> Sequence[int]:
    step = graph.step(v)
    if isinstance(step, AffineStep):
        return step.kept(known, graph.sizes)
    if not isinstance(step, EntryStep) or known[step.reads[0]]:
        return ()
    plain: Ends = (None, None)
    if with_ends:
        tells_all = all(graph.tells(v, i) == TELLS_ALL for i in range(step.size))
    else:
        tells_all = all(step.tells(i, plain) == TELLS_ALL for i in range(step.size))
    return step.reads if tells_all else ()
