"""The named tensors of a ``.pt``, ``.pth`` or ``.safetensors`` file, exactly and without running what the file holds.

``.pt`` is torch's archive of a pickle and numbers; it is loaded with ``weights_only=True``, which runs no code of the
file, and only after a look that its numbers are stored as they are, so that a small file cannot claim much memory.
``.safetensors`` is read by the library of that name, which compares every offset with the file.
"""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError, MissingExtraError
from exactinj.files.sources import FilePath, Source, cause_of, read_with

__all__ = ["CHECKPOINT_ENDINGS", "Tensors", "natural", "read_tensors"]

PICKLED = (".pt", ".pth", ".bin", ".ckpt")
COMPILED = (".jit", ".ts")
SAFE = ".safetensors"
CHECKPOINT_ENDINGS = (*PICKLED, SAFE, *COMPILED)  # the last are refused with what to do
NESTED = ("state_dict", "model_state_dict", "model", "net", "network", "params", "weights", "module")
STATE_DICT = "save the numbers alone: torch.save(model.state_dict(), FILE)"
NO_CODE = "give the state dict, torch.save(model.state_dict(), FILE), or export it to ONNX"
GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
LONGEST_CAUSE = 120
SAFE_TYPES = {
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
    "BF16": "<u2",
    "BOOL": "|b1",
}
ZIP_START = b"PK\x03\x04"


@dataclass(frozen=True)
class Tensors:
    """What a file holds.

    Attributes
    ----------
    arrays : by name, in the file's order where it has one; half precision as float32, which holds it exactly
    doubles : names of those in float64
    ordered : whether the order is that in which the model was built
    odd : names of tensors that hold no real numbers, with what they hold
    entry : the key of the file's dictionary under which the tensors were; empty at its top
    """

    arrays: dict[str, NDArray[Any]]
    doubles: frozenset[str]
    ordered: bool
    odd: dict[str, str]
    entry: str = ""


def read_tensors(path: FilePath, *, file_format: str | None = None) -> Tensors:
    """The tensors of a file by name.

    Raises
    ------
    InputError
        In one line that names the file: for damaged files, pickles that need more than numbers, compiled modules.
    MissingExtraError
        Without the package that the format needs.
    """
    readers: dict[str, Callable[[Source], Tensors]] = dict.fromkeys(PICKLED, _from_pickle)
    if os.fspath(path).lower().endswith(COMPILED):
        readers |= dict.fromkeys(COMPILED, _refuse_compiled)
    return read_with({**readers, SAFE: _from_safetensors}, path, file_format)


# ---------------------------------------------------------------------- torch


def _refuse_compiled(_: Source) -> Tensors:
    raise InputError(f"found a compiled module (TorchScript), expected numbers; {NO_CODE}")


def _from_pickle(source: Source) -> Tensors:
    _look_at_archive(source)
    torch = _torch()
    source.stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = torch.load(source.stream, map_location="cpu", weights_only=True)
        except Exception as error:  # noqa: BLE001 (damaged files make torch raise anything)
            raise InputError(_refusal(error)) from None
    return _tensors_of(torch, found, source.size)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch is not installed: pip install 'exactinj[torch]'") from None
    return torch


def _look_at_archive(source: Source) -> None:
    """Refuse what is no archive of torch, before torch looks at it."""
    start = source.stream.read(len(ZIP_START))
    if not start:
        raise InputError(f"found nothing in it, expected a state dict; {STATE_DICT}")
    if start != ZIP_START:
        return  # torch's old format: a pickle, then the numbers
    try:
        with zipfile.ZipFile(source.stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"not readable as an archive of torch ({cause_of(error)}); copy or save it again") from None
    names = {entry.filename.partition("/")[2] or entry.filename for entry in entries}
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        _refuse_compiled(source)
    if "data.pkl" not in names:
        raise InputError(f"found an archive without torch's data.pkl, expected a state dict; {STATE_DICT}")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise InputError(f"found compressed numbers, expected them stored as torch.save does; {STATE_DICT}")


