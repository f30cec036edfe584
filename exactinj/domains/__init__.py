"""Domains: the sets on which injectivity is asked, and regions on which biases are computed."""

from exactinj.domains.balls import Ball, NonnegativeBall, Shell, Sphere
from exactinj.domains.base import Domain, Region, convex_domain
from exactinj.domains.polyhedra import Box, NonnegativeOrthant, Polytope, RealSpace

__all__ = [
    "Ball",
    "Box",
    "Domain",
    "NonnegativeBall",
    "NonnegativeOrthant",
    "Polytope",
    "RealSpace",
    "Region",
    "Shell",
    "Sphere",
    "convex_domain",
]
