"""One network, decided: what `exactinj.certify` does once it knows network and domain."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from exactinj.domains import Ball, Box, Domain
from exactinj.errors import InputError
from exactinj.injectivity.network_answer import NetworkAnswer
from exactinj.injectivity.result import Result, network_result
from exactinj.layers.dense_network import DenseNetwork
from exactinj.networks.cell_pairs import decide_network
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["certify_network"]

ROOT_BITS = 16  # of 1 / sqrt(n), from below


def certify_network(network: DenseNetwork, domain: Domain, clock: Clock) -> Result:
    """The answer of the cells and their pairs, as a result.

    The cells on a ball have curved sides. There, what holds on the box around it holds on the ball, and so does a
    collision on the box inside it; between the two it stays unknown.
    """
    before = clock.elapsed
    import scipy.optimize  # noqa: F401 (takes a second to load, which is no work on the question)

    clock.discount(clock.elapsed - before)
    if domain.ball is not None:
        return _on_a_ball(network, domain, clock)
    return network_result(network, domain, decide_network(network, domain, clock))


def _on_a_ball(network: DenseNetwork, domain: Domain, clock: Clock) -> Result:
    inside = _box(domain, network.n, Fraction((1 << ROOT_BITS) - 1, (math.isqrt(network.n << 2 * ROOT_BITS) + 1)))
    answer = decide_network(network, inside, clock)
    if answer.verdict is not Verdict.INJECTIVE:  # a pair in the box is one in the ball
        return network_result(network, domain, answer)
    around = _box(domain, network.n, Fraction(1))
    answer = decide_network(network, around, clock)
    if answer.verdict is Verdict.INJECTIVE:
        reason = f"{answer.reason}; proved, as the certificate says, on {around.text}, which contains it"
        return replace(network_result(network, around, replace(answer, reason=reason)), domain=domain)
    if answer.verdict is Verdict.NOT_INJECTIVE:
        reason = f"injective on {inside.text} inside it, not on {around.text} around it; ask on a box between the two"
        answer = NetworkAnswer(Verdict.UNKNOWN, reason, None, answer.stats)
    return network_result(network, domain, answer)


def _box(domain: Domain, n: int, share: Fraction) -> Box:
    """The box with this share of the radius around the center, cut by the domain's own bounds."""
    ball = domain.ball
    if ball is None:
        raise InputError(f"found the domain {domain.text}, expected one with a ball")
    center = ball.for_dimension(n).interior_point(n)
    reach = share * ball.radius
    lower = [value - reach for value in center]
    if not isinstance(domain, Ball):  # the part in the orthant
        lower = [Fraction(0)] * n
    return Box(lower, [value + reach for value in center])
