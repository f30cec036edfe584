"""The facets of the convex hull of the unit rows, exactly.

Qhull proposes simplices in floats; each is kept if no vertex lies outside its plane (`biases.hull.planes`), and then
the facet is the set of *all* vertices on the plane. As 0 is interior, facets span full-dimensional rational cones that
form a complete fan, and the ridges of a facet are the facets of its cone: rational linear algebra.

Theorem. A non-empty set of facets that holds, with each facet, its neighbour across each ridge, is the set of all
facets. Proof: any two facets of a polytope are linked by a path of neighbours (the dual graph is connected).

A ridge with one known facet is closed by gift wrapping: with h orthogonal to the ridge, positive on the known facet,
the neighbour is the plane through the ridge and a vertex p with ``<h, v_p> < 0`` that leaves no vertex outside. If q
is outside the plane through p, then q replaces p; each replacement turns the plane less far, so this ends. If no
proposal survives, a first facet is found by the simplex method: ``min sum c_k |v_k|``, c >= 0, ``sum c_k v_k = d``,
has the facet in direction d as its dual optimum, its reduced costs are the plane tests, and a perturbed d ends it.

Which of the two does the bulk of the work is a question of speed only. Qhull cuts every facet into simplices, of which
a facet with many vertices has very many (up to the bound of P. McMullen 1970, `_most_simplices`); gift wrapping costs
about the same for every facet. So from dimension 7 on, a first few facets are wrapped, and Qhull is asked only if most
of those are simplices or nearly so.

Source of the method: D. Haider, P. Balazs, M. Ehler 2023, arXiv 2307.09672; gift wrapping: D. Chand, S. Kapur 1970.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from flint import fmpz_mat
from scipy.spatial import ConvexHull, QhullError

from exactinj.biases.hull.omnidirectional import require_omnidirectional
from exactinj.biases.hull.planes import Plane, planes_through
from exactinj.biases.hull.vertices import Floats, Vertices, vertices_of
from exactinj.errors import InternalError
from exactinj.exact.cones import cone_generators
from exactinj.exact.matrix import integer_nullspace
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["Facet", "Hull", "facets", "hull_of"]

Indices = tuple[int, ...]

HIGH = 7  # below this dimension Qhull's simplices are few
FIRST = 50  # facets wrapped before Qhull is asked
MANY_SIMPLICES, COSTLY_SHARE = 1000, 0.05  # a facet of that many simplices is costly; too many of them are costly


@dataclass(frozen=True)
class Facet:
    """A facet of the hull of the unit rows.

    Attributes
    ----------
    rows : all rows of W whose directions lie on the facet, sorted
    ridges : per facet of this facet the rows on it, sorted
    is_simplicial : whether it has exactly n distinct directions
    """

    rows: Indices
    ridges: tuple[Indices, ...]
    is_simplicial: bool


@dataclass(frozen=True, eq=False)
class Hull:
    """The vertices, the planes of facets, and the ridges per facet in numbers of vertices.

    `open_ridges` counts those with only one of these facets: without any these are all facets.
    """

    vertices: Vertices
    planes: tuple[Plane, ...]
    ridges: tuple[tuple[Indices, ...], ...]
    open_ridges: int = 0

    @property
    def complete(self) -> bool:
        """Whether these are all facets, by the theorem of the module's text."""
        return bool(self.planes) and not self.open_ridges

    def facet(self, k: int) -> Facet:
        """Facet k in rows of W."""
        rows_of = self.vertices.rows_of
        on = self.planes[k].on
        ridges = tuple(sorted(rows_of(ridge) for ridge in self.ridges[k]))
        return Facet(rows_of(on), ridges, len(on) == self.vertices.dimension)


def facets(layer: ReLULayer) -> tuple[Facet, ...]:
    """All facets of the convex hull of the unit rows ``w_i / |w_i|``, sorted by their rows; exact.

    Parameters
    ----------
    layer : with rational W, shape (m, n), without zero rows; its bias plays no part

    Raises
    ------
    InputError
        For zero rows, and unless 0 lies in the interior of the hull.

    References
    ----------
    D. Haider, P. Balazs, M. Ehler, Convex Geometry of ReLU-layers, 2023, arXiv 2307.09672.

    Examples
    --------
    >>> [facet.rows for facet in facets(ReLULayer([[2, 0], [0, 1], [-1, 0], [0, -3]]))]
    [(0, 1), (0, 3), (1, 2), (2, 3)]
    """
    hull = hull_of(layer)
    return tuple(hull.facet(k) for k in range(len(hull.planes)))


