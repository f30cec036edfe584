"""``exactinj completion``: scripts that let a shell complete verbs, options and files; made by the library shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from exactinj.cli import exit_status
from exactinj.cli.arguments import Verbs
from exactinj.cli.output import show
from exactinj.errors import MissingExtraError

__all__ = ["add", "run"]

SHELLS = ("bash", "zsh", "tcsh")
FILES = ("FILE", "LAYER", "KERNEL", "MODEL", "CERT", "FOLDER", "OUTPUT", "BIAS")


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "completion",
        help="a script that lets your shell complete verbs, options and files",
        description='Print a script; for bash: eval "$(exactinj completion bash)". Needs the extra completion.',
    )
    verb.add_argument("shell", choices=SHELLS, help="the shell that is to read it")


def run(options: argparse.Namespace) -> int:
    """Print the script for `options.shell`."""
    try:
        import shtab
    except ImportError:
        raise MissingExtraError("shtab is not installed: pip install 'exactinj[completion]'") from None
    from exactinj.cli.main import whole_parser

    parser = whole_parser()
    for action in _actions(parser):
        if action.choices is None and any(word in FILES for word in _words(action)):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    show(shtab.complete(parser, shell=options.shell))
    return exit_status.OK


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Options and arguments of a command and of the verbs in it."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)


def _words(action: argparse.Action) -> Iterator[str]:
    """What the help calls the value."""
    metavar: Any = action.metavar
    yield from (metavar,) if isinstance(metavar, str) else metavar or (action.dest,)
