"""The sign of a sum of square roots of rationals, exactly.

Theorem (A. S. Besicovitch 1940). Square roots of positive rationals ``q_1, ..., q_r`` from different square classes
(no product ``q_i q_k``, i != k, is the square of a rational) are linearly independent over Q.

Proof. The field ``K = Q(sqrt q_1, ..., sqrt q_r)`` is Galois over Q, and an automorphism s of K maps each root
``sqrt q_i`` to ``chi_i(s) sqrt q_i`` with ``chi_i(s) = +-1``. If ``chi_i = chi_k``, every automorphism fixes
``sqrt(q_i q_k)``, which is therefore rational: the two are in one class. So the ``sqrt q_i`` are common eigenvectors of
the automorphisms (which are linear over Q) with pairwise different characters, hence linearly independent.

Hence ``sum c_k sqrt(q_k)`` vanishes exactly if its part in every square class does, and these parts are rational
multiples of one root each. A sum that does not vanish shows its sign at some finite precision: integer square roots
enclose every term, and the number of bits doubles until zero is excluded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from exactinj.exact.numbers import rational_from

__all__ = ["sign_of_root_sum"]

START_BITS = 64  # decides all but nearly or exactly vanishing sums

Term = tuple[int, int]


def sign_of_root_sum(terms: Iterable[tuple[Any, Any]]) -> int:
    """The sign (-1, 0 or 1) of ``sum c_k sqrt(q_k)`` for pairs ``(c_k, q_k)`` of rationals with ``q_k >= 0``; exact.

    >>> sign_of_root_sum([(1, 2), (1, 3), (-1, 10)]), sign_of_root_sum([(1, 8), (-2, 2)])
    (-1, 0)
    """
    integers = _integer_terms(terms)
    sign = _enclosed_sign(integers, START_BITS)
    if sign is not None:
        return sign
    classes = _square_classes(integers)
    bits = START_BITS
    while classes:
        bits *= 2
        sign = _enclosed_sign(classes, bits)
        if sign is not None:
            return sign
    return 0


def _integer_terms(terms: Iterable[tuple[Any, Any]]) -> list[Term]:
    """Integers ``(C_k, Q_k)`` whose sum ``sum C_k sqrt(Q_k)`` is a positive multiple: ``sqrt(p/d) = sqrt(p d) / d``."""
    rationals = [(rational_from(c), rational_from(q)) for c, q in terms]
    scaled = [(c / q.q, int(q.p * q.q)) for c, q in rationals if c != 0 and q != 0]
    common = math.lcm(*(int(c.q) for c, _ in scaled))
    return [(int(c.p) * (common // int(c.q)), q) for c, q in scaled]


def _enclosed_sign(terms: Iterable[Term], bits: int) -> int | None:
    """The sign if the enclosure at this precision excludes zero, else None.

    ``isqrt(Q 4^bits)`` is below ``2^bits sqrt(Q)`` by less than one, so the sum of the products is wrong by less
    than ``sum |C_k|``.
    """
    middle = radius = 0
    for c, q in terms:
        middle += c * math.isqrt(q << 2 * bits)
        radius += abs(c)
    if abs(middle) < radius:
        return None
    return (middle > 0) - (middle < 0)


def _square_classes(terms: Iterable[Term]) -> list[Term]:
    """A positive multiple of the same sum, with one term per square class; classes that vanish are gone.

    ``sqrt(Q) = (sqrt(Q R) / R) sqrt(R)`` moves a term to the class of R.
    """
    classes: dict[int, tuple[int, int]] = {}  # R -> numerator and denominator of its factor
    for c, q in terms:
        for r, (p, d) in classes.items():
            root = math.isqrt(q * r)
            if root * root == q * r:
                classes[r] = (p * r + c * root * d, d * r)
                break
        else:
            classes[q] = (c, 1)
    nonzero = [(p, d, r) for r, (p, d) in classes.items() if p]
    common = math.lcm(*(d for _, d, _ in nonzero))
    return [(p * (common // d), r) for p, d, r in nonzero]
