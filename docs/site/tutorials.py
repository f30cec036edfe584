"""Runs the Python of tutorials and how-tos: what it prints and draws has to be what the page shows.

python docs/site/tutorials.py [--write [NAME ...]]

After a block ``python`` may stand a block ``text`` with what it prints; the value of a last expression is printed as at
a prompt. A picture of the page, ``pictures/NAME.png``, is one that a block saved as ``NAME.png``. With ``--write``,
outputs and pictures are put into the pages.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tutorials", "how-to", "for")
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n^```text\n(?P<shown>.*?)^```\n)?", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(pictures/([\w-]+\.png)\)")
DIFFERENCE = 8.0  # of the mean of pixels from 0 to 255: another version of a font, not another picture


@dataclass(frozen=True)
class Ran:
    """A page after its blocks were run in a folder: the page with its outputs as they are, and what is wrong."""

    text: str
    complaints: tuple[str, ...]


def tutorials() -> list[Path]:
    """The pages with Python."""
    pages = [path for folder in FOLDERS for path in sorted((ROOT / "docs" / folder).glob("*.md"))]
    return [path for path in pages if "```python" in path.read_text(encoding="utf-8")]


def run(page: Path, folder: Path) -> Ran:
    """Run the blocks of a page in an empty folder, which keeps what they write; beside it they see the tests' files."""
    from matplotlib import pyplot as plt

    plt.switch_backend("Agg")
    plt.close("all")
    text, names = page.read_text(encoding="utf-8"), {"__name__": "tutorial"}
    wrong: list[str] = []

    def ran(block: re.Match[str]) -> str:
        printed = _printed(block["code"], names)
        if printed != (block["shown"] or ""):
            wrong.append(f"{page.name}: after\n{block['code']}found\n{printed}\nexpected\n{block['shown']}")
        shown = f"\n```text\n{printed}```\n" if printed else ""
        return f"```python\n{block['code']}```\n{shown}"

    (folder / "tests").symlink_to(ROOT / "tests")
    with contextlib.chdir(folder):
        written = BLOCK.sub(ran, text)
    wrong += [
        said for name in PICTURE.findall(text) if (said := _unlike(folder / name, page.parent / "pictures" / name))
    ]
    return Ran(written, tuple(wrong))


def _printed(code: str, names: dict[str, Any]) -> str:
    """What a block prints, with the value of its last expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, "tutorial", "exec"), names)  # noqa: S102
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "tutorial", "eval"), names)  # noqa: S307
            if value is not None:
                print(repr(value))
    return printed.getvalue()


def _unlike(drawn: Path, stored: Path) -> str | None:
    """What is wrong with a stored picture, compared with the one that was drawn."""
    import numpy as np
    from PIL import Image

    if not drawn.exists():
        return f"no block draws {drawn.name}"
    if not stored.exists():
        return f"{stored.name} is not stored"
    with Image.open(drawn) as new, Image.open(stored) as old:
        if new.size != old.size:
            return f"{stored.name} has the size {old.size}, drawn {new.size}"
        pixels = [np.asarray(image.convert("RGB"), dtype=float) for image in (new, old)]
    apart = float(abs(pixels[0] - pixels[1]).mean())
    return f"{stored.name} is another picture than the one that is drawn ({apart:.1f})" if apart > DIFFERENCE else None


def run_all(out: Path) -> list[str]:
    """Run all pages, each in a folder of that name under `out`; what is wrong."""
    found: list[str] = []
    for page in tutorials():
        folder = out / page.stem
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        found += run(page, folder).complaints
    return found


def write_all(names: list[str]) -> None:
    """Put outputs and pictures into pages, all of them if none is named."""
    for page in [page for page in tutorials() if not names or page.stem in names]:
        with tempfile.TemporaryDirectory() as name:
            ran = run(page, Path(name))
            page.write_text(ran.text, encoding="utf-8")
            for picture in PICTURE.findall(ran.text):
                shutil.copyfile(Path(name) / picture, page.parent / "pictures" / picture)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "--write" in sys.argv[1:]:
        write_all([word for word in sys.argv[1:] if word != "--write"])
    else:
        with tempfile.TemporaryDirectory() as scratch:
            said = run_all(Path(scratch))
        print("\n".join(said) or "all tutorials show what they print and draw")
        sys.exit(bool(said))
