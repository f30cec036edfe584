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
from exactinj.injectivity.convolution.patches import Patch, embedded, patches_of
from exactinj.injectivity.convolution.periodic import (
    allows_period,
    periodic_layer,
    periodic_sizes,
    periodic_work,
    tiled,
)
from exactinj.injectivity.convolution.workbench import EASY, LARGEST_UNROLLED, Workbench, outcome
from exactinj.injectivity.finder import FinderEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import times
from exactinj.work.verdict import Verdict

__all__ = ["patches_to_try", "periods_to_try", "try_count", "try_geometric", "try_patch", "try_period"]

LARGEST_WORK = 4_000_000  # products that the rows about periodic inputs take
LARGEST_SYSTEM = 100_000  # entries of the matrix in which a pair of geometric inputs is looked for
LARGEST_COUNTED = 1_000_000  # likewise where rows were counted
LARGEST_PATCH = 200  # inputs of a patch
LARGEST_PATCH_MATRIX = 200_000  # entries of its rows
STARTS = 3  # of a finder
HOPELESS = 8  # rows for each free input, beyond which a finder is not asked
SECONDS_PER_PATCH = 20.0
NODES_PER_PATCH = 3_000
AnyPair = PeriodicPair | PatchPair | GeometricPattern | RowCount | UnpairedRow


def periods_to_try(bench: Workbench, width: int, most: int) -> list[tuple[int, ...]]:
    """Periods whose longest side is the width, with at most so many inputs; constants have width 1."""
    grids = [grid for grid in product(range(1, width + 1), repeat=bench.layer.dimensions) if max(grid) == width]
    return [
        period
        for period in sorted(grids, key=prod)
        if (bench.size is None or all(q <= n for q, n in zip(period, bench.size, strict=True)))
        and allows_period(bench.layer, period)
        and (width == 1 or bench.channels * prod(period) <= most)
    ]


def try_period(bench: Workbench, period: tuple[int, ...]) -> ConvAnswer | None:
    """A collision between inputs of that period; decided exactly for few inputs, otherwise by a finder."""
    what = "constants" if set(period) == {1} else f"inputs of period {times(period)}"
    cells = prod(period)
    for number, group in _different(bench):
        if periodic_work(group, period) > LARGEST_WORK:
            bench.steps.append(f"{what}: too many kinds of windows")
            return None
        bench.clock.check()
        bench.clock.report(what)
        rows, domain = periodic_layer(group, period), bench.group_domain(number, cells)
        if rows.n <= EASY:
            answer = bench.decided(rows, domain)
        else:
            answer = FinderEngine(bench.seed, STARTS).decide(HomogeneousProblem(rows, domain), bench.clock)
        if isinstance(answer.proof, Collision):
            x, y = (bench.lifted(values, number, cells) for values in (answer.proof.x, answer.proof.y))
            proof, sizes = PeriodicPair(period, x, y), periodic_sizes(bench.layer, period)
            at = bench.size or sizes.smallest
            points = [tiled(values, period, bench.layer.in_channels, at) for values in (x, y)]
            return _collision(bench, f"two {what} have the same output", proof, sizes, bench.verified(points, at))
    bench.steps.append(f"{what}: {outcome(answer)}")
    return None


def _different(bench: Workbench) -> list[tuple[int, ConvLayer]]:
    """Number and layer of the groups, of groups with equal kernels on equal domains the first one only."""
    found: dict[tuple[str, str], tuple[int, ConvLayer]] = {}
    for number, group in enumerate(bench.layer.group_layers):
        found.setdefault((group.digest, bench.group_domain(number, 1).text), (number, group))
    return list(found.values())


def patches_to_try(bench: Workbench, width: int) -> list[tuple[int, Patch]]:
    """Patches that leave so many places along each axis free, with the numbers of their groups."""
    return [
        (number, patch)
        for number, group in _different(bench)
        for patch in patches_of(group, width)
        if patch.columns <= LARGEST_PATCH
        and patch.columns * patch.row_count <= LARGEST_PATCH_MATRIX
        and (patch.free_columns <= EASY or patch.window_rows <= HOPELESS * patch.free_columns)
    ]


def try_patch(bench: Workbench, number: int, patch: Patch) -> ConvAnswer | None:
    """A collision between inputs that differ in a patch, by a finder; decided exactly for few places."""
    where = " x ".join(f"{side.width} ({side.anchor})" for side in patch.sides)
    bench.clock.report(f"inputs that differ in {where} places")
    cells = prod(patch.size)
    rows, domain = patch.rows(), bench.group_domain(number, cells)
    clock = bench.clock.bounded(SECONDS_PER_PATCH)
    small = patch.free_columns <= EASY
    problem = HomogeneousProblem(rows, domain)
    answer = FinderEngine(bench.seed, 1 if small else STARTS).decide(problem, clock)
    if small and answer.proof is None:
        answer = TreeEngine(NODES_PER_PATCH).decide(problem, clock)
    if not isinstance(answer.proof, Collision):
        bench.steps.append(f"inputs that differ in {where} places: {outcome(answer)}")
        return None
    sizes = patch.sizes()
    if not bench.covers(sizes):
        return None
    x, y = (bench.lifted(values, number, cells) for values in (answer.proof.x, answer.proof.y))
    proof = PatchPair(patch.size, patch.anchor, patch.phase, x, y)
    filler = bench.domain.filler(bench.layer.in_channels)
    at = bench.size or sizes.smallest
    width = times([side.width for side in patch.sides])
    places = "a single place" if patch.free_places == 1 else f"{width} places"
    reason = f"two inputs that differ in {places} only have the same output"
    return _collision(bench, reason, proof, sizes, bench.verified(embedded(proof, bench.layer, at, filler), at))


