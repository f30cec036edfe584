"""Data sets as arrays: two from scikit-learn, MNIST and CIFAR-10 from files that the user has. Nothing is downloaded.

Formats: IDX (Y. LeCun, C. Cortes, C. Burges, *The MNIST database*): big-endian 32-bit magic number and sizes, then
bytes; the magic number is 2051 for images and 2049 for labels. CIFAR-10 binary version (A. Krizhevsky 2009): records of
one label byte and 3072 pixel bytes, all red values, then green, then blue, row by row.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError, MissingExtraError

__all__ = ["Dataset", "digits", "iris", "read_cifar10", "read_mnist", "scaled"]

FilePath = str | os.PathLike[str]

IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049
CIFAR_PIXELS = 3072
CIFAR_KINDS = 10
GZIP_START = b"\x1f\x8b"
PIECE = 1 << 20  # bytes
UNPACKED_FREELY = 1 << 28  # bytes
MOST_RATIO = 100  # unpacked bytes for each byte of the file, beyond that
KINDS = {IMAGES_MAGIC: "a file of images", LABELS_MAGIC: "a file of labels"}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Points with labels.

    Attributes
    ----------
    name : str
    points : (M, n) float64, in the units of the source
    labels : (M,) int64, -1 where there is none
    """

    name: str
    points: NDArray[np.float64]
    labels: NDArray[np.int64]


def iris() -> Dataset:
    """Fisher's Iris data: 150 flowers, n = 4 lengths in centimetres, labels 0 to 2; needs the extra ``data``.

    The thesis [Eck24] says n = 3 for Iris without saying how; here all four measurements are kept.

    Raises
    ------
    MissingExtraError
        Without scikit-learn.

    >>> iris().points.shape
    (150, 4)
    """
    return _from_sklearn("iris")


def digits() -> Dataset:
    """Handwritten digits of 8 x 8 pixels: 1797 points, n = 64 grey values from 0 to 16; needs the extra ``data``.

    Raises
    ------
    MissingExtraError
        Without scikit-learn.

    >>> digits().points.shape
    (1797, 64)
    """
    return _from_sklearn("digits")


def read_mnist(images_path: FilePath, labels_path: FilePath | None = None) -> Dataset:
    """MNIST, or anything in its format, from IDX files, plain or gzipped.

    Parameters
    ----------
    images_path : such as ``train-images-idx3-ubyte.gz``; points have n = rows times columns grey values from 0 to 255
    labels_path : such as ``train-labels-idx1-ubyte.gz``; without it all labels are -1

    Raises
    ------
    InputError
        For files that cannot be read, are truncated, too long or corrupt, or do not fit each other.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, 1998.
    """
    (count, rows, columns), pixels = _idx(images_path, IMAGES_MAGIC, 3)
    points = pixels.reshape(count, rows * columns).astype(np.float64)
    if labels_path is None:
        return Dataset("mnist", points, np.full(count, -1, dtype=np.int64))
    (found,), labels = _idx(labels_path, LABELS_MAGIC, 1)
    if found != count:
        raise InputError(f"{labels_path}: found {found} labels for {count} images, expected as many; pair other files")
    return Dataset("mnist", points, labels.astype(np.int64))


