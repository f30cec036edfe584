"""``exactinj about``: versions, for bug reports."""

from __future__ import annotations

import argparse

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs
from exactinj.cli.output import show, show_json

__all__ = ["add", "run"]


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "about",
        help="versions of exactinj and of what it runs on, for bug reports",
        description="Versions of exactinj and of what it runs on; where compiled code and the proved checker are.",
    )
    verb.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(options: argparse.Namespace) -> int:
    """Print what `exactinj.about` finds."""
    from exactinj.versions import about

    found = about()
    if options.json:
        show_json(found.to_json())
    else:
        show(found.text)
    return exit_status.OK
