"""``exactinj gaussian energy``: the fewest active rows anywhere, exactly, for small Gaussian layers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs, add_output_options, numbers_of
from exactinj.cli.gaussian_options import watched
from exactinj.cli.output import show, show_json
from exactinj.cli.table import table

if TYPE_CHECKING:
    from exactinj.gaussian import Energies

__all__ = ["add", "run"]


def add(subcommands: Verbs) -> None:
    """Describe the subcommand and its options."""
    parser = subcommands.add_parser(
        "energy",
        help="ground states: the fewest rows active anywhere, divided by n",
        description="The smallest number of active rows over all inputs, exactly for each layer; its mean over layers, "
        "divided by n, is an estimate. A layer is injective where it is at least n.",
    )
    parser.add_argument("--n", type=int, required=True, metavar="N", help="inputs, up to 5 or 6")
    parser.add_argument("--m", required=True, metavar="RANGE", help="rows: 20, 18,20 or 12:24:2")
    parser.add_argument("--trials", type=int, default=100, metavar="N", help="layers of each shape (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="(default 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    add_output_options(parser)


def run(options: argparse.Namespace) -> int:
    """Exit status 0."""
    from exactinj.gaussian import estimate_energy

    found = []
    with watched(options) as report:
        for m in numbers_of("--m", options.m):
            report(f"m = {m}")
            found.append(estimate_energy(options.n, m, trials=options.trials, seed=options.seed, jobs=options.jobs))
    if options.json:
        show_json({"seed": options.seed, "energies": [energies.to_json() for energies in found]})
    elif not options.quiet:
        head = ["m", "m/n", "mean of fewest active / n", "standard error", "injective", "layers by fewest active"]
        lines = [
            f"Gaussian layers with n = {options.n}; the fewest active rows of each are exact, their mean an estimate"
        ]
        show("\n".join(lines + table(head, [_row(energies) for energies in found])))
    return exit_status.OK


def _row(energies: Energies) -> list[str]:
    numbers = [f"{energies.m / energies.n:.2f}", f"{energies.mean:.4f}", f"{energies.standard_error:.4f}"]
    histogram = ", ".join(f"{value}: {number}" for value, number in energies.histogram.items())
    return [str(energies.m), *numbers, f"{energies.injective} of {energies.trials}", histogram]
