"""What an oracle says, and the exact arithmetic that all of them agree on.

Nothing here or in the sibling files imports the package under test.  Every number is an `int` or
a `Fraction`; a float is read as the dyadic rational that it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

Domain = Literal["R^n", "nonneg"]
"""`"R^n"`, or `"nonneg"`: the closed nonnegative orthant (its interior is strictly positive)."""

Vector = tuple[Fraction, ...]
Numbers = Sequence[Any]
"""A sequence of ints, Fractions, floats or rational strings."""


@dataclass(frozen=True)
class OracleAnswer:
    """The verdict of one oracle.

    `injective` is exact.  If it is False, `x` (in the interior of the domain) and `v` (not zero)
    satisfy for every row: `<w_i, v> = 0` or `<w_i, x> + b_i < 0`.
    """

    injective: bool
    x: Vector | None = None
    v: Vector | None = None


def exact(number: Any) -> Fraction:
    """The rational value of an int, Fraction, float or string (numpy scalars included), exactly."""
    if isinstance(number, float | str):
        return Fraction(number)
    return Fraction(int(number.numerator), int(number.denominator))


def exact_vector(numbers: Numbers) -> Vector:
    """`exact` of every entry."""
    return tuple(exact(number) for number in numbers)


def exact_layer(W: Sequence[Numbers], b: Numbers | None) -> tuple[tuple[Vector, ...], Vector]:
    """`W` (m, n) and `b` (m,) as Fractions; `b = None` means zero.  Raises ValueError on bad shapes."""
    rows = tuple(exact_vector(row) for row in W)
    bias = (Fraction(0),) * len(rows) if b is None else exact_vector(b)
    widths = {len(row) for row in rows}
    if len(widths) != 1 or 0 in widths or len(bias) != len(rows):
        raise ValueError(f"expected W (m, n), m, n >= 1, and b (m,); found widths {widths}, {len(bias)} biases")
    return rows, bias


def check_domain(domain: str) -> None:
    """Raise ValueError unless `domain` is one that the oracles know."""
    if domain not in ("R^n", "nonneg"):
        raise ValueError(f'expected domain "R^n" or "nonneg", found {domain!r}')


def inner(u: Sequence[Any], v: Sequence[Any]) -> Any:
    """`<u, v>`, exactly."""
    return sum(p * q for p, q in zip(u, v, strict=True))


def is_witness(W: Sequence[Numbers], b: Numbers | None, domain: Domain, x: Numbers, v: Numbers) -> bool:
    """Whether `(x, v)` is a T2 witness: x in int K, v != 0, every row has `<w, v> = 0` or `g(x) < 0`."""
    check_domain(domain)
    rows, bias = exact_layer(W, b)
    x, v = exact_vector(x), exact_vector(v)
    inside = domain == "R^n" or all(c > 0 for c in x)
    silent = (inner(w, v) == 0 or inner(w, x) + beta < 0 for w, beta in zip(rows, bias, strict=True))
    return inside and any(v) and all(silent)


def is_collision(W: Sequence[Numbers], b: Numbers | None, domain: Domain, x: Numbers, y: Numbers) -> bool:
    """Whether `x != y`, both lie in the (closed) domain, and `ReLU(Wx + b) = ReLU(Wy + b)` exactly."""
    check_domain(domain)
    rows, bias = exact_layer(W, b)
    x, y = exact_vector(x), exact_vector(y)
    if x == y or (domain == "nonneg" and min(x + y) < 0):
        return False
    return all(
        max(inner(w, x) + beta, Fraction(0)) == max(inner(w, y) + beta, Fraction(0))
        for w, beta in zip(rows, bias, strict=True)
    )


def pair_from_witness(
    W: Sequence[Numbers], b: Numbers | None, domain: Domain, x: Numbers, v: Numbers
) -> tuple[Vector, Vector]:
    """The colliding pair `(x, x + eps v)` of a T2 witness, with the largest `eps <= 1` that works.

    A row with `<w, v> > 0` stays nonpositive while `eps <= -g(x) / <w, v>`; the orthant holds while
    `eps <= x_j / -v_j` for each `v_j < 0`.  Exact.  Garbage in, garbage out: test with `is_collision`.
    """
    rows, bias = exact_layer(W, b)
    x, v = exact_vector(x), exact_vector(v)
    bounds = [Fraction(1)]
    for w, beta in zip(rows, bias, strict=True):
        slope = inner(w, v)
        if slope > 0:
            bounds.append(-(inner(w, x) + beta) / slope)
    if domain == "nonneg":
        bounds += [c / -d for c, d in zip(x, v, strict=True) if d < 0]
    eps = min(bounds)
    return x, tuple(c + eps * d for c, d in zip(x, v, strict=True))
