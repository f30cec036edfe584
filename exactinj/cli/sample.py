"""``exactinj sample``: Monte Carlo bias estimates, always labelled estimates."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.arguments import SAMPLE_DOMAIN_HELP, Verbs, add_layer, add_output_options, seconds
from exactinj.cli.layer_out import add_layer_out, refuse_bad_layer_out, write_layer_out
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.cli.table import table
from exactinj.errors import InputError

if TYPE_CHECKING:
    from exactinj.sampling import AlphaEstimate
    from exactinj.sampling.samplers import Sampler

__all__ = ["add", "run"]

MOST_ROWS = 60  # more are left to --json
KERNELS = ("normal", "uniform", "epanechnikov", "biweight")


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "sample",
        help="Monte Carlo estimates of alpha*, for high dimension",
        description="Estimate alpha* from samples, from above. Estimates certify nothing.",
    )
    add_layer(verb)
    verb.add_argument(
        "--method",
        choices=("uniform", "smoothing", "kde", "points"),
        default="uniform",
        help="where samples lie; points: at the data",
    )
    verb.add_argument("--domain", metavar="DOMAIN", help="for uniform: " + SAMPLE_DOMAIN_HELP)
    verb.add_argument("--data", metavar="FILE", help="points (M, n) as .npy or .csv, for the other methods")
    verb.add_argument("--sigma", type=float, help="standard deviation of the noise, for smoothing")
    verb.add_argument(
        "--bandwidth", metavar="FILE", help="for kde: the matrix H (n, n), .npy or .csv; else Scott's rule"
    )
    verb.add_argument("--kernel", choices=KERNELS, help="for kde: normal (default), or one on the unit ball")
    verb.add_argument("--samples", type=int, default=100_000, metavar="N", help="at most so many (default 100000)")
    verb.add_argument("--patience", type=int, metavar="S", help="stop when S samples in a row changed nothing")
    verb.add_argument("--rows-first", action="store_true", help="look at the rows themselves first")
    verb.add_argument("--greedy", action="store_true", help="independent rows by size, where rows are not full spark")
    verb.add_argument("--backend", choices=("numpy", "torch"), default="numpy", help="numpy (default) or torch")
    verb.add_argument("--device", metavar="NAME", help="cpu or cuda, for torch")
    verb.add_argument("--dtype", choices=("float64", "float32"), default="float64", help="of the samples")
    verb.add_argument(
        "--subspace",
        type=int,
        metavar="K",
        help="draw from random subspaces of dimension K, 0 for independent samples (default 16 from n = 64 on)",
    )
    verb.add_argument(
        "--screen",
        choices=("auto", "float16", "tf32", "float32"),
        default="auto",
        help="products that drop samples first; the estimate is the same (default: float16 on a GPU from n = 256 on)",
    )
    verb.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="stop sampling after so many seconds")
    add_layer_out(verb, "the estimate, which certifies nothing,")
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0; the time limit ends the sampling, and what there is by then is printed."""
    refuse_bad_layer_out(options)

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {"kind": "estimate", "estimate": None, "layer": end.facts.get("layer"), "reason": end.reason}

    return run_supervised(options, lambda reporter: _work(options, reporter), unfinished)


def _work(options: argparse.Namespace, reporter: Reporter) -> Ending:
    from exactinj.api import alpha_on, sample_alpha
    from exactinj.files.layer_files import read_rows
    from exactinj.layers.dense import ReLULayer

    layer = read_rows(options.layer, file_format=options.layer_format)
    if isinstance(layer, ReLULayer):
        reporter.remember(layer=layer.summary)
    else:
        reporter.remember(layer={"m": layer.shape[0], "n": layer.shape[1], "sha256": None})
    sampler = _sampler(options)
    if options.method == "points":
        left = reporter.seconds_left
        estimate = alpha_on(layer, sampler, greedy=options.greedy, timeout=left, report=reporter.report)
        return _ending(options, reporter, estimate)
    estimate = sample_alpha(
        layer,
        sampler=sampler,
        samples=options.samples,
        patience=options.patience,
        seed=options.seed,
        dtype=options.dtype,
        backend=options.backend,
        device=options.device,
        rows_first=options.rows_first,
        greedy=options.greedy,
        subspace=options.subspace,
        screen=options.screen,
        timeout=reporter.seconds_left,
        report=reporter.report,
    )
    return _ending(options, reporter, estimate)


