"""Domains from words, as on the command line: ``ball:1/3``, ``box:-1,1``, ``polytope:FILE``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from exactinj.domains import (
    Ball,
    Box,
    NonnegativeBall,
    NonnegativeOrthant,
    Polytope,
    RealSpace,
    Region,
    Shell,
    Sphere,
)
from exactinj.errors import InputError
from exactinj.files.numpy_files import Arrays, npz_arrays
from exactinj.files.sources import Source, read_with
from exactinj.files.text_files import json_document

__all__ = ["parse_domain"]

POLYTOPE_KEYS = {"G", "h"}
DOMAIN_FORMS = (
    "R^n, nonneg, ball:r, ball:r:c1,...,cn, nonneg-ball:r, sphere:r, shell:s,r, box:l,u, "
    "box:l1,...,ln:u1,...,un, polytope:FILE"
)


def parse_domain(text: str) -> Region:
    """The domain that a command-line text names.

    ``R^n``, ``nonneg``, ``ball:r`` (around 0) or ``ball:r:c1,...,cn``, ``nonneg-ball:r``, ``sphere:r``, ``shell:s,r``,
    ``box:l,u`` (the same bounds for every coordinate) or ``box:l1,...,ln:u1,...,un``, and ``polytope:FILE``
    with a ``.json`` or ``.npz`` file of ``G`` and ``h`` for ``G x <= h``. Numbers are exact, as in ``1/3``. Raises
    `InputError`.

    >>> parse_domain("ball:1/3").radius
    Fraction(1, 3)
    """
    kind, *parts = text.split(":")
    makers: dict[tuple[str, int], Callable[..., Region]] = {
        ("R^n", 0): RealSpace,
        ("nonneg", 0): NonnegativeOrthant,
        ("ball", 1): Ball,
        ("ball", 2): lambda radius, center: Ball(radius, center.split(",")),
        ("nonneg-ball", 1): NonnegativeBall,
        ("sphere", 1): Sphere,
        ("shell", 1): lambda radii: Shell(*_pair(radii)),
        ("box", 1): lambda bounds: Box(*_pair(bounds)),
        ("box", 2): lambda lower, upper: Box(_one_or_more(lower), _one_or_more(upper)),
    }
    if kind == "polytope" and parts:
        return _read_polytope(text.removeprefix("polytope:"))
    maker = makers.get((kind, len(parts)))
    if maker is None:
        raise InputError(f"found the domain {text!r}, expected one of {DOMAIN_FORMS}")
    try:
        return maker(*parts)
    except InputError as error:
        raise InputError(f"domain {text!r}: {error}") from None


def _pair(text: str) -> list[str]:
    numbers = text.split(",")
    if len(numbers) != 2:  # noqa: PLR2004
        raise InputError(f"found {text!r}, expected two numbers with a comma between them")
    return numbers


def _one_or_more(text: str) -> str | list[str]:
    numbers = text.split(",")
    return numbers if len(numbers) > 1 else text


def _read_polytope(name: str) -> Polytope:
    if not name:
        raise InputError("found the domain 'polytope:' without a file, expected polytope:FILE with G and h")
    return read_with({".npz": _polytope_in_npz, ".json": _polytope_in_json}, name)


def _polytope_in_npz(source: Source) -> Polytope:
    arrays = npz_arrays(source, "G and h", _require_names)
    return Polytope(arrays["G"], arrays["h"])


def _polytope_in_json(source: Source) -> Polytope:
    document: Arrays = json_document(source, "G and h")
    _require_names(document)
    return Polytope(document["G"], document["h"])


def _require_names(names: Iterable[str]) -> None:
    if set(names) != POLYTOPE_KEYS:
        found = ", ".join(sorted(names)) or "nothing"
        raise InputError(f"found {found}, expected G and h for the halfspaces G x <= h; rename or add them")
