"""Attempts to find a collision: between periodic inputs, between inputs that differ in a few places, by counting."""

from __future__ import annotations

from itertools import product
from math import prod

from exactinj.convolution import Sizes
from exactinj.engines.finder import FinderEngine
from exactinj.engines.pairing import collision_at, homogeneous
from exactinj.engines.problem import HomogeneousProblem
from exactinj.engines.tree import TreeEngine
from exactinj.errors import InternalError
from exactinj.every_size.geometric import allowed_active, find_geometric, grown
from exactinj.every_size.patches import Patch, embedded, patches_of
from exactinj.every_size.periodic import allows_period, periodic_layer, periodic_pair, tiled
from exactinj.every_size.places import grid_domain
from exactinj.every_size.workbench import EASY, LARGEST_UNROLLED, ConvAnswer, Workbench, outcome, times
from exactinj.evidence.collision import Collision
from exactinj.evidence.every_size import GeometricPattern, PatchPair, PeriodicPair
from exactinj.evidence.result import Verdict

__all__ = ["patches_to_try", "periods_to_try", "try_geometric", "try_patch", "try_period"]

LARGEST_PATCH = 200  # inputs of a patch
LARGEST_PATCH_MATRIX = 200_000  # entries of its rows
STARTS = 3  # of a finder
HOPELESS = 8  # rows for each free input, beyond which a finder is not asked
SECONDS_PER_PATCH = 20.0
NODES_PER_PATCH = 3_000


def periods_to_try(bench: Workbench, width: int, most: int) -> list[tuple[int, ...]]:
    """Periods whose longest side is the width, with at most so many inputs; constants have width 1."""
    grids = [grid for grid in product(range(1, width + 1), repeat=bench.layer.dimensions) if max(grid) == width]
    return [
        period
        for period in sorted(grids, key=prod)
        if (bench.size is None or all(q <= n for q, n in zip(period, bench.size, strict=True)))
        and allows_period(bench.layer, period)
        and (width == 1 or bench.layer.in_channels * prod(period) <= most)
    ]


def try_period(bench: Workbench, period: tuple[int, ...]) -> ConvAnswer | None:
    """A collision between inputs of that period; decided exactly for few inputs, otherwise by a finder."""
    what = "constants" if set(period) == {1} else f"inputs of period {times(period)}"
    bench.clock.report(what)
    rows, domain = periodic_layer(bench.layer, period), grid_domain(bench.domain, prod(period))
    if rows.n <= EASY:
        answer = bench.decided(rows, domain)
    else:
        answer = FinderEngine(bench.seed, STARTS).decide(rows, domain, bench.clock)
    if not isinstance(answer.proof, Collision):
        bench.steps.append(f"{what}: {outcome(answer)}")
        return None
    proof, sizes = periodic_pair(bench.layer, period, answer.proof)
    at = bench.size or sizes.smallest
    points = [tiled(values, period, bench.layer.in_channels, at) for values in (proof.x, proof.y)]
    return _collision(bench, f"two {what} have the same output at every size", proof, sizes, bench.verified(points, at))


def patches_to_try(bench: Workbench, width: int) -> list[Patch]:
    """Patches that leave so many places along each axis free."""
    return [
        patch
        for patch in patches_of(bench.layer, width)
        if patch.columns <= LARGEST_PATCH
        and patch.columns * patch.row_count <= LARGEST_PATCH_MATRIX
        and (patch.free_columns <= EASY or patch.window_rows <= HOPELESS * patch.free_columns)
    ]


def try_patch(bench: Workbench, patch: Patch) -> ConvAnswer | None:
    """A collision between inputs that differ in a patch, by a finder; decided exactly for few places."""
    where = " x ".join(f"{side.width} ({side.anchor})" for side in patch.sides)
    bench.clock.report(f"inputs that differ in {where} places")
    rows, domain = patch.rows(), grid_domain(bench.domain, prod(patch.size))
    clock = bench.clock.bounded(SECONDS_PER_PATCH)
    small = patch.free_columns <= EASY
    answer = FinderEngine(bench.seed, 1 if small else STARTS).decide(rows, domain, clock)
    if small and answer.proof is None:
        answer = TreeEngine(NODES_PER_PATCH).decide(rows, domain, clock)
    if not isinstance(answer.proof, Collision):
        bench.steps.append(f"inputs that differ in {where} places: {outcome(answer)}")
        return None
    proof, sizes = patch.pair(answer.proof)
    if not bench.covers(sizes):
        return None
    filler = bench.domain.filler(bench.layer.in_channels)
    at = bench.size or sizes.smallest
    points = embedded(proof, bench.layer, at, filler)
    width = times([side.width for side in patch.sides])
    places = "a single place" if patch.free_places == 1 else f"{width} places"
    reason = f"two inputs that differ in {places} only have the same output"
    return _collision(bench, reason, proof, sizes, bench.verified(points, at))


def try_geometric(bench: Workbench) -> ConvAnswer | None:
    """Non-injectivity by counting active rows at an input that grows geometrically."""
    bench.clock.report("inputs that grow geometrically")
    layer = bench.layer
    found = find_geometric(layer, bench.domain, bench.clock, bench.seed)
    if found is None:
        bench.steps.append("inputs that grow geometrically: none was seen that leaves few kernels active")
        return None
    proof, sizes = found
    size = bench.size or next((one for one in sizes.some(4) if layer.output_size(one) < one), sizes.smallest)
    group = layer.group_layers()[proof.group]
    if prod(group.output_size(size)) * group.out_channels * group.in_channels * prod(size) > LARGEST_UNROLLED:
        return None
    problem = HomogeneousProblem(group.unrolled(size), bench.group_domain(proof.group, prod(size)))
    pair = collision_at(problem, homogeneous(problem, grown(proof, bench.channels, size)))
    if pair is None:
        raise InternalError("an input with fewer active rows than inputs has none to spare; please report this")
    first = proof.group * bench.channels * prod(size)
    filler = list(grid_domain(bench.domain, prod(size)).filler(layer.in_channels * prod(size)))
    points = [[*filler[:first], *values, *filler[first + len(values) :]] for values in (pair.x, pair.y)]
    active = allowed_active(group)
    reason = (
        f"an input that grows geometrically leaves at most {active} kernel(s) active in every window, too few to span"
    )
    return _collision(bench, reason, proof, sizes, bench.verified(points, size))


def _collision(
    bench: Workbench, reason: str, proof: PeriodicPair | PatchPair | GeometricPattern, sizes: Sizes, witness: Collision
) -> ConvAnswer:
    rule = {PeriodicPair: "periodic", PatchPair: "patch"}.get(type(proof), "geometric")
    steps = (*bench.steps, reason)
    return ConvAnswer(Verdict.NOT_INJECTIVE, reason, rule, proof, sizes, witness, bench.statistics(1.0), steps)
