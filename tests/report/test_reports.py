"""From results of every kind to pages: what they say, what they claim, and that they are valid and self-contained."""

from __future__ import annotations

import hashlib
import math
import re
from fractions import Fraction
from html import unescape

import numpy as np
import pytest
from html_pages import read_page, text_of

import exactinj as xi
from exactinj.errors import InputError
from exactinj.exact.short import rounded_out
from exactinj.exact.surd import root_above, root_below
from exactinj.report.answer_page import answer_page
from exactinj.report.ticks import round_numbers
from exactinj.reporting.decisions import decision_content
from exactinj.reporting.evidence import Setting, Subject
from exactinj.reporting.maps import wedge_map
from exactinj.reporting.words import domain_words
from exactinj.sweep import SweepPlan, read_results, run_sweep
from exactinj.work.verdict import Verdict

HEXAGON = [[2, 0], [1, 2], [-1, 2], [-2, 0], [-1, -2], [1, -2]]
SPLIT = [[1, 0], [0, 1], [-1, -1]]
CUBE = [[x, y, z] for x in (1, -1) for y in (2, -2) for z in (3, -3)]


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """Write a report; its text, after everything that holds for every page was looked at."""
    folder = tmp_path_factory.mktemp("pages")

    def written(result, **options):
        xi.write_report(result, folder / "page.html", **options)
        page = (folder / "page.html").read_text(encoding="utf-8")
        read_page(page)
        return page

    return written


# ------------------------------------------------------------------ decisions


def test_an_injective_layer(page_of):
    page = page_of(xi.certify(HEXAGON))
    text = text_of(page)
    assert "✓ injective" in text
    assert "any two different ones get different outputs" in text
    assert "Map of the plane on R^n: 6 rows cut it into 6 regions; in all of them the active rows span" in page
    assert "it was not kept" in text


def test_a_collision_with_its_exact_numbers(page_of):
    result = xi.certify(SPLIT)
    page = page_of(result)
    text = text_of(page)
    assert "✗ not injective" in text
    assert "nobody can tell which of the two went in" in text
    for value in (*result.witness.x, *result.witness.y):
        assert f"<td>{value}</td>" in page
    assert "in 3 of them the active rows do not span (hatched)" in page
    assert {"hatch-1", "hatch-2", "hatch-3"} <= {attrs.get("id") for attrs in read_page(page).all("pattern")}


def test_space_is_seen_as_a_map_of_directions(page_of):
    page = page_of(xi.certify(CUBE))
    assert "Map of the sphere of directions" in page
    assert page.count("<title>active rows") == xi.count_wedges(xi.ReLULayer(CUBE))


@pytest.mark.parametrize("domain", ["R^n", "nonneg", "ball:1", "ball:1:1/2,1/2", "nonneg-ball:2", "box:-1,1"])
def test_the_map_hatches_what_decides(domain):
    """An oracle: a layer is injective exactly if no region that meets the interior of the domain is hatched."""
    for bias in (None, ["1/2", "-1/3", "1/4", 0, 1, "1/5"], ["2", "2", "2", "2", "2", "2"]):
        result = xi.certify(xi.ReLULayer(HEXAGON, b=bias), domain=domain)
        drawing = wedge_map(result.layer, result.domain, result.witness)
        assert (result.verdict is Verdict.INJECTIVE) == all(cell.lacking == 0 for cell in drawing.cells)


def test_regions_fill_the_window_once():
    drawing = wedge_map(xi.ReLULayer(HEXAGON, b=[1, 0, 2, 0, 1, 1]), xi.RealSpace(), None)
    left, right, bottom, top = drawing.window
    areas = []
    for cell in drawing.cells:
        x, y = np.array(cell.curves[0]).T
        areas.append(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
    assert sum(areas) == pytest.approx((right - left) * (top - bottom))


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.TIMED_OUT])
def test_what_is_open_claims_nothing(page_of, verdict):
    class Silent(xi.Engine):
        name = "silent"

        def decide(self, problem, clock):
            return xi.Answer(verdict, "nothing was tried")

    text = text_of(page_of(xi.certify(np.ones((3, 5)).tolist(), engine=Silent())))
    assert "This says nothing about the layer" in text
    assert "There is no certificate" in text
    assert "the verdict no verdict" in text
    assert "proved in exact" not in text


def test_an_assumption_is_said_where_the_claim_is(page_of):
    rows = np.random.default_rng(0).standard_normal((90, 4))
    result = xi.certify(rows, engine="packing", assume="full spark")
    assert result.assumption == "full spark"
    text = text_of(page_of(result))
    assert "provided that the layer is full spark. That was assumed, not proved" in text
    assert "the verdict proved in exact arithmetic, if full spark" in text


