"""Which vertices lie on or outside a plane through n of them: in floats where a bound proves it, else exactly.

The plane through linearly independent ``u_k, k in B``, is ``{x : <a, x> = 1}`` with ``<a, u_k> = 1``. With
``v_q = sum_k c_k v_k`` (rational), the sign of ``1 - <a, u_q>`` is that of ``|v_q| - sum_k c_k |v_k|``: a sum of square
roots. This is the orientation determinant of the rows ``(v_k, |v_k|)``, divided by that of the v_k.

Float filter, with e = 2^-53 and h = `Vertices.unit_error`. U holds the u_k as rows, V their floats, G the float
inverse of V, a the float row sums of G. Nothing is assumed about G and a: they are judged by what they do.

- ``R = I - U G`` has Frobenius norm at most ``rho = |fl(I - V G)| + ((n + 1) e + h) (sqrt(n) |G| + n)``.
  If rho < 1/2, U is nonsingular and ``|U^-1| = |G (I - R)^-1| <= 2 |G|``.
- ``|1 - <a, u_k>| <= kappa = max_k |fl(1 - <a, V_k>)| + ((n + 1) e + h) (|a| + 1)``, so the true normal a* has
  ``|a* - a| = |U^-1 (1 - U a)| <= delta = 2 sqrt(n) |G| kappa``.
- For every vertex q the true ``1 - <a*, u_q>`` differs from ``fl(1 - <a, V_q>)`` by at most
  ``delta + ((n + 1) e + h) (|a| + 1)``.

Where delta is large (nearly dependent bases), a is taken from the exact inverse and roots with enough digits instead.
All bounds are doubled, which covers the rounding in the bounds themselves (a relative error of order n^2 e).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from exactinj.biases.hull.vertices import EPSILON, Floats, Vertices
from exactinj.exact.numbers import fraction_of, nearest_float
from exactinj.exact.square_roots import sign_of_root_sum

__all__ = ["Plane", "planes_through"]

CHUNK = 4_000_000  # float tests held at a time
COARSE = 2.0**-30  # normals with a larger error are computed again, with more digits


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through independent vertices: the vertices on it (sorted), and some outside if there are any.

    `on` is complete if nothing is outside. `normal` is within `error` of the exact normal; `error` may be infinite.
    """

    basis: tuple[int, ...]
    on: tuple[int, ...]
    outside: tuple[int, ...]
    normal: Floats
    error: float


def planes_through(
    vertices: Vertices, bases: Sequence[Sequence[int]], skip: Callable[[Sequence[int]], bool] | None = None
) -> Iterator[Plane]:
    """Each basis of n vertices as a tested plane, in order; linearly dependent ones are left out.

    `skip` is asked before a basis is tested, when the planes before it have been yielded.
    """
    size = max(1, CHUNK // len(vertices.vectors))
    for start in range(0, len(bases), size):
        chunk = np.array(bases[start : start + size], dtype=np.intp)
        normals, errors = _float_normals(vertices.units[chunk], vertices.unit_error)
        slacks = 1.0 - normals @ vertices.units.T
        for k, basis in enumerate(chunk.tolist()):
            if skip is not None and skip(basis):
                continue
            plane = _tested(vertices, basis, normals[k], float(errors[k]), slacks[k])
            if plane is not None:
                yield plane


def _float_normals(bases: Floats, unit_error: float) -> tuple[Floats, Floats]:
    """Normals (k, n) and bounds of their errors (k,) for stacked matrices (k, n, n) of unit rows."""
    n = bases.shape[-1]
    inverses = np.linalg.pinv(bases)  # does not raise on singular ones; rho tells them apart
    normals = inverses.sum(axis=-1)
    unit = (n + 1) * EPSILON + unit_error
    sizes = np.linalg.norm(inverses, axis=(-2, -1))
    lengths = np.linalg.norm(normals, axis=-1)
    rho = np.linalg.norm(np.eye(n) - bases @ inverses, axis=(-2, -1)) + unit * (np.sqrt(n) * sizes + n)
    kappa = np.abs(1.0 - np.einsum("kij,kj->ki", bases, normals)).max(axis=-1) + unit * (lengths + 1)
    errors = np.where(2 * rho < 0.5, 2 * 2 * np.sqrt(n) * sizes * kappa, np.inf)  # noqa: PLR2004 - see the text
    return normals, errors


def _refined_normal(vertices: Vertices, basis: Sequence[int]) -> tuple[Floats, float] | None:
    """The normal from the exact inverse and accurate roots, and a bound of its error; None for a dependent basis.

    ``a = B^-1 (|v_k|)``: with roots cut off after enough bits, every entry is off by at most 2^-64 before rounding.
    """
    inverse = vertices.inverse(basis)
    if inverse is None:
        return None
    rows = inverse.tolist()
    size = max(sum((abs(value) for value in row), fmpq(0)) for row in rows)
    bits = 64 + max(0, int(size.p).bit_length() - int(size.q).bit_length() + 1)
    roots = [fmpq(math.isqrt(vertices.squares[p] << 2 * bits), 1 << bits) for p in basis]
    entries = (sum((c * root for c, root in zip(row, roots, strict=True)), fmpq(0)) for row in rows)
    normal = np.array([nearest_float(fraction_of(value)) for value in entries])
    length = float(np.linalg.norm(normal)) if np.isfinite(normal).all() else np.inf
    return (normal, 4 * EPSILON * (length + 1)) if np.isfinite(length) else (np.zeros_like(normal), np.inf)


def _tested(vertices: Vertices, basis: list[int], normal: Floats, error: float, slacks: Floats) -> Plane | None:
    """The plane, with exact tests where floats do not decide; None if the basis is dependent."""
    if error > COARSE:
        refined = _refined_normal(vertices, basis)
        if refined is None:
            return None
        normal, error = refined
        slacks = 1.0 - vertices.units @ normal
    unit = (vertices.dimension + 1) * EPSILON + vertices.unit_error
    tolerance = error + 2 * unit * (float(np.linalg.norm(normal)) + 1)
    outside: NDArray[np.intp] = np.flatnonzero(slacks < -tolerance)
    if len(outside):
        return Plane(tuple(basis), tuple(sorted(basis)), tuple(outside.tolist()), normal, error)
    unclear = sorted({*np.flatnonzero(~(slacks > tolerance)).tolist()} - {*basis})
    signs = dict(zip(unclear, _exact_slack_signs(vertices, basis, unclear), strict=True))
    on = tuple(sorted([*basis, *(q for q in unclear if signs[q] == 0)]))
    return Plane(tuple(basis), on, tuple(q for q in unclear if signs[q] < 0), normal, error)


def _exact_slack_signs(vertices: Vertices, basis: Sequence[int], tested: Sequence[int]) -> list[int]:
    """The signs of ``1 - <a, u_q>`` over a linearly independent basis."""
    if not tested:
        return []
    factors = vertices.coordinates(tested, basis)
    lengths = [vertices.squares[p] for p in basis]
    return [
        sign_of_root_sum([(1, vertices.squares[q]), *((-c, square) for c, square in zip(row, lengths, strict=True))])
        for q, row in zip(tested, factors, strict=True)
    ]
