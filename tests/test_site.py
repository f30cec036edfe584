"""The site: tutorials show what their Python prints and draws, links are turned and followed, every name has a page."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "site"
PAGE = '<html><body><h1 id="top-of-it">Words</h1>{}</body></html>'


@pytest.fixture
def site(monkeypatch):
    """Imports one of the modules that build the site."""
    monkeypatch.syspath_prepend(str(SITE))
    return importlib.import_module


PAGES_WITH_PYTHON = [
    page
    for folder in ("for", "how-to", "tutorials")
    for page in sorted((SITE.parent / folder).glob("*.md"))
    if "```python" in page.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("page", PAGES_WITH_PYTHON, ids=lambda page: page.stem)
def test_pages_show_what_their_python_prints_and_draws(page, tmp_path, site):
    for package in ("torch", "matplotlib", "sklearn"):
        pytest.importorskip(package)
    ran = site("tutorials").run(page, tmp_path)
    assert ran.complaints == ()


def test_output_that_is_not_shown_and_pictures_that_are_not_drawn_are_seen(tmp_path, site):
    pytest.importorskip("matplotlib")
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n\n![words](pictures/a.png)\n", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    ran = site("tutorials").run(page, folder)
    assert len(ran.complaints) == 2
    assert "```text\n2\n```" in ran.text


def test_every_public_name_has_one_place_in_the_reference(site):
    pytest.importorskip("torch")
    assert site("reference").unplaced() == []


def test_every_key_of_a_reference_is_explained():
    explained = set(
        re.findall(r"^\* \*\*\[(\w+)\]\*\*", (ROOT / "docs" / "references.md").read_text("utf-8"), re.MULTILINE)
    )
    files = [*ROOT.glob("exactinj/**/*.py"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/figures/*")]
    texts = [path.read_text("utf-8") for path in files if path.suffix in (".py", ".md")]
    used = {key for text in texts for key in re.findall(r"\[([A-Z][A-Za-z]*\d\d)\]", text)}
    assert used - explained == set()


def test_links_of_pages_are_turned_and_dead_ones_are_refused(tmp_path, site, monkeypatch):
    pages = site("pages")
    (tmp_path / "docs").mkdir()
    (tmp_path / "casebook").mkdir()
    (tmp_path / "casebook" / "cube.json").write_text("{}", encoding="utf-8")
    (tmp_path / "code.py").write_text("", encoding="utf-8")
    page = tmp_path / "docs" / "page.md"
    page.write_text("[a](../casebook/cube.json) [b](../code.py#x) `[c](no.md)` [D24]", encoding="utf-8")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    turner = pages.Turner()
    assert turner.page_text("docs/page.md") == (
        '[a](casebook/cube.md) [b](source/code.py.md#x) `[c](no.md)` <a class="key" '
        'href="references.html#D24">[D24]</a>'
    )
    assert turner.sources == {"code.py"}
    page.write_text("[a](no.md)", encoding="utf-8")
    with pytest.raises(pages.DeadLinkError, match="links to no"):
        turner.page_text("docs/page.md")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="#top-of-it">a</a> <a href="https://example.org/a#b">b</a> <img src="x.png" alt="words">', None),
        ('<a href="b.html">a</a>', "the link b.html leads nowhere"),
        ('<a href="#below">a</a>', "has no place #below"),
        ('<a href="htps://example.org">a</a>', "is no address"),
        ('<img src="x.png" alt="">', "has no words"),
        ('<script src="https://example.org/a.js"></script>', "from a network"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "from a network"),
    ],
)
def test_what_is_wrong_with_finished_pages_is_found(body, said, tmp_path, site):
    check_links = site("check_links")
    (tmp_path / "x.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(PAGE.format(body), encoding="utf-8")
    found = check_links.complaints(tmp_path)
    assert (found == []) if said is None else any(said in sentence for sentence in found)


def test_style_sheets_load_nothing_from_a_network(tmp_path, site):
    (tmp_path / "a.css").write_text("@font-face { src: url(https://example.org/a.woff2) }", encoding="utf-8")
    assert len(site("check_links").complaints(tmp_path)) == 1
