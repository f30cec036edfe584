"""The order in which proofs about a convolution are tried, and what is said when none is found.

Every attempt asks an engine about a small dense layer. Cheap ones come first, whatever they may show: constants and
single places for a collision, small boxes for injectivity; then larger ones of both kinds in turn. If an input size
is given, the unrolled layer is one more attempt, and the only one that settles every case.

With stride 1 and no windows cut off, a box that does not recover what it sees speaks for all boxes inside it, and a
finder may notice that in a large box before all the smaller ones have been searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod

from exactinj.convolution import ConvLayer, Sizes
from exactinj.domains import Domain, RealSpace
from exactinj.engines.base import Answer, Engine
from exactinj.engines.clock import Clock, OutOfTimeError
from exactinj.engines.components import BlocksEngine
from exactinj.engines.finder import FinderEngine
from exactinj.engines.tree import TreeEngine
from exactinj.errors import InternalError
from exactinj.every_size.boxes import box_layer, boxes_up_to, inner_starts, try_box
from exactinj.every_size.patches import Patch, embedded, patches_of
from exactinj.every_size.periodic import allows_period, periodic_layer, periodic_pair, tiled
from exactinj.every_size.places import grid_domain, group_domain
from exactinj.evidence.blocks import BlocksProof
from exactinj.evidence.collision import Collision
from exactinj.evidence.conv_certificate import ConvProof
from exactinj.evidence.every_size import InjectivityProof, Slot
from exactinj.evidence.result import Statistics, Verdict
from exactinj.evidence.sign_split import SignSplitTree
from exactinj.evidence.tree_proof import FlatTree
from exactinj.layer import ReLULayer

__all__ = ["ConvAnswer", "decide_convolution"]

EASY = 7  # inputs up to which the tree decides in hundredths of a second
FAIR = 14  # inputs up to which engines decide within minutes
LARGEST_UNROLLED = 4_000_000  # entries of an unrolled matrix
LARGEST_PATCH = 200  # inputs of a patch
SECONDS_PER_PATCH = 20.0
NODES_PER_PATCH = 3_000
WIDTHS = range(3, 9)  # of the places that larger patches leave free


@dataclass(frozen=True)
class ConvAnswer:
    """A verdict about a convolution with its proof, the size or sizes it holds for, and how it was found."""

    verdict: Verdict
    reason: str
    engine: str
    proof: ConvProof | None = None
    sizes: tuple[int, ...] | Sizes | None = None
    witness: Collision | None = None
    stats: Statistics = field(default_factory=Statistics)
    explanation: tuple[str, ...] = ()


def decide_convolution(
    layer: ConvLayer,
    domain: Domain,
    inner: Engine,
    clock: Clock,
    *,
    size: tuple[int, ...] | None = None,
    box_limit: int = 12,
    seed: int = 0,
) -> ConvAnswer:
    """Decide for all sizes from some size on, or for one size.

    Parameters
    ----------
    layer : ConvLayer
    domain : Domain
        Of one place of the grid, see `places.channel_domain`.
    inner : Engine
        Decides the dense layers.
    clock : Clock
    size : tuple of int, optional
        The grid of the inputs in question.
    box_limit : int
        Boxes with more inputs than that are not tried.
    seed : int
        Of the finder on patches.
    """
    return _Search(layer, domain, inner, clock, size, box_limit, seed).run()


@dataclass
class _Search:
    layer: ConvLayer
    domain: Domain
    inner: Engine
    clock: Clock
    size: tuple[int, ...] | None
    box_limit: int
    seed: int
    steps: list[str] = field(default_factory=list)
    known: dict[tuple[int, str], Answer] = field(default_factory=dict)
    tried: list[tuple[int, ...]] = field(default_factory=list)
    ruled_out: list[tuple[int, ...]] = field(default_factory=list)
    refuted: set[str] = field(default_factory=set)
    partial: ConvAnswer | None = None
    nodes: int = 0
    refuters: int = 0

    def run(self) -> ConvAnswer:
        try:
            for attempt in self._attempts():
                self.clock.check()
                answer = attempt()
                if answer is not None and self._is_final(answer):
                    return self._with_rest(answer)
        except OutOfTimeError:
            return self.partial or self._open(Verdict.TIMED_OUT, "out of time")
        return self.partial or self._open(Verdict.UNKNOWN, "no proof was found either way")

    def _is_final(self, answer: ConvAnswer) -> bool:
        """Whether the search may end: not with a collision at some residues while boxes may hold at others."""
        partial = isinstance(answer.sizes, Sizes) and not answer.sizes.is_all and answer.proof is not None
        if self.size is not None or not partial or answer.verdict is Verdict.INJECTIVE:
            return True
        self.partial = self.partial or answer
        return False

    def _with_rest(self, answer: ConvAnswer) -> ConvAnswer:
        """The answer with a word on sizes for which the opposite was proved."""
        if self.partial is None or answer.verdict is not Verdict.INJECTIVE or not isinstance(self.partial.sizes, Sizes):
            return answer
        return replace(answer, reason=f"{answer.reason}; it is not injective at {self.partial.sizes.text}")

    # ------------------------------------------------------------------ the order

    def _attempts(self) -> Iterator[Callable[[], ConvAnswer | None]]:
        total = None if self.size is None else self.layer.in_channels * prod(self.size)
        boxes = boxes_up_to(self.layer, self.box_limit, self.size)
        channels = self.layer.in_channels // self.layer.groups
        easy = self._easy_boxes()
        if total is not None and total <= EASY:
            yield self._unrolled
        yield from self._periods(1, 1)
        yield from self._patches(1)
        yield from (self._box_attempt(box) for box in easy)
        yield from (self._box_attempt(box) for box in boxes[:1] if box not in easy and channels * prod(box) <= FAIR)
        yield from self._periods(2, FAIR)
        yield from self._patches(2)
        if total is not None and total <= FAIR:
            yield self._unrolled
        rest = [box for box in boxes if box not in easy]
        yield lambda: self._rule_out(rest)
        for k in range(max(len(rest), len(WIDTHS))):
            yield from (self._box_attempt(box) for box in rest[k : k + 1])
            for width in WIDTHS[k : k + 1]:
                yield from self._patches(width)
        if total is not None and total > FAIR:
            yield self._unrolled

    def _easy_boxes(self) -> list[tuple[int, ...]]:
        channels = self.layer.in_channels // self.layer.groups
        limit = min(EASY, self.box_limit)
        return [box for box in boxes_up_to(self.layer, limit, self.size) if channels * prod(box) <= limit]

    def _periods(self, width: int, most: int) -> Iterator[Callable[[], ConvAnswer | None]]:
        """Constants for a width of 1; otherwise all periods up to the width but the constants."""
        for period in _grids(width, self.layer.dimensions):
            fits = self.size is None or all(q <= n for q, n in zip(period, self.size, strict=True))
            inputs = self.layer.in_channels * prod(period)
            if fits and allows_period(self.layer, period) and (width == 1 or inputs <= most) and max(period) == width:
                yield lambda period=period: self._periodic(period)  # type: ignore[misc]

    def _patches(self, width: int) -> Iterator[Callable[[], ConvAnswer | None]]:
        for patch in patches_of(self.layer, width):
            if patch.columns <= LARGEST_PATCH:
                yield lambda patch=patch: self._patch(patch)  # type: ignore[misc]

    def _box_attempt(self, box: tuple[int, ...]) -> Callable[[], ConvAnswer | None]:
        return lambda: self._box(box)

    # ------------------------------------------------------------------ attempts

    def _periodic(self, period: tuple[int, ...]) -> ConvAnswer | None:
        what = "constants" if set(period) == {1} else f"inputs of period {_times(period)}"
        self.clock.report(f"{what}")
        answer = self._decided(periodic_layer(self.layer, period), grid_domain(self.domain, prod(period)))
        if not isinstance(answer.proof, Collision):
            self.steps.append(f"{what}: {_outcome(answer)}")
            return None
        proof, sizes = periodic_pair(self.layer, period, answer.proof)
        at = self.size or sizes.smallest
        points = [tiled(values, period, self.layer.in_channels, at) for values in (proof.x, proof.y)]
        return self._collision("periodic", f"two {what} have the same output at every size", proof, sizes, points)

    def _patch(self, patch: Patch) -> ConvAnswer | None:
        where = " x ".join(f"{side.width} ({side.anchor})" for side in patch.sides)
        self.clock.report(f"inputs that differ in {where} places")
        rows, domain = patch.rows(), grid_domain(self.domain, prod(patch.size))
        clock = self.clock.bounded(SECONDS_PER_PATCH)
        small = patch.free_columns <= EASY
        answer = FinderEngine(self.seed, 1 if small else 3).decide(rows, domain, clock)
        if small and answer.proof is None:
            answer = TreeEngine(NODES_PER_PATCH).decide(rows, domain, clock)
        if not isinstance(answer.proof, Collision):
            self.steps.append(f"inputs that differ in {where} places: {_outcome(answer)}")
            return None
        proof, sizes = patch.pair(answer.proof)
        if not self._covers(sizes):
            return None
        filler = self.domain.filler(self.layer.in_channels)
        points = embedded(proof, self.layer, self.size or sizes.smallest, filler)
        width = _times([side.width for side in patch.sides])
        reason = f"two inputs that differ in {width} place(s) only have the same output"
        return self._collision("patch", reason, proof, sizes, points)

    def _collision(
        self, rule: str, reason: str, proof: ConvProof, sizes: Sizes, points: Sequence[Sequence[Fraction]]
    ) -> ConvAnswer:
        at = self.size or sizes.smallest
        witness = self._verified(points[0], points[1], at)
        stats = Statistics(self.nodes, self.refuters, explored=1.0, seconds=self.clock.worked)
        steps = (*self.steps, reason)
        return ConvAnswer(Verdict.NOT_INJECTIVE, reason, rule, proof, sizes, witness, stats, steps)

    def _verified(self, x: Sequence[Fraction], y: Sequence[Fraction], size: tuple[int, ...]) -> Collision:
        """The pair on a grid, after evaluating the convolution at both inputs in rationals."""
        domain = grid_domain(self.domain, prod(size))
        if list(x) == list(y) or not (domain.contains(x) and domain.contains(y)):
            raise InternalError("a proposed pair is not two different inputs of the domain; please report this")
        if self.layer.evaluate(x, size) != self.layer.evaluate(y, size):
            raise InternalError("a proposed pair does not collide in exact arithmetic; please report this")
        return Collision(tuple(x), tuple(y), (self.layer.in_channels, *size))

    def _rule_out(self, boxes: Sequence[tuple[int, ...]]) -> None:
        """Ask a finder about boxes that lie in no other one."""
        if set(self.layer.stride) != {1} or (self.layer.padding_mode == "zeros" and self.layer.is_padded):
            return
        for box in boxes:
            if not any(_lies_in(box, other) for other in boxes if other != box):
                self.clock.report(f"a finder looks at the box {_times(box)}")
                slots = [Slot(inner_starts(axis, size, 0)) for axis, size in zip(self.layer.axes, box, strict=True)]
                for number, group in enumerate(self.layer.group_layers()):
                    rows, domain = box_layer(group, box, slots), self._group_domain(number, prod(box))
                    finder = FinderEngine(self.seed, 2)
                    if rows is not None and finder.decide(rows, domain, self.clock).proof is not None:
                        self.refuted.add(rows.digest)
                        self.steps.append(f"box {_times(box)}: a finder sees that its windows do not recover it")
                        self.ruled_out.append(box)
                        break

    def _box(self, box: tuple[int, ...], *, retry: bool = False) -> ConvAnswer | None:
        """Try a box; if it serves for some residues of the size only, try other small ones for more."""
        if box in self.tried:
            return None
        self.tried.append(box)
        if any(_lies_in(box, other) for other in self.ruled_out):
            return None
        self.clock.report(f"box {_times(box)}")
        found = try_box(self.layer, box, lambda rows, group: self._proved(rows, group, prod(box)))
        if found is None or not self._covers(found[1]):
            self.steps.append(f"box {_times(box)}: its windows do not recover it")
            return None
        proof, sizes = found
        if self.size is None and not sizes.is_all and not retry:
            for other in self._easy_boxes():
                better = None if other in self.tried else self._box(other, retry=True)
                if better is not None and isinstance(better.sizes, Sizes) and better.sizes.share > sizes.share:
                    return better
        reason = f"the windows inside every {_times(box)} box recover what they see"
        self.steps.append(f"box {_times(box)}: injective")
        stats = Statistics(self.nodes, self.refuters, explored=1.0, seconds=self.clock.worked)
        return ConvAnswer(Verdict.INJECTIVE, reason, "boxes", proof, sizes, None, stats, tuple(self.steps))

    def _proved(self, rows: ReLULayer, group: int, cells: int) -> InjectivityProof | None:
        if rows.m < rows.n or (rows.m < 2 * rows.n and isinstance(self.domain, RealSpace)):
            self.refuted.add(rows.digest)  # fewer than 2 n rows are never injective
            return None
        proof = self._decided(rows, self._group_domain(group, cells)).proof
        if isinstance(proof, Collision):
            self.refuted.add(rows.digest)
        return proof if isinstance(proof, FlatTree | SignSplitTree | BlocksProof) else None

    def _unrolled(self) -> ConvAnswer | None:
        size = self.size or ()
        rows = self.layer.out_channels * prod(self.layer.output_size(size))
        columns = self.layer.in_channels * prod(size)
        if rows * columns > LARGEST_UNROLLED:
            self.steps.append(f"the unrolled matrix of {rows} x {columns} is too large to be decided directly")
            return None
        self.clock.report(f"the unrolled layer, {rows} x {columns}")
        answer = self._decided(self.layer.unrolled(size), grid_domain(self.domain, prod(size)))
        self.steps.append(f"the unrolled layer of {rows} x {columns}: {_outcome(answer)}")
        if answer.verdict is Verdict.TIMED_OUT:
            raise OutOfTimeError
        if answer.proof is None:
            return None
        witness = None
        if isinstance(answer.proof, Collision):
            witness = self._verified(answer.proof.x, answer.proof.y, size)
        reason = f"at this size, {answer.reason}"
        stats = answer.stats
        engine = answer.decided_by or self.inner.name
        return ConvAnswer(answer.verdict, reason, engine, answer.proof, size, witness, stats, tuple(self.steps))  # type: ignore[arg-type]

    # ------------------------------------------------------------------ helpers

    def _group_domain(self, group: int, cells: int) -> Domain:
        ins = self.layer.in_channels // self.layer.groups
        return grid_domain(group_domain(self.domain, range(group * ins, (group + 1) * ins)), cells)

    def _decided(self, rows: ReLULayer, domain: Domain) -> Answer:
        key = rows.n, f"{rows.digest} {domain.text}"
        if key not in self.known:
            answer = BlocksEngine(self.inner).decide(rows, domain, self.clock)
            self.nodes += answer.stats.nodes
            self.refuters += answer.stats.refuters
            if answer.verdict is Verdict.TIMED_OUT and self.clock.is_over:
                raise OutOfTimeError
            self.known[key] = answer
        return self.known[key]

    def _boxes_in_words(self) -> str:
        if not self.tried:
            return "no box was tried"
        count, largest = len(self.tried), _times(max(self.tried, key=prod))
        text = f"1 box tried, {largest}" if count == 1 else f"{count} boxes tried, the largest {largest}"
        channels = self.layer.in_channels // self.layer.groups
        return text if channels == 1 else f"{text} with {channels} channels"

    def _covers(self, sizes: Sizes) -> bool:
        return self.size is None or sizes.contains(self.size)

    def _open(self, verdict: Verdict, what: str) -> ConvAnswer:
        reason = f"{what}; {self._boxes_in_words()}"
        lost = self._refuted_size()
        if lost is not None:
            reason += f"; it is not injective at the size {_times(lost)} and smaller ones"
        if verdict is Verdict.UNKNOWN and self.size is None:
            reason += "; a larger --box-limit, or one --input-shape, may decide it"
        stats = Statistics(self.nodes, self.refuters, seconds=self.clock.worked)
        return ConvAnswer(verdict, reason, "boxes", None, self.size, None, stats, tuple(self.steps))

    def _refuted_size(self) -> tuple[int, ...] | None:
        """The largest box that is known not to be recovered, where a box is the layer itself at that size."""
        if self.layer.is_padded or set(self.layer.stride) != {1}:
            return None
        for box in sorted({*self.tried, *self.ruled_out}, key=prod, reverse=True):
            slots = [Slot(inner_starts(axis, size, 0)) for axis, size in zip(self.layer.axes, box, strict=True)]
            rows = [box_layer(group, box, slots) for group in self.layer.group_layers()]
            if any(part is not None and part.digest in self.refuted for part in rows):
                return box
        return None

    def _boxes_in_words(self) -> str:
        if not self.tried:
            return "no box was tried"
        count, largest = len(self.tried), _times(max(self.tried, key=prod))
        text = f"1 box tried, {largest}" if count == 1 else f"{count} boxes tried, the largest {largest}"
        channels = self.layer.in_channels // self.layer.groups
        return text if channels == 1 else f"{text} with {channels} channels"

    def _covers(self, sizes: Sizes) -> bool:
        return self.size is None or sizes.contains(self.size)

    def _open(self, verdict: Verdict, what: str) -> ConvAnswer:
        largest = max(self.tried, key=prod, default=None)
        boxes = (
            "no box was tried"
            if largest is None
            else f"the largest of {len(self.tried)} boxes tried is {_times(largest)}"
        )
        reason = f"{what}; {boxes} ({self.layer.in_channels // self.layer.groups} channel(s) each)"
        if verdict is Verdict.UNKNOWN and self.size is None:
            reason += "; a larger --box-limit, or one --input-shape, may decide it"
        stats = Statistics(self.nodes, self.refuters, seconds=self.clock.worked)
        return ConvAnswer(verdict, reason, "boxes", None, self.size, None, stats, tuple(self.steps))


def _grids(most: int, dimensions: int) -> list[tuple[int, ...]]:
    grids: list[tuple[int, ...]] = [()]
    for _ in range(dimensions):
        grids = [(*grid, q) for grid in grids for q in range(1, most + 1)]
    return sorted(grids, key=prod)


def _lies_in(box: Sequence[int], other: Sequence[int]) -> bool:
    return all(a <= b for a, b in zip(box, other, strict=True))


def _times(values: Sequence[int]) -> str:
    return "x".join(map(str, values))


def _outcome(answer: Answer) -> str:
    return {
        Verdict.INJECTIVE: "no collision there",
        Verdict.NOT_INJECTIVE: "a collision",
        Verdict.TIMED_OUT: "out of its share of time",
    }.get(answer.verdict, "no collision found")
