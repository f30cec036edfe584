"""Certificates from files, as objects: the way back from `Certificate.write`.

Nothing is judged here: that is the checker's part. What a certificate says is taken as it stands, and written again it
is the same document, byte for byte.
"""

from __future__ import annotations

import os

from exactinj.certificates.certificate import Certificate
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.graph_certificate import GraphCertificate
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.records import (
    is_about_convolution,
    is_about_graph,
    is_about_network,
    is_about_residual,
    read_record,
    refusals,
)
from exactinj.certificates.residual_certificate import ResidualCertificate

__all__ = ["read_certificate"]


def read_certificate(
    path: str | os.PathLike[str],
) -> Certificate | ConvCertificate | ResidualCertificate | NetworkCertificate | GraphCertificate:
    """The certificate in a ``.json`` or ``.json.gz`` file, as `certify` returned it.

    It has ``.layer``, ``.domain``, ``.claim``, ``.proof``, for a pair ``.collision``, and ``.write``, which writes the
    same bytes again. Reading proves nothing: `check` does. The whole document is held in memory.

    Raises
    ------
    CertificateError
        If the file is no certificate of this version, or its layer has another digest than it says.
    """
    with refusals(path):
        record = read_record(path)
        if is_about_graph(record):
            return GraphCertificate.of_record(record)
        if is_about_network(record):
            return NetworkCertificate.of_record(record)
        if is_about_residual(record):
            return ResidualCertificate.of_record(record)
        return (ConvCertificate if is_about_convolution(record) else Certificate).of_record(record)
