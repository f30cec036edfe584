"""The frame of every page: one HTML document that needs nothing else, and may load nothing else."""

from __future__ import annotations

from exactinj.report.markup import Markup, element, empty_element
from exactinj.report.style import STYLE

__all__ = ["framed"]

# Browsers refuse whatever the page does not hold itself: scripts, fonts, pictures and addresses of others.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def framed(title: str, body: Markup) -> str:
    """The document around what is seen: no script, no file beside it, no network."""
    head = (
        empty_element("meta", charset="utf-8")
        + empty_element("meta", http_equiv="Content-Security-Policy", content=POLICY)
        + empty_element("meta", name="viewport", content="width=device-width, initial-scale=1")
        + empty_element("meta", name="color-scheme", content="light dark")
        + element("title", title)
        + element("style", Markup(STYLE))
    )
    page = element("html", element("head", Markup(head)), element("body", element("main", body)), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"
