"""Looks at finished pages: every link and anchor inside the site leads somewhere, nothing is loaded from a network."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {  # what a browser fetches without being asked
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("source", "srcset"),
    ("use", "href"),
    ("video", "src"),
}
FAR = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
FAR_IN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)")
FAR_IN_SCRIPT = re.compile(r"(?:fetch|import|XMLHttpRequest|WebSocket)\s*\(\s*['\"`](?:https?|wss?):")


class _Page(HTMLParser):
    """What a page links to, what it loads, and which places of it can be linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.wordless: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img" and not values.get("alt", "").strip():
            self.wordless.append(values.get("src", "?"))
        canonical = tag == "link" and values.get("rel") in ("canonical", "author")
        self.loaded += [values[name] for name in values if (tag, name) in LOADED and not canonical]


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def complaints(folder: Path) -> list[str]:
    """What is wrong with the pages of a folder, one sentence each."""
    found = []
    for path in sorted(folder.rglob("*.html")):
        name, page = path.relative_to(folder).as_posix(), _read(path)
        found += [f"{name}: loads {target} from a network" for target in page.loaded if FAR.match(target)]
        found += [f"{name}: the picture {target} has no words" for target in page.wordless]
        targets = {*page.links, *(target for target in page.loaded if not target.startswith("data:"))}
        found += [f"{name}: {said}" for target in sorted(targets) if (said := _wrong(folder, path, target))]
    for path in sorted([*folder.rglob("*.css"), *folder.rglob("*.js")]):
        pattern = FAR_IN_STYLE if path.suffix == ".css" else FAR_IN_SCRIPT
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: loads {far[0]} from a network" for far in pattern.finditer(text)]
    return found


def _wrong(folder: Path, path: Path, target: str) -> str | None:
    """What is wrong with a link, if anything; of one that leaves the site only how it is written."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        known = parts.scheme in ("http", "https", "mailto") and (parts.netloc or parts.scheme == "mailto")
        return None if known else f"the link {target} is no address"
    place = posixpath.normpath(posixpath.join(path.parent.relative_to(folder).as_posix(), unquote(parts.path)))
    file = path if not parts.path else folder / place
    if file.is_dir():
        file /= "index.html"
    if not file.is_file():
        return f"the link {target} leads nowhere"
    anchor = unquote(parts.fragment)
    if (
        anchor
        and file.suffix == ".html"
        and anchor not in _read(file).places
        and anchor != "top"
        and not anchor.startswith("tag=")
    ):
        return f"the page of {target} has no place #{anchor}"
    return None
