"""``exactinj alpha``: exact alpha*, or the convex-hull bias, of a layer's rows."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import ALPHA_DOMAIN_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.endings import Files, ending_with_certificate, ending_with_files, files_field, files_lines
from exactinj.cli.figure_files import add_plot, refuse_bad_picture
from exactinj.cli.layer_out import add_layer_out, refuse_bad_layer_out, rounding_words, write_layer_out
from exactinj.cli.output import refuse_bad_output
from exactinj.cli.report_files import add_report, refuse_bad_report, subject_of
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.cli.table import table
from exactinj.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.biases.alpha import AlphaStar
    from exactinj.biases.hull.bias import HullBias
    from exactinj.cli.endings import Page
    from exactinj.exact.surd import Surd
    from exactinj.report.answer import AnswerContent
    from exactinj.reporting.evidence import Setting

__all__ = ["add", "run"]

LONGEST_NUMBER = 34
SIGN_NOTE = "sign of the frame literature: the layer ReLU(Wx - alpha), that is b = -alpha"


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "alpha",
        help="exact alpha*, or the convex-hull bias, on a ball or sphere",
        description="Biases alpha for which ReLU(Wx - alpha) is injective: exact numbers, as sign * sqrt(rational).",
    )
    add_layer(verb)
    verb.add_argument("--method", choices=("exact", "hull"), default="exact", help="alpha* (default) or convex hull")
    verb.add_argument("--domain", default="ball:1", metavar="DOMAIN", help=ALPHA_DOMAIN_HELP)
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="stop after so many seconds (status 12)")
    verb.add_argument("--out", metavar="FILE", help="write the certificate of alpha* here (.json, .json.gz, -)")
    add_layer_out(verb, "the bias found")
    add_plot(verb, "the biases, with the disc (n = 2), the sphere or the hull (n = 3)")
    add_report(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, or 12 if the time did not suffice for all rows."""
    refuse_bad_output(options)
    refuse_bad_layer_out(options)
    refuse_bad_picture(options.plot)
    refuse_bad_report(options.report)

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {
            "alpha": None,
            "method": options.method,
            "domain": options.domain,
            "complete": False,
            "layer": end.facts.get("layer"),
            "reason": end.reason,
            **files_field(options, Files()),
        }

    return run_supervised(options, lambda reporter: _work(options, reporter), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import alpha_star, hull_bias
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.layer_files import read_layer

    domain, layer = parse_domain(options.domain), read_layer(options.layer, file_format=options.layer_format)
    reporter.remember(layer={"m": layer.m, "n": layer.n, "sha256": layer.digest})
    if options.method == "hull":
        if options.out is not None:
            raise InputError("--out: the method hull writes no certificate; leave it out, or use --method exact")
        reporter.report("facets of the convex hull")
        hull = hull_bias(layer, domain=domain, timeout=reporter.seconds_left, report=reporter.report)
        written = _write_layer(options, hull, reporter)

        def ending(files: Files) -> Ending:
            document = {**hull.to_json(), **files_field(options, files)}
            text = _text(options, document, lambda: _describe_hull(options.layer, hull), written, files)
            return Ending(exit_status.OK if hull.complete else exit_status.OUT_OF_BUDGET, text)

        return ending_with_files(
            options, ending, reporter, draw=lambda: _figure(options, hull), page=_page(options, hull)
        )
    exact = alpha_star(layer, domain=domain, timeout=reporter.seconds_left, report=reporter.report)
    written = _write_layer(options, exact, reporter)

    def describe(files: Files) -> str:
        document = {**exact.to_json(files.certificate), **files_field(options, files)}
        return _text(
            options, document, lambda: _describe_exact(options.layer, exact, files.certificate), written, files
        )

    status, draw = exit_status.OK if exact.complete else exit_status.OUT_OF_BUDGET, lambda: _figure(options, exact)
    page = _page(options, exact)
    return ending_with_certificate(
        options, status, exact.certificate, describe, draw=draw, page=page, reporter=reporter
    )


def _page(options: argparse.Namespace, bias: AlphaStar | HullBias) -> Page:
    """What the report shows; beside exact alpha* a sampled estimate of it."""

    def page(setting: Setting) -> AnswerContent:
        from exactinj.reporting.biases import bias_content, estimate_beside

        estimate = estimate_beside(bias) if setting.has_pictures else None
        return bias_content(bias, subject_of(options), setting, estimate=estimate)

    return page


def _figure(options: argparse.Namespace, bias: AlphaStar | HullBias) -> Figure:
    from exactinj.cli.figures import figure_of_biases

    return figure_of_biases(bias, options.layer)


def _write_layer(options: argparse.Namespace, found: AlphaStar | HullBias, reporter: Reporter) -> str | None:
    """Write the layer where ``--layer-out`` says, if every row has its bias; gives what is to be said about it."""
    if options.layer_out is None or not found.complete:
        return None
    reporter.decided()
    layer = found.layer_with_bias()
    write_layer_out(options, layer)
    check = f"exactinj certify {options.layer_out} --domain {options.domain}"
    return f"layer: {options.layer_out}  ({rounding_words(found.alpha, layer)}; {check})"


def _text(
    options: argparse.Namespace,
    document: dict[str, object],
    describe: Callable[[], str],
    written: str | None,
    files: Files,
) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    if options.json:
        layer_file = {} if options.layer_out is None else {"layer_file": written and options.layer_out}
        return json.dumps({**document, **layer_file}, indent=1)
    if options.quiet:
        return ""
    return "\n".join([describe(), *([] if written is None else [written]), *files_lines(files)])


def _describe_exact(name: str, exact: AlphaStar, written: str | None) -> str:
    layer, stats = exact.layer, exact.stats
    lines = [f"{name}: exact alpha* on {exact.domain.text}, m = {layer.m} rows, n = {layer.n}"]
    rows = []
    for j, entry in enumerate(exact.values):
        if entry is None:
            rows.append([str(j), "out of time", "", "", ""])
        else:
            point = "none" if entry.point is None else _vector([f"{float(v):.4g}" for v in _unit(entry.point)])
            rows.append([str(j), _short(entry.value), f"{float(entry.value):.10g}", _rows(entry.above), point])
    lines += table(["row", "alpha*", "as a float", "rows above it", "attained in direction"], rows)
    lines.append(f"{SIGN_NOTE}; any alpha <= alpha* is rectifying for full-spark rows")
    lines.append(f"  {stats.nodes:,} nodes, {stats.refuters:,} refuters, {stats.seconds:.2f} s")
    if not exact.complete:
        lines.append("out of time: give a longer --timeout for the other rows")
    if written is not None:
        lines.append(f"certificate: {written}  (exactinj check {written} {name})")
    return "\n".join(lines)


def _describe_hull(name: str, hull: HullBias) -> str:
    layer = hull.layer
    lines = [f"{name}: convex-hull bias on {hull.domain.text}, m = {layer.m} rows, n = {layer.n}"]
    rows = []
    if not any(value is not None for value in hull.alpha):
        return f"{lines[0]}\n{hull.reason}; give a longer --timeout"
    for j, (value, k) in enumerate(zip(hull.alpha, hull.critical, strict=True)):
        facet = "none meets the domain" if k is None else _rows(hull.facets[k].rows)
        if value is None:
            rows.append([str(j), "out of time", "", ""])
            continue
        rows.append([str(j), _short(value), f"{float(value):.10g}", facet])
    lines += table(["row", "alpha", "as a float", "facet that decides it"], rows)
    lines.append(f"{SIGN_NOTE}; any alpha <= this one is rectifying")
    lines.append(f"  {len(hull.facets):,} facets" if hull.complete else f"{hull.reason}; give a longer --timeout")
    return "\n".join(lines)


def _short(value: Surd) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_NUMBER else f"{text[:18]}... ({len(text)} characters)"


def _rows(rows: Sequence[int], most: int = 8) -> str:
    shown = " ".join(map(str, rows[:most]))
    return f"{shown} ... {len(rows) - most} more" if len(rows) > most else shown or "none"


def _vector(texts: Sequence[str], most: int = 6) -> str:
    more = f", ... {len(texts) - most} more" if len(texts) > most else ""
    return "(" + ", ".join(texts[:most]) + more + ")"


def _unit(point: Sequence[object]) -> list[float]:
    from math import hypot

    from exactinj.exact.numbers import fraction_from, nearest_float

    exact = [fraction_from(value) for value in point]
    largest = max(map(abs, exact))
    floats = [nearest_float(value / largest) for value in exact] if largest else [0.0] * len(exact)
    length = hypot(*floats) or 1.0
    return [value / length for value in floats]
