"""The report: self-contained, escaped, readable without colour; and as a real browser shows it."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import zlib
from base64 import b64decode
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest

from exactinj.report.content import Pair, ReportContent, ReportRow, Step
from exactinj.report.markup import element, png_source
from exactinj.report.page import report_page
from exactinj.work.verdict import Verdict

VOID = {"meta", "img", "br"}
HOSTILE = "<script>alert(1)</script>\"' & more"


def row(verdict=Verdict.INJECTIVE, **changes):
    fields = {
        "name": "conv1",
        "kind": "conv2d",
        "inputs": 49,
        "outputs": 512,
        "activation": "relu",
        "domain": "nonneg",
        "verdict": verdict,
        "reason": "every flat is refuted",
        "certificate": "conv1.json",
    }
    return ReportRow(**{**fields, **changes})


def pair(shape, seed=0):
    size = int(np.prod(shape))
    x = [Fraction(int(v), 7) for v in np.random.default_rng(seed).integers(-9, 10, size)]
    y = list(x)
    y[size // 2] += Fraction(1, 3)
    return Pair(f"two inputs of shape {shape}", x, y, shape, "Bit-equal in float32.")


def content(**changes):
    steps = (
        Step("x", "input", (1, 3, 8, 8)),
        Step("conv1", "conv2d", (1, 512, 1, 1), ("x",), Verdict.INJECTIVE),
        Step("relu", "relu", (1, 512, 1, 1), ("conv1",)),
        Step("sum", "add", (1, 512, 1, 1), ("relu", "conv1"), Verdict.UNKNOWN),
        Step("fc", "linear", (1, 2), ("sum",), Verdict.NOT_INJECTIVE),
        Step("late", "LSTM", None, ("fc",), Verdict.TIMED_OUT),
    )
    fields = {
        "model": "m.onnx",
        "facts": (("domain", "box:0,1"), ("SHA-256", "ab" * 32)),
        "verdict": Verdict.NOT_INJECTIVE,
        "reason": "two inputs have one output",
        "rows": tuple(row(verdict, name=f"layer {verdict}") for verdict in Verdict),
        "steps": steps,
        "pairs": (pair((1, 3, 8, 8)), pair((1, 12)), pair((1, 1, 500))),
        "assumptions": ("operators that are not understood give equal values for equal inputs",),
    }
    return ReportContent(**{**fields, **changes})


class Balance(HTMLParser):
    """That every element is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.words, self.names = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def parsed(page):
    reader = Balance()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def test_the_page_is_well_formed_and_needs_nothing_else():
    page = report_page(content())
    reader = parsed(page)
    assert "script" not in reader.names
    assert "link" not in reader.names
    assert not re.search(r"(src|href)=\"(?!data:|conv1\.json)", page)
    assert "://" not in page
    assert "url(" not in page


def test_every_verdict_has_a_sign_a_word_and_a_style():
    page = report_page(content())
    for sign, word, style in [("✓", "injective", "proved"), ("✗", "not injective", "collides")]:
        assert f'class="mark {style}">{sign} {word}' in page
    assert 'class="mark open">? unknown' in page
    assert 'class="mark late">… out of time' in page
    assert "✗ 1 not injective" in page


def test_names_from_files_are_escaped_everywhere():
    steps = (Step(HOSTILE, HOSTILE, (1,)), Step("b", "relu", (1,), (HOSTILE,)))
    hostile = row(name=HOSTILE, kind=HOSTILE, domain=HOSTILE, reason=HOSTILE, certificate=HOSTILE, assumption=HOSTILE)
    pairs = (Pair(HOSTILE, [Fraction(0)], [Fraction(1)], (1,), HOSTILE),)
    facts = ((HOSTILE, HOSTILE),)
    page = report_page(content(model=HOSTILE, reason=HOSTILE, facts=facts, rows=(hostile,), steps=steps, pairs=pairs))
    assert "script" not in parsed(page).names
    assert "<script" not in page


def test_a_page_without_layers_says_so():
    page = report_page(content(rows=(), steps=(), pairs=(), assumptions=()))
    assert "Layer by layer: no layers." in page
    assert 'id="model"' not in page


def test_exact_numbers_are_there_and_long_ones_are_cut():
    x, y = [Fraction(1, 3), Fraction(0)], [Fraction(10**80 + 1, 3), Fraction(0)]
    page = report_page(content(pairs=(Pair("p", x, y, (2,)),)))
    assert "1 of 2 numbers differ" in page
    assert "<td>1/3</td>" in page
    assert "letters exactly" in page
    huge = Pair("p", [Fraction(10) ** 400, Fraction(0)], [Fraction(0), Fraction(0)], (2,))
    assert "inf" in report_page(content(pairs=(huge,)))


def test_pixels_survive_the_way_into_the_page():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    data = b64decode(png_source(pixels).partition(",")[2])
    at, raw = 8, b""
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        raw += body if kind == b"IDAT" else b""
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(raw), dtype=np.uint8).reshape(4, 16)
    np.testing.assert_array_equal(lines[:, 1:].reshape(4, 5, 3), pixels)
    assert not lines[:, 0].any()


def test_attributes_are_escaped():
    assert element("a", "<", title='"') == '<a title="&quot;">&lt;</a>'


BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


@pytest.mark.skipif(BROWSER is None, reason="no browser: chromium is not installed here")
def test_a_browser_shows_all_of_it(tmp_path):
    page, picture = tmp_path / "report.html", tmp_path / "shot.png"
    page.write_text(report_page(content()), encoding="utf-8")
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,3000", f"--screenshot={picture}"),
        *("--dump-dom", page.as_uri()),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert picture.exists(), run.stderr[-2000:]
    assert "not injective" in run.stdout
    assert run.stdout.count("<figure>") == 9
    assert picture.stat().st_size > 20_000
