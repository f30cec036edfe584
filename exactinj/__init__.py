"""exactinj: formal verification and exact geometry of ReLU layers.

Is ``x -> ReLU(W x + b)`` injective? `certify` answers with a proof that a small independent checker
accepts, or with two different inputs that have exactly the same output.

>>> import exactinj as xi
>>> xi.certify(xi.ReLULayer([[1], [-1]], b=[-1, 1])).verdict
<Verdict.INJECTIVE: 'injective'>

Names are imported when they are first used, so that ``import exactinj`` costs milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exactinj.alpha import AlphaStar
    from exactinj.api import CheckResult, alpha_star, certify, check, compare, hull_bias, sample_alpha
    from exactinj.comparison import Comparison
    from exactinj.convolution import ConvLayer, Sizes, doubled
    from exactinj.domains import (
        Ball,
        Box,
        Domain,
        NonnegativeBall,
        NonnegativeOrthant,
        Polytope,
        RealSpace,
        Region,
        Shell,
        Sphere,
    )
    from exactinj.errors import CertificateError, ExactinjError, InputError, InternalError
    from exactinj.evidence.certificate import Certificate
    from exactinj.evidence.collision import Collision, FloatReplay
    from exactinj.evidence.conv_certificate import ConvCertificate
    from exactinj.evidence.result import Result, Statistics, Verdict
    from exactinj.exact.surd import Surd
    from exactinj.hull.bias import HullBias
    from exactinj.layer import ReLULayer
    from exactinj.reading import parse_domain, read_layer
    from exactinj.reading_kernels import read_kernels
    from exactinj.sampling import AlphaEstimate
    from exactinj.sampling.samplers import KernelDensity, Smoothing

__all__ = [
    "AlphaEstimate",
    "AlphaStar",
    "Ball",
    "Box",
    "Certificate",
    "CertificateError",
    "CheckResult",
    "Collision",
    "Comparison",
    "ConvCertificate",
    "ConvLayer",
    "Domain",
    "ExactinjError",
    "FloatReplay",
    "HullBias",
    "InputError",
    "InternalError",
    "KernelDensity",
    "NonnegativeBall",
    "NonnegativeOrthant",
    "Polytope",
    "ReLULayer",
    "RealSpace",
    "Region",
    "Result",
    "Shell",
    "Sizes",
    "Smoothing",
    "Sphere",
    "Statistics",
    "Surd",
    "Verdict",
    "alpha_star",
    "certify",
    "check",
    "compare",
    "doubled",
    "hull_bias",
    "parse_domain",
    "read_kernels",
    "read_layer",
    "sample_alpha",
]

__version__ = "0.1.0"

_HOMES = {
    "exactinj.alpha": ("AlphaStar",),
    "exactinj.api": ("CheckResult", "alpha_star", "certify", "check", "compare", "hull_bias", "sample_alpha"),
    "exactinj.comparison": ("Comparison",),
    "exactinj.convolution": ("ConvLayer", "Sizes", "doubled"),
    "exactinj.domains": (
        "Ball",
        "Box",
        "Domain",
        "NonnegativeBall",
        "NonnegativeOrthant",
        "Polytope",
        "RealSpace",
        "Region",
        "Shell",
        "Sphere",
    ),
    "exactinj.errors": ("CertificateError", "ExactinjError", "InputError", "InternalError"),
    "exactinj.evidence.certificate": ("Certificate",),
    "exactinj.evidence.collision": ("Collision", "FloatReplay"),
    "exactinj.evidence.conv_certificate": ("ConvCertificate",),
    "exactinj.evidence.result": ("Result", "Statistics", "Verdict"),
    "exactinj.exact.surd": ("Surd",),
    "exactinj.hull.bias": ("HullBias",),
    "exactinj.layer": ("ReLULayer",),
    "exactinj.reading": ("parse_domain", "read_layer"),
    "exactinj.reading_kernels": ("read_kernels",),
    "exactinj.sampling": ("AlphaEstimate",),
    "exactinj.sampling.samplers": ("KernelDensity", "Smoothing"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'exactinj' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
