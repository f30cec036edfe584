"""Every kind of page as a real browser shows it: on a telephone, without a network, asking for nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape

import numpy as np
import pytest
from html_pages import write_all

import exactinj as xi
from exactinj.report.answer_page import answer_page
from exactinj.reporting.evidence import Subject
from exactinj.reporting.unfinished import unfinished_content
from exactinj.sweep import SweepPlan, read_results, run_sweep

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
PHONE = 360
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-quic")

# Looks into each page once all are loaded, and leaves in the outer one what was found.
MEASURE = """
window.onload = () => {
  const found = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, root = page.documentElement;
    const images = [...page.images];
    return { title: page.title, scroll: root.scrollWidth, shown: root.clientWidth, height: root.scrollHeight,
      asked: frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name),
      broken: images.filter(image => !image.complete || !image.naturalWidth).length,
      empty: [...page.querySelectorAll("svg[role=img]")].filter(svg => svg.getBoundingClientRect().height < 20).length,
      wide: [...page.querySelectorAll("svg[role=img], img")].filter(
        each => each.getBoundingClientRect().right > root.clientWidth).length,
      face: page.defaultView.getComputedStyle(page.body).backgroundColor };
  });
  document.body.textContent = JSON.stringify(found);
};
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no browser: chromium is not installed here"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page of every kind, the widest that there is of each."""
    folder = tmp_path_factory.mktemp("kinds")
    random = np.random.default_rng(0)
    layer = xi.ReLULayer(random.integers(-5, 6, (7, 2)).tolist(), b=random.integers(-3, 4, 7).tolist())
    run_sweep(SweepPlan(((2, 4), (2, 8), (3, 8)), samples=50), folder / "r.jsonl")
    alpha = xi.alpha_star(layer)
    results = {
        "certify": (xi.certify(layer), {}),
        "space": (xi.certify(random.integers(-5, 6, (9, 3)).tolist()), {}),
        "bars": (xi.certify(random.standard_normal((6, 200))), {}),
        "conv": (xi.certify(xi.ConvLayer(np.ones((1, 3, 3, 3)))), {}),
        "alpha": (alpha, {"estimate": xi.sample_alpha(layer, samples=100)}),
        "stability": (xi.stability(layer), {"data": xi.stability_on_data(layer, random.standard_normal((30, 2)))}),
        "sweep": (read_results(folder / "r.jsonl"), {}),
        "scan": (xi.scan(xi.DenseNetwork([([[1], [-1]], None, "relu"), ([[1, 1]], [-1], "relu")])), {}),
    }
    certificate = folder / f"{'a-long-name-without-any-place-to-break' * 4}.json"
    results["certify"][0].certificate.write(certificate)
    results["certify"][1].update(certificate=certificate, layer_file=f"{'longer' * 30}.json")
    for name, (result, options) in results.items():
        xi.write_report(result, folder / f"{name}.html", name=f"{name} {'x' * 90}", **options)
    stopped = {"domain": "R^n", "reason": "out of time inside one exact step", "layer": layer.summary}
    write_all(folder, {"stopped": answer_page(unfinished_content(Subject("l.npy"), "certify", stopped))})
    return sorted(folder.glob("*.html"))


def shown(folder, files, *options):
    """What the browser finds in each page, 360 pixels wide."""
    frames = "".join(f'<iframe src="{file.as_uri()}" width="{PHONE}" height="700"></iframe>' for file in files)
    outer = folder / "all.html"
    outer.write_text(f"<!DOCTYPE html><script>{MEASURE}</script><body>{frames}</body>")
    command = [BROWSER, *QUIET, *OFFLINE, *options, "--allow-file-access-from-files", "--enable-logging=stderr"]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom", outer.as_uri()]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Refused to" not in run.stderr
    assert "CONSOLE" not in run.stderr, run.stderr
    return json.loads(unescape(re.search(r"<body>(.*?)</body>", run.stdout, re.DOTALL)[1]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_on_a_telephone_without_a_network(pages, tmp_path, scheme):
    found = shown(tmp_path, pages, f"--blink-settings=preferredColorScheme={int(scheme == 'light')}")
    assert len(found) == len(pages)
    for file, seen in zip(pages, found, strict=True):
        assert seen["title"], file.name
        assert seen["height"] > 400, file.name
        assert seen["scroll"] <= seen["shown"] <= PHONE, (file.name, seen)
        assert (seen["asked"], seen["broken"], seen["empty"], seen["wide"]) == ([], 0, 0, 0), (file.name, seen)
        assert seen["face"] == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 31)"}[scheme]
