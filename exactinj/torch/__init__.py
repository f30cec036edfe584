"""Injectivity in training loops of PyTorch: a loss term, biases that are enforced, layers injective by construction.

>>> import torch
>>> from exactinj.torch import InjectiveLinear, MCBERegularizer, enforce_bias_
>>> layer = torch.nn.Linear(3, 9)
>>> regularizer = MCBERegularizer(layer)
>>> x = torch.randn(20, 3)
>>> loss = layer(x).relu().mean() + 0.1 * regularizer(x)
>>> loss.backward()

Needs the extra ``torch``. What is estimated here certifies nothing; `exactinj.certify` decides a layer exactly.
"""

from exactinj.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ImportError:
    raise MissingExtraError("torch is not installed: pip install 'exactinj[torch]'") from None

from exactinj.torch.injective import InjectiveConv2d, InjectiveLinear
from exactinj.torch.monitor import EpochRecord, InjectivityMonitor
from exactinj.torch.regularizer import MCBERegularizer, enforce_bias_, mcbe_bias

__all__ = [
    "EpochRecord",
    "InjectiveConv2d",
    "InjectiveLinear",
    "InjectivityMonitor",
    "MCBERegularizer",
    "enforce_bias_",
    "mcbe_bias",
]
