"""``exactinj certify``: decide a layer and write what proves the answer."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import (
    ASSUME_HELP,
    BLOCK_HELP,
    DOMAIN_HELP,
    RESUME_HELP,
    Verbs,
    add_decision_options,
    add_layer,
    add_output_options,
)
from exactinj.cli.endings import Files, ending_with_certificate, files_field, files_lines
from exactinj.cli.figure_files import add_plot, refuse_bad_picture
from exactinj.cli.output import note_processes, refuse_bad_output
from exactinj.cli.report_files import add_report, refuse_bad_report, subject_of
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.injectivity.by_name import full_name
from exactinj.work.processes import FEWEST_SIDE_BY_SIDE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.injectivity.result import Result
    from exactinj.report.answer import AnswerContent
    from exactinj.reporting.evidence import Setting

__all__ = ["add", "run"]

STATUS = {
    "injective": exit_status.OK,
    "not_injective": exit_status.NOT_INJECTIVE,
    "unknown": exit_status.UNKNOWN,
    "timed_out": exit_status.OUT_OF_BUDGET,
}


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "certify",
        help="decide whether a layer is injective, with a proof or a colliding pair",
        description="Decide exactly whether x -> ReLU(Wx + b), or a block x -> x + B ReLU(Ax + b), is injective.",
    )
    add_layer(verb, BLOCK_HELP)
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP)
    add_decision_options(verb)
    verb.add_argument("--resume", metavar="FOLDER", help=RESUME_HELP)
    verb.add_argument("--assume", metavar="WHAT", help=ASSUME_HELP)
    verb.add_argument("--explain", action="store_true", help="say step by step how the engine was chosen")
    add_plot(verb, "the wedges (n = 2, 3) or the colliding pair")
    add_report(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Decide in a supervised child; report in its place if it had to be killed."""
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
            **files_field(options, Files()),
        }

    return run_supervised(options, lambda reporter: _decide(options, reporter), unfinished)


def _decide(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import certify  # heavy imports happen in the child
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.residual_files import read_layer_or_block

    domain = parse_domain(options.domain)
    layer = read_layer_or_block(options.layer, file_format=options.layer_format)
    reporter.remember(layer=layer.summary)
    result = certify(
        layer,
        domain=domain,
        engine=options.engine,
        timeout=reporter.seconds_left,
        jobs=options.jobs,
        seed=options.seed,
        report=reporter.report,
        assume=options.assume,
        resume=options.resume,
    )
    reporter.decided()

    def describe(files: Files) -> str:
        return _text(options, result, files)

    def page(setting: Setting) -> AnswerContent:
        from exactinj.reporting.decisions import decision_content

        return decision_content(result, subject_of(options), setting)

    def draw() -> Figure:
        from exactinj.cli.figures import figure_of_result

        return figure_of_result(result, options.layer)

    return ending_with_certificate(
        options, STATUS[result.verdict], result.certificate, describe, draw=draw, page=page, reporter=reporter
    )


def _text(options: argparse.Namespace, result: Result, files: Files) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    from exactinj.cli.describe import describe_result

    if options.json:
        document = {**result.to_json(files.certificate), **files_field(options, files)}
        if options.explain:
            document["explanation"] = list(result.explanation)
        return json.dumps(document, indent=1)
    if options.quiet:
        return ""
    why = [f"  why: {step}" for step in result.explanation] if options.explain else []
    return "\n".join([describe_result(result, options.layer, files.certificate), *files_lines(files), *why])
