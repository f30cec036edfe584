"""``--layer-out FILE``: the layer with the bias that a verb found, for `certify` and for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exactinj.errors import InputError

if TYPE_CHECKING:
    from exactinj.exact.surd import Surd
    from exactinj.layers.convolution import ConvLayer
    from exactinj.layers.dense import ReLULayer

__all__ = ["add_layer_out", "refuse_bad_layer_out", "rounding_words", "write_layer_out"]


def add_layer_out(verb: argparse.ArgumentParser, bias: str) -> None:
    """The option, with what the bias is."""
    wanted = f"write the layer ReLU(Wx - alpha) with {bias} here (.json: exact; .npz: float64)"
    verb.add_argument("--layer-out", metavar="FILE", help=wanted)


def refuse_bad_layer_out(options: argparse.Namespace) -> None:
    """Find out before hours of work that the layer has nowhere to go."""
    if options.layer_out is None:
        return
    from exactinj.layers.writing import require_layer_ending

    path = Path(options.layer_out)
    try:
        require_layer_ending(path)
    except InputError as error:
        raise InputError(f"--layer-out: {error}") from None
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--layer-out: {path} cannot be written there; name a file in an existing folder")


def write_layer_out(options: argparse.Namespace, layer: ReLULayer | ConvLayer) -> None:
    """Write the layer; the message of an error names the option."""
    try:
        layer.write(options.layer_out)
    except InputError as error:
        raise InputError(f"--layer-out: {error}") from None


def rounding_words(values: Sequence[Surd | None], layer: ReLULayer) -> str:
    """In how many rows the written bias is not the exact value, which is irrational or infinite there."""
    written = [-value for (value,) in layer.b.fractions()]
    infinite = sum(value is not None and not value.is_finite for value in values)
    pairs = zip(values, written, strict=True)
    rounded = sum(value is not None and value.is_finite and value.rational != exact for value, exact in pairs)
    words = [f"alpha rounded down in {_rows(rounded)}, where it is irrational"] if rounded else []
    words += [f"large enough to keep {_rows(infinite)} with alpha infinity inactive"] if infinite else []
    return "; ".join(words) or "alpha exact"


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"