def hull_of(layer: ReLULayer, clock: Clock | None = None) -> Hull:
    """The same with what the bias needs: planes with float normals, in the same order; some if time runs out."""
    vertices = vertices_of(layer)
    require_omnidirectional(layer)
    found = _Facets(vertices, clock or Clock())
    with suppress(OutOfTimeError):
        _find_all(found)
    return found.hull()


def _find_all(found: _Facets) -> None:
    vertices = found.vertices
    if vertices.dimension >= HIGH:
        found.add(_first_facet(found))
        found.close(FIRST)
    if not found.is_complete and not _shatters(vertices, found.planes):
        _add_proposals(found)
    if not found.ridges:
        found.add(_first_facet(found))
    found.close()


def _add_proposals(found: _Facets) -> None:
    for plane in planes_through(found.vertices, _proposals(found.vertices, found.clock), skip=found.covers):
        found.clock.check()
        if not plane.outside:
            found.add(plane)


def _shatters(vertices: Vertices, facets: Collection[Indices]) -> bool:
    """Whether Qhull would cut many of the facets into very many simplices."""
    costly = sum(_most_simplices(len(facet), vertices.dimension) > MANY_SIMPLICES for facet in facets)
    return costly > COSTLY_SHARE * len(facets)


def _most_simplices(count: int, dimension: int) -> int:
    """The most facets that a polytope with so many vertices can have: those of a cyclic polytope.

    Lifted into one dimension more, a facet of a hull in this dimension has its simplices among them.

    >>> _most_simplices(6, 3), _most_simplices(24, 15)
    (8, 22880)
    """
    half = dimension // 2
    if dimension % 2:
        return 2 * math.comb(count - half - 1, half)
    return math.comb(count - half, half) * count // (count - half)


def _proposals(vertices: Vertices, clock: Clock) -> list[list[int]]:
    """Qhull's simplices; every vertex by itself on the line; nothing if Qhull gives up."""
    if vertices.dimension == 1:
        return [[p] for p in range(len(vertices.vectors))]
    try:
        hull = ConvexHull(vertices.units) if clock.timeout is None else _hull_in_steps(vertices.units, clock)
    except QhullError:
        return []
    simplices: list[list[int]] = hull.simplices.tolist()
    return simplices


