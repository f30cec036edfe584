"""``exactinj compare``: exact alpha*, the convex-hull bias and the layer's own bias, side by side."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from exactinj.cli import exit_status
from exactinj.cli.arguments import ALPHA_DOMAIN_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.cli.table import table

if TYPE_CHECKING:
    from exactinj.comparison import Comparison
    from exactinj.injectivity.result import Result

__all__ = ["add", "run"]

TITLES = {"exact": "alpha*", "hull": "hull bias", "layer": "layer's bias", "estimate": "sampled estimate"}


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "compare",
        help="alpha*, the convex-hull bias, the layer's own bias and a sampled estimate side by side",
        description="Which bias is larger in which row, and which makes the layer injective, decided exactly.",
    )
    add_layer(verb)
    verb.add_argument("--samples", type=int, metavar="N", help="compare a sampled estimate with exact alpha*, too")
    verb.add_argument("--seed", type=int, default=0, help="of the samples (default 0)")
    verb.add_argument("--domain", default="ball:1", metavar="DOMAIN", help=ALPHA_DOMAIN_HELP)
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="stop after so many seconds (status 12)")
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0, or 12 if the time did not suffice."""

    def unfinished(end: Unfinished) -> dict[str, object]:
        nothing: dict[str, Any] = {"layer": end.facts.get("layer"), "biases": None, "verdicts": {}, "notes": []}
        known = {"domain": options.domain, **nothing, **end.facts.get("comparison", {})}
        return {**known, "notes": [*known["notes"], end.reason]}

    return run_supervised(options, lambda reporter: _work(options, reporter), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import compare
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.layer_files import read_layer

    domain, layer = parse_domain(options.domain), read_layer(options.layer, file_format=options.layer_format)
    reporter.remember(layer={"m": layer.m, "n": layer.n, "sha256": layer.digest})
    outcome = compare(
        layer,
        domain=domain,
        samples=options.samples,
        seed=options.seed,
        timeout=reporter.seconds_left,
        report=reporter.report,
        keep=lambda known: reporter.remember(comparison=known.to_json(), text=_describe(options.layer, known) + "\n"),
    )
    undecided = any(result.certificate is None for result in outcome.results.values())
    status = exit_status.OK if outcome.exact.complete and not undecided else exit_status.OUT_OF_BUDGET
    return Ending(status, _text(options, outcome))


def _text(options: argparse.Namespace, outcome: Comparison) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    if options.json:
        return json.dumps(outcome.to_json(), indent=1)
    return "" if options.quiet else _describe(options.layer, outcome)


def _describe(name: str, outcome: Comparison) -> str:
    from exactinj.domains import Domain

    layer = outcome.layer
    lines = [f"{name}: biases alpha of ReLU(Wx - alpha) on {outcome.exact.domain.text}, m = {layer.m}, n = {layer.n}"]
    names = list(outcome.biases)
    head = ["row", *(TITLES[key] for key in names), "largest"]
    rows = [
        [str(j), *(f"{float(outcome.biases[key].values[j]):.10g}" for key in names), ", ".join(outcome.largest(j))]
        for j in range(layer.m)
    ]
    if outcome.estimate is not None:
        head += ["estimate", "estimate - alpha*"]
        for row, value, gap in zip(rows, outcome.estimate.values, outcome.gaps, strict=True):
            row += [f"{value:.10g}", f"{gap:.2e}"]
    if names:
        lines += table(head, rows)
    lines += [f"{TITLES[key]}: {_words(outcome, key, result)}" for key, result in outcome.results.items()]
    if not isinstance(outcome.exact.domain, Domain):
        lines.append("injectivity is decided on convex domains only; use ball:r")
    lines += _describe_sampling(outcome)
    lines += [f"note: {note}" for note in outcome.notes]
    return "\n".join(lines)


def _describe_sampling(outcome: Comparison) -> list[str]:
    if outcome.estimate is None:
        return []
    from exactinj.comparison import ACCURACY

    needed = outcome.samples_needed(ACCURACY)
    enough = f"all need more than {outcome.estimate.samples:,}" if needed is None else f"{needed:,} would do for all"
    close = f"{outcome.rows_within(ACCURACY)} of {outcome.layer.m} rows within {ACCURACY:g}"
    drawn = f"{outcome.estimate.samples:,} samples, {outcome.estimate.sampler.text}"
    return [f"sampling: {close} after {drawn}; {enough}"]


def _words(outcome: Comparison, key: str, result: Result) -> str:
    from exactinj.exact.surd import Surd

    if key == "estimate":
        missed = "sampling missed a collision" if result.witness is not None else "no collision: rectifying by luck"
        return missed if result.certificate is not None else f"undecided, {result.reason}"
    values, decided = outcome.biases[key].values, outcome.biases[key].decided
    rounded = any(value != Surd.of_rational(exact) for value, exact in zip(values, decided, strict=True))
    verdict = {"injective": "rectifying, the layer is injective", "not_injective": "NOT rectifying, inputs collide"}
    return verdict.get(result.verdict, f"undecided, {result.reason}") + (" (decided rounded down)" if rounded else "")
