"""Models from pipes: a file of its own for a while, as what reads models, and what runs them, takes files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from exactinj.errors import InputError
from exactinj.files.sources import STDIN, Source, read_with

__all__ = ["model_ending", "model_file"]

ENDINGS = (".onnx", ".pt", ".safetensors")
ZIP_START, PICKLE_START = b"PK\x03\x04", b"\x80"
ONNX_START = b"\x08"  # the field ir_version, with which every writer begins
LENGTH = 8  # bytes of the length of the header of a .safetensors file
LONGEST_HEADER = 100_000_000


def model_ending(start: bytes) -> str:
    """The ending of a model's format, by its first bytes.

    >>> model_ending(b"PK" + bytes([3, 4]) + b"..."), model_ending(bytes([8, 8, 18]))
    ('.pt', '.onnx')
    """
    if start.startswith((ZIP_START, PICKLE_START)):
        return ".pt"
    if start[LENGTH : LENGTH + 1] == b"{" and int.from_bytes(start[:LENGTH], "little") < LONGEST_HEADER:
        return ".safetensors"
    if start.startswith(ONNX_START):
        return ".onnx"
    raise InputError("found no start of an .onnx, .pt or .safetensors file; pipe a model, or say --format")


@contextmanager
def model_file(name: str, file_format: str | None = None) -> Iterator[str]:
    """The path of a model's file: itself, or of what comes from a pipe a copy for a while.

    Raises
    ------
    InputError
        For pipes that hold no model, of no format that is known.
    """
    path = Path(name)
    if name != STDIN and file_format is None and (path.is_file() or not path.exists()):
        yield name
        return
    with TemporaryDirectory(prefix="exactinj-") as folder:

        def copied(source: Source) -> str:
            copy = Path(folder) / f"{'stdin' if name == STDIN else path.stem or 'model'}{source.ending}"
            copy.write_bytes(source.content())
            return str(copy)

        yield read_with(dict.fromkeys(ENDINGS, copied), name, file_format, tell=model_ending)
