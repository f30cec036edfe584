"""Points of a data set as an array, from arrays, tensors on any device, and loaders that hand out batches.

Of a batch that is a tuple, such as (inputs, labels), the first part counts; images become vectors, as a
``torch.nn.Flatten`` would make them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError

__all__ = ["floats_from", "points_from"]

Floats = NDArray[np.float64]


def points_from(data: Any) -> Floats:
    """The points (M, n), float64, at least one of them.

    Parameters
    ----------
    data : array, nested sequence or tensor (M, n); or an iterable of batches, such as a ``torch`` ``DataLoader``

    Raises
    ------
    InputError
        For other shapes, ragged or empty data, and numbers that are not finite.

    >>> points_from([[1, 2]] * 3).shape
    (3, 2)
    >>> points_from((np.zeros((2, 5, 4)), np.zeros(2)) for _ in range(3)).shape
    (6, 20)
    """
    if _hands_out_batches(data):
        batches = [_vectors(batch[0] if isinstance(batch, tuple | list) else batch) for batch in data]
        sizes = {batch.shape[1] for batch in batches}
        if len(sizes) > 1:
            raise InputError(
                f"found batches of points with {min(sizes)} and {max(sizes)} numbers, expected as many in all"
            )
        points = np.concatenate(batches) if batches else np.zeros((0, 0))
    else:
        points = floats_from(data)
    if points.ndim != 2 or not points.size or not np.isfinite(points).all():  # noqa: PLR2004
        raise InputError(f"found data of shape {points.shape}, expected finite points (M, n)")
    return points


def _hands_out_batches(data: Any) -> bool:
    """Loaders and generators: iterable, but neither a sequence of rows nor an array in any clothes."""
    is_array = hasattr(data, "__array__") or isinstance(data, list | tuple)
    return isinstance(data, Iterable) and not is_array


def _vectors(batch: Any) -> Floats:
    points = floats_from(batch)
    return points.reshape(len(points), -1) if points.ndim > 1 else points.reshape(-1, 1)


def floats_from(data: Any) -> Floats:
    """A copy in float64, of what may be on a device or part of a graph; `InputError` for what holds no numbers."""
    if hasattr(data, "detach"):
        data = data.detach().cpu().double().numpy()
    try:
        return np.array(data, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("found data that are no numbers in rows of one length, expected an array of numbers") from None
