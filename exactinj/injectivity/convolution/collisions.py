"""Attempts to find a collision: between periodic inputs, inputs that differ in a few places, by counting rows."""

from __future__ import annotations

from itertools import product
from math import prod

from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.certificates.every_size import GeometricPattern, PatchPair, PeriodicPair, RowCount, UnpairedRow
from exactinj.errors import InternalError
from exactinj.injectivity.convolution.answer import ConvAnswer
from exactinj.injectivity.convolution.counting import find_count, find_unpaired, rows_needed
from exactinj.injectivity.convolution.geometric import allowed_active, find_geometric, grown
from exactinj.injectivity.convolution.large_patches import large_patches, negative_pair
from exactinj.injectivity.convolution.patches import Patch, embedded, patches_of
from exactinj.injectivity.convolution.periodic import (
    allows_period,
    periodic_layer,
    periodic_sizes,
    periodic_work,
    tiled,
)
from exactinj.injectivity.convolution.question import EASY, LARGEST_UNROLLED, ConvQuestion, outcome
from exactinj.injectivity.finder import FinderEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import times
from exactinj.work.verdict import Verdict

__all__ = [
    "large_patches_to_try",
    "patches_to_try",
    "periods_to_try",
    "try_count",
    "try_geometric",
    "try_large_patch",
    "try_patch",
    "try_period",
]

LARGEST_WORK = 4_000_000  # products that the rows about periodic inputs take
LARGEST_SYSTEM = 100_000  # entries of the matrix in which a pair of geometric inputs is looked for
LARGEST_COUNTED = 1_000_000  # likewise where rows were counted
LARGEST_PATCH = 200  # inputs of a patch
LARGEST_PATCH_MATRIX = 200_000  # entries of its rows
STARTS = 12  # of a finder
HOPELESS = 8  # rows for each free input, beyond which a finder is not asked
SECONDS_PER_PATCH = 20.0
NODES_PER_PATCH = 3_000
AnyPair = PeriodicPair | PatchPair | GeometricPattern | RowCount | UnpairedRow


def periods_to_try(question: ConvQuestion, width: int, most: int) -> list[tuple[int, ...]]:
    """Periods whose longest side is the width, with at most so many inputs; constants have width 1."""
    grids = [grid for grid in product(range(1, width + 1), repeat=question.layer.dimensions) if max(grid) == width]
    return [
        period
        for period in sorted(grids, key=prod)
        if (question.size is None or all(q <= n for q, n in zip(period, question.size, strict=True)))
        and allows_period(question.layer, period)
        and (width == 1 or question.channels * prod(period) <= most)
    ]


def try_period(question: ConvQuestion, period: tuple[int, ...]) -> ConvAnswer | None:
    """A collision between inputs of that period; decided exactly for few inputs, otherwise by a finder."""
    what = "constants" if set(period) == {1} else f"inputs of period {times(period)}"
    cells = prod(period)
    for number, group in _different(question):
        if periodic_work(group, period) > LARGEST_WORK:
            question.steps.append(f"{what}: too many kinds of windows")
            return None
        question.clock.check()
        question.clock.report(what)
        rows, domain = periodic_layer(group, period), question.group_domain(number, cells)
        if rows.n <= EASY:
            answer = question.decided(rows, domain)
        else:
            answer = FinderEngine(question.seed, STARTS).decide(HomogeneousProblem(rows, domain), question.clock)
        if isinstance(answer.proof, Collision):
            x, y = (question.lifted(values, number, cells) for values in (answer.proof.x, answer.proof.y))
            proof, sizes = PeriodicPair(period, x, y), periodic_sizes(question.layer, period)
            at = question.size or sizes.smallest
            points = [tiled(values, period, question.layer.in_channels, at) for values in (x, y)]
            return _collision(question, f"two {what} have the same output", proof, sizes, question.verified(points, at))
    question.steps.append(f"{what}: {outcome(answer)}")
    return None


