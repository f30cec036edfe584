"""Screens in float16 and TF32: within their bound for every way of summing, nothing dropped, the same estimates."""

from __future__ import annotations

import math
import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sample_blocks import DATA, exact_estimate
from test_sampling import Given

import exactinj as xi
from exactinj.sampling import sample_alpha
from exactinj.sampling.backend import NumpyBackend, backend_named
from exactinj.sampling.blocks import GivenBlock, near_unit
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.frame import Frame
from exactinj.sampling.samplers import UniformBall, UniformBox, UniformSphere
from exactinj.sampling.screens import screens_named
from exactinj.sampling.search import Search, _slack

KINDS = ["float16", "tf32"]


def cut(values, bits=24):
    """Toward zero, to so many significant bits."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.trunc(np.ldexp(mantissa, bits)), exponent - bits)


def fused(size):
    """Sums as tensor cores form them: so many products and the sum so far are aligned, cut to 24 bits, and added."""

    def product(self, points, rows):
        terms = points.astype(float)[:, None, :] * rows.astype(float)[None, :, :]
        total = np.zeros(terms.shape[:2])
        for start in range(0, terms.shape[2], size):
            group = np.concatenate([terms[..., start : start + size], total[..., None]], axis=2)
            quantum = np.ldexp(1.0, np.frexp(np.abs(group).max(axis=2, keepdims=True))[1] - 24)
            total = cut((np.trunc(group / quantum) * quantum).sum(axis=2))
        return total.astype(np.float32)

    return product


def one_by_one(self, points, rows):
    """Sums from the last to the first term, cut off."""
    total = np.zeros((len(points), len(rows)))
    for k in reversed(range(points.shape[1])):
        total = cut(total + points[:, k, None].astype(float) * rows[:, k].astype(float))
    return total.astype(np.float32)


def by_halves(self, points, rows):
    """Sums of sums of halves, rounded to nearest."""
    terms = points[:, None, :] * rows[None, :, :]
    while terms.shape[2] > 1:
        odd = terms[..., terms.shape[2] // 2 * 2 :]
        terms = np.concatenate([terms[..., 0:-1:2] + terms[..., 1::2], odd], axis=2)
    return terms[..., 0]


SUMS = {
    "float32": NumpyBackend.rounded_products,
    "fused by 4": fused(4),
    "fused by 16": fused(16),
    "cut off": one_by_one,
    "halves": by_halves,
}


def hard_vectors(kind, n, random):
    """Vectors whose roundings or sums err to one side, cancel, or lose small terms."""
    ones = 1 + 2.0**-11 + 2.0**-13 + random.uniform(0, 2.0**-14, (6, n))
    falling = np.sort(np.abs(random.standard_normal((6, n))) ** 5, axis=1)
    alternating = ones * np.where(np.arange(n) % 2, -1.0, 1.0)
    return {
        "normal": random.standard_normal((6, n)),
        "one side": ones,
        "largest first": falling[:, ::-1],
        "largest last": falling,
        "cancel": alternating,
        "far apart": ones * 2.0 ** -random.integers(0, 40, (6, n)),
        "few": ones * (np.arange(n) % 11 == 0),
    }[kind]


VECTORS = ["normal", "one side", "largest first", "largest last", "cancel", "far apart", "few"]


@pytest.mark.parametrize("how", SUMS)
def test_coefficients_are_within_their_bound(how, monkeypatch):
    """Whatever the order and the rounding of sums; rows of all lengths, one and two slices, both formats."""
    monkeypatch.setattr(NumpyBackend, "rounded_products", SUMS[how])
    for vectors in VECTORS:
        for n in (1, 7, 60):
            check_bounds(vectors, n)
    if how == "fused by 16":
        check_bounds("one side", 1100)


@pytest.mark.slow
@pytest.mark.parametrize("vectors", VECTORS)
@pytest.mark.parametrize("how", SUMS)
def test_long_coefficients_are_within_their_bound(how, vectors, monkeypatch):
    monkeypatch.setattr(NumpyBackend, "rounded_products", SUMS[how])
    for n in (300, 1000, 1100, 2600):
        check_bounds(vectors, n)


def check_bounds(vectors, n):
    """The coefficients of hard points and rows, in units of all sizes, against exact sums."""
    random = np.random.default_rng(n)
    points, rows = (hard_vectors(vectors, n, random).astype(np.float32).astype(float) for _ in range(2))
    exact = np.array([[math.fsum((x * row).tolist()) for row in rows] for x in points])  # products of 48 bits
    exponents = np.array([0, 0, -40, -900, 0, 3]) - int(np.log2(2 * n * np.abs(rows).max())) - 4
    rows, exact = np.ldexp(rows, exponents[:, None]), np.ldexp(exact, exponents)
    rows[1] *= -1
    rows[4] = 0
    exact *= [1, -1, 1, 1, 0, 1]
    backend = backend_named("numpy", "float64", 0, None)
    for size in (0, -400, 500):
        own = np.ldexp(points, size)
        reach = float(np.linalg.norm(own, axis=1).max()) * (1 + 1e-9)
        for kind in KINDS:
            for screen in screens_named(kind, rows, np.linalg.norm(rows, axis=1) * (1 + 1e-9), backend):
                look = screen.look(own, reach, near_unit(reach))
                scaled = np.ldexp(exact, size - int(np.log2(look.unit)))
                assert (np.abs(look.coefficients - scaled) <= _slack(look) + 2.0**-50 * np.abs(scaled)).all()


def test_the_bound_is_of_some_use():
    """Two slices come near float32; one slice is off by less than a thousandth of the lengths."""
    rows = np.random.default_rng(0).standard_normal((9, 200))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    backend = backend_named("numpy", "float64", 0, None)
    for kind in KINDS:
        one, two = screens_named(kind, rows, np.linalg.norm(rows, axis=1), backend)
        assert one.error(2.0**12).max() < 2.0**24 * 2.0**-9
        assert two.error(2.0**12).max() < 2.0**24 * 300 * 2.0**-22


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_rounding_to_the_formats(backend):
    source = backend_named(backend, "float32", 0, "cpu")
    values = np.random.default_rng(1).standard_normal((3, 1000)) * np.logspace(-6, 4, 1000)
    for kind in KINDS:
        found = source.numpy(source.rounded(source.single(source.doubles(values)), kind))
        small = 2.0**-25 if kind == "float16" else 0.0
        assert (np.abs(found - values) <= (2.0**-11 + 2.0**-24) * np.abs(values) + small).all()
        mantissa = np.frexp(found)[0] * 2.0**11
        assert (mantissa == np.round(mantissa)).all()


def family(name, n, random, count):
    """Rows and points, both in floats: ties, sizes far apart, nearly equal rows."""
    m = 3 * n + 2
    rows, points = random.standard_normal((m, n)), random.standard_normal((count, n))
    if name == "repeated rows":
        rows = rows[random.integers(0, n + 2, m)]
    if name == "lattice":
        rows, points = np.round(rows), np.round(1.5 * points)
    if name == "powers of two":
        rows *= 2.0 ** random.integers(-40, 41, (m, 1))
    if name == "powers of ten":
        rows *= 10.0 ** random.integers(-12, 13, (m, 1))
        points *= 10.0 ** random.integers(-12, 13, (count, 1))
    if name == "nearly equal":
        gaps = 10.0 ** random.uniform(-15, -3, (m, 1))
        rows = rows[random.integers(0, n + 2, m)] + gaps * random.standard_normal((m, n))
    if name == "antiparallel":
        rows[1::2] = -rows[: m // 2] * (1 + random.choice([0.0, 2.0**-30, 2.0**-12], (m // 2, 1)))
    if name == "zero rows":
        rows[random.random(m) < 0.4] = 0
        points[:, random.random(n) < 0.3] = 0
    if name == "on a grid of float16":
        rows, points = (np.float16(v).astype(float) for v in (rows, points))
    return rows, points


FAMILIES = [
    "normal",
    "repeated rows",
    "lattice",
    "powers of two",
    "powers of ten",
    "nearly equal",
    "antiparallel",
    "zero rows",
    "on a grid of float16",
]


def may_lower(rows, points, estimate):
    """(S,) whether float64 leaves it possible that a sample lowers an estimate.

    What a screen drops, it drops by a margin of 2^-24 of the lengths: so float64 has to be certain about it, too.
    """
    n, m = rows.shape[1], len(rows)
    products = points @ rows.T
    error = (n + 2) * 2.0**-52 * np.linalg.norm(points, axis=1)[:, None] * np.linalg.norm(rows, axis=1)
    lower, upper = products - error, products + error
    level = np.partition(lower, m - min(n, m), axis=1)[:, m - min(n, m), None]
    return ((lower < estimate) & (upper >= level)).any(axis=1)


def kept_of(name, n, kind, *, count, seed, size=4096):
    """How many samples the screens of one and two slices keep; fails if one that may lower an estimate is dropped."""
    random = np.random.default_rng(seed)
    rows, points = family(name, n, random, count + 500)
    backend = backend_named("numpy", "float64", 0, None)
    search = Search(Frame(rows, None), backend, Given(points), greedy=False, screen=kind)
    search.look_at(search.independent.given(points[:500]))
    kept = [0, 0]
    for start in range(500, count + 500, size):
        some = points[start : start + size]
        block = search.independent.given(some)
        possible = may_lower(rows, some, search.values)
        for number, look_at in enumerate(block.looks(near_unit(block.reach))[:2]):
            look = look_at(None)
            marks = backend.marks(look.coefficients, search._screen(look), search.most)
            assert not (possible & ~marks).any()
            kept[number] += int(marks.sum())
        search.look_at(block)
    return kept


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_dropped_that_counts(kind, name):
    for seed, n in enumerate((1, 2, 5, 17)):
        kept_of(name, n, kind, count=800, seed=seed)


MANY = ((1, 20_000), (2, 20_000), (3, 20_000), (8, 20_000), (30, 20_000), (100, 15_000))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_dropped_of_a_million(kind):
    """Over a million samples a format, n = 1 to 100."""
    assert len(FAMILIES) * sum(count for _, count in MANY) >= 10**6
    for name in FAMILIES:
        for seed, (n, count) in enumerate(MANY):
            kept = kept_of(name, n, kind, count=count, seed=seed)
            assert max(kept) <= count


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=1, max_size=9),
            st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=1, max_size=12),
        )
    ),
    st.sampled_from([1.0, 2.0**-60, 2.0**60, 1 + 2.0**-30]),
    st.sampled_from([1.0, 2.0**-40, 2.0**50]),
    st.sampled_from(KINDS),
    st.sampled_from(["numpy", "torch", "device"]),
)
@settings(max_examples=60, deadline=None)
def test_ties_and_lattices_are_selected_exactly(lists, tilt, size, kind, how):
    rows, points = (np.array(part, dtype=float) for part in lists)
    rows[0] *= tilt
    points *= size
    with pytest.MonkeyPatch.context() as patch:
        found = estimate_of(rows, points, kind, how, patch)
    np.testing.assert_array_equal(found.values, exact_estimate(rows, points))


def estimate_of(rows, points, kind, how, patch):
    """By numpy, by torch, or by what torch does on a device, run on the processor."""
    if how == "device":
        patch.setattr("exactinj.sampling.backend.TorchBackend.is_device", property(lambda _: True))
    backend = "numpy" if how == "numpy" else "torch"
    return sample_alpha(rows, Given(points), samples=len(points), backend=backend, device="cpu", screen=kind)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_way_gives_the_same_values_and_points(name, monkeypatch):
    """The same points through numpy, torch and the code for devices, with every screen: equal to the last bit."""
    for n in (2, 6):
        rows, points = family(name, n, np.random.default_rng(n), 400)
        plain = estimate_of(rows, points, "float32", "numpy", monkeypatch)
        for how in ("numpy", "torch", "device"):
            for kind in ("float32", *KINDS):
                with pytest.MonkeyPatch.context() as patch:
                    found = estimate_of(rows, points, kind, how, patch)
                np.testing.assert_array_equal(found.values, plain.values)
                np.testing.assert_array_equal(found.points, plain.points)


@pytest.mark.parametrize(
    "sampler",
    [UniformSphere(), UniformBall(2e-5), UniformBox(-1, 2), Smoothing(DATA, 0.25), KernelDensity(DATA)],
    ids=lambda sampler: sampler.text,
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_seed_gives_the_same_estimate_with_every_screen(dtype, sampler, monkeypatch):
    rows = np.random.default_rng(3).standard_normal((60, 24))
    for device in (False, True):
        monkeypatch.setattr("exactinj.sampling.backend.TorchBackend.is_device", property(lambda _, it=device: it))
        runs = [
            sample_alpha(rows, sampler, samples=1500, backend="torch", device="cpu", dtype=dtype, screen=screen)
            for screen in ("float32", "auto", *KINDS)
        ]
        for run in runs[1:]:
            np.testing.assert_array_equal(run.values, runs[0].values)
            np.testing.assert_array_equal(run.points, runs[0].points)
            assert {**run.to_json(), "seconds": 0} == {**runs[0].to_json(), "seconds": 0}


def test_blocks_may_be_screened_before_others_are_decided():
    """Older estimates drop less: two blocks begun before either is ended, in any order of their ends."""
    rows, points = family("lattice", 4, np.random.default_rng(8), 1200)
    for order in ((0, 1, 2), (2, 0, 1)):
        search = Search(Frame(rows, None), NumpyBackend("float64", 0), Given(points), greedy=False, screen="float16")
        begun = [search.begin(search.independent.given(part)) for part in np.split(points, 3)]
        for place in order:
            begun[place]()
        np.testing.assert_array_equal(search.values, exact_estimate(rows, points))


def test_screens_that_there_are_not():
    with pytest.raises(xi.InputError, match="expected one of auto, float16, tf32, float32"):
        sample_alpha(np.eye(3), UniformSphere(), screen="bfloat16")
    backend = backend_named("numpy", "float64", 0, None)
    assert screens_named("auto", np.eye(400), np.ones(400), backend) == ()
    assert screens_named("float16", np.ones((1, 70_000)) / 300, np.ones(1), backend) == ()


def test_screens_of_layers_of_rationals_below_the_normal_floats():
    quantum = Fraction(2) ** -1074
    rows = [[Fraction(149, 100), 0], [Fraction(51, 100), Fraction(3, 5)], [50, 50]]
    layer = xi.ReLULayer([[value * quantum for value in row] for row in rows])
    for kind in KINDS:
        estimate = sample_alpha(layer, Given([[1.0, 0.3]]), samples=1, screen=kind)
        assert np.isfinite(estimate.values).tolist() == [True, False, True]


@pytest.mark.skipif(os.environ.get("TRITON_INTERPRET") != "1", reason="interpreted where TRITON_INTERPRET=1 is set")
def test_the_pass_in_triton_marks_the_same():
    pytest.importorskip("triton", reason="Triton is not installed")
    torch = pytest.importorskip("torch")
    from exactinj.sampling.triton_marks import marks

    for seed, (name, n) in enumerate((("normal", 11), ("lattice", 3), ("zero rows", 2))):
        rows, points = family(name, n, np.random.default_rng(seed), 60)
        backend = NumpyBackend("float64", 0)
        search = Search(Frame(rows, None), backend, Given(points), greedy=False, screen="float16")
        for part in np.split(points, [20]):
            block = search.independent.given(part)
            look = block.looks(near_unit(block.reach))[0](None)
            screen = search._screen(look)
            given_ = (torch.from_numpy(np.array(v)) for v in (look.coefficients, screen.slack, screen.estimate))
            found = marks(*given_, screen.highest, search.most).numpy()
            np.testing.assert_array_equal(found, backend.marks(look.coefficients, screen, search.most))
            search.look_at(block)


def test_given_blocks_know_their_reach():
    """A reach that is known beforehand is no shorter than any point."""
    backend = backend_named("numpy", "float32", 0, None)
    for sampler in (UniformSphere(0.3), UniformBall(7.0)):
        search = Search(Frame(np.eye(5), None), backend, sampler, greedy=False)
        block = search.independent.draw(1000)
        assert isinstance(block, GivenBlock)
        assert np.linalg.norm(block.points(), axis=1).max() <= block.reach <= sampler.radius * 1.001
