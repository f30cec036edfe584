"""``exactinj conv``: decide a convolution layer, for every input size or for one, and write what proves the answer."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactinj.cli.arguments import (
    ASSUME_HELP,
    CONV_DOMAIN_HELP,
    KERNEL_FORMATS,
    KERNEL_HELP,
    Verbs,
    add_decision_options,
    add_layer_format,
    add_output_options,
)
from exactinj.cli.certify import STATUS
from exactinj.cli.endings import Files, ending_with_certificate, files_field, files_lines
from exactinj.cli.figure_files import add_plot, refuse_bad_picture
from exactinj.cli.output import note_processes, refuse_bad_output
from exactinj.cli.report_files import add_report, refuse_bad_report, subject_of
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.errors import InputError
from exactinj.injectivity.by_name import full_name
from exactinj.work.processes import FEWEST_SIDE_BY_SIDE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.injectivity.result import Result
    from exactinj.layers.convolution import ConvLayer
    from exactinj.report.answer import AnswerContent
    from exactinj.reporting.evidence import Setting

__all__ = ["add", "input_shape_of", "run"]

MOST_PADS = 2


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "conv",
        help="decide whether a convolution layer is injective, for every input size or for one",
        description="Decide exactly whether x -> ReLU(K * x + b) is injective: for every input size from some size on, "
        "or for one --input-shape. Options about the geometry fill what the kernel file leaves out.",
    )
    verb.add_argument("layer", metavar="KERNEL", help=KERNEL_HELP)
    add_layer_format(verb, KERNEL_FORMATS)
    verb.add_argument("--stride", metavar="S", help="1 (default), or one per axis: 1,2")
    verb.add_argument("--padding", metavar="P", help="0 (default), one per axis: 1,2, ends: 1:2,0, or same or valid")
    verb.add_argument("--dilation", metavar="D", help="1 (default), or one per axis: 1,2")
    verb.add_argument("--groups", metavar="G", help="of channels (default 1)")
    verb.add_argument("--padding-mode", metavar="MODE", help="zeros (default), circular, reflect or replicate")
    verb.add_argument("--input-shape", metavar="SHAPE", help="one size: C,H,W or H,W (also CxHxW); else every size")
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=CONV_DOMAIN_HELP)
    verb.add_argument("--box-limit", type=int, default=12, metavar="N", help="inputs in a box at most (default 12)")
    add_decision_options(verb)
    verb.add_argument("--assume", metavar="WHAT", help=ASSUME_HELP)
    verb.add_argument("--explain", action="store_true", help="say step by step what was tried")
    add_plot(verb, "the colliding inputs, or the boxes of a proof for every size")
    add_report(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Decide in a supervised child; report in its place if it had to be killed."""
    geometry = _geometry(options)
    shape = input_shape_of(options.input_shape)

    refuse_bad_output(options)
    refuse_bad_picture(options.plot)
    refuse_bad_report(options.report)
    note_processes(options, FEWEST_SIDE_BY_SIDE)

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {
            "verdict": "timed_out",
            "reason": end.reason,
            "assumption": None,
            "layer": end.facts.get("layer"),
            "domain": options.domain,
            "engine": full_name(options.engine),
            "witness": None,
            "certificate": None,
            "stats": {"nodes": None, "seconds": round(end.seconds, 6)},
            "sizes": None,
            "input_shape": end.facts.get("input_shape", shape),
            **files_field(options, Files()),
        }

    return run_supervised(options, lambda reporter: _decide(options, reporter, geometry, shape), unfinished)