def _different(question: ConvQuestion) -> list[tuple[int, ConvLayer]]:
    """Number and layer of the groups, of groups with equal kernels on equal domains the first one only."""
    found: dict[tuple[str, str], tuple[int, ConvLayer]] = {}
    for number, group in enumerate(question.layer.group_layers):
        found.setdefault((group.digest, question.group_domain(number, 1).text), (number, group))
    return list(found.values())


def patches_to_try(question: ConvQuestion, width: int) -> list[tuple[int, Patch]]:
    """Patches that leave so many places along each axis free, with the numbers of their groups."""
    return [
        (number, patch)
        for number, group in _different(question)
        for patch in patches_of(group, width)
        if patch.columns <= LARGEST_PATCH
        and patch.columns * patch.row_count <= LARGEST_PATCH_MATRIX
        and (patch.free_columns <= EASY or patch.window_rows <= HOPELESS * patch.free_columns)
    ]


def large_patches_to_try(question: ConvQuestion) -> list[tuple[int, Patch]]:
    """Patches beyond the size of `patches_to_try` with few windows, with the numbers of their groups."""
    return [
        (number, patch)
        for number, group in _different(question)
        for patch in large_patches(group, question.domain, LARGEST_PATCH)
    ]


def try_large_patch(question: ConvQuestion, number: int, patch: Patch) -> ConvAnswer | None:
    """A collision between inputs that differ in a place that all windows see as negative."""
    where = f"{_words(patch)} places, seen with {patch.columns} inputs,"
    question.clock.report(f"inputs that differ in {where}")
    problem = HomogeneousProblem(patch.rows(), question.group_domain(number, prod(patch.size)))
    question.clock.check()
    pair = negative_pair(problem, patch.window_rows, question.clock)
    if pair is None:
        question.steps.append(f"inputs that differ in {where} are not negative in all windows")
        return None
    return _patch_answer(question, number, patch, pair)


def _words(patch: Patch) -> str:
    return " x ".join(f"{side.width} ({side.anchor})" for side in patch.sides)


def try_patch(question: ConvQuestion, number: int, patch: Patch) -> ConvAnswer | None:
    """A collision between inputs that differ in a patch, by a finder; decided exactly for few places."""
    where = _words(patch)
    question.clock.report(f"inputs that differ in {where} places")
    cells = prod(patch.size)
    rows, domain = patch.rows(), question.group_domain(number, cells)
    clock = question.clock.bounded(SECONDS_PER_PATCH)
    small = patch.free_columns <= EASY
    problem = HomogeneousProblem(rows, domain)
    answer = FinderEngine(question.seed, 1 if small else STARTS).decide(problem, clock)
    if small and answer.proof is None:
        answer = TreeEngine(NODES_PER_PATCH).decide(problem, clock)
    if not isinstance(answer.proof, Collision):
        question.steps.append(f"inputs that differ in {where} places: {outcome(answer)}")
        return None
    return _patch_answer(question, number, patch, answer.proof)


def _patch_answer(question: ConvQuestion, number: int, patch: Patch, pair: Collision) -> ConvAnswer | None:
    """The answer for a pair of contents of a patch; None if it says nothing about the size in question."""
    sizes, cells = patch.sizes(), prod(patch.size)
    if not question.covers(sizes):
        return None
    x, y = (question.lifted(values, number, cells) for values in (pair.x, pair.y))
    proof = PatchPair(patch.size, patch.anchor, patch.phase, x, y)
    filler = question.domain.filler(question.layer.in_channels)
    at = question.size or sizes.smallest
    width = times([side.width for side in patch.sides])
    places = "a single place" if patch.free_places == 1 else f"{width} places"
    reason = f"two inputs that differ in {places} only have the same output"
    return _collision(
        question, reason, proof, sizes, question.verified(embedded(proof, question.layer, at, filler), at)
    )


