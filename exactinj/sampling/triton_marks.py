"""The screen in one pass of an accelerator over the coefficients; imported where there are CUDA and Triton only.

One program a sample: it counts what is above the highest estimate and finds the largest coefficient that may be below
its own row's estimate; only where that leaves the sample open, it reads the coefficients again and counts what is above
the latter. See the head of `backend` for why that is enough.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

__all__ = ["marks"]

Array = Any  # a torch tensor

BLOCK = 2048  # coefficients that a program holds at one time


@triton.jit  # type: ignore[untyped-decorator]
def _mark(coefficients, slack, estimate, found, highest, most, m, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, N803, PLR0917
    sample = tl.program_id(0).to(tl.int64)
    row = coefficients + sample * m
    larger = tl.zeros([BLOCK], dtype=tl.int32)
    below = tl.full([BLOCK], float("-inf"), dtype=tl.float32)
    for start in range(0, m, BLOCK):
        j = start + tl.arange(0, BLOCK)
        z = tl.load(row + j, mask=j < m, other=float("-inf"))
        s = tl.load(slack + j, mask=j < m, other=0.0)
        e = tl.load(estimate + j, mask=j < m, other=float("-inf"))
        larger += (z > highest).to(tl.int32)
        below = tl.maximum(below, tl.where(z - s < e, z + s, float("-inf")))
    level = tl.max(below, axis=0)
    if (tl.sum(larger, axis=0) < most) & (level > float("-inf")):
        above = tl.zeros([BLOCK], dtype=tl.int32)
        for start in range(0, m, BLOCK):
            j = start + tl.arange(0, BLOCK)
            z = tl.load(row + j, mask=j < m, other=float("-inf"))
            s = tl.load(slack + j, mask=j < m, other=0.0)
            above += (z - s > level).to(tl.int32)
        tl.store(found + sample, (tl.sum(above, axis=0) < most).to(tl.int8))
    else:
        tl.store(found + sample, 0)


def marks(coefficients: Array, slack: Array, estimate: Array, highest: float, most: int) -> Array:
    """(B,) bool: the rows of `coefficients` (B, m) that may lower the estimate; all of it in float32."""
    count, m = coefficients.shape
    found = torch.empty(count, dtype=torch.int8, device=coefficients.device)
    block = min(BLOCK, triton.next_power_of_2(m))
    _mark[(count,)](coefficients.contiguous(), slack, estimate, found, highest, most, m, BLOCK=block)
    return found.bool()
