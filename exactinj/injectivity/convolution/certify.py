"""From a question about a convolution to a result with its certificate."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.domains import Domain
from exactinj.injectivity.convolution.places import channel_domain
from exactinj.injectivity.convolution.search import decide_convolution
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import Result, conv_result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.convolution.arguments import whole
from exactinj.work.clock import Clock

__all__ = ["certify_convolution"]


def certify_convolution(
    layer: ConvLayer,
    domain: Domain,
    engine: Engine,
    clock: Clock,
    *,
    input_shape: Sequence[int] | None = None,
    box_limit: int = 12,
    seed: int = 0,
    small_engine: Engine | None = None,
    assume_full_spark: bool = False,
) -> Result:
    """Decide a convolution and put the answer together; `InputError` for shapes and domains that do not fit."""
    whole(box_limit, "box limit", least=1)
    where = channel_domain(domain, layer.in_channels)
    size = None if input_shape is None else layer.size_of(input_shape)
    answer = decide_convolution(
        layer,
        where,
        engine,
        clock,
        size=size,
        box_limit=box_limit,
        seed=seed,
        small=small_engine,
        assume_full_spark=assume_full_spark,
    )
    return conv_result(layer, where, answer)
