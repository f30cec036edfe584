"""Section "Domains": the set K of the document."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exactinj.checker.domains import Ball, Box, Domain, NonnegativeBall, Orthant, Polytope, Space, Sphere
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import over_one_denominator, rational, rationals
from exactinj.checker.rows import Row
from exactinj.checker.stream import Reader

__all__ = ["read_domain"]


def _read_vector(reader: Reader, name: str, count: int | None = None) -> list[Fraction]:
    """The list of rationals at the key `name`."""
    reader.key(",", name)
    return rationals(reader.value(), count, f"domain.{name}")


def _read_box(reader: Reader) -> Box:
    lower = _read_vector(reader, "lower")
    upper = _read_vector(reader, "upper", len(lower))
    reader.expect("}")
    for j, (low, high) in enumerate(zip(lower, upper, strict=True)):
        if low >= high:
            raise Rejected(Reason.DOMAIN, f"domain: the box has lower >= upper in coordinate {j}")
    scaled, denominator = over_one_denominator([*lower, *upper])
    return Box(scaled[: len(lower)], scaled[len(lower) :], denominator)


def _read_polytope(reader: Reader) -> Polytope:
    normals: list[list[Fraction]] = []
    for texts in reader.elements(",", "G"):
        normals.append(rationals(texts, len(normals[0]) if normals else None, f"domain.G row {len(normals)}"))
    if not normals:
        raise reader.malformed("domain.G: expected at least one halfspace, found none")
    ends = _read_vector(reader, "h", len(normals))
    interior = _read_vector(reader, "interior", len(normals[0]))
    reader.expect("}")
    polytope = Polytope(tuple(Row(normal, -end) for normal, end in zip(normals, ends, strict=True)))
    for j, value in enumerate(polytope.values(interior)):
        if value >= 0:
            raise Rejected(
                Reason.DOMAIN, f"domain: the interior point of the polytope is not strictly inside halfspace {j}"
            )
    return polytope


def _read_radius(reader: Reader) -> Fraction:
    reader.key(",", "radius")
    radius = rational(reader.value(), "domain.radius")
    reader.expect("}")
    if radius <= 0:
        raise Rejected(Reason.DOMAIN, "domain: the radius is not positive")
    return radius


def _read_ball(reader: Reader) -> Ball:
    center = _read_vector(reader, "center")
    return Ball(*over_one_denominator(center), _read_radius(reader))


def _read_plain(domain: Domain) -> Callable[[Reader], Domain]:
    """For a domain without parameters."""

    def read(reader: Reader) -> Domain:
        reader.expect("}")
        return domain

    return read


_READ_DOMAIN: dict[str, Callable[[Reader], Domain]] = {
    Space.type: _read_plain(Space()),
    Orthant.type: _read_plain(Orthant()),
    Box.type: _read_box,
    Polytope.type: _read_polytope,
    Ball.type: _read_ball,
    NonnegativeBall.type: lambda reader: NonnegativeBall(_read_radius(reader)),
    Sphere.type: lambda reader: Sphere(_read_radius(reader)),
}


def read_domain(reader: Reader, claim: str) -> Domain:
    """Section "Domains": the set K, which has interior points unless the claim is about a sphere."""
    reader.key(",", "domain")
    domain = _READ_DOMAIN[reader.one_of("{", "type", list(_READ_DOMAIN))](reader)
    if isinstance(domain, Sphere) and claim != "alpha_star":
        raise Rejected(Reason.DOMAIN, f'domain: the claim on a sphere can be "alpha_star" only, not "{claim}"')
    return domain