def read_cifar10(paths: FilePath | Iterable[FilePath]) -> Dataset:
    """CIFAR-10 from files of its binary version, such as ``data_batch_1.bin``, in the order given.

    Parameters
    ----------
    paths : one path or several; points have n = 3072 values from 0 to 255, labels 0 to 9

    Raises
    ------
    InputError
        For files that cannot be read, whose length is no positive multiple of 3073 bytes, or with labels above 9.

    References
    ----------
    A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    files = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not files:
        raise InputError("found no files, expected CIFAR-10 batches such as data_batch_1.bin")
    records = np.concatenate([_cifar_records(path) for path in files])
    return Dataset("cifar10", records[:, 1:].astype(np.float64), records[:, 0].astype(np.int64))


def scaled(dataset: Dataset) -> Dataset:
    """Every coordinate with mean 0 and standard deviation 1; constant coordinates become 0.

    The thesis says that all data were normalised and no more; this is the usual meaning, and what the Iris layers of
    the casebook were trained on.

    >>> bool(abs(scaled(iris()).points.std(axis=0) - 1).max() < 1e-12)
    True
    """
    centred = dataset.points - dataset.points.mean(axis=0)
    constant = dataset.points.max(axis=0) == dataset.points.min(axis=0)
    centred[:, constant] = 0.0
    return Dataset(dataset.name, centred / np.where(constant, 1.0, centred.std(axis=0)), dataset.labels)


def _from_sklearn(name: str) -> Dataset:
    try:
        loaders = import_module("sklearn.datasets")
    except ImportError:
        raise MissingExtraError("scikit-learn is not installed: pip install 'exactinj[data]'") from None
    points, labels = getattr(loaders, f"load_{name}")(return_X_y=True)
    return Dataset(name, np.asarray(points, dtype=np.float64), np.asarray(labels, dtype=np.int64))


def _idx(path: FilePath, magic: int, dimensions: int) -> tuple[list[int], NDArray[np.uint8]]:
    """The sizes and the bytes of an IDX file; sizes that do not fit its length are refused before they are used."""
    head = 4 * (1 + dimensions)
    start = _content(path, head)
    if len(start) < head:
        raise InputError(f"{path}: found {len(start)} bytes, expected an IDX header of {head}; the file is truncated")
    found, *sizes = np.frombuffer(start, dtype=">u4", count=1 + dimensions).tolist()
    if found != magic:
        raise InputError(f"{path}: found the magic number {found}, expected {magic}; give {KINDS[magic]}")
    wanted = head + math.prod(sizes)
    data = _content(path, wanted + PIECE)
    if len(data) != wanted or wanted == head:
        shape = " x ".join(map(str, sizes))
        held = f"at least {len(data)}" if len(data) == wanted + PIECE else len(data)
        raise InputError(f"{path}: found {held} bytes, expected {wanted} for sizes {shape}; the file is corrupt")
    return sizes, np.frombuffer(data, dtype=np.uint8, offset=head)


def _cifar_records(path: FilePath) -> NDArray[np.uint8]:
    """The records (M, 3073) of a CIFAR-10 batch."""
    data = _content(path)
    if not data or len(data) % (1 + CIFAR_PIXELS):
        raise InputError(
            f"{path}: found {len(data)} bytes, expected a positive multiple of {1 + CIFAR_PIXELS}; "
            "give files of the binary version of CIFAR-10"
        )
    records = np.frombuffer(data, dtype=np.uint8).reshape(-1, 1 + CIFAR_PIXELS)
    if records[:, 0].max() >= CIFAR_KINDS:
        raise InputError(f"{path}: found the label {records[:, 0].max()}, expected 0 to 9; the file is corrupt")
    return records


def _content(path: FilePath, most: int | None = None) -> bytes:
    """The bytes of a file, unpacked if they are gzipped; at most so many, and no more than it justifies."""
    try:
        with Path(path).open("rb") as stream:
            packed = stream.read(len(GZIP_START)) == GZIP_START
            stream.seek(0)
            limit = max(UNPACKED_FREELY, MOST_RATIO * os.fstat(stream.fileno()).st_size) if packed else None
            data = _pieces((gzip.GzipFile(fileobj=stream) if packed else stream).read, most, limit)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: cannot be read ({cause}), expected a file, plain or gzipped") from None
    if data is None:
        raise InputError(
            f"{path}: found a gzipped file that unpacks to over {MOST_RATIO} times its size; unpack it first"
        )
    return data


def _pieces(read: Callable[[int], bytes], most: int | None, limit: int | None) -> bytes | None:
    """All that reads give, at most so many bytes; None beyond the limit."""
    data = bytearray()
    while piece := read(PIECE if most is None else min(PIECE, most - len(data))):
        data += piece
        if limit is not None and len(data) > limit:
            return None
    return bytes(data)
