"""From a question about a convolution to a result with its certificate."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.convolution import ConvLayer
from exactinj.convolution.arguments import whole
from exactinj.domains import Domain
from exactinj.engines.base import Engine
from exactinj.engines.clock import Clock
from exactinj.every_size.places import channel_domain
from exactinj.every_size.search import decide_convolution
from exactinj.evidence.conv_certificate import ConvCertificate
from exactinj.evidence.result import Result

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
) -> Result:
    """Decide a convolution and put the answer together; `InputError` for shapes and domains that do not fit."""
    whole(box_limit, "box limit", least=1)
    where = channel_domain(domain, layer.in_channels)
    size = None if input_shape is None else layer.size_of(input_shape)
    answer = decide_convolution(
        layer, where, engine, clock, size=size, box_limit=box_limit, seed=seed, small=small_engine
    )
    certificate = None
    if answer.proof is not None and answer.sizes is not None:
        certificate = ConvCertificate(layer, where, answer.sizes, answer.proof)
    return Result(
        verdict=answer.verdict,
        reason=answer.reason,
        layer=layer,
        domain=where,
        engine=answer.engine,
        witness=answer.witness,
        certificate=certificate,
        stats=answer.stats,
        explanation=answer.explanation,
        sizes=answer.sizes,
        opposite_sizes=answer.opposite_sizes,
    )
