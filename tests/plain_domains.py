"""Domains as plain numbers for the oracles, written from what the classes are meant to be."""

from __future__ import annotations

from fractions import Fraction as F  # noqa: N817

import exactinj as xi


def plain(domain, n):
    """Halfspaces and ball as the oracles take them, from what the domain is meant to be."""
    zero = [F(0)] * n
    unit = [[F(int(j == k)) for k in range(n)] for j in range(n)]
    orthant = [(*(-e for e in row), F(0)) for row in unit]
    if isinstance(domain, xi.Box):
        low, up = domain.for_dimension(n).lower, domain.for_dimension(n).upper
        return [(*unit[j], -up[j]) for j in range(n)] + [(*(-e for e in unit[j]), low[j]) for j in range(n)], None
    if isinstance(domain, xi.Polytope):
        return [(*row, -bound) for row, bound in zip(domain.G, domain.h, strict=True)], None
    if isinstance(domain, xi.Ball):
        return [], (zero if domain.center is None else list(domain.center), domain.radius)
    if isinstance(domain, xi.NonnegativeBall):
        return orthant, (zero, domain.radius)
    if isinstance(domain, xi.NonnegativeOrthant):
        return orthant, None
    if isinstance(domain, xi.RealSpace):
        return [], None
    raise TypeError(domain)
