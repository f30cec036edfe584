"""``exactinj casebook``: the arguments; `exactinj.cli.cases` does the work."""

from __future__ import annotations

import argparse

from exactinj.cli.arguments import Verbs, add_output_options

__all__ = ["add", "run"]


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "casebook",
        help="the collection of interesting layers with known answers",
        description="List the cases, show one, or recompute one or all of them.",
    )
    verb.add_argument("action", choices=("list", "show", "run"))
    verb.add_argument("name", metavar="NAME", nargs="?", help="a case; without it, run takes all")
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, or 1 if a recomputed case has the wrong answer."""
    from exactinj.cli import cases

    return {"list": cases.list_cases, "show": cases.show_case, "run": cases.recompute}[options.action](options)
