"""certificates-network.md, section "Networks as graphs": steps, forms of values, intervals, what steps tell."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.checker.domains import Box, Domain, Orthant
from exactinj.checker.faults import Unreadable
from exactinj.checker.rows import Form, MadeRows, Row

__all__ = [
    "NO_ENDS",
    "TELLS_ALL",
    "AffineStep",
    "ClipStep",
    "ConstantStep",
    "ConvolutionStep",
    "DenseStep",
    "Ends",
    "EntryStep",
    "Graph",
    "GraphDigest",
    "GraphStep",
    "JoinStep",
    "LeakyStep",
    "MaximumStep",
    "MeanStep",
    "MoveStep",
    "NamedStep",
    "OtherStep",
    "ScaleStep",
    "SquareStep",
    "SumStep",
    "Told",
]

MOST_AFFINE_STEPS = 200  # one after the other
Ends = tuple[Fraction | None, Fraction | None]
NO_ENDS: Ends = (None, None)
Told = tuple[tuple[int, Fraction], ...]  # signs and shifts: ReLU(sign z + shift) is told
TELLS_ALL: Told = ((1, Fraction(0)), (-1, Fraction(0)))
Term = tuple[int, int, int]  # the entry of the k-th value that is read, times an integer: (k, entry, factor)
Terms = tuple[Sequence[Term], int, int]  # their sum plus a constant, over a positive denominator
ENDS_OF_NAMES: dict[str, Ends] = {
    "sigmoid": (Fraction(0), Fraction(1)),
    "tanh": (Fraction(-1), Fraction(1)),
    "softplus": (Fraction(0), None),
    "exp": (Fraction(0), None),
    "sqrt": (Fraction(0), None),
    "elu": (Fraction(-1), None),
}


@dataclass(frozen=True, slots=True)
class GraphDigest:
    """A graph that was given, by its digest."""

    sha256: str


@dataclass(frozen=True, slots=True)
class GraphStep(ABC):
    """A step: the values that it reads, and the number of entries of its own."""

    reads: tuple[int, ...]
    size: int


class AffineStep(GraphStep):
    """An affine map of what it reads."""

    __slots__ = ()

    @abstractmethod
    def terms(self, i: int) -> Terms:
        """Entry i in terms of the entries of what it reads."""

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        """The values that follow from its own, and from those that are known."""
        return ()


@dataclass(frozen=True, slots=True)
class DenseStep(AffineStep):
    """W u + b for each block of n entries."""

    rows: Sequence[Row]
    n: int

    def terms(self, i: int) -> Terms:
        block, r = divmod(i, len(self.rows))
        form = self.rows[r].form()
        terms = [(0, block * self.n + j, value) for j, value in form.nonzero.items()]
        return terms, form.constant, form.denominator


@dataclass(frozen=True, slots=True)
class ConvolutionStep(AffineStep):
    """The rows of the unrolled layer."""

    rows: MadeRows

    def terms(self, i: int) -> Terms:
        form = self.rows.form(i)
        return [(0, j, value) for j, value in form.nonzero.items()], form.constant, form.denominator


@dataclass(frozen=True, slots=True)
class ScaleStep(AffineStep):
    """s v_i + t."""

    each: int
    scale: Sequence[Fraction]
    shift: Sequence[Fraction]

    def terms(self, i: int) -> Terms:
        k = i // self.each % len(self.scale)
        s, t = self.scale[k], self.shift[k]
        common = math.lcm(s.denominator, t.denominator)
        return [(0, i, int(s * common))], int(t * common), common

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        return self.reads if all(self.scale) else ()


@dataclass(frozen=True, slots=True)
class SumStep(AffineStep):
    """Values with signs."""

    signs: Sequence[int]

    def terms(self, i: int) -> Terms:
        return [(k, i, sign) for k, sign in enumerate(self.signs)], 0, 1

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        left = {v for v in self.reads if not known[v]}
        total = sum(sign for v, sign in zip(self.reads, self.signs, strict=True) if v in left)
        return tuple(left) if len(left) == 1 and total else ()


@dataclass(frozen=True, slots=True)
class MeanStep(AffineStep):
    """Sums over windows, each over a number."""

    places: Sequence[Sequence[int]]
    counts: Sequence[int]

    def terms(self, i: int) -> Terms:
        return [(0, j, 1) for j in self.places[i] if j >= 0], 0, self.counts[i]


@dataclass(frozen=True, slots=True)
class MoveStep(AffineStep):
    """Entries at new places, or a number."""

    places: Sequence[int]
    fill: Fraction

    def terms(self, i: int) -> Terms:
        j = self.places[i]
        return ([(0, j, 1)], 0, 1) if j >= 0 else ([], self.fill.numerator, self.fill.denominator)

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        seen = {j for j in self.places if j >= 0}
        return self.reads if len(seen) == sizes[self.reads[0]] else ()


@dataclass(frozen=True, slots=True)
class JoinStep(AffineStep):
    """Values one behind the other; `starts` of each."""

    starts: Sequence[int]

    def terms(self, i: int) -> Terms:
        k = bisect_right(self.starts, i) - 1
        return [(k, i - self.starts[k], 1)], 0, 1

    def kept(self, known: Sequence[bool], sizes: Sequence[int]) -> Sequence[int]:
        return self.reads


@dataclass(frozen=True, slots=True)
class ConstantStep(AffineStep):
    """A list of numbers."""

    value: Sequence[Fraction]

    def terms(self, i: int) -> Terms:
        return [], self.value[i].numerator, self.value[i].denominator


class EntryStep(GraphStep):
    """A function of each entry."""

    __slots__ = ()

    @abstractmethod
    def tells(self, i: int, ends: Ends) -> Told:
        """What its entry i tells of the one that it reads, which has these ends."""

    @abstractmethod
    def image(self, i: int, ends: Ends) -> Ends:
        """The ends of its entry i."""


@dataclass(frozen=True, slots=True)
class LeakyStep(EntryStep):
    """max(z, 0) + s min(z, 0)."""

    each: int
    slopes: Sequence[Fraction]

    def slope(self, i: int) -> Fraction:
        return self.slopes[i // self.each % len(self.slopes)]

    def tells(self, i: int, ends: Ends) -> Told:
        (low, high), s = ends, self.slope(i)
        if s > 0 or (low is not None and low >= 0) or (high is not None and high <= 0 and s):
            return TELLS_ALL
        return () if s else TELLS_ALL[:1]

    def image(self, i: int, ends: Ends) -> Ends:
        s = self.slope(i)
        low, high = (None if end is None else max(end, Fraction(0)) + s * min(end, Fraction(0)) for end in ends)
        if s > 0:
            return low, high
        if s == 0:
            return Fraction(0) if low is None else low, high
        if low is None or high is None:
            return Fraction(0), None
        return _image_of_valley((low, high), ends)


def _image_of_valley(images: tuple[Fraction, Fraction], ends: Ends) -> Ends:
    """Of a function that falls to 0 at 0 and then rises, from those of the ends."""
    crosses = ends[0] is not None and ends[1] is not None and ends[0] <= 0 <= ends[1]
    return Fraction(0) if crosses else min(images), max(images)


@dataclass(frozen=True, slots=True)
class ClipStep(EntryStep):
    """min(max(z, low), high)."""

    low: Fraction | None
    high: Fraction | None

    def tells(self, i: int, ends: Ends) -> Told:
        low_acts = self.low is not None and (ends[0] is None or ends[0] < self.low)
        high_acts = self.high is not None and (ends[1] is None or ends[1] > self.high)
        if low_acts:
            return () if high_acts else ((1, -(self.low or Fraction(0))),)
        return ((-1, self.high or Fraction(0)),) if high_acts else TELLS_ALL

    def shift(self, sign: int) -> Fraction | None:
        """That of the function of the bound below, or above; None if that is not there."""
        if sign < 0:
            return self.high
        return None if self.low is None else -self.low

    def _clipped(self, z: Fraction) -> Fraction:
        z = z if self.low is None else max(z, self.low)
        return z if self.high is None else min(z, self.high)

    def image(self, i: int, ends: Ends) -> Ends:
        low, high = (end if outer is None else outer for outer, end in zip(ends, (self.low, self.high), strict=True))
        return None if low is None else self._clipped(low), None if high is None else self._clipped(high)


class SquareStep(EntryStep):
    """z^2."""

    __slots__ = ()

    def tells(self, i: int, ends: Ends) -> Told:
        one_sided = (ends[0] is not None and ends[0] >= 0) or (ends[1] is not None and ends[1] <= 0)
        return TELLS_ALL if one_sided else ()

    def image(self, i: int, ends: Ends) -> Ends:
        if ends[0] is None or ends[1] is None:
            return Fraction(0), None
        return _image_of_valley((ends[0] ** 2, ends[1] ** 2), ends)


@dataclass(frozen=True, slots=True)
class NamedStep(EntryStep):
    """A function that is one-to-one."""

    name: str

    def tells(self, i: int, ends: Ends) -> Told:
        return TELLS_ALL

    def image(self, i: int, ends: Ends) -> Ends:
        return ENDS_OF_NAMES.get(self.name, NO_ENDS)


@dataclass(frozen=True, slots=True)
class MaximumStep(GraphStep):
    """The largest entry of each window."""

    places: Sequence[Sequence[int]]


class OtherStep(GraphStep):
    """Any function."""

    __slots__ = ()


class Graph:
    """Inputs, steps and outputs on a domain; forms and intervals are made when they are asked for."""

    def __init__(
        self, inputs: Sequence[int], steps: Sequence[GraphStep], outputs: Sequence[int], domain: Domain
    ) -> None:
        self.inputs, self.steps, self.outputs, self.domain = len(inputs), steps, outputs, domain
        self.sizes = [*inputs, *(step.size for step in steps)]
        self.base: dict[int, int] = {}  # the column of the first entry of each atom, among those of all atoms
        self._forms: dict[tuple[int, int], Form] = {}
        self._ends: dict[int, list[Ends]] = {}
        self._column_ends: list[Ends] = []
        self._place_atoms()

    def _place_atoms(self) -> None:
        depths: list[int] = []
        for v, size in enumerate(self.sizes):
            step = self.step(v)
            if isinstance(step, AffineStep):
                depths.append(1 + max((depths[read] for read in step.reads), default=0))
                if depths[-1] > MOST_AFFINE_STEPS:
                    raise Unreadable(f"graph: more than {MOST_AFFINE_STEPS} affine steps, one after the other")
            else:
                depths.append(0)
                self.base[v] = len(self._column_ends)
                self._column_ends += [NO_ENDS] * size

    def step(self, v: int) -> GraphStep | None:
        """The step of a value; None for an input."""
        return self.steps[v - self.inputs] if v >= self.inputs else None

    def forget(self) -> None:
        """The forms that were made: they can be many."""
        self._forms.clear()

    # ------------------------------------------------------------------ forms

    def form(self, v: int, i: int) -> Form:
        """Entry i of a value in terms of the columns of all atoms."""
        if v in self.base:
            return Form({self.base[v] + i: 1}, 0, 1)
        found = self._forms.get((v, i))
        if found is None:
            found = self._forms[v, i] = self._made(v, i)
        return found

    def _made(self, v: int, i: int) -> Form:
        step = self.step(v)
        if not isinstance(step, AffineStep):
            raise TypeError(f"value {v} is an atom")
        terms, constant, denominator = step.terms(i)
        parts = [(self.form(step.reads[k], j), factor) for k, j, factor in terms]
        common = math.lcm(*(form.denominator for form, _ in parts))
        sums: dict[int, int] = {}
        constant *= common
        for form, factor in parts:
            scaled = factor * (common // form.denominator)
            constant += scaled * form.constant
            for column, value in form.nonzero.items():
                sums[column] = sums.get(column, 0) + scaled * value
        return Form({column: value for column, value in sums.items() if value}, constant, denominator * common)

    # ------------------------------------------------------------------ intervals

    def ends(self, v: int) -> list[Ends]:
        """The interval of each entry."""
        waiting = [v]
        while waiting:
            current = waiting[-1]
            missing = [] if current in self._ends else [u for u in self._needed(current) if u not in self._ends]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if current not in self._ends:
                self._ends[current] = self._ends_of(current)
                if current in self.base:
                    start = self.base[current]
                    self._column_ends[start : start + self.sizes[current]] = self._ends[current]
        return self._ends[v]

    def _needed(self, v: int) -> Sequence[int]:
        """The values whose ends give those of this one: the atoms of an affine one, what an atom reads."""
        step = self.step(v)
        if not isinstance(step, AffineStep):
            return () if step is None or isinstance(step, OtherStep | NamedStep) else step.reads
        atoms, open_values, seen = set[int](), [v], {v}
        while open_values:
            current = open_values.pop()
            inner = self.step(current)
            if not isinstance(inner, AffineStep):
                atoms.add(current)
                continue
            open_values += [read for read in dict.fromkeys(inner.reads) if read not in seen]
            seen.update(inner.reads)
        return sorted(atoms)

    def _ends_of(self, v: int) -> list[Ends]:
        step, count = self.step(v), range(self.sizes[v])
        if step is None:
            return self._ends_of_input(v)
        if isinstance(step, AffineStep):
            return [self._ends_of_form(self.form(v, i)) for i in count]
        if isinstance(step, EntryStep):
            read = [NO_ENDS] * len(count) if isinstance(step, NamedStep) else self._ends[step.reads[0]]
            return [step.image(i, read[i]) for i in count]
        if isinstance(step, MaximumStep):
            read = self._ends[step.reads[0]]
            return [_ends_of_largest([read[j] for j in window if j >= 0]) for window in step.places]
        return [NO_ENDS] * len(count)

    def _ends_of_input(self, v: int) -> list[Ends]:
        start, size = sum(self.sizes[:v]), self.sizes[v]
        if isinstance(self.domain, Orthant):
            return [(Fraction(0), None)] * size
        if not isinstance(self.domain, Box):
            return [NO_ENDS] * size
        sides = [side[start : start + size] for side in (self.domain.lower, self.domain.upper)]
        lower, upper = ([Fraction(value, self.domain.denominator) for value in side] for side in sides)
        return list(zip(lower, upper, strict=True))

    def _ends_of_form(self, form: Form) -> Ends:
        low: Fraction | None = Fraction(form.constant)
        high: Fraction | None = low
        for column, value in form.nonzero.items():
            ends = self._column_ends[column]
            first, last = ends if value > 0 else ends[::-1]
            low = None if low is None or first is None else low + value * first
            high = None if high is None or last is None else high + value * last
        scaled = (None if end is None else end / form.denominator for end in (low, high))
        lowest, highest = scaled
        return lowest, highest

    # ------------------------------------------------------------------ what is told

    def read_by(self, v: int) -> int:
        """The value z of which `v` tells something: what its step reads, or itself."""
        step = self.step(v)
        return step.reads[0] if isinstance(step, EntryStep) else v

    def tells(self, v: int, i: int) -> Told:
        """What the value tells of entry i of z."""
        step = self.step(v)
        if isinstance(step, AffineStep):
            return TELLS_ALL
        if not isinstance(step, EntryStep):
            return ()
        if isinstance(step, NamedStep) or (isinstance(step, LeakyStep) and step.slope(i) > 0):
            return TELLS_ALL
        return step.tells(i, self.ends(step.reads[0])[i])


def _ends_of_largest(window: Sequence[Ends]) -> Ends:
    lows = [low for low, _ in window if low is not None]
    highs = [high for _, high in window if high is not None]
    return max(lows) if lows else None, max(highs) if len(highs) == len(window) else None
