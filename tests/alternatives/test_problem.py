"""Problems are immutable, and take no cut that does not hold."""

from __future__ import annotations

from fractions import Fraction

import pytest

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem


@pytest.mark.parametrize("center", [None, [Fraction(1, 3), -2]])
def test_only_cuts_that_hold_on_the_whole_ball_are_taken(center):
    """A tangent of a ball of radius 5 at (3, 4), and the same moved inwards by a little."""
    problem = HomogeneousProblem(xi.ReLULayer([[1, 0], [0, 1]], [1, 1]), xi.Ball(5, center).for_dimension(2))
    offset = sum(a * c for a, c in zip((3, 4), center or (0, 0), strict=True))
    tangent = problem.cut_row((3, 4), 25)
    assert [Fraction(value, tangent[0]) for value in tangent] == [1, Fraction(4, 3), Fraction(-25 - offset, 3)]
    longer = problem.with_cut(tangent)
    assert (longer.rows[:-1], longer.rows[-1]) == (problem.rows, tangent)
    assert problem.with_cut(None) is problem
    with pytest.raises(xi.InternalError, match="whole domain"):
        problem.with_cut(problem.cut_row((3, 4), Fraction(25) - Fraction(1, 10**30)))
