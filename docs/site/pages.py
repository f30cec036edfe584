"""Which file of the repository is which page of the site, and the Markdown of a page with its links turned to pages."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {  # pages that do not stand in docs/
    "README.md": "index.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "proof/README.md": "project/proved-checker.md",
    "casebook/README.md": "casebook/format.md",
    "docs/figures/README.md": "figures/index.md",
}
REPORT = ("<!-- on the site: the report -->", '<a href="report.html">The report of this model</a>.')
GALLERY = {"casebook/README.md": "casebook/index.md"}  # links to a list of cases lead to their pictures
IMAGES = (".png", ".svg")
LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)\s]+)\)")
KEY = re.compile(r"\[([A-Z][A-Za-z]*\d\d)\](?![(\w])")
FENCE = re.compile(r"^( *)(```+).*?^\1\2 *$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


class DeadLinkError(Exception):
    """A link of a page to a file that is not there."""


def page_files() -> dict[str, str]:
    """Files of the repository that become pages, and the pages, both as paths in posix form."""
    own = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts)
    pages = {name: name.removeprefix("docs/") for name in own} | ELSEWHERE
    return {name: page for name, page in pages.items() if (ROOT / name).exists()}


def case_page(name: str) -> str | None:
    """The page of a case of the casebook, for the name of its file."""
    folder, file = posixpath.split(name)
    return f"casebook/{file.removesuffix('.json')}.md" if folder == "casebook" and file.endswith(".json") else None


def source_page(name: str) -> str:
    """The page that shows a file of the repository as it is."""
    return f"source/{name}.md"


class Turner:
    """Turns links between files of the repository into links between pages; remembers what else pages need."""

    def __init__(self) -> None:
        self.pages = page_files()
        self.sources: set[str] = set()
        self.images: set[tuple[str, str]] = set()

    def page_text(self, name: str) -> str:
        """The Markdown of a file's page."""
        text = (ROOT / name).read_text(encoding="utf-8").replace(*REPORT)
        return outside_code(text, lambda prose: self._turned(prose, name))

    def _turned(self, prose: str, name: str) -> str:
        page = self.pages[name]
        turned = LINK.sub(lambda found: self._link(found, name, page), prose)
        if name == "docs/references.md":
            return re.sub(r"^\* \*\*\[(\w+)\]\*\*", r'* <a id="\1"></a>**[\1]**', turned, flags=re.MULTILINE)
        references = relative("references.md", page)
        return KEY.sub(rf'<a class="key" href="{references[:-3]}.html#\1">[\1]</a>', turned)

    def _link(self, found: re.Match[str], name: str, page: str) -> str:
        words, target = found.groups()
        path, _, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return found[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if not (ROOT / file).exists():
            raise DeadLinkError(f"{name} links to {target}, which is not there")
        if words.startswith("!") or file.endswith(IMAGES):
            return f"{words}({self._image(file, page)})"
        if (ROOT / file).is_dir():
            return words[1:-1]
        return f"{words}({relative(self._page_of(file), page)}{'#' * bool(anchor)}{anchor})"

    def _image(self, file: str, page: str) -> str:
        place = f"pictures/{file}"
        self.images.add((file, place))
        return relative(place, page)

    def _page_of(self, file: str) -> str:
        page = GALLERY.get(file) or self.pages.get(file) or case_page(file)
        if page is None:
            self.sources.add(file)
        return page or source_page(file)


def relative(target: str, page: str) -> str:
    """The path from a page to a target, both from the site's root."""
    return Path(os.path.relpath(target, posixpath.dirname(page) or ".")).as_posix()


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with a change made wherever it is not code."""
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{len(kept) - 1}\0"

    prose = change(CODE.sub(put_aside, FENCE.sub(put_aside, text)))
    while "\0" in prose:
        prose = re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], prose)
    return prose
