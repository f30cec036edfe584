"""The report about the stability of a layer: enclosures of both Lipschitz constants, and singular values over data."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import ExactinjError
from exactinj.exact.numbers import rational_text
from exactinj.exact.short import few, rounded_out
from exactinj.exact.surd import Surd, root_above, root_below
from exactinj.lipschitz.answer import Stability
from exactinj.lipschitz.on_data import DataStability
from exactinj.report.answer import AnswerContent, Facts, Figure, Paragraph, Section, Table
from exactinj.report.drawings import Histogram, Interval, Scale
from exactinj.report.marks import COLLAPSES, COUNTED, ENCLOSED, OUT_OF_TIME, Mark
from exactinj.reporting.common import small_print
from exactinj.reporting.evidence import Setting, Subject, evidence_section
from exactinj.reporting.maps import stability_map
from exactinj.reporting.words import domain_words, layer_text, short_exact

__all__ = ["data_content", "stability_content"]

BINS = 24
SHORT = 16  # letters of an exact end
LONGEST_POINT, MOST_INPUTS = 60, 6  # letters of a point that is shown exactly, inputs of a rounded one
ABOVE, BELOW = 1 + 2**-50, 1 - 2**-50  # a positive float times these is above and below what it was rounded from
PLANE = 2
ROWS_NAMED = 24
BETWEEN_POINTS = (
    "Between the points anything may happen. What is proved from them are two bounds: the layer shrinks some distances "
    "at least so much, and stretches some at least so much."
)
SHRINKING = (
    "How much distances shrink at most: the smallest |f(x) - f(y)| / |x - y|. Dashed lines point to where the constant "
    "lies by a bound of the literature."
)
STRETCHING = "How much distances grow at most: the largest |f(x) - f(y)| / |x - y|."
COLLAPSING = (
    "The layer is not injective here: two different inputs have one output, so that distances can shrink to nothing "
    "(exactinj certify shows such a pair)."
)
NOT_DRAWN = "No picture: there are too many cells, or numbers beyond floats."
NO_SEARCH = "The domain was not searched, so there is no certificate; the two bounds were computed in rational numbers."


def stability_content(
    found: Stability,
    subject: Subject,
    setting: Setting,
    *,
    data: DataStability | None = None,
) -> AnswerContent:
    """What the page shows; `data` adds what was seen at points."""
    sections = (
        _enclosures(found),
        *(_map(found) if setting.has_pictures else ()),
        *(() if data is None else (_over_data(data),)),
        _cells(found),
        evidence_section(found.certificate, subject, setting),
        *small_print(_exactness(found, data)),
    )
    return AnswerContent(
        title=subject.name,
        question=f"How much does the layer shrink and stretch distances, on {domain_words(found.domain)}?",
        mark=_mark(found),
        reason=_reason(found),
        claim=_claim(found),
        facts=_facts(found),
        sections=sections,
    )


def data_content(data: DataStability, subject: Subject) -> AnswerContent:
    """What the page shows where only points were looked at."""
    count = len(data.lowest)
    rows = (
        ("singular values", "estimates: floats, at a sample of points"),
        ("the two bounds", "proved in rational numbers, one-sided"),
    )
    facts = (
        ("layer", layer_text(data.layer)),
        ("SHA-256 of the layer", data.layer.digest),
        ("domain", f"{data.domain.text}, not searched"),
        ("points", f"{count:,}"),
    )
    return AnswerContent(
        title=subject.name,
        question="How much does the layer shrink and stretch distances around the given points?",
        mark=COUNTED,
        reason=f"singular values at {count:,} points, which are estimates; the domain was not searched",
        claim=(BETWEEN_POINTS,),
        facts=Facts(facts),
        sections=(_over_data(data), Section("Evidence", (Paragraph(NO_SEARCH),)), *small_print(rows)),
    )


# ------------------------------------------------------------------ words


def _mark(found: Stability) -> Mark:
    if not found.lower_lipschitz[1].square:
        return COLLAPSES
    return ENCLOSED if found.complete else OUT_OF_TIME


def _reason(found: Stability) -> str:
    low, high = found.lower_lipschitz
    top = found.upper_lipschitz_squared
    lower, upper = _between(_below(low), _above(high)), _between(root_below(top.at_least), root_above(top.at_most))
    late = "" if found.complete else "; the time ran out, so that these proved ends are wider than asked for"
    return f"the lower Lipschitz constant is {lower}, the upper one {upper}{late}"


def _between(low: float, high: float) -> str:
    ends = dict.fromkeys((rounded_out(low), rounded_out(high, up=True)))
    return f"between {' and '.join(ends)}" if len(ends) > 1 else next(iter(ends))


def _claim(found: Stability) -> tuple[str, ...]:
    low, high = found.lower_lipschitz
    top = rounded_out(root_above(found.upper_lipschitz_squared.at_most), up=True)
    stretches = f"Two inputs never end up more than {top} times as far apart as they were."
    if not high.square:
        return COLLAPSING, stretches
    least = _below(low)
    if not (least > 0 and math.isfinite(1 / least)):
        return "How much distances shrink at most is not known from below: the lower end is 0.", stretches
    shrinks = (
        f"Two inputs never come closer than {rounded_out(least)} times their distance, so that an error in the output "
        f"means at most {rounded_out(1 / least * ABOVE, up=True)} times that error in the input."
    )
    return shrinks, stretches


def _facts(found: Stability) -> Facts:
    return Facts(
        (
            ("layer", layer_text(found.layer)),
            ("SHA-256 of the layer", found.layer.digest),
            ("domain", found.domain.text),
            ("frame bounds of the rows", f"A {_ends(*found.frame.lower)}, B {_ends(*found.frame.upper)}"),
            ("nodes searched", f"{found.nodes:,}"),
            ("seconds", f"{found.seconds:.2f}"),
        )
    )


def _exactness(found: Stability, data: DataStability | None) -> tuple[tuple[str, str], ...]:
    rows = [
        ("both ends of each enclosure", "proved in rational arithmetic; the certificate holds the outer ones"),
        ("bounds of the literature", "computed from proved ends, rounded to the side on which they bound"),
        ("decimals and bars", "rounded from the exact numbers"),
    ]
    if found.layer.n == PLANE:
        rows.append(("the map", "regions, and whether rows span, are exact; singular values are floats, estimates"))
    if data is not None:
        rows.append(("singular values over data", "estimates: floats, at a sample of points"))
    return (*rows, ("seconds, nodes", "measured in this run"))


# ------------------------------------------------------------------ enclosures


def _enclosures(found: Stability) -> Section:
    """Both constants, each with what the literature says of it."""
    low, high = found.lower_lipschitz
    published, top = found.published.to_json(), found.upper_lipschitz_squared
    kappa = Interval("proved", _below(low), _above(high), is_main=True)
    lower = (
        _named(kappa),
        _one_sided("slides: at least", low=published["slides"]),
        _one_sided("thesis: at least", low=published["thesis"]),
        _one_sided("adjacent wedges: at least", low=published["adjacent_wedges"]),
    )
    upper = (
        _named(Interval("proved", root_below(top.at_least), root_above(top.at_most), is_main=True)),
        _one_sided("operator norm of W: at most", high=published["operator_norm"]),
    )
    charts = ((lower, SHRINKING), (upper, STRETCHING))
    figures = tuple(Figure(Scale(_scale_words(rows), rows), caption) for rows, caption in charts)
    return Section("Enclosures", (*figures, _ends_table(found)))


def _named(interval: Interval) -> Interval:
    """With its numbers in its name."""
    if interval.low is None or interval.high is None:
        return interval
    numbers = " to ".join(dict.fromkeys((rounded_out(interval.low), rounded_out(interval.high, up=True))))
    return Interval(f"{interval.name}: {numbers}", interval.low, interval.high, interval.is_main)


def _one_sided(name: str, *, low: float | None = None, high: float | None = None) -> Interval:
    end = low if low is not None else high
    number = "beyond floats" if end is None else rounded_out(end, 4, up=high is not None)
    return Interval(f"{name} {number}", low, high)


def _scale_words(rows: tuple[Interval, ...]) -> str:
    return "On a scale from 0: " + "; ".join(row.name for row in rows) + "."


def _below(end: Surd) -> float:
    return root_below(end.square or Fraction(0))


def _above(end: Surd) -> float:
    return root_above(end.square or Fraction(0))


def _ends_table(found: Stability) -> Table:
    low, high = found.lower_lipschitz
    least, top = found.sigma_min_squared, found.upper_lipschitz_squared
    kappa = [str(end) if len(str(end)) <= SHORT else None for end in (low, high)]
    rows = (
        (
            "lower Lipschitz constant",
            kappa[0] or rounded_out(_below(low)),
            kappa[1] or rounded_out(_above(high), up=True),
        ),
        ("upper Lipschitz constant, squared", _end(top.at_least), _end(top.at_most, up=True)),
        ("A, least sigma_min squared of a cell", _end(least.at_least), _end(least.at_most, up=True)),
    )
    return Table(("", "at least", "at most"), rows)


def _end(value: Fraction, *, up: bool = False) -> str:
    """Exactly where that is short, else a decimal on the side on which it bounds."""
    text = rational_text(value)
    return text if len(text) <= SHORT else rounded_out(value, up=up)


def _ends(low: Fraction, high: Fraction) -> str:
    ends = dict.fromkeys((_end(low), _end(high, up=True)))
    return f"between {' and '.join(ends)}" if len(ends) > 1 else next(iter(ends))


def _cells(found: Stability) -> Section:
    """Where the values are found."""
    rows = [
        ("the cell of A: a point of it", _point(found.smallest.point)),
        ("its active rows", _rows(found.smallest.active)),
        ("the cell of the upper constant: a point of it", _point(found.largest.point)),
        ("its active rows", _rows(found.largest.active)),
    ]
    if found.pair is not None:
        pair = f"x = {_point(found.pair.x)}, y = {_point(found.pair.y)}"
        rows.append(("two inputs that come close", pair))
    return Section("Where it happens", (Facts(tuple(rows)),))


def _point(values: tuple[Fraction, ...]) -> str:
    """Exactly where that is short, else rounded."""
    text = "(" + ", ".join(map(str, values)) + ")"
    return text if len(text) <= LONGEST_POINT else f"about {few(values, MOST_INPUTS)}"


def _rows(active: tuple[int, ...]) -> str:
    more = f" and {len(active) - ROWS_NAMED} more" if len(active) > ROWS_NAMED else ""
    return (" ".join(map(str, active[:ROWS_NAMED])) or "none") + more


# ------------------------------------------------------------------ pictures


def _map(found: Stability) -> tuple[Section, ...]:
    if found.layer.n != PLANE:
        return ()
    try:
        drawing = stability_map(found.layer, found.domain)
    except ExactinjError as error:
        return (Section("Picture", (Paragraph(f"No picture: {error}.", is_quiet=True),)),)
    if drawing is None:
        return (
            Section(
                "Picture",
                (Paragraph(NOT_DRAWN, is_quiet=True),),
            ),
        )
    caption = (
        "Cells on which the same rows are active: the stronger the colour, the larger the smallest singular value of "
        "these rows (floats, estimates). Hatched where they do not span; the layer is not injective there."
    )
    return (Section("Picture", (Figure(drawing, caption),)),)


def _over_data(data: DataStability) -> Section:
    count = len(data.lowest)
    figures = [
        Figure(_histogram(values, name, count), f"{name} of the active rows at each of {count:,} points.")
        for values, name in ((data.lowest, "smallest singular value"), (data.highest, "largest singular value"))
        if np.isfinite(values).any()
    ]
    rows = [
        ("active rows do not span", f"at {data.not_spanning:,} of {count:,} points"),
        ("points on which a row vanishes, which prove nothing", f"{data.ties:,}"),
    ]
    if data.smallest is not None and data.largest is not None:
        rows += [
            ("proved: A is at most", f"{short_exact(data.smallest.value)}, by point {data.smallest.index}"),
            (
                "proved: the upper constant squared is at least",
                f"{short_exact(data.largest.value)}, by point {data.largest.index}",
            ),
        ]
    return Section("Over data", (*figures, Facts(tuple(rows))))


def _histogram(values: NDArray[np.float64], name: str, count: int) -> Histogram:
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    counts, edges = np.histogram(finite, bins=BINS if low < high else 1)
    words = f"Histogram of the {name} at {count:,} points, estimates in floats: from {low:.4g} to {high:.4g}, "
    words += f"median {float(np.median(finite)):.4g}."
    return Histogram(words, tuple(edges.tolist()), tuple(counts.tolist()), f"{name} (estimate)")