@pytest.mark.parametrize(("kernels", "marks"), [([[[1, -1]], [[-1, 1]]], "<svg"), (np.ones((1, 2, 3, 3)), "<img")])
def test_convolutions_show_signals_and_images(page_of, kernels, marks):
    result = xi.certify(xi.ConvLayer(kernels))
    page = page_of(result)
    assert result.verdict is Verdict.NOT_INJECTIVE
    assert "get exactly the same output" in page
    assert marks in page[page.index('class="panels"') :]


def test_blocks_and_networks_have_pages(page_of):
    block = page_of(xi.certify(xi.ResidualBlock([[1, 0]], [["1/2"], [0]])))
    network = page_of(xi.certify(xi.DenseNetwork([([[1], [-1]], None, "relu"), ([[1, 1]], [-1], "relu")])))
    assert "hidden units" in block
    assert "a network 1 -&gt; 2" in network


# ------------------------------------------------------------------ evidence


def test_the_certificate_is_named_with_its_digest_and_every_checker(page_of, tmp_path):
    result = xi.certify(SPLIT)
    file = tmp_path / "a proof#1.json"
    result.certificate.write(file)
    page = page_of(result, certificate=file, layer_file="my layer.npz")
    text = unescape(text_of(page))
    assert hashlib.sha256(file.read_bytes()).hexdigest() in text
    assert f"exactinj check '{file}' 'my layer.npz'" in text
    assert f"python -I checker.py '{file}' 'my layer.npz'" in text
    assert f"exactinj check --fast '{file}'" in text
    assert f"exactinj check --proved '{file}'" in text
    (link,) = [attrs["href"] for attrs in read_page(page).all("a")]
    assert "a%20proof%231.json" in link
    with pytest.raises(InputError, match="certificate cannot be read"):
        page_of(result, certificate=tmp_path / "nosuch.json")


def test_rules_without_a_proof_are_not_sent_to_the_proved_checker(page_of, tmp_path):
    result = xi.certify(xi.ConvLayer([[[1, -1]], [[-1, 1]]]))
    result.certificate.write(tmp_path / "c.json")
    text = text_of(page_of(result, certificate=tmp_path / "c.json"))
    assert "--proved" not in text
    assert "proved correct in Coq has no rule for this certificate" in text


def test_kernel_files_that_leave_something_out_are_not_named():
    subject = Subject("k.npy", "k.npy", is_whole=False)
    assert (subject.arguments, subject.plain_file) == ("", "")
    subject = Subject("x", "casebook:cube")
    assert (subject.arguments, subject.plain_file) == (" casebook:cube", "")
    assert Subject("x", "-rows.json", "json").arguments == " -rows.json --format json"


# ------------------------------------------------------------------ biases, stability, sweeps


def test_exact_biases_with_estimates_beside_them(page_of):
    layer = xi.ReLULayer(CUBE)
    alpha = xi.alpha_star(layer, domain="sphere:1")
    page = page_of(alpha, estimate=xi.sample_alpha(layer, domain="sphere:1", samples=200))
    text = text_of(page)
    assert "✓ exact" in text
    assert "estimates from samples: never below the exact value" in text
    assert page.count('class="ring"') == layer.m + 1  # one in the legend
    assert all(str(value) in text for value in alpha.alpha)
    plain = page_of(alpha)
    assert 'class="ring"' not in plain


def test_the_disc_under_exact_biases_spans(page_of):
    assert "in all of them the active rows span" in page_of(xi.alpha_star(HEXAGON))
    assert "The convex-hull bias has no certificate" in page_of(xi.hull_bias(HEXAGON))


def test_rows_that_ran_out_of_time(page_of):
    alpha = xi.alpha_star(np.random.default_rng(0).standard_normal((40, 12)), timeout=1e-3)
    text = text_of(page_of(alpha))
    assert not alpha.complete
    assert "… out of time" in text
    assert "Nothing is claimed about rows without a value" in text
    assert "it needs the values of all rows" in text
    assert "proved by the certificate" not in text


def test_enclosures_are_rounded_outwards(page_of):
    found = xi.stability([*HEXAGON, [1, 1], [-1, 1]])
    text = text_of(page_of(found))
    top = found.upper_lipschitz_squared
    low, high = rounded_out(root_below(top.at_least)), rounded_out(root_above(top.at_most), up=True)
    assert Fraction(low) ** 2 <= top.at_least <= top.at_most <= Fraction(high) ** 2
    assert f"the upper one between {low} and {high}" in text or f"the upper one {low}" in text
    assert "✓ enclosed" in text


