"""Steps that move entries about, and maxima over windows."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from
from exactinj.layers.network.operation import AffineOperation, PiecewiseLinear
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["Concatenation", "Constant", "Maximum", "Rearrangement"]


class Rearrangement(AffineOperation):
    """Entries of the input at new places: reshape, transpose, slice, pad, repeat, whatever only moves numbers.

    Parameters
    ----------
    places : integers of the shape of the value
        What each entry reads: a place of the flattened input, or -1 for the constant `fill`.

    >>> import numpy as np
    >>> flip = Rearrangement(np.array([2, 1, 0]), "flip")
    >>> flip.exact(ExactTensor.of([1, 2, 3])).fractions()
    [Fraction(3, 1), Fraction(2, 1), Fraction(1, 1)]
    """

    def __init__(self, places: NDArray[np.int64], name: str, fill: Any = 0) -> None:
        self.places, self.name, self.fill = places, name, fraction_from(fill)

    @property
    def kind(self) -> str:
        return self.name

    @property
    def is_reshape(self) -> bool:
        """Whether only the shape changes."""
        return bool(np.array_equal(self.places.ravel(), np.arange(self.places.size)))

    def reads_all(self, shape: Shape) -> bool:
        """Whether every entry of an input of that shape is kept somewhere."""
        seen = np.zeros(prod(shape), dtype=bool)
        seen[self.places[self.places >= 0]] = True
        return bool(seen.all())

    def shape(self, *shapes: Shape) -> Shape:
        if prod(shapes[0]) <= self.places.max(initial=-1):
            raise InputError(f"found a value of shape {shapes[0]}, too small for {self.name}")
        return self.places.shape

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        flat = np.append(directions[0].numerators.ravel(), 0)  # the place -1
        return ExactTensor(flat[self.places], directions[0].denominator)

    def exact(self, *values: ExactTensor) -> ExactTensor:
        moved = self.linear(*values)
        if not self.fill:
            return moved
        constant = np.where(self.places < 0, self.fill.numerator, 0).astype(object)
        return moved.plus(ExactTensor(constant, self.fill.denominator))

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = np.append(values[0].ravel(), float(self.fill))[self.places]
        return out


class Concatenation(AffineOperation):
    """Values side by side along an axis."""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    @property
    def kind(self) -> str:
        return "concat"

    def shape(self, *shapes: Shape) -> Shape:
        try:
            return np.concatenate([np.empty(shape, dtype=bool) for shape in shapes], axis=self.axis).shape
        except ValueError:
            found = ", ".join(map(str, shapes))
            raise InputError(f"found values of shapes {found} to put side by side along axis {self.axis}") from None

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        common = int(np.lcm.reduce([value.denominator for value in directions], dtype=object))
        return ExactTensor(np.concatenate([value.over(common) for value in directions], axis=self.axis), common)

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.linear(*values)

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate(values, axis=self.axis)


class Constant(AffineOperation):
    """A value that depends on no input."""

    def __init__(self, value: Any) -> None:
        self.value = ExactTensor.of(value, "a constant")

    @property
    def kind(self) -> str:
        return "constant"

    def shape(self, *shapes: Shape) -> Shape:
        return self.value.shape

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        return ExactTensor(np.zeros(self.value.shape, dtype=object))

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.value

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        return self.value.floats()


class Maximum(PiecewiseLinear):
    """Maxima over windows, as in max pooling: `places` (*shape of the value, k), -1 reads nothing."""

    def __init__(self, places: NDArray[np.int64], name: str = "max pool") -> None:
        if not places.size or (places.max(axis=-1) < 0).any():
            raise InputError(f"found a window of {name} that reads nothing, expected windows that meet the input")
        self.places, self.name = places, name

    @property
    def kind(self) -> str:
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        if prod(shapes[0]) <= self.places.max(initial=-1):
            raise InputError(f"found a value of shape {shapes[0]}, too small for {self.name}")
        return self.places.shape[:-1]

    @property
    def _complete(self) -> NDArray[np.int64]:
        """Places with a place of the same window in the stead of nothing: it changes no maximum."""
        some = self.places.max(axis=-1, keepdims=True)
        return np.where(self.places < 0, some, self.places)

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return ExactTensor(values[0].numerators.ravel()[self._complete].max(axis=-1), values[0].denominator)

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = values[0].ravel()[self._complete].max(axis=-1)
        return out

    def along(self, values: tuple[ExactTensor, ...], directions: tuple[ExactTensor, ...]) -> ExactTensor:
        seen, moves = (v.numerators.ravel()[self._complete] for v in (values[0], directions[0]))
        best = seen.max(axis=-1, keepdims=True)
        lowest = moves.min(axis=-1, keepdims=True)  # no more than any winner's
        return ExactTensor(np.where(seen == best, moves, lowest).max(axis=-1), directions[0].denominator)

    def is_inside(self, *values: ExactTensor) -> bool:
        """Whether every window has one winner, or several places that read the same entry."""
        seen = values[0].numerators.ravel()[self._complete]
        ties = seen == seen.max(axis=-1, keepdims=True)
        winner = np.where(ties, self._complete, -1).max(axis=-1, keepdims=True)
        return bool((~ties | (self._complete == winner)).all())
