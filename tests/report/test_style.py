"""The style sheet: contrast of every text with whatever may stand behind it, in both colour schemes."""

from __future__ import annotations

import re

import pytest

from exactinj.report.style import STYLE

ANYWHERE, ON_PAPER = ["ink"], ["faint", "signal"]  # colours of texts
BEHIND = ["paper", "plain", "proved", "collides", "open", "late"]
ENOUGH = 4.5  # WCAG 2, level AA, for text of any size


def schemes():
    """The variables of light, and of dark, which replaces some of them."""
    dark = re.search(r"prefers-color-scheme: dark\) \{ :root \{(.*?)\} \}", STYLE, re.DOTALL)[1]
    light = re.search(r":root \{(.*?)\}", STYLE, re.DOTALL)[1]
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", text)) for text in (light, dark)]
    return {"light": colours[0], "dark": {**colours[0], **colours[1]}}


def luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_of_contrast():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out(scheme):
    colours = schemes()[scheme]
    pairs = [(text, behind) for text in ANYWHERE for behind in BEHIND]
    pairs += [(text, behind) for text in ON_PAPER for behind in BEHIND[:2]]
    for text, behind in pairs:
        assert contrast(colours[text], colours[behind]) >= ENOUGH, (scheme, text, behind)


def test_both_schemes_have_all_colours():
    found = schemes()
    dark = re.search(r"prefers-color-scheme: dark\) \{ :root \{(.*?)\} \}", STYLE, re.DOTALL)[1]
    assert set(re.findall(r"--([\w-]+):", dark)) == set(found["light"])
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= set(found["light"])


def test_there_are_no_other_texts_and_no_other_backgrounds():
    """So that the pairs above are all pairs: texts have a colour, or a fill in drawings."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", STYLE)
    texts, behind = set(), set()
    for selector, body in rules:
        texts |= set(re.findall(r"(?<![\w-])color: (?:var\(--)?([\w-]+)", body))
        behind |= set(re.findall(r"background: var\(--([\w-]+)\)", body))
        if "text" in selector:
            texts |= set(re.findall(r"fill: var\(--([\w-]+)\)", body))
    assert texts == {*ANYWHERE, *ON_PAPER, "inherit"}
    assert behind == set(BEHIND)
    assert "background:" not in re.sub(r"background: var\(--[\w-]+\)", "", STYLE)


def test_quiet_texts_stand_on_paper_alone():
    """What is faint is never inside of a verdict or a marked cell."""
    marked = {selector.strip() for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", STYLE) if "--faint" in body}
    assert not [selector for selector in marked if re.search(r"verdict|mark\b|proved|collides|open\b|late", selector)]
