"""The checker in one file: made of the modules as they are, and in agreement with them on every fixture."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path

import pytest

from exactinj import checker
from exactinj.checker.assemble import FOLDER, PARTS, assembled

FIXTURES = sorted(path for path in (Path(__file__).parent / "fixtures").rglob("*") if path.suffix == ".json")


@pytest.fixture(scope="module")
def alone():
    """The one file as a module of its own."""
    spec = importlib.util.spec_from_file_location("lone_checker", FOLDER / "checker.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def outcome(module, data):
    try:
        result = module.check_stream(io.BytesIO(data))
    except module.Unreadable as error:
        return "unreadable", str(error)
    return result.valid, result.claim, result.reason, result.fault and result.fault.value


def test_the_one_file_is_current():
    found = (FOLDER / "checker.py").read_text()
    assert found == assembled(), "run python -m exactinj.checker.assemble"


def test_every_module_is_a_part():
    apart = {"__init__", "rules/__init__", "reading/__init__", "files/__init__", "assemble", "checker"}
    modules = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.py")}
    assert modules == {*PARTS, *apart}


def test_both_say_the_same_of_every_fixture(alone):
    assert len(FIXTURES) > 300
    for path in FIXTURES:
        data = path.read_bytes()
        assert outcome(alone, data) == outcome(checker, data), path


def test_what_is_rejected_has_a_reason():
    for path in FIXTURES:
        name = path.parent.name
        found = outcome(checker, path.read_bytes())
        if name == "incorrect":
            assert found[0] is False, path
            assert checker.Reason(found[-1]) is not None
        elif name == "correct":
            assert (found[0], found[-1]) == (True, None), path
        else:
            assert found[0] == "unreadable", path