def try_geometric(question: ConvQuestion) -> ConvAnswer | None:
    """Non-injectivity by counting active rows at an input that grows geometrically."""
    question.clock.report("inputs that grow geometrically")
    layer = question.layer
    found = find_geometric(layer, question.domain, question.clock, question.seed)
    if found is None:
        question.steps.append("inputs that grow geometrically: none was seen that leaves few kernels active")
        return None
    proof, sizes = found
    group = layer.group_layers[proof.group]
    active = allowed_active(group)
    kernels = "one kernel" if active == 1 else f"{active} kernels"
    reason = f"an input that grows geometrically leaves at most {kernels} active in every window, too few to span"
    size, note = _size_shown(question, group, sizes, LARGEST_SYSTEM)
    reason += note
    problem = HomogeneousProblem(group.unrolled(size), question.group_domain(proof.group, prod(size)))
    pair = collision_at(problem, problem.homogeneous(grown(proof, question.channels, size)))
    if pair is None:
        raise InternalError("an input with fewer active rows than inputs has none to spare; please report this")
    points = [question.lifted(values, proof.group, prod(size)) for values in (pair.x, pair.y)]
    return _collision(question, reason, proof, sizes, question.verified(points, size))


def try_count(question: ConvQuestion) -> ConvAnswer | None:
    """Non-injectivity because a group has too few rows at every size, with a pair at one of them."""
    domains = [question.group_domain(number, 1) for number in range(question.layer.groups)]
    found = find_count(question.layer, domains) or find_unpaired(question.layer, question.domain)
    if found is None or not question.covers(found[1]):
        return None
    proof, sizes = found
    group = question.layer.group_layers[proof.group]
    size, note = _size_shown(question, group, sizes, LARGEST_COUNTED)
    if _entries(group, size) > LARGEST_UNROLLED:
        where = f"from {times(sizes.smallest)} on, where a pair is too large to be computed"
        question.steps.append(f"there are too few rows at every size {where}")
        return None
    question.clock.report("a pair where there are too few rows")
    cells = prod(size)
    rows, domain = group.unrolled(size), question.group_domain(proof.group, cells)
    answer = FinderEngine(question.seed, STARTS).decide(HomogeneousProblem(rows, domain), question.clock)
    if not isinstance(answer.proof, Collision):
        question.steps.append(f"there are too few rows at every size, but no pair was found at {times(size)}")
        return None
    points = [question.lifted(values, proof.group, cells) for values in (answer.proof.x, answer.proof.y)]
    if isinstance(proof, UnpairedRow):
        few = "at most twice as many outputs as inputs, and a row without an antiparallel one,"
    else:
        few = "fewer outputs than inputs" if rows_needed(domain) == 1 else "fewer than twice as many outputs as inputs"
    where = "" if question.layer.groups == 1 else f"group {proof.group} has "
    return _collision(question, f"{where}{few} at every size{note}", proof, sizes, question.verified(points, size))


def _size_shown(question: ConvQuestion, group: ConvLayer, sizes: Sizes, most: int) -> tuple[tuple[int, ...], str]:
    """The size that a pair is computed for: the one in question unless its matrix is too large; and a word on that."""
    size = question.size or sizes.smallest
    if _entries(group, size) <= most:
        return size, ""
    shown = f"the pair shown is of size {times(sizes.smallest)}; at larger sizes there is one by the same count"
    return sizes.smallest, "" if size == sizes.smallest else f" ({shown})"


def _entries(group: ConvLayer, size: tuple[int, ...]) -> int:
    """Of the unrolled matrix of a group."""
    return prod(group.output_size(size)) * group.out_channels * group.in_channels * prod(size)


def _collision(question: ConvQuestion, reason: str, proof: AnyPair, sizes: Sizes, witness: Collision) -> ConvAnswer:
    rule = {PeriodicPair: "periodic", PatchPair: "patch", RowCount: "count", UnpairedRow: "unpaired"}.get(
        type(proof), "geometric"
    )
    steps = (*question.steps, reason)
    return ConvAnswer(Verdict.NOT_INJECTIVE, reason, rule, proof, sizes, witness, question.statistics(1.0), steps)
