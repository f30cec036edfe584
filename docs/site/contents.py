"""The table of contents: which page stands where, added to the start page without a word in it."""

from __future__ import annotations

from pathlib import Path

CONTENTS = {
    "Use": ("python", "command-line", "networks", "files"),
    "Reference": ("reference/index",),
    "Ground": ("mathematics", "notation", "references"),
    "Proofs": ("certificates", "certificates-convolution", "certificates-network", "trust", "fast-checker"),
    "Random layers": ("gaussian-finite", "gaussian-thresholds", "figures/index"),
    "Casebook": ("casebook/index",),
    "Project": (
        *("architecture", "project/contributing", "project/changelog", "project/benchmarks", "project/proved-checker"),
    ),
}


def write_contents(folder: Path) -> None:
    """Append the tables of contents to the start page, and those of sections to their first pages."""
    start = folder / "index.md"
    trees = [_tree(pages, caption) for caption, pages in CONTENTS.items()]
    start.write_text("\n".join([start.read_text(encoding="utf-8"), *trees]), encoding="utf-8")
    for section in ("reference",):
        index = folder / section / "index.md"
        pages = sorted(path.stem for path in index.parent.glob("*.md") if path.stem != "index")
        index.write_text(index.read_text(encoding="utf-8") + _tree(pages), encoding="utf-8")


def _tree(pages: tuple[str, ...] | list[str], caption: str = "") -> str:
    lines = ["", "```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), "", *pages, "```", ""]
    return "\n".join(lines)
