"""``exactinj certify``: decide a layer and write what proves the answer."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from exactinj.cli import exit_status
from exactinj.cli.progress import ProgressLine
from exactinj.cli.supervise import InterruptedChild, supervised
from exactinj.errors import ExactinjError, InputError

if TYPE_CHECKING:
    from exactinj.evidence.result import Result

__all__ = ["run"]

STATUS = {
    "injective": exit_status.OK,
    "not_injective": exit_status.NOT_INJECTIVE,
    "unknown": exit_status.UNKNOWN,
    "timed_out": exit_status.OUT_OF_BUDGET,
}


def run(options: argparse.Namespace) -> int:
    """Decide in a supervised child; report in its place if it had to be killed."""
    _refuse_bad_output(options.out)
    started = time.monotonic()
    try:
        outcome = supervised(lambda note: _decide(options, started, note), options.timeout)
    except InterruptedChild as interrupt:
        _remove_leftovers(options.out, interrupt.child)
        raise
    if outcome.status is not None:
        return outcome.status
    _remove_leftovers(options.out, outcome.child)
    _print_killed(options, outcome.note, time.monotonic() - started)
    return exit_status.OUT_OF_BUDGET


def _decide(options: argparse.Namespace, started: float, note: Callable[[str], None]) -> int:
    from exactinj.api import certify  # heavy imports happen in the child
    from exactinj.reading import parse_domain, read_layer

    line = ProgressLine(enabled=not options.quiet)
    try:
        domain = parse_domain(options.domain)
        layer = read_layer(options.layer)
        summary = {"layer": {"m": layer.m, "n": layer.n, "sha256": layer.digest}}

        def report(text: str) -> None:
            line.show(text)
            note(json.dumps({**summary, "progress": text}))

        left = None if options.timeout is None else max(options.timeout - (time.monotonic() - started), 1e-3)
        result = certify(
            layer,
            domain=domain,
            engine=options.engine,
            timeout=left,
            jobs=options.jobs,
            seed=options.seed,
            report=_throttled(report),
        )
        if options.out is not None and result.certificate is not None:
            line.show("writing the certificate")
            result.certificate.write(options.out)
    except ExactinjError as error:
        line.clear()
        print_error(str(error))
        return exit_status.BAD_INPUT
    except MemoryError:
        line.clear()
        print_error("out of memory; the layer is too large for an exact decision on this machine")
        return exit_status.OUT_OF_BUDGET
    except KeyboardInterrupt:
        line.clear()
        return exit_status.INTERRUPTED
    line.clear()
    _print_result(options, result)
    return STATUS[result.verdict]


def _print_result(options: argparse.Namespace, result: Result) -> None:
    from exactinj.cli.describe import describe_result

    path = options.out if result.certificate is not None else None
    if options.json:
        document = result.to_json(path)
        if options.explain:
            document["explanation"] = list(result.explanation)
        print(json.dumps(document, indent=1))
    elif not options.quiet:
        print(describe_result(result, options.layer, path))
        for step in result.explanation if options.explain else ():
            print(f"  why: {step}")


def _print_killed(options: argparse.Namespace, note: str, seconds: float) -> None:
    """The report on a child that was killed: at the deadline, or by the system for its memory."""
    known = json.loads(note) if note else {}
    in_time = options.timeout is None or seconds < options.timeout
    cause = "killed by the system, most likely out of memory" if in_time else "out of time inside one exact step"
    progress = known.get("progress", "the layer was still being read")
    document = {
        "verdict": "timed_out",
        "reason": f"{cause}; last seen: {progress}",
        "assumption": None,
        "layer": known.get("layer"),
        "domain": options.domain,
        "engine": options.engine,
        "witness": None,
        "certificate": None,
        "stats": {"nodes": None, "seconds": round(seconds, 6)},
    }
    if options.json:
        print(json.dumps(document, indent=1))
    elif not options.quiet:
        print(f"{options.layer}: undecided, {document['reason']}")


def _refuse_bad_output(out: str | None) -> None:
    """Find out before hours of work that the certificate has nowhere to go."""
    if out is None:
        return
    path = Path(out)
    if not path.name.endswith((".json", ".json.gz")):
        raise InputError(f"--out: found the name {path.name!r}, expected one that ends in .json or .json.gz")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--out: {path} cannot be written there; name a file in an existing folder")


def _remove_leftovers(out: str | None, child: int) -> None:
    """A killed child may have left its temporary file."""
    from exactinj.evidence.files import TEMPORARY_PREFIX

    if out is not None:
        for leftover in Path(out).parent.glob(f"{TEMPORARY_PREFIX}{child}-*"):
            leftover.unlink(missing_ok=True)


def _throttled(report: Callable[[str], None], pause: float = 0.1) -> Callable[[str], None]:
    last = [float("-inf")]

    def throttled(text: str) -> None:
        now = time.monotonic()
        if now - last[0] >= pause:
            last[0] = now
            report(text)

    return throttled


def print_error(text: str) -> None:
    """One line on stderr."""
    import sys

    print(f"exactinj: {text}", file=sys.stderr)
