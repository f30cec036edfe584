"""Convolutions decided for every size, against the unrolled layers of many sizes and nested loops.

The dense tree engine, tested on its own against independent oracles, decides the unrolled layer at every small size
that an answer speaks of. Pairs are evaluated again by nested loops.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from fractions import Fraction
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
import pytest
from oracles.convolution import Convolution, outputs, preactivations, read, window_starts
from test_convolution import DIFFERENCES, MODES, nested, package_layer

import exactinj as xi
from exactinj.certificates.every_size import BoxesProof, GeometricPattern, PatchPair, PeriodicPair, RowCount
from exactinj.injectivity.convolution.patches import embedded
from exactinj.injectivity.convolution.periodic import tiled
from exactinj.injectivity.convolution.places import channel_domain

LARGEST = 9
"""Inputs of the unrolled layers that are decided again."""
LIMIT = 1.0
"""Seconds for one question; those that take longer say nothing."""

# ------------------------------------------------------------------ random banks


class Case(NamedTuple):
    plain: Convolution
    domain: xi.Domain
    box_limit: int


def random_case(rng):
    """A bank that is often degenerate: small integers, multiples of kernels, zero ones; geometry of all kinds."""
    shape = rng.choice([(2,), (2,), (3,), (3,), (4,), (1,), (2, 2), (2, 2), (1, 2), (3, 3)])
    groups = 2 if rng.random() < 0.1 else 1
    ins = rng.choice([1, 1, 1, 2, 3]) if prod(shape) <= 2 else 1
    columns = ins * prod(shape)
    outs = min(12, max(2, rng.choice([2 * columns, 2 * columns + 1, 2 * columns + 2, 3 * columns, rng.randint(2, 12)])))
    entry = rng.choice(
        [lambda: rng.randint(-1, 1), lambda: rng.randint(-2, 2), lambda: rng.randint(-9, 9), lambda: rng.gauss(0, 1)]
    )
    kernels = []
    while len(kernels) < outs:
        kernel = nested([ins, *shape], entry)
        kernels.append(kernel)
        if rng.random() < 0.6:
            kernels.append(scaled(kernel, rng.choice([-1, -1, -2, Fraction(-1, 2), 1, 0])))
    kernels = kernels[:outs] if groups == 1 else kernels[:outs] + kernels[:outs][::-1]
    b = None if rng.random() < 0.6 else [rng.choice([0, 0, 1, -1, Fraction(1, 2)]) for _ in kernels]
    dilation = [2 if rng.random() < 0.1 else 1 for _ in shape]
    stride = [min(rng.choice([1, 1, 2]), gap * (taps - 1) + 1) for gap, taps in zip(dilation, shape, strict=True)]
    pads = rng.choice(["none", "none", "same", "any", "any"])
    padding = [(0, 0) for _ in shape]
    if pads == "same":
        padding = [((taps - 1) // 2, taps - 1 - (taps - 1) // 2) for taps in shape]
    if pads == "any":
        padding = [(rng.randint(0, 2), rng.randint(0, 2)) for _ in shape]
    mode = rng.choice(["zeros", "zeros", *MODES[1:]])
    domain = rng.choice([xi.RealSpace()] * 3 + [xi.NonnegativeOrthant(), xi.Box(-1, 2)])
    if isinstance(domain, xi.Box) and rng.random() < 0.5:
        domain = xi.Box([-k for k in range(groups * ins)], [1] * (groups * ins))
    return Case(Convolution(kernels, b, stride, padding, dilation, groups, mode), domain, rng.choice([6, 8]))


def scaled(kernel, factor):
    return [scaled(part, factor) for part in kernel] if isinstance(kernel, list) else factor * kernel


# ------------------------------------------------------------------ what an answer has to live up to


def small_sizes(layer, least, inputs=LARGEST):
    """All grid sizes from a minimum on with few inputs."""
    axes = [range(a, max(a, inputs // layer.in_channels) + 1) for a in least]
    return [size for size in product(*axes) if layer.in_channels * prod(size) <= inputs]


def smallest_sizes(layer):
    return [axis.smallest_size for axis in layer.axes]


def everywhere(domain, channels, size):
    """The domain of a whole input: a box repeats the bounds of each channel at its places."""
    if domain.dimension is None:
        return domain
    ends = [[side[i] for i in range(channels) for _ in range(prod(size))] for side in (domain.lower, domain.upper)]
    return xi.Box(*ends)


def is_injective(layer, size, domain):
    """The unrolled layer by the tree engine; None if it takes too long."""
    where = everywhere(domain, layer.in_channels, size)
    verdict = xi.certify(layer.unrolled(size), domain=where, engine="tree", timeout=LIMIT).verdict
    return {"injective": True, "not_injective": False}.get(verdict)


def require_pair(plain, domain, size, x, y):
    """Two different inputs of the domain with the same output, by nested loops."""
    where = everywhere(domain, plain.channels, size)
    assert list(x) != list(y)
    assert where.contains(x)
    assert where.contains(y)
    assert outputs(plain, x, size) == outputs(plain, y, size)


def require_collision(proof, plain, domain, size):
    """What a proof for many sizes says about one of them, by nested loops."""
    if isinstance(proof, GeometricPattern):
        require_few_active(proof, plain, domain, size)
        return
    if isinstance(proof, RowCount):
        require_few_rows(plain, domain, size)
        return
    layer = package_layer(plain)
    if isinstance(proof, PeriodicPair):
        points = [tiled(values, proof.period, layer.in_channels, size) for values in (proof.x, proof.y)]
    else:
        assert isinstance(proof, PatchPair)
        points = embedded(proof, layer, size, channel_domain(domain, layer.in_channels).filler(layer.in_channels))
    require_pair(plain, domain, size, *points)


def require_few_rows(plain, domain, size):
    """Fewer rows than injective layers have; groups are alike in that."""
    inputs = plain.channels * prod(size)
    rows = len(outputs(plain, [Fraction(0)] * inputs, size))
    assert rows < (2 if domain == xi.RealSpace() else 1) * inputs


def require_few_active(proof, plain, domain, size):
    """An interior point at which fewer rows of a group are active than it has inputs."""
    width, members = len(plain.kernels[0]), len(plain.kernels) // plain.groups
    values = dict(zip(product(range(width), *map(range, proof.period)), proof.x, strict=True))
    x = [Fraction(0)] * (proof.group * width * prod(size))
    for i, *place in product(range(width), *map(range, size)):
        grown = values[i, *(j % q for j, q in zip(place, proof.period, strict=True))]
        for rho, j, q in zip(proof.factor, place, proof.period, strict=True):
            grown *= rho ** (j // q)
        x.append(grown)
    assert domain == xi.RealSpace() or (domain == xi.NonnegativeOrthant() and min(x[-width * prod(size) :]) > 0)
    x += [Fraction(0)] * (plain.channels * prod(size) - len(x))
    rows = preactivations(plain, x, size)
    each = len(rows) // len(plain.kernels) * members
    assert sum(value >= 0 for value in rows[proof.group * each : (proof.group + 1) * each]) < width * prod(size)


def require_cover(proof, plain, size):
    """Sub-boxes whose windows are there, one after the other as far as their known places go, cover the grid."""
    starts, taps = set(window_starts(plain, size)), list(product(*map(range, plain.kernel_size)))
    seen = set()
    boxes = list(
        product(product(*(range(n - P + 1) for n, P in zip(size, proof.box, strict=True))), product(*proof.slots))
    )
    for _ in range(sum(size)):
        for corner, slots in boxes:
            inside = set(product(*(range(p, p + P) for p, P in zip(corner, proof.box, strict=True))))
            windows = [
                tuple(map(sum, zip(corner, tau, strict=True))) for tau in product(*(slot.starts for slot in slots))
            ]
            places = {
                tuple(t + gap * u for t, gap, u in zip(start, plain.dilation, tap, strict=True))
                for start, tap in product(windows, taps)
            }
            outside = places - inside
            known = {
                place
                for place in inside
                if any(
                    j - p < slot.low or j - p >= P - slot.high
                    for j, p, P, slot in zip(place, corner, proof.box, slots, strict=True)
                )
            }
            if (
                starts.issuperset(windows)
                and all(read("zeros", place, size) is None for place in outside)
                and (not outside or plain.padding_mode == "zeros")
                and known <= seen
            ):
                seen |= inside
    assert len(seen) == prod(size)


def require_sound(case):
    """Everything that the answer for every size claims, at small sizes; returns a word about it."""
    plain, domain, box_limit = case
    layer = package_layer(plain)
    result = xi.certify(layer, domain=domain, box_limit=box_limit, timeout=LIMIT)
    if result.verdict not in ("injective", "not_injective"):
        assert result.witness is None
        assert result.certificate is None
        assert "\n" not in result.reason
        if found := re.search(r"not injective at the size (\S+) and smaller ones", result.reason):
            lost = tuple(map(int, found[1].split("x")))
            for size in small_sizes(layer, smallest_sizes(layer)):
                if all(n <= most for n, most in zip(size, lost, strict=True)):
                    assert is_injective(layer, size, domain) is not True, size
        return str(result.verdict)
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    sizes, proof = result.sizes, result.certificate.proof
    assert all(map(sizes.contains, sizes.some(2)))
    if result.verdict == "not_injective":
        channels, *size = result.witness.shape
        assert channels == plain.channels
        require_pair(plain, domain, size, result.witness.x, result.witness.y)
        for size in sizes.some(3 if len(sizes.minimum) == 1 else 2):
            require_collision(proof, plain, domain, size)
    else:
        assert isinstance(proof, BoxesProof)
        for size in sizes.some(3 if len(sizes.minimum) == 1 else 2):
            require_cover(proof, plain, size)
    for size in small_sizes(layer, sizes.minimum):
        if sizes.contains(size):
            assert is_injective(layer, size, domain) in (result.verdict == "injective", None), size
    part = "" if sizes.is_all else " at some residues"
    return f"{result.verdict}: {result.engine}{part}"


def require_one_size(case, rng):
    """With an input shape the answer is that of the unrolled layer."""
    plain, domain, box_limit = case
    layer = package_layer(plain)
    sizes = small_sizes(layer, smallest_sizes(layer))
    if not sizes:
        return "too large"
    size = rng.choice(sizes)
    expected = is_injective(layer, size, domain)
    result = xi.certify(layer, domain=domain, input_shape=(plain.channels, *size), box_limit=box_limit, timeout=LIMIT)
    if expected is None or result.verdict == "timed_out":
        return "timed out"
    assert result.verdict == ("injective" if expected else "not_injective"), size
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert result.sizes == size or result.sizes.contains(size)
    if not expected:
        assert result.witness.shape == (plain.channels, *size)
        require_pair(plain, domain, size, result.witness.x, result.witness.y)
    return str(result.verdict)


def seen_in(seeds):
    counts = Counter()
    for seed in seeds:
        rng = random.Random(seed)
        case = random_case(rng)
        try:
            counts[require_sound(case)] += 1
            counts[f"one size: {require_one_size(case, rng)}"] += 1
        except Exception as error:
            error.add_note(f"seed {seed}: {case}")
            raise
    return counts


# ------------------------------------------------------------------ the property


def test_answers_are_those_of_unrolled_layers():
    counts = seen_in(range(2, 32))
    for word in ("injective: boxes", "not_injective: patch", "not_injective: periodic", "not_injective: geometric"):
        assert counts[word], counts
    assert counts["one size: injective"] > 3
    assert counts["one size: not_injective"] > 3


@pytest.mark.slow
def test_answers_are_those_of_unrolled_layers_for_many_banks():
    assert sum(seen_in([0, 1, *range(32, 400)]).values()) > 400


# ------------------------------------------------------------------ layers whose answer is known

IDENTITY = [[[1]], [[-1]]]
HAAR = [[[1, 1]], [[-1, -1]], [[1, -1]], [[-1, 1]]]
GROWING = [[[1, 1]], [[-2, -1]], [[1, 2]], [[-1, -3]]]
SECOND = [[[1, -2, 1]], [[-1, 2, -1]]]
UNSEEN = [[[[1, 0], [0, 0]]], [[[-1, 0], [0, 0]]]]


TWO_KINDS = [
    [[1, 0], [0, 0]],
    [[0, 1], [0, 0]],
    *([[0, 0], [v, 0]] for v in (1, -1)),
    *([[0, 0], [0, v]] for v in (1, -1)),
]


MIXING = np.random.default_rng(2).integers(-9, 9, (15, 8, 3)).tolist()  # 15 kernels on 8 channels
CONFUSING = np.random.default_rng(4).integers(-9, 9, (15, 8, 3)).tolist()  # likewise, but constants collide
COUNTED = ("not_injective", "count")


def test_a_pair_that_is_too_large_is_not_computed():
    """A count that holds from 122x122 on only, where the unrolled matrix would have billions of entries."""
    kernels = np.random.default_rng(0).integers(-9, 9, (15, 8, 3, 3)).tolist()
    result = xi.certify(xi.ConvLayer(kernels, padding=3))
    assert (result.verdict, result.engine) == ("not_injective", "patch")
    assert any("from 122x122 on, where a pair is too large" in step for step in result.explanation)


def both_signs(*kernels):
    return [sign for kernel in kernels for sign in (kernel, scaled(kernel, -1))]


@pytest.mark.parametrize(
    ("kernels", "options", "verdict", "engine", "text"),
    [
        (IDENTITY, {}, "injective", "boxes", "every size N with N >= 1"),
        ([[[[1]]], [[[-2]]]], {}, "injective", "boxes", "every size N with N_1 >= 1, N_2 >= 1"),
        ([[[1]], [[2]]], {}, "not_injective", "periodic", "every size N with N >= 1"),
        ([[[0]]], {}, "not_injective", "periodic", "every size N with N >= 1"),
        ([[[0, 0, 0]]] * 8, {"padding": 1}, "not_injective", "periodic", "every size N with N >= 1"),
        ([[[0, 0]]], {"b": [1]}, "not_injective", "periodic", "every size N with N >= 2"),
        (HAAR, {}, "injective", "boxes", "every size N with N >= 2"),
        (HAAR, {"stride": 2}, "injective", "boxes", "every size N with N >= 2, N mod 2 in {0}"),
        (HAAR, {"stride": 2, "padding": [(1, 0)]}, "injective", "boxes", "every size N with N >= 3, N mod 2 in {1}"),
        (DIFFERENCES, {}, "not_injective", "periodic", "every size N with N >= 2"),
        (DIFFERENCES, {"padding": [(1, 0)]}, "injective", "boxes", "every size N with N >= 2"),
        (DIFFERENCES, {"padding": [(0, 1)]}, "injective", "boxes", "every size N with N >= 2"),
        (TWO_KINDS, {"domain": xi.Box([0, -1], [1, 1])}, "injective", "boxes", "every size N with N >= 2"),
        (TWO_KINDS, {"domain": xi.Box([-1, 0], [1, 1])}, "not_injective", "periodic", "every size N with N >= 2"),
        (HAAR, {"stride": 2, "padding": 1}, "injective", "boxes", "every size N with N >= 3"),
        (HAAR * 2, {"padding": 1, "padding_mode": "reflect"}, "injective", "boxes", "every size N with N >= 2"),
        (GROWING, {}, "not_injective", "geometric", "every size N with N >= 2"),
        (SECOND, {}, "not_injective", "periodic", "every size N with N >= 3"),
        (SECOND, {"padding": 1, "padding_mode": "circular"}, "not_injective", "periodic", "every size N with N >= 1"),
        (UNSEEN, {}, "not_injective", "patch", "every size N with N_1 >= 2, N_2 >= 2"),
        (UNSEEN, {"padding": [(0, 1), (0, 1)]}, "injective", "boxes", "every size N with N_1 >= 2, N_2 >= 2"),
        (both_signs([[1, 0], [0, 0]]), {"groups": 2}, "not_injective", "periodic", "every size N with N >= 2"),
        (IDENTITY * 2, {"groups": 2}, "injective", "boxes", "every size N with N >= 1"),
        ([[[1]], [[1]]], {"domain": xi.NonnegativeOrthant()}, "injective", "boxes", "every size N with N >= 1"),
        ([[[1]]], {"b": [1], "domain": xi.Box(-1, 1)}, "injective", "boxes", "every size N with N >= 1"),
        ([[[1]]], {"b": ["1/2"], "domain": xi.Box(-1, 1)}, "not_injective", "periodic", "every size N with N >= 1"),
        (MIXING, {"padding": 1}, "not_injective", "count", "every size N with N >= 1"),
        (CONFUSING, {"padding": 1}, "not_injective", "periodic", "every size N with N >= 1"),
        (MIXING, {"padding": 1, "b": ["1/3"] * 15}, "not_injective", "count", "every size N with N >= 1"),
        (MIXING, {"padding": 2}, "not_injective", "count", "every size N with N >= 31"),
        (MIXING, {"padding": 1, "stride": 2, "domain": xi.NonnegativeOrthant()}, *COUNTED, "every size N with N >= 16"),
        (MIXING, {"padding": 1, "stride": 2, "domain": xi.Box(0, "1e-30")}, *COUNTED, "every size N with N >= 16"),
    ],
)
def test_known_answers(kernels, options, verdict, engine, text):
    domain = options.get("domain")
    layer = xi.ConvLayer(kernels, **{name: value for name, value in options.items() if name != "domain"})
    result = xi.certify(layer, domain=domain)
    assert (result.verdict, result.engine) == (verdict, engine), result.reason
    assert result.sizes.text == text
    assert xi.check(result.certificate, layer).valid
    assert result.to_json()["sizes"]["text"] == text


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 9, 60, 61])
def test_one_size_has_its_own_answer(size):
    haar = xi.ConvLayer(HAAR, stride=2)
    result = xi.certify(haar, input_shape=(1, size))
    assert result.verdict == ("not_injective" if size % 2 else "injective")
    assert xi.check(result.certificate, haar).valid
    padded = xi.ConvLayer(HAAR, stride=2, padding=[(0, 1)])
    result = xi.certify(padded, input_shape=(size,))
    assert result.verdict == "injective"
    assert xi.check(result.certificate, padded).valid


def test_answers_at_some_residues_tell_of_the_others():
    result = xi.certify(xi.ConvLayer(HAAR, stride=2))
    assert not result.sizes.is_all
    assert "N mod 2 in {1}" in result.reason


def test_proofs_for_every_size_serve_large_ones():
    layer = xi.ConvLayer(np.random.default_rng(0).integers(-4, 5, (20, 1, 2, 2)))
    result = xi.certify(layer, input_shape=(1, 300, 301))
    assert result.verdict == "injective"
    assert isinstance(result.certificate.proof, BoxesProof)
    assert result.sizes.contains((300, 301))
    blind = xi.ConvLayer(both_signs([[1, 0, 0]]), stride=2)
    result = xi.certify(blind, input_shape=(1, 1001))
    assert result.witness.shape == (1, 1001)
    assert blind.evaluate(result.witness.x, (1001,)) == blind.evaluate(result.witness.y, (1001,))


# ------------------------------------------------------------------ pairs at many sizes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_collisions_at_every_size(shape, mode):
    """Too few kernels, or kernels that lack a direction: collisions of all kinds, realised at many sizes."""
    rng = random.Random(f"{shape} {mode}")
    rules = Counter()
    for _ in range(20):
        outs, axes = rng.randint(2, 2 * prod(shape)), range(len(shape))
        kernels = nested([outs, 1, *shape], lambda: rng.choice([-2, -1, -1, 0, 0, 1, 2]))
        stride = [rng.choice([1, 2]) for _ in axes]
        padding = [(rng.randint(0, 2), rng.randint(0, 2)) if rng.random() < 0.7 else (0, 0) for _ in axes]
        b = [rng.randint(-1, 1) for _ in range(outs)]
        plain = Convolution(kernels, b, stride, padding, [1] * len(shape), 1, mode)
        layer = package_layer(plain)
        domain = rng.choice([xi.RealSpace(), xi.NonnegativeOrthant(), xi.Box("-1/2", 2)])
        result = xi.certify(layer, domain=domain, box_limit=1, timeout=1)
        if result.verdict == "not_injective":
            proof = result.certificate.proof
            for size in result.sizes.some(6 if len(shape) == 1 else 2):
                require_collision(proof, plain, domain, size)
            rules[result.engine] += 1
            rules.update(getattr(proof, "anchor", ()))
    assert rules["periodic"]
    assert rules["patch"]


# ------------------------------------------------------------------ questions that cannot be answered


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (1,)}, "size 1 along axis 1"),
        ({"input_shape": (2, 5)}, "2 channels, expected 1"),
        ({"input_shape": ()}, "0 numbers"),
        ({"input_shape": (1, "5")}, "'5'"),
        ({"box_limit": 0}, "box limit 0"),
        ({"timeout": 0}, "timeout of 0"),
        ({"engine": "guess"}, "'guess'"),
        ({"blocks": [[0]]}, "blocks for a convolution"),
        ({"domain": xi.Ball(1)}, "ball:1"),
        ({"domain": xi.NonnegativeBall(1)}, "nonneg-ball:1"),
        ({"domain": xi.Sphere(1)}, "sphere:1"),
        ({"domain": xi.Box([0, 0], [1, 1])}, "box"),
        ({"domain": xi.Polytope([[1], [-1]], [1, 1])}, "polytope"),
    ],
)
def test_bad_questions(options, message):
    with pytest.raises(xi.InputError, match=message) as caught:
        xi.certify(xi.ConvLayer(HAAR), **options)
    assert "\n" not in str(caught.value)


def test_an_input_shape_is_for_convolutions():
    with pytest.raises(xi.InputError, match="dense layer"):
        xi.certify(xi.ReLULayer([[1], [-1]]), input_shape=(1,))


HARD = {
    "long": ((20, 1, 9), {}),
    "square": ((24, 1, 3, 3), {}),
    "channels": ((40, 3, 3, 3), {"stride": 2, "padding": 1}),
    "cube": ((40, 1, 2, 2, 3), {}),
    "groups": ((40, 5, 3), {"groups": 4, "padding": 1}),
    "like a real one": ((64, 3, 7, 7), {"stride": 2, "padding": 3}),
}


@pytest.mark.parametrize("name", HARD)
def test_out_of_time_is_an_answer(name):
    shape, options = HARD[name]
    layer = xi.ConvLayer(np.random.default_rng(0).standard_normal(shape), **options)
    for extra in ({}, {"input_shape": [9] * (len(shape) - 2)}):
        result = xi.certify(layer, timeout=0.2, box_limit=30, **extra)
        if result.verdict == "timed_out":
            assert result.certificate is None
            assert result.reason.startswith("out of time; ")
        assert result.to_json()["verdict"] == result.verdict
        assert "\n" not in result.reason


def test_engines_that_prove_one_thing_only():
    result = xi.certify(xi.ConvLayer(HAAR), engine="finder", box_limit=4)
    assert result.verdict == "unknown"
    assert "engine that proves injectivity" in result.reason
