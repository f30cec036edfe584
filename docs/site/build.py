"""Builds the site into docs/_build/html: python docs/site/build.py. Warnings are errors; links are followed.

Pages are copied to docs/_build/source with their links turned to pages, the reference and the gallery are written
beside them, and Sphinx makes HTML of all of it. The result works from a folder, without a network; so does its search,
which is why this is not MkDocs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from check_links import complaints
from contents import write_contents
from gallery import write_gallery
from pages import ROOT, Turner, page_files, source_page
from reference import unplaced, write_reference
from tutorials import run_all

BUILD = ROOT / "docs" / "_build"
SOURCE, HTML, DOCTREES, RAN = BUILD / "source", BUILD / "html", BUILD / "doctrees", BUILD / "tutorials"
MADE = {"tutorials/torch-model/report.html": "tutorials/report.html"}  # by tutorials, and shown as they are
LANGUAGES = {".py": "python", ".json": "json", ".npz": "", ".sh": "sh", ".ml": "ocaml", ".v": "coq"}
LONGEST = 400_000  # letters of a file that is shown


def main() -> int:
    """Build everything; 1 if something is wrong."""
    started = time.perf_counter()
    for folder in (SOURCE, HTML):
        shutil.rmtree(folder, ignore_errors=True)
    said = unplaced() or run_all(RAN)
    if said:
        print("\n".join(said))
        return 1
    turner = Turner()
    stage(turner)
    reference = write_reference(SOURCE / "reference")
    write_gallery(SOURCE, BUILD / "static" / "cases", BUILD / "cache")
    write_contents(SOURCE, reference)
    write_sources(turner)
    staged = time.perf_counter()
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-j", "2", "-b", "html"]
    folders = ["-c", str(ROOT / "docs" / "site"), "-d", str(DOCTREES), str(SOURCE), str(HTML)]
    if subprocess.run([*command, *folders], check=False).returncode:
        return 1
    for made, place in MADE.items():
        shutil.copyfile(BUILD / made, HTML / place)
    wrong = complaints(HTML)
    print("\n".join(wrong))
    pages = len(list(HTML.rglob("*.html")))
    seconds = time.perf_counter()
    print(f"{pages} pages in {seconds - started:.0f} s, {staged - started:.0f} of them before Sphinx: {HTML}")
    return int(bool(wrong))


def stage(turner: Turner) -> None:
    """Copy pages and their pictures."""
    for name, page in page_files().items():
        if name != "README.md":
            write(SOURCE / page, turner.page_text(name))
    for file, place in turner.images:
        target = SOURCE / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, target)


def write_sources(turner: Turner) -> None:
    """A page for every file that pages link to."""
    for name in sorted(turner.sources):
        file = ROOT / name
        text = file.read_text(encoding="utf-8") if file.suffix != ".npz" else "(arrays of numpy)"
        language = LANGUAGES.get(file.suffix, "text")
        head = f"---\norphan: true\nnosearch: true\n---\n\n# {name.rsplit('/', 1)[-1]}\n\n`{name}` of the repository.\n"
        write(SOURCE / source_page(name), f"{head}\n``````{language}\n{text[:LONGEST]}\n``````\n")


def write(path: Path, text: str) -> None:
    """Write a file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
