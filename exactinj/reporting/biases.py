"""The report about exact alpha*, or the convex-hull bias, with a sampled estimate beside it where there is one."""

from __future__ import annotations

import math

from exactinj.biases.alpha import AlphaStar
from exactinj.biases.hull.bias import HullBias
from exactinj.domains import Ball
from exactinj.errors import ExactinjError
from exactinj.exact.short import shortened
from exactinj.exact.surd import Surd
from exactinj.report.answer import AnswerContent, Facts, Figure, Folded, Paragraph, Part, Section, Table
from exactinj.report.drawings import Bar, BarChart
from exactinj.report.marks import EXACT, OUT_OF_TIME
from exactinj.reporting.common import small_print
from exactinj.reporting.evidence import Setting, Subject, evidence_section
from exactinj.reporting.maps import wedge_map
from exactinj.reporting.words import domain_words, layer_text
from exactinj.sampling import AlphaEstimate

__all__ = ["bias_content", "estimate_beside"]

LONGEST = 40  # letters of an exact number in a table
FEW_ROWS = 24  # whose numbers stand open
MOST_ROWS = 2000  # in a table
ROWS_NAMED = 12
SAMPLES, MOST_ENTRIES = 10_000, 100_000  # of the estimate beside exact values; of W
MOST_INPUTS = 6  # of a direction that is shown
PLANE = 2
SIGN = (
    "Sign of the frame literature: alpha is subtracted, the layer is ReLU(Wx - alpha), so that the bias b of "
    "ReLU(Wx + b) is -alpha."
)
INCOMPLETE = "There is no certificate: it needs the values of all rows."
NO_CERTIFICATE = "The convex-hull bias has no certificate; its facets and minima were computed exactly by this program."


def bias_content(
    bias: AlphaStar | HullBias,
    subject: Subject,
    setting: Setting,
    *,
    estimate: AlphaEstimate | None = None,
) -> AnswerContent:
    """What the page shows; an estimate is of the same rows on the same domain."""
    is_exact = isinstance(bias, AlphaStar)
    name = "exact alpha*" if is_exact else "the convex-hull bias"
    if isinstance(bias, AlphaStar) and bias.complete:
        evidence = evidence_section(bias.certificate, subject, setting)
    else:
        evidence = Section("Evidence", (Paragraph(INCOMPLETE if is_exact else NO_CERTIFICATE),))
    sections = (
        Section("Values", (_chart(bias, estimate, name), *_values(bias, estimate), Paragraph(SIGN, is_quiet=True))),
        *(_disc(bias) if setting.has_pictures else ()),
        evidence,
        *small_print(_exactness(bias, estimate)),
    )
    return AnswerContent(
        title=subject.name,
        question=f"Which biases leave enough rows active, on {domain_words(bias.domain)}? Answered by {name}.",
        mark=EXACT if bias.complete else OUT_OF_TIME,
        reason=_reason(bias, name),
        claim=_claim(bias),
        facts=_facts(bias, estimate),
        sections=sections,
    )


def estimate_beside(bias: AlphaStar | HullBias) -> AlphaEstimate | None:
    """A sampled estimate of exact alpha* by 10,000 samples, seed 0; None for other biases, and large layers."""
    from exactinj.api import sample_alpha

    if not isinstance(bias, AlphaStar) or bias.layer.m * bias.layer.n > MOST_ENTRIES:
        return None
    try:
        return sample_alpha(bias.layer, domain=bias.domain, samples=SAMPLES, seed=0)
    except ExactinjError:  # a domain that is not sampled, numbers beyond floats
        return None


# ------------------------------------------------------------------ words


def _reason(bias: AlphaStar | HullBias, name: str) -> str:
    rows = len(bias.alpha)
    done = rows - bias.alpha.count(None)
    if bias.complete:
        return f"{name} of all {rows:,} rows"
    return f"{done:,} of {rows:,} rows have their value; a longer --timeout gives the others"


def _claim(bias: AlphaStar | HullBias) -> tuple[str, ...]:
    where = domain_words(bias.domain)
    if isinstance(bias, AlphaStar):
        first = (
            "Per row the largest threshold that keeps it active wherever it is needed: for each of "
            f"{where}, the n rows with the largest values reach their own alpha*."
        )
        second = (
            "Biases that are no larger leave those rows active at every point. If any n rows are independent, and the "
            "domain is convex, the layer ReLU(Wx - alpha) then gives different inputs different outputs."
        )
    else:
        first = f"With these biases, for each of {where}, some facet of the rows' convex hull has all its rows active."
        second = "The rows of a facet span the space, so that any bias that is no larger leaves spanning rows active."
    late = () if bias.complete else ("Nothing is claimed about rows without a value.",)
    return (first, second, *late)


def _facts(bias: AlphaStar | HullBias, estimate: AlphaEstimate | None) -> Facts:
    layer = bias.layer
    rows = [
        ("rows", layer_text(layer)),
        ("SHA-256 of the layer", layer.digest),
        ("domain", bias.domain.text),
        ("method", "exact" if isinstance(bias, AlphaStar) else "hull"),
    ]
    if isinstance(bias, AlphaStar):
        stats = bias.stats
        rows += [("nodes searched", f"{stats.nodes:,}"), ("refuters", f"{stats.refuters:,}")]
        rows.append(("seconds", f"{stats.seconds:.2f}"))
    else:
        rows.append(("facets", f"{len(bias.facets):,}"))
    if estimate is not None:
        seeds = ", ".join(map(str, estimate.seeds))
        rows.append(("estimate beside it", f"{estimate.samples:,} samples, seed {seeds}"))
    return Facts(tuple(rows))


