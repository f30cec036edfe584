"""What several subcommands of ``exactinj gaussian`` share: which layers, how long, and being stopped in between."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from exactinj.cli.arguments import seconds
from exactinj.cli.output import note_processes, print_error
from exactinj.cli.progress import ProgressLine
from exactinj.cli.supervise import requests_to_stop

if TYPE_CHECKING:
    from exactinj.gaussian import Counts, Ensemble

__all__ = ["add_ensemble", "add_trials", "ensemble_of", "probability_text", "watched"]


def add_ensemble(parser: argparse.ArgumentParser) -> None:
    """How the layers are drawn, and where they are asked about."""
    parser.add_argument(
        "--entries", default="gaussian", metavar="LAW", help="gaussian (default), signs (+1 or -1), or sparse:p"
    )
    parser.add_argument(
        "--bias", default="zero", metavar="BIAS", help="zero (default), constant:C or gaussian:VARIANCE"
    )
    parser.add_argument("--domain", default="R^n", metavar="DOMAIN", help="R^n (default), nonneg, ball:r, ...")


def ensemble_of(options: argparse.Namespace) -> Ensemble:
    """The ensemble of `add_ensemble`'s options."""
    from exactinj.gaussian import Ensemble

    return Ensemble(options.entries, options.bias, options.domain)


def add_trials(parser: argparse.ArgumentParser, trials: int, what: str = "layers") -> None:
    """How many layers, from which seed, in which processes, for how long each."""
    parser.add_argument("--trials", type=int, default=trials, metavar="N", help=f"{what} (default {trials})")
    parser.add_argument("--seed", type=int, default=0, help="(default 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="SECONDS", help="for each exact decision (default 60)"
    )


@contextmanager
def watched(options: argparse.Namespace) -> Iterator[Callable[[str], None]]:
    """A progress line; after an interrupt it says where the work can go on, if results are kept."""
    line = ProgressLine(enabled=not options.quiet)
    note_processes(options)
    try:
        with requests_to_stop():
            yield line.show_sometimes
    except KeyboardInterrupt:
        line.clear()
        if getattr(options, "out", None):
            print_error(f"finished layers are in {options.out}, and the same command goes on from there")
        raise
    finally:
        line.clear()


def probability_text(counts: Counts) -> str:
    """``0.453 (0.422 to 0.484)``, or the interval alone where nothing was decided."""
    low, high = counts.interval()
    return f"{counts.share:.3f} ({low:.3f} to {high:.3f})" if counts.decided else f"({low:.3f} to {high:.3f})"
