"""Convolutions with the geometry of well-known classifiers and the usual random weights at the start of training.

    python casebook/make/network_blocks.py

Weights are normal with variance ``2 / (inputs of a kernel)``, as float32. The answers rest on the numbers of channels
and, for the second case, on the weights being in general position.
"""

from __future__ import annotations

import numpy as np
from casefile import put_arrays


def he_normal(seed: int, *shape: int) -> np.ndarray:
    """Kernels (out, in, *size)."""
    spread = np.sqrt(2.0 / np.prod(shape[1:]))
    return (spread * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


if __name__ == "__main__":
    put_arrays("conv-residual-block", kernels=he_normal(1, 16, 16, 3, 3), padding=np.array(1))
    put_arrays("conv-channel-doubling", kernels=he_normal(2, 16, 8, 3, 3), padding=np.array(1))
