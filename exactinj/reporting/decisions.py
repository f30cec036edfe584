"""The report about one decided layer, convolution, block or small network."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.certificates.collision import Collision
from exactinj.certificates.every_size import BoxesProof
from exactinj.certificates.float_replay import replay
from exactinj.domains import Domain
from exactinj.errors import ExactinjError
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import times
from exactinj.layers.dense import ReLULayer
from exactinj.plotting.wedge_map import mapped_domain
from exactinj.report.answer import AnswerContent, Facts, Figure, Folded, Listing, Paragraph, Part, Section
from exactinj.report.content import Pair
from exactinj.report.marks import mark_of
from exactinj.reporting.common import small_print
from exactinj.reporting.evidence import Setting, Subject, evidence_section
from exactinj.reporting.maps import wedge_map
from exactinj.reporting.words import (
    domain_words,
    exact_vector_words,
    layer_text,
    replay_text,
    sizes_left,
    sizes_text,
)
from exactinj.work.verdict import Verdict

__all__ = ["decision_content", "open_claim"]

MOST_NUMBERS = 200_000  # of an input that is drawn
NOT_DRAWN = (
    "No picture: wedges are drawn for n = 2, and without bias for n = 3, as far as there are a few hundred of them and "
    "floats hold their numbers."
)
BOXES_NOT_DRAWN = "The boxes of this proof are drawn by exactinj conv --plot FILE."


def decision_content(
    result: Result,
    subject: Subject,
    setting: Setting,
    *,
    shape: Sequence[int] | None = None,
) -> AnswerContent:
    """What the page shows; `shape` is the input shape that a convolution was asked about."""
    sections = [
        *_picture(result, setting),
        *_collision(result),
        *_why(result),
        evidence_section(result.certificate, subject, setting),
        *small_print(_exactness(result)),
    ]
    return AnswerContent(
        title=subject.name,
        question=_question(result, shape),
        mark=mark_of(result.verdict),
        reason=result.reason,
        claim=_claim(result, shape),
        facts=_facts(result),
        sections=tuple(sections),
    )


# ------------------------------------------------------------------ words


def _question(result: Result, shape: Sequence[int] | None) -> str:
    at = f" at {sizes_text(result, shape)}" if isinstance(result.layer, ConvLayer) and result.sizes is not None else ""
    return f"Do different inputs always get different outputs, on {domain_words(result.domain)}{at}?"


def _claim(result: Result, shape: Sequence[int] | None) -> tuple[str, ...]:
    """What follows, for a reader who knows no theory."""
    where = domain_words(result.domain)
    if isinstance(result.layer, ConvLayer) and result.sizes is not None:
        where += f", at {sizes_text(result, shape)}"
    if result.verdict is Verdict.INJECTIVE:
        return tuple(sentence for sentence in _injective(result, where) if sentence)
    if result.verdict is Verdict.NOT_INJECTIVE:
        first = (
            f"Two different inputs, x and y below, among {where}, get exactly the same output. From that output nobody "
            "can tell which of the two went in: what tells them apart is lost."
        )
        limits = _limits(result)
        return (first, limits) if limits else (first,)
    return open_claim(result.verdict, where)


def _injective(result: Result, where: str) -> list[str]:
    limits = _limits(result)
    if result.assumption is None:
        sentence = (
            f"Among {where}, any two different ones get different outputs. Nothing is lost: the output determines the "
            "input."
        )
        return [sentence, limits]
    sentence = (
        f"Among {where}, any two different ones get different outputs, provided that the layer is {result.assumption}. "
        "That was assumed, not proved: without it, this page says nothing about the layer."
    )
    robust = "" if result.robust is None else f"Proved without any assumption: {result.robust.claim}."
    return [sentence, robust, limits]


def _limits(result: Result) -> str:
    """A sentence about the sizes that a verdict leaves open, or that it leaves none."""
    left = sizes_left(result)
    return f"{left[0].upper()}{left[1:]}." if left else ""


def open_claim(verdict: Verdict, where: str) -> tuple[str, ...]:
    """What follows where nothing was proved."""
    ran = "The time ran out before there was" if verdict is Verdict.TIMED_OUT else "There is neither"
    both = "a proof or a colliding pair" if verdict is Verdict.TIMED_OUT else "a proof nor a colliding pair"
    return (f"{ran} {both}. This says nothing about the layer: on {where} it may be injective, or it may not.",)


def _facts(result: Result) -> Facts:
    stats = result.stats
    rows = [("layer", layer_text(result.layer)), ("SHA-256 of the layer", result.layer.digest)]
    if isinstance(result.layer, ReLULayer):
        rows += [("outputs, rows m", f"{result.layer.m:,}"), ("inputs n", f"{result.layer.n:,}")]
    rows.append(("domain", result.domain.text))
    if isinstance(result.sizes, Sizes):
        rows.append(("sizes", result.sizes.text))
    rows += [("engine", result.engine), ("assumption", result.assumption or "none")]
    if stats.nodes:
        rows.append(("nodes searched", f"{stats.nodes:,}"))
    if stats.refuters:
        rows.append(("refuters", f"{stats.refuters:,}"))
    return Facts((*rows, ("seconds", f"{stats.seconds:.2f}")))


def _why(result: Result) -> list[Section]:
    """How the engine was chosen, where that is known."""
    if not result.explanation:
        return []
    return [Section("How it was decided", (Folded("step by step", (Listing(result.explanation),)),))]


def _exactness(result: Result) -> tuple[tuple[str, str], ...]:
    rows = []
    if result.verdict is Verdict.INJECTIVE:
        proved = "proved in exact arithmetic" + (f", if {result.assumption}" if result.assumption else "")
        rows.append(("the verdict", proved))
    elif result.verdict is Verdict.NOT_INJECTIVE:
        rows.append(("the verdict", "proved: the layer was evaluated at x and y in rational numbers"))
        rows.append(("x and y", "exact rational numbers; drawn in floats"))
        rows.append(("how the pair behaves in floats, |x - y|", "observed in floats, beside the proof"))
    else:
        rows.append(("the verdict", "no verdict"))
    if _map_domain(result) is not None:
        rows.append(("the map", "regions and ranks are exact; only the drawing is rounded"))
    return (*rows, ("seconds, nodes", "measured in this run"))


# ------------------------------------------------------------------ pictures


def _map_domain(result: Result) -> Domain | None:
    return mapped_domain(result.layer, result.domain) if isinstance(result.layer, ReLULayer) else None


def _picture(result: Result, setting: Setting) -> list[Section]:
    """The wedges, or a quiet sentence."""
    if isinstance(getattr(result.certificate, "proof", None), BoxesProof):
        return [Section("Picture", (Paragraph(BOXES_NOT_DRAWN, is_quiet=True),))]
    if not setting.has_pictures or not isinstance(result.layer, ReLULayer):
        return []
    try:
        drawing = wedge_map(result.layer, result.domain, result.witness)
    except ExactinjError as error:  # a domain or an extra that the map does without
        return [Section("Picture", (Paragraph(f"No picture: {error}.", is_quiet=True),))]
    if drawing is None:
        return [] if result.witness is not None else [Section("Picture", (Paragraph(NOT_DRAWN, is_quiet=True),))]
    caption = (
        "Regions on which the same rows are active, with the numbered lines on which rows vanish. The layer is "
        "injective exactly if in every region the active rows span; hatched are those where they do not."
    )
    if not drawing.has_axes:
        caption += " All directions of space are seen on a disc; its rim is the direction opposite to its middle."
    return [Section("Picture", (Figure(drawing, caption),))]


def _collision(result: Result) -> list[Section]:
    pair = result.witness
    if pair is None:
        return []
    if len(pair.x) > MOST_NUMBERS:
        parts: tuple[Part, ...] = (Paragraph("The two inputs are too long to be drawn.", is_quiet=True),)
    else:
        shape = pair.shape or (len(pair.x),)
        at = "" if pair.shape is None else f" of shape {times(pair.shape)}"
        parts = (Pair(f"Two inputs{at} with the same output", pair.x, pair.y, shape, _seen(result, pair)),)
    return [Section("Collision", (*parts, Facts(_of_pair(result, pair))))]


def _seen(result: Result, pair: Collision) -> str:
    seen = [f"{name}: {replay_text(outcome)}" for name, outcome in replay(result.layer, pair).items()]
    return f"Replayed in {'; '.join(seen)}."


def _of_pair(result: Result, pair: Collision) -> tuple[tuple[str, str], ...]:
    layer = result.layer
    output = layer.evaluate(pair.x, (pair.shape or ())[1:]) if isinstance(layer, ConvLayer) else layer.evaluate(pair.x)
    rows = [("output of both, exactly", exact_vector_words(output))]
    if result.collision_size is not None:
        rows.append(("how large it is", result.collision_size.text))
    if result.nearby is not None:
        rows.append(("a layer close by", result.nearby.text))
    return tuple(rows)
