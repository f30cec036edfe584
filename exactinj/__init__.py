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
    from exactinj.api import CheckResult, alpha_star, certify, check, compare, hull_bias, sample_alpha
    from exactinj.biases.alpha import AlphaStar
    from exactinj.biases.hull.bias import HullBias
    from exactinj.certificates.certificate import Certificate
    from exactinj.certificates.collision import Collision, FloatReplay
    from exactinj.certificates.conv_certificate import ConvCertificate
    from exactinj.comparison import Comparison
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
    from exactinj.exact.surd import Surd
    from exactinj.files.kernel_files import read_kernels
    from exactinj.files.layer_files import parse_domain, read_layer
    from exactinj.injectivity.result import Result
    from exactinj.layers.convolution import ConvLayer, Sizes, doubled
    from exactinj.layers.dense import ReLULayer
    from exactinj.sampling import AlphaEstimate
    from exactinj.sampling.samplers import KernelDensity, Smoothing
    from exactinj.work.verdict import Statistics, Verdict

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
    "exactinj.biases.alpha": ("AlphaStar",),
    "exactinj.api": ("CheckResult", "alpha_star", "certify", "check", "compare", "hull_bias", "sample_alpha"),
    "exactinj.comparison": ("Comparison",),
    "exactinj.layers.convolution": ("ConvLayer", "Sizes", "doubled"),
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
    "exactinj.certificates.certificate": ("Certificate",),
    "exactinj.certificates.collision": ("Collision", "FloatReplay"),
    "exactinj.certificates.conv_certificate": ("ConvCertificate",),
    "exactinj.injectivity.result": ("Result",),
    "exactinj.exact.surd": ("Surd",),
    "exactinj.biases.hull.bias": ("HullBias",),
    "exactinj.layers.dense": ("ReLULayer",),
    "exactinj.files.layer_files": ("parse_domain", "read_layer"),
    "exactinj.files.kernel_files": ("read_kernels",),
    "exactinj.sampling": ("AlphaEstimate",),
    "exactinj.sampling.samplers": ("KernelDensity", "Smoothing"),
    "exactinj.work.verdict": ("Statistics", "Verdict"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'exactinj' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
