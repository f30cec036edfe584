"""``exactinj gaussian thresholds``: from which ratio m / n on a random layer is injective, by every theory."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs, add_output_options
from exactinj.cli.output import show, show_json
from exactinj.cli.table import table

if TYPE_CHECKING:
    from exactinj.gaussian.thresholds import LimitEnergies, Threshold

__all__ = ["add", "run"]


def add(commands: Verbs) -> None:
    """Describe the subcommand and its options."""
    command = commands.add_parser(
        "thresholds",
        help="limits of the ratio m / n: theorems, conjectures and what is refuted",
        description="Gaussian layers with m rows and n inputs, n to infinity: bounds on the ratio m / n from which on "
        "they are injective, proved or conjectured, and ground-state energies at given ratios, in floats.",
    )
    command.add_argument(
        "--k", type=int, default=50, metavar="N", help="steps for full replica symmetry breaking (default 50)"
    )
    command.add_argument(
        "--ratio",
        type=float,
        action="append",
        default=[],
        metavar="RATIO",
        help="instead: the fewest active rows, divided by n, at this ratio m / n; may be given several times",
    )
    add_output_options(command)


def run(options: argparse.Namespace) -> int:
    """Exit status 0."""
    from exactinj.gaussian.thresholds import energies, thresholds

    if options.ratio:
        found = [energies(ratio, options.k) for ratio in options.ratio]
        document: dict[str, object] = {"k": options.k, "energies": [entry.to_json() for entry in found]}
        text = _energies(found)
    else:
        listed = thresholds(options.k)
        document = {"k": options.k, "thresholds": [threshold.to_json() for threshold in listed]}
        text = _thresholds(listed)
    if options.json:
        show_json(document)
    elif not options.quiet:
        show("\n".join(text))
    return exit_status.OK


def _thresholds(listed: list[Threshold]) -> list[str]:
    rows = [[f"{entry.value:.4f}", entry.status.value, entry.name, entry.source] for entry in listed]
    statements = [f"  {entry.name}: {entry.statement}" for entry in listed]
    return [
        "layers with m rows and n inputs, standard normal weights, no bias, n to infinity; p is P(injective)",
        *table(["m / n", "status", "name", "source"], rows),
        *statements,
    ]


def _energies(found: list[LimitEnergies]) -> list[str]:
    rows = [
        [f"{entry.ratio:g}", *(f"{value:.6f}" for value in (entry.replica_symmetric, entry.one_step, entry.full))]
        for entry in found
    ]
    return [
        "fewest active rows of any input, divided by n, for n to infinity: below 1 a layer is not injective",
        *table(["m / n", "at least (theorem)", "1 step (conjecture)", "full (conjecture)"], rows),
    ]
