"""``exactinj export``: the question about a layer in the language of other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from exactinj.cli import exit_status
from exactinj.cli.arguments import DOMAIN_HELP, Verbs, add_layer, seconds
from exactinj.cli.supervised_verb import Ending, Reporter, run_supervised

__all__ = ["add", "run"]


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "export",
        help="the question about a layer for SMT solvers and network verifiers",
        description="Write the question as SMT-LIB 2 or VNN-LIB 2.0; in both, 'sat' means NOT injective.",
    )
    add_layer(verb)
    form = verb.add_mutually_exclusive_group(required=True)
    form.add_argument("--smtlib", dest="format", action="store_const", const="smtlib", help="collision form, QF_LRA")
    form.add_argument("--vnnlib", dest="format", action="store_const", const="vnnlib", help="two-network form")
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP)
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="give up after so many seconds (status 12)")
    verb.add_argument("--out", metavar="FILE", help="write here instead of on stdout")
    verb.set_defaults(json=False, quiet=False)


def run(options: argparse.Namespace) -> int:
    """Write to the file `options.out`, or to stdout without one; exit status 0, or 12 out of time."""
    return run_supervised(options, lambda reporter: _export(options, reporter), lambda _: {})


def _export(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.domains import convex_domain
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.export import to_smtlib, to_vnnlib
    from exactinj.files.layer_files import read_layer
    from exactinj.work.atomic import replacing

    layer = read_layer(options.layer, file_format=options.layer_format)
    write = {"smtlib": to_smtlib, "vnnlib": to_vnnlib}[options.format]
    reporter.report("writing the question")
    text = write(layer, convex_domain(parse_domain(options.domain)))
    if options.out is None:
        return Ending(exit_status.OK, text, end="")
    with replacing(Path(options.out)) as stream:
        stream.write(text.encode())
    return Ending(exit_status.OK)
