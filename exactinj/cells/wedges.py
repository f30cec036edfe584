"""The wedges of a layer: the regions of the domain on which the same rows are active.

The rows of ``ReLU(W x + b)`` cut R^n into finitely many open polyhedra on which every
``g_i(x) = <w_i, x> + b_i`` keeps its sign. The layer is injective exactly if on each of them that
meets the interior of the domain the active rows ``{i : g_i(x) >= 0}`` span R^n; points on their
boundaries have more active rows, not fewer (``docs/mathematics.md``). Everything here is exact, for
degenerate rows as well; nothing is sampled. There are at most ``2 sum_{k < n} C(m - 1, k)`` wedges without
bias (R. O. Winder 1966) and ``sum_{k <= n} C(m, k)`` with bias (T. Zaslavsky 1975).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.cells.arrangement import Arrangement
from exactinj.cells.stream import WedgeBatch, wedge_batches
from exactinj.domains import Domain
from exactinj.errors import MissingExtraError
from exactinj.exact.cones import cone_generators
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.short import short_repr, shortened
from exactinj.files.arguments import convex_given, dense_given
from exactinj.layers.dense import ReLULayer
from exactinj.work.card import Card, ShownAsCard

__all__ = ["Polyhedron", "Wedge", "WedgeGraph", "count_wedges", "extreme_rays", "wedge_graph", "wedges"]


@dataclass(frozen=True, slots=True)
class Wedge:
    """One wedge.

    Attributes
    ----------
    layer, domain
        What it is a wedge of.
    packed : bytes
        The active rows as bits: row i is bit ``i % 8`` of byte ``i // 8``.
    rank : int
        The exact rank of the active rows.
    """

    packed: bytes
    rank: int
    _arrangement: Arrangement = field(repr=False, compare=False)
    _location: tuple[float, ...] | IntegerRow = field(repr=False, compare=False)
    _is_integer: bool = field(default=False, repr=False, compare=False)

    @property
    def layer(self) -> ReLULayer:
        return self._arrangement.layer

    @property
    def domain(self) -> Domain:
        return self._arrangement.domain

    @property
    def active(self) -> tuple[int, ...]:
        """The active rows, in ascending order."""
        return tuple(np.flatnonzero(_unpacked(self.packed, self.layer.m)[0]).tolist())

    @property
    def signs(self) -> tuple[int, ...]:
        """The sign of every ``g_i`` on the wedge: 1 or -1, and 0 for a row that is zero everywhere."""
        is_active = _unpacked(self.packed, self.layer.m)[0].tolist()
        rows = self.layer.integer_rows
        return tuple(int(any(z)) if on else -1 for on, (z, _) in zip(is_active, rows, strict=True))

    @property
    def spans(self) -> bool:
        """Whether the active rows span R^n."""
        return self.rank == self.layer.n

    @property
    def point(self) -> tuple[Fraction, ...]:
        """A rational point in its interior: no ``g_i`` is 0 there, unless it is 0 everywhere."""
        if self._is_integer:
            return self._arrangement.point_from([Fraction(value) for value in self._location])
        return self._arrangement.point_from_scaled(self._location)


def wedges(layer: ReLULayer | Any, *, domain: Domain | str | None = None) -> Iterator[Wedge]:
    """Every wedge that meets the interior of the domain, each exactly once, as a stream.

    Parameters
    ----------
    layer : ReLULayer
        Any layer; zero rows, parallel rows and W of low rank included.
    domain : Domain, optional
        All of R^n if left out.

    Yields
    ------
    Wedge
        In lexicographic order of the sides of the hyperplanes, as the rows name them first. Memory does
        not grow with the number of wedges.

    Examples
    --------
    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    >>> [(wedge.active, wedge.rank) for wedge in wedges(layer)]
    [((0, 1), 2), ((0,), 1), ((0, 2), 2), ((1,), 1), ((1, 2), 2), ((2,), 1)]
    """
    arrangement = Arrangement.of(dense_given(layer), convex_given(domain))
    for batch in wedge_batches(arrangement):
        yield from _wedges_of(batch)


def count_wedges(layer: ReLULayer | Any, *, domain: Domain | str | None = None) -> int:
    """The number of wedges, by enumeration: exact, for degenerate rows as well.

    >>> count_wedges(ReLULayer([[1, 0], [0, 1], [1, 1], [1, 1]]))
    6
    """
    arrangement = Arrangement.of(dense_given(layer), convex_given(domain))
    return sum(len(batch.ranks) for batch in wedge_batches(arrangement))


@dataclass(frozen=True)
class Polyhedron:
    """The convex hull of `vertices`, plus all nonnegative sums of `rays`, plus the span of `lines`.

    Rays and lines are primitive integer vectors. Where there are lines, vertices and rays are
    representatives modulo their span.
    """

    vertices: tuple[tuple[Fraction, ...], ...]
    rays: tuple[IntegerRow, ...]
    lines: tuple[IntegerRow, ...]

    def __repr__(self) -> str:
        counts = f"{len(self.vertices)} vertices, {len(self.rays)} rays, {len(self.lines)} lines"
        return short_repr(self, counts)


def extreme_rays(wedge: Wedge) -> Polyhedron:
    """The closure of a wedge by its vertices, extreme rays and lines, exact.

    Without bias the vertex is 0 and the wedge is the cone over its rays.

    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]], b=[0, 0, 1])
    >>> [extreme_rays(wedge) for wedge in wedges(layer) if wedge.active == (0, 1, 2)][0].vertices
    ((Fraction(0, 1), Fraction(0, 1)), (Fraction(0, 1), Fraction(1, 1)), (Fraction(1, 1), Fraction(0, 1)))
    """
    layer = wedge.layer
    problem = HomogeneousProblem(layer, wedge.domain)
    is_active = _unpacked(wedge.packed, layer.m)[0].tolist()
    rows = [row if on else _minus(row) for row, on in zip(problem.rows, is_active, strict=False) if any(row[: layer.n])]
    rows += [_minus(row) for row in problem.rows[layer.m :]]
    generators = cone_generators(rows, problem.columns)
    if not problem.is_affine:
        return Polyhedron(((Fraction(0),) * layer.n,), tuple(sorted(generators.rays)), generators.lines)
    vertices = [tuple(Fraction(value, ray[-1]) for value in ray[:-1]) for ray in generators.rays if ray[-1]]
    rays = [ray[:-1] for ray in generators.rays if not ray[-1]]
    return Polyhedron(tuple(sorted(vertices)), tuple(sorted(rays)), tuple(line[:-1] for line in generators.lines))


@dataclass(frozen=True, eq=False)
class WedgeGraph(ShownAsCard):
    """All wedges, with an edge wherever two share a facet.

    Attributes
    ----------
    layer, domain
        What the wedges belong to.
    active : (k, m) bool
        The active rows of each wedge.
    ranks : (k,) int64
        Their exact ranks.
    adjacency : (k, k) scipy.sparse.csr_array of int8
        Symmetric, 1 for an edge.
    """

    layer: ReLULayer
    domain: Domain
    active: NDArray[np.bool_]
    ranks: NDArray[np.int64]
    adjacency: csr_array

    def __repr__(self) -> str:
        edges = self.adjacency.nnz // 2
        return f"<WedgeGraph: {len(self.ranks)} wedges, {edges} edges, {self.layer} on {shortened(self.domain.text)}>"

    def _card(self) -> Card:
        spanning = int(np.count_nonzero(self.spans))
        facts = (("wedges", len(self.ranks)), ("edges", self.adjacency.nnz // 2), ("spanning", spanning))
        return Card(f"wedges on {shortened(self.domain.text)}, exact", (*facts, ("layer", self.layer)))

    @property
    def spans(self) -> NDArray[np.bool_]:
        """Whether the active rows span R^n, for each wedge."""
        return np.equal(self.ranks, self.layer.n)

    def active_rows(self, wedge: int) -> tuple[int, ...]:
        """The active rows of one wedge, in ascending order."""
        return tuple(np.flatnonzero(self.active[wedge]).tolist())

    def to_networkx(self) -> Any:
        """The graph as `networkx.Graph`; nodes carry ``active`` (a tuple of rows) and ``rank``."""
        try:
            nx = import_module("networkx")
        except ImportError:
            raise MissingExtraError("networkx is not installed: pip install networkx") from None
        graph = nx.from_scipy_sparse_array(self.adjacency, edge_attribute="facets")
        nx.set_node_attributes(graph, {k: self.active_rows(k) for k in graph}, "active")
        nx.set_node_attributes(graph, dict(enumerate(self.ranks.tolist())), "rank")
        return graph


def wedge_graph(layer: ReLULayer | Any, *, domain: Domain | str | None = None) -> WedgeGraph:
    """All wedges of a layer and which of them are neighbours; holds them all in memory.

    Two wedges share a facet exactly if their signs differ at one hyperplane: the segment between two
    of their points crosses that hyperplane and no other.

    >>> graph = wedge_graph(ReLULayer([[1, 0], [0, 1], [1, 1]]))
    >>> len(graph.ranks), graph.adjacency.sum(axis=1).tolist()
    (6, [2, 2, 2, 2, 2, 2])
    """
    layer, where = dense_given(layer), convex_given(domain)
    arrangement = Arrangement.of(layer, where)
    batches = list(wedge_batches(arrangement))
    active = np.concatenate([batch.active for batch in batches])
    ranks = np.concatenate([batch.ranks for batch in batches])
    return WedgeGraph(layer, where, active, ranks, _adjacency(arrangement.sides(active)))


def _adjacency(sides: NDArray[np.bool_]) -> csr_array:
    """Pairs of rows that differ in exactly one column, all rows being different."""
    count, width = sides.shape
    words = np.zeros((count, (width + 63) // 64 * 8), dtype=np.uint8)
    packed = np.packbits(sides, axis=1, bitorder="little")
    words[:, : packed.shape[1]] = packed
    keys = words.view(np.uint64)
    ends: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for column in range(width):
        without = keys.copy()
        without[:, column // 64] &= ~np.uint64(1 << column % 64)
        order = np.lexsort(without.T)
        same = (without[order[1:]] == without[order[:-1]]).all(axis=1)
        ends.append((order[:-1][same], order[1:][same]))
    left = np.concatenate([a for a, _ in ends]) if ends else np.zeros(0, dtype=np.int64)
    right = np.concatenate([b for _, b in ends]) if ends else left
    ones = np.ones(2 * left.size, dtype=np.int8)
    pairs = (np.concatenate([left, right]), np.concatenate([right, left]))
    return coo_array((ones, pairs), shape=(count, count)).tocsr()


def _wedges_of(batch: WedgeBatch) -> Iterator[Wedge]:
    packed = np.packbits(batch.active, axis=1, bitorder="little")
    width, data = packed.shape[1], packed.tobytes()
    columns = zip(batch.ranks.tolist(), batch.points.tolist(), strict=True)
    for k, (rank, point) in enumerate(columns):
        bits = data[k * width : (k + 1) * width]
        if k in batch.exact_points:
            yield Wedge(bits, rank, batch.arrangement, batch.exact_points[k], _is_integer=True)
        else:
            yield Wedge(bits, rank, batch.arrangement, tuple(point))


def _unpacked(packed: bytes, count: int) -> NDArray[np.bool_]:
    """Shape (1, count)."""
    bits = np.frombuffer(packed, dtype=np.uint8)[None, :]
    return np.unpackbits(bits, axis=1, count=count, bitorder="little").astype(np.bool_)


def _minus(row: IntegerRow) -> IntegerRow:
    return tuple(-value for value in row)
