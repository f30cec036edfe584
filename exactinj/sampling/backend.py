"""Array work of Monte Carlo Bias Estimation over numpy or torch: random points, products, and the screen.

For a sample x with coefficients ``z = W x``, the estimate of row j falls to ``z_j`` if ``z_j`` is below it and fewer
than n entries of z are larger. Most samples change nothing, and that can be seen in float32 and without selecting the
n largest entries:

* If n entries are larger than the largest estimate, nothing changes: one comparison with one number per entry.
* Else let c be the largest ``z_j`` that is below the estimate of its row. If n entries are larger than c, then n are
  larger than every other such ``z_j``, and nothing changes.

Both tests leave room for the error of the coefficients, so that what they drop is certain; the others are looked at in
float64. The estimates that they compare with may be older than the search's: estimates only fall, and what changes
nothing in higher ones changes nothing in lower ones, as each row with ``z_j`` below the lower one has ``z_j`` below the
higher one, too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError, MissingExtraError

__all__ = ["Backend", "NumpyBackend", "Screen", "TorchBackend", "backend_named"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Array = Any  # a numpy array or a torch tensor

DTYPES = ("float32", "float64")
TF32_HALF, TF32_REST = 0x1000, 0x1FFF  # bits of float32: half a unit of TF32, and what TF32 has not


@dataclass(frozen=True)
class Screen:
    """What a float32 coefficient is compared with, all of it rounded up.

    Attributes
    ----------
    slack : (m,) float32, a bound of the error of each row's coefficients
    estimate : (m,) float32, each row's estimate
    highest : the largest estimate plus the largest slack
    """

    slack: Singles
    estimate: Singles
    highest: float


class Backend(ABC):
    """Arrays on one device, points of one type, and one seeded source of random numbers."""

    name: str
    dtype: str

    @abstractmethod
    def array(self, values: Floats) -> Array:
        """A copy of a float64 array in the type and on the device of the backend."""

    @abstractmethod
    def doubles(self, values: Floats) -> Array:
        """A copy of a float64 array on the device of the backend, in float64."""

    @abstractmethod
    def cast(self, values: Array) -> Array:
        """The same numbers in the type of the backend."""

    @abstractmethod
    def single(self, values: Array) -> Array:
        """The same numbers in float32."""

    @abstractmethod
    def double(self, values: Array) -> Array:
        """The same numbers in float64, where they are."""

    @abstractmethod
    def numpy(self, values: Array) -> Floats:
        """The same numbers as a numpy array of float64."""

    @abstractmethod
    def numpy_single(self, values: Array) -> Singles:
        """float32 numbers as a numpy array."""

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
    def lengths(self, points: Array) -> Array:
        """Euclidean lengths of the rows of an array (B, n), computed in float64."""

    @abstractmethod
    def orthonormal(self, columns: Array) -> Array:
        """Orthonormal bases, float64, of the spans of the columns in a batch (b, n, k) of float64.

        Up to float64 rounding for columns that are far from dependent, such as independent normal ones with n >= 2k.
        """

    @abstractmethod
    def products(self, points: Array, rows: Array) -> Array:
        """``points @ rows^T``, (B, n) and (m, n), or batches of such, in float32 with all of its bits or float64."""

    @abstractmethod
    def rounded(self, values: Array, kind: str) -> Array:
        """float32 numbers below 2^15, rounded to nearest in ``float16`` or ``tf32``, for `rounded_products`."""

    @abstractmethod
    def rounded_products(self, points: Array, rows: Array) -> Array:
        """``points @ rows^T``, (B, n) and (m, n), of `rounded` numbers, in float32; see `screens` for the sums."""

    @abstractmethod
    def marks(self, coefficients: Array, screen: Screen, most: int) -> Array:
        """(B,) bool: all rows of `coefficients` (B, m) that may lower the estimate, and perhaps others.

        On an accelerator nothing waits for the result.
        """

    @abstractmethod
    def numbers(self, marks: Array) -> Array:
        """The numbers of what is marked."""

    @abstractmethod
    def candidates(self, coefficients: Array, screen: Screen, most: int) -> Array:
        """Numbers of the rows of `coefficients` (B, m) that may lower the estimate; see the head of this file."""

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

    def doubles(self, values: Floats) -> Array:
        return np.array(values, dtype=np.float64)

    def cast(self, values: Array) -> Array:
        return np.asarray(values, dtype=self._type)

    def single(self, values: Array) -> Array:
        return np.asarray(values, dtype=np.float32)

    def double(self, values: Array) -> Array:
        return np.asarray(values, dtype=np.float64)

    def numpy(self, values: Array) -> Floats:
        return np.asarray(values, dtype=np.float64)

    def numpy_single(self, values: Array) -> Singles:
        return np.asarray(values)

    def normal(self, *shape: int) -> Array:
        return self._random.standard_normal(shape, dtype=self._type)

    def uniform(self, *shape: int) -> Array:
        return self._random.random(shape, dtype=self._type)

    def integers(self, high: int, count: int) -> Array:
        return self._random.integers(high, size=count)

    def lengths(self, points: Array) -> Array:
        return np.sqrt(np.einsum("ij,ij->i", points, points, dtype=np.float64))

    def orthonormal(self, columns: Array) -> Array:
        lower = np.linalg.cholesky(columns.swapaxes(-1, -2) @ columns)
        return columns @ np.linalg.inv(lower).swapaxes(-1, -2)

    def products(self, points: Array, rows: Array) -> Array:
        return points @ rows.swapaxes(-1, -2)

    def rounded(self, values: Array, kind: str) -> Array:
        if kind == "float16":
            return values.astype(np.float16).astype(np.float32)
        bits = np.ascontiguousarray(values).view(np.uint32)
        return ((bits + np.uint32(TF32_HALF)) & np.uint32(~TF32_REST & 0xFFFFFFFF)).view(np.float32)

    def rounded_products(self, points: Array, rows: Array) -> Array:
        return points @ rows.T

    def marks(self, coefficients: Array, screen: Screen, most: int) -> Array:
        from exactinj.kernels.samples import scan

        marks = np.zeros(len(coefficients), dtype=np.uint8)
        scan(coefficients, np.float32(screen.highest), screen.slack, screen.estimate, most, marks)
        return marks.view(np.bool_)

    def numbers(self, marks: Array) -> Array:
        return np.flatnonzero(marks)

    def candidates(self, coefficients: Array, screen: Screen, most: int) -> Array:
        return self.numbers(self.marks(coefficients, screen, most))


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

    def doubles(self, values: Floats) -> Array:
        return self._torch.as_tensor(np.array(values), dtype=self._torch.float64, device=self.device)

    def cast(self, values: Array) -> Array:
        return values.to(self._type)

    def single(self, values: Array) -> Array:
        return values.float()

    def double(self, values: Array) -> Array:
        return values.double()

    def numpy(self, values: Array) -> Floats:
        return np.asarray(values.double().cpu().numpy())

    def numpy_single(self, values: Array) -> Singles:
        return np.asarray(values.cpu().numpy())

    def normal(self, *shape: int) -> Array:
        return self._torch.randn(shape, generator=self._random, dtype=self._type, device=self.device)

    def uniform(self, *shape: int) -> Array:
        return self._torch.rand(shape, generator=self._random, dtype=self._type, device=self.device)

    def integers(self, high: int, count: int) -> Array:
        return self._torch.randint(high, (count,), generator=self._random, device=self.device)

    def lengths(self, points: Array) -> Array:
        return self._torch.linalg.vector_norm(points, dim=1, dtype=self._torch.float64)

    def orthonormal(self, columns: Array) -> Array:
        lower = self._torch.linalg.cholesky(columns.mT @ columns)
        return self._torch.linalg.solve_triangular(lower, columns.mT, upper=False).mT

    def products(self, points: Array, rows: Array) -> Array:
        allowed = self._torch.backends.cuda.matmul.allow_tf32
        try:  # TF32 keeps ten bits: far too few to order coefficients
            self._torch.backends.cuda.matmul.allow_tf32 = False
            return points @ rows.mT
        finally:
            self._torch.backends.cuda.matmul.allow_tf32 = allowed

    def rounded(self, values: Array, kind: str) -> Array:
        torch = self._torch
        if kind == "float16":
            half = values.half()
            return half if self.is_device else half.float()
        return ((values.view(torch.int32) + TF32_HALF) & ~TF32_REST).view(torch.float32)

    def rounded_products(self, points: Array, rows: Array) -> Array:
        torch, settings = self._torch, self._torch.backends.cuda.matmul
        if points.dtype == torch.float16 and self._is_cuda and _has_wide_results(torch):
            reduced = settings.allow_fp16_reduced_precision_reduction
            try:  # sums stay in float32
                settings.allow_fp16_reduced_precision_reduction = False
                return torch.mm(points, rows.mT, out_dtype=torch.float32)
            finally:
                settings.allow_fp16_reduced_precision_reduction = reduced
        allowed = settings.allow_tf32
        try:  # nothing is lost, as the numbers are those of TF32
            settings.allow_tf32 = True
            return points.float() @ rows.float().mT
        finally:
            settings.allow_tf32 = allowed

    def marks(self, coefficients: Array, screen: Screen, most: int) -> Array:
        if not self.is_device:  # tensors on the CPU are numpy arrays in other clothes
            return self._torch.from_numpy(self._numpy.marks(coefficients.numpy(), screen, most))
        in_one_pass = _triton_marks(self.device) if self._is_cuda else None
        if in_one_pass is not None:
            return in_one_pass(coefficients, *self._moved(screen), screen.highest, most)
        return (coefficients > screen.highest).sum(dim=1) < most

    def numbers(self, marks: Array) -> Array:
        return marks.nonzero()[:, 0]

    def candidates(self, coefficients: Array, screen: Screen, most: int) -> Array:
        if not self.is_device:
            return self.numbers(self.marks(coefficients, screen, most))
        left = ((coefficients > screen.highest).sum(dim=1) < most).nonzero()[:, 0]
        if not len(left):
            return left
        slack, estimate = self._moved(screen)
        values = coefficients[left]
        lowest, highest = values - slack, values + slack
        below = highest.masked_fill(lowest >= estimate, -float("inf")).amax(dim=1)
        larger = (lowest > below[:, None]).sum(dim=1)
        return left[(larger < most) & (below > -float("inf"))]

    def _moved(self, screen: Screen) -> tuple[Array, Array]:
        """Slack and estimate of each row, where the coefficients are."""
        slack = self._torch.as_tensor(screen.slack, device=self.device)
        return slack, self._torch.as_tensor(screen.estimate, device=self.device)

    @property
    def _is_cuda(self) -> bool:
        return str(self.device).startswith("cuda")


def _has_wide_results(torch: Any) -> bool:
    """Whether products of float16 can be had in float32, from torch 2.8 on."""
    return tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 8)


@cache
def _triton_marks(device: str) -> Callable[..., Array] | None:
    """The pass in Triton, where that is installed and works; it compiles, so that it may fail for reasons of its own.

    Without it the accelerator does the same in several passes.
    """
    if find_spec("triton") is None:
        return None
    import torch

    one = torch.zeros(1, device=device)
    try:
        from exactinj.sampling.triton_marks import marks

        marks(one[:, None], one, one, 0.0, 1)
    except Exception:  # noqa: BLE001
        return None
    return marks


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
