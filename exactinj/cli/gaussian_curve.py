"""``exactinj gaussian curve``: at how many rows half of the layers are injective, for several n."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs, add_output_options, numbers_of
from exactinj.cli.gaussian_options import add_ensemble, add_trials, ensemble_of, watched
from exactinj.cli.output import show, show_json
from exactinj.cli.table import table

if TYPE_CHECKING:
    from exactinj.gaussian import Approach, Ensemble, HalfPoint

__all__ = ["add", "run"]


def add(subcommands: Verbs) -> None:
    """Describe the subcommand and its options."""
    parser = subcommands.add_parser(
        "curve",
        help="half-points: the m at which half of the layers are injective, with 95 %% intervals",
        description="For each n the m at which the probability reaches 1/2, on a straight line between two m. Rows "
        "are added until they are an injective layer; the interval is that of a median, without a model.",
    )
    parser.add_argument("--n", default="2:6", metavar="RANGE", help="dimensions: 5, 2,3,4 or 2:8 (default 2:6)")
    parser.add_argument("--start", metavar="M,...", help="the rows to begin with, one number for each n")
    add_ensemble(parser)
    add_trials(parser, 1000, "sequences of rows for each n")
    parser.add_argument("--out", metavar="FILE", help="keep verdicts as JSON lines; finished layers in it are skipped")
    add_output_options(parser)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, also where an end of an interval stays open."""
    from exactinj.errors import InputError
    from exactinj.gaussian import find_half_point

    ensemble, dimensions = ensemble_of(options), numbers_of("--n", options.n)
    starts = numbers_of("--start", options.start) if options.start else [None] * len(dimensions)
    if len(starts) != len(dimensions):
        raise InputError(
            f"--start: found {len(starts)} numbers for {len(dimensions)} dimensions, expected one for each"
        )
    with watched(options) as report:
        found = [
            find_half_point(
                n,
                trials=options.trials,
                ensemble=ensemble,
                seed=options.seed,
                start=start,
                timeout=options.timeout,
                results_path=options.out,
                jobs=options.jobs,
                report=report,
            )
            for n, start in zip(dimensions, starts, strict=True)
        ]
    fits = _fits(found)
    if options.json:
        show_json(_document(options, ensemble, found, fits))
    elif not options.quiet:
        show(_describe(options, ensemble, found, fits))
    return exit_status.OK


def _fits(found: list[HalfPoint]) -> list[Approach]:
    """Every form that the points are enough for."""
    from exactinj.errors import InputError
    from exactinj.gaussian import FORMS, extrapolate

    fits = []
    for form in FORMS:
        try:
            fits.append(extrapolate(found, form))
        except InputError:
            continue
    return fits


def _document(
    options: argparse.Namespace, ensemble: Ensemble, found: list[HalfPoint], fits: list[Approach]
) -> dict[str, object]:
    return {
        "entries": ensemble.entries,
        "bias": ensemble.bias,
        "domain": ensemble.domain,
        "seed": options.seed,
        "trials": options.trials,
        "timeout": options.timeout,
        "half_points": [point.to_json() for point in found],
        "extrapolations": [fit.to_json() for fit in fits],
    }


def _describe(options: argparse.Namespace, ensemble: Ensemble, found: list[HalfPoint], fits: list[Approach]) -> str:
    from exactinj.gaussian import CONJECTURED

    lines = [f"{ensemble.text}; {options.trials:,} sequences of rows for each n, each layer decided exactly"]
    lines += table(["n", "half-point", "95 % interval", "half-point / n", "shares"], [_row(point) for point in found])
    if fits:
        lines.append(
            f"half-point / n, extrapolated to large n (the conjectured threshold of Gaussian layers is {CONJECTURED}):"
        )
    for fit in fits:
        quality = f"chi^2 {fit.chi_square:.1f} for {fit.freedom}"
        lines.append(f"  in {fit.form}: {fit.limit:.2f} +- {fit.standard_error:.2f} ({quality})")
    return "\n".join(lines)


def _row(point: HalfPoint) -> list[str]:
    ends = ["open" if end is None else f"{end:.2f}" for end in (point.low, point.high)]
    estimate = (
        ["unknown", ""] if point.estimate is None else [f"{point.estimate:.2f}", f"{point.estimate / point.n:.3f}"]
    )
    shares = ", ".join(f"{counts.share:.3f} at {counts.m}" for counts in point.points if 0 < counts.share < 1)
    return [str(point.n), estimate[0], " to ".join(ends), estimate[1], shares]
