"""Files and the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO

from exactinj.checker.document import CheckResult, Given, Numbers, check_document
from exactinj.checker.faults import Source, Unreadable
from exactinj.checker.files.graphs import read_graph
from exactinj.checker.files.kernels import read_kernels
from exactinj.checker.files.layers import FilePath, opened, read_layer
from exactinj.checker.files.networks import read_network
from exactinj.checker.files.residuals import read_residual

__all__ = ["check_file", "main"]

READERS: dict[str, Callable[[FilePath], Numbers]] = {
    "layer": read_layer,
    "convolution": read_kernels,
    "residual": read_residual,
    "dense_network": read_network,
    "graph": read_graph,
}
VALID, LOST, UNREADABLE, REJECTED, INTERRUPTED = 0, 1, 3, 4, 130


def check_file(
    path: FilePath,
    layer_path: FilePath | None = None,
    *,
    watch: Callable[[BinaryIO], BinaryIO] = lambda file: file,
    check: Callable[[BinaryIO, Given], CheckResult] = check_document,
) -> CheckResult:
    """Check a certificate file, which must be about the layer in `layer_path` if that is given.

    The second file is a kernel file if the certificate is about a convolution, a block file if it is about a residual
    block, a network or graph file if it is about a network, a layer file otherwise. What `watch` makes of the open
    certificate is read in its place: it may tell how far the reading is.
    `check` may be another checker.
    Raises Unreadable if one of the two files is not in its documented format.
    """

    def given(kind: str) -> Numbers | None:
        return None if layer_path is None else READERS[kind](layer_path)

    try:
        with opened(path) as file:
            return check(watch(file), given)
    except Unreadable as error:
        if error.source is not Source.CERTIFICATE:
            raise
        raise Unreadable(f"certificate: {error}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Re-check an exactinj certificate.")
    parser.add_argument("certificate", help="the certificate, JSON or gzip-compressed JSON")
    parser.add_argument("layer", nargs="?", help="also require that it is about the layer in this file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", help="print nothing; the exit status tells")
    options = parser.parse_args(argv)
    try:
        result = check_file(options.certificate, options.layer)
        word, status = ("valid", VALID) if result.valid else ("rejected", REJECTED)
    except Unreadable as error:
        result, word, status = CheckResult(valid=False, claim=None, reason=str(error)), "unreadable", UNREADABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.json:
        line = json.dumps({"valid": result.valid, "claim": result.claim, "reason": result.reason})
        return status if _shown(line) else LOST
    line = ascii(f"{word}: {f'{result.claim}: ' if result.valid else ''}{result.reason}")[1:-1]
    if options.quiet:
        return status
    if status == UNREADABLE:
        print(line, file=sys.stderr)
        return status
    return status if _shown(line) else LOST


def _shown(line: str) -> bool:
    """Whether standard output took the line: a full disk or a closed pipe must not read as an answer."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        print(line, flush=True)
    except OSError as error:
        if sys.stdout is not None:  # what is still in its buffer has somewhere to go
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"the answer could not be written to standard output: {error.strerror or error}", file=sys.stderr)
        return False
    return True
