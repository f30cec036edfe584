"""``exactinj gaussian``: random layers, how likely they are injective; one file a subcommand."""

from __future__ import annotations

import argparse
from importlib import import_module

from exactinj.cli.arguments import Verbs

__all__ = ["SUBCOMMANDS", "add", "run"]

SUBCOMMANDS = ("probability", "curve", "energy", "depth", "thresholds")


def add(verbs: Verbs) -> None:
    """Describe the verb and its subcommands."""
    verb = verbs.add_parser(
        "gaussian",
        help="random layers: how likely they are injective, from exact decisions",
        description="Layers with independent random weights, drawn and decided exactly: probabilities with intervals, "
        "where half of the layers are injective, ground states, deep networks; thresholds for large n.",
    )
    subcommands = verb.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name in SUBCOMMANDS:
        import_module(f"exactinj.cli.gaussian_{name}").add(subcommands)


def run(options: argparse.Namespace) -> int:
    """What the subcommand returns."""
    return int(import_module(f"exactinj.cli.gaussian_{options.subcommand}").run(options))
