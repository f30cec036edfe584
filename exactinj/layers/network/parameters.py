"""What binds a step that is named only to its numbers: a digest of what it depends on beside the values it reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["array_bytes", "parameters_digest"]


def parameters_digest(parts: Iterable[bytes | str]) -> str:
    """SHA-256 of some parts in order, each behind its length, so that no two lists of parts look alike.

    >>> parameters_digest(["ab", "c"]) == parameters_digest(["a", "bc"])
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "backslashreplace") if isinstance(part, str) else part
        digest.update(str(len(data)).encode("ascii") + b":" + data)
    return digest.hexdigest()


def array_bytes(array: NDArray[Any]) -> bytes:
    """Type, shape and entries of an array, the same on every machine."""
    array = np.asarray(array)
    if array.dtype.hasobject:  # texts
        return repr((array.shape, array.ravel().tolist())).encode("utf-8", "backslashreplace")
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return f"{plain.dtype.str}{array.shape}".encode("ascii") + plain.tobytes()
