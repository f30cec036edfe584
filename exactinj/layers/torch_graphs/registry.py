"""Which function translates which call of torch: tables that the other modules fill."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from exactinj.layers.torch_graphs.builder import Builder

__all__ = ["MOVES", "Translator", "reads", "reads_for_axes", "translator_of"]

Translator = Callable[..., Any]
AnyTranslator = TypeVar("AnyTranslator", bound=Translator)
_TRANSLATORS: dict[str, Translator] = {}

_RESHAPING = """
    view view_as reshape reshape_as _unsafe_view flatten unflatten ravel squeeze unsqueeze
    atleast_1d atleast_2d atleast_3d
    permute transpose swapaxes swapdims movedim moveaxis adjoint t T mT numpy_T mH H matrix_H
"""
_CHOOSING = """
    getitem slice select narrow index_select index gather take take_along_dim diagonal tril triu as_strided
    unfold im2col
    chunk split split_with_sizes tensor_split unsafe_chunk unsafe_split unbind hsplit vsplit dsplit
"""
_REPEATING = """
    expand expand_as broadcast_to repeat tile repeat_interleave flip fliplr flipud rot90 roll
    pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle
    upsample_nearest1d upsample_nearest2d upsample_nearest3d
    _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d
    reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
"""
# functions that only move numbers: they are run on the places themselves
MOVES = frozenset(f"{_RESHAPING} {_CHOOSING} {_REPEATING}".split())


def reads(*names: str) -> Callable[[AnyTranslator], AnyTranslator]:
    """Register a translator: called with the `Builder`, then with the arguments of the call of torch."""

    def register(translator: AnyTranslator) -> AnyTranslator:
        _TRANSLATORS.update(dict.fromkeys(names, translator))
        return translator

    return register


def reads_for_axes(name: str) -> Callable[[AnyTranslator], AnyTranslator]:
    """Register a translator for ``name1d`` to ``name3d``; it is told the number of axes as `count`."""

    def register(translator: AnyTranslator) -> AnyTranslator:
        for count in (1, 2, 3):
            _TRANSLATORS[f"{name}{count}d"] = partial(translator, count=count)
        return translator

    return register


def translator_of(name: str) -> Translator | None:
    """The function that translates calls of that name."""
    return _TRANSLATORS.get(name)


@reads(
    "identity",
    "contiguous",
    "clone",
    "detach",
    "alias",
    "lift_fresh",
    "lift_fresh_copy",
    "positive",
    "cpu",
    "cuda",
    "data",
)
def _identity(build: Builder, x: Any, *_: Any, **__: Any) -> Any:
    return x