def test_collapsing_distances_are_no_green_box(page_of):
    text = text_of(page_of(xi.stability(SPLIT)))
    assert "✗ distances collapse" in text
    assert "the lower Lipschitz constant is 0" in text


def test_values_over_data_are_estimates(page_of):
    points = np.random.default_rng(0).standard_normal((50, 2)).tolist()
    data = xi.stability_on_data(HEXAGON, points)
    for page in (page_of(data), page_of(xi.stability(HEXAGON), data=data)):
        text = text_of(page)
        assert "singular value (estimate)" in text
        assert "estimates: floats, at a sample of points" in text


def test_sweeps(page_of, tmp_path):
    plan = SweepPlan(((2, 4), (2, 8), (3, 8)), trials=2, samples=50)
    run_sweep(plan, tmp_path / "r.jsonl")
    results = read_results(tmp_path / "r.jsonl")
    page = page_of(results, layer_file=tmp_path / "r.jsonl")
    text = text_of(page)
    assert "# counted — 6 layers in 3 cells (n, m); decided exactly 6" in text
    assert "mean p_H (estimate)" in text
    assert page.count('class="level tile"') == 3 + 2  # two in the legend
    sweep = page_of(results[:1])
    assert "1 layers in 1 cells" in text_of(sweep)


# ------------------------------------------------------------------ the function, words


@pytest.mark.parametrize("result", [None, [], [1], "text", 3])
def test_other_objects_have_no_report(page_of, result):
    with pytest.raises(InputError, match="there is no report of others"):
        page_of(result)


@pytest.mark.parametrize("name", ["page.txt", "page", "nosuch/page.html"])
def test_bad_places_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"\.html|cannot write"):
        xi.write_report(xi.certify(SPLIT), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_names_are_escaped_everywhere():
    hostile = "</title><script>alert(1)</script>\"'&.json"
    subject = Subject(hostile, hostile)
    setting = Setting("page.html")
    page = answer_page(decision_content(xi.certify(SPLIT), subject, setting))
    assert "script" not in {tag for tag, _, _ in read_page(page).elements}


def test_pages_repeat_but_for_seconds(page_of):
    first, second = (re.sub(r"(<dd>|after )\d+\.\d\d", "", page_of(xi.certify(CUBE, seed=0))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("rows", [[[0, 0]], [[1, 0], [1, 0]], [[10**400, 1], [1, 10**-400]], [[1]], [[0]]])
def test_degenerate_layers_have_pages(page_of, rows):
    rows = [[Fraction(value).limit_denominator(10**500) for value in row] for row in rows]
    assert "not injective" in page_of(xi.certify(rows))


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("R^n", "all real inputs"),
        ("nonneg", "the inputs without negative numbers"),
        ("ball:1/2", "the inputs of length at most 1/2"),
        ("sphere:2", "the inputs of length 2"),
        ("nonneg-ball:1", "the inputs of length at most 1 without negative numbers"),
        ("box:0,1", "the inputs with all numbers between 0 and 1"),
        ("ball:1:1,0", "the inputs in ball:1:1,0"),
        ("box:0,1:2,3", "the inputs in box:0,1:2,3"),
    ],
)
def test_domains_in_words(domain, words):
    assert domain_words(xi.parse_domain(domain)) == words


@pytest.mark.parametrize("value", [2 / 3, -2 / 3, 1e-300, 123456789.0, 1.0, 0.0, 5e-324])
def test_decimals_bound(value):
    low, high = Fraction(rounded_out(value)), Fraction(rounded_out(value, up=True))
    assert low <= Fraction(value) <= high
    assert high - low <= abs(Fraction(value)) / 10**4


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-290, 1.0, 1e300, 1e308])
def test_axes_of_any_size_have_round_numbers(scale):
    for low in (0.0, -scale / 2):
        numbers = round_numbers(low, scale)
        assert 2 <= len(numbers) <= 8
        assert numbers == sorted(numbers)
        assert all(math.isfinite(number) for number in numbers)


def test_constants_beyond_the_floats_have_a_page(tmp_path):
    """A kappa above 0 and below every float, a Lipschitz constant above all of them."""
    found = xi.stability([["1e400", 0], ["-1e400", 0], [0, "1e-400"], [0, "-1e-400"]])
    xi.write_report(found, tmp_path / "page.html")
    assert "<svg" in (tmp_path / "page.html").read_text(encoding="utf-8")
