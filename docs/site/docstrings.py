"""Docstrings on their way into pages: names in single backticks become links where they have a page, else code."""

from __future__ import annotations

import re
from typing import Any

from pages import KEY
from reference import targets

CODE = re.compile(r"``.*?``|(?<![`:\w])`([^`\n]+)`(?![`_\w])")
MARK = re.compile(
    r"\*(?=\w[^*\s]*(?:\s|[),.;:]|$))|(?<=\w)\*(?=\w)|\|"
)  # signs that reStructuredText would take for its own
ENTRY = re.compile(r"(\w+(?:, \w+)*) : (.*)")
RULE = re.compile(r"-{3,}$")


def set_up(app: object) -> None:
    """Have Sphinx hand each docstring over before it is read."""
    app.connect("autodoc-process-docstring", _rewritten, priority=1)  # type: ignore[attr-defined]


def _rewritten(*told: Any) -> None:
    """Sphinx tells its application, what it is, its name, the thing, options, and the lines, which change."""
    _, _, name, _, _, lines = told
    lines[:] = [_prose(line, name) for line in _with_examples(_with_lists(lines))]


def _prose(line: str, inside: str) -> str:
    """A line with its names linked and its stars and bars kept; examples are left alone."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    pieces, end = [], 0
    for code in CODE.finditer(line):
        pieces += [_escaped(line[end : code.start()]), _linked(code[1], inside) if code[1] else code[0]]
        end = code.end()
    return "".join([*pieces, _escaped(line[end:])])


def _escaped(words: str) -> str:
    return KEY.sub(r"`[\1] <../references.html#\1>`__", MARK.sub(lambda sign: f"\\{sign[0]}", words))


def _linked(words: str, inside: str) -> str:
    for candidate in (words, words.removeprefix("exactinj."), words.removesuffix("()")):
        target = targets().get(candidate)
        if target and target != inside:
            return f":py:obj:`{words} <{target}>`"
    return f"``{words}``"


def _with_lists(lines: list[str]) -> list[str]:
    """Lines ``name : words`` outside of all sections as a list."""
    made: list[str] = []
    in_section = in_list = False
    for line in lines:
        in_section = in_section or bool(RULE.match(line))
        entry = None if in_section else ENTRY.match(line)
        if entry:
            made += ["", f"* ``{entry[1]}``: {entry[2]}"]
        else:
            made.append(f"  {line.strip()}" if in_list and line.startswith(" ") else line)
        in_list = bool(entry) or (in_list and line.startswith(" "))
    return made


def _with_examples(lines: list[str]) -> list[str]:
    """Examples that follow a section without a headline of their own get one."""
    made: list[str] = []
    section = ""
    for k, line in enumerate(lines):
        if k + 1 < len(lines) and RULE.match(lines[k + 1]):
            section = line
        if line.startswith(">>>") and section not in ("", "Examples"):
            section = "Examples"
            made += ["Examples", "--------"]
        made.append(line)
    return made
