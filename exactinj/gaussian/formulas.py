r"""Probabilities of injectivity in closed form, and exact bounds of them: rationals, valid at every finite size.

All of this is about rows in general position with a distribution that is symmetric under ``w_i -> -w_i``, row by row,
as standard Gaussian ones; zero bias. Such a layer is injective on R^n if and only if every wedge (every region on which
no row vanishes) has at least n active rows. The lines, or hyperplanes, of the rows may be thought of as fixed and only
the signs of the rows as random, m independent fair coins (Wendel's argument): a wedge then has exactly k active rows
with probability ``C(m, k) / 2^m``, and there are ``2 sum_{k<n} C(m-1, k)`` wedges, whatever the hyperplanes are.

n = 1. Injective means both signs occur: ``1 - 2^(1-m)``.

n = 2. Go once around the circle: the number of active rows changes by one at each of 2m crossings. Call a wedge *bad*
if it has at most one active row. For m >= 4 all bad wedges lie in one open half circle, since three open half planes
with at most one row each do not cover m >= 4 rows. Inside a half circle no row both enters and leaves, so two
consecutive bad wedges with one active row p and q are separated by one wedge in which exactly p and q are active. So if
no wedge has 0 active rows, then

    [there is a bad wedge] = #{one active row, two in both neighbours} - #{two active rows, one in both neighbours},

and if there is a wedge with 0 active rows, there is one only, and the right side is 0, as each isolated wedge with one
active row has such a separating wedge of its own. Expectations, with 2m places to start from and the crossings on both
sides fixed: a wedge with 0 active rows ``2m / 2^m``; the first kind ``2m (m-2) / 2^m``, as both next rows are inactive
and one of the others is active; the second ``2m / 2^m``. Altogether

    P(injective) = 1 - 2m (1 + (m-2) - 1) / 2^m = 1 - m (m-2) / 2^(m-1).

The nonnegative quarter plane: the k of m lines that cross its inside, binomial with 1/2, are crossed one after the
other; the number of active rows is a simple random walk on top of the rows that are active throughout. The smallest
value of such a walk together with its end is counted step by step.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import comb

from exactinj.errors import InputError

__all__ = [
    "exact_half_point",
    "exact_probability",
    "expected_euler_characteristic",
    "orthant_probability",
    "probability_bounds",
    "wendel_probability",
]

PLANE = 2
COIN = Fraction(1, 2)


def exact_probability(n: int, m: int) -> Fraction:
    """The probability that a Gaussian layer of shape (m, n) is injective on R^n, for n <= 2.

    >>> exact_probability(2, 7)
    Fraction(29, 64)
    """
    _require(n, m, most=PLANE)
    if n == 1:
        return 1 - 2 * COIN**m
    return 1 - Fraction(2 * m * (m - 2), 2**m) if m >= 2 * PLANE else Fraction(0)


def exact_half_point(n: int) -> Fraction:
    """Where the broken line through the points ``(m, p(m))`` reaches 1/2, for Gaussian layers on R^n with n <= 2.

    >>> exact_half_point(1), exact_half_point(2)
    (Fraction(2, 1), Fraction(80, 11))
    """
    m = n
    while exact_probability(n, m + 1) < COIN:
        m += 1
    before, after = exact_probability(n, m), exact_probability(n, m + 1)
    return m + (COIN - before) / (after - before)


def orthant_probability(n: int, m: int) -> Fraction:
    """The probability that a Gaussian layer of shape (m, n) is injective on the nonnegative orthant, for n <= 2.

    >>> orthant_probability(1, 3), orthant_probability(2, 2)
    (Fraction(7, 8), Fraction(1, 16))
    """
    _require(n, m, most=PLANE)
    if n == 1:
        return 1 - COIN**m
    good = Fraction(0)
    for crossing in range(m + 1):
        constant = m - crossing
        walks = _lowest_counts(crossing)
        for lowest, number in walks.items():
            active = sum(comb(constant, k) for k in range(max(PLANE - lowest, 0), constant + 1))
            good += comb(m, crossing) * number * active
    return good * COIN ** (2 * m)  # 2^m for which lines cross, 2^m for the signs


def _lowest_counts(steps: int) -> Counter[int]:
    """How many of the ``2^steps`` sign patterns of the crossing rows have which smallest number of active ones.

    At the start the rows that will be switched off are active, one for each step down.
    """
    states: Counter[tuple[int, int]] = Counter({(0, 0): 1})  # (height of the walk, its smallest height)
    for _ in range(steps):
        following: Counter[tuple[int, int]] = Counter()
        for (height, lowest), number in states.items():
            following[height + 1, lowest] += number
            following[height - 1, min(lowest, height - 1)] += number
        states = following
    found: Counter[int] = Counter()
    for (height, lowest), number in states.items():
        found[(steps - height) // 2 + lowest] += number
    return found


def wendel_probability(n: int, m: int) -> Fraction:
    """The probability that every open halfspace contains one of m symmetric rows (Wendel 1962).

    That is needed for injectivity, so it is an upper bound of its probability; for n = 1 they are the same.

    >>> wendel_probability(2, 4)
    Fraction(1, 2)
    """
    _require(n, m)
    return 1 - Fraction(sum(comb(m - 1, k) for k in range(n)), 2 ** (m - 1))


def probability_bounds(n: int, m: int) -> tuple[Fraction, Fraction]:
    """Bounds of the probability that a Gaussian layer of shape (m, n) is injective on R^n.

    Below: one minus the expected number of wedges with fewer than n active rows. Above: `wendel_probability`, and 0 for
    m < 2n, as a layer with fewer than two rows for each input is never injective.

    >>> [round(float(bound), 3) for bound in probability_bounds(3, 20)]
    [0.923, 1.0]
    """
    _require(n, m)
    wedges = 2 * sum(comb(m - 1, k) for k in range(n))
    bad = Fraction(wedges * sum(comb(m, k) for k in range(n)), 2**m)
    above = wendel_probability(n, m) if m >= 2 * n else Fraction(0)
    return min(max(1 - bad, Fraction(0)), above), above


def expected_euler_characteristic(n: int, m: int) -> Fraction:
    """The expected Euler characteristic of the unit vectors with fewer than n active rows, for rows as above.

    Faces are counted with signs: k of m hyperplanes meet in ``n - k`` dimensions, where the others cut the sphere into
    ``2 sum_{j<n-k} C(m-k-1, j)`` faces, each with a binomial number of active rows. It has been taken for the
    probability that the layer is *not* injective (Paleka 2021, Clum 2022; their formula in [MBBDN23] is the same
    number). It is that for n = 1, but larger for n = 2, where it is the expected number of arcs.

    >>> 1 - exact_probability(2, 7), expected_euler_characteristic(2, 7)
    (Fraction(35, 64), Fraction(21, 32))
    """
    _require(n, m)
    total = Fraction(0)
    for k in range(n):
        faces = 2 * comb(m, k) * sum(comb(m - k - 1, j) for j in range(n - k))
        few = sum(comb(m - k, j) for j in range(n)) * COIN ** (m - k)
        total += faces * few if (n - 1 - k) % 2 == 0 else -faces * few
    return total


def _require(n: int, m: int, most: int | None = None) -> None:
    if not 1 <= n <= m or (most is not None and n > most):
        expected = "1 <= n <= m" if most is None else f"1 <= n <= {most} and n <= m"
        raise InputError(f"found n = {n} and m = {m}, expected {expected}")
