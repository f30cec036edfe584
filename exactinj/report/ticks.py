"""Round numbers along an axis."""

from __future__ import annotations

import math

__all__ = ["round_numbers", "short_number"]

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
SMALLEST = 1e-300  # below, powers of ten lose their digits


def round_numbers(low: float, high: float, most: int = 6) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten between two numbers, at most so many.

    >>> round_numbers(-0.3, 1.1)
    [-0.25, 0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if not (math.isfinite(high - low) and high > low):
        return [low] if math.isfinite(low) else []
    if (high - low) / most < SMALLEST:
        return [low, high]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * factor for factor in (*STEPS, 20.0) if (high - low) / (power * factor) < most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def short_number(value: float) -> str:
    """Four digits.

    >>> short_number(-0.0), short_number(0.1 + 0.2)
    ('0', '0.3')
    """
    return f"{value + 0.0:.4g}"
