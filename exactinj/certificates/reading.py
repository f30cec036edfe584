"""Certificates from files, as objects: the way back from `Certificate.write`.

Nothing is judged here: that is the checker's part. What a certificate says is taken as it stands, and written again it
is the same document, byte for byte.
"""

from __future__ import annotations

import os
from typing import TypeAlias

from exactinj.certificates.certificate import Certificate
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.graph_certificate import GraphCertificate
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.records import read_record, refusals
from exactinj.certificates.residual_certificate import ResidualCertificate

__all__ = ["AnyCertificate", "read_certificate"]

AnyCertificate: TypeAlias = Certificate | ConvCertificate | ResidualCertificate | NetworkCertificate | GraphCertificate
KINDS: tuple[type[AnyCertificate], ...] = (
    GraphCertificate,
    NetworkCertificate,
    ResidualCertificate,
    ConvCertificate,
)


def read_certificate(
    path: str | os.PathLike[str],
) -> AnyCertificate:
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
        return next((kind for kind in KINDS if kind.KEY in record), Certificate).of_record(record)
