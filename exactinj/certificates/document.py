"""Documents that are written piece by piece, to a file or to memory."""

from __future__ import annotations

import gzip
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from exactinj.work.atomic import replacing

__all__ = ["FORMAT", "VERSION", "Document"]

FORMAT = "exactinj-certificate"
VERSION = 1


class Document(ABC):
    """A JSON text that streams: a tree of a million tokens is never held as text."""

    @abstractmethod
    def pieces(self) -> Iterator[str]:
        """The text in order."""

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write to a file, gzip-compressed if its name ends in ``.gz``; never leaves half a file."""
        with replacing(Path(path)) as raw:
            if str(path).endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    self._write_text(packed)
            else:
                self._write_text(raw)

    def to_bytes(self) -> bytes:
        """The uncompressed document."""
        buffer = io.BytesIO()
        self._write_text(buffer)
        return buffer.getvalue()

    def _write_text(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        for piece in self.pieces():
            stream.write(piece.encode("ascii"))
