"""Convolutions with wavelet and Gabor filters, rounded to float64, each kernel with its exact negative.

    python casebook/make/filter_banks.py

Rounding is symmetric, so that ``-c`` of a rounded kernel is the rounded negative. Another libm may change last bits;
the stored arrays are the cases.
"""

from __future__ import annotations

import numpy as np
from casefile import put_arrays


def daubechies() -> np.ndarray:
    """The low-pass and the high-pass filter with four taps (db2), shape (2, 1, 4)."""
    root = np.sqrt(3.0)
    low = np.array([1 + root, 3 + root, 3 - root, 1 - root]) / (4 * np.sqrt(2.0))
    return np.stack([low, low[::-1] * [1, -1, 1, -1]])[:, None]


def gabor(orientations: int, frequency: float = 0.25, width: float = 1.0) -> np.ndarray:
    """Even and odd 3x3 Gabor filters, shape (2 orientations, 1, 3, 3)."""
    y, x = np.mgrid[-1.0:2.0, -1.0:2.0]
    envelope = np.exp(-(x**2 + y**2) / (2 * width**2))
    kernels = []
    for angle in np.pi * np.arange(orientations) / orientations:
        wave = 2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle))
        kernels += [envelope * np.cos(wave), envelope * np.sin(wave)]
    return np.array(kernels)[:, None]


def with_negatives(kernels: np.ndarray) -> np.ndarray:
    """Every kernel followed by its negative."""
    return np.stack([kernels, -kernels], axis=1).reshape(-1, *kernels.shape[1:]) + 0.0  # no negative zeros


if __name__ == "__main__":
    put_arrays("conv-daubechies-undecimated", kernels=with_negatives(daubechies()))
    put_arrays(
        "conv-daubechies-circular",
        kernels=with_negatives(daubechies()),
        stride=np.array(2),
        padding=np.array(1),
        padding_mode=np.array("circular"),
    )
    put_arrays("conv-gabor-eight-orientations", kernels=with_negatives(gabor(8)))
    put_arrays("conv-gabor-six-orientations", kernels=with_negatives(gabor(6)))
