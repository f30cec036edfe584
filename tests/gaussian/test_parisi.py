"""The Parisi formula at temperature 0: against direct integration, its own derivatives, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from exactinj.errors import InputError
from exactinj.gaussian.thresholds import (
    Grid,
    convergence,
    energies,
    few_steps,
    geometric_steps,
    replica_symmetric,
    solve_energy,
    solve_threshold,
    uniform_steps,
)
from exactinj.gaussian.thresholds.parisi_formula import observables
from exactinj.gaussian.thresholds.parisi_solution import ratio_at_unit_energy
from exactinj.gaussian.thresholds.parisi_state import ParisiState, first_state, refined, steps_of

STATE = ParisiState(np.array([1.3, 2.9, 6.1]), np.array([0.6, 0.75, 0.92, 1.0]), 0.06)
FINE = Grid(half_width=8.0, spacing=0.3)


def last_potential(h, chi):
    """max over z of -[h + z > 0] - z^2 / (2 chi), on a fine net of z."""
    z = np.append(np.linspace(-2, 2, 4001), -h)
    return np.max(-1.0 * (h + z > 0) - z * z / (2 * chi))


def direct(state):
    """E and S by sums over dense grids: no transforms, no closed form, convolutions as matrices."""
    h = np.linspace(-6, 6, 1601)
    step = h[1] - h[0]
    potential = np.where(h < 0, 0, np.maximum(-h * h / (2 * state.chi), -1.0))
    for x, width in zip(state.steps[::-1], np.diff(state.overlaps)[::-1], strict=True):
        kernel = np.exp(-((h[:, None] - h) ** 2) / (2 * width))
        potential = np.log(kernel @ np.exp(x * potential) / kernel.sum(axis=1)) / x
    first = state.overlaps[0]
    density = np.exp(-h * h / (2 * first)) / np.sqrt(2 * np.pi * first)
    entropy = first / stiffness(state, 0)
    entropy += sum(
        quad(lambda q, i=i: 1 / (stiffness(state, i + 1) + state.steps[i] * (state.overlaps[i + 1] - q)), *ends)[0]
        for i, ends in enumerate(zip(state.overlaps[:-1], state.overlaps[1:], strict=True))
    )
    return -step * density @ potential, entropy


def stiffness(state, i):
    return state.chi + sum(
        x * (b - a) for x, a, b in zip(state.steps[i:], state.overlaps[i:-1], state.overlaps[i + 1 :], strict=True)
    )


def ratio(state, grid=FINE):
    return ratio_at_unit_energy(state, observables(state, grid))


def test_the_last_potential_is_the_maximum():
    for h in (-0.3, 0.0, 0.1, 0.2, 0.5, 1.0):
        expected = 0 if h < 0 else max(-h * h / 0.12, -1)
        assert last_potential(h, 0.06) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "state",
    [STATE, ParisiState(np.array([3.2]), np.array([0.77, 1.0]), 0.05), replace(STATE, chi=0.4)],
    ids=["three", "one", "soft"],
)
def test_the_formula_by_direct_sums(state):
    interaction, entropy = direct(state)
    assert observables(state, FINE).interaction == pytest.approx(interaction, rel=1e-4)
    assert state.entropy == pytest.approx(entropy, rel=1e-9)


def test_one_step_by_nested_quadrature():
    """The integrals of one step of replica symmetry breaking, adaptively, at the solution; and it is a minimum of c."""
    found = few_steps.solve_threshold(1)
    (x,), (q, _), chi = found.state.steps, found.state.overlaps, found.state.chi
    t = np.sqrt(2 * chi)

    def gauss(u):
        return np.exp(-u * u / 2) / np.sqrt(2 * np.pi)

    def weight(u):
        return 1.0 if u < 0 else np.exp(-x * min(u * u / (2 * chi), 1.0))

    def inner(xi):
        h, s = np.sqrt(q) * xi, np.sqrt(1 - q)
        return quad(lambda z: gauss(z) * weight(h + s * z), -9, 9, points=[-h / s, (t - h) / s], limit=200)[0]

    interaction = -quad(lambda xi: gauss(xi) * np.log(inner(xi)) / x, -8, 8, epsabs=1e-9)[0]
    stiff = chi + x * (1 - q)
    expected = (1 + (q / stiff + np.log(stiff / chi) / x) / 2) / interaction
    assert found.ratio == pytest.approx(expected, abs=1e-6)
    assert round(found.ratio, 4) == 6.7157
    for changed in (
        replace(found.state, chi=1.02 * chi),
        replace(found.state, chi=0.98 * chi),
        replace(found.state, overlaps=np.array([q + 0.005, 1.0])),
        replace(found.state, overlaps=np.array([q - 0.005, 1.0])),
        replace(found.state, steps=np.array([1.05 * x])),
        replace(found.state, steps=np.array([0.95 * x])),
    ):
        assert ratio(changed) > found.ratio + 1e-7


def test_fluctuations_are_derivatives_by_overlaps():
    """dE / dq_i = (x_i - x_(i-1)) M_i / 2, by differences."""
    seen, d = observables(STATE, FINE), 1e-4
    jumps = np.diff(STATE.steps, prepend=0.0)
    for i in range(3):
        shift = d * (np.arange(4) == i)
        up, down = (observables(replace(STATE, overlaps=STATE.overlaps + s * shift), FINE) for s in (1, -1))
        slope = (up.interaction - down.interaction) / (2 * d)
        assert slope == pytest.approx(jumps[i] * seen.fluctuations[i] / 2, rel=1e-5)


def test_potentials_are_derivatives_by_steps():
    seen, d = observables(STATE, FINE), 1e-4
    for i in range(3):
        shift = d * (np.arange(3) == i)
        up, down = (observables(replace(STATE, steps=STATE.steps + s * shift), FINE) for s in (1, -1))
        slope = (up.interaction - down.interaction) / (2 * d)
        assert slope == pytest.approx(-(seen.potentials[i + 1] - seen.potentials[i]) / STATE.steps[i], rel=1e-5)


def test_a_step_that_does_not_rise_does_not_matter():
    longer = ParisiState(np.array([0.5, 1.3, 2.0, 2.9, 6.1]), np.array([0.6, 0.6, 0.75, 0.75, 0.92, 1.0]), STATE.chi)
    assert longer.entropy == pytest.approx(STATE.entropy, rel=1e-13)
    assert observables(longer, FINE).interaction == pytest.approx(observables(STATE, FINE).interaction, rel=1e-12)


def test_probability_is_conserved_and_the_grid_does_not_matter():
    for grid in (Grid(), Grid(half_width=9.0), Grid(spacing=0.2)):
        assert ratio(STATE, grid) == pytest.approx(ratio(STATE), abs=1e-7)


def test_steps_of_replica_symmetry_breaking_lower_the_threshold():
    """1, 2 and 3 steps at their best positions."""
    found = [few_steps.solve_threshold(k) for k in (1, 2, 3)]
    assert [round(solution.ratio, 4) for solution in found] == [6.7157, 6.7004, 6.6987]
    for solution in found:
        assert np.max(np.abs(few_steps.slopes(solution))) < 1e-6
        assert solution.active_energy == pytest.approx(1, abs=1e-5)


def test_full_replica_symmetry_breaking():
    found = [solve_threshold(geometric_steps(k)) for k in (10, 15, 20)]
    ratios = [solution.ratio for solution in found]
    assert 6.6983 > ratios[0] > ratios[1] > ratios[2] > 6.6979
    assert found[-1].energy == pytest.approx(1, abs=1e-12)
    assert found[-1].active_energy == pytest.approx(1, abs=1e-4)


def test_the_published_positions_of_steps():
    rows = convergence((20, 30), intervals=((0.01, 10.0),), geometric=False, tolerance=1e-4)
    assert rows[0].ratio > rows[1].ratio > 6.698
    assert all(6.6979 < row.ratio < 6.6982 for row in rows)
    assert rows[1].to_json()["k"] == 30


def test_overlaps_rise_to_one():
    """A plateau, then 1 - q falls with a power of x between 2 and 3."""
    state = solve_threshold(geometric_steps(25)).state
    assert np.all(state.widths >= 0)
    assert state.overlaps[-1] == 1
    assert state.overlaps[0] == pytest.approx(0.721, abs=2e-3)
    ends = np.log(1 - np.interp([8, 16], state.steps, state.overlaps[:-1])) / np.log(2)
    assert -3 < ends[1] - ends[0] < -2


@pytest.mark.parametrize("m_over_n", [2.5, 10.0])
def test_energies_grow_with_every_step(m_over_n):
    symmetric = replica_symmetric.energy(m_over_n)
    one, two = (few_steps.solve_energy(m_over_n, k).energy for k in (1, 2))
    full = solve_energy(m_over_n, geometric_steps(16))
    assert symmetric < one < two < full.energy < m_over_n / 2
    assert full.active_energy == pytest.approx(full.energy, rel=1e-3)


def test_energies_and_the_threshold_agree():
    steps = uniform_steps(12)
    found = solve_threshold(steps)
    assert solve_energy(found.ratio, steps).energy == pytest.approx(1, abs=1e-6)
    assert solve_energy(6.0, steps).energy < 1 < solve_energy(6.8, steps).energy
    assert energies(1.5).full == 0
    document = found.to_json()
    assert (len(document["x"]), len(document["q"])) == (12, 13)


def test_steps_carried_over_to_others():
    state = solve_threshold(geometric_steps(12)).state
    same = refined(state, state.steps)
    assert np.allclose(same.overlaps, state.overlaps, atol=1e-12)
    finer = refined(state, geometric_steps(24))
    assert np.all(finer.widths >= 0)
    assert ratio(finer, Grid()) == pytest.approx(6.698, abs=1e-3)


@pytest.mark.parametrize(
    "question",
    [
        lambda: solve_threshold([]),
        lambda: solve_threshold([2.0, 1.0]),
        lambda: solve_threshold([0.0, 1.0]),
        lambda: solve_threshold([1.0, 30.0]),
        lambda: solve_threshold([1.0, float("nan")]),
        lambda: geometric_steps(0),
        lambda: geometric_steps(5, start=0.0),
        lambda: steps_of([[1.0]]),
        lambda: solve_energy(2.0, [1.0]),
        lambda: solve_energy(float("inf"), [1.0]),
        lambda: solve_energy(1000.0, geometric_steps(5)),
        lambda: solve_threshold(geometric_steps(5), most=2),
        lambda: few_steps.solve_threshold(0),
        lambda: few_steps.solve_threshold(5),
        lambda: few_steps.solve_energy(2.2, 2),
        lambda: energies(2.01),
        lambda: energies(-1.0),
    ],
)
def test_what_cannot_be_asked(question):
    with pytest.raises(InputError, match=r"found .* expected"):
        question()


def test_a_coarse_grid_is_refused():
    state = replace(first_state(geometric_steps(30)), chi=0.03)
    with pytest.raises(InputError, match="coarse"):
        observables(state, Grid(spacing=3.0))


@pytest.mark.slow
def test_two_hundred_steps():
    rows = convergence((30, 50, 100, 200))
    ratios = [row.ratio for row in rows]
    assert ratios == sorted(ratios, reverse=True)
    assert all(6.6979 < value < 6.6982 for value in ratios)
    assert ratios[-1] == pytest.approx(6.69805, abs=5e-6)
    published = convergence((200,), intervals=((0.01, 10.0),), geometric=False)
    assert 6.6979 < published[0].ratio < 6.6982


@pytest.mark.slow
def test_grids_and_intervals_hardly_matter():
    grids = (Grid(), Grid(half_width=8.0), Grid(spacing=0.35))
    intervals = ((1.0, 15.0), (1.0, 20.0), (0.5, 25.0))
    rows = convergence((40,), intervals=intervals, grids=grids)
    assert len(rows) == 9
    assert max(row.ratio for row in rows) - min(row.ratio for row in rows) < 2e-5
