"""``exactinj stability``: how much a layer shrinks and stretches distances, enclosed."""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import DOMAIN_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.endings import Files, ending_with_certificate, ending_with_files, files_field, files_lines
from exactinj.cli.figure_files import add_plot, refuse_bad_picture
from exactinj.cli.output import refuse_bad_output
from exactinj.cli.report_files import add_report, refuse_bad_report, subject_of
from exactinj.cli.stability_data import data_block, document_of_data
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.cli.table import table
from exactinj.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.layers.dense import ReLULayer
    from exactinj.lipschitz.answer import Stability
    from exactinj.lipschitz.enclosed import Bounds
    from exactinj.lipschitz.on_data import DataStability
    from exactinj.report.answer import AnswerContent
    from exactinj.reporting.evidence import Setting

__all__ = ["add", "run"]

LONGEST = 12  # of a rational that is shown as it is
MOST_ROWS = 12
PLANE = 2
HISTOGRAM, MAP = (7.0, 4.2), (6.4, 6.0)  # inches


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "stability",
        help="certified bounds of both Lipschitz constants of a layer",
        description="Enclose the lower and the upper Lipschitz constant of x -> ReLU(Wx + b) on a convex domain: every "
        "end is proved in rational arithmetic. Bounds of the literature stand beside them. With --data also the "
        "singular values of the active rows at points, which are estimates, and the bounds that these prove.",
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
    verb.add_argument("--data", metavar="FILE", help="points (k, n) as .npy, .json or .csv: singular values there")
    verb.add_argument("--only-data", action="store_true", help="of --data: no search over the domain, for large n")
    add_plot(verb, "the cells by their smallest singular value (n = 2), or with --data the histograms")
    add_report(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, or 12 if the time did not suffice for both enclosures."""
    refuse_bad_output(options)
    refuse_bad_picture(options.plot)
    refuse_bad_report(options.report)
    if options.only_data and options.data is None:
        raise InputError("--only-data: found no --data FILE, expected one")
    if options.only_data and options.out is not None:
        raise InputError("--only-data: found --out, expected none; only the search over the domain has a certificate")

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {
            "sigma_min_squared": None,
            "lower_lipschitz": None,
            "upper_lipschitz_squared": None,
            "domain": options.domain,
            "complete": False,
            "layer": end.facts.get("layer"),
            "reason": end.reason,
            **({} if options.data is None else {"data": end.facts.get("data")}),
            **files_field(options, Files()),
        }

    return run_supervised(options, lambda reporter: _work(options, reporter), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import stability, stability_on_data
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.layer_files import read_layer

    domain = None if options.domain is None else parse_domain(options.domain)
    layer = read_layer(options.layer, file_format=options.layer_format)
    reporter.remember(layer={"m": layer.m, "n": layer.n, "sha256": layer.digest})
    if options.plot is not None and options.data is None and layer.n != PLANE:
        raise InputError(f"--plot: found n = {layer.n} without --data, expected n = {PLANE}, or points for histograms")
    sample = None
    if options.data is not None:
        sample = stability_on_data(layer, options.data, domain=domain, report=reporter.report)
        reporter.remember(data=sample.to_json())
        if options.only_data:
            return _ending_of_data(options, sample, reporter)
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

    def describe(files: Files) -> str:
        if options.json:
            data = {} if sample is None else {"data": sample.to_json()}
            return json.dumps({**found.to_json(files.certificate), **data, **files_field(options, files)}, indent=1)
        if options.quiet:
            return ""
        data_lines = [] if sample is None else data_block(options.data, sample)
        return "\n".join([_described(options.layer, found, files.certificate), *data_lines, *files_lines(files)])

    def draw() -> Figure:
        return _cells(layer, found) if sample is None else _histograms(sample, found)

    def page(setting: Setting) -> AnswerContent:
        from exactinj.reporting.stability import stability_content

        return stability_content(found, subject_of(options), setting, data=sample)

    return ending_with_certificate(
        options, status, found.certificate, describe, draw=draw, page=page, reporter=reporter
    )


def _ending_of_data(options: argparse.Namespace, sample: DataStability, reporter: Reporter) -> Ending:
    """What the data alone prove."""

    def ending(files: Files) -> Ending:
        if options.json:
            document = {**document_of_data(sample), **files_field(options, files)}
            return Ending(exit_status.OK, json.dumps(document, indent=1))
        if options.quiet:
            return Ending(exit_status.OK, "")
        layer = sample.layer
        head = (
            f"{options.layer}: data only, domain {sample.domain.text} not searched, m = {layer.m} rows, n = {layer.n}"
        )
        return Ending(exit_status.OK, "\n".join([head, *data_block(options.data, sample), *files_lines(files)]))

    def page(setting: Setting) -> AnswerContent:  # noqa: ARG001 (no certificate, and nothing that takes long)
        from exactinj.reporting.stability import data_content

        return data_content(sample, subject_of(options))

    return ending_with_files(options, ending, reporter, draw=lambda: _histograms(sample, None), page=page)


def _histograms(sample: DataStability, found: Stability | None) -> Figure:
    from matplotlib.figure import Figure as NewFigure

    from exactinj.plotting import plot_singular_values

    figure = NewFigure(figsize=HISTOGRAM, layout="constrained")
    plot_singular_values(sample, figure.add_subplot(), enclosed=found)
    return figure


def _cells(layer: ReLULayer, found: Stability) -> Figure:
    from matplotlib.figure import Figure as NewFigure

    from exactinj.plotting import plot_stability

    figure = NewFigure(figsize=MAP, layout="constrained")
    plot_stability(layer, figure.add_subplot(), domain=found.domain)
    return figure


def _described(name: str, found: Stability, written: str | None) -> str:
    from exactinj.exact.short import rounded_out
    from exactinj.exact.surd import root_above, root_below

    layer, (low, high), zero = found.layer, found.lower_lipschitz, Fraction(0)
    lines = [f"{name}: stability on {found.domain.text}, m = {layer.m} rows, n = {layer.n}"]
    top = found.upper_lipschitz_squared
    kappa = "exactly" if low == high else "proved"
    roots = [rounded_out(root_below(top.at_least)), rounded_out(root_above(top.at_most), up=True)]
    ends = [rounded_out(root_below(low.square or zero)), rounded_out(root_above(high.square or zero), up=True)]
    rows = [
        ["lower Lipschitz constant", *ends, kappa],
        ["upper Lipschitz constant", *roots, _kind(top)],
        ["A, least sigma_min^2 of a cell", *_ends(found.sigma_min_squared), _kind(found.sigma_min_squared)],
        ["frame bound A of the rows", *_ends_of(found.frame.lower), ""],
        ["frame bound B of the rows", *_ends_of(found.frame.upper), "tight" if found.frame.is_tight else ""],
    ]
    lines += table(["", "at least", "at most", ""], rows)
    published = [
        "beyond floats" if value is None else rounded_out(value, 4, up=name == "operator_norm")
        for name, value in found.published.to_json().items()
    ]
    lines.append(
        "published: slides kappa >= {}, thesis kappa >= {}, adjacent wedges kappa >= {}, operator norm {}".format(
            *published
        )
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
    from exactinj.exact.short import rounded_out

    sides = zip(ends, (False, True), strict=True)
    return [str(end) if len(str(end)) <= LONGEST else rounded_out(end, up=up) for end, up in sides]
