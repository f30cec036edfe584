"""Arrays of floats, and the normal density of them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "density"]

Floats: TypeAlias = npt.NDArray[np.float64]


def density(z: Floats) -> Floats:
    """The standard normal density.

    >>> round(float(density(np.zeros(1))[0]) ** -2 / 2, 12)  # pi
    3.14159265359
    """
    return np.asarray(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
