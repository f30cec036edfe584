"""``exactinj check``: the independent checker behind the command line."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from exactinj import checker
from exactinj.cli import exit_status
from exactinj.cli.arguments import (
    LAYER_HELP,
    Verbs,
    add_layer_format,
    add_output_options,
    fixed_inputs_of,
    seconds,
)
from exactinj.cli.supervised_verb import Ending, Reporter, Unfinished, run_supervised
from exactinj.errors import InputError
from exactinj.files.sources import STDIN, as_file

__all__ = ["add", "run"]

STDIN_FILE = "/dev/stdin"
MODEL_ENDINGS = (".onnx", ".pt", ".pth", ".safetensors")
FAST_HELP = (
    "long trees by the compiled checker, which leaves the rest to the independent one (see docs/fast-checker.md)"
)
PROVED_HELP = (
    "by the checker that is proved correct in Coq, a program of its own (see docs/trust.md and proof/README.md)"
)
LAYER_ENDINGS = (".npz", ".npy", ".json", ".csv")


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "check",
        help="re-check a certificate with the independent checker",
        description="Re-check a certificate; with LAYER, that it proves its claim about that very layer.",
    )
    verb.add_argument("certificate", metavar="CERT", help="a .json or .json.gz certificate; - for stdin")
    verb.add_argument(
        "layer",
        metavar="LAYER",
        nargs="?",
        help=f"{LAYER_HELP}; of conv: the KERNEL file; of a residual block: its file; of a network: .onnx",
    )
    add_layer_format(verb)
    verb.add_argument(
        "--fixed", action="append", default=[], metavar="NAME=NUMBER", help="as in scan, for an .onnx file"
    )
    other = verb.add_mutually_exclusive_group()
    other.add_argument("--fast", action="store_true", help=FAST_HELP)
    other.add_argument("--proved", action="store_true", help=PROVED_HELP)
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="give up after so many seconds (status 12)")
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0 valid, 4 rejected, 3 unreadable, 12 out of time or memory."""
    if options.certificate == STDIN == options.layer:
        raise InputError("found - for the certificate and for the layer, expected one of them from a file")

    def unfinished(end: Unfinished) -> dict[str, object]:
        return {"valid": None, "claim": None, "reason": end.reason}

    return run_supervised(options, lambda reporter: _check(options, reporter), unfinished, subject=options.certificate)


def _check(options: argparse.Namespace, reporter: Reporter) -> Ending:
    try:
        outcome = _outcome(options, reporter)
    except checker.Unreadable as error:
        document = {"valid": False, "claim": None, "reason": f"unreadable: {error}"}
        file = options.certificate if error.source is checker.Source.CERTIFICATE else options.layer
        text = json.dumps(document, indent=1) if options.json else ""
        return Ending(exit_status.BAD_INPUT, text, notes=(f"{file}: {error}",))
    status = exit_status.OK if outcome.valid else exit_status.REJECTED
    if options.json:
        return Ending(status, json.dumps(outcome.to_json(), indent=1))
    return Ending(status, "" if options.quiet else _in_words(outcome, about_itself=options.layer is None))


def _in_words(outcome: checker.CheckResult, *, about_itself: bool) -> str:
    lines = [f"{'VALID' if outcome.valid else 'REJECTED'}: {outcome.claim or 'no claim'}; {outcome.reason}"]
    if outcome.valid and about_itself:
        lines.append("  (about the layer inside the certificate; name your layer file to check that it is yours)")
    if outcome.fault is checker.Reason.OTHER_CONVOLUTION:
        lines.append(
            "  (a kernel file has to hold stride, padding and so on itself, even if options gave them to conv)"
        )
    return "\n".join(lines)


def _outcome(options: argparse.Namespace, reporter: Reporter) -> checker.CheckResult:
    """What the checker says; it takes files, so that a layer from elsewhere becomes one for a while."""
    certificate = STDIN_FILE if options.certificate == STDIN else options.certificate

    def watch(file: BinaryIO) -> BinaryIO:
        return cast("BinaryIO", _Watched(file, reporter))

    check_file = _file_check(options, watch)
    if options.layer is None:
        return check_file(certificate)
    if Path(options.layer).suffix.lower() in MODEL_ENDINGS:
        return _about_model(options, certificate, watch)
    with as_file(options.layer, LAYER_ENDINGS, options.layer_format) as layer:
        return check_file(certificate, layer)


def _file_check(
    options: argparse.Namespace, watch: Callable[[BinaryIO], BinaryIO]
) -> Callable[..., checker.CheckResult]:
    """What checks a certificate file, and perhaps a layer file; the proved checker's program tells no progress."""
    if options.fast:
        from exactinj import fastcheck  # numpy and the compiler are loaded here

        return partial(fastcheck.check_file, watch=watch)
    if options.proved:
        from exactinj import provedcheck

        return provedcheck.check_file
    return partial(checker.check_file, watch=watch)


def _about_model(
    options: argparse.Namespace, certificate: str, watch: Callable[[BinaryIO], BinaryIO]
) -> checker.CheckResult:
    """Of a certificate of a network and a model's file, which is read here: the checker gets its graph."""
    from exactinj.certificates.records import read_record, refusals
    from exactinj.networks.certified_models import subject_file

    if options.certificate == STDIN:
        raise InputError("found - for the certificate of a model, expected its file")
    with refusals(certificate):
        record = read_record(certificate)
    with TemporaryDirectory(prefix="exactinj-") as folder:
        network = subject_file(record, options.layer, Path(folder), fixed_inputs_of(options.fixed))
        return _file_check(options, watch)(certificate, network)


class _Watched:
    """A file that tells how much of it has been read; the checker only calls `read`."""

    def __init__(self, file: BinaryIO, reporter: Reporter) -> None:
        self._file = file
        self._reporter = reporter
        self._read = 0
        self._size = os.fstat(file.fileno()).st_size  # 0 for a pipe

    def read(self, size: int) -> bytes:
        of = f" of {self._size / 1e6:.1f}" if self._size else ""
        self._reporter.report(f"checking: {self._read / 1e6:.1f}{of} MB read")
        data = self._file.read(size)
        self._read += len(data)
        return data
