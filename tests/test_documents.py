"""What the documents say is run: docstring examples, Python and commands of the pages; links lead somewhere."""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib
import importlib.util
import io
import json
import os
import pkgutil
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from command_copies import CAN_COPY

import exactinj
from exactinj.cli.main import VERBS, main

ROOT = Path(__file__).parent.parent
PAGES = [
    *("README.md", "CONTRIBUTING.md", "casebook/README.md", "benchmarks/README.md"),
    *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts),
]
BY_THE_SITE = ("docs/for/", "docs/how-to/", "docs/tutorials/")  # run by test_site.py, with their outputs
UNIMPORTED = ("__main__", "triton_marks")  # the latter is imported where Triton is, which is no dependency
MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(exactinj.__path__, "exactinj.")
    if not any(part in name for part in UNIMPORTED)
]


@pytest.mark.parametrize("name", ["exactinj", *MODULES])
def test_docstring_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def blocks(page, language):
    """What stands between the page's fences of a language, with its own indentation taken off."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for _, block in found]


def executed(page, folder, monkeypatch):
    """The names that the page's Python leaves, run block after block in an empty folder."""
    monkeypatch.chdir(folder)
    names = {}
    for code in blocks(page, "python"):
        exec(code, names)  # noqa: S102
    return names


def test_readme_python(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    names = executed("README.md", tmp_path, monkeypatch)
    assert names["result"].verdict == "not_injective"
    assert names["layer"].evaluate(names["x"]) == names["layer"].evaluate(names["y"])
    assert names["wider"].verdict == "injective"
    assert names["xi"].check(tmp_path / "proof.json", names["wider"].layer).valid


def test_python_page(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("matplotlib").use("Agg")
    names = executed("docs/python.md", tmp_path, monkeypatch)
    assert names["result"].verdict == "not_injective"
    assert [str(v) for v in (*names["x"], *names["y"])] == ["-3", "3", "-2", "4"]
    assert names["layer"].evaluate(names["x"]) == [0, 12, 0, 0] == names["layer"].evaluate(names["y"])
    assert [str(value) for value in names["alpha"].alpha] == ["0", "-sqrt(1/29)", "0", "-sqrt(1/29)"]
    assert [str(value) for value in names["hull"].alpha] == ["-sqrt(1/10)", "0", "0", "-sqrt(1/5)"]
    assert names["decided"].verdict == "injective"
    assert names["xi"].certify(names["padded"]).sizes.text == "every size N with N >= 2"
    assert names["xi"].count_wedges(names["layer"]) == 8
    assert names["xi"].certify(names["block"]).reason.startswith("all principal minors of I + AB are positive")
    assert names["xi"].certify(names["turned"]).witness is not None
    assert names["xi"].certify(names["turned"], domain=names["xi"].Ball(1)).verdict == "injective"


def test_the_engine_of_the_architecture_page(tmp_path, monkeypatch):
    names = executed("docs/architecture.md", tmp_path, monkeypatch)
    assert (names["result"].verdict, names["result"].engine) == ("not_injective", "silent-input")
    assert exactinj.check(names["result"].certificate).valid


def test_the_network_page(tmp_path, monkeypatch):
    for package in ("onnx", "torch"):
        pytest.importorskip(package)
    names = executed("docs/networks.md", tmp_path, monkeypatch)
    network = names["network"]
    assert str(network.evaluate(["1/3", 0]).fractions()) == "[Fraction(5, 12)]"
    assert network.agreement([0, 1], [0, 2]).equal
    assert names["scanned"].network.verdict == "not_injective"
    assert not names["projection"].is_generic
    assert (names["crossing"].verdict, names["kept"].verdict) == ("not_injective", "injective")
    (entry,) = names["checkpoint"].layers
    assert (entry.name, entry.kind, entry.batch_norm, entry.layer.stride) == ("0", "conv1d", "1", (2,))


def test_the_page_of_random_layers(tmp_path, monkeypatch, capsys):
    names = executed("docs/gaussian-finite.md", tmp_path, monkeypatch)
    assert capsys.readouterr().out == "29/64 80/11\nTrue\n"
    assert 0 < names["low"] < names["high"] < 1


def test_no_other_page_has_python_that_is_not_run():
    run = ["README.md", "docs/architecture.md", "docs/gaussian-finite.md", "docs/networks.md", "docs/python.md"]
    assert [page for page in PAGES if blocks(page, "python") and not page.startswith(BY_THE_SITE)] == run


@pytest.fixture
def program(tmp_path_factory, copies):
    """A folder for PATH with ``exactinj`` in it: what asks for a copy of a loaded interpreter, or starts one."""
    folder = tmp_path_factory.mktemp("bin")
    if CAN_COPY:
        with copies.program(folder):
            yield folder
    else:
        (folder / "exactinj").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m exactinj "$@"\n')
        (folder / "exactinj").chmod(0o755)
        yield folder


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "console")])
def test_commands_of_documents_print_what_the_page_says(page, program, tmp_path):
    """After ``$ command`` stands what is printed, and [status] where the exit status is not 0."""
    environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
    for block in blocks(page, "console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, expected = step.split("\n", 1)
            shell = ["sh", "-c", line]
            done = subprocess.run(
                shell, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
            )
            status = f"[{done.returncode}]\n" if done.returncode else ""
            assert done.stdout + done.stderr + status == expected.rstrip("\n") + "\n" * bool(expected.strip()), line


@pytest.mark.parametrize("page", PAGES)
def test_json_of_documents_is_json(page):
    for text in blocks(page, "json"):
        json.loads(text)


def test_every_option_is_on_the_page_of_the_command_line():
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for verb in VERBS:
        with contextlib.redirect_stdout(io.StringIO()) as shown, pytest.raises(SystemExit):
            main([verb, "--help"])
        assert f"| `{verb} " in page or f"| `{verb}` " in page
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", shown.getvalue())) - {"--help"}
        assert [option for option in sorted(options) if f"`{option}" not in page] == [], verb


@pytest.mark.parametrize("page", PAGES)
def test_files_and_folders_that_documents_name_exist(page):
    """Whatever stands in backticks and looks like a path: from the root, the package, or the page's own folder."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    places = [ROOT, ROOT / "exactinj", (ROOT / page).parent, (ROOT / page).parent / "make"]
    named = re.findall(r"`((?:[\w.-]+/)+|(?:[\w.-]+/)*\w+\.py)`", text)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_between_documents_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_readme_commands_stand_between_their_markers():
    text = (ROOT / "README.md").read_text()
    for marker in ("main-command", "test-command"):
        assert len(re.findall(rf"<!-- {marker} -->\n```\n(.+)\n```\n<!-- end -->", text)) == 1


SCRIPTS = [
    path
    for folder in ("docs", "benchmarks", "casebook/make")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "_build" not in path.parts
]


def test_scripts_import_what_there_is():
    """Names that were moved are noticed without running hours of figures and benchmarks."""
    missing = []
    for path in SCRIPTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("exactinj"):
                module = importlib.import_module(node.module)
                missing += [f"{path}: {alias.name}" for alias in node.names if not is_in(module, alias.name)]
    assert missing == []


def is_in(module, name):
    """Whether a module has a name, or a module of that name."""
    return hasattr(module, name) or importlib.util.find_spec(f"{module.__name__}.{name}") is not None
