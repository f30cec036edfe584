"""A collision on a page: what differs, both inputs as pictures, and the exact numbers behind a line that opens."""

from __future__ import annotations

from fractions import Fraction

from exactinj.exact.numbers import nearest_float, rational_text
from exactinj.report.content import Pair
from exactinj.report.markup import Markup, element, joined
from exactinj.report.pair_picture import pair_picture

__all__ = ["pair_section"]

FEW = 12  # numbers of an input, which stand open
NUMBERS_SHOWN = 40  # of each input of a pair, in full
LONGEST_NUMBER = 60  # letters


def pair_section(pair: Pair) -> Markup:
    """A title, a sentence, the pictures, and exact numbers of the places that differ."""
    differing = [k for k, (a, b) in enumerate(zip(pair.x, pair.y, strict=True)) if a != b]
    largest = max((abs(nearest_float(pair.y[k] - pair.x[k])) for k in differing), default=0.0)
    places = f"{len(differing)} of {len(pair.x)} numbers differ, by {largest:.4g} at most"
    words = f"{places}. {pair.note}".strip()
    parts = (element("h3", pair.title), element("p", words), pair_picture(pair), _exact(pair, differing))
    return element("section", *parts, class_="pair")


def _exact(pair: Pair, differing: list[int]) -> Markup:
    """The numbers of the first places that differ, those of all places where there are few of them."""
    is_short = len(pair.x) <= NUMBERS_SHOWN
    places = list(range(len(pair.x))) if is_short else differing[:NUMBERS_SHOWN]
    cut = "" if is_short or len(places) == len(differing) else f", the first {len(places)} of {len(differing)}"
    lines = [
        element("tr", *(element("td", part) for part in (str(k), _number(pair.x[k]), _number(pair.y[k]))))
        for k in places
    ]
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in ("place", "x", "y"))))
    return element(
        "details",
        element("summary", "exact numbers" if is_short else f"exact numbers where they differ{cut}"),
        element("div", element("table", head, element("tbody", joined(lines))), class_="scroll"),
        class_="numbers",
        open="" if len(pair.x) <= FEW else None,
    )


def _number(value: Fraction) -> str:
    spelt = rational_text(value)
    return (
        spelt if len(spelt) <= LONGEST_NUMBER else f"about {nearest_float(value):.17g} ({len(spelt)} letters exactly)"
    )
