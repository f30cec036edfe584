"""Compact lists of certificates, spelled out: the section *Compact lists* of the specification, word for word."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .elimination import rank, relation

EXPLICIT = {"flat-tree": "refuters", "packing": "refuters", "sign-split": "circuits"}


class Undetermined(Exception):
    """A compact entry that is rejected."""


class Misshapen(Exception):
    """A compact entry that is malformed."""


def spelled_out(document: dict[str, Any]) -> dict[str, Any]:
    """The same certificate with explicit entries only. Raises Undetermined or Misshapen."""
    proof = document["proof"]
    if "supports" not in proof:
        return document
    functions = functions_of(document)
    m = len(document["layer"]["W"])
    named = len(functions) if document["domain"]["type"] == "polytope" else m
    for entry in proof["supports"]:
        if isinstance(entry, list) and entry and type(entry[0]) is int:
            for code in entry:
                if type(code) is not int or code == 0 or (code < 0 and proof["rule"] != "sign-split"):
                    raise Misshapen
    entries = [
        multipliers(entry, functions, named) if isinstance(entry, list) and entry and type(entry[0]) is int else entry
        for entry in proof["supports"]
    ]
    renamed = {EXPLICIT[proof["rule"]] if key == "supports" else key: value for key, value in proof.items()}
    return {**document, "proof": {**renamed, EXPLICIT[proof["rule"]]: entries}}


def functions_of(document: dict[str, Any]) -> list[tuple[list[Fraction], Fraction]]:
    """The rows (w, b), then the facets (a, c) of K."""
    layer, domain = document["layer"], document["domain"]
    n = len(layer["W"][0])
    found = [([Fraction(v) for v in w], Fraction(b)) for w, b in zip(layer["W"], layer["b"], strict=True)]
    unit = [[Fraction(int(j == k)) for k in range(n)] for j in range(n)]
    minus = [[-v for v in row] for row in unit]
    if domain["type"] in ("nonneg", "nonneg-ball"):
        found += [(row, Fraction(0)) for row in minus]
    elif domain["type"] == "box":
        for j in range(n):
            found += [(minus[j], Fraction(domain["lower"][j])), (unit[j], -Fraction(domain["upper"][j]))]
    elif domain["type"] == "polytope":
        found += [([Fraction(v) for v in row], -Fraction(h)) for row, h in zip(domain["G"], domain["h"], strict=True)]
    return found


def multipliers(codes: list[int], functions: list[tuple[list[Fraction], Fraction]], named: int) -> list[Any]:
    """Pairs [i, "lambda"] for the functions that explicit entries may name."""
    places = [abs(code) - 1 for code in codes]
    if max(places) >= len(functions) or len(set(places)) < len(places):
        raise Undetermined
    signs = [1 if code > 0 else -1 for code in codes]
    columns = [[s * v for v in functions[i][0]] for i, s in zip(places, signs, strict=True)]
    dimension = len(codes) - rank(columns)
    if dimension == 2:
        columns = [[*column, s * functions[i][1]] for column, i, s in zip(columns, places, signs, strict=True)]
        dimension = len(codes) - rank(columns)
    found = relation(columns) if dimension == 1 else None
    if found is None:
        raise Undetermined
    if found[0] < 0:
        found = [-value for value in found]
    if min(found) <= 0:
        raise Undetermined
    pairs = [(i, s * value) for i, s, value in zip(places, signs, found, strict=True) if i < named]
    if not pairs:
        raise Undetermined
    common = math.lcm(*(value.denominator for _, value in pairs))
    content = math.gcd(*(int(value * common) for _, value in pairs))
    return [[i, str(int(value * common) // content)] for i, value in pairs]
