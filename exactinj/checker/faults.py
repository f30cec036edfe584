"""The two ways in which a check fails, each with its reason as a value besides the words.

A fault of form (JSON, keys and their order, types, number formats, or lists that do not fit m and n) makes
a document unreadable; whatever else fails is a rejection. The first fault in document order counts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TypeVar

__all__ = ["Later", "Reason", "Rejected", "Source", "Unreadable", "within"]

_Value = TypeVar("_Value")
Later = Callable[[], _Value]
"""A value that is read from the document when the rule is done with what stands before it."""


class Source(StrEnum):
    """The file that cannot be read."""

    CERTIFICATE = "certificate"
    LAYER_FILE = "layer file"
    KERNEL_FILE = "kernel file"
    BLOCK_FILE = "block file"
    NETWORK_FILE = "network file"


class Reason(StrEnum):
    """What about a certificate does not hold."""

    RULE = "rule"  # it proves another claim, or cannot stand where it stands
    DOMAIN = "domain"  # it is empty or flat, or not one that the claim or rule can be about
    OTHER_LAYER = "other layer"  # the certificate is not about the layer that was given
    OTHER_CONVOLUTION = "other convolution"  # or not about the convolution that was given
    OTHER_RESIDUAL = "other block"  # or not about the residual block that was given
    OTHER_NETWORK = "other network"  # or not about the network that was given
    DIGEST = "digest"  # the layer is not the one that its digest states
    SIZES = "sizes"  # the convolution is not defined for all of them
    POINTS = "points"  # they are equal, outside the domain, or have different outputs
    REFUTER = "refuter"
    CIRCUIT = "circuit"
    TREE = "tree"
    PACKING = "packing"  # refuters that are not disjoint, too few, or do not bear the change
    BLOCKS = "blocks"
    COMPOSITION = "composition"  # the proofs are not those of the layers
    RANK = "rank"  # the rows are not shown to be independent
    VALUE = "value"  # alpha of a row
    COVERAGE = "coverage"  # boxes do not cover the grid
    CELLS = "cells"  # they are not shown to cover the domain, or the map loses rank on one
    PAIRS = "pairs"  # of cells
    MINORS = "minors"  # they are not shown to be positive
    COUNT = "count"  # a group is not shown to have too few rows


class Unreadable(Exception):
    """The input is not a certificate, or not a layer, in the documented format."""

    def __init__(self, message: str, source: Source = Source.CERTIFICATE) -> None:
        super().__init__(message)
        self.source = source


class Rejected(Exception):
    """The certificate was read, but its claim does not follow."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@contextlib.contextmanager
def within(place: str) -> Iterator[None]:
    """Faults inside a part of the document say where it is."""
    try:
        yield
    except Rejected as error:
        raise Rejected(error.reason, f"{place}: {error}") from None
    except Unreadable as error:
        raise Unreadable(f"{place}: {error}", error.source) from None
