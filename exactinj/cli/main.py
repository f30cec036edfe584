"""The ``exactinj`` command: arguments in, exit status out.

Each verb's file has `add`, its arguments, and `run`, which imports what it needs, so that ``--help`` stays quick.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from exactinj import __version__
from exactinj.cli import exit_status
from exactinj.errors import ExactinjError

__all__ = ["main"]

VERBS = ("certify", "conv", "check", "alpha", "sample", "compare", "sweep", "export", "casebook")


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
    for name in VERBS:
        import_module(f"exactinj.cli.{name}").add(verbs)
    return parser
