"""Half-points: intervals cover as often as they say, and stay open where nothing is known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.gaussian import (
    FORMS,
    Brackets,
    HalfPoint,
    estimate_curve,
    estimate_probability,
    exact_half_point,
    exact_probability,
    extrapolate,
    find_half_point,
    half_point,
)
from exactinj.gaussian.critical import NEVER, median_rank

pytest.importorskip("joblib")

PLANE = [float(exact_probability(2, m)) for m in range(80)[2:]]  # p(2), p(3), ...


def drawn(size, random):
    """Critical numbers M of size sequences in the plane, from the exact distribution."""
    return 2 + np.searchsorted(PLANE, random.random(size), side="left")


@pytest.mark.parametrize(("size", "most"), [(40, 0.05), (200, 0.05)])
def test_intervals_miss_as_rarely_as_they_say(size, most):
    """2,000 times: at most one in 20, within four standard deviations of that count."""
    random, target, misses = np.random.default_rng(2), float(exact_half_point(2)), 0
    for _ in range(2000):
        critical = drawn(size, random)
        found = half_point(Brackets(2, critical - 1, critical), [7], random.random(size))
        misses += not found.low <= target <= found.high
    assert misses <= 2000 * most + 4 * np.sqrt(2000 * most * (1 - most))
    assert misses > 20  # nor is it wide for nothing


def test_the_half_point_is_where_the_broken_line_is_one_half():
    assert exact_half_point(2) == 7 + (Fraction(1, 2) - exact_probability(2, 7)) / (
        exact_probability(2, 8) - exact_probability(2, 7)
    )
    lo = np.repeat([5, 6, 7], [30, 40, 30])  # shares 0.3, 0.7, 1 at m = 6, 7, 8
    found = half_point(Brackets(2, lo, lo + 1), [6, 7, 8], np.random.default_rng(0).random(100))
    assert found.estimate == pytest.approx(6.5)
    assert [counts.injective for counts in found.points] == [30, 70, 100]


def test_wider_brackets_only_widen():
    random = np.random.default_rng(4)
    critical, shifts = drawn(300, random), random.random(300)
    sharp = half_point(Brackets(2, critical - 1, critical), [7], shifts)
    hidden = random.random(300) < 0.1
    lo, hi = np.where(hidden, 1, critical - 1), np.where(hidden, 40, critical)
    wide = half_point(Brackets(2, lo, hi), [7], shifts)
    assert wide.low <= sharp.low < sharp.high <= wide.high
    nothing = half_point(Brackets.unknown(2, 300), [7], shifts)
    assert nothing.high is nothing.estimate is None
    assert nothing.low < 2
    assert nothing.width == float("inf")


def test_few_sequences_leave_both_ends_open():
    critical = np.full(5, 7)
    found = half_point(Brackets(2, critical - 1, critical), [7], np.full(5, 0.5))
    assert (found.low, found.high) == (None, None)
    assert median_rank(5) == 0 < median_rank(6)
    with pytest.raises(xi.InputError, match="expected as many"):
        half_point(Brackets.unknown(2, 5), [7], np.full(4, 0.5))


def test_brackets_follow_verdicts():
    brackets = Brackets.unknown(3, 4).decided(9, [0, 1], [2])
    assert brackets.hi.tolist() == [9, 9, NEVER, NEVER]
    assert brackets.lo.tolist() == [2, 2, 9, 2]
    assert brackets.is_open(8).tolist() == [True, True, False, True]
    assert brackets.is_open(10).tolist() == [False, False, True, True]
    counts = brackets.counts(9)
    assert (counts.injective, counts.not_injective, counts.unknown) == (2, 1, 1)
    assert brackets.counts(12).injective == 2


def test_found_ones_hold_the_true_value(tmp_path):
    path = tmp_path / "found.jsonl"
    found = find_half_point(1, trials=100, seed=3, results_path=path)
    assert found.low < 2 < found.high
    before = path.read_bytes()
    assert find_half_point(1, trials=100, seed=3, results_path=path) == found
    assert path.read_bytes() == before
    elsewhere = find_half_point(1, trials=100, seed=3, start=4)  # another way to the same median
    assert (elsewhere.low, elsewhere.high, elsewhere.estimate) == (found.low, found.high, found.estimate)


def test_the_search_goes_no_further_than_it_has_to():
    found = find_half_point(2, trials=25, seed=1)
    assert found.low < float(exact_half_point(2)) < found.high
    shares = [counts.share for counts in found.points]
    assert shares == sorted(shares)
    assert len(shares) <= 8


def test_a_curve_is_what_single_probabilities_say():
    curve = estimate_curve(2, [8, 5, 6], trials=15, seed=2)
    assert curve == [estimate_probability(2, m, trials=15, seed=2) for m in (5, 6, 8)]
    with pytest.raises(xi.InputError, match="expected 1 <= n <= m"):
        estimate_curve(2, [])


def test_undecided_layers_open_the_interval(monkeypatch):
    from exactinj.gaussian import curve
    from exactinj.gaussian.trials import Decision
    from exactinj.work.verdict import Verdict

    def lazy(tasks, *_, **__):
        return [Decision(task, "", Verdict.TIMED_OUT) for task in tasks]

    monkeypatch.setattr(curve, "decide_all", lazy)
    monkeypatch.setattr(curve, "MOST_POINTS", 3)
    found = find_half_point(2, trials=20, start=7)
    assert found.high is found.estimate is None
    assert all(counts.unknown == 20 for counts in found.points)


@pytest.mark.parametrize("form", FORMS)
def test_extrapolation_finds_what_the_form_says(form):
    points = []
    for n in range(2, 12):
        terms = [float(term[0]) for term in FORMS[form](np.array([float(n)]))]
        value = n * (6.7 - 2.5 * terms[0])
        points.append(HalfPoint(n, value, value - 0.3, value + 0.3, ()))
    fit = extrapolate(points, form)
    assert fit.limit == pytest.approx(6.7)
    assert fit.chi_square < 1e-12
    assert fit.freedom == 10 - len(fit.coefficients)
    open_one = HalfPoint(12, 70.0, None, 71.0, ())
    assert extrapolate([*points, open_one], form) == fit


def test_extrapolation_has_the_error_of_a_straight_line():
    """Against the textbook: for equal errors s at x the intercept has s sqrt(1/N + mean^2 / sum of squares)."""
    n = np.array([2.0, 4.0, 5.0, 10.0])
    points = [HalfPoint(int(k), 5.0 * k, 5.0 * k - 0.1 * k, 5.0 * k + 0.1 * k, ()) for k in n]
    x, s = 1 / n, 0.1 / 1.959963984540054
    expected = s * np.sqrt(1 / 4 + x.mean() ** 2 / np.sum((x - x.mean()) ** 2))
    assert extrapolate(points, "1/n").standard_error == pytest.approx(expected)


def test_extrapolation_needs_enough():
    points = [HalfPoint(n, 5.0, 4.0, 6.0, ()) for n in (1, 2)]
    with pytest.raises(xi.InputError, match="expected at least 3"):
        extrapolate(points)
    with pytest.raises(xi.InputError, match="found the form 'n'"):
        extrapolate(points, "n")
