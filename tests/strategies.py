"""Random layers for tests: degenerate on purpose, exact, and injective about half the time.

Two doors to the same mix:

- `random_degenerate_layer(rng, n, m, bias)` and `random_shape(rng, n)`: seeded, for loops.
- `degenerate_layers()` and `small_layers()`: hypothesis strategies, which shrink.

A layer is built in four steps: a core (plain rows, or `[B; -DB]` whole, jittered, or knocked about),
faults planted in it (zero rows, duplicates, multiples, antiparallel rows, lost rank), a bias relative
to what makes the core injective, and positive row scales that change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

Row = tuple[Fraction, ...]
Rows = list[list[Fraction]]

TINY = Fraction(1, 10**30)
"""A margin far below float64 resolution."""


class Layer(NamedTuple):
    """`ReLU(Wx + b)`: `W` (m, n) and `b` (m,), exact.  Zero bias is written out."""

    W: tuple[Row, ...]
    b: Row


def random_shape(rng: Random, n: int) -> int:
    """A row count m for input dimension n <= 4, at most 12: mostly 2n or more, one in ten from 1 to 2n."""
    if rng.random() > 0.9:
        return rng.randint(1, 2 * n)
    if n <= 2:
        return rng.randint(2 * n - 1, 4 * n)
    # Of two draws the larger: room for injective layers that are not just [B; -DB].
    return max(rng.randint(2 * n, 12), rng.randint(2 * n, 12))


def random_degenerate_layer(rng: Random, n: int, m: int, bias: bool = True) -> Layer:
    """A degenerate layer with exactly m rows in R^n.

    `rng` is the only source of randomness; `bias = False` gives b = 0.  Entries are exact: small
    integers, fractions such as 1/3, integers moved by 10^-k (k = 2..30), rows scaled by 10^+-12 or
    2^+-500, bias margins of 10^-30.
    """
    rows = _core(rng, n, m)
    _plant_faults(rng, rows)
    shift = _bias(rng, rows) if bias else [Fraction(0)] * m
    order = rng.sample(range(m), m)
    scales = [_row_scale(rng) for _ in range(m)] if rng.random() > 0.75 else [Fraction(1)] * m
    return Layer(
        tuple(tuple(scales[i] * entry for entry in rows[i]) for i in order),
        tuple(scales[i] * shift[i] for i in order),
    )


# --- cores ---------------------------------------------------------------------------------------


def _entry(rng: Random) -> Callable[[], Fraction]:
    """One of four kinds of entries, fixed for a whole layer."""
    kind = rng.choice(("signs", "small", "thirds", "wide"))
    if kind == "signs":
        return lambda: Fraction(rng.randint(-1, 1))
    if kind == "small":
        return lambda: Fraction(rng.randint(-2, 2))
    if kind == "thirds":
        return lambda: Fraction(rng.randint(-4, 4), rng.choice((1, 2, 3)))
    return lambda: Fraction(rng.randint(-30, 30))


_CORE_WEIGHTS = {1: (5, 1, 2, 1), 2: (3, 2, 2, 2), 3: (3, 3, 4, 4), 4: (1, 5, 6, 1)}
"""Per n, the odds of plain, symmetric, jittered, knocked cores: tuned for a fair share of injective ones."""


def _core(rng: Random, n: int, m: int) -> Rows:
    """Plain rows, or rows built around `[B; -DB]`: exact, jittered, or with some rows replaced."""
    entry = _entry(rng)
    kind = rng.choices(("plain", "symmetric", "jittered", "knocked"), _CORE_WEIGHTS[min(n, 4)])[0]
    if kind == "plain":
        return [[entry() for _ in range(n)] for _ in range(m)]
    half = [[entry() for _ in range(n)] for _ in range((m + 1) // 2)]
    opposite = [_multiple(row, -_factor(rng)) for row in half]
    rows = [row for pair in zip(half, opposite, strict=True) for row in pair][:m]
    if kind == "jittered":
        step = Fraction(1, 10 ** rng.randint(2, 30))
        # At n = 4 and m <= 12, jittering more than n rows hardly ever leaves an injective layer.
        few = min(m, n)
        for i in rng.sample(range(m), rng.choice((rng.randint(1, m), few, few, m if n < 4 else few))):
            rows[i] = [c + rng.randint(-3, 3) * step for c in rows[i]]
    if kind == "knocked":
        for i in rng.sample(range(m), min(m, rng.randint(1, 2))):
            rows[i] = [entry() for _ in range(n)]
    return rows


def _multiple(row: list[Fraction], factor: Fraction) -> list[Fraction]:
    return [factor * c for c in row]


def _factor(rng: Random) -> Fraction:
    """A positive number."""
    return rng.choice((Fraction(1), Fraction(1), Fraction(2), Fraction(1, 3), Fraction(7, 5)))


def _row_scale(rng: Random) -> Fraction:
    """A positive row scale: extreme, or 1."""
    extremes = (Fraction(10) ** 12, Fraction(10) ** -12, Fraction(2) ** 500, Fraction(2) ** -500)
    return rng.choice((Fraction(1), *extremes))


def _plant_faults(rng: Random, rows: Rows) -> None:
    """Overwrite a few rows by zero rows or relatives of other rows; now and then lose a rank.

    A draw of zero plants nothing: hypothesis shrinks towards it.
    """
    m, n = len(rows), len(rows[0])
    while rng.random() > 0.8:
        target, source = rng.randrange(m), rows[rng.randrange(m)]
        factor = rng.choice((Fraction(0), Fraction(1), _factor(rng), -_factor(rng)))
        rows[target] = _multiple(source, factor)
    if rng.random() > 0.96:
        # The last column becomes a combination of the others: rank at most n - 1.
        mix = [rng.randint(-1, 1) for _ in range(n - 1)]
        for row in rows:
            row[-1] = sum((c * k for c, k in zip(row, mix, strict=False)), Fraction(0))


# --- biases --------------------------------------------------------------------------------------


def _bias(rng: Random, rows: Rows) -> list[Fraction]:
    """A bias of one of five kinds.

    `-W c` only moves the origin, so it keeps the verdict of b = 0 on R^n; adding something
    nonnegative can only help; taking away a margin may or may not break it.
    """
    center = [Fraction(rng.randint(-3, 3), rng.choice((1, 2, 3))) for _ in rows[0]]
    moved = [-sum((w * c for w, c in zip(row, center, strict=True)), Fraction(0)) for row in rows]
    kind = rng.choices(("moved", "raised", "margin", "random", "negative"), (2, 5, 3, 2, 1))[0]
    if kind == "raised":
        return [beta + rng.choice((0, 0, 1, TINY, Fraction(2, 3))) for beta in moved]
    if kind == "margin":
        return [beta + rng.choice((0, 0, 0, 0, 0, 1, 1, 1, TINY, -TINY)) for beta in moved]
    if kind == "random":
        return [Fraction(rng.randint(-1, 2)) for _ in rows]
    if kind == "negative":
        return [beta - rng.choice((0, 0, 0, Fraction(1, 10))) for beta in moved]
    return moved


# --- hypothesis ----------------------------------------------------------------------------------


@st.composite
def degenerate_layers(draw: st.DrawFn, max_n: int = 4, bias: bool | None = None) -> Layer:
    """`random_degenerate_layer` with 1 <= n <= max_n <= 4, m <= 12; `bias = None` draws it or not."""
    rng = draw(st.randoms(use_true_random=False))
    n = draw(st.integers(1, max_n))
    with_bias = draw(st.booleans()) if bias is None else bias
    return random_degenerate_layer(rng, n, random_shape(rng, n), with_bias)


@st.composite
def small_layers(draw: st.DrawFn, max_n: int = 3, max_m: int = 9, bias: bool | None = None) -> Layer:
    """Layers with entries in {-2..2}, symmetrised half the time; they shrink to something readable."""
    n = draw(st.integers(1, max_n))
    row = st.tuples(*[st.integers(-2, 2).map(Fraction)] * n)
    if draw(st.booleans()):
        half = draw(st.lists(row, min_size=1, max_size=max_m // 2))
        rows = half + [tuple(-c for c in r) for r in half]
        rows += draw(st.lists(row, max_size=max_m - len(rows)))
    else:
        rows = draw(st.lists(row, min_size=1, max_size=max_m))
    with_bias = draw(st.booleans()) if bias is None else bias
    shift = st.integers(-1, 2).map(Fraction) if with_bias else st.just(Fraction(0))
    return Layer(tuple(rows), draw(st.tuples(*[shift] * len(rows))))
