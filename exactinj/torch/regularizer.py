"""``alpha*(X)`` of a torch layer, as a term of a loss and as a bias that is set [Eck24, section 7.1].

For inputs X of the layer ``ReLU(W x + b)`` with ``alpha = -b``, ``alpha*(X)_j`` is the least ``<x, w_j>`` over the x in
X at which row j is among the n largest; infinite for rows that never are. If ``alpha <= alpha*(X)``, n rows are active
at every x of X. All of it is in the floats of the layer: an estimate, which proves nothing about other inputs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from exactinj.errors import InputError

__all__ = ["MCBERegularizer", "enforce_bias_", "mcbe_bias"]

COMPILED = (torch.float32, torch.float64)
ROUNDING = 8  # last places of the largest product


@torch.no_grad()
def mcbe_bias(weight: Tensor, points: Tensor) -> Tensor:
    """``alpha*(X)`` (m,) of rows (m, n) at points (M, n): in their floats, infinity for a row that is never selected.

    >>> mcbe_bias(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), torch.tensor([[2.0, 1.0]]))
    tensor([2., 1., inf])
    """
    return _least(_among_largest(points.to(weight) @ weight.T, weight.shape[1]))[0]


@torch.no_grad()
def enforce_bias_(layer: nn.Linear, alpha: Tensor) -> list[int]:
    """Set the bias of a layer to ``-alpha``, in place; returns the rows that no sample selected, which keep theirs.

    Parameters
    ----------
    layer : torch.nn.Linear with a bias (m,)
    alpha : (m,) such as `mcbe_bias` or `MCBERegularizer.alpha_star`; infinity where there is no bound
    """
    bias = _bias_of(layer)
    if alpha.shape != bias.shape:
        raise InputError(f"found alpha of shape {tuple(alpha.shape)}, expected {tuple(bias.shape)}")
    known = torch.isfinite(alpha)
    bias.copy_(torch.where(known, -alpha.to(bias), bias))
    return [int(j) for j in torch.nonzero(~known)[:, 0]]


class MCBERegularizer(nn.Module):
    """The loss term ``rho = |max(0, alpha - alpha*(X))|_2`` of a linear layer, with ``alpha = -bias``.

    Each call looks at a batch of inputs with the current weights and, every so often, at the points that set
    the values before: X grows, and all values are those of the current weights. The gradient goes to the bias alone.

    Parameters
    ----------
    layer : torch.nn.Linear with a bias; not registered as a part, so that its parameters are not counted twice
    every : calls after which the points of earlier batches are looked at again; in between their coefficients follow
        the weights, and whether they are still among the n largest is not asked. 1 asks each time
    sigma : standard deviation of Gaussian noise on the inputs, as in randomised smoothing; 0 for none
    copies : noisy copies of each input, with `sigma`

    Attributes
    ----------
    alpha_star : (m,) the last values, infinity for rows that no input selected so far
    points : (m, n) the inputs that set them; they are part of the state dict
    """

    points: Tensor
    is_set: Tensor
    alpha_star: Tensor
    calls: Tensor

    def __init__(self, layer: nn.Linear, *, every: int = 8, sigma: float = 0.0, copies: int = 1) -> None:
        super().__init__()
        if every < 1 or copies < 1 or not 0 <= sigma < float("inf"):
            raise InputError(f"found every = {every}, copies = {copies}, sigma = {sigma}, expected positive numbers")
        bias = _bias_of(layer)
        self.__dict__["layer"] = layer  # not a submodule
        self.every, self.sigma, self.copies = every, sigma, copies
        self.register_buffer("points", torch.zeros_like(layer.weight, requires_grad=False))
        self.register_buffer("is_set", torch.zeros_like(bias, dtype=torch.bool))
        self.register_buffer("alpha_star", torch.full_like(bias, float("inf"), requires_grad=False))
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))

    def extra_repr(self) -> str:
        return f"every={self.every}, sigma={self.sigma}, copies={self.copies}"

    def forward(self, inputs: Tensor) -> Tensor:
        """``rho``, a scalar, at a batch of inputs of the layer, (..., n)."""
        self.update(inputs)
        bias: Tensor = self.__dict__["layer"].bias
        rho: Tensor = _Excess.apply(bias, self.alpha_star)  # type: ignore[no-untyped-call]
        return rho

    def update(self, inputs: Tensor) -> None:
        """Take a batch of inputs into `alpha_star` without a loss."""
        if torch.compiler.is_compiling():
            _outside_graphs(self, inputs)
        else:
            self._update(inputs)

    def _update(self, inputs: Tensor) -> None:
        with torch.no_grad(), torch.autocast(inputs.device.type, enabled=False):
            self._look_at(inputs)

    def _look_at(self, inputs: Tensor) -> None:
        weight: Tensor = self.__dict__["layer"].weight.detach()
        batch = inputs.detach().reshape(-1, weight.shape[1]).to(weight)
        if self.sigma:
            batch = batch.repeat(self.copies, 1)
            batch = batch + self.sigma * torch.randn_like(batch)
        asked = int(self.calls) % self.every == 0
        self.calls += 1
        self._follow(weight, asked=asked)
        self._take(weight, batch)

    def _follow(self, weight: Tensor, *, asked: bool) -> None:
        """The values of the points that are kept, for the current weights; if asked, where they still count."""
        if asked:
            self._ask(weight)
        elif _is_compiled(weight):
            from exactinj.kernels.lowering import follow

            follow(weight.numpy(), self.points.numpy(), self.is_set.numpy(), self.alpha_star.numpy())
        else:
            own = (self.points * weight).sum(dim=1)
            self.alpha_star.copy_(torch.where(self.is_set, own, float("inf")))

    def _ask(self, weight: Tensor) -> None:
        """Drop points whose row is no longer among the n largest there; those left may count for other rows, too."""
        products = self.points @ weight.T
        if _is_compiled(products):
            from exactinj.kernels.lowering import ask

            ask(products.numpy(), float(weight.shape[1]), self.is_set.numpy(), self.alpha_star.numpy())
        else:
            own = products.diagonal()
            self.is_set.logical_and_((products > own[:, None]).sum(dim=1) < weight.shape[1])
            self.alpha_star.copy_(torch.where(self.is_set, own, float("inf")))
        kept = torch.nonzero(self.is_set)[:, 0]
        self._lower(products[kept], self.points[kept])

    def _take(self, weight: Tensor, points: Tensor) -> None:
        """Let the values fall to those at some points (M, n)."""
        self._lower(points @ weight.T, points)

    def _lower(self, products: Tensor, points: Tensor) -> None:
        """Let the values fall to products (M, m) with points (M, n); what is below by rounding only is left."""
        if not len(points):
            return
        if _is_compiled(products):
            self._lower_compiled(products, points)
        else:
            self._lower_anywhere(products, points, points.shape[1])

    def _lower_compiled(self, products: Tensor, points: Tensor) -> None:
        from exactinj.kernels.lowering import lower

        units = ROUNDING * torch.finfo(products.dtype).eps
        state = (part.numpy() for part in (self.alpha_star, self.points, self.is_set))
        lower(products.numpy(), points.contiguous().numpy(), units, *state)

    def _lower_anywhere(self, products: Tensor, points: Tensor, n: int) -> None:
        """If n coefficients are larger than the largest one that is below its row's value, the point lowers nothing."""
        rounding = ROUNDING * torch.finfo(products.dtype).eps * products.abs().amax()
        below = products < self.alpha_star - rounding
        highest = torch.where(below, products, -float("inf")).amax(dim=1, keepdim=True)
        few = (products > highest).sum(dim=1) < n
        chosen = torch.nonzero(few & below.any(dim=1))[:, 0]
        if not len(chosen):
            return
        least, places = _least(_among_largest(products[chosen], n))
        better = least < self.alpha_star - rounding
        self.points.copy_(torch.where(better[:, None], points[chosen[places]], self.points))
        self.alpha_star.copy_(torch.where(better, least, self.alpha_star))
        self.is_set.logical_or_(better)

    @torch.no_grad()
    def enforce_(self) -> list[int]:
        """Set the layer's bias to ``-alpha_star``; see `enforce_bias_`."""
        return enforce_bias_(self.__dict__["layer"], self.alpha_star)


