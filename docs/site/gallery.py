"""The casebook as pages: one a case, made of its JSON file, and an index with small pictures and tags."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from html import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from markup import cells, joined, link, plain
from pages import ROOT

from exactinj.files.case_files import case_document, case_files

CASEBOOK = ROOT / "casebook"
PICTURES = "pictures/cases"  # from the root of the site's source
THUMBNAIL = (300, 240)
LONGEST = 6000  # letters of a file that is shown
PROCESSES = 2
KINDS = (
    ("Dense layers", ("layer", "layer_file")),
    ("Networks", ("network",)),
    ("Residual blocks", ("residual",)),
    ("Convolutions", ("convolution", "convolution_file")),
)
TOLD = tuple(f'  "{key}"' for key in ("title", "statement", "source", "why", "evidence"))  # lines that the page has
ANSWERS = {"injective": ("✓ injective", "proved"), "not_injective": ("✗ not injective", "collides")}
DOMAINS = {"R^n": "all of R^n", "nonneg": "the orthant x >= 0"}


def write_gallery(source: Path, thumbnails: Path, cache: Path) -> None:
    """Write a page for every case and the index into the source folder, small pictures into a folder of their own."""
    documents = [case_document(name)[0] for name in case_files()]
    words = draw_all([document["name"] for document in documents], source / PICTURES, thumbnails, cache)
    folder = source / "casebook"
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        page = case_text(document, words[document["name"]])
        (folder / f"{document['name']}.md").write_text(page, encoding="utf-8")
    (folder / "index.md").write_text(index_text(documents), encoding="utf-8")


def draw_all(names: list[str], pictures: Path, thumbnails: Path, cache: Path) -> dict[str, str]:
    """All pictures; those whose case and whose drawing code are as before come from the cache. Their words, by name."""
    for folder in (pictures, thumbnails, cache):
        folder.mkdir(parents=True, exist_ok=True)
    keys = {name: _key(name) for name in names}
    wanted = [(name, cache / key) for name, key in keys.items() if not (cache / f"{key}.txt").exists()]
    if wanted:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            list(pool.map(draw, *zip(*wanted, strict=True)))
    for name, key in keys.items():
        (pictures / f"{name}.png").write_bytes((cache / f"{key}.png").read_bytes())
        (thumbnails / f"{name}.png").write_bytes((cache / f"{key}-small.png").read_bytes())
    return {name: (cache / f"{key}.txt").read_text(encoding="utf-8") for name, key in keys.items()}


def draw(name: str, target: Path) -> None:
    """Draw one case beside a path: the picture, a small one, and, when both are there, the words."""
    from case_pictures import DOTS, picture_of, plt
    from PIL import Image

    from exactinj.casebook import find_case

    figure, words = picture_of(find_case(name))
    large = target.with_name(f"{target.name}.png")
    figure.savefig(large, dpi=DOTS)
    plt.close("all")
    with Image.open(large) as image:
        small = image.convert("RGB")
    small.thumbnail(THUMBNAIL)
    small.save(target.with_name(f"{target.name}-small.png"))
    target.with_name(f"{target.name}.txt").write_text(words, encoding="utf-8")


def _key(name: str) -> str:
    """A name for a picture that changes with the case and with the code that draws."""
    document, folder = case_document(name)
    files = [folder / f"{name}.json", Path(__file__).with_name("case_pictures.py")]
    files += [folder / document[key] for key in ("layer_file", "convolution_file") if key in document]
    files += sorted((ROOT / "exactinj" / "plotting").glob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:24]


def case_text(document: dict[str, Any], words: str) -> str:
    """The page of one case."""
    name, (answer, style) = document["name"], ANSWERS[document["expected"]]
    tags = " ".join(f'<a class="tag" href="index.html#tag={escape(tag)}">{escape(tag)}</a>' for tag in document["tags"])
    parts = [
        f"---\norphan: true\n---\n\n# {plain(document['title'])}",
        f"A case of the {link('casebook', 'index.md')}.",
        f'<p><span class="answer {style}">{answer}</span> {tags}</p>',
        plain(document["statement"]),
        f"```{{figure}} ../{PICTURES}/{name}.png\n:alt: {words}\n\n{words}\n```",
        f"**Answer.** {answer[2:].capitalize()} on {plain(_domain(document))}.",
        f"**Why it is here.** {plain(document['why'])}",
        f"**How the answer is known.** {plain(document['evidence'])}",
        f"**Source.** {plain(document['source'])}",
        f"**Try it.**\n\n```\n{_command(document)}\n```",
        f"## The file\n\n`casebook/{name}.json`{_data(document)}; [what the keys mean](format.md).\n\n{_file(name)}",
    ]
    return "\n\n".join(parts) + "\n"


def _domain(document: dict[str, Any]) -> str:
    domain = DOMAINS.get(document["domain"], document["domain"])
    if "input_shape" in document:
        return f"{domain}, for inputs of shape {'x'.join(map(str, document['input_shape']))}"
    if "sizes" in document:
        return f"{domain}, for every size {cells(document['sizes'])}"
    return domain


def _command(document: dict[str, Any]) -> str:
    name, domain = document["name"], document["domain"]
    verb = "conv" if any(key.startswith("convolution") for key in document) else "certify"
    options = [f"--domain={domain}"] if domain != "R^n" else []
    if "input_shape" in document:
        options.append(f"--input-shape {','.join(map(str, document['input_shape']))}")
    asked = " ".join(["exactinj", verb, f"casebook:{name}", *options, "--out proof.json"])
    return f"{asked}\nexactinj casebook run {name}"


def _data(document: dict[str, Any]) -> str:
    files = [document[key] for key in ("layer_file", "convolution_file") if key in document]
    return "".join(f" with the numbers in `casebook/{file}`" for file in files)


def _file(name: str) -> str:
    text = (CASEBOOK / f"{name}.json").read_text(encoding="utf-8")
    told = [line for line in text.splitlines() if not line.startswith(TOLD)]
    shown = "\n".join(told).replace(",\n}", "\n}")
    if len(shown) > LONGEST:
        return f"It has {len(text):,} letters, too many to show."
    return f"```text\n{shown}\n```"


def index_text(documents: list[dict[str, Any]]) -> str:
    """The index: small pictures by kind, and tags to choose by."""
    count = {answer: sum(d["expected"] == answer for d in documents) for answer in ANSWERS}
    sections = []
    for title, keys in KINDS:
        cards = [_card(document) for document in documents if set(keys) & set(document)]
        sections.append(f'## {title}\n\n<div class="gallery">\n{joined(cards)}\n</div>')
    tags = sorted({tag for document in documents for tag in document["tags"]})
    buttons = joined(
        [f'<button type="button" class="tag" data-tag="{escape(tag)}">{escape(tag)}</button>' for tag in tags]
    )
    start = (
        f"{len(documents)} layers and networks with a known answer to one question: is it injective?"
        f" {count['injective']} are, {count['not_injective']} are not. Each answer was found without this package. The"
        f" tests recompute all of them, and so does `exactinj casebook run`."
        f" {link('The form of a case, and all of them as a table', 'format.md')}."
    )
    lines = [
        "# Casebook",
        start,
        f'<div id="tags" hidden>{buttons}</div>',
        *sections,
        "```{toctree}\n:hidden:\n\nThe form of a case, all as a table <format>\n```",
    ]
    return "\n\n".join(lines) + "\n"


def _card(document: dict[str, Any]) -> str:
    answer, style = ANSWERS[document["expected"]]
    tags, name, title = (
        escape(" ".join(_slug(tag) for tag in document["tags"])),
        document["name"],
        escape(document["title"]),
    )
    picture = f'<img src="../_static/cases/{name}.png" alt="{title}: {answer[2:]}" loading="lazy">'
    return (
        f'<a class="case" href="{name}.html" data-tags="{tags}">{picture}<span class="title">{title}</span>'
        f'<span class="answer {style}">{answer}</span></a>'
    )


def _slug(tag: str) -> str:
    return tag.replace(" ", "-")
