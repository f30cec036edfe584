"""``exactinj scan``: every layer of a model, and the model as a whole."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from exactinj.cli import exit_status
from exactinj.cli.arguments import ASSUME_HELP, ENGINE_HELP, Verbs, add_output_options, fixed_inputs_of, seconds
from exactinj.cli.certify import STATUS
from exactinj.cli.report_files import add_report, refuse_bad_report
from exactinj.cli.supervised_verb import PAGE, Ending, Reporter, Unfinished, run_supervised
from exactinj.errors import InputError
from exactinj.files.sources import STDIN

if TYPE_CHECKING:
    from exactinj.networks.answers import NetworkAnswer, ScanResult

__all__ = ["add", "run"]

MODEL_HELP = ".onnx, .pt, .pth or .safetensors; - for stdin"
MODEL_FORMATS = ("onnx", "pt", "safetensors")
DOMAIN_HELP = "of the model's input: R^n (default), nonneg or box:l,u"


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "scan",
        help="every layer of a model, and the model as a whole",
        description="Decide each layer of a network on what it really gets, and look for two inputs of the whole "
        "network with one output. Run it again with the same --out to go on where it stopped.",
    )
    verb.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    verb.add_argument(
        "--format", dest="model_format", choices=MODEL_FORMATS, help="of the model, where its name does not tell"
    )
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP)
    verb.add_argument("--input-shape", metavar="SHAPE", help="of one input, where the file leaves it open: 3,32,32")
    verb.add_argument(
        "--fixed", action="append", default=[], metavar="NAME=NUMBER", help="hold an input of an .onnx file fixed"
    )
    verb.add_argument("--geometry", metavar="FILE", help="a .toml file of what a file of weights does not say")
    verb.add_argument("--engine", default="auto", metavar="NAME", help=ENGINE_HELP)
    verb.add_argument("--assume", metavar="WHAT", help=ASSUME_HELP)
    verb.add_argument("--seed", type=int, default=0, help="of random starting points (default 0)")
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="for the whole scan (status 12)")
    verb.add_argument(
        "--layer-timeout", type=seconds, default=60.0, metavar="SECONDS", help="for each layer at most (default 60)"
    )
    verb.add_argument("--end-to-end", action="store_true", help="decide a small network as a whole, exactly")
    verb.add_argument("--out", metavar="FOLDER", help="write certificates and pairs there")
    add_report(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Scan in a supervised child; report what was found by then in its place if it had to be killed."""
    refuse_bad_report(options.report)
    given = {
        "input_shape": _shape(options.input_shape),
        "fixed": fixed_inputs_of(options.fixed),
        "geometry": options.geometry,
    }
    options.layer = options.model

    standing: dict[str, object] = {}

    def unfinished(end: Unfinished) -> dict[str, object]:
        standing.update(end.facts.get("network", {}))
        late = {"verdict": "timed_out", "reason": end.reason, "witness": None, "certificate": None}
        return {
            "model": end.facts.get("model", {"file": options.model, "sha256": None}),
            "domain": options.domain,
            "layers": end.facts.get("layers", []),
            "network": end.facts.get("network", late),
            "notes": [],
            "seconds": round(end.seconds, 6),
        }

    status = run_supervised(options, lambda reporter: _scan(options, reporter, given), unfinished)
    collides = standing.get("verdict") == "not_injective"  # what was proved before the end of the time stands
    return exit_status.NOT_INJECTIVE if status == exit_status.OUT_OF_BUDGET and collides else status


def _scan(options: argparse.Namespace, reporter: Reporter, given: dict[str, Any]) -> Ending:
    from exactinj.files.model_sources import model_file

    with model_file(options.model, options.model_format) as model:
        try:
            return _scanned(options, reporter, given, model)
        except InputError as error:
            if model == options.model:
                raise
            name = "stdin" if options.model == STDIN else options.model
            raise InputError(str(error).replace(model, name)) from None


def _scanned(options: argparse.Namespace, reporter: Reporter, given: dict[str, Any], model: str) -> Ending:
    from exactinj.api import scan  # heavy imports happen in the child
    from exactinj.cli.describe_scan import describe_scan, row_text
    from exactinj.networks.answers import LayerRow

    rows: list[dict[str, object]] = []
    texts: list[str] = []

    def keep(found: LayerRow | NetworkAnswer) -> None:
        if not isinstance(found, LayerRow):
            reporter.remember(network=found.to_json())
            return
        rows.append(found.to_json())
        texts.append(row_text(found))
        reporter.remember(layers=rows, text="".join(f"{text}\n" for text in texts))

    result = scan(
        model,
        domain=options.domain,
        **given,
        engine=options.engine,
        assume=options.assume,
        seed=options.seed,
        timeout=reporter.seconds_left,
        layer_timeout=options.layer_timeout,
        end_to_end=options.end_to_end,
        out=options.out,
        report=reporter.report,
        keep=keep,
    )
    reporter.decided()
    if options.report is not None:
        from exactinj.reporting.scans import write_scan

        write_scan(result, options.report, options.out)
        reporter.remember(**{PAGE: True})
    if options.json:
        page = {} if options.report is None else {"report": options.report}
        text = json.dumps({**result.to_json(), **page}, indent=1)
    else:
        text = "" if options.quiet else describe_scan(result, options.model)
        text += f"\nreport: {options.report}" if text and options.report is not None else ""
    return Ending(status_of(result), text)


def status_of(result: ScanResult) -> int:
    """The exit status: that of the network as a whole."""
    return STATUS.get(result.network.verdict, exit_status.UNKNOWN)


def _shape(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        shape = [int(part) for part in text.replace("x", ",").split(",")]
    except ValueError:
        shape = []
    if not shape or min(shape) < 1:
        raise InputError(f"--input-shape: found {text!r}, expected positive integers such as 3,32,32")
    return shape