def try_geometric(bench: Workbench) -> ConvAnswer | None:
    """Non-injectivity by counting active rows at an input that grows geometrically."""
    bench.clock.report("inputs that grow geometrically")
    layer = bench.layer
    found = find_geometric(layer, bench.domain, bench.clock, bench.seed)
    if found is None:
        bench.steps.append("inputs that grow geometrically: none was seen that leaves few kernels active")
        return None
    proof, sizes = found
    group = layer.group_layers[proof.group]
    active = allowed_active(group)
    kernels = "one kernel" if active == 1 else f"{active} kernels"
    reason = f"an input that grows geometrically leaves at most {kernels} active in every window, too few to span"
    size, note = _size_shown(bench, group, sizes, LARGEST_SYSTEM)
    reason += note
    problem = HomogeneousProblem(group.unrolled(size), bench.group_domain(proof.group, prod(size)))
    pair = collision_at(problem, problem.homogeneous(grown(proof, bench.channels, size)))
    if pair is None:
        raise InternalError("an input with fewer active rows than inputs has none to spare; please report this")
    points = [bench.lifted(values, proof.group, prod(size)) for values in (pair.x, pair.y)]
    return _collision(bench, reason, proof, sizes, bench.verified(points, size))


def try_count(bench: Workbench) -> ConvAnswer | None:
    """Non-injectivity because a group has too few rows at every size, with a pair at one of them."""
    domains = [bench.group_domain(number, 1) for number in range(bench.layer.groups)]
    found = find_count(bench.layer, domains) or find_unpaired(bench.layer, bench.domain)
    if found is None or not bench.covers(found[1]):
        return None
    proof, sizes = found
    group = bench.layer.group_layers[proof.group]
    size, note = _size_shown(bench, group, sizes, LARGEST_COUNTED)
    if _entries(group, size) > LARGEST_UNROLLED:
        where = f"from {times(sizes.smallest)} on, where a pair is too large to be computed"
        bench.steps.append(f"there are too few rows at every size {where}")
        return None
    bench.clock.report("a pair where there are too few rows")
    cells = prod(size)
    rows, domain = group.unrolled(size), bench.group_domain(proof.group, cells)
    answer = FinderEngine(bench.seed, STARTS).decide(HomogeneousProblem(rows, domain), bench.clock)
    if not isinstance(answer.proof, Collision):
        bench.steps.append(f"there are too few rows at every size, but no pair was found at {times(size)}")
        return None
    points = [bench.lifted(values, proof.group, cells) for values in (answer.proof.x, answer.proof.y)]
    if isinstance(proof, UnpairedRow):
        few = "at most twice as many outputs as inputs, and a row without an antiparallel one,"
    else:
        few = "fewer outputs than inputs" if rows_needed(domain) == 1 else "fewer than twice as many outputs as inputs"
    where = "" if bench.layer.groups == 1 else f"group {proof.group} has "
    return _collision(bench, f"{where}{few} at every size{note}", proof, sizes, bench.verified(points, size))


def _size_shown(bench: Workbench, group: ConvLayer, sizes: Sizes, most: int) -> tuple[tuple[int, ...], str]:
    """The size that a pair is computed for: the one in question unless its matrix is too large; and a word on that."""
    size = bench.size or sizes.smallest
    if _entries(group, size) <= most:
        return size, ""
    shown = f"the pair shown is of size {times(sizes.smallest)}; at larger sizes there is one by the same count"
    return sizes.smallest, "" if size == sizes.smallest else f" ({shown})"


def _entries(group: ConvLayer, size: tuple[int, ...]) -> int:
    """Of the unrolled matrix of a group."""
    return prod(group.output_size(size)) * group.out_channels * group.in_channels * prod(size)


def _collision(bench: Workbench, reason: str, proof: AnyPair, sizes: Sizes, witness: Collision) -> ConvAnswer:
    rule = {PeriodicPair: "periodic", PatchPair: "patch", RowCount: "count", UnpairedRow: "unpaired"}.get(
        type(proof), "geometric"
    )
    steps = (*bench.steps, reason)
    return ConvAnswer(Verdict.NOT_INJECTIVE, reason, rule, proof, sizes, witness, bench.statistics(1.0), steps)