def _hull_in_steps(points: Floats, clock: Clock) -> ConvexHull:
    """Qhull's hull of the same points, some at a time, with a look at the clock in between."""
    count, hull = min(len(points), 4 * points.shape[1]), None
    while hull is None:
        clock.check()
        try:
            hull = ConvexHull(points[:count], incremental=True)
        except QhullError:  # the first points lie in a plane
            if count == len(points):
                raise
            count = min(len(points), 2 * count)
    while count < len(points):
        clock.check()
        more = min(len(points), count + 1 + count // 8)
        hull.add_points(points[count:more])
        count = more
    return hull


class _Facets:
    """Known facets by their vertices, and the ridges that only one of them has."""

    def __init__(self, vertices: Vertices, clock: Clock) -> None:
        self.vertices = vertices
        self.clock = clock
        self.planes: dict[Indices, Plane] = {}
        self.ridges: dict[Indices, tuple[Indices, ...]] = {}
        self.open: dict[Indices, Indices] = {}  # ridge -> its only facet
        self.closed: set[Indices] = set()
        self.large: dict[int, set[Indices]] = {}  # per vertex its known facets of more than n vertices

    @property
    def is_complete(self) -> bool:
        """Whether these are all facets, by the theorem of the module's text."""
        return bool(self.planes) and not self.open

    def hull(self) -> Hull:
        """What is known, sorted by rows."""
        order = sorted(self.ridges, key=self.vertices.rows_of)
        planes, ridges = tuple(self.planes[on] for on in order), tuple(self.ridges[on] for on in order)
        return Hull(self.vertices, planes, ridges, len(self.open))

    def covers(self, basis: Sequence[int]) -> bool:
        """Whether these vertices lie on a known facet of more than n vertices, of which Qhull proposes many parts."""
        return bool(set.intersection(*(self.large.get(p, set()) for p in basis)))

    def add(self, plane: Plane) -> None:
        """Add a facet unless it is known."""
        if plane.on in self.planes:
            return
        ridges = _ridges(self.vertices, plane.on, self.clock)  # may be stopped: then nothing has changed
        self.planes[plane.on], self.ridges[plane.on] = plane, ridges
        if len(plane.on) > self.vertices.dimension:
            for p in plane.on:
                self.large.setdefault(p, set()).add(plane.on)
        for ridge in ridges:
            if ridge in self.closed:
                raise InternalError(f"found a third facet {plane.on} at the ridge {ridge}, expected two")
            if self.open.pop(ridge, None) is None:
                self.open[ridge] = plane.on
            else:
                self.closed.add(ridge)

    def close(self, most: float = math.inf) -> None:
        """Wrap around open ridges until there are none: then all facets are known; or until so many are."""
        while self.open and len(self.planes) < most:
            ridge, facet = next(iter(self.open.items()))
            self.clock.check()
            self.clock.report(f"convex hull: {len(self.planes):,} facets, {len(self.open):,} ridges to look beyond")
            self.add(_neighbour(self.vertices, ridge, self.planes[facet]))
            if ridge in self.open:
                raise InternalError(f"found the facet {facet} again beyond its ridge {ridge}, expected another one")


def _ridges(vertices: Vertices, facet: Indices, clock: Clock) -> tuple[Indices, ...]:
    """The vertices of each facet of the cone of these vertices, sorted."""
    n = vertices.dimension
    if len(facet) == n:
        return tuple(combinations(facet, n - 1))
    normals = cone_generators([vertices.vectors[p] for p in facet], n, clock.check).rays
    products = (
        fmpz_mat([list(vertices.vectors[p]) for p in facet]) * fmpz_mat(list(map(list, normals))).transpose()
    ).tolist()
    ridges = (tuple(p for p, row in zip(facet, products, strict=True) if row[k] == 0) for k in range(len(normals)))
    return tuple(sorted(ridges))


def _neighbour(vertices: Vertices, ridge: Indices, known: Plane) -> Plane:
    """The facet on the other side of a ridge, by gift wrapping."""
    basis = vertices.independent(ridge, vertices.dimension - 1)
    normal = integer_nullspace([vertices.vectors[p] for p in basis], vertices.dimension)[0]
    sides = [int(side) for side in (vertices.matrix * fmpz_mat([[value] for value in normal])).entries()]
    if next(sides[p] for p in known.on if sides[p]) < 0:
        normal, sides = tuple(-value for value in normal), [-side for side in sides]
    beyond = [q for q, side in enumerate(sides) if side < 0]
    while True:
        plane = next(planes_through(vertices, [(*basis, _first_met(vertices, known, normal, beyond))]))
        if not plane.outside:
            return plane
        beyond = list(plane.outside)
        if any(sides[q] >= 0 for q in beyond):
            raise InternalError(f"found vertices outside at the known side of the ridge {ridge}, expected none")


def _first_met(vertices: Vertices, known: Plane, normal: Sequence[int], beyond: list[int]) -> int:
    """The vertex beyond the ridge that the turning plane meets first, by floats: a proposal."""
    size = max(abs(value) for value in normal)
    units = vertices.units[beyond]
    depths = -(units @ np.array([value / size for value in normal]))
    with np.errstate(divide="ignore", invalid="ignore"):
        turns = (1.0 - units @ known.normal) / depths
    turns[~(depths > 0)] = np.inf
    return beyond[int(np.argmin(turns))]


def _first_facet(found: _Facets) -> Plane:
    """A facet by the simplex method, from any basis of vertices."""
    vertices = found.vertices
    start = vertices.independent(range(len(vertices.vectors)), vertices.dimension)
    basis = start
    while True:
        found.clock.check()
        plane = next(planes_through(vertices, [basis]))
        if not plane.outside:
            return plane
        slacks = 1.0 - vertices.units[list(plane.outside)] @ plane.normal
        basis = _pivoted(vertices, start, basis, plane.outside[int(np.argmin(slacks))])


def _pivoted(vertices: Vertices, start: Indices, basis: Indices, entering: int) -> Indices:
    """The basis after one pivot, for the direction ``d = sum_j t^j v_start[j]`` with t > 0 arbitrarily small.

    With d so perturbed no basic weight vanishes, every pivot lowers the objective, and no basis returns.
    """
    *weights, factors = vertices.coordinates((*start, entering), basis)
    ratios = {k: [row[k] / factor for row in weights] for k, factor in enumerate(factors) if factor > 0}
    if not ratios:
        raise InternalError("found an unbounded sum of lengths, expected it to be bounded below by zero")
    leaving = min(ratios, key=ratios.__getitem__)
    return (*basis[:leaving], entering, *basis[leaving + 1 :])
