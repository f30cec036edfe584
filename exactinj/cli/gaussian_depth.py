"""``exactinj gaussian depth``: random networks, layer by layer and as one map."""

from __future__ import annotations

import argparse

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs, add_output_options
from exactinj.cli.gaussian_options import add_trials, probability_text, watched
from exactinj.cli.output import show, show_json
from exactinj.cli.table import table
from exactinj.errors import InputError

__all__ = ["add", "run"]


def add(subcommands: Verbs) -> None:
    """Describe the subcommand and its options."""
    parser = subcommands.add_parser(
        "depth",
        help="random networks: all layers injective, or the network as one map",
        description="Chains of Gaussian layers without bias: how many have injective layers only, on all of space or "
        "on the orthant that they get, and how many are injective as a whole. Small sizes only.",
    )
    parser.add_argument(
        "--widths", required=True, metavar="N,M,...", help="inputs, then the rows of each layer: 2,8,16"
    )
    add_trials(parser, 100, "networks")
    add_output_options(parser)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, also where some networks stay unknown: the counts say so."""
    from exactinj.gaussian import estimate_depth

    with watched(options) as report:
        report(f"{options.trials} networks")
        found = estimate_depth(
            _widths(options.widths),
            trials=options.trials,
            seed=options.seed,
            timeout=options.timeout,
            jobs=options.jobs,
        )
    if options.json:
        show_json({"seed": options.seed, "timeout": options.timeout, **found.to_json()})
        return exit_status.OK
    names = [f"layer {k}: {counts.n} to {counts.m}" for k, counts in enumerate(found.layers, start=1)]
    rows = [*zip(names, found.layers, strict=True), ("all layers injective", found.layerwise)]
    rows += [("all injective where they are used", found.on_orthant), ("the network as one map", found.whole)]
    lines = [
        f"{options.trials:,} Gaussian networks with widths {', '.join(map(str, found.widths))}, each decided exactly"
    ]
    head = ["", "injective", "not injective", "unknown", "share (95 % interval)"]
    lines += table(
        head,
        [
            [name, *map(str, (counts.injective, counts.not_injective, counts.unknown)), probability_text(counts)]
            for name, counts in rows
        ],
    )
    low, high = found.product
    lines.append(f"  all layers injective, as a product of independent layers: {low:.3f} to {high:.3f}")
    if not options.quiet:
        show("\n".join(lines))
    return exit_status.OK


def _widths(text: str) -> list[int]:
    try:
        return [int(width) for width in text.split(",")]
    except ValueError:
        raise InputError(f"--widths: found {text!r}, expected numbers such as 2,8,16") from None
