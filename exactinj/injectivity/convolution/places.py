"""Domains of convolutions: the same set at every place of the grid."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.domains import Box, Domain, NonnegativeOrthant, RealSpace
from exactinj.errors import InputError

__all__ = ["channel_domain", "grid_domain", "group_domain"]


def channel_domain(domain: Domain, channels: int) -> Domain:
    """The set for one place of the grid: R^n, the orthant, or a box with bounds for each channel; `InputError` else."""
    if isinstance(domain, RealSpace | NonnegativeOrthant):
        return domain
    if isinstance(domain, Box) and domain.dimension in (None, channels):
        return domain.for_dimension(channels)
    raise InputError(
        f"found the domain {domain.text}, expected for a convolution R^n, nonneg, or a box with one pair of bounds, or "
        f"one for each of the {channels} channels, which is the same at every size"
    )


def group_domain(domain: Domain, channels: Sequence[int]) -> Domain:
    """The set for one place of a group's channels."""
    return domain.restricted(channels) or domain


def grid_domain(domain: Domain, cells: int) -> Domain:
    """The set for an input with that many places, ordered as ``x.flatten()`` of (channels, *size)."""
    if not isinstance(domain, Box) or not isinstance(domain.lower, tuple) or not isinstance(domain.upper, tuple):
        return domain
    lower, upper = ([bound for bound in side for _ in range(cells)] for side in (domain.lower, domain.upper))
    return Box(lower, upper)