def _ending(options: argparse.Namespace, reporter: Reporter, estimate: AlphaEstimate) -> Ending:
    if options.layer_out is not None:
        reporter.decided()
        write_layer_out(options, estimate.layer_with_bias())
    return Ending(exit_status.OK, _text(options, estimate))


def _text(options: argparse.Namespace, estimate: AlphaEstimate) -> str:
    """What is printed: one JSON document, a description, or nothing."""
    if options.json:
        layer_file = {} if options.layer_out is None else {"layer_file": options.layer_out}
        return json.dumps({**estimate.to_json(), **layer_file}, indent=1)
    if options.quiet:
        return ""
    written = [] if options.layer_out is None else [f"layer: {options.layer_out}  (with this ESTIMATE as bias alpha)"]
    return "\n".join([_describe(options.layer, estimate), *written])


def _sampler(options: argparse.Namespace) -> Sampler:
    """Uniform on a domain, or around the points of a data file."""
    from exactinj.files.domain_words import parse_domain
    from exactinj.files.layer_files import read_points
    from exactinj.sampling.data_samplers import GivenPoints, KernelDensity, Smoothing
    from exactinj.sampling.samplers import uniform_on

    if options.method != "kde" and (options.bandwidth is not None or options.kernel is not None):
        raise InputError(f"found --bandwidth or --kernel with --method {options.method}, expected --method kde")
    if options.method == "uniform":
        if options.data is not None or options.sigma is not None:
            raise InputError(
                "found --data or --sigma with --method uniform, expected --method smoothing, kde or points"
            )
        return uniform_on(parse_domain(options.domain or "ball:1"))
    if options.domain is not None:
        raise InputError(f"found --domain with --method {options.method}, expected --data; samples follow the data")
    if options.data is None:
        raise InputError(
            f"found --method {options.method} without --data, expected a .npy or .csv file of points (M, n)"
        )
    points = read_points(options.data)
    if options.method != "smoothing" and options.sigma is not None:
        raise InputError(f"found --sigma with --method {options.method}, expected --method smoothing")
    if options.method == "points":
        return GivenPoints(points)
    if options.method == "kde":
        bandwidth = None if options.bandwidth is None else read_points(options.bandwidth)
        return KernelDensity(points, bandwidth, options.kernel or "normal")
    if options.sigma is None:
        raise InputError("found --method smoothing without --sigma, expected the standard deviation of the noise")
    return Smoothing(points, options.sigma)


def _describe(name: str, estimate: AlphaEstimate) -> str:
    frame = estimate.frame
    stop = {
        "samples": "all of them looked at",
        "rule": "stopped, as it did not change for so long",
        "time": "stopped at the deadline",
    }[estimate.ended]
    shared = f", in random subspaces of dimension {estimate.subspace}" if estimate.subspace else ""
    lines = [
        f"{name}: ESTIMATE of alpha* from {estimate.samples:,} samples, {estimate.sampler.text}{shared}; {stop}",
        f"  m = {frame.m} rows, n = {frame.n}, backend {estimate.backend}, {estimate.dtype}, {estimate.seconds:.2f} s",
    ]
    rows = [
        [str(j), f"{value:.10g}" if value < float("inf") else "no sample"]
        for j, value in enumerate(estimate.values[:MOST_ROWS])
    ]
    lines += table(["row", "estimate"], rows)
    if frame.m > MOST_ROWS:
        lines.append(f"  ... {frame.m - MOST_ROWS} more; --json has all")
    if estimate.greedy:
        lines.append("greedy bases estimate another bias than alpha*; it certifies nothing: certify decides a bias")
    else:
        lines.append(
            "an estimate from above, up to rounding: exact alpha* on any domain with these samples is at most this"
        )
        lines.append("it certifies nothing: certify decides a bias")
    return "\n".join(lines)
