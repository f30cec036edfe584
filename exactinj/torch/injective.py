"""Layers that are injective by construction, followed by a ReLU: rows come with their exact negatives.

``x -> ReLU([B; -B] x + [b; s - b])`` with ``s >= 0`` tells ``Bx``: of a row and its negative one is never inactive. So
it is injective where ``B`` is, and more rows do no harm. The negative of a float is exact, and ``s - b`` rounds to at
least ``-b``, so all of this holds for the float weights as they are; `exactinj.certify` proves it for a given layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from exactinj.errors import InputError

__all__ = ["InjectiveConv2d", "InjectiveLinear"]


class InjectiveLinear(nn.Module):
    """A linear layer (n to m >= 2n) with which ``ReLU(layer(x))`` is injective on R^n.

    The first n rows are ``B = L U`` with a unit lower and an upper triangular factor, whose diagonal is ``exp(d)``; the
    next n are ``-B``; any others are free. B is invertible for every value of the parameters, up to the rounding of the
    product: `exactinj.certify` decides the floats as they are.

    Parameters
    ----------
    in_features : n
    out_features : m, at least 2 n; 2 n if left out
    bias : whether there is one: free for the first rows, at least its negative for their opposites
    """

    def __init__(self, in_features: int, out_features: int | None = None, *, bias: bool = True) -> None:
        super().__init__()
        n, m = in_features, 2 * in_features if out_features is None else out_features
        if n < 1 or m < 2 * n:
            raise InputError(f"found {m} rows for {n} inputs, expected at least twice as many rows as inputs")
        self.in_features, self.out_features = n, m
        scale = n**-0.5
        self.lower = nn.Parameter(scale * torch.randn(n, n).tril(-1))
        self.upper = nn.Parameter(scale * torch.randn(n, n).triu(1))
        self.log_diagonal = nn.Parameter(torch.zeros(n))
        self.free = nn.Parameter(scale * torch.randn(m - 2 * n, n)) if m > 2 * n else None
        self.offset = nn.Parameter(torch.zeros(n)) if bias else None
        self.slack = nn.Parameter(torch.full((n,), -2.0)) if bias else None  # softplus keeps it from 0
        self.free_bias = nn.Parameter(torch.zeros(m - 2 * n)) if bias and m > 2 * n else None

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.offset is not None}"

    @property
    def weight(self) -> Tensor:
        """(m, n)."""
        unit = torch.eye(self.in_features, dtype=self.lower.dtype, device=self.lower.device)
        base = (self.lower.tril(-1) + unit) @ (self.upper.triu(1) + torch.diag(self.log_diagonal.exp()))
        parts = [base, -base] if self.free is None else [base, -base, self.free]
        return torch.cat(parts)

    @property
    def bias(self) -> Tensor | None:
        """(m,) or None."""
        if self.offset is None or self.slack is None:
            return None
        parts = [self.offset, functional.softplus(self.slack) - self.offset]
        return torch.cat(parts if self.free_bias is None else [*parts, self.free_bias])

    def forward(self, x: Tensor) -> Tensor:
        """``W x + b``: the pre-activations, (..., m)."""
        return functional.linear(x, self.weight, self.bias)

    @torch.no_grad()
    def linear(self) -> nn.Linear:
        """The layer as it is now, as a ``torch.nn.Linear``: what `exactinj.certify` takes."""
        plain = nn.Linear(self.in_features, self.out_features, bias=self.offset is not None)
        plain = plain.to(self.lower)
        plain.weight.copy_(self.weight)
        bias = self.bias
        if bias is not None:
            plain.bias.copy_(bias)
        return plain


class InjectiveConv2d(nn.Module):
    """A convolution (C to 2C or more channels, stride 1, images of their size) injective for images of every size.

    The first C kernels see, of a pixel's neighbourhood, what comes before it in reading order, and the pixel itself
    through an invertible matrix ``L U``: pixel after pixel is recovered. The next C kernels are their negatives; others
    are free. That is a proof for every size; `exactinj.certify` with an input shape decides the floats at one.

    Parameters
    ----------
    in_channels : C
    out_channels : at least 2 C; 2 C if left out
    kernel_size : odd
    bias : free for the first kernels, at least its negative for their opposites
    """

    def __init__(
        self, in_channels: int, out_channels: int | None = None, kernel_size: int = 3, *, bias: bool = True
    ) -> None:
        super().__init__()
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise InputError(f"found kernels of size {kernel_size}, expected an odd one")
        count, size = in_channels, kernel_size
        out = 2 * count if out_channels is None else out_channels
        if out < 2 * count:
            raise InputError(f"found {out} channels out of {count}, expected at least twice as many")
        self.mix = InjectiveLinear(count, bias=bias)
        self.in_channels, self.out_channels, self.kernel_size = count, out, size
        around = (count * size * size) ** -0.5
        self.before = nn.Parameter(around * torch.randn(count, count, size, size))
        extra = out - 2 * count
        self.free = nn.Parameter(around * torch.randn(extra, count, size, size)) if extra else None
        self.free_bias = nn.Parameter(torch.zeros(extra)) if bias and extra else None
        mask = torch.zeros(size * size)
        mask[: size * size // 2] = 1
        self.register_buffer("mask", mask.reshape(size, size), persistent=False)

    mask: Tensor

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"

    @property
    def weight(self) -> Tensor:
        """(channels out, C, size, size)."""
        middle = self.kernel_size // 2
        centre = self.mix.weight[: self.in_channels]
        pixel = functional.pad(centre[:, :, None, None], (middle, middle, middle, middle))
        base = self.before * self.mask + pixel
        return torch.cat([base, -base] if self.free is None else [base, -base, self.free])

    @property
    def bias(self) -> Tensor | None:
        """(channels out,) or None."""
        pairs = self.mix.bias
        return pairs if pairs is None or self.free_bias is None else torch.cat([pairs, self.free_bias])

    def forward(self, x: Tensor) -> Tensor:
        """The pre-activations of images (batch, C, height, width), with zero padding."""
        return functional.conv2d(x, self.weight, self.bias, padding=self.kernel_size // 2)

    @torch.no_grad()
    def conv(self) -> nn.Conv2d:
        """The layer as it is now, as a ``torch.nn.Conv2d``: what `exactinj.ConvLayer.from_torch` takes."""
        size = self.kernel_size
        bias = self.bias
        plain = nn.Conv2d(self.in_channels, self.out_channels, size, padding=size // 2, bias=bias is not None)
        plain = plain.to(self.before)
        plain.weight.copy_(self.weight)
        if bias is not None and plain.bias is not None:
            plain.bias.copy_(bias)
        return plain
