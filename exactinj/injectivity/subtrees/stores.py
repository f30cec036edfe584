"""Where parts of a search are kept until they are joined: in memory, or in a folder from which a later run goes on.

A file is whole or not there, whenever the search ends. It names the question that it is about and ends with a digest
of all that it holds, so that a damaged or foreign one is refused and not believed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.injectivity.subtrees.nodes import Node
from exactinj.injectivity.subtrees.part import OPEN, Part
from exactinj.injectivity.subtrees.question import Question
from exactinj.work.atomic import remove_leftovers, replacing
from exactinj.work.verdict import Statistics

__all__ = ["FolderStore", "MemoryStore", "Store"]

Arrays = dict[str, NDArray[Any]]
QUICK = 1  # of the levels of zlib
NAMES = ("supports", "tokens", "text")
UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, EOFError, NotImplementedError)


class Store(ABC):
    """Parts by the nodes that they are about.

    remedy : what to do about parts that are not there yet
    """

    remedy: str

    @abstractmethod
    def keep(self, nodes: Sequence[Node], part: Part) -> None:
        """Put a part there."""

    @abstractmethod
    def known(self, nodes: Sequence[Node]) -> Part | None:
        """The part, if it is there."""

    @abstractmethod
    def taken(self, nodes: Sequence[Node]) -> Part:
        """A part that is there, for the last time."""


@dataclass(frozen=True)
class _Pressed:
    """A part whose tokens and supports are compressed, to about a third."""

    part: Part
    supports: bytes
    tokens: bytes

    @staticmethod
    def of(part: Part) -> _Pressed:
        supports, tokens = (zlib.compress(np.ascontiguousarray(a).data, QUICK) for a in (part.supports, part.tokens))
        empty = replace(part, supports=part.supports[:0].copy(), tokens=part.tokens[:0].copy())
        return _Pressed(empty, supports, tokens)

    def whole(self) -> Part:
        width, part = self.part.supports.shape[1], self.part
        supports = np.frombuffer(zlib.decompress(self.supports), dtype=part.supports.dtype).reshape(-1, width)
        return replace(part, supports=supports, tokens=np.frombuffer(zlib.decompress(self.tokens), dtype=np.int32))


class MemoryStore(Store):
    """In memory, compressed, until they are taken."""

    remedy = "give a longer --timeout, or keep what is done with --resume FOLDER"

    def __init__(self) -> None:
        self._parts: dict[tuple[Node, ...], _Pressed] = {}

    def keep(self, nodes: Sequence[Node], part: Part) -> None:
        self._parts[tuple(nodes)] = _Pressed.of(part)

    def known(self, nodes: Sequence[Node]) -> Part | None:
        pressed = self._parts.get(tuple(nodes))
        return None if pressed is None else pressed.whole()

    def taken(self, nodes: Sequence[Node]) -> Part:
        return self._parts.pop(tuple(nodes)).whole()


class FolderStore(Store):
    """In a folder of the question within the user's; the files stay."""

    def __init__(self, folder: str | os.PathLike[str], question: Question) -> None:
        self.question = question
        self.path = Path(folder) / question.digest[:16]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {self.path}: {error.strerror or error}; name another") from None
        self.remedy = f"what is done is kept in {folder}: run this again to go on"
        remove_leftovers(self.path)

    def keep(self, nodes: Sequence[Node], part: Part) -> None:
        packed = io.BytesIO()
        arrays = _arrays(part)
        arrays["digest"] = _bytes(_digest(self.question, nodes, arrays))
        np.savez(packed, allow_pickle=False, **arrays)
        with replacing(self._place(nodes)) as stream:
            stream.write(packed.getbuffer())

    def known(self, nodes: Sequence[Node]) -> Part | None:
        place = self._place(nodes)
        if not place.exists():
            return None
        try:
            with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as file:
                arrays = {name: file[name] for name in NAMES}
                digest = file["digest"].tobytes().decode("ascii")
            if digest == _digest(self.question, nodes, arrays):
                return _part(arrays)
        except UNREADABLE:
            pass
        raise InputError(f"the file {place} is damaged or not about this search; remove it, and it is made again")

    def taken(self, nodes: Sequence[Node]) -> Part:
        part = self.known(nodes)
        if part is None:
            raise InputError(f"the file {self._place(nodes)} has gone while it was needed; run this again")
        return part

    def _place(self, nodes: Sequence[Node]) -> Path:
        text = json.dumps([[node.path, node.excluded] for node in nodes])
        return self.path / f"{hashlib.sha256(text.encode('ascii')).hexdigest()[:24]}.npz"


def _arrays(part: Part) -> Arrays:
    """A part as arrays; what is no array becomes one JSON text."""
    nodes = [[node.path, node.excluded, node.free] for node in part.open]
    cuts = [[f"{value:x}" for value in cut] for cut in part.cuts]
    text = json.dumps({"open": nodes, "cuts": cuts, "stats": astuple(part.stats)})
    return {"supports": part.supports, "tokens": part.tokens, "text": _bytes(text)}


def _part(arrays: Arrays) -> Part:
    """The other way; what `UNREADABLE` lists is raised for anything else."""
    text = json.loads(arrays["text"].tobytes())
    nodes = tuple(Node(tuple(path), tuple(excluded), free) for path, excluded, free in text["open"])
    cuts = tuple(tuple(int(value, 16) for value in cut) for cut in text["cuts"])
    tokens: NDArray[np.int32] = arrays["tokens"]
    if np.count_nonzero(tokens == OPEN) != len(nodes):
        raise ValueError("another number of open nodes")
    return Part(arrays["supports"], tokens, nodes, cuts, Statistics(*text["stats"]))


def _digest(question: Question, nodes: Sequence[Node], arrays: Arrays) -> str:
    digest = hashlib.sha256(question.digest.encode("ascii"))
    digest.update(json.dumps([[node.path, node.excluded] for node in nodes]).encode("ascii"))
    for name in NAMES:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode("ascii"))
        digest.update(array.data)
    return digest.hexdigest()


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
