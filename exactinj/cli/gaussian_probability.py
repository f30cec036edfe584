"""``exactinj gaussian probability``: how likely a random layer of one shape is injective."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs, add_output_options, numbers_of, shard_of
from exactinj.cli.gaussian_options import add_ensemble, add_trials, ensemble_of, probability_text, watched
from exactinj.cli.output import show, show_json
from exactinj.cli.table import table

if TYPE_CHECKING:
    from fractions import Fraction

    from exactinj.gaussian import Counts, Ensemble

__all__ = ["add", "run"]

LONGEST = 24  # of a rational that is shown as it is
PLANE = 2


def add(subcommands: Verbs) -> None:
    """Describe the subcommand and its options."""
    parser = subcommands.add_parser(
        "probability",
        help="the probability that a layer of one shape is injective, with its 95 %% interval",
        description="Draw layers, decide each exactly, count. Layers not decided in time count at both ends of the "
        "interval. What is known in closed form stands beside it.",
    )
    parser.add_argument("--n", type=int, required=True, metavar="N", help="inputs")
    parser.add_argument(
        "--m", required=True, metavar="RANGE", help="rows: 20, 18,20 or 12:24:2; shares of the same rows"
    )
    add_ensemble(parser)
    add_trials(parser, 1000)
    parser.add_argument("--shard", default="1/1", metavar="i/N", help="only the i-th of N parts, 1 <= i <= N")
    parser.add_argument("--out", metavar="FILE", help="keep verdicts as JSON lines; finished layers in it are skipped")
    add_output_options(parser)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, also where some layers stay unknown: the counts say so."""
    from exactinj.gaussian import estimate_probability

    ensemble, shard = ensemble_of(options), shard_of(options.shard)
    with watched(options) as report:
        found = [
            estimate_probability(
                options.n,
                m,
                trials=options.trials,
                ensemble=ensemble,
                seed=options.seed,
                timeout=options.timeout,
                results_path=options.out,
                jobs=options.jobs,
                shard=shard,
                report=report,
            )
            for m in numbers_of("--m", options.m)
        ]
    if options.json:
        show_json(_document(options, ensemble, found))
    elif not options.quiet:
        show(_describe(options, ensemble, found))
    return exit_status.OK


def _document(options: argparse.Namespace, ensemble: Ensemble, found: list[Counts]) -> dict[str, object]:
    return {
        "entries": ensemble.entries,
        "bias": ensemble.bias,
        "domain": ensemble.domain,
        "seed": options.seed,
        "timeout": options.timeout,
        "shard": options.shard,
        "results": options.out,
        "points": [
            {
                **counts.to_json(),
                "estimate": {"share": counts.share if counts.decided else None, "interval": counts.interval()},
                "exact": {name: str(value) for name, value in _known(ensemble, counts).items()},
            }
            for counts in found
        ],
    }


def _known(ensemble: Ensemble, counts: Counts) -> dict[str, Fraction]:
    """What is known in closed form, by name."""
    from exactinj.gaussian import Ensemble, exact_probability, orthant_probability, probability_bounds

    n, m = counts.n, counts.m
    is_small = n <= PLANE
    if ensemble == Ensemble(domain="nonneg"):
        return {"probability": orthant_probability(n, m)} if is_small else {}
    if ensemble != Ensemble():
        return {}
    below, above = probability_bounds(n, m)
    return {"at_least": below, "at_most": above} | ({"probability": exact_probability(n, m)} if is_small else {})


def _describe(options: argparse.Namespace, ensemble: Ensemble, found: list[Counts]) -> str:
    lines = [f"{ensemble.text}; n = {options.n}, seed {options.seed}; each layer is decided exactly"]
    head = ["m", "layers", "injective", "not injective", "unknown", "share (95 % interval)", "known exactly"]
    return "\n".join(lines + table(head, [_row(ensemble, counts) for counts in found]))


def _row(ensemble: Ensemble, counts: Counts) -> list[str]:
    numbers = [counts.m, counts.trials, counts.injective, counts.not_injective, counts.unknown]
    known = _known(ensemble, counts)
    words = ""
    if "probability" in known:
        text, value = str(known["probability"]), float(known["probability"])
        words = f"{text} = {value:.4f}" if len(text) <= LONGEST else f"{value:.4f}"
    elif known:
        words = f"{float(known['at_least']):.3f} to {float(known['at_most']):.3f}"
    return [*map(str, numbers), probability_text(counts), words]
