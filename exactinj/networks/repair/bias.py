"""A larger bias for a layer: the same rows, active on more of the domain.

Raising a bias never destroys injectivity: in the collision form (`docs/mathematics.md`, T2) a row allows a direction v
at x only if ``<w, v> = 0`` or ``<w, x> + b < 0``, and less is allowed with a larger b. The biases to try:

* on balls around 0 and their nonnegative part, ``b = -alpha*`` rounded up (n up to `EXACT`) and the convex-hull bias,
  both sufficient for injectivity under conditions on the rows; decided whatever they are;
* on bounded domains, the bias with which every row is active on all of K: injective exactly if the rows span;
* on cones, ``max(b, 0)``. If that fails every bias does: a pair that collides for b = 0 has multiples that do for any
  bias.

Rows keep their bias where it is larger. Between the old bias and the first that is proved, bisection looks for a
smaller change, along the segment between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from exactinj.domains import Ball, Domain, NonnegativeBall, NonnegativeOrthant, RealSpace
from exactinj.errors import InputError
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.networks.repair.task import Attempt, Task
from exactinj.networks.repair.telling import least_constant, rounded_up
from exactinj.work.verdict import Verdict

__all__ = ["raised_bias"]

EXACT = 4  # dimension up to which alpha* is computed
HULL = 6  # and the facets of the hull
BITS = 24  # of biases where the layer's numbers may be any rationals
BISECTIONS = 4
SHARE = 0.25  # of the time for one bias to be computed

Bias = list[Fraction]


def raised_bias(layer: ReLULayer, task: Task) -> Attempt:
    """The layer with a larger bias with which it is injective, if one is found; the last attempt otherwise."""
    failed: list[str] = []
    attempt: Attempt | None = None
    for name, bias in _candidates(layer, task):
        task.clock.report(f"the bias {name}")
        attempt = _with_bias(layer, bias, task, f"the bias raised to {name}")
        if attempt.is_proved:
            return _nearer(layer, bias, attempt, task)
        failed.append(f"{name}: {attempt.result.verdict}")
    if attempt is None:
        message = f"no bias is known to try on {task.domain.text}"
        return Attempt("bias", layer, (), task.decided(layer), message)
    note = f"no bias that was tried is proved ({'; '.join(failed)})"
    if attempt.result.verdict is Verdict.NOT_INJECTIVE and _is_hopeless(layer, task.domain):
        note = f"no bias makes this layer injective on {task.domain.text}"
    return replace(attempt, note=note)


def _candidates(layer: ReLULayer, task: Task) -> Iterator[tuple[str, Bias]]:
    """Biases to try and what they are, smaller ones first where that is known."""
    if _is_cone(task.domain):
        yield "zero where it was negative", _at_least(layer, [Fraction(0)] * layer.m, task)
        return
    ball = task.domain
    if isinstance(ball, NonnegativeBall) or (isinstance(ball, Ball) and not any(ball.interior_point(layer.n))):
        for name, most, compute in (("minus alpha*", EXACT, _alpha_star), ("the convex-hull bias", HULL, _hull_bias)):
            values = compute(layer, task) if layer.n <= most else None
            if values is not None:
                yield name, _at_least(layer, values, task)
    active = [_active(layer, i, task) for i in range(layer.m)]
    if None not in active:
        yield "one with which every row is active everywhere", [value for value in active if value is not None]


def _alpha_star(layer: ReLULayer, task: Task) -> Bias | None:
    from exactinj.biases.alpha import alpha_star

    found = alpha_star(layer, _plain(task.domain), clock=task.clock.part(SHARE))
    return _negated(layer, found.alpha) if found.complete else None


def _hull_bias(layer: ReLULayer, task: Task) -> Bias | None:
    from exactinj.biases.hull.bias import hull_bias

    try:
        found = hull_bias(layer, _plain(task.domain), task.clock.part(SHARE))
    except InputError:  # rows that are not omnidirectional
        return None
    return _negated(layer, found.alpha) if found.complete else None


def _negated(layer: ReLULayer, alpha: Sequence[Surd | None]) -> Bias:
    """``b = -alpha``, rounded up; where alpha is infinite, the row is not needed and keeps its bias."""
    pairs = zip(alpha, layer.b.fractions(), strict=True)
    return [-value.floor(BITS) if value is not None and value.is_finite else own for value, (own,) in pairs]


def _plain(domain: Domain) -> Domain:
    """A ball around 0 without its center written out."""
    return Ball(domain.radius) if isinstance(domain, Ball) else domain


def _active(layer: ReLULayer, i: int, task: Task) -> Fraction | None:
    """The bias of a row that is active on all of K, the row's own if it is."""
    weights, own = layer.W.fractions()[i], layer.b[i, 0]
    if task.domain.is_nonnegative(weights, own):
        return own
    least = least_constant(task.domain, weights, task.precision)
    return None if least is None else max(own, least)


def _at_least(layer: ReLULayer, bias: Bias, task: Task) -> Bias:
    """The larger of the bias and the layer's own, in numbers that it may have."""
    pairs = zip(bias, layer.b.fractions(), strict=True)
    return [own if own >= value else rounded_up(value, task.precision) for value, (own,) in pairs]


def _with_bias(layer: ReLULayer, bias: Bias, task: Task, note: str) -> Attempt:
    built = layer.with_alpha([-value for value in bias])
    return Attempt("bias", built, (), task.decided(built), note)


def _nearer(layer: ReLULayer, bias: Bias, found: Attempt, task: Task) -> Attempt:
    """A layer with a bias between the old one and the one that is proved, if there is one that is proved too."""
    own = [value for (value,) in layer.b.fractions()]
    lower, upper, best = Fraction(0), Fraction(1), found
    for _ in range(BISECTIONS):
        middle = (lower + upper) / 2
        between = [rounded_up(start + middle * (end - start), BITS) for start, end in zip(own, bias, strict=True)]
        part = replace(task, clock=task.clock.part(SHARE) if task.clock.left is not None else task.clock.bounded(5.0))
        tried = _with_bias(layer, _at_least(layer, between, task), part, found.note)
        if tried.is_proved:
            upper, best = middle, tried
        else:
            lower = middle
    share = f", then lowered to {upper} of the way there" if upper < 1 else ""
    return replace(best, note=f"{found.note}{share}")


def _is_cone(domain: Domain) -> bool:
    return isinstance(domain, RealSpace | NonnegativeOrthant)


def _is_hopeless(layer: ReLULayer, domain: Domain) -> bool:
    """Whether a collision with the last bias that was tried shows that every bias has one."""
    return _is_cone(domain) or layer.W.rank() < layer.n