def _decide(
    options: argparse.Namespace, reporter: Reporter, geometry: dict[str, Any], shape: list[int] | None
) -> Ending:
    from exactinj.api import certify  # heavy imports happen in the child
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.kernel_files import read_kernels

    domain = parse_domain(options.domain)
    layer = read_kernels(options.layer, file_format=options.layer_format, **geometry)
    if shape is not None:
        shape = [layer.in_channels, *_size_of(layer, shape)]
    reporter.remember(layer=layer.summary, input_shape=shape)
    result = certify(
        layer,
        domain=domain,
        engine=options.engine,
        timeout=reporter.seconds_left,
        jobs=options.jobs,
        seed=options.seed,
        report=reporter.report,
        input_shape=shape,
        box_limit=options.box_limit,
        assume=options.assume,
    )

    def describe(files: Files) -> str:
        return _text(options, result, shape, files)

    def page(setting: Setting) -> AnswerContent:
        from exactinj.reporting.decisions import decision_content

        subject = subject_of(options, is_whole=_is_complete(options, result))
        return decision_content(result, subject, setting, shape=shape)

    def draw() -> Figure:
        from exactinj.cli.figures import figure_of_result

        return figure_of_result(result, options.layer)

    return ending_with_certificate(
        options, STATUS[result.verdict], result.certificate, describe, draw=draw, page=page, reporter=reporter
    )


def _size_of(layer: ConvLayer, shape: list[int]) -> tuple[int, ...]:
    try:
        return layer.size_of(shape)
    except InputError as error:
        raise InputError(f"--input-shape: {error}") from None


def _text(options: argparse.Namespace, result: Result, shape: list[int] | None, files: Files) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    from exactinj.cli.describe import describe_result

    path = files.certificate
    if options.json:
        document = {**result.to_json(path), "input_shape": shape, **files_field(options, files)}
        if options.explain:
            document["explanation"] = list(result.explanation)
        return json.dumps(document, indent=1)
    if options.quiet:
        return ""
    lines = [describe_result(result, options.layer, None, shape)]
    if path is not None:
        lines.append(f"certificate: {path}  ({_check_hint(options, result, path)})")
    lines += files_lines(files)
    lines += [f"  why: {step}" for step in result.explanation] if options.explain else []
    return "\n".join(lines)


def _check_hint(options: argparse.Namespace, result: Result, path: str) -> str:
    """How to check the certificate; the kernel file alone may not hold what the options said."""
    if _is_complete(options, result):
        return f"exactinj check {path} {options.layer}"
    return f"exactinj check {path}; to check it against {options.layer}, write the options' geometry into that file"


def _is_complete(options: argparse.Namespace, result: Result) -> bool:
    """Whether the kernel file alone holds the layer; only files can be read again."""
    from exactinj.files.kernel_files import read_kernels

    if all(value is None for value in _geometry(options).values()):
        return True
    try:
        return Path(options.layer).is_file() and read_kernels(options.layer) == result.layer
    except InputError:
        return False


# ------------------------------------------------------------------ options with numbers in them


def _geometry(options: argparse.Namespace) -> dict[str, Any]:
    """The options for what the kernel file leaves out, None for those that were not given."""
    groups = None if options.groups is None else _integer(options.groups, "--groups", "an integer such as 2")
    return {
        "stride": _per_axis(options.stride, "--stride"),
        "padding": _padding(options.padding),
        "dilation": _per_axis(options.dilation, "--dilation"),
        "groups": groups,
        "padding_mode": options.padding_mode,
    }


def _integer(text: str, option: str, wanted: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{option}: found {text!r}, expected {wanted}") from None


def _per_axis(text: str | None, option: str) -> list[int] | None:
    wanted = "an integer, or one for each axis with commas between them, such as 1,2"
    return None if text is None else [_integer(part, option, wanted) for part in text.split(",")]


def _padding(text: str | None) -> str | list[list[int]] | None:
    """``1``, ``1,2``, ``1:2,0`` with low and high ends of an axis, or a name."""
    wanted = "integers such as 1 or 1,2, with low:high ends such as 1:2,0, or 'same' or 'valid'"
    if text in (None, "same", "valid"):
        return text
    pads = [[_integer(part, "--padding", wanted) for part in axis.split(":")] for axis in str(text).split(",")]
    if any(len(ends) > MOST_PADS for ends in pads):
        raise InputError(f"--padding: found {text!r}, expected {wanted}")
    return pads


def input_shape_of(text: str | None) -> list[int] | None:
    """The numbers of ``--input-shape``; `InputError` for anything else."""
    if text is None:
        return None
    wanted = "integers such as 3,32,32 or 32x32"
    return [_integer(part, "--input-shape", wanted) for part in text.replace("x", ",").split(",")]
