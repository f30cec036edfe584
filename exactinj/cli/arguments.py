"""Arguments that several verbs share: what they are called, what their help says, how they are read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import TypeAlias

from exactinj.errors import InputError

__all__ = [
    "ALPHA_DOMAIN_HELP",
    "ASSUME_HELP",
    "BLOCK_HELP",
    "CONV_DOMAIN_HELP",
    "DOMAIN_HELP",
    "ENGINE_HELP",
    "KERNEL_FORMATS",
    "KERNEL_HELP",
    "LAYER_HELP",
    "NETWORK_HELP",
    "RESUME_HELP",
    "SAMPLE_DOMAIN_HELP",
    "Verbs",
    "add_decision_options",
    "add_layer",
    "add_layer_format",
    "add_output_options",
    "fixed_inputs_of",
    "numbers_of",
    "seconds",
    "shard_of",
]

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

ENGINE_HELP = (
    "auto (default), tree, sign-split (or its old name wedges), packing, finder, milp or milp-highs: how to decide"
)
ASSUME_HELP = (
    "full-spark: that any n rows, or windows as far as they can be, are independent; only then may injective rest on it"
)
DOMAIN_HELP = (
    "where injectivity is asked: R^n (default), nonneg, ball:r, ball:r:c1,...,cn, nonneg-ball:r, box:l,u, "
    "box:l1,...,ln:u1,...,un, polytope:FILE (G and h of G x <= h)"
)
RESUME_HELP = "keep finished subtrees of the search in this folder, and go on from those that are there"
SAMPLE_DOMAIN_HELP = "ball:r (default ball:1), sphere:r, nonneg-ball:r, shell:s,r or box:l,u"
ALPHA_DOMAIN_HELP = "ball:r (default ball:1), sphere:r or nonneg-ball:r; for hull also shell:s,r"
CONV_DOMAIN_HELP = (
    "what the input holds at every place: R^n (default), nonneg, box:l,u, or box:l1,...,lC:u1,...,uC by channel"
)
LAYER_HELP = (
    ".npz (W, optional b or alpha), .npy (W), .json or .csv (strings are exact rationals); - for stdin; casebook:NAME"
)
BLOCK_HELP = f"{LAYER_HELP}; .npz or .json with A, B and optionally b: a residual block; .json with layers: a network"
NETWORK_HELP = f"{LAYER_HELP}; .json with layers: a network"
KERNEL_HELP = (
    ".npy (out, in / groups, *kernel size), .npz or .json with kernels and optionally b, stride, padding, dilation, "
    "groups, padding_mode; - for stdin; casebook:NAME"
)
FORM_HELP = (
    "multipliers of refuters and circuits listed, or left to the reader to compute; by default listed unless they "
    "would have millions of digits"
)
LAYER_FORMATS = ("npz", "npy", "json", "csv")
KERNEL_FORMATS = ("npz", "npy", "json")


def add_layer(verb: argparse.ArgumentParser, about: str = LAYER_HELP) -> None:
    """The layer, and its format where its name does not tell."""
    verb.add_argument("layer", metavar="LAYER", help=about)
    add_layer_format(verb)


def add_layer_format(verb: argparse.ArgumentParser, formats: Sequence[str] = LAYER_FORMATS) -> None:
    """``--format``, read as ``options.layer_format``."""
    wanted = f"of the layer: {', '.join(formats[:-1])} or {formats[-1]}, where its name does not tell"
    verb.add_argument("--format", dest="layer_format", choices=formats, help=wanted)


def add_decision_options(verb: argparse.ArgumentParser) -> None:
    """Options of verbs that decide a layer: which engine, how long, where the certificate goes."""
    verb.add_argument("--engine", default="auto", metavar="NAME", help=ENGINE_HELP)
    verb.add_argument("--jobs", type=int, default=1, metavar="N", help="processes that share the search (default 1)")
    verb.add_argument("--seed", type=int, default=0, help="of the finder's starting points (default 0)")
    verb.add_argument("--timeout", type=seconds, metavar="SECONDS", help="give up after so many seconds (status 12)")
    verb.add_argument("--out", metavar="FILE", help="write the certificate here (.json or .json.gz; - for stdout)")
    verb.add_argument("--certificate-form", choices=("explicit", "compact"), help=FORM_HELP)


def add_output_options(verb: argparse.ArgumentParser) -> None:
    """What every verb has that prints an answer."""
    verb.add_argument("--json", action="store_true", help="print one JSON document and nothing else on stdout")
    verb.add_argument("--quiet", action="store_true", help="no progress and no text, only files and the exit status")


def seconds(text: str) -> float:
    """A positive, finite number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a positive number of seconds")
    return value


def fixed_inputs_of(texts: list[str]) -> dict[str, list[str] | str] | None:
    """The inputs of ``--fixed``: ``sr=16000`` and ``h=0,0,0``."""
    fixed: dict[str, list[str] | str] = {}
    for text in texts:
        name, equals, numbers = text.partition("=")
        if not name or not equals or not numbers:
            raise InputError(f"--fixed: found {text!r}, expected the name of an input and its numbers, as in sr=16000")
        fixed[name] = numbers.split(",") if "," in numbers else numbers
    return fixed or None


def numbers_of(name: str, text: str) -> list[int]:
    """``5``, ``2,3,4``, ``2:30`` and ``2:30:4``, both ends included."""
    numbers: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d{1,9})(?::(\d{1,9})(?::([1-9]\d{0,8}))?)?", part.strip(), re.ASCII)
        if found is None:
            raise InputError(f"{name}: found {text!r}, expected numbers such as 5, 2,3,4, 2:30 or 2:150:4")
        first, end, step = found.groups()
        numbers += range(int(first), int(end or first) + 1, int(step or 1))
    return numbers


def shard_of(text: str) -> tuple[int, int]:
    """The shard ``i/N``."""
    try:
        part, parts = map(int, text.split("/"))
    except ValueError:
        raise InputError(f"--shard: found {text!r}, expected i/N such as 1/4") from None
    return part, parts
