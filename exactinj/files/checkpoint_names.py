"""What the names of a state dict tell: which tensors make one module, and which module follows which.

There is no graph in such a file. Whatever is concluded from a name here is an assumption, and told as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

__all__ = ["Part", "follower", "kind_by_name", "parts_of"]

PARAMETRIZED = re.compile(r"^(?:(.*)\.)?(parametrizations\.\w+\..+)$")
STATISTICS = ("running_mean", "running_var")
KINDS = (
    ("recurrent", re.compile(r"(^|[._])(lstm|gru|rnn)|weight_[ih]h")),
    (
        "embedding",
        re.compile(r"(^|[._])(\w*emb|\w*embed|\w*embeddings?|wte|wpe|cls_token|pos_\w+|position\w*)([._]|$)"),
    ),
    ("attention", re.compile(r"(^|[._])(\w*attn\w*|\w*attention\w*|mha|in_proj_weight|qkv|[qkv]_proj\w*)([._]|$)")),
    ("transposed convolution", re.compile(r"(^|[._])(deconv|conv_?t(ranspose)?|up_?conv)\w*")),
)
WORDS = re.compile(r"batch_?norm|conv(olution)?|linear|dense|prelu|relu|norm|bn|fc|act|[._]")


@dataclass
class Part:
    """The tensors of one module.

    Attributes
    ----------
    path : the name of the module
    leaves : its tensors by what follows the path
    place : its number in the order of the file
    """

    path: str
    place: int
    leaves: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def parent(self) -> str:
        """The name of the module around it."""
        return self.path.rpartition(".")[0]

    @property
    def own_name(self) -> str:
        """The name inside the module around it."""
        return self.path.rpartition(".")[2]

    @property
    def is_norm(self) -> bool:
        """Whether it is a normalisation with statistics."""
        return all(name in self.leaves for name in STATISTICS)


def parts_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Part]:
    """Modules by path, in the order of their first tensors.

    >>> import numpy as np
    >>> list(parts_of({"a.weight": np.ones(1), "b.c.weight": np.ones(1), "a.bias": np.ones(1)}))
    ['a', 'b.c']
    """
    parts: dict[str, Part] = {}
    for name, array in arrays.items():
        found = PARAMETRIZED.match(name)
        path, leaf = (found[1] or "", found[2]) if found else (name.rpartition(".")[0], name.rpartition(".")[2])
        parts.setdefault(path, Part(path, len(parts))).leaves[leaf] = array
    return parts


def kind_by_name(name: str) -> str | None:
    """What kind of matrix a name speaks of, if that is none of a linear layer or a convolution.

    >>> kind_by_name("encoder.lstm.weight_ih_l0"), kind_by_name("features.0.weight")
    ('recurrent', None)
    """
    return next((kind for kind, pattern in KINDS if pattern.search(name.lower())), None)


def follower(part: Part, others: Iterable[Part], *, ordered: bool) -> Part | None:
    """The module among `others` that `part` comes right after, by its name: ``bn1`` after ``conv1``, ``1`` after ``0``.

    Parameters
    ----------
    others : those that fit by their shapes
    ordered : whether modules stand in the order in which they were built, so that a later one cannot come before
    """
    near = [other for other in others if other.parent == part.parent and other is not part]
    if ordered:
        near = [other for other in near if other.place < part.place]
    if part.own_name.isdecimal():
        return _last_before(part, near)
    same = [other for other in near if _core(other.own_name) == _core(part.own_name)]
    if len(same) == 1:
        return same[0]
    return near[0] if len(near) == 1 and not same else None


def _last_before(part: Part, near: Sequence[Part]) -> Part | None:
    numbered = [other for other in near if other.own_name.isdecimal() and int(other.own_name) < int(part.own_name)]
    return max(numbered, key=lambda other: int(other.own_name), default=None)


def _core(name: str) -> str:
    """What is left of a name without the words for kinds of modules: ``conv2_bn`` and ``conv2`` are both ``2``."""
    return WORDS.sub("", name.lower())
