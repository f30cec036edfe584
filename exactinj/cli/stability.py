"""``exactinj stability``: how much a layer shrinks and stretches distances, enclosed."""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import DOMAIN_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.output import refuse_bad_output
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, ending_with_certificate, run_supervised
from exactinj.cli.table import table
from exactinj.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.lipschitz.answer import Stability
    from exactinj.lipschitz.enclosed import Bounds

__all__ = ["add", "run"]

LONGEST = 12  # of a rational that is shown as it is
MOST_ROWS = 12


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "stability",
        help="certified bounds of both Lipschitz constants of a layer",
        description="Enclose the lower and the upper Lipschitz constant of x -> ReLU(Wx + b) on a convex domain: every "
        "end is proved in rational arithmetic. Bounds of the literature stand beside them.",
    )
    add_layer(verb)
    verb.add_argument("--domain", metavar="DOMAIN", help=DOMAIN_HELP.replace("injectivity is asked", "distances are"))
    verb.add_argument(
        "--tolerance", default="1/1000", metavar="NUMBER", help="relative width of the enclosures (default 1/1000)"
    )
    verb.add_argument(
        "--pairs",
        type=int,
        metavar="NODES",
        help="of a search over pairs of cells for the lower constant (default 3000 for n <= 2, 0 for more inputs)",
    )
    verb.add_argument("--seed", type=int, default=0, help="of random starting points (default 0)")
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="stop after so many seconds (status 12)")
    verb.add_argument("--out", metavar="FILE", help="write the certificate here (.json, .json.gz, -)")
    verb.set_defaults(plot=None)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, or 12 if the time did not suffice for both enclosures."""
    refuse_bad_output(options)

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {
            "sigma_min_squared": None,
            "lower_lipschitz": None,
            "upper_lipschitz_squared": None,
            "domain": options.domain,
            "complete": False,
            "layer": end.facts.get("layer"),
            "reason": end.reason,
        }

    return run_supervised(options, lambda reporter: _work(options, reporter), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import stability
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.layer_files import read_layer

    domain = None if options.domain is None else parse_domain(options.domain)
    layer = read_layer(options.layer, file_format=options.layer_format)
    reporter.remember(layer={"m": layer.m, "n": layer.n, "sha256": layer.digest})
    found = stability(
        layer,
        domain=domain,
        tolerance=options.tolerance,
        seed=options.seed,
        pairs=options.pairs,
        timeout=reporter.seconds_left,
        report=reporter.report,
    )
    status = exit_status.OK if found.complete else exit_status.OUT_OF_BUDGET

    def describe(written: str | None, _: str | None) -> str:
        if options.json:
            return json.dumps(found.to_json(written), indent=1)
        return "" if options.quiet else _described(options.layer, found, written)

    return ending_with_certificate(options, status, found.certificate, describe, draw=_no_picture, reporter=reporter)


def _no_picture() -> Figure:
    raise InputError("no picture of stability")


def _described(name: str, found: Stability, written: str | None) -> str:
    from exactinj.exact.surd import root_above, root_below

    layer, (low, high) = found.layer, found.lower_lipschitz
    lines = [f"{name}: stability on {found.domain.text}, m = {layer.m} rows, n = {layer.n}"]
    top = found.upper_lipschitz_squared
    kappa = "exactly" if low == high else "proved"
    roots = [f"{root_below(top.at_least):.6g}", f"{root_above(top.at_most):.6g}"]
    rows = [
        ["lower Lipschitz constant", f"{float(low):.6g}", f"{float(high):.6g}", kappa],
        ["upper Lipschitz constant", *roots, _kind(top)],
        ["A, least sigma_min^2 of a cell", *_ends(found.sigma_min_squared), _kind(found.sigma_min_squared)],
        ["frame bound A of the rows", *_ends_of(found.frame.lower), ""],
        ["frame bound B of the rows", *_ends_of(found.frame.upper), "tight" if found.frame.is_tight else ""],
    ]
    lines += table(["", "at least", "at most", ""], rows)
    published = ["beyond floats" if value is None else f"{value:.4g}" for value in found.published.to_json().values()]
    lines.append(
        "published: slides kappa >= {}, thesis kappa >= {}, adjacent wedges {}, operator norm {}".format(*published)
    )
    active = found.smallest.active
    shown = " ".join(map(str, active[:MOST_ROWS]))
    shown += f" ... {len(active) - MOST_ROWS} more" if len(active) > MOST_ROWS else ""
    lines.append(f"the cell of A has the active rows {shown or 'none'}")
    if not found.sigma_min_squared.at_most:
        lines.append("these do not span: the layer is not injective there (exactinj certify shows a pair)")
    lines.append(f"  {found.nodes:,} nodes, {found.seconds:.2f} s")
    if written is not None:
        lines.append(f"certificate: {written}  (exactinj check {written} {name})")
    if not found.complete:
        lines.append(
            "out of time: the outer ends are what opposite rows say; give a longer --timeout or a larger --tolerance"
        )
    return "\n".join(lines)


def _kind(bounds: Bounds) -> str:
    return "exactly" if bounds.is_exact else "proved"


def _ends(bounds: Bounds) -> list[str]:
    return _ends_of((bounds.at_least, bounds.at_most))


def _ends_of(ends: tuple[Fraction, Fraction]) -> list[str]:
    from exactinj.exact.numbers import nearest_float

    return [str(end) if len(str(end)) <= LONGEST else f"{nearest_float(end):.6g}" for end in ends]
