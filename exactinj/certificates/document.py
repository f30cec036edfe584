"""Documents that are written piece by piece, to a file or to memory."""

from __future__ import annotations

import gzip
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Self

from exactinj.certificates.form import Form
from exactinj.certificates.in_form import in_form
from exactinj.errors import InputError
from exactinj.work.atomic import replacing

__all__ = ["FORMAT", "VERSION", "Document"]

FORMAT = "exactinj-certificate"
VERSION = 1


class Document(ABC):
    """A JSON text that streams: a tree of a million tokens is never held as text."""

    @abstractmethod
    def pieces(self) -> Iterator[str]:
        """The text in order."""

    def in_form(self, form: Form | str) -> Self:
        """The same document with refuters and circuits in this form: ``explicit`` or ``compact``."""
        if form not in list(Form):
            raise InputError(f"found the form {form!r}, expected " + " or ".join(Form))
        return replace(self, proof=in_form(self.proof, Form(form)))  # type: ignore[type-var,attr-defined]

    def write(self, path: str | os.PathLike[str], *, form: Form | str | None = None) -> None:
        """Write to a file, gzip-compressed if its name ends in ``.gz``; never leaves half a file.

        Refuters and circuits are written in the form that is asked for; by default explicitly, with their multipliers,
        unless those would have millions of digits (``docs/certificates.md``, *Compact lists*).
        """
        if form is not None:
            self.in_form(form).write(path)
            return
        with replacing(Path(path)) as raw:
            if str(path).endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    self._write_text(packed)
            else:
                self._write_text(raw)

    def to_bytes(self, *, form: Form | str | None = None) -> bytes:
        """The uncompressed document."""
        if form is not None:
            return self.in_form(form).to_bytes()
        buffer = io.BytesIO()
        self._write_text(buffer)
        return buffer.getvalue()

    def _write_text(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        for piece in self.pieces():
            stream.write(piece.encode("ascii"))
