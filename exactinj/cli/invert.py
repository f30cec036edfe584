"""``exactinj invert``: the inputs of a layer that have an output."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import DOMAIN_HELP, NETWORK_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.conv import input_shape_of
from exactinj.cli.endings import Files, ending_with_files, files_field, files_lines
from exactinj.cli.figure_files import add_plot, refuse_bad_picture
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.inversion.result import Inversion

__all__ = ["add", "run"]

OUTPUT_HELP = ".npy, .json or .csv: the m numbers of an output, or rows of them; strings are exact rationals"
STATUS = {
    "unique": exit_status.OK,
    "nearest": exit_status.OK,
    "many": exit_status.SEVERAL,
    "none": exit_status.NO_PREIMAGE,
    "timed_out": exit_status.OUT_OF_BUDGET,
    "unknown": exit_status.UNKNOWN,
}
WORST_FIRST = ("timed_out", "unknown", "none", "many", "nearest", "unique")
MOST_NUMBERS = 12
WIDE, NARROW, LOW = 10.5, 4.2, 3.2  # inches
LONGEST_NUMBER = 34


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "invert",
        help="the inputs that have a given output: one, several or none, proved",
        description="All x with ReLU(Wx + b) = OUTPUT, exactly; of a network layer by layer. Exit status 0 one input, "
        "proved; 10 several, two are given; 13 none, proved; 11 undecided, 12 out of time; of rows of outputs that of "
        "the first of 12, 11, 13, 10, 0 that occurs.",
    )
    add_layer(verb, NETWORK_HELP)
    verb.add_argument("output", metavar="OUTPUT", help=OUTPUT_HELP)
    verb.add_argument(
        "--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP.replace("injectivity is", "inputs are")
    )
    verb.add_argument("--input-shape", metavar="SHAPE", help="LAYER holds kernels, for inputs C,H,W (also CxHxW)")
    verb.add_argument("--noisy", action="store_true", help="the nearest input by least squares, in floats")
    verb.add_argument(
        "--method",
        choices=("constrained", "positive-rows"),
        default="constrained",
        help="of --noisy: rows with positive outputs with (default) or without the inequalities of the others",
    )
    verb.add_argument("--noise", default="0", metavar="E", help="of --noisy: how far the output is off (0)")
    verb.add_argument("--kappa", metavar="P/Q", help="of --noisy: a certified lower Lipschitz constant, or certified")
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="stop after so many seconds (status 12)")
    verb.add_argument("--truth", metavar="FILE", help="for --plot: the input that OUTPUT came from (.npy, .json, .csv)")
    add_plot(verb, "the input, beside the true or the second one; an image with --input-shape")
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, 10, 13, or 12 if the time did not suffice."""
    refuse_bad_picture(options.plot)
    if options.truth is not None and options.plot is None:
        raise InputError("--truth: found no --plot FILE, expected one; the true input is only drawn")

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {
            "status": "timed_out",
            "reason": end.reason,
            "x": None,
            "second": None,
            "dimension": None,
            "residual": None,
            "error_bound": None,
            "farkas": None,
            "at_layer": None,
            "at_output": None,
            "layer": None,
            "domain": options.domain,
            "stats": {"seconds": round(end.seconds, 6)},
            **files_field(options, Files()),
        }

    return run_supervised(options, lambda reporter: _work(options, reporter), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import invert
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.kernel_files import read_kernels
    from exactinj.files.residual_files import read_layer_or_block

    domain = parse_domain(options.domain)
    shape = input_shape_of(options.input_shape)
    read = read_layer_or_block if shape is None else read_kernels
    layer = read(options.layer, file_format=options.layer_format)
    found = invert(
        layer,
        options.output,
        domain=domain,
        input_shape=shape,
        noisy=options.noisy,
        method=options.method,
        noise=0 if options.noise == "0" else options.noise,
        kappa=options.kappa,
        timeout=reporter.seconds_left,
        report=reporter.report,
    )
    results = found if isinstance(found, list) else [found]
    statuses = {result.status.value for result in results}
    worst = next(status for status in WORST_FIRST if status in statuses)

    def ending(files: Files) -> Ending:
        return Ending(STATUS[worst], _text(options, found, results, files))

    return ending_with_files(options, ending, reporter, draw=lambda: _figure(options, results, shape))


def _figure(options: argparse.Namespace, results: Sequence[Inversion], shape: list[int] | None) -> Figure:
    """The picture of one result."""
    from matplotlib.figure import Figure as NewFigure

    from exactinj.files.outputs import read_outputs
    from exactinj.plotting import plot_reconstruction

    if len(results) > 1:
        raise InputError(f"found {len(results)} outputs, expected one to draw")
    truth = None if options.truth is None else read_outputs(options.truth)
    width = WIDE if truth is not None or results[0].second is not None else NARROW
    return plot_reconstruction(results[0], truth, shape, NewFigure(figsize=(width, LOW), layout="constrained"))


def _text(
    options: argparse.Namespace, found: Inversion | list[Inversion], results: Sequence[Inversion], files: Files
) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    if options.json:
        document = found.to_json() if not isinstance(found, list) else {"outputs": [one.to_json() for one in found]}
        return json.dumps({**document, **files_field(options, files)}, indent=1)
    if options.quiet:
        return ""
    if not isinstance(found, list):
        lines = [_describe(options.output, found)]
    else:
        lines = [_describe(f"{options.output}, output {k}", one) for k, one in enumerate(results)]
    return "\n".join([*lines, *files_lines(files)])


def _describe(name: str, result: Inversion) -> str:
    size = "" if result.dimension is None else f" a set of dimension {result.dimension},"
    words = {
        "unique": "ONE INPUT, proved",
        "many": f"SEVERAL INPUTS,{size} proved",
        "none": "NO INPUT, proved",
        "nearest": "NEAREST INPUT, in floats",
        "timed_out": "undecided",
        "unknown": "undecided",
    }
    lines = [f"{name}: {words[result.status.value]}: {result.reason}"]
    if result.x is not None:
        lines.append(f"  x = {_point(result.x)}")
    if result.status == "nearest":
        bound = "" if result.error_bound is None else f", error at most {result.error_bound:.6g}, certified"
        lines.append(f"  residual {result.residual:.6g}{bound}")
    if result.second is not None:
        lines.append(f"  y = {_point(result.second)}")
    if result.farkas is not None:
        lines.append(f"  {_farkas_words(result)}")
    return "\n".join(lines)


def _farkas_words(result: Inversion) -> str:
    """The combination that no input satisfies."""
    if result.farkas is None:
        return ""
    parts = [f"{_number(value)} * (row {i})" for i, value in result.farkas.rows.items()]
    parts += [f"{_number(value)} * (halfspace {k})" for k, value in result.farkas.halfspaces.items()]
    shown = " + ".join(parts[:MOST_NUMBERS]) + (
        f" + ... {len(parts) - MOST_NUMBERS} more" * (len(parts) > MOST_NUMBERS)
    )
    return f"why: {shown} would be at most 0, and is positive everywhere"


def _point(values: Sequence[Fraction] | Sequence[float]) -> str:
    more = f", ... {len(values) - MOST_NUMBERS} more (--json has all)" if len(values) > MOST_NUMBERS else ""
    return "(" + ", ".join(map(_number, values[:MOST_NUMBERS])) + more + ")"


def _number(value: Fraction | float) -> str:
    from exactinj.exact.numbers import rational_text

    text = f"{value:.10g}" if isinstance(value, float) else rational_text(value)
    return text if len(text) <= LONGEST_NUMBER else f"{text[:18]}... ({len(text)} characters)"
