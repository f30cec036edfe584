"""Points that descents propose: inside the domain, and with as many active rows as they say, in rationals."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.bounded import is_bounded_collision
from plain_domains import plain

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.casebook import dense_cases
from exactinj.injectivity.descent import Batch, spaces_of
from exactinj.injectivity.finder import FinderEngine
from exactinj.work.clock import Clock, OutOfTimeError

DOMAINS = [
    "R^n",
    "nonneg",
    "box:0,1",
    "box:-1e-30,1e-30",
    "box:1e6,1e7",
    "ball:1",
    "ball:1e-9:5,0,0,0,0,0",
    "nonneg-ball:3",
]
WEDGE = xi.Polytope([[1, 1, 0, 0, 0, 0], [-1, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, -1]], [1, 1, 1])


def rows_active_at(W, b, x):
    """How many rows are active at a rational point, by plain arithmetic."""
    return sum(sum(w * v for w, v in zip(row, x, strict=True)) + c >= 0 for row, c in zip(W, b, strict=True))


@pytest.mark.parametrize("bias", [0, 1])
@pytest.mark.parametrize("domain", [*DOMAINS, WEDGE], ids=str)
def test_proposed_points_are_what_they_seem(domain, bias):
    domain = xi.parse_domain(domain) if isinstance(domain, str) else domain
    rng = np.random.default_rng(bias)
    layer = xi.ReLULayer(rng.integers(-9, 10, (20, 6)).tolist(), (bias * rng.integers(-4, 5, 20)).tolist())
    W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    problem = HomogeneousProblem(layer, domain)
    halfspaces, ball = plain(domain, 6)
    for space in spaces_of(problem):
        batch = Batch(space, 0)
        first = batch.run(4, 100, Clock())
        assert first
        for found in [*first, *batch.again(first[0], 3, 60, Clock())]:
            x = problem.point_from(space.exact(found.y))
            assert all(sum(d * v for d, v in zip(row[:-1], x, strict=True)) + row[-1] < 0 for row in halfspaces)
            if ball is not None and problem.is_affine:  # without bias, points are scaled into balls later
                assert sum((v - c) ** 2 for v, c in zip(x, ball[0], strict=True)) < ball[1] ** 2
            assert rows_active_at(W, b, x) == found.active


def test_descents_repeat_and_stop_in_time():
    problem = HomogeneousProblem(xi.ReLULayer(np.random.default_rng(0).standard_normal((60, 12))), xi.RealSpace())
    runs = [[found.y.tolist() for found in Batch(spaces_of(problem)[0], 5).run(4, 50, Clock())] for _ in range(2)]
    assert runs[0] == runs[1]
    with pytest.raises(OutOfTimeError):
        Batch(spaces_of(problem)[0], 5).run(4, 50, Clock(0))


@pytest.mark.parametrize("text", ["box:0,1", "box:-1,1", "nonneg"])
def test_a_trained_layer_where_its_inputs_are(text):
    layer, domain = next(case.layer for case in dense_cases() if case.name == "digits-m128"), xi.parse_domain(text)
    result = xi.certify(layer, domain=domain, engine="finder")
    assert result.verdict == "not_injective"
    assert xi.check(result.certificate, layer).valid
    W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    assert is_bounded_collision(W, b, *plain(domain, 64), result.witness.x, result.witness.y)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "text"), [(160, "box:0,1"), (192, "R^n"), (192, "nonneg"), (256, "R^n"), (256, "ball:1")]
)
def test_wider_trained_layers(units, text):
    datasets, networks = pytest.importorskip("sklearn.datasets"), pytest.importorskip("sklearn.neural_network")
    inputs, kinds = datasets.load_digits(return_X_y=True)
    model = networks.MLPClassifier(hidden_layer_sizes=(units,), max_iter=2000, random_state=0).fit(inputs / 16, kinds)
    layer = xi.ReLULayer(model.coefs_[0].T.astype(np.float32), model.intercepts_[0].astype(np.float32))
    result = xi.certify(layer, domain=text, engine="finder")
    assert result.verdict == "not_injective"
    assert xi.check(result.certificate, layer).valid


def test_most_collisions_of_small_layers_are_found():
    """Of 10 layers with n = 7, m = 33, sign-split says which collide; the finder misses few, and is never wrong."""
    missed = 0
    for seed in range(10):
        problem = HomogeneousProblem(xi.ReLULayer(np.random.default_rng(seed).standard_normal((33, 7))), xi.RealSpace())
        collides = xi.certify(problem.layer, engine="sign-split").verdict == "not_injective"
        found = FinderEngine(starts=12).decide(problem, Clock()).verdict == "not_injective"
        assert collides or not found
        missed += collides and not found
    assert missed <= 1
