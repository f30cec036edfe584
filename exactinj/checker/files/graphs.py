"""Graph files, certificates-network.md: a network as a graph, by itself."""

from __future__ import annotations

from exactinj.checker.domains import Space
from exactinj.checker.faults import Rejected, Source, Unreadable
from exactinj.checker.files.layers import FilePath, opened
from exactinj.checker.graph import GraphDigest
from exactinj.checker.reading.graph import read_digest_of_graph
from exactinj.checker.stream import Reader, pieces_of

__all__ = ["read_graph"]


def read_graph(path: FilePath) -> GraphDigest:
    """The network of a graph file, by its digest. Raises Unreadable."""
    try:
        with opened(path) as file:
            reader = Reader(pieces_of(file))
            reader.key("{", "graph")
            sha256 = read_digest_of_graph(reader, Space())
            reader.end()
            return GraphDigest(sha256)
    except Unreadable as error:
        raise Unreadable(str(error), Source.NETWORK_FILE) from None
    except Rejected as error:
        raise Unreadable(f"{error}", Source.NETWORK_FILE) from None
