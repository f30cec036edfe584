"""``exactinj export``: the question about a layer in the language of other tools."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exactinj.cli import exit_status
from exactinj.domains import convex_domain
from exactinj.files.atomic import replacing
from exactinj.files.export import to_smtlib, to_vnnlib
from exactinj.files.layer_files import parse_domain, read_layer

__all__ = ["run"]

WRITERS = {"smtlib": to_smtlib, "vnnlib": to_vnnlib}


def run(options: argparse.Namespace) -> int:
    """Write to the file `options.out`, or to stdout without one; exit status 0."""
    layer = read_layer(options.layer)
    text = WRITERS[options.format](layer, convex_domain(parse_domain(options.domain)))
    if options.out is None:
        sys.stdout.write(text)
    else:
        with replacing(Path(options.out)) as stream:
            stream.write(text.encode())
    return exit_status.OK
