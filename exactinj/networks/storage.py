"""The folder of a scan: a certificate for each layer, the pair of the network, all of it again as one document.

A scan that is run again with the same folder takes certificates of the same layer on the same domain from there, after
the independent checker accepted them again. Files are whole or not there, whenever the scan ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exactinj import checker
from exactinj.certificates.certificate import Certificate
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.reading import read_certificate
from exactinj.errors import CertificateError, InputError
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.dense import ReLULayer
from exactinj.networks.answers import AnyCertificate, Pair
from exactinj.work.atomic import remove_leftovers, replacing

__all__ = ["ScanFolder"]

LONGEST_NAME = 60
LONGEST_PAIR = 20_000  # characters of the numbers of a pair that stands in scan.json itself
ENDINGS = (".json", ".json.gz")


@dataclass(frozen=True)
class ScanFolder:
    """Where the files of one scan are."""

    path: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> ScanFolder:
        """The folder, made if it is not there; `InputError` if that is impossible."""
        folder = Path(path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {folder}: {error.strerror or error}; choose another") from None
        remove_leftovers(folder)
        return cls(folder)

    def place(self, number: int, name: str) -> Path:
        """The file of a layer's certificate: its number and its name."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:LONGEST_NAME]
        return self.path / f"{number:03d}-{plain or 'layer'}.json"

    def known(
        self, number: int, name: str, layer: ReLULayer | ConvLayer, domain: str, size: tuple[int, ...] | None
    ) -> AnyCertificate | None:
        """The certificate of an earlier scan about this layer and domain, if the checker accepts it again."""
        place = self.place(number, name)
        if not place.is_file():
            return None
        try:
            certificate = read_certificate(place)
            if not _is_about(certificate, layer, domain, size):
                return None
            with place.open("rb") as stream:
                return certificate if checker.check_stream(stream, None).valid else None
        except (CertificateError, InputError, checker.Unreadable, OSError):
            return None

    def keep(self, number: int, name: str, certificate: AnyCertificate) -> str:
        """Write a certificate; its path."""
        place = self.place(number, name)
        certificate.write(place)
        return str(place)

    def write(self, name: str, document: object) -> str:
        """Write a JSON document; the SHA-256 of the file."""
        data = json.dumps(document, indent=1).encode("ascii") + b"\n"
        with replacing(self.path / name) as stream:
            stream.write(data)
        return hashlib.sha256(data).hexdigest()

    def pair(self, name: str, pair: Pair, *, always: bool) -> dict[str, object]:
        """A pair as it stands in a document: whole if it is short; else the file that has it, its digest, and the rest.

        The file is written for every long pair, for short ones if that is asked for.
        """
        whole: dict[str, Any] = pair.to_json()
        numbers = [whole["x"], whole["y"], *whole.get("other_inputs", {}).values()]
        is_long = sum(len(text) for part in numbers for text in part) > LONGEST_PAIR
        if not is_long and not always:
            return whole
        digest = self.write(name, whole)
        if not is_long:
            return whole
        rest = {key: value for key, value in whole.items() if key not in ("x", "y", "other_inputs")}
        return {"file": name, "sha256": digest, "changed": pair.changed, **rest}


def _is_about(certificate: object, layer: ReLULayer | ConvLayer, domain: str, size: tuple[int, ...] | None) -> bool:
    if isinstance(certificate, Certificate):
        return isinstance(layer, ReLULayer) and certificate.layer == layer and certificate.domain.text == domain
    if not isinstance(certificate, ConvCertificate) or not isinstance(layer, ConvLayer) or certificate.layer != layer:
        return False
    sizes = certificate.sizes
    covered = size is not None and (sizes.contains(size) if isinstance(sizes, Sizes) else sizes == size)
    return covered and certificate.domain.text == domain
