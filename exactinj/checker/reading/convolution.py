"""certificates-convolution.md, section "The document": the convolution and the sizes that a document is about."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from exactinj.checker.convolution import MODES, Axis, Convolution, Sizes
from exactinj.checker.faults import Reason, Rejected, Unreadable
from exactinj.checker.rationals import decimal_text, increasing, integers, rationals, show
from exactinj.checker.reading.layer import quoted, read_digest
from exactinj.checker.stream import Reader

__all__ = [
    "read_convolution",
    "read_convolution_and_digest",
    "read_integers",
    "read_size",
    "read_sizes",
    "read_sizes_and_one",
]

_GEOMETRY = (
    "in_channels",
    "out_channels",
    "groups",
    "kernel_size",
    "stride",
    "dilation",
    "padding",
    "padding_mode",
)


def read_integers(reader: Reader, name: str, count: int | None, least: int | None = 1) -> tuple[int, ...]:
    """The list of integers at the key `name`."""
    reader.key(",", name)
    return integers(reader.value(), count, least, name)


def _read_padding(reader: Reader, d: int) -> tuple[tuple[int, int], ...]:
    reader.key(",", "padding")
    value = reader.value()
    if not isinstance(value, list) or len(value) != d:
        raise Unreadable(f"padding: expected {d} pairs of integers, found {show(value)}")
    pairs = [integers(pair, 2, 0, "padding") for pair in value]
    return tuple((low, high) for low, high in pairs)


def _read_geometry(reader: Reader, dimension: int | None) -> dict[str, Any]:
    """The keys of `_GEOMETRY`."""
    inputs, outputs = reader.size("{", "in_channels"), reader.size(",", "out_channels")
    if dimension not in (None, inputs):
        raise reader.malformed(f"domain: expected one rational for each of {show(inputs)} channels, found {dimension}")
    groups = reader.size(",", "groups")
    if inputs % groups or outputs % groups:
        raise reader.malformed(f'"groups": {show(groups)} does not divide the numbers of channels')
    kernel_size = read_integers(reader, "kernel_size", None)
    d = len(kernel_size)
    stride, dilation = read_integers(reader, "stride", d), read_integers(reader, "dilation", d)
    padding = _read_padding(reader, d)
    mode = reader.one_of(",", "padding_mode", MODES)
    return dict(zip(_GEOMETRY, (inputs, outputs, groups, kernel_size, stride, dilation, padding, mode), strict=True))


def _compact(value: object) -> str:
    """Geometry as it enters the digest."""
    if isinstance(value, tuple):
        return f"[{','.join(map(_compact, value))}]"
    return decimal_text(value) if isinstance(value, int) else f'"{value}"'


def _plain(value: Any) -> Any:
    """The geometry of a layer that was given, with tuples for lists."""
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def read_convolution(reader: Reader, dimension: int | None, given: Convolution | None) -> Convolution:
    """All but its sizes: geometry, digest, and equality with the layer that was given as well."""
    return read_convolution_and_digest(reader, dimension, given)[0]


def read_convolution_and_digest(
    reader: Reader, dimension: int | None, given: Convolution | None
) -> tuple[Convolution, str]:
    """The same, with the digest."""
    geometry = _read_geometry(reader, dimension)
    sha256 = read_digest(reader)
    for name in _GEOMETRY if given else ():
        if geometry[name] != _plain(getattr(given, name)):
            raise Rejected(Reason.OTHER_CONVOLUTION, f"convolution: {name} differs from the given layer")
    head = ",".join(f'"{name}":{_compact(value)}' for name, value in geometry.items())
    digest = hashlib.sha256(f'{{{head},"kernels":['.encode())
    outputs, width = geometry["out_channels"], geometry["in_channels"] // geometry["groups"]
    width *= math.prod(geometry["kernel_size"])
    kernels: list[list[Fraction]] = []
    for texts in reader.elements(",", "kernels"):
        if len(kernels) == outputs:
            raise reader.malformed(f"kernels: expected {outputs}, found more")
        digest.update(b"," if kernels else b"")
        kernels.append(rationals(texts, width, f"kernel {len(kernels)}"))
        if given is not None and kernels[-1] != list(given.kernels[len(kernels) - 1]):
            raise Rejected(
                Reason.OTHER_CONVOLUTION, f"convolution: kernel {len(kernels) - 1} differs from the given layer"
            )
        digest.update(quoted(texts).encode())
    if len(kernels) != outputs:
        raise reader.malformed(f"kernels: expected {show(outputs)}, found {len(kernels)}")
    reader.key(",", "b")
    texts = reader.value()
    b = rationals(texts, outputs, "convolution.b")
    if given is not None and b != list(given.b):
        raise Rejected(Reason.OTHER_CONVOLUTION, "convolution: b differs from the given layer")
    digest.update(f'],"b":{quoted(texts)}}}'.encode())
    if digest.hexdigest() != sha256:
        raise Rejected(
            Reason.DIGEST, f"convolution: the SHA-256 of the layer is {digest.hexdigest()}, not the one stated"
        )
    return Convolution(**geometry, kernels=kernels, b=b), sha256


def _require_defined(axes: Sequence[Axis], sizes: Sequence[int], name: str) -> None:
    for k, (axis, size) in enumerate(zip(axes, sizes, strict=True), 1):
        if size < axis.least:
            raise Rejected(
                Reason.SIZES, f"{name}: the layer is not defined for N_{k} = {show(size)}, below {show(axis.least)}"
            )


def read_size(reader: Reader, axes: Sequence[Axis]) -> tuple[int, ...]:
    """The one size that the document is about."""
    size = read_integers(reader, "size", len(axes))
    reader.expect("}")
    _require_defined(axes, size, "size")
    return size


def read_sizes(reader: Reader, axes: Sequence[Axis]) -> Sizes:
    """The sizes that the document is about, and the end of the convolution."""
    sizes = _read_sizes(reader, axes)
    reader.expect("}")
    _require_defined(axes, sizes.minimum, "sizes")
    return sizes


def read_sizes_and_one(reader: Reader, axes: Sequence[Axis]) -> tuple[Sizes, tuple[int, ...]]:
    """The sizes, one size at the key `at`, and the end of the convolution."""
    sizes, at = _read_sizes(reader, axes), read_integers(reader, "at", len(axes))
    reader.expect("}")
    _require_defined(axes, sizes.minimum, "sizes")
    return sizes, at


def _read_sizes(reader: Reader, axes: Sequence[Axis]) -> Sizes:
    """The object of the key `sizes`."""
    reader.key(",", "sizes")
    reader.key("{", "minimum")
    minimum = integers(reader.value(), len(axes), 1, "minimum")
    reader.key(",", "residues")
    lists = reader.value()
    if not isinstance(lists, list) or len(lists) != len(axes):
        raise Unreadable(f"residues: expected {len(axes)} lists of integers, found {show(lists)}")
    residues = tuple(increasing(value, "residues") for value in lists)
    for axis, values in zip(axes, residues, strict=True):
        if values[0] < 0 or values[-1] >= axis.stride:
            raise Unreadable(f"residues: expected integers from 0 to {show(axis.stride - 1)}")
    reader.expect("}")
    return Sizes(minimum, residues)
