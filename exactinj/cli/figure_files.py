"""Pictures into files: refused before the work if they cannot be drawn, and whole or not there afterwards."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from exactinj.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["add_plot", "refuse_bad_picture", "save_figure"]

PICTURES = (".pdf", ".png", ".svg")
RESOLUTION = 150  # dots per inch


def add_plot(verb: argparse.ArgumentParser, what: str) -> None:
    """The option ``--plot``, with what the picture shows."""
    verb.add_argument("--plot", metavar="FILE", help=f"draw {what} (.png, .svg or .pdf; extra plot)")


def refuse_bad_picture(plot: str | None) -> None:
    """Find out before hours of work that the picture cannot be drawn."""
    if plot is None:
        return
    if find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib is not installed: pip install 'exactinj[plot]'")
    path = Path(plot)
    if path.suffix.lower() not in PICTURES or path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--plot: found {plot!r}, expected a .png, .pdf or .svg file in an existing folder")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"--plot: {plot} cannot be written there; name a file in a folder of yours")


def save_figure(figure: Figure, plot: str) -> None:
    """Write a picture; a full disk leaves the old one, or none."""
    from exactinj.work.atomic import replacing

    try:
        with replacing(Path(plot)) as stream:
            figure.savefig(stream, format=Path(plot).suffix[1:].lower(), dpi=RESOLUTION)
    except InputError as error:
        raise InputError(f"--plot: {error}") from None
