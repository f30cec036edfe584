"""The ``exactinj`` command: arguments in, exit status out.

Verbs are described here and imported when they are called, so that ``--help`` stays quick.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from exactinj import __version__
from exactinj.cli import exit_status
from exactinj.cli.sweep import add_sweep
from exactinj.errors import ExactinjError

__all__ = ["main"]

ENGINE_HELP = "auto (default), tree, wedges, finder, milp or milp-highs: how to decide"
DOMAIN_HELP = (
    "where injectivity is asked: R^n (default), nonneg, ball:r, ball:r:c1,...,cn, nonneg-ball:r, box:l,u, "
    "box:l1,...,ln:u1,...,un, polytope:FILE (G and h of G x <= h)"
)
SAMPLE_DOMAIN_HELP = "ball:r (default ball:1), sphere:r, nonneg-ball:r, shell:s,r or box:l,u"
ALPHA_DOMAIN_HELP = "ball:r (default ball:1), sphere:r or nonneg-ball:r; for hull also shell:s,r"
CONV_DOMAIN_HELP = (
    "what the input holds at every place: R^n (default), nonneg, box:l,u, or box:l1,...,lC:u1,...,uC by channel"
)
LAYER_HELP = ".npz (W, optional b or alpha), .npy (W), .json or .csv (strings are exact rationals)"
KERNEL_HELP = (
    ".npy (out, in / groups, *kernel size), .npz or .json with kernels and optionally b, stride, padding, dilation, "
    "groups, padding_mode"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; every problem of the input becomes one line on stderr and an exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(import_module(f"exactinj.cli.{options.verb}").run(options))
    except ExactinjError as error:
        print(f"exactinj: {error}", file=sys.stderr)
        return exit_status.BAD_INPUT
    except KeyboardInterrupt:
        print("exactinj: interrupted", file=sys.stderr)
        return exit_status.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; say nothing more
        return exit_status.OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exactinj",
        description="Exact answers about ReLU layers x -> ReLU(Wx + b): a proof or a counterexample.",
        epilog="exit status of certify and conv: 0 injective, 10 not injective, 11 unknown, 12 out of time or memory, "
        "3 bad input, 130 interrupted; of check: 0 valid, 4 rejected, 3 unreadable",
    )
    parser.add_argument("--version", action="version", version=f"exactinj {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_certify(verbs)
    _add_conv(verbs)
    _add_check(verbs)
    _add_alpha(verbs)
    _add_sample(verbs)
    _add_compare(verbs)
    add_sweep(verbs)
    _add_export(verbs)
    _add_casebook(verbs)
    return parser


def _add_certify(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "certify",
        help="decide whether a layer is injective, with a proof or a colliding pair",
        description="Decide exactly whether x -> ReLU(Wx + b) is injective.",
    )
    verb.add_argument("layer", metavar="LAYER", help=LAYER_HELP)
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP)
    _add_decision_options(verb)
    verb.add_argument("--explain", action="store_true", help="say step by step how the engine was chosen")
    _add_output_options(verb)


def _add_conv(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "conv",
        help="decide whether a convolution layer is injective, for every input size or for one",
        description="Decide exactly whether x -> ReLU(K * x + b) is injective: for every input size from some size on, "
        "or for one --input-shape. Options about the geometry fill what the kernel file leaves out.",
    )
    verb.add_argument("layer", metavar="KERNEL", help=KERNEL_HELP)
    verb.add_argument("--stride", metavar="S", help="1 (default), or one per axis: 1,2")
    verb.add_argument("--padding", metavar="P", help="0 (default), one per axis: 1,2, ends: 1:2,0, or same or valid")
    verb.add_argument("--dilation", metavar="D", help="1 (default), or one per axis: 1,2")
    verb.add_argument("--groups", metavar="G", help="of channels (default 1)")
    verb.add_argument("--padding-mode", metavar="MODE", help="zeros (default), circular, reflect or replicate")
    verb.add_argument("--input-shape", metavar="SHAPE", help="one size: C,H,W or H,W (also CxHxW); else every size")
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=CONV_DOMAIN_HELP)
    verb.add_argument("--box-limit", type=int, default=12, metavar="N", help="inputs in a box at most (default 12)")
    _add_decision_options(verb)
    verb.add_argument("--explain", action="store_true", help="say step by step what was tried")
    _add_output_options(verb)


def _add_decision_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--engine", default="auto", metavar="NAME", help=ENGINE_HELP)
    verb.add_argument("--jobs", type=int, default=1, metavar="N", help="processes with different engines (default 1)")
    verb.add_argument("--seed", type=int, default=0, help="of the finder's starting points (default 0)")
    verb.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="give up after so many seconds (status 12)")
    verb.add_argument("--out", metavar="FILE", help="write the certificate here (.json or .json.gz)")


def _add_check(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "check",
        help="re-check a certificate with the independent checker",
        description="Re-check a certificate; with LAYER, that it proves its claim about that very layer.",
    )
    verb.add_argument("certificate", metavar="CERT", help="a .json or .json.gz certificate")
    verb.add_argument("layer", metavar="LAYER", nargs="?", help=f"{LAYER_HELP}; of conv: the KERNEL file")
    _add_output_options(verb)


def _add_alpha(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "alpha",
        help="exact alpha*, or the convex-hull bias, on a ball or sphere",
        description="Biases alpha for which ReLU(Wx - alpha) is injective: exact numbers, as sign * sqrt(rational).",
    )
    verb.add_argument("layer", metavar="LAYER", help=LAYER_HELP)
    verb.add_argument("--method", choices=("exact", "hull"), default="exact", help="alpha* (default) or convex hull")
    verb.add_argument("--domain", default="ball:1", metavar="DOMAIN", help=ALPHA_DOMAIN_HELP)
    verb.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop after so many seconds (status 12)")
    verb.add_argument("--out", metavar="FILE", help="write the certificate of alpha* here (.json or .json.gz)")
    _add_output_options(verb)


def _add_sample(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "sample",
        help="Monte Carlo estimates of alpha*, for high dimension",
        description="Estimate alpha* from samples, from above. Estimates certify nothing.",
    )
    verb.add_argument("layer", metavar="LAYER", help=LAYER_HELP)
    verb.add_argument("--method", choices=("uniform", "smoothing", "kde"), default="uniform", help="where samples lie")
    verb.add_argument("--domain", metavar="DOMAIN", help="for uniform: " + SAMPLE_DOMAIN_HELP)
    verb.add_argument("--data", metavar="FILE", help="points (M, n) as .npy or .csv, for smoothing and kde")
    verb.add_argument("--sigma", type=float, help="standard deviation of the noise, for smoothing")
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
    verb.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    verb.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop sampling after so many seconds")
    _add_output_options(verb)


def _add_compare(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "compare",
        help="alpha*, the convex-hull bias, the layer's own bias and a sampled estimate side by side",
        description="Which bias is larger in which row, and which makes the layer injective, decided exactly.",
    )
    verb.add_argument("layer", metavar="LAYER", help=LAYER_HELP)
    verb.add_argument("--samples", type=int, metavar="N", help="compare a sampled estimate with exact alpha*, too")
    verb.add_argument("--seed", type=int, default=0, help="of the samples (default 0)")
    verb.add_argument("--domain", default="ball:1", metavar="DOMAIN", help=ALPHA_DOMAIN_HELP)
    verb.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop after so many seconds (status 12)")
    _add_output_options(verb)


def _add_export(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "export",
        help="the question about a layer for SMT solvers and network verifiers",
        description="Write the question as SMT-LIB 2 or VNN-LIB 2.0; in both, 'sat' means NOT injective.",
    )
    verb.add_argument("layer", metavar="LAYER", help=LAYER_HELP)
    form = verb.add_mutually_exclusive_group(required=True)
    form.add_argument("--smtlib", dest="format", action="store_const", const="smtlib", help="collision form, QF_LRA")
    form.add_argument("--vnnlib", dest="format", action="store_const", const="vnnlib", help="two-network form")
    verb.add_argument("--domain", default="R^n", metavar="DOMAIN", help=DOMAIN_HELP)
    verb.add_argument("--out", metavar="FILE", help="write here instead of on stdout")


def _add_casebook(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "casebook",
        help="the collection of interesting layers with known answers",
        description="List the cases, show one, or recompute one or all of them.",
    )
    verb.add_argument("action", choices=("list", "show", "run"))
    verb.add_argument("name", metavar="NAME", nargs="?", help="a case; without it, run takes all")
    _add_output_options(verb)


def _add_output_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="print one JSON document and nothing else on stdout")
    verb.add_argument("--quiet", action="store_true", help="no progress and no text, only files and the exit status")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a positive number of seconds")
    return value
