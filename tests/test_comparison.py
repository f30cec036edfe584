"""Biases against the exact decision on the ball: what alpha* and the hull promise, the decider has to confirm."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.casebook import find_case

STEP = Fraction(1, 10**9)


def random_frame(seed, n, m):
    """Integer rows in general position, of different lengths."""
    rng = random.Random(seed)
    return xi.ReLULayer([[rng.randint(-40, 40) for _ in range(n)] for _ in range(m)])


def with_bias(layer, alpha):
    return xi.ReLULayer(layer.W.fractions(), alpha=list(alpha))


SIZES = [(1, 3), (2, 4), (2, 5), (2, 9), (3, 5), (3, 7), (3, 12), (4, 10)]
FRAMES = [(seed, *size) for seed, size in enumerate(SIZES)]


@pytest.mark.parametrize(("seed", "n", "m"), FRAMES)
@pytest.mark.parametrize("domain", [xi.Ball("1/3"), xi.NonnegativeBall(5)])
def test_alpha_star_less_a_step_is_rectifying(seed, n, m, domain):
    layer = random_frame(seed, n, m)
    alpha = xi.alpha_star(layer, domain=domain)
    result = xi.certify(with_bias(layer, [value - STEP for value in alpha.floor()]), domain=domain)
    assert result.verdict == "injective"
    assert xi.check(result.certificate).valid


@pytest.mark.parametrize(("seed", "n", "m"), FRAMES)
def test_beyond_every_choice_at_a_minimiser_there_is_a_collision(seed, n, m):
    """Let x attain alpha*_j. With all rows but those above j raised past x, fewer than n rows are active at x.

    So whatever rectifying bias is chosen, it is at most <x, w_i> in some row i that is not above j.
    """
    layer, ball = random_frame(seed, n, m), xi.Ball(2)
    alpha = xi.alpha_star(layer, domain=ball)
    floor = alpha.floor()
    for entry in alpha.values:
        x = point_on_ball(entry.point, ball.radius)
        values = layer.W.fractions()
        at_x = [sum(a * c for a, c in zip(row, x, strict=True)) for row in values]
        raised = [floor[i] if i in entry.above else at_x[i] + STEP for i in range(m)]
        result = xi.certify(with_bias(layer, raised), domain=ball)
        assert result.verdict == "not_injective"
        assert ball.contains(result.witness.x)
        assert ball.contains(result.witness.y)


def point_on_ball(direction, radius):
    """A rational point in the direction, inside the ball and within 1e-20 of its rim; 0 for no direction."""
    square = sum(value * value for value in direction)
    if not square:
        return list(direction)
    length = xi.Surd(1, square)
    return [value * radius / (length.floor(80) * (1 + Fraction(1, 10**22))) for value in direction]


@pytest.mark.parametrize(("seed", "n", "m"), [frame for frame in FRAMES if frame[2] >= 2 * frame[1]])
def test_the_hull_bias_is_rectifying(seed, n, m):
    layer = random_frame(seed, n, m)
    for domain in (xi.Ball("1/3"), xi.Ball(5), xi.NonnegativeBall(1)):
        try:
            hull = xi.hull_bias(layer, domain=domain)
        except xi.InputError as error:
            assert "halfspace" in str(error)  # noqa: PT017
            return
        result = xi.certify(with_bias(layer, hull.floor_alpha()), domain=domain)
        assert result.verdict == "injective"


def test_neither_bias_is_above_the_other():
    case = find_case("iris-m8")
    outcome = xi.compare(case.layer)
    assert {row for row in range(8) if outcome.largest(row) == ("hull",)} == {5, 7}
    assert not outcome.is_below("exact", "hull")
    assert not outcome.is_below("hull", "exact")
    verdicts = {name: str(result.verdict) for name, result in outcome.results.items()}
    assert verdicts == {"exact": "injective", "hull": "injective", "layer": "not_injective"}


def test_alpha_star_is_not_the_only_maximal_bias():
    layer = find_case("not-the-only-maximum-line").layer
    outcome = xi.compare(layer)
    assert outcome.largest(0) == ("layer",)
    assert not outcome.is_below("layer", "exact")
    assert outcome.results["layer"].verdict == "injective"
    plane = find_case("not-the-only-maximum-plane").layer
    first, second = [0, 3, 0, 0, 0], [3, 0, 0, 0, 0]
    for alpha, expected in ((first, "injective"), (second, "injective"), ([3, 3, 0, 0, 0], "not_injective")):
        assert xi.certify(with_bias(plane, alpha), domain=xi.Ball(1)).verdict == expected


def test_what_does_not_apply_is_said():
    outcome = xi.compare(xi.ReLULayer([[1, 0], [0, 1], [1, 1]]), domain=xi.Sphere(1))
    assert outcome.hull is None
    assert "halfspace" in outcome.notes[0]
    assert not outcome.results
    with pytest.raises(xi.InputError, match="timeout"):
        xi.compare(xi.ReLULayer([[1]]), timeout=0)


# ---------------------------------------------------------------- the command line


@pytest.fixture
def octahedron(tmp_path):
    W = np.vstack([np.eye(3), -np.eye(3)])
    np.savez(tmp_path / "octahedron.npz", W=W)
    return "octahedron.npz"


def test_a_comparison_that_knows_nothing_yet_can_be_described():
    """The hull may run out of its half of the time before alpha* has begun."""
    from exactinj.biases.alpha.result import AlphaStar, AlphaStatistics
    from exactinj.cli.compare import _describe
    from exactinj.comparison import Comparison

    layer, ball = xi.ReLULayer(np.eye(2)), xi.Ball(1)
    empty = Comparison(layer, AlphaStar(layer, ball, (None, None), AlphaStatistics()), None, {}, {}, ("too slow",))
    assert empty.largest(0) == ()
    assert _describe("w.npy", empty).splitlines() == [
        "w.npy: biases alpha of ReLU(Wx - alpha) on ball:1, m = 2, n = 2",
        "note: too slow",
    ]


def test_alpha_prints_the_contract(run_command, octahedron):
    done = run_command("alpha", octahedron, "--domain", "sphere:1", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["alpha"] == [{"sign": 0, "square": "0", "float": 0.0}] * 6
    assert (document["method"], document["domain"], document["complete"]) == ("exact", "sphere:1", True)
    hull = json.loads(run_command("alpha", octahedron, "--method", "hull", "--domain", "shell:1/2,1", "--json").stdout)
    assert hull["alpha"] == document["alpha"]
    assert len(hull["facets"]) == 8


def test_alpha_writes_a_certificate_that_checks(run_command, octahedron):
    done = run_command("alpha", octahedron, "--domain", "ball:1/3", "--out", "proof.json.gz")
    assert done.returncode == 0
    assert "exactinj check proof.json.gz octahedron.npz" in done.stdout
    assert run_command("check", "proof.json.gz", octahedron).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--domain", "box:0,1"], "expected a ball"),
        (["--domain", "ball:1:1,0,0"], "expected a ball"),
        (["--domain", "ball:0"], "positive"),
        (["--domain", "shell:0,1"], "expected a ball"),
        (["--method", "hull", "--out", "a.json"], "no certificate"),
        (["--out", "a.txt"], "expected one that ends in"),
    ],
)
def test_alpha_refuses_in_one_line(run_command, octahedron, arguments, words):
    done = run_command("alpha", octahedron, *arguments)
    assert done.returncode == 3
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_alpha_keeps_its_time(run_command, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "large.npy", rng.standard_normal((60, 9)))
    done = run_command("alpha", "large.npy", "--timeout", "2", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 12
    assert not document["complete"]


def test_compare_in_words_and_in_json(run_command, octahedron):
    done = run_command("compare", octahedron, "--domain", "ball:2")
    assert done.returncode == 0
    assert "alpha*: rectifying, the layer is injective" in done.stdout
    document = json.loads(run_command("compare", octahedron, "--json").stdout)
    assert document["verdicts"] == {"exact": "injective", "hull": "injective"}
    assert document["largest"] == [["exact", "hull"]] * 6


def test_certify_on_a_ball(run_command, tmp_path):
    (tmp_path / "one.json").write_text('{"W": [["1"]], "b": ["1"]}')
    assert run_command("certify", "one.json", "--domain", "ball:1", "--out", "c.json").returncode == 0
    assert run_command("check", "c.json", "one.json").returncode == 0
    assert run_command("certify", "one.json", "--domain", "ball:1.001", "--quiet").returncode == 10
    assert run_command("certify", "one.json", "--domain", "sphere:1").returncode == 3
