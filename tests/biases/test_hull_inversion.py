"""Inversion by facets beside the general exact inversion, and beside inputs that are known."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

import exactinj as xi
from exactinj.work.clock import Clock

F = Fraction
CUBE = [[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]


def omnidirectional(rng, n, extra):
    """A random basis, minus the sum of its rows, and some rows more: 0 is inside their hull."""
    rows = [[3 * int(i == j) + rng.randint(-1, 1) for j in range(n)] for i in range(n)]
    rows.append([-sum(column) for column in zip(*rows, strict=True)])
    for _ in range(extra):
        row = [rng.randint(-3, 3) for _ in range(n)]
        rows.append(row if any(row) else [1] * n)
    return rows


def random_output(rng, layer, domain):
    """An output of a point inside or outside the domain, often one with zeros, perhaps with one number changed."""
    x = [F(rng.randint(-6, 6), rng.choice([2, 3, 5, 10])) for _ in range(layer.n)]
    if rng.random() < 0.3:
        x = [value * F(1, 4) for value in x]
    output = layer.evaluate(x)
    if rng.random() < 0.3:
        i = rng.randrange(layer.m)
        output[i] = max(output[i] + rng.choice([F(-1), F(1, 7), F(1, 10**18)]), F(0))
    if rng.random() < 0.2:
        output = [value if rng.random() < 0.3 else F(0) for value in output]
    return x, output


@pytest.mark.parametrize("n", [1, 2, 3])
def test_facets_and_general_inversion_agree_on_balls(n):
    rng = Random(n)
    statuses = []
    for _ in range(14):
        rows = omnidirectional(rng, n, rng.randint(0, 4))
        domain = rng.choice([xi.Ball(1), xi.Ball("3/2"), xi.NonnegativeBall(1)])
        bias = xi.hull_bias(rows, domain=domain)
        layer = bias.layer_with_bias()
        for _ in range(6):
            _, output = random_output(rng, layer, domain)
            facets, general = bias.invert(output), xi.invert(layer, output, domain=domain)
            assert (facets.status, facets.x, facets.dimension) == (general.status, general.x, general.dimension)
            assert facets.farkas == general.farkas
            assert (facets.farkas is None) == (facets.status == "unique")
            statuses.append(facets.status)
    assert min(statuses.count("unique"), statuses.count("none")) >= 10


def test_a_smaller_bias():
    bias = xi.hull_bias(CUBE, domain=xi.Ball(2))
    alpha = [value - F(k, 3) for k, value in enumerate(bias.floor_alpha())]
    x = (F(1, 3), F(-5, 7), F(1))
    layer = xi.ReLULayer(CUBE, alpha=alpha)
    found = bias.invert(layer.evaluate(x), alpha)
    assert (found.status, found.x, found.domain) == ("unique", x, xi.Ball(2))
    assert bias.invert(layer.evaluate([2, 1, 0]), alpha).status == "none"
    with pytest.raises(xi.InputError, match="alpha_2"):
        bias.invert([0] * 8, [-9, -9, 0, -9, -9, -9, -9, -9])


def test_the_two_points_of_a_sphere_on_a_line():
    bias = xi.hull_bias([[1], [-1]], domain=xi.Sphere(1))
    assert bias.floor_alpha() == (1, 1)
    both = bias.invert([0, 0])
    assert (both.status, both.dimension, {both.x, both.second}) == ("many", 0, {(1,), (-1,)})
    nowhere = bias.invert([1, 0])  # has the input 2, outside the ball as well
    assert (nowhere.status, nowhere.x) == ("none", None)
    assert nowhere.farkas is not None


def test_none_on_a_sphere_though_its_ball_has_inputs():
    bias = xi.hull_bias([[1, 0], [0, 1], [-1, 0], [0, -1]], domain=xi.Sphere(1))
    assert bias.floor_alpha() == (0, 0, 0, 0)
    inside = bias.invert([F(1, 2), 0, 0, 0])
    assert (inside.status, inside.farkas) == ("none", None)
    assert xi.invert(bias.layer_with_bias(), [F(1, 2), 0, 0, 0], domain="ball:1").status == "unique"
    found = bias.invert([F(3, 5), 0, 0, F(4, 5)])
    assert (found.status, found.x) == ("unique", (F(3, 5), F(-4, 5)))
    assert bias.invert([1, 0, 0, 0]).x == (1, 0)


@pytest.mark.parametrize("word", ["sphere:1", "shell:1/2,1"])
def test_all_inputs_on_spheres_and_shells(word):
    """Every rational point of a grid that has the output is among the inputs that are counted."""
    rng = Random(word)
    legs = [(F(a, 5), F(b, 5)) for a, b in ((3, 4), (4, 3), (0, 5), (5, 0))]
    circle = sorted({(s * a, t * b) for a, b in legs for s in (1, -1) for t in (1, -1)})
    points = circle + [(a * F(4, 5), b * F(4, 5)) for a, b in circle] * word.startswith("shell")
    counts = []
    for _ in range(12):
        bias = xi.hull_bias(omnidirectional(rng, 2, rng.randint(0, 2)), domain=word)
        layer = bias.layer_with_bias()
        for x in points[::3]:
            output = layer.evaluate(x)
            same = {y for y in points if layer.evaluate(y) == output}
            found = bias.invert(output)
            counts.append(found.status)
            for y in {found.x, found.second} - {None}:
                assert layer.evaluate(y) == output
                assert bias.domain.contains(y)
            if found.status == "unique":
                assert {found.x} == same == {x}
            else:
                assert found.status == "many"
                assert found.x != found.second
    assert "unique" in counts


def test_invert_takes_the_bias():
    bias = xi.hull_bias(CUBE, domain="ball:1")
    x = (F(1, 2), F(1, 3), F(-1, 5))
    output = bias.layer_with_bias().evaluate(x)
    assert xi.invert(bias, output).x == x
    several = xi.invert(bias, [output, [0] * 8])
    assert [one.status for one in several] == ["unique", "none"]
    assert several[0].to_json()["x"] == ["1/2", "1/3", "-1/5"]
    assert several[1].farkas is not None
    for options in ({"domain": "ball:1"}, {"input_shape": (3,)}, {"noisy": True}):
        with pytest.raises(xi.InputError, match="for a HullBias, expected none"):
            xi.invert(bias, output, **options)
    with pytest.raises(xi.InputError, match="noisy only"):
        xi.invert(bias, output, kappa=1)
    with pytest.raises(xi.InputError, match="entry 0: found -1"):
        bias.invert([-1] + [0] * 7)
    with pytest.raises(xi.InputError, match="7 entries"):
        bias.invert([0] * 7)
    assert xi.invert(bias, output, timeout=1e-9).status == "timed_out"
    over = Clock(1e-9)
    assert bias.invert(output, clock=over).status == "timed_out"
