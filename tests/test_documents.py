"""What the documents say is run: docstring examples, the README's Python, the links."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

import exactinj

ROOT = Path(__file__).parent.parent
MODULES = [name for _, name, _ in pkgutil.walk_packages(exactinj.__path__, "exactinj.") if "__main__" not in name]


@pytest.mark.parametrize("name", ["exactinj", *MODULES])
def test_docstring_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_readme_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text()
    names = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(code, names)  # noqa: S102
    assert names["result"].verdict == "not_injective"
    assert [str(v) for v in (*names["x"], *names["y"])] == ["-3", "3", "-2", "4"]
    assert names["layer"].evaluate(names["x"]) == [0, 12, 0, 0] == names["layer"].evaluate(names["y"])
    assert [str(value) for value in names["alpha"].alpha] == ["0", "-sqrt(1/29)", "0", "-sqrt(1/29)"]
    assert [str(value) for value in names["hull"].alpha] == ["-sqrt(1/10)", "0", "0", "-sqrt(1/5)"]
    assert names["decided"].verdict == "injective"


def test_the_engine_of_the_architecture_page():
    text = (ROOT / "docs" / "architecture.md").read_text()
    (code,) = re.findall(r"  ```python\n(.*?)```", text, re.DOTALL)
    names = {}
    exec(textwrap.dedent(code), names)  # noqa: S102
    assert (names["result"].verdict, names["result"].engine) == ("not_injective", "silent-input")
    assert exactinj.check(names["result"].certificate).valid


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md"))]
)
def test_links_between_documents_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_readme_commands_stand_between_their_markers():
    text = (ROOT / "README.md").read_text()
    for marker in ("main-command", "test-command"):
        assert len(re.findall(rf"<!-- {marker} -->\n```\n(.+)\n```\n<!-- end -->", text)) == 1
