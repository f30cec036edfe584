"""The ``exactinj`` command: arguments in, exit status out.

Each verb's file has `add`, its arguments, and `run`, which imports what it needs, so that ``--help`` stays quick.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from exactinj import __version__
from exactinj.cli import exit_status
from exactinj.cli.output import LostAnswerError, open_closed_streams, print_error, show, silence, write_error
from exactinj.errors import ExactinjError
from exactinj.work.log import LEVELS, logged_to_stderr

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

__all__ = ["main", "whole_parser"]

VERBS = (
    "certify",
    "conv",
    "scan",
    "check",
    "alpha",
    "sample",
    "compare",
    "invert",
    "stability",
    "repair",
    "sweep",
    "gaussian",
    "export",
    "casebook",
    "about",
    "completion",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; every problem of the input, or of the output, becomes one line on stderr and an exit status."""
    started = time.monotonic()
    open_closed_streams()
    try:
        options = whole_parser().parse_args(arguments)
        options.started = started  # deadlines count from here
        with logged_to_stderr(options.log):
            return int(import_module(f"exactinj.cli.{options.verb}").run(options))
    except ExactinjError as error:
        print_error(str(error))
        return exit_status.BAD_INPUT
    except KeyboardInterrupt:
        print_error("interrupted")
        return exit_status.INTERRUPTED
    except LostAnswerError as error:
        if str(error):  # otherwise whoever read the output has gone; say nothing more
            print_error(f"the answer could not be written to standard output: {error}")
        silence(sys.stdout)
        return exit_status.LOST_ANSWER


class _Parser(argparse.ArgumentParser):
    """Help that cannot be written is an error, too."""

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        if file is None:
            show(self.format_help(), end="")
        else:
            super().print_help(file)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if file is sys.stdout and message:
            show(message, end="")
        elif message:
            write_error(message)


def whole_parser() -> argparse.ArgumentParser:
    """The command with all its verbs."""
    parser = _Parser(
        prog="exactinj",
        description="Exact answers about ReLU layers x -> ReLU(Wx + b): a proof or a counterexample.",
        epilog="exit status of certify, conv, scan and repair: 0 injective, 10 not injective, 11 unknown, 12 out of "
        "time or memory, 3 bad input, 130 interrupted; of check: 0 valid, 4 rejected, 3 unreadable, 12 out of time; "
        "of all verbs: 2 a command line that cannot be understood, 1 an answer that standard output did not take, or a "
        "crash",
    )
    parser.add_argument(
        "--log",
        choices=LEVELS,
        default="warning",
        help="on standard error: info adds answers, debug progress",
    )
    parser.add_argument("--version", action="version", version=f"exactinj {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name in VERBS:
        import_module(f"exactinj.cli.{name}").add(verbs)
    return parser
