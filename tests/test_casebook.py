"""The casebook: every case is recomputed, and its certificate checked from its own numbers."""

from __future__ import annotations

import json

import pytest

import exactinj as xi
from exactinj.casebook import all_cases, casebook_folder, find_case

CASES = {case.name: case for case in all_cases()}


@pytest.mark.parametrize("name", CASES)
def test_case_has_its_expected_answer(name):
    case = CASES[name]
    result = xi.certify(case.layer, domain=case.domain)
    assert result.verdict == case.expected
    outcome = xi.check(result.certificate, case.layer)
    assert outcome.valid, outcome.reason


def test_the_cases_that_were_asked_for_are_there():
    tags = {tag for case in CASES.values() for tag in case.tags}
    assert len(CASES) >= 20
    assert tags
    for name in ("octahedron", "icosahedron", "tetrahedron", "cube", "mercedes-benz", "iris-m8", "iris-m32"):
        assert name in CASES


@pytest.mark.parametrize("name", CASES)
def test_case_is_documented(name):
    case = CASES[name]
    for words in (case.title, case.statement, case.source, case.why, case.evidence):
        assert len(words) > 3
    assert name in (casebook_folder() / "README.md").read_text()


def test_unknown_cases_are_named(tmp_path, monkeypatch):
    with pytest.raises(xi.InputError, match="octahedron"):
        find_case("dodecahedron")
    (tmp_path / "odd.json").write_text(json.dumps({"name": "odd"}))
    monkeypatch.setattr("exactinj.casebook.casebook_folder", lambda: tmp_path)
    with pytest.raises(xi.InputError, match="expected the keys"):
        find_case("odd")
