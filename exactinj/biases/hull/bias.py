"""The convex-hull bias (polytope bias estimation) and local reconstruction, exactly.

Let the unit rows ``u_i = w_i / |w_i|`` have 0 in the interior of their convex hull. The cones of the facets cover
R^n, and the rows of a facet span R^n. With ``a_i(F) = min {<u_i, x> : x in cone(F), |x| = 1}`` and ``a_i = min over F
that hold i``, every unit vector x lies in some cone(F), where ``<w_i, x> >= |w_i| a_i`` for all i in F. So ``alpha_i
= |w_i| a_i`` leaves, at every point of the unit sphere, active rows that span (D. Haider, P. Balazs, M. Ehler 2023,
arXiv 2307.09672).

Other domains, with ``beta_i = |w_i| a_i`` and x scaled:

=================================  =============================================================================
sphere, ``|x| = r``                ``r beta_i``
ball, ``|x| <= r``                 ``min(0, r beta_i)``
shell, ``s <= |x| <= r``           ``s beta_i`` if ``beta_i >= 0``, else ``r beta_i``
ball in the nonnegative orthant    ``min(0, r beta_i)``, over the facets whose cones meet the open orthant only
=================================  =============================================================================

The cones that meet the open orthant cover the orthant: every point of the open orthant lies in a facet's cone, which
meets the open orthant there; so the open orthant is covered by these finitely many closed cones, and so is its
closure. A row on none of these facets is not needed: its bias is infinity.

The bias is sufficient, and best possible facet by facet: a larger one leaves a row of some facet inactive at a point
of that facet's cone. It is not the largest bias that works. On balls, active rows that span everywhere make the layer
injective; on spheres and shells, which are not convex, they need not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import fmpq_mat

from exactinj.biases.hull.facets import Facet, Hull, hull_of
from exactinj.biases.hull.inverting import inversion_by_facets
from exactinj.biases.hull.minima import cone_minimum, meets_open_orthant, smallest_minima
from exactinj.domains import Ball, NonnegativeBall, Region, Shell, Sphere
from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from
from exactinj.exact.short import few, shortened
from exactinj.exact.surd import Surd
from exactinj.inversion.result import Inversion
from exactinj.layers.dense import ReLULayer
from exactinj.work.card import Card, ShownAsCard
from exactinj.work.clock import Clock

__all__ = ["HullBias", "hull_bias"]


@dataclass(frozen=True)
class HullBias(ShownAsCard):
    """The convex-hull bias of the rows of a layer on a domain.

    Attributes
    ----------
    layer : gives W, shape (m, n); its own bias plays no part
    domain : Ball around 0, NonnegativeBall, Sphere or Shell
    alpha : (m,) exact, in the sign of the frame literature: every point of the domain lies in the cone of a facet whose
        rows i all have ``<w_i, x> >= alpha_i``; None for a row that the time did not suffice for
    facets : those whose cones cover the domain, sorted by their rows; only some where the time ran out over them
    critical : (m,) the number of a facet that attains the minimum of the row, None for a row with bias infinity or None
    """

    layer: ReLULayer
    domain: Region
    alpha: tuple[Surd | None, ...]
    facets: tuple[Facet, ...]
    critical: tuple[int | None, ...]
    _hull: Hull = field(repr=False, compare=False)

    def __repr__(self) -> str:
        where = f"{shortened(self.domain.text)}, m = {self.layer.m}, n = {self.layer.n}"
        return f"<HullBias: exact on {where}, {self.reason}, alpha about {few(self.alpha)}>"

    def _card(self) -> Card:
        facts = (("layer", self.layer), ("alpha, about", few(self.alpha, 12)), ("facets", len(self.facets)))
        return Card(f"convex-hull bias, exact, on {shortened(self.domain.text)}", (*facts, ("state", self.reason)))

    def to_json(self) -> dict[str, object]:
        """The document of ``exactinj alpha --method hull --json``."""
        return {
            "alpha": [None if value is None else value.to_json() for value in self.alpha],
            "method": "hull",
            "domain": self.domain.text,
            "complete": self.complete,
            "layer": self.layer.summary,
            "rows": [{"facet": k} for k in self.critical],
            "facets": [list(facet.rows) for facet in self.facets],
            **({} if self.complete else {"reason": self.reason}),
        }

    def to_latex(self) -> str:
        r"""LaTeX for a formula, a vector of exact numbers; ``\cdot`` where a value is missing."""
        texts = [r"\cdot" if value is None else value.to_latex() for value in self.alpha]
        return rf"\left({', '.join(texts)}\right)"

    @property
    def complete(self) -> bool:
        """Whether every row has its value."""
        return None not in self.alpha

    @property
    def reason(self) -> str:
        """How far the work came."""
        if self.complete:
            return f"all {len(self._hull.planes):,} facets"
        if not self._hull.complete:
            known = f"{len(self._hull.planes):,} facets are known and {self._hull.open_ridges:,} ridges still open"
            return f"out of time: {known}; a bias needs all facets"
        done = len(self.alpha) - self.alpha.count(None)
        return f"out of time: {done:,} of {len(self.alpha):,} rows have their bias"

    def _values(self) -> list[Surd]:
        """The values of all rows; `InputError` if some are missing."""
        values = [value for value in self.alpha if value is not None]
        if len(values) < len(self.alpha):
            raise InputError(f"found an unfinished bias ({self.reason}), expected a value in every row; give more time")
        return values

    def facet_alpha(self, k: int) -> dict[int, Surd]:
        """Per row of facet k the largest bias that keeps it active on the facet's part of the domain, exact."""
        vertices, on = self._hull.vertices, self._hull.planes[k].on
        minima = {p: cone_minimum(vertices, on, p) for p in on}
        values = {i: minima[p] * vertices.lengths[i] for p in on for i in vertices.rows[p]}
        return {i: _on_domain(values[i], self.domain) for i in sorted(values)}

    def floor_alpha(self, bits: int = 53) -> tuple[Fraction, ...]:
        """A rational bias at most `alpha`, closer than ``2^-bits`` times its size (`Surd.floor`); exact if rational.

        A row with bias infinity gets one that keeps it inactive: at least its length times the radius.
        """
        return tuple(
            value.floor(bits) if value.is_finite else -_on_domain(_minus_length(self.layer, i), self.domain).floor(bits)
            for i, value in enumerate(self._values())
        )

    def layer_with_bias(self, bits: int = 53) -> ReLULayer:
        """The layer ``ReLU(Wx - alpha)`` with the bias of `floor_alpha`."""
        return self.layer.with_alpha(self.floor_alpha(bits))

    def left_inverse(self, k: int) -> RationalMatrix:
        """``(W_F^T W_F)^-1 W_F^T`` for the rows W_F of facet k: (n, |F|), exact, a left inverse of W_F."""
        rows = self.layer.W.raw_rows()
        part = fmpq_mat([rows[i] for i in self.facets[k].rows])
        transposed = part.transpose()
        return RationalMatrix((transposed * part).solve(transposed).tolist())

    def reconstruct(self, output: Sequence[Any], alpha: Sequence[Any] | None = None) -> list[Fraction]:
        """A point x of the domain with ``ReLU(W x - alpha) = output``, exact.

        A point in the cone of a facet F has ``<w_i, x> = output_i + alpha_i`` for all i in F, and the left inverse of
        F finds it from these. Facets with few zeros in the output come first; a candidate counts only if the layer
        maps it to the output, in rationals, and the domain holds it. On balls it is the only such point.

        Parameters
        ----------
        output : (m,) rationals (ints, floats taken as they are, Fractions or strings)
        alpha : (m,) rationals, at most ``self.alpha``; `floor_alpha` if left out

        Raises
        ------
        InputError
            If no point of the domain has this output, or alpha is too large somewhere.
        """
        layer, values = self._given(output, alpha)
        found = next(self._inputs(layer, values), None)
        if found is None:
            raise InputError(
                f"found an output that ReLU(W x - alpha) has at no point of {self.domain.text}, expected an exact "
                "output; compute it with ReLULayer(W, alpha=alpha).evaluate(x)"
            )
        return list(found)

    def invert(
        self, output: Sequence[Any], alpha: Sequence[Any] | None = None, *, clock: Clock | None = None
    ) -> Inversion:
        """How many points of the domain have ``ReLU(W x - alpha) = output``, proved, as `exactinj.invert` says it.

        Parameters
        ----------
        output : (m,) nonnegative rationals
        alpha : (m,) rationals, at most ``self.alpha``; `floor_alpha` if left out
        clock : at its deadline the answer is ``timed_out``

        Returns
        -------
        Inversion
            ``unique``; ``none``, on balls with a Farkas vector, elsewhere with one where the ball around the domain
            has no input either; on spheres and shells perhaps ``many``, of dimension 0: finitely many.

        Raises
        ------
        InputError
            For outputs of another length, negative ones, and an alpha that is too large somewhere.
        """
        layer, values = self._given(output, alpha)
        wrong = next((i for i, value in enumerate(values) if value < 0), None)
        if wrong is not None:
            raise InputError(f"the output, entry {wrong}: found {values[wrong]}, expected a number of at least 0")
        return inversion_by_facets(self._inputs(layer, values), layer, values, self.domain, clock or Clock())

    def _given(self, output: Sequence[Any], alpha: Sequence[Any] | None) -> tuple[ReLULayer, tuple[Fraction, ...]]:
        """The layer with its bias, and the output, exact."""
        bias = self.floor_alpha() if alpha is None else tuple(fraction_from(value) for value in alpha)
        values = tuple(fraction_from(value) for value in output)
        self._check(values, bias)
        return ReLULayer(self.layer.W.fractions(), alpha=bias), values

    def _inputs(self, layer: ReLULayer, output: Sequence[Fraction]) -> Iterator[tuple[Fraction, ...]]:
        """All points of the domain with this output, found facet by facet, perhaps repeated."""
        offsets = [value for (value,) in layer.b.fractions()]
        zeros = [sum(output[i] == 0 for i in facet.rows) for facet in self.facets]
        for k in sorted(range(len(self.facets)), key=zeros.__getitem__):
            x = self.left_inverse(k).times([output[i] - offsets[i] for i in self.facets[k].rows])
            if layer.evaluate(x) == list(output) and self.domain.contains(x):
                yield tuple(x)
            if not zeros[k]:  # positive outputs on F leave no other candidate
                return

    def _check(self, output: Sequence[Fraction], alpha: Sequence[Fraction]) -> None:
        for name, values in (("the output", output), ("alpha", alpha)):
            if len(values) != self.layer.m:
                raise InputError(f"{name} has {len(values)} entries, expected m = {self.layer.m}")
        for i, (value, bound) in enumerate(zip(alpha, self._values(), strict=True)):
            if Surd.of_rational(value) > bound:
                raise InputError(f"found alpha_{i} = {value}, expected at most {bound}; use floor_alpha()")


