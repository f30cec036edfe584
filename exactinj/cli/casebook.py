"""``exactinj casebook``: list, show and recompute the cases."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap

from exactinj.api import alpha_star, certify, check, hull_bias
from exactinj.casebook import Case, KnownBias, all_cases, find_case
from exactinj.cli import exit_status
from exactinj.cli.progress import ProgressLine
from exactinj.errors import InputError

__all__ = ["run"]

LONGEST_NUMBER = 24
WORDS = ("name", "title", "statement", "source", "why", "expected", "evidence")


def run(options: argparse.Namespace) -> int:
    """Exit status 0, or 1 if a recomputed case has the wrong answer."""
    if options.action == "list":
        return _list(options)
    if options.action == "show":
        return _show(options)
    return _recompute(options)


def _list(options: argparse.Namespace) -> int:
    cases = all_cases()
    if options.json:
        rows = [{"name": case.name, "title": case.title, "expected": case.expected} for case in cases]
        print(json.dumps(rows, indent=1))
        return exit_status.OK
    width = max(len(case.name) for case in cases)
    for case in cases:
        size = f"{case.layer.m}x{case.layer.n}"
        print(f"{case.name:{width}}  {size:>7}  {case.expected:13}  {case.title}")
    return exit_status.OK


def _show(options: argparse.Namespace) -> int:
    if options.name is None:
        raise InputError("found no case name, expected: exactinj casebook show NAME")
    case = find_case(options.name)
    bias = [text for (text,) in case.layer.b.texts()]
    if options.json:
        words = {key: getattr(case, key) for key in WORDS}
        biases = [
            {"method": known.method, "domain": known.domain.text, "alpha": [str(value) for value in known.alpha]}
            for known in case.biases
        ]
        layer = {"W": list(case.layer.W.texts()), "b": bias}
        print(
            json.dumps(
                {**words, "domain": case.domain.text, "tags": case.tags, "layer": layer, "biases": biases}, indent=1
            )
        )
        return exit_status.OK
    print(f"{case.name}: {case.title}")
    print(f"m = {case.layer.m}, n = {case.layer.n}, domain {case.domain.text}, expected {case.expected}\n")
    paragraphs = (case.statement, f"Why: {case.why}", f"Known by: {case.evidence}", f"Source: {case.source}")
    for paragraph in paragraphs:
        print(textwrap.fill(paragraph, width=100) + "\n")
    for known in case.biases:
        values = ", ".join(map(str, known.alpha))
        print(textwrap.fill(f"bias alpha, method {known.method}, on {known.domain.text}: {values}", width=100) + "\n")
    for row, offset in zip(case.layer.W.texts(), bias, strict=True):
        print("  [" + ", ".join(_short(text) for text in row) + f"]  b = {_short(offset)}")
    return exit_status.OK


def _recompute(options: argparse.Namespace) -> int:
    cases = all_cases() if options.name is None else [find_case(options.name)]
    line = ProgressLine(enabled=not options.quiet)
    rows = []
    for case in cases:
        line.show(case.name)
        rows.append(_recompute_case(case))
        line.clear()
        if not options.json and not options.quiet:
            print(_row_text(rows[-1]))
    wrong = [row for row in rows if not row["right"]]
    if options.json:
        print(json.dumps(rows, indent=1))
    elif not options.quiet:
        print(f"{len(rows) - len(wrong)} of {len(rows)} cases have the expected answer and a certificate that checks")
    if wrong:
        print(f"exactinj: wrong: {', '.join(str(row['name']) for row in wrong)}; please report this", file=sys.stderr)
    return exit_status.CRASH if wrong else exit_status.OK


def _recompute_case(case: Case) -> dict[str, object]:
    result = certify(case.layer, domain=case.domain)
    accepted = result.certificate is not None and check(result.certificate, case.layer).valid
    biases = all(_bias_is_right(case, known) for known in case.biases)
    return {
        "name": case.name,
        "expected": case.expected,
        "verdict": str(result.verdict),
        "certificate_valid": accepted,
        "biases_right": biases if case.biases else None,
        "right": result.verdict == case.expected and accepted and biases,
        "nodes": result.stats.nodes,
        "seconds": round(result.stats.seconds, 4),
    }


def _bias_is_right(case: Case, known: KnownBias) -> bool:
    if known.method == "hull":
        return hull_bias(case.layer, domain=known.domain).alpha == known.alpha
    exact = alpha_star(case.layer, domain=known.domain)
    return exact.alpha == known.alpha and exact.certificate is not None and check(exact.certificate, case.layer).valid


def _row_text(row: dict[str, object]) -> str:
    mark = "ok   " if row["right"] else "WRONG"
    return f"{mark} {row['name']!s:42} {row['verdict']!s:14} {row['nodes']:>7} nodes {row['seconds']:>9.4f} s"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NUMBER else f"{text[:10]}...({len(text)} characters)"
