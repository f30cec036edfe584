"""The order in which proofs about a convolution are tried, and what is said when none is found.

Every attempt asks an engine about a small dense layer. Cheap ones come first, whatever they may show: constants and
single places for a collision, small boxes for injectivity; then larger ones of both kinds in turn. If an input size
is given, the unrolled layer is one more attempt, and the only one that settles every case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import prod

from exactinj.certificates.collision import Collision
from exactinj.certificates.every_size import InjectivityProof
from exactinj.domains import Domain, RealSpace
from exactinj.injectivity.convolution.answer import ConvAnswer
from exactinj.injectivity.convolution.box_search import BoxSearch
from exactinj.injectivity.convolution.collisions import (
    large_patches_to_try,
    patches_to_try,
    periods_to_try,
    try_count,
    try_geometric,
    try_large_patch,
    try_patch,
    try_period,
)
from exactinj.injectivity.convolution.places import grid_domain
from exactinj.injectivity.convolution.question import EASY, FAIR, LARGEST_UNROLLED, ConvQuestion, outcome
from exactinj.injectivity.engine import Engine
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Verdict

__all__ = ["decide_convolution"]

LONGEST_PERIOD = 2
WIDTHS = range(3, 9)  # of the places that larger patches leave free
Attempt = Callable[[], ConvAnswer | None]


def decide_convolution(
    layer: ConvLayer,
    domain: Domain,
    inner: Engine,
    clock: Clock,
    *,
    size: tuple[int, ...] | None = None,
    box_limit: int = 12,
    seed: int = 0,
    small: Engine | None = None,
    assume_full_spark: bool = False,
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
        Boxes with more inputs than that are not tried, but for the smallest one.
    seed : int
        Of the finder on patches.
    small : Engine, optional
        Decides dense layers of few inputs, if another one is better for these.
    assume_full_spark : bool
        Whether a proof may rest on windows in general position; where it does, the answer says so.
    """
    question = ConvQuestion(layer, domain, inner, clock, size, seed, small or inner, assume_full_spark)
    boxes = BoxSearch(question, box_limit)
    lesser: ConvAnswer | None = None  # a collision at some residues of the size, while boxes may hold at others
    verdict, what = Verdict.UNKNOWN, "no proof was found either way"
    try:
        for attempts in (_cheap_attempts(question, boxes), _costly_attempts(question, boxes)):
            for attempt in attempts:
                clock.check()
                answer = attempt()
                if answer is not None and (
                    answer.verdict is Verdict.INJECTIVE or size is not None or answer.share == 1
                ):
                    return _with_rest(answer, lesser)
                lesser = lesser or answer
            if lesser is not None:
                return _with_hint(lesser, question, boxes)
    except OutOfTimeError:
        pass
    if clock.is_over:  # perhaps in an attempt that gave up by itself
        verdict, what = Verdict.TIMED_OUT, "out of time"
    return lesser or _undecided(question, boxes, verdict, what)


def _with_hint(lesser: ConvAnswer, question: ConvQuestion, boxes: BoxSearch) -> ConvAnswer:
    """The answer with a word on what an assumption would say of other sizes."""
    if not question.assume_full_spark:
        with suppress(OutOfTimeError):
            next((answer for answer in (attempt() for attempt in _packings(question, boxes)) if answer), None)
    return replace(lesser, reason=f"{lesser.reason}; {boxes.would_be_packed}") if boxes.would_be_packed else lesser


def _with_rest(answer: ConvAnswer, lesser: ConvAnswer | None) -> ConvAnswer:
    """The answer with a word on sizes for which the opposite was proved."""
    if lesser is None or answer.verdict is not Verdict.INJECTIVE or not isinstance(lesser.sizes, Sizes):
        return answer
    reason = f"{answer.reason}; it is not injective at any size N with {lesser.sizes.conditions}"
    return replace(answer, reason=reason, opposite_sizes=lesser.sizes)


def _cheap_attempts(question: ConvQuestion, boxes: BoxSearch) -> Iterator[Attempt]:
    """What takes seconds at most, and the unrolled layer if it is small."""
    total = question.total
    if total is not None and total <= EASY:
        yield partial(_try_unrolled, question)
    yield from _periods(question, 1)
    small = question.channels <= EASY
    if small:  # a pair of a few numbers says more than a count
        yield from _first_patches(question)
    if question.size is not None and _has_too_few_rows(question, question.size):
        yield partial(_try_unrolled, question)
    yield partial(try_count, question)
    if not small:
        yield from _first_patches(question)
    yield from (partial(boxes.attempt, box) for box in boxes.easy or boxes.boxes[:1] if boxes.inputs(box) <= FAIR)
    yield from _collisions(question, 2)
    yield partial(try_geometric, question)
    if question.assume_full_spark:
        yield from _packings(question, boxes)