def hull_bias(layer: ReLULayer, domain: Region, clock: Clock | None = None) -> HullBias:
    """The convex-hull bias: at every point of the domain the rows with ``<w_i, x> >= alpha_i`` span R^n; exact.

    ``alpha_i = r |w_i| min over facets F that hold i of min {<u_i, x> : x in cone(F), |x| = 1}`` on the sphere of
    radius r; the other domains are in the module's text. Subtracted from the pre-activation: ``ReLU(W x - alpha)``.

    Parameters
    ----------
    layer : gives W, shape (m, n), rational, without zero rows; its own bias plays no part
    domain : Ball(r) around 0, NonnegativeBall(r), Sphere(r) or Shell(s, r)
    clock : stops the work at its deadline; the result is then not `complete`

    Raises
    ------
    InputError
        For zero rows, for other domains, and unless 0 lies in the interior of the hull of the unit rows.

    References
    ----------
    D. Haider, P. Balazs, M. Ehler, Convex Geometry of ReLU-layers, Injectivity on the Ball and Local Reconstruction,
    2023, arXiv 2307.09672.

    Examples
    --------
    >>> triangle = ReLULayer([[0, 2], [4, -3], [-4, -3]])
    >>> [str(value) for value in hull_bias(triangle, Sphere(1)).alpha]
    ['-6/5', '-3', '-3']
    >>> bias = hull_bias(triangle, Ball("1/2"))
    >>> output = ReLULayer([[0, 2], [4, -3], [-4, -3]], alpha=bias.floor_alpha()).evaluate(["1/5", "1/7"])
    >>> bias.reconstruct(output)
    [Fraction(1, 5), Fraction(1, 7)]
    """
    _require_known(domain, layer.n)
    clock = clock or Clock()
    hull = hull_of(layer, clock)
    if isinstance(domain, NonnegativeBall):
        hull = _in_orthant(hull, clock)
    alpha: list[Surd | None] = [None] * layer.m
    critical: list[int | None] = [None] * layer.m
    minima = smallest_minima(hull, clock) if hull.complete else ()
    for rows, minimum in zip(hull.vertices.rows, minima, strict=False):
        for i in rows:
            alpha[i] = Surd.infinity()
            if minimum is not None:
                alpha[i], critical[i] = _on_domain(minimum[0] * hull.vertices.lengths[i], domain), minimum[1]
    facets = tuple(hull.facet(k) for k in range(len(hull.planes)))
    return HullBias(layer, domain, tuple(alpha), facets, tuple(critical), hull)


