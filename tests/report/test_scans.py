"""From a scan to the page about it."""

from __future__ import annotations

import pytest

import exactinj as xi
from exactinj.cli.main import main
from exactinj.errors import InputError
from exactinj.reporting.scans import scan_content
from exactinj.work.verdict import Verdict


@pytest.fixture(scope="module")
def result():
    return xi.scan(xi.DenseNetwork([([[1], [-1]], None, "relu"), ([[1, 1]], [-1], "relu")]))


def test_the_page_says_what_the_scan_found(result):
    content = scan_content(result, "certificates/")
    assert [row.verdict for row in content.rows] == [row.verdict for row in result.layers]
    assert content.verdict is result.network.verdict is Verdict.NOT_INJECTIVE
    assert content.reason == result.network.reason
    assert next(step.name for step in content.steps) in result.graph.inputs
    marked = {step.verdict for step in content.steps if step.verdict is not None}
    assert marked == {row.verdict for row in result.layers}


def test_collisions_are_drawn_with_their_exact_numbers(result):
    pair = scan_content(result).pairs[0]
    assert list(pair.x) == result.network.witness.x.fractions()
    assert list(pair.y) == result.network.witness.y.fractions()
    assert pair.shape == result.network.witness.x.shape


def test_a_page_is_written_whole_or_not_at_all(result, tmp_path):
    xi.write_report(result, tmp_path / "page.html", certificate=tmp_path / "out")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "not injective" in page
    for bad in (tmp_path / "page.txt", tmp_path / "nosuch" / "page.html"):
        with pytest.raises(InputError):
            xi.write_report(result, bad)
        assert not bad.exists()


def test_the_verb_refuses_a_bad_place_before_the_work(capsys):
    assert main(["scan", "nosuch.onnx", "--report", "page.txt"]) == 3
    assert "--report: found 'page.txt', expected a .html file" in capsys.readouterr().err