def _first_patches(question: ConvQuestion) -> Iterator[Attempt]:
    """Single places, seen by windows of many inputs or of few."""
    yield from (partial(try_large_patch, question, *found) for found in large_patches_to_try(question))
    yield from _patches(question, 1)


def _costly_attempts(question: ConvQuestion, boxes: BoxSearch) -> Iterator[Attempt]:
    """Larger boxes and patches in turn; the unrolled layer before or after them."""
    total = question.total
    if total is not None and EASY < total <= FAIR:
        yield partial(_try_unrolled, question)
    yield boxes.rule_out
    rest = boxes.boxes
    for k in range(max(len(rest), len(WIDTHS))):
        yield from (partial(boxes.attempt, box) for box in rest[k : k + 1])
        for width in WIDTHS[k : k + 1]:
            yield from _collisions(question, width)
    if total is not None and total > FAIR:
        yield partial(_try_unrolled, question)
    if not question.assume_full_spark:  # what the assumption would give
        yield from _packings(question, boxes)


def _packings(question: ConvQuestion, boxes: BoxSearch) -> Iterator[Attempt]:
    """Boxes too large for trees, by disjoint refuters."""
    if question.inner.proves_injectivity:
        yield from (partial(boxes.attempt_packed, box) for box in boxes.wide if not boxes.would_be_packed)


def _has_too_few_rows(question: ConvQuestion, size: tuple[int, ...]) -> bool:
    """Whether the unrolled layer has fewer than 2 n rows on R^n, which decides it."""
    rows = question.layer.out_channels * prod(question.layer.output_size(size))
    return rows < 2 * question.layer.in_channels * prod(size) and isinstance(question.domain, RealSpace)


def _collisions(question: ConvQuestion, width: int) -> Iterator[Attempt]:
    """Inputs of short periods, and inputs that differ in so many places along each axis."""
    yield from _periods(question, width)
    yield from _patches(question, width)


def _periods(question: ConvQuestion, width: int) -> Iterator[Attempt]:
    if width <= LONGEST_PERIOD:
        yield from (partial(try_period, question, period) for period in periods_to_try(question, width, FAIR))


def _patches(question: ConvQuestion, width: int) -> Iterator[Attempt]:
    yield from (partial(try_patch, question, number, patch) for number, patch in patches_to_try(question, width))


def _try_unrolled(question: ConvQuestion) -> ConvAnswer | None:
    """The dense layer at the size in question."""
    layer, size = question.layer, question.size or ()
    rows, columns = layer.out_channels * prod(layer.output_size(size)), layer.in_channels * prod(size)
    if rows * columns > LARGEST_UNROLLED:
        question.steps.append(f"the unrolled matrix of {rows} x {columns} is too large to be decided directly")
        return None
    question.clock.report(f"the unrolled layer, {rows} x {columns}")
    answer = question.decided(layer.unrolled(size), grid_domain(question.domain, prod(size)))
    question.steps.append(f"the unrolled layer of {rows} x {columns}: {outcome(answer)}")
    if not isinstance(answer.proof, Collision | InjectivityProof):
        return None
    pair = answer.proof if isinstance(answer.proof, Collision) else None
    witness = None if pair is None else question.verified((pair.x, pair.y), size)
    reason, engine = f"at this size, {answer.reason}", answer.decided_by or question.inner.name
    return ConvAnswer(answer.verdict, reason, engine, answer.proof, size, witness, answer.stats, tuple(question.steps))


def _undecided(question: ConvQuestion, boxes: BoxSearch, verdict: Verdict, what: str) -> ConvAnswer:
    reason = f"{what}; {boxes.in_words()}"
    if verdict is Verdict.UNKNOWN:
        helps = [] if question.size is not None else ["one input shape"]
        helps.append("a larger box limit" if question.inner.proves_injectivity else "an engine that proves injectivity")
        reason += f"; {' or '.join(helps)} may decide it"
    return ConvAnswer(
        verdict, reason, question.inner.name, None, question.size, None, question.statistics(), tuple(question.steps)
    )
