"""The extreme rays of a polyhedral cone, by double description over the integers."""

from __future__ import annotations

import math
from operator import mul

from exactinj.checker.rationals import Vector, unit_vectors

__all__ = ["extreme_rays"]


def extreme_rays(normals: list[Vector], n: int) -> list[Vector] | None:
    """The extreme rays of {x : <x, v> <= 0 for every normal v}, or None if the cone contains a line.

    Double description: the cone of the normals so far is held as a basis of its lines and, modulo these, its
    extreme rays, each with a bit for every normal that is 0 on it.
    """
    if len(normals) < n:  # before the n by n identity is built
        return None
    lines, rays = unit_vectors(n), list[tuple[Vector, int]]()
    for number, normal in enumerate(normals):
        crossing = next((k for k, line in enumerate(lines) if sum(map(mul, normal, line))), None)
        if crossing is None:
            rays = _cut(rays, normal, 1 << number)
            continue
        inner = lines.pop(crossing)
        if sum(map(mul, normal, inner)) > 0:
            inner = [-value for value in inner]
        lines = [_on_wall(normal, line, inner) for line in lines]
        rays = [(_on_wall(normal, ray, inner), zeros | 1 << number) for ray, zeros in rays]
        rays.append((inner, (1 << number) - 1))
    return None if lines else [ray for ray, _ in rays]


def _cut(rays: list[tuple[Vector, int]], normal: Vector, bit: int) -> list[tuple[Vector, int]]:
    """The rays where <x, normal> <= 0, and a new one between any two neighbours on different sides.

    Two extreme rays are neighbours exactly if no third one is 0 on all normals that are 0 on both.
    """
    sides = [sum(map(mul, normal, ray)) for ray, _ in rays]
    kept = [(ray, zeros if side else zeros | bit) for (ray, zeros), side in zip(rays, sides, strict=True) if side <= 0]
    inside = [ray for ray, side in zip(rays, sides, strict=True) if side < 0]
    outside = [ray for ray, side in zip(rays, sides, strict=True) if side > 0]
    for inner, inner_zeros in inside:
        for outer, outer_zeros in outside:
            common = inner_zeros & outer_zeros
            if sum(zeros & common == common for _, zeros in rays) == 2:
                kept.append((_on_wall(normal, outer, inner), common | bit))
    return kept


def _on_wall(normal: Vector, x: Vector, inner: Vector) -> Vector:
    """The primitive vector a x + c y with a > 0 on which the normal is 0, where y = inner has <y, normal> < 0."""
    a, c = -sum(map(mul, normal, inner)), sum(map(mul, normal, x))
    combined = [a * p + c * q for p, q in zip(x, inner, strict=True)]
    content = math.gcd(*combined)
    return [value // content for value in combined]
