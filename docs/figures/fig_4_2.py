"""Figure 4.2 of [Eck24]: which samples are critical for Monte Carlo Bias Estimation, for six frames in space.

    python docs/figures/fig_4_2.py [--out FOLDER] [--quick]

Unit rows: icosahedron, tetrahedron, octahedron, and three random frames (m = 8, the
first three seeds). The colour is
the least entry of alpha(x), the third largest ``<x, w_i>``, in floats; the whole sphere on an equal-area map. Vertices
are black, edges of their convex hull thin lines. White dots: a point for each row where exact alpha* is attained.

Critical samples are the 5 % with the lowest values of uniform ones; how far they are from vertices and edges is an
estimate, beside the same for all samples.
"""

from __future__ import annotations

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import AlphaStar, Sphere, alpha_star, hull_bias, sample_alpha
from exactinj.casebook import find_case
from exactinj.plotting import plot_critical_points
from exactinj.plotting.sphere_map import GENERIC, frame_towards, project
from exactinj.sampling.samplers import UniformSphere

SOLIDS = ("icosahedron", "tetrahedron", "octahedron")
SEEDS = (0, 1, 2)
ROWS = 8  # of the random frames
SHARE = 0.05

Floats = np.ndarray


def main() -> None:
    """Decide, draw, print."""
    options = arguments(__doc__)
    count = 2000 if options.quick else 200_000
    frames = {name: find_case(name).layer.W.to_float() for name in SOLIDS}
    frames |= {f"random, m = {ROWS}, seed {seed}": random_units(ROWS, seed) for seed in SEEDS}
    figure, panels = plt.subplots(2, 3, figsize=(14, 9), layout="constrained")
    for axes, (name, rows) in zip(panels.flat, frames.items(), strict=True):
        units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        exact = alpha_star(units, domain=Sphere(1))
        plot_critical_points(exact, axes)
        edges = hull_edges(units)
        draw_frame(axes, units, edges)
        axes.set_title(name)
        print(f"{name}: exact alpha* on the sphere {sorted({f'{float(value):.4f}' for value in exact.alpha})}")
        measure(units, edges, exact, count)
    compare_random(2 if options.quick else 100, count // 10)
    figure.suptitle("Critical samples (red): the third largest <x, w_i> at x. White: where exact alpha* is attained")
    save(figure, options.out, "fig_4_2")


def random_units(m: int, seed: int) -> Floats:
    """Rows (m, 3) of length 1, uniform on the sphere."""
    return UniformSphere().points(m, 3, seed=seed)


def hull_edges(units: Floats) -> list[tuple[int, int]]:
    """Pairs of rows that neighbouring facets of the convex hull share; none where 0 is not inside the hull."""
    facets = [set(facet.rows) for facet in hull_bias(units).facets]
    shared = {tuple(sorted(a & b)) for a in facets for b in facets if a != b}
    return sorted(pair for pair in shared if len(pair) == 2)


def arcs(units: Floats, edges: list[tuple[int, int]], steps: int = 60) -> Floats:
    """Points (k, steps, 3) on the shorter great circles over the edges."""
    share = np.linspace(0, 1, steps)[:, None]
    chords = np.stack([(1 - share) * units[i] + share * units[j] for i, j in edges])
    return chords / np.linalg.norm(chords, axis=-1, keepdims=True)


def draw_frame(axes: plt.Axes, units: Floats, edges: list[tuple[int, int]]) -> None:
    """Vertices and edges on the map; an arc is cut where it leaves the map at its rim."""
    frame = frame_towards(GENERIC)
    for arc in arcs(units, edges):
        places = project(arc, frame)
        jump = np.linalg.norm(np.diff(places, axis=0), axis=1) > 0.5
        axes.plot(*np.insert(places, np.flatnonzero(jump) + 1, np.nan, axis=0).T, color="black", lw=0.7, zorder=1.8)
    axes.plot(*project(units, frame).T, "^", color="black", markersize=9, zorder=1.9)


def measure(units: Floats, edges: list[tuple[int, int]], exact: AlphaStar, count: int) -> None:
    """Distances from critical and from all samples to vertices and edges, in degrees; what samples at the rows give."""
    points, critical = samples(units, count)
    places = {"vertex": units, "edge": arcs(units, edges).reshape(-1, 3)}
    for name, near in places.items():
        low, every = (np.mean(degrees(x, near)) for x in (critical, points[: len(critical)]))
        print(
            f"  mean distance to the nearest {name}: estimates {low:.1f} degrees (critical), {every:.1f} (all samples)"
        )
    minimisers = [np.array([float(value) for value in row.point]) for row in exact.values]
    attained = np.array([point / np.linalg.norm(point) for point in minimisers])
    spread = ", ".join(f"{value:.1f}" for value in sorted(degrees(attained, units)))
    print(f"  exact alpha* is attained at degrees from the nearest vertex: {spread}")
    first = sample_alpha(units, domain=Sphere(1), samples=1, rows_first=True).values
    reached = sum(
        bool(np.isclose(value, float(best), atol=1e-6)) for value, best in zip(first, exact.alpha, strict=True)
    )
    print(f"  rows as first samples reach alpha* up to 1e-6 in {reached} of {len(units)} rows")


def samples(units: Floats, count: int) -> tuple[Floats, Floats]:
    """Uniform samples, and the critical ones of them."""
    points = UniformSphere().points(count, 3, seed=42)
    level = np.sort(points @ units.T, axis=1)[:, -3]
    return points, points[level <= np.quantile(level, SHARE)]


def compare_random(trials: int, count: int) -> None:
    """In how many random frames critical samples are farther from the vertices than others."""
    for m in (6, ROWS, 14):
        frames = [random_units(m, seed) for seed in range(trials)]
        drawn = [samples(units, count) for units in frames]
        gaps = [np.mean(degrees(c, u)) - np.mean(degrees(p, u)) for u, (p, c) in zip(frames, drawn, strict=True)]
        share = f"in {sum(gap > 0 for gap in gaps)} of {trials} random frames"
        print(f"m = {m}: critical samples are farther from vertices than all samples {share} (estimate)")


def degrees(points: Floats, places: Floats) -> Floats:
    """The angle from every unit vector to the nearest of some places."""
    nearest = np.concatenate(
        [(part @ places.T).max(axis=1) for part in np.array_split(points, 1 + len(points) // 1000)]
    )
    return np.degrees(np.arccos(np.clip(nearest, -1, 1)))


if __name__ == "__main__":
    main()
