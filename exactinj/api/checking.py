"""Check a certificate, with what the checker takes for a layer."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from exactinj.certificates.document import Document
from exactinj.certificates.graph_certificate import GraphCertificate
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.reading import AnyCertificate
from exactinj.errors import CertificateError, InputError
from exactinj.files.arguments import layer_given
from exactinj.injectivity.result import AnyLayer
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock

if TYPE_CHECKING:
    from exactinj.checker import CheckResult

__all__ = ["check"]


def check(
    certificate: AnyCertificate | str | os.PathLike[str],
    layer: AnyLayer | Any = None,
    *,
    checker: str = "independent",
) -> CheckResult:
    """Check a certificate, by default with the independent checker.

    Parameters
    ----------
    certificate : Certificate or path
        What `certify` returned, or a ``.json`` or ``.json.gz`` file.
    layer : ReLULayer, ConvLayer, ResidualBlock or DenseNetwork, optional; of a network also a Network, torch module
        or ``.onnx`` file
        If given, the claim is checked for *this* layer's numbers, and the certificate is rejected
        if it speaks of another one.
    checker : {"independent", "fast", "proved"}
        The standard-library checker; the compiled one for long trees (``docs/fast-checker.md``), which leaves
        short certificates and other rules to the first; or the one whose correctness is proved in Coq
        (``docs/trust.md``), a program to be built in ``proof/``.

    Returns
    -------
    CheckResult
        ``.valid``, ``.claim`` and ``.reason``.

    Raises
    ------
    CertificateError
        If the file cannot be read as a certificate at all.
    """
    from exactinj.checker import Unreadable

    check_stream = _checker_named(checker)
    numbers = None if layer is None else _numbers_for(certificate, layer)
    try:
        if isinstance(certificate, Document):
            return check_stream(io.BytesIO(certificate.to_bytes()), numbers)
        with Path(certificate).open("rb") as stream:
            return check_stream(stream, numbers)
    except (Unreadable, OSError) as error:
        raise CertificateError(str(error)) from None


def _checker_named(name: str) -> Callable[[BinaryIO, Any], CheckResult]:
    if name == "independent":
        from exactinj.checker import check_stream

        return check_stream
    if name == "fast":
        from exactinj import fastcheck

        return fastcheck.check_stream
    if name == "proved":
        from exactinj import provedcheck

        return provedcheck.check_stream
    raise InputError(f"found the checker {name!r}, expected independent, fast or proved")


def _numbers_for(certificate: Document | str | os.PathLike[str], layer: Any) -> Any:
    """The layer as the checker takes it, for a certificate that is about a layer, or about a network."""
    from exactinj import checker
    from exactinj.certificates.records import read_record, refusals
    from exactinj.layers.network.flat import FlatGraph
    from exactinj.networks.certified_models import is_model, subject_of_model

    record: dict[str, Any] = {}
    if isinstance(certificate, GraphCertificate):
        record = {"graph": {"inputs": certificate.layer.inputs}}
    elif isinstance(certificate, NetworkCertificate):
        record = {"dense_network": {"n": certificate.layer.n}}
    elif is_model(layer) and not isinstance(certificate, Document):
        with refusals(certificate):
            record = read_record(certificate)
    if not is_model(layer) and "graph" not in record:
        return _numbers_of(layer_given(layer))
    subject = subject_of_model(record, layer)
    return checker.GraphDigest(subject.digest) if isinstance(subject, FlatGraph) else _numbers_of(subject)


def _numbers_of(layer: AnyLayer) -> Any:
    """The layer as the checker takes it."""
    from exactinj import checker

    if isinstance(layer, DenseNetwork):
        parts = [(part.W.fractions(), [value for (value,) in part.b.fractions()], part.slopes) for part in layer.layers]
        return checker.DenseNetwork([checker.DenseLayer(*part) for part in parts])

    if isinstance(layer, ResidualBlock):
        b = [value for (value,) in layer.b.fractions()]
        return checker.Residual(layer.A.fractions(), layer.B.fractions(), b)

    if isinstance(layer, ConvLayer):
        return checker.Convolution(
            in_channels=layer.in_channels,
            out_channels=layer.out_channels,
            groups=layer.groups,
            kernel_size=layer.kernel_size,
            stride=layer.stride,
            dilation=layer.dilation,
            padding=layer.padding,
            padding_mode=layer.padding_mode,
            kernels=layer.kernels.fractions(),
            b=layer.bias,
        )
    return (layer.W.fractions(), [value for (value,) in layer.b.fractions()])
