"""How public values look at a prompt and in a notebook, and that they come back from a pickle."""

from __future__ import annotations

import copy
import pickle
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest

import exactinj as xi

PLANE = [[1, 0], [-1, 0], [0, 1], [0, -1]]
THREE = [[1, 0], [0, 1], [-1, -1]]
NAME = "<b>&x"  # what has to be escaped


def network():
    return xi.DenseNetwork([(PLANE, None, "relu"), ([[1, 0, 0, 1]], None, "none")])


@cache
def scanned():
    return xi.scan(network(), domain="R^n")


MAKERS = {
    "layer": lambda: xi.ReLULayer(PLANE, [0, 1, 0, "1/3"]),
    "conv layer": lambda: xi.ConvLayer([[[1, -1]], [[-1, 1]]], padding=1),
    "block": lambda: xi.ResidualBlock([[1, 1]], [["1/2"], [0]]),
    "dense network": network,
    "R^n": xi.RealSpace,
    "orthant": xi.NonnegativeOrthant,
    "ball": lambda: xi.Ball("1/2", center=[1, 2]),
    "nonnegative ball": lambda: xi.NonnegativeBall(1),
    "box": lambda: xi.Box([0] * 30, [1] * 30),
    "polytope": lambda: xi.Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 1, 1]),
    "sphere": lambda: xi.Sphere(1),
    "shell": lambda: xi.Shell(1, 2),
    "injective": lambda: xi.certify(PLANE),
    "not injective": lambda: xi.certify(THREE),
    "unknown": lambda: xi.certify(np.random.default_rng(0).standard_normal((90, 12)), engine="tree", timeout=1e-3),
    "convolution": lambda: xi.certify(xi.ConvLayer([[[1, 1]], [[-1, -1]], [[1, 0]], [[-1, 0]]])),
    "residual": lambda: xi.certify(xi.ResidualBlock([[1, 1]], [["1/2"], [0]])),
    "network": lambda: xi.certify(network(), domain="box:-1:1"),
    "certificate": lambda: xi.certify(PLANE).certificate,
    "collision": lambda: xi.certify(THREE).witness,
    "checked": lambda: xi.check(xi.certify(PLANE).certificate),
    "alpha": lambda: xi.alpha_star(PLANE, domain="ball:1"),
    "alpha row": lambda: xi.alpha_star(PLANE, domain="ball:1").values[0],
    "surd": lambda: xi.Surd(-1, "2/3"),
    "hull": lambda: xi.hull_bias(PLANE, domain="ball:1"),
    "estimate": lambda: xi.sample_alpha(PLANE, domain="ball:1", samples=100),
    "alpha on": lambda: xi.alpha_on(PLANE, np.eye(2)),
    "comparison": lambda: xi.compare(PLANE, domain="ball:1", samples=100),
    "stability": lambda: xi.stability(PLANE),
    "stability on data": lambda: xi.stability_on_data(PLANE, np.eye(2) + 0.1),
    "frame bounds": lambda: xi.frame_bounds(PLANE),
    "inversion": lambda: xi.invert(PLANE, [1, 0, 0, 2]),
    "repair": lambda: xi.make_injective(THREE),
    "projection": lambda: xi.random_projection(network(), 3),
    "scan": scanned,
    "scanned layer": lambda: scanned().layers[0],
    "network answer": lambda: scanned().network,
    "wedges": lambda: next(iter(xi.wedges(xi.ReLULayer(THREE)))),
    "rays": lambda: xi.extreme_rays(next(iter(xi.wedges(xi.ReLULayer(THREE))))),
    "graph": lambda: xi.wedge_graph(xi.ReLULayer(THREE)),
    "density": lambda: xi.KernelDensity(np.eye(2)),
    "smoothing": lambda: xi.Smoothing(np.eye(2), 0.5),
}
NO_CARD = {"checked", "alpha row", "surd", "frame bounds", "projection", "wedges", "rays", "density", "smoothing"}


@pytest.fixture(scope="module")
def value_of():
    made = {}

    def value_of(name):
        if name not in made:
            made[name] = MAKERS[name]()
        return made[name]

    return value_of


class Tags(HTMLParser):
    """Reads a page, and finds out whether all elements are closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("name", MAKERS)
def test_a_prompt_shows_a_line_or_two(name, value_of):
    text = repr(value_of(name))
    assert "\n" not in text
    assert 5 < len(text) < 400
    assert " at 0x" not in text


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in NO_CARD])
def test_a_notebook_shows_a_table(name, value_of):
    page = Tags()
    page.feed(value_of(name)._repr_html_())
    page.close()
    assert page.open == []
    assert {"table", "caption", "th", "td"} <= set(page.seen) <= {"table", "caption", "tbody", "tr", "th", "td", "b"}
    assert len(" ".join(page.words)) < 4000
    assert not {"None", ""} & set(page.words)


def test_what_users_call_things_is_escaped():
    from exactinj.work.card import Card

    html = Card(NAME, ((NAME, NAME),)).html
    assert html.count("&lt;b&gt;&amp;x") == 3
    assert NAME not in html


@pytest.mark.parametrize("name", MAKERS)
def test_pickles_come_back(name, value_of):
    value = value_of(name)
    for other in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):  # noqa: S301 - our own bytes
        assert type(other) is type(value)
        assert repr(other) == repr(value)
        if hasattr(value, "to_json"):
            assert np.array_equal(str(other.to_json()), str(value.to_json()))
        if hasattr(value, "certificate") and hasattr(value.certificate, "to_bytes"):
            assert other.certificate.to_bytes() == value.certificate.to_bytes()
    if isinstance(value, xi.Region | xi.ReLULayer | xi.ConvLayer | xi.ResidualBlock | xi.DenseNetwork | xi.Surd):
        assert other == value
        assert hash(other) == hash(value)


def test_the_card_of_stability_tells_its_numbers_apart(value_of):
    """A is no square of kappa: here kappa = sqrt(A / 2), and A = 1."""
    html = value_of("stability")._repr_html_()
    row = html[html.index("A, least sigma_min^2 of a cell") :]
    assert "between 1 and 1<" in row[: row.index("</tr>")]
    assert "between 0.707106 and 0.707107<" in html
