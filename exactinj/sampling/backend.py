"""Array work of Monte Carlo Bias Estimation over numpy or torch: random points, products, and the selection.

For a sample x with coefficients ``z = W x``, the estimate of row j falls to ``z_j`` if ``z_j`` is below it and fewer
than n entries of z are larger. Most samples change nothing, and that can be seen without selecting the n largest
entries: let c be the largest ``z_j`` that is below the estimate of its row. If n entries are larger than c, then n are
larger than every other such ``z_j``, and the sample changes nothing. So one masked maximum and one count, both linear
in m, leave few samples; only for those the n-th largest entry is found, and a column minimum is taken over the
entries that are not smaller.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError, MissingExtraError

__all__ = ["Backend", "NumpyBackend", "TorchBackend", "backend_named"]

Floats = NDArray[np.float64]
Array = Any  # a numpy array or a torch tensor

DTYPES = ("float32", "float64")


class Backend(ABC):
    """Arrays of one type on one device, and one seeded source of random numbers."""

    name: str
    dtype: str

    @abstractmethod
    def array(self, values: Floats) -> Array:
        """A copy of a float64 array in the type and on the device of the backend."""

    @abstractmethod
    def numpy(self, values: Array) -> Floats:
        """The same numbers as float64."""

    @abstractmethod
    def normal(self, *shape: int) -> Array:
        """Independent standard normal numbers."""

    @abstractmethod
    def uniform(self, *shape: int) -> Array:
        """Independent uniform numbers in [0, 1)."""

    @abstractmethod
    def integers(self, high: int, count: int) -> Array:
        """Independent uniform integers in [0, high)."""

    @abstractmethod
    def products(self, points: Array, rows: Array) -> Array:
        """``points @ rows^T``, shape (B, m)."""

    @abstractmethod
    def candidates(self, values: Array, estimate: Array, most: int) -> Array:
        """The rows of `values` (B, m) that lower the estimate somewhere; see the head of this file."""

    @abstractmethod
    def column_minima(
        self, values: Array, estimate: Array, most: int, margin: Array
    ) -> tuple[Floats, NDArray[np.int64]]:
        """Per column the least of the entries among the `most` largest of their row that is below the estimate.

        With the number of the row, the first one if several attain it; infinity where there is none. With a margin of
        0, entries that are equal to the `most`-th largest count as among the largest. With a positive one, shape (B,),
        an entry has to be larger than the next one after the `most` largest by more than it.
        """

    @property
    def is_device(self) -> bool:
        """Whether the arrays live on an accelerator."""
        return False

    @property
    def epsilon(self) -> float:
        """The unit of rounding of the type."""
        return float(np.finfo(self.dtype).eps)

    def require_size(self, size: float) -> None:
        """`InputError` for samples of a size whose squares the type cannot hold."""
        limits = np.finfo(self.dtype)
        if not float(limits.tiny) ** 0.5 < size < float(limits.max) ** 0.5:
            raise InputError(f"found samples of size {size:g}, which {self.dtype} cannot square; scale the domain")


class NumpyBackend(Backend):
    """numpy on the CPU; the stream of random numbers is that of `numpy.random.default_rng(seed)`."""

    name = "numpy"

    def __init__(self, dtype: str, seed: int) -> None:
        self.dtype = dtype
        self._type = np.dtype(dtype)
        self._random = np.random.default_rng(seed)

    def array(self, values: Floats) -> Array:
        return np.array(values, dtype=self._type)

    def numpy(self, values: Array) -> Floats:
        return np.asarray(values, dtype=np.float64)

    def normal(self, *shape: int) -> Array:
        return self._random.standard_normal(shape, dtype=self._type)

    def uniform(self, *shape: int) -> Array:
        return self._random.random(shape, dtype=self._type)

    def integers(self, high: int, count: int) -> Array:
        return self._random.integers(high, size=count)

    def products(self, points: Array, rows: Array) -> Array:
        return points @ rows.T

    def candidates(self, values: Array, estimate: Array, most: int) -> Array:
        from exactinj.sampling._scan import scan

        marks = np.zeros(len(values), dtype=np.uint8)
        scan(values, estimate, most, marks)
        return np.flatnonzero(marks)

    def column_minima(
        self, values: Array, estimate: Array, most: int, margin: Array
    ) -> tuple[Floats, NDArray[np.int64]]:
        counted = np.where(values < estimate, values, self._type.type(np.inf))
        if values.shape[1] > most:
            place = values.shape[1] - most - 1
            ordered = np.partition(values, (place, place + 1), axis=1)
            level = np.maximum(ordered[:, place + 1], ordered[:, place] + 2 * margin)  # twice, as sums are rounded
            counted[~(values >= level[:, None])] = np.inf  # NaN selects nothing
        return counted.min(axis=0).astype(np.float64), counted.argmin(axis=0)


class TorchBackend(Backend):
    """torch on any device; the stream of random numbers is torch's own and depends on the device."""

    name = "torch"

    def __init__(self, dtype: str, seed: int, device: str | None) -> None:
        try:
            import torch
        except ImportError:
            raise MissingExtraError("torch is not installed: pip install 'exactinj[torch]'") from None
        self._torch: Any = torch
        self.dtype = dtype
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._type = getattr(torch, dtype)
        self._numpy = NumpyBackend(dtype, seed)
        try:
            self._random = torch.Generator(self.device).manual_seed(seed)
        except RuntimeError as error:
            cause = str(error).splitlines()[0]
            raise InputError(f"found the device {device!r}, expected cpu or cuda ({cause})") from None

    @property
    def is_device(self) -> bool:
        return self.device != "cpu"

    def array(self, values: Floats) -> Array:
        return self._torch.as_tensor(np.array(values), dtype=self._type, device=self.device)

    def numpy(self, values: Array) -> Floats:
        return np.asarray(values.double().cpu().numpy())

    def normal(self, *shape: int) -> Array:
        return self._torch.randn(shape, generator=self._random, dtype=self._type, device=self.device)

    def uniform(self, *shape: int) -> Array:
        return self._torch.rand(shape, generator=self._random, dtype=self._type, device=self.device)

    def integers(self, high: int, count: int) -> Array:
        return self._torch.randint(high, (count,), generator=self._random, device=self.device)

    def products(self, points: Array, rows: Array) -> Array:
        allowed = self._torch.backends.cuda.matmul.allow_tf32
        try:  # TF32 keeps ten bits: far too few to order coefficients
            self._torch.backends.cuda.matmul.allow_tf32 = False
            return points @ rows.T
        finally:
            self._torch.backends.cuda.matmul.allow_tf32 = allowed

    def candidates(self, values: Array, estimate: Array, most: int) -> Array:
        if not self.is_device:  # tensors on the CPU are numpy arrays in other clothes
            return self._torch.from_numpy(self._numpy.candidates(values.numpy(), estimate.numpy(), most))
        below = values.masked_fill(values >= estimate, -float("inf")).amax(dim=1)
        larger = (values > below[:, None]).sum(dim=1)
        return ((larger < most) & (below > -float("inf"))).nonzero()[:, 0]

    def column_minima(
        self, values: Array, estimate: Array, most: int, margin: Array
    ) -> tuple[Floats, NDArray[np.int64]]:
        if not self.is_device:
            return self._numpy.column_minima(values.numpy(), estimate.numpy(), most, margin.numpy())
        counted = values.masked_fill(values >= estimate, float("inf"))
        if values.shape[1] > most:
            # the smaller side of the two is selected; its two entries at the border are all that matters
            if 2 * most < values.shape[1]:
                top = values.topk(most + 1, dim=1, sorted=True).values
                after, last = top[:, most], top[:, most - 1]
            else:
                low = values.topk(values.shape[1] - most + 1, dim=1, largest=False, sorted=True).values
                after, last = low[:, -2], low[:, -1]
            level = self._torch.maximum(last, after + 2 * margin)
            counted = counted.masked_fill(~(values >= level[:, None]), float("inf"))  # NaN selects nothing
        least = counted.amin(dim=0)
        first = (counted == least).to(self._torch.uint8).argmax(dim=0)  # the first of equal ones
        return self.numpy(least), first.cpu().numpy()


def backend_named(name: str, dtype: str, seed: int, device: str | None) -> Backend:
    """The backend ``numpy`` or ``torch``; `InputError` for others, and for types that are not float32 or float64."""
    if dtype not in DTYPES:
        raise InputError(f"found the type {dtype!r}, expected one of {', '.join(DTYPES)}")
    if name == "numpy":
        if device not in (None, "cpu"):
            raise InputError(f"found the device {device!r} with the backend numpy, expected cpu; use the backend torch")
        return NumpyBackend(dtype, seed)
    if name == "torch":
        return TorchBackend(dtype, seed, device)
    raise InputError(f"found the backend {name!r}, expected numpy or torch")