class _Excess(torch.autograd.Function):
    """``|min(0, b + alpha*)|_2``, whose gradient to b is that vector over its length; 0 where the length is 0."""

    @staticmethod
    def forward(ctx: Any, bias: Tensor, alpha_star: Tensor) -> Tensor:
        below = torch.clamp(bias + alpha_star, max=0)
        rho: Tensor = torch.linalg.vector_norm(below)
        ctx.save_for_backward(below, rho)
        return rho

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        below, rho = ctx.saved_tensors
        return below * (gradients[0] / torch.where(rho > 0, rho, 1.0)), None


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _outside_graphs(regularizer: MCBERegularizer, inputs: Tensor) -> None:
    """What depends on values has no graph."""
    regularizer._update(inputs)


def _is_compiled(values: Tensor) -> bool:
    """Whether there is machine code for such tensors."""
    return values.device.type == "cpu" and values.dtype in COMPILED


def _among_largest(products: Tensor, n: int) -> Tensor:
    """Coefficients (M, m) that are among the n largest of their point, infinity for the others."""
    level = torch.topk(products, min(products.shape[1], n), dim=1, sorted=False).values.amin(dim=1, keepdim=True)
    return torch.where(products >= level, products, float("inf"))


def _least(selected: Tensor) -> tuple[Tensor, Tensor]:
    """Per row the least coefficient and the place of its point."""
    least = selected.min(dim=0)
    return least.values, least.indices


def _bias_of(layer: nn.Linear) -> Tensor:
    bias: Tensor | None = getattr(layer, "bias", None)
    if not isinstance(layer, nn.Linear) or bias is None:
        raise InputError(f"found {type(layer).__name__}, expected a torch.nn.Linear with a bias")
    return bias