def _exactness(bias: AlphaStar | HullBias, estimate: AlphaEstimate | None) -> tuple[tuple[str, str], ...]:
    is_exact = isinstance(bias, AlphaStar)
    proof = "proved by the certificate" if is_exact and bias.complete else "without a certificate"
    values = f"exact, as sign * sqrt(rational); {proof}"
    rows = [("values", values), ("their decimals and bars", "rounded from the exact numbers")]
    if estimate is not None:
        rows.append(
            ("rings, the column estimate", "estimates from samples: never below the exact value, up to rounding")
        )
    return (*rows, ("seconds, nodes", "measured in this run"))


# ------------------------------------------------------------------ values


def _chart(bias: AlphaStar | HullBias, estimate: AlphaEstimate | None, name: str) -> Figure:
    guessed = [None] * len(bias.alpha) if estimate is None else estimate.values.tolist()
    bars = [
        Bar(str(j), _drawn(value), guess, _note(value))
        for j, (value, guess) in enumerate(zip(bias.alpha, guessed, strict=True))
    ]
    known = [bar.value for bar in bars if bar.value is not None and math.isfinite(bar.value)]
    least, most = (min(known, default=0.0), max(known, default=0.0))
    words = f"Bars: {name} of {len(bars)} rows, from {least:.4g} to {most:.4g}"
    words += f"; {bias.alpha.count(None)} rows have no value" if not bias.complete else ""
    words += "" if estimate is None else "; rings: a sampled estimate of each, not below its bar up to rounding"
    below = "" if estimate is None else "sampled estimate"
    caption = "Each row's bias; hover over a bar for its number." if len(bars) <= MOST_ROWS else "Each row's bias."
    return Figure(BarChart(f"{words}.", tuple(bars), name, below), caption)


def _drawn(value: Surd | None) -> float | None:
    """A float; infinity for infinity alone."""
    if value is None:
        return None
    return float(value) if not value.is_finite or math.isfinite(float(value)) else None


def _note(value: Surd | None) -> str:
    if value is None:
        return "out of time"
    if not value.is_finite:
        return "infinity, never needed"
    return "" if math.isfinite(float(value)) else "beyond floats"


def _values(bias: AlphaStar | HullBias, estimate: AlphaEstimate | None) -> tuple[Part, ...]:
    head = ["row", "exact", "as a decimal"]
    head += ["estimate", "estimate - exact"] if estimate is not None else []
    head += ["rows above it", "attained in the direction"] if isinstance(bias, AlphaStar) else ["facet that decides it"]
    shown = range(min(len(bias.alpha), MOST_ROWS))
    rows = tuple(_row(bias, j, estimate) for j in shown)
    numbers = (0, 2, 3, 4) if estimate is not None else (0, 2)
    table = Table(tuple(head), rows, numbers)
    if len(bias.alpha) > MOST_ROWS:
        note = f"The first {MOST_ROWS:,} of {len(bias.alpha):,} rows; exactinj alpha --json has all."
        return (Folded("all numbers", (table, Paragraph(note, is_quiet=True))),)
    return (table,) if len(rows) <= FEW_ROWS else (Folded(f"the numbers of all {len(rows)} rows", (table,)),)


def _row(bias: AlphaStar | HullBias, j: int, estimate: AlphaEstimate | None) -> tuple[str, ...]:
    value = bias.alpha[j]
    cells = [
        str(j),
        *(("out of time", "") if value is None else (shortened(str(value), LONGEST), f"{float(value):.10g}")),
    ]
    if estimate is not None:
        guess = float(estimate.values[j])
        gap = "" if value is None or not value.is_finite else f"{guess - float(value):.3g}"
        cells += [f"{guess:.10g}", gap]
    return (*cells, *_attained(bias, j))


def _attained(bias: AlphaStar | HullBias, j: int) -> tuple[str, ...]:
    if isinstance(bias, HullBias):
        k = bias.critical[j]
        return ("" if k is None else _named(bias.facets[k].rows),)
    entry = bias.values[j]
    if entry is None:
        return "", ""
    point = "none" if entry.point is None else _direction([float(value) for value in entry.point])
    return _named(entry.above) or "none", point


def _named(rows: tuple[int, ...]) -> str:
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    return " ".join(map(str, rows[:ROWS_NAMED])) + more


def _direction(point: list[float]) -> str:
    length = sum(value * value for value in point) ** 0.5
    if not length:
        return "at the origin"
    more = f", ... {len(point) - MOST_INPUTS} more" if len(point) > MOST_INPUTS else ""
    return "(" + ", ".join(f"{value / length:.4g}" for value in point[:MOST_INPUTS]) + more + ")"


# ------------------------------------------------------------------ the disc


def _disc(bias: AlphaStar | HullBias) -> tuple[Section, ...]:
    """The layer with this bias on its disc, for n = 2."""
    if bias.layer.n != PLANE or not isinstance(bias.domain, Ball) or not bias.complete:
        return ()
    try:
        drawing = wedge_map(bias.layer_with_bias(), bias.domain, None)
    except ExactinjError as error:
        return (Section("Picture", (Paragraph(f"No picture: {error}.", is_quiet=True),)),)
    if drawing is None:
        return ()
    caption = (
        "The disc under ReLU(Wx - alpha) with these biases, irrational ones rounded down: lines on which rows vanish, "
        "and regions by the rank of their active rows."
    )
    return (Section("Picture", (Figure(drawing, caption),)),)
