"""``--report``: a page for every answer, also for none; refused early, named in the answer, never in its way."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest
from html_pages import read_page, text_of

from exactinj import api
from exactinj.cli import endings, main, supervise, supervised_verb
from exactinj.reporting import decisions
from exactinj.work.processes import CAN_FORK

posix = pytest.mark.skipif(not CAN_FORK, reason="needs fork")
SPLIT = [["1", "0"], ["0", "1"], ["-1", "-1"]]
SIGNALS = [[["1", "-1"]], [["-1", "1"]]]
VERBS = {
    "certify": ("certify", "layer.json"),
    "conv": ("conv", "kernels.json"),
    "alpha": ("alpha", "layer.json"),
    "hull": ("alpha", "layer.json", "--method", "hull"),
    "stability": ("stability", "layer.json"),
    "data": ("stability", "layer.json", "--data", "points.json", "--only-data"),
    "sweep": ("sweep", "--grid", "2x4,2x7", "--samples", "50", "--out", "r.jsonl"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("layer.json").write_text(json.dumps({"W": SPLIT}))
    Path("kernels.json").write_text(json.dumps({"kernels": SIGNALS}))
    Path("points.json").write_text("[[1, 2], [3, -1]]")
    return tmp_path


def ran(capfd, *arguments):
    status = main.main(arguments)
    out, err = capfd.readouterr()
    return status, out, err


def page():
    text = Path("page.html").read_text(encoding="utf-8")
    read_page(text)
    return text


@pytest.mark.parametrize("verb", VERBS)
def test_a_page_is_written_and_named(folder, capfd, verb):
    with_page = ran(capfd, *VERBS[verb], "--json", "--report", "page.html")
    document = json.loads(with_page[1])
    assert document.pop("report") == "page.html"
    text = page()
    assert {"layer.json", "kernels.json", "r.jsonl"} & {*text_of(text).split()}
    if verb == "certify":
        plain = ran(capfd, *VERBS[verb], "--json")
        assert with_page[0] == plain[0]
        assert "report" not in json.loads(plain[1])
        assert "report: page.html\n" in ran(capfd, *VERBS[verb], "--report", "page.html")[1]


def test_the_certificate_and_its_checks(folder, capfd):
    Path("proofs").mkdir()
    status, out, err = ran(
        capfd, "conv", "kernels.json", "--stride", "2", "--out", "proofs/c.json", "--report", "page.html"
    )
    assert (status, err) == (10, "")
    assert "certificate: proofs/c.json" in out
    text = page()
    assert 'href="proofs/c.json"' in text
    assert "exactinj check proofs/c.json</code>" in text
    assert "write what the options said" in text


def test_a_certificate_on_standard_output(folder, capfd):
    status, out, err = ran(capfd, "certify", "layer.json", "--out", "-", "--report", "page.html")
    assert status == 10
    assert json.loads(out)["claim"] == "not_injective"
    assert "report: page.html" in err
    assert "exactinj check CERTIFICATE layer.json" in text_of(page())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["page.txt", "page", "no-such-folder/page.html", "."])
def test_bad_names_are_refused_before_the_work(folder, capfd, monkeypatch, verb, name):
    monkeypatch.setattr(supervised_verb, "supervised", None)  # never called
    monkeypatch.setattr("exactinj.sweep.run_sweep", None)
    status, out, err = ran(capfd, *VERBS[verb], "--report", name)
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(f"exactinj: --report: found '{name}', expected a .html file in an existing folder")


@pytest.mark.parametrize("verb", ["certify", "hull"])
def test_a_full_disk_costs_the_page_only(folder, capfd, monkeypatch, verb):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    Path("page.html").write_text("old")
    monkeypatch.setattr("os.fsync", full)
    status, out, err = ran(capfd, *VERBS[verb], "--json", "--report", "page.html")
    document = json.loads(out)
    assert (status, document["report"], "layer" in document) == (3, None, True)
    assert err == "exactinj: --report: cannot write page.html: No space left on device; choose another place\n"
    assert Path("page.html").read_text() == "old"


@posix
def test_pictures_that_do_not_end_cost_the_pictures_only(folder, capfd, monkeypatch):
    monkeypatch.setattr(endings, "DRAWING", 1.0)
    monkeypatch.setattr(decisions, "wedge_map", lambda *_: time.sleep(100))
    status, out, err = ran(capfd, "certify", "layer.json", "--json", "--report", "page.html")
    assert (status, json.loads(out)["report"]) == (10, "page.html")
    assert err == "exactinj: --report: a page without pictures, as drawing them did not end within 1 s\n"
    assert "not injective" in text_of(page())


@posix
@pytest.mark.parametrize("verb", ["certify", "alpha", "stability"])
def test_killed_work_has_an_honest_page(folder, capfd, monkeypatch, verb):
    monkeypatch.setattr(supervise, "GRACE", 0.1)
    name = "alpha_star" if verb == "alpha" else verb
    monkeypatch.setattr(api, name, lambda *_, report, **__: report("row 1") or time.sleep(100))
    status, out, err = ran(capfd, *VERBS[verb], "--json", "--timeout", "2", "--report", "page.html")
    document = json.loads(out)
    assert (status, err, document["report"]) == (12, "", "page.html")
    text = text_of(page())
    assert "… stopped — out of time inside one exact step; last seen: row 1" in text
    assert "this page says nothing about the answer" in text
    assert document["layer"]["sha256"] in text


def test_work_without_memory_has_an_honest_page(folder, capfd, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(api, "certify", full)
    status, _, err = ran(capfd, *VERBS["certify"], "--report", "page.html")
    assert (status, err.count("\n")) == (12, 1)
    assert "out of memory; the layer is too large" in text_of(page())


def test_a_scan_that_was_stopped_keeps_its_layers(folder, capfd):
    from exactinj.report.answer_page import answer_page
    from exactinj.reporting.evidence import Subject
    from exactinj.reporting.unfinished import unfinished_content

    row = {"name": "fc1", "verdict": "injective", "reason": "every flat is refuted"}
    document = {"layers": [row], "network": {"reason": "out of time"}, "domain": "R^n", "seconds": 1.5}
    text = text_of(answer_page(unfinished_content(Subject("m.onnx"), "scan", document)))
    assert "Layers decided before" in text
    assert "fc1 injective every flat is refuted" in text
