"""Evidence that no input has an output: a Farkas vector, which is looked at exactly before it is shown.

Multipliers lambda_i of the layer's rows, ``lambda_i >= 0`` where ``y_i = 0``, and mu_k >= 0 of the domain's halfspaces.
Every preimage x in K has ``h(x) = sum lambda_i (<w_i, x> + b_i - y_i) + sum mu_k (<d_k, x> + d0_k) <= 0``. If h is
positive on all of R^n (a positive constant), or on all of the domain's ball, there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from exactinj.errors import InternalError
from exactinj.exact.numbers import rational_text
from exactinj.inversion.chart import combined
from exactinj.inversion.system import PreimageSystem

__all__ = ["Farkas", "checked_farkas"]


@dataclass(frozen=True)
class Farkas:
    """A combination of what preimages satisfy that no point of the domain satisfies.

    Attributes
    ----------
    rows : multipliers by row of the layer, at least 0 where the output is 0
    halfspaces : multipliers by halfspace of the domain, positive
    value : the constant of the combination, positive; on a domain with a ball its value at the ball's center
    """

    rows: Mapping[int, Fraction]
    halfspaces: Mapping[int, Fraction]
    value: Fraction

    def to_json(self) -> dict[str, object]:
        """Multipliers as texts, by place."""
        return {
            "rows": {str(i): rational_text(value) for i, value in self.rows.items()},
            "halfspaces": {str(k): rational_text(value) for k, value in self.halfspaces.items()},
            "value": rational_text(self.value),
        }


def checked_farkas(
    system: PreimageSystem, equations: Mapping[int, Fraction], inequalities: Mapping[int, Fraction]
) -> Farkas:
    """The Farkas vector with multipliers of the system's integer rows; `InternalError` if it proves nothing."""
    chosen = [(system.equations[k], value) for k, value in equations.items() if value]
    chosen += [(system.inequalities[k], value) for k, value in inequalities.items() if value]
    of_layer = {s.place: value * s.factor for s, value in chosen if s.of_layer}
    halfspaces = {s.place: value * s.factor for s, value in chosen if not s.of_layer}
    total = combined([s.row for s, _ in chosen], {k: value for k, (_, value) in enumerate(chosen)})
    value = _least_value(system, total)
    if min(inequalities.values(), default=Fraction(0)) < 0 or value is None:
        raise InternalError("a proposed Farkas vector proves nothing; please report this")
    return Farkas(dict(sorted(of_layer.items())), dict(sorted(halfspaces.items())), value)


def _least_value(system: PreimageSystem, total: list[Fraction]) -> Fraction | None:
    """The combination at the domain's center if it is positive on the whole ball (or space), else None."""
    *gradient, constant = total
    square = sum((value * value for value in gradient), Fraction(0))
    ball = system.domain.ball
    if ball is None:
        return constant if constant > 0 and not square else None
    center = ball.interior_point(system.n)
    middle = constant + sum((g * c for g, c in zip(gradient, center, strict=True)), Fraction(0))
    return middle if middle > 0 and middle**2 > ball.radius**2 * square else None
