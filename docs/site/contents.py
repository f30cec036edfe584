"""The table of contents: which page stands where, added to the start page without a word in it."""

from __future__ import annotations

from pathlib import Path

CONTENTS = {
    "Start": ("install", "for/frame-theorists", "for/verification-engineers", "for/torch-users", "exact"),
    "Tutorials": (
        *("tutorials/iris-layer", "tutorials/frame-alpha-star", "tutorials/convolution", "tutorials/torch-model"),
        "tutorials/counterexample-by-hand",
    ),
    "How to": (
        *("how-to/time-limits", "how-to/certificates-for-a-paper", "how-to/sweep-on-a-cluster"),
        "how-to/write-a-checker",
    ),
    "Casebook": ("casebook/index",),
    "Manual": ("python", "command-line", "networks", "files", "reference/index"),
    "Proofs": (
        *("trust", "mathematics", "notation", "certificates", "certificates-convolution", "certificates-network"),
        *("fast-checker", "references"),
    ),
    "Random layers and figures": ("gaussian-finite", "gaussian-thresholds", "figures/index"),
    "Project": (
        *("architecture", "project/contributing", "project/changelog", "project/benchmarks", "project/proved-checker"),
    ),
}


def write_contents(folder: Path, reference: list[str]) -> None:
    """Append the tables of contents to the start page, and that of the reference to its first page."""
    start = folder / "index.md"
    trees = [_tree(pages, caption) for caption, pages in CONTENTS.items()]
    start.write_text("\n".join([start.read_text(encoding="utf-8"), *trees]), encoding="utf-8")
    index = folder / "reference" / "index.md"
    index.write_text(index.read_text(encoding="utf-8") + _tree(reference), encoding="utf-8")


def _tree(pages: tuple[str, ...] | list[str], caption: str = "") -> str:
    lines = [
        "",
        "```{toctree}",
        ":hidden:",
        ":titlesonly:",
        *([f":caption: {caption}"] if caption else []),
        "",
        *pages,
        "```",
        "",
    ]
    return "\n".join(lines)