def _refusal(error: Exception) -> str:
    """Why torch would not load a file, in a line."""
    text = str(error)
    found = GLOBAL.search(text)
    if found:
        return f"found a pickle that needs {found[1]}, which is code of its own and is not run; {STATE_DICT}"
    if "TorchScript" in text:
        return f"found a compiled module (TorchScript), expected numbers; {NO_CODE}"
    if "Weights only load failed" in text:
        return f"found a pickle that holds more than numbers, which is not run; {STATE_DICT}"
    return f"not readable as a file of torch ({_short(error)}); copy or save it again"


def _short(error: Exception) -> str:
    cause = cause_of(error)
    return cause if len(cause) <= LONGEST_CAUSE else f"{cause[: LONGEST_CAUSE - 3]}..."


def _tensors_of(torch: Any, found: Any, size: int) -> Tensors:
    if isinstance(found, torch.Tensor):
        found = {"weight": found}
    if not isinstance(found, Mapping):
        raise InputError(f"found a {type(found).__name__}, expected a state dict; {STATE_DICT}")
    entry = next((key for key in NESTED if _holds_tensors(torch, found.get(key))), "")
    named = dict(_flat(torch, found[entry] if entry else found))
    if not named:
        raise InputError(f"found no tensor in it, expected a state dict; {STATE_DICT}")
    arrays: dict[str, NDArray[Any]] = {}
    doubles, odd = set(), {}
    for name, tensor in named.items():
        if tensor.numel() * tensor.element_size() > size:
            raise InputError(
                f"found {name} of shape {tuple(tensor.shape)} in a file of {size} bytes, expected a tensor that is "
                "stored in it; save it with .contiguous()"
            )
        array = _array(torch, tensor)
        if array is None:
            odd[name] = f"{str(tensor.dtype).removeprefix('torch.')}, {str(tensor.layout).removeprefix('torch.')}"
        else:
            arrays[name] = array
        doubles |= {name} if tensor.dtype == torch.float64 else set()
    return Tensors(arrays, frozenset(doubles), ordered=True, odd=odd, entry=entry)


def _holds_tensors(torch: Any, part: Any) -> bool:
    return isinstance(part, Mapping) and any(True for _ in _flat(torch, part))


def _flat(torch: Any, part: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The tensors of nested dictionaries, their names joined by points; the states of optimizers are left out."""
    for key, value in part.items():
        name = f"{prefix}{key}"
        if isinstance(value, torch.Tensor):
            yield name, value
        elif isinstance(value, Mapping) and "optim" not in str(key) and depth < len(NESTED):
            yield from _flat(torch, value, f"{name}.", depth + 1)


def _array(torch: Any, tensor: Any) -> NDArray[Any] | None:
    """The numbers of a tensor; None if they are not real or not there."""
    try:
        plain = tensor.detach()
        if plain.is_quantized or plain.layout != torch.strided or plain.is_complex() or plain.device.type == "meta":
            return None
        if plain.is_floating_point() and plain.dtype != torch.float64:
            plain = plain.to(torch.float32)
        array: NDArray[Any] = plain.numpy()
    except (RuntimeError, TypeError, NotImplementedError):
        return None
    return array


# ---------------------------------------------------------------------- safetensors


def _from_safetensors(source: Source) -> Tensors:
    try:
        from safetensors import SafetensorError, deserialize
    except ImportError:
        raise MissingExtraError("safetensors is not installed: pip install 'exactinj[safetensors]'") from None
    try:
        parts: list[tuple[str, dict[str, Any]]] = deserialize(source.content())  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise InputError(f"not readable as safetensors ({_short(error)}); copy or save it again") from None
    arrays: dict[str, NDArray[Any]] = {}
    odd = {}
    for name, part in sorted(parts, key=lambda item: natural(item[0])):
        if part["dtype"] in SAFE_TYPES:
            arrays[name] = _plain(part)
        else:
            odd[name] = part["dtype"]
    if not arrays and not odd:
        raise InputError("found no tensor in it, expected weights")
    doubles = {name for name, part in parts if part["dtype"] == "F64"}
    return Tensors(arrays, frozenset(doubles), ordered=False, odd=odd)


def _plain(part: Mapping[str, Any]) -> NDArray[Any]:
    array = np.frombuffer(part["data"], dtype=SAFE_TYPES[part["dtype"]]).reshape(part["shape"])
    if part["dtype"] == "BF16":  # the upper half of a float32
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32) if part["dtype"] == "F16" else array


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by size."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,9})", name)]
