"""What every report has to be: a valid page by itself, that can be read without seeing it."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

VOID = {"meta", "img", "br"}
BLOCKS = {"div", "p", "ul", "ol", "dl", "table", "section", "figure", "h1", "h2", "h3", "details", "pre"}
PARENTS = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}, "tr": {"thead", "tbody"}, "th": {"tr"}, "td": {"tr"}}
FORBIDDEN = {"script", "link", "iframe", "object", "embed", "base", "form", "use", "image", "foreignobject"}
LARGEST = 500_000  # bytes


class Reader(HTMLParser):
    """The elements in order, with what they stand in; wrong nesting fails at once."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        parent = self.open[-1] if self.open else None
        assert parent in PARENTS.get(tag, {parent}), f"<{tag}> in <{parent}>"
        assert not (tag in BLOCKS and {"p", "h1", "h2", "h3", "summary"} & set(self.open)), f"<{tag}> in {self.open}"
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(f"<{tag}/>")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    def all(self, *tags):
        return [attrs for tag, attrs, _ in self.elements if tag in tags]


def read_page(page):
    """The page's elements and text, after everything that holds for every page was looked at."""
    assert page.startswith("<!DOCTYPE html>\n")
    assert len(page.encode()) < LARGEST
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    _require_head(reader)
    _require_self_contained(reader, page)
    _require_alternatives(reader)
    return reader


def text_of(page):
    """The words of a page, as one line."""
    return " ".join(" ".join(read_page(page).texts).split())


def _require_head(reader):
    assert [attrs["lang"] for attrs in reader.all("html")] == ["en"]
    assert len([within for tag, _, within in reader.elements if tag == "title" and within[-1] == "head"]) == 1
    metas = reader.all("meta")
    assert any(attrs.get("charset") == "utf-8" for attrs in metas)
    assert any("width=device-width" in attrs.get("content", "") for attrs in metas if attrs.get("name") == "viewport")
    assert len(reader.all("h1")) == len(reader.all("main")) == 1
    levels = [int(tag[1]) for tag, _, _ in reader.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later <= level + 1 for level, later in pairwise(levels))
    ids = Counter(attrs["id"] for _, attrs, _ in reader.elements if "id" in attrs)
    assert not [name for name, count in ids.items() if count > 1]


def _require_self_contained(reader, page):
    names = {tag for tag, _, _ in reader.elements}
    assert not names & FORBIDDEN
    assert "://" not in page
    assert "@import" not in page
    assert "javascript:" not in page.lower()
    assert not [key for _, attrs, _ in reader.elements for key in attrs if key.startswith("on")]
    assert all(attrs["src"].startswith("data:image/png;base64,") for attrs in reader.all("img"))
    (policy,) = [a["content"] for a in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    ids = {attrs["id"] for _, attrs, _ in reader.elements if "id" in attrs}
    assert set(re.findall(r"url\(([^)]*)\)", page)) <= {f"#{name}" for name in ids}


def _require_alternatives(reader):
    assert all(attrs.get("alt", "").strip() for attrs in reader.all("img"))
    for attrs in reader.all("svg"):
        is_said = attrs.get("role") == "img" and len(attrs.get("aria-label", "")) > 10
        assert is_said or attrs.get("aria-hidden") == "true", attrs
    assert all(attrs.get("scope") == "col" for attrs in reader.all("th"))


def write_all(folder, pages):
    """Write pages by name; the files."""
    files = []
    for name, page in pages.items():
        file = Path(folder) / f"{name}.html"
        file.write_text(page, encoding="utf-8")
        files.append(file)
    return files
