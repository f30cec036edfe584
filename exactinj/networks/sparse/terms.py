"""Some entries of an affine value as sums of entries of what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network.tensor import integer_product

__all__ = ["Integers", "Places", "Shape", "Terms"]

MOST_AT_ONCE = 1_000_000  # numbers in one factor of a product
Places = NDArray[np.int64]
Integers = NDArray[Any]  # of Python integers
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Terms:
    """Some entries of an affine value as sums: entry k is ``sum_i weights[row[k], i] source[places[window[k], i]]``.

    Attributes
    ----------
    source : which input of the step is read
    places : (windows, terms) places of the flat source, -1 for nothing
    weights : (rows, terms)
    window, row : (k,) numbers of the window and of the row of weights of each entry
    """

    source: int
    places: Places
    weights: Integers
    window: Places
    row: Places

    @classmethod
    def single(cls, source: int, places: Places, weights: Integers) -> Terms:
        """Entries that read a window each with weights of their own."""
        each = np.arange(len(places))
        return cls(source, places, weights, each, each)

    def applied(self, values: Integers) -> Integers:
        """The sums (k, columns), of values (places that are read in the order of `needed`, columns)."""
        needed = self.needed
        padded = np.concatenate([values, np.zeros((1, values.shape[1]), dtype=object)])
        index = np.where(self.places >= 0, np.searchsorted(needed, self.places), len(needed))
        if self.places.shape[1] == 1:
            picked = padded[index[self.window, 0]]
            return np.asarray(self.weights[self.row, 0][:, None] * picked, dtype=object)
        rows, row = np.unique(self.row, return_inverse=True)
        windows, window = np.unique(self.window, return_inverse=True)
        weights, columns = self.weights[rows], values.shape[1]
        out = np.zeros((len(self.window), columns), dtype=object)
        some_value = np.asarray((padded != 0).any(axis=1), dtype=bool)
        alive = np.asarray(some_value[index[windows]].any(axis=1))
        place = np.cumsum(alive) - 1  # of a window among those with a value that is not 0
        windows, window, kept = windows[alive], place[window], alive[window]
        step = max(1, MOST_AT_ONCE // (self.places.shape[1] * columns))
        for start in range(0, len(windows), step):
            some = windows[start : start + step]
            stacked = padded[index[some]].transpose(1, 0, 2).reshape(self.places.shape[1], -1)
            product = integer_product(weights, stacked).reshape(len(rows), len(some), columns)
            inside = kept & (window >= start) & (window < start + step)
            out[inside] = product[row[inside], window[inside] - start]
        return out

    @property
    def needed(self) -> Places:
        """The places of the source that are read, in order."""
        seen = np.unique(self.places)
        return seen[seen >= 0]