def _require_known(domain: Region, n: int) -> None:
    known = isinstance(domain, NonnegativeBall | Sphere | Shell)
    if isinstance(domain, Ball):
        domain.for_dimension(n)
        known = domain.center is None or not any(domain.center)
    if not known:
        raise InputError(
            f"found the domain {domain.text}, expected a ball around 0, nonneg-ball, sphere or shell; "
            "use alpha_star (--method exact) instead"
        )


def _in_orthant(hull: Hull, clock: Clock) -> Hull:
    """The facets whose cones meet the open orthant; without any where the time runs out."""
    kept = []
    for k, plane in enumerate(hull.planes):
        if clock.is_over:
            return Hull(hull.vertices, (), (), hull.open_ridges)
        if meets_open_orthant(hull.vertices, plane.on):
            kept.append(k)
    planes, ridges = tuple(hull.planes[k] for k in kept), tuple(hull.ridges[k] for k in kept)
    return Hull(hull.vertices, planes, ridges, hull.open_ridges)


def _on_domain(value: Surd, domain: Region) -> Surd:
    """The minimum over the domain's part of a cone, from the minimum over the cone's unit vectors."""
    if isinstance(domain, Sphere):
        return value * domain.radius
    if isinstance(domain, Shell):
        return value * (domain.inner if value.sign >= 0 else domain.outer)
    if isinstance(domain, Ball | NonnegativeBall):
        return value * domain.radius if value.sign < 0 else Surd(0, Fraction(0))
    raise InputError(f"found the domain {domain.text}, expected one that hull_bias takes")


def _minus_length(layer: ReLULayer, i: int) -> Surd:
    return Surd(-1, sum((layer.W[i, j] ** 2 for j in range(layer.n)), Fraction(0)))
