"""``exactinj repair``: an injective layer close to one that is not, and what proves it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exactinj.cli.arguments import DOMAIN_HELP, LAYER_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.certify import STATUS
from exactinj.cli.conv import input_shape_of
from exactinj.cli.endings import Files, ending_with_certificate
from exactinj.cli.layer_out import refuse_bad_layer_out, write_layer_out
from exactinj.cli.output import refuse_bad_output
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.errors import InputError

if TYPE_CHECKING:
    from exactinj.layers.convolution import ConvLayer
    from exactinj.layers.dense import ReLULayer
    from exactinj.networks.repair import Repair

__all__ = ["add", "run"]

METHODS = ("auto", "rows", "doubled", "bias")
FLOAT_BITS = 53


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "repair",
        help="make a layer injective: more rows, or a larger bias, with a proof",
        description="An injective layer close to the one that is given. Old rows stay in front of new ones.",
    )
    add_layer(verb, f"{LAYER_HELP}; also a file of kernels, as conv takes it")
    method = "rows against collisions, doubled (opposites of a basis), bias (a larger one); auto: the fewest new rows"
    verb.add_argument("--method", choices=METHODS, default="auto", help=method)
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP)
    shape = "of a convolution: one size, C,H,W or H,W; else every size"
    verb.add_argument("--input-shape", metavar="SHAPE", help=shape)
    verb.add_argument("--seed", type=int, default=0, help="of the finder's starting points (default 0)")
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="give up after so many seconds (status 12)")
    verb.add_argument("--layer-out", metavar="FILE", help="write the repaired layer here (.json: exact; .npz: float64)")
    verb.add_argument("--out", metavar="FILE", help="write the certificate here (.json or .json.gz; - for stdout)")
    add_output_options(verb)
    verb.set_defaults(plot=None)


def run(options: argparse.Namespace) -> int:
    """The exit status of `certify`, for the repaired layer."""
    refuse_bad_output(options)
    refuse_bad_layer_out(options)
    shape = input_shape_of(options.input_shape)

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {
            "verdict": "timed_out",
            "reason": end.reason,
            "layer": end.facts.get("layer"),
            "domain": options.domain,
            "certificate": None,
            "repair": None,
        }

    return run_supervised(options, lambda reporter: _work(options, reporter, shape), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter, shape: list[int] | None) -> Ending:
    from exactinj.api import make_injective  # heavy imports happen in the child
    from exactinj.files.domain_words import parse_domain

    domain, layer = parse_domain(options.domain), _layer(options)
    reporter.remember(layer=layer.summary)
    in_floats = options.layer_out is not None and Path(options.layer_out).suffix.lower() == ".npz"
    repair = make_injective(
        layer,
        method=options.method,
        domain=domain,
        timeout=reporter.seconds_left,
        seed=options.seed,
        report=reporter.report,
        input_shape=shape,
        precision=FLOAT_BITS if in_floats else None,
    )
    reporter.decided()
    written = _written(options, repair)

    def describe(files: Files) -> str:
        return _text(options, repair, written, files.certificate)

    status = STATUS[repair.verdict]
    return ending_with_certificate(options, status, repair.result.certificate, describe, reporter=reporter)


def _layer(options: argparse.Namespace) -> ReLULayer | ConvLayer:
    """A dense layer, or kernels; what stands on stdin can be read once, and is a dense layer."""
    from exactinj.files.kernel_files import read_kernels
    from exactinj.files.layer_files import read_layer
    from exactinj.files.sources import STDIN

    try:
        return read_layer(options.layer, file_format=options.layer_format)
    except InputError as error:
        if options.layer == STDIN:
            raise
        try:
            return read_kernels(options.layer, file_format=options.layer_format)
        except InputError:
            raise error from None


def _written(options: argparse.Namespace, repair: Repair) -> str | None:
    """Where the repaired layer was written: nowhere unless it is proved injective."""
    if options.layer_out is None or repair.verdict != "injective":
        return None
    write_layer_out(options, repair.layer)
    return str(options.layer_out)


def _text(options: argparse.Namespace, repair: Repair, written: str | None, path: str | None) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    if options.json:
        return json.dumps(repair.to_json(written, path), indent=1)
    return "" if options.quiet else "\n".join(_lines(options, repair, written, path))


def _lines(options: argparse.Namespace, repair: Repair, written: str | None, path: str | None) -> Sequence[str]:
    from exactinj.cli.describe import describe_result
    from exactinj.layers.convolution import ConvLayer
    from exactinj.layers.dense import ReLULayer

    shape = input_shape_of(options.input_shape)
    if shape is not None and isinstance(repair.layer, ConvLayer):
        shape = [repair.layer.in_channels, *repair.layer.size_of(shape)]
    shown = written or "the repaired layer"
    lines = [f"{options.layer}: {repair.text}"]
    lines += [f"  {step}" for step in repair.steps]
    described = describe_result(repair.result, shown, path if written else None, shape)
    lines += [described] if written or path is None else [described, f"certificate: {path}"]
    if written is not None:
        verb = "certify" if isinstance(repair.layer, ReLULayer) else "conv"
        lines.append(f"layer: {written}  (exactinj {verb} {written} --domain {options.domain})")
    elif options.layer_out is not None:
        lines.append(f"layer: not written, as it is not proved injective ({options.layer_out})")
    return lines
