"""The functions that users call: decide a layer, check a certificate, compute and compare biases."""

from __future__ import annotations

from exactinj.api.biases import alpha_on, alpha_star, compare, hull_bias, pointwise_bias, sample_alpha
from exactinj.api.checking import check
from exactinj.api.deciding import certify
from exactinj.api.inverting import invert
from exactinj.api.lipschitz import frame_bounds, stability, stability_between, stability_on_data
from exactinj.api.models import make_injective, scan
from exactinj.injectivity.by_name import ENGINES

__all__ = [
    "ENGINES",
    "alpha_on",
    "alpha_star",
    "certify",
    "check",
    "compare",
    "frame_bounds",
    "hull_bias",
    "invert",
    "make_injective",
    "pointwise_bias",
    "sample_alpha",
    "scan",
    "stability",
    "stability_between",
    "stability_on_data",
]
