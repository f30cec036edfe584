"""Layers from checkpoints: files of named tensors without a graph, ``.pt``, ``.pth`` and ``.safetensors``.

Every weight of two to five axes is taken for a layer, with its bias and the batch norm after it. What follows what, and
strides and paddings, a file does not say: that is taken from names and from a geometry file, and told as assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from
from exactinj.files.checkpoint_geometry import CONVOLUTION, Geometry, geometry_of, read_geometry, require_used
from exactinj.files.checkpoint_names import Part, follower, kind_by_name, parts_of
from exactinj.files.checkpoint_tensors import Tensors, read_tensors
from exactinj.files.checkpoint_weights import MOST_AXES, Weights, folded, weights_of
from exactinj.files.sources import FilePath
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["Checkpoint", "CheckpointLayer", "read_checkpoint"]

EPSILON = 1e-5  # torch's own
MATRIX_AXES = 2
FIRST_GRID_AXIS = 2
NO_LAYER = {
    "recurrent": "by its name part of an LSTM, GRU or RNN, which is no ReLU layer",
    "embedding": "by its name an embedding, which is no ReLU layer",
    "attention": "by its name part of an attention, which is no ReLU layer",
    "transposed convolution": "by its name or shape a transposed convolution, which is no ReLU layer by itself",
    "tensor": "neither a matrix nor the kernels of a convolution",
    "parametrization": "its weights are made from parts in a way that is not known",
}


@dataclass(frozen=True)
class CheckpointLayer:
    """A weight of a checkpoint, taken for a layer.

    Attributes
    ----------
    name : of its module
    kind : ``linear``, ``conv1d`` to ``conv3d``, or what else it is by its name
    shape : of the weight
    activation : what follows it, as assumed
    domain : what its inputs are, in words such as ``R^n``
    note : what was done to its numbers, or why it is no layer; may be empty
    batch_norm : the name of the normalisation that is folded in, or None
    """

    name: str
    kind: str
    shape: Shape
    activation: str = "relu"
    domain: str = "R^n"
    note: str = ""
    batch_norm: str | None = None
    _make: Callable[[], ReLULayer | ConvLayer] | None = field(default=None, repr=False, compare=False)

    @property
    def is_layer(self) -> bool:
        """Whether it can be taken for a ReLU layer at all."""
        return self._make is not None

    @cached_property
    def layer(self) -> ReLULayer | ConvLayer:
        """The layer, exact; made when first asked for. `InputError` if it is none."""
        if self._make is None:
            raise InputError(f"{self.name}: {self.note}")
        return self._make()


@dataclass(frozen=True)
class Checkpoint:
    """What a file of named tensors holds.

    Attributes
    ----------
    layers : one entry for each weight of two axes or more, in the file's order; some are no layers, and say why
    assumed : what the file does not say and was assumed, a sentence each
    left : tensors that belong to no layer, with what is known of them
    """

    layers: tuple[CheckpointLayer, ...]
    assumed: tuple[str, ...]
    left: dict[str, str]


def read_checkpoint(
    path: FilePath, geometry: FilePath | Geometry | None = None, *, file_format: str | None = None
) -> Checkpoint:
    """The layers in a ``.pt``, ``.pth`` or ``.safetensors`` file of weights.

    Parameters
    ----------
    path : the file; nothing in it is run
    geometry : a TOML file, or a mapping of the same tables, optional
        By the name of a layer, with ``*``: ``stride``, ``padding``, ``dilation``, ``groups``, ``padding_mode``,
        ``activation``, ``domain``, ``batch_norm`` (a name or ``"none"``), ``epsilon``, ``skip``.
    file_format : such as ``"pt"``, where the name does not tell

    Raises
    ------
    InputError
        In one line that names the file.
    MissingExtraError
        If the package that reads the format is not installed.
    """
    tables = read_geometry(geometry)
    tensors = read_tensors(path, file_format=file_format)
    try:
        return _Reading(tensors, tables).checkpoint()
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


class _Reading:
    """One checkpoint while its tensors are put together."""

    def __init__(self, tensors: Tensors, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self.tensors, self.tables = tensors, tables
        self.parts = parts_of(tensors.arrays)
        self.weights = {part.path: found for part in self.parts.values() if (found := self._weights(part)) is not None}
        self.norms = {part.path: part for part in self.parts.values() if part.is_norm}
        self.used = {f"{path}.{name}".lstrip(".") for path, part in self.norms.items() for name in part.leaves}

    def _weights(self, part: Part) -> Weights | None:
        return None if part.is_norm else weights_of(part)

    def checkpoint(self) -> Checkpoint:
        pairs = self._pairs()
        layers = [self._layer(self.parts[path], found, pairs) for path, found in self.weights.items()]
        layers += self._others()
        require_used(self.tables, [layer.name for layer in layers])
        layers = [layer for layer in layers if not geometry_of(self.tables, layer.name).get("skip")]
        left = self._left(pairs)
        return Checkpoint(tuple(layers), tuple(self._assumed(layers)), left)

    # ------------------------------------------------------------------ which normalisation belongs where

    def _pairs(self) -> dict[str, str]:
        """The normalisation of each weight, by names."""
        pairs = {}
        for path in self.weights:
            said = geometry_of(self.tables, path).get("batch_norm")
            if said is not None and said != "none":
                if said not in self.norms:
                    found = ", ".join(self.norms) or "none"
                    raise InputError(
                        f"found batch_norm = {said!r} for {path}, expected one of those in the file: {found}"
                    )
                pairs[path] = said
        for norm in self.norms.values():
            if norm.path not in pairs.values():
                free = [self.parts[path] for path in self.weights if self._takes(path, norm, pairs)]
                before = follower(norm, free, ordered=self.tensors.ordered)
                if before is not None and not self._is_between(before, norm):
                    pairs[before.path] = norm.path
        return pairs

    def _takes(self, path: str, norm: Part, pairs: Mapping[str, str]) -> bool:
        is_free = path not in pairs and geometry_of(self.tables, path).get("batch_norm") != "none"
        shape = self.weights[path].shape
        return is_free and len(shape) <= MOST_AXES and shape[0] == norm.leaves["running_mean"].size

    def _is_between(self, before: Part, norm: Part) -> bool:
        """Whether another numbered weight stands between a numbered weight and the normalisation."""
        if not norm.own_name.isdecimal() or not before.own_name.isdecimal():
            return False
        siblings = [self.parts[path] for path in self.weights if self.parts[path].parent == norm.parent]
        numbers = [int(part.own_name) for part in siblings if part.own_name.isdecimal()]
        return any(int(before.own_name) < number < int(norm.own_name) for number in numbers)

    # ------------------------------------------------------------------ layers

    def _layer(self, part: Part, found: Weights, pairs: Mapping[str, str]) -> CheckpointLayer:
        name = part.path or "weight"
        self.used |= {f"{part.path}.{leaf}".lstrip(".") for leaf in found.names}
        bias = part.leaves.get("bias")
        kind = kind_by_name(f"{part.path}.weight") or _kind_of_shape(found, bias)
        if kind in NO_LAYER:
            self.used |= {f"{part.path}.{leaf}".lstrip(".") for leaf in part.leaves}
            return CheckpointLayer(name, kind, found.shape, "none", note=found.why_not or NO_LAYER[kind])
        if bias is not None:
            self.used.add(f"{part.path}.bias".lstrip("."))
            if bias.shape != found.shape[:1]:
                raise InputError(
                    f"{name}: found a bias of shape {bias.shape} for a weight of shape {found.shape}, expected "
                    f"{found.shape[0]} numbers"
                )
        self._require_finite(name, [part.leaves[leaf] for leaf in found.names] + ([] if bias is None else [bias]))
        return self._with_geometry(part, kind, found, bias, pairs.get(part.path))

    def _with_geometry(
        self, part: Part, kind: str, found: Weights, bias: NDArray[Any] | None, norm_path: str | None
    ) -> CheckpointLayer:
        name = part.path or "weight"
        said = geometry_of(self.tables, name)
        options = {key: said[key] for key in CONVOLUTION if key in said} if kind != "linear" else {}
        norm = None if norm_path is None else self.norms[norm_path].leaves
        epsilon = self._epsilon(norm_path, said.get("epsilon", EPSILON))
        if norm is not None:
            self._require_finite(norm_path or "", list(norm.values()))
            _require_fitting(norm_path or "", norm, found.shape[0], epsilon)
        activation, note = self._activation(part, said, found.note)

        def make() -> ReLULayer | ConvLayer:
            weights: NDArray[Any] | ExactTensor = found.make()
            offset: NDArray[Any] | ExactTensor | None = bias
            if norm is not None:
                weights, offset = folded(weights, bias, norm, epsilon)
            numbers, offsets = _plain(weights), None if offset is None else _plain(offset)
            return ReLULayer(numbers, offsets) if kind == "linear" else ConvLayer(numbers, offsets, **options)

        if kind != "linear":
            try:
                ConvLayer(np.zeros((found.shape[0], 1, *found.shape[FIRST_GRID_AXIS:])), **options)
            except InputError as error:
                raise InputError(f"{name}: {error}") from None
        return CheckpointLayer(name, kind, found.shape, activation, said.get("domain", "R^n"), note, norm_path, make)

    def _epsilon(self, norm_path: str | None, given: Any) -> Fraction:
        """The epsilon of a normalisation; a float is rounded to the type of the statistics, as torch does."""
        is_double = f"{norm_path}.running_var".lstrip(".") in self.tensors.doubles
        return fraction_from(given if is_double or not isinstance(given, float) else float(np.float32(given)))

    def _activation(self, part: Part, said: Mapping[str, Any], note: str) -> tuple[str, str]:
        if "activation" in said:
            return said["activation"], note
        for other in self.parts.values():
            if (
                _is_prelu(other)
                and follower(other, [self.parts[path] for path in self.weights], ordered=self.tensors.ordered) is part
            ):
                self.used.add(f"{other.path}.weight")
                slopes = other.leaves["weight"]
                sign = "all positive, so that it is one-to-one" if (slopes > 0).all() else "not all positive"
                return "prelu", "; ".join(
                    filter(None, (note, f"followed by the PReLU {other.path} by its name, slopes {sign}"))
                )
        return "relu", note

    def _require_finite(self, name: str, arrays: list[NDArray[Any]]) -> None:
        for array in arrays:
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise InputError(f"{name}: found numbers that are not finite, expected finite weights")

    # ------------------------------------------------------------------ the rest

    def _others(self) -> list[CheckpointLayer]:
        """Tensors of two axes or more that are no weights by their names."""
        rows = []
        for name, array in self.tensors.arrays.items():
            if name not in self.used and array.ndim >= MATRIX_AXES:
                self.used.add(name)
                kind = kind_by_name(name) or "tensor"
                note = NO_LAYER[kind] if kind != "tensor" else "no weight by its name"
                rows.append(CheckpointLayer(name, kind, array.shape, "none", note=note))
        for name, what in self.tensors.odd.items():
            self.used.add(name)
            rows.append(CheckpointLayer(name, "tensor", (), "none", note=f"holds no real numbers ({what})"))
        return rows

    def _left(self, pairs: Mapping[str, str]) -> dict[str, str]:
        left = {}
        for path in self.norms:
            if path not in pairs.values():
                left[path] = "a batch norm that follows no weight by its name; name it in the geometry as batch_norm"
        for name, array in self.tensors.arrays.items():
            if name not in self.used and not name.endswith("num_batches_tracked"):
                kind = kind_by_name(name)
                left[name] = NO_LAYER[kind] if kind else f"of shape {array.shape}, belongs to no layer"
        return left

    def _assumed(self, layers: list[CheckpointLayer]) -> list[str]:
        real = [layer for layer in layers if layer.is_layer]
        lines = ["the file holds weights and no graph: which layer follows which is not known"]
        if self.tensors.entry:
            lines.append(f"the weights are those under {self.tensors.entry!r}")
        plain = [
            layer.name for layer in real if not self._says(layer.name, "activation") and layer.activation == "relu"
        ]
        if plain:
            lines.append(f"a ReLU follows {_listed(plain)}")
        everywhere = [layer.name for layer in real if not self._says(layer.name, "domain")]
        if everywhere:
            lines.append(f"inputs of {_listed(everywhere)} are all of R^n")
        convolutions = [layer.name for layer in real if layer.kind != "linear"]
        usual: dict[tuple[str, ...], list[str]] = {}
        for key, value in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)):
            silent = tuple(name for name in convolutions if not self._says(name, key))
            usual.setdefault(silent, []).append(f"{key} {value}")
        lines += [f"{', '.join(words)} in {_listed(list(names))}" for names, words in usual.items() if names]
        for layer in real:
            if layer.batch_norm is not None:
                said = self._says(layer.name, "batch_norm")
                epsilon = "" if self._says(layer.name, "epsilon") else f", epsilon {EPSILON:g}"
                lines.append(
                    f"{layer.batch_norm} follows {layer.name}{' as said' if said else ' by its name'}{epsilon}"
                )
        return lines

    def _says(self, name: str, key: str) -> bool:
        return key in geometry_of(self.tables, name)


def _require_fitting(path: str, norm: Mapping[str, NDArray[Any]], count: int, epsilon: Fraction) -> None:
    """`InputError` for a normalisation that has other channels or no factor."""
    if any(array.shape != (count,) for name, array in norm.items() if name != "num_batches_tracked"):
        raise InputError(f"{path}: found numbers for other channels, expected {count} of each as in the weight")
    if Fraction(float(norm["running_var"].min())) + epsilon <= 0:
        raise InputError(f"{path}: found the variance {norm['running_var'].min()}, expected a positive number")


def _kind_of_shape(found: Weights, bias: NDArray[Any] | None) -> str:
    axes = len(found.shape)
    if found.why_not is not None:
        return "parametrization"
    if axes > MOST_AXES or axes < MATRIX_AXES or 0 in found.shape:
        return "tensor"
    if axes == MATRIX_AXES:
        return "linear"
    is_turned = bias is not None and bias.shape != found.shape[:1] and bias.shape == found.shape[1:2]
    return "transposed convolution" if is_turned else f"conv{axes - FIRST_GRID_AXIS}d"


def _is_prelu(part: Part) -> bool:
    weight = part.leaves.get("weight")
    return weight is not None and weight.ndim == 1 and "bias" not in part.leaves and not part.is_norm


def _plain(values: NDArray[Any] | ExactTensor) -> Any:
    """Floats as they are, exact numbers as nested lists of fractions."""
    if not isinstance(values, ExactTensor):
        return values
    array = np.empty(values.size, dtype=object)
    array[:] = values.fractions()
    return array.reshape(values.shape).tolist()


def _listed(names: list[str]) -> str:
    few = 4
    return ", ".join(names) if len(names) <= few + 1 else f"{', '.join(names[:few])} and {len(names) - few} more"
