"""Networks: evaluation, agreement of two inputs on a cut, derivatives, simplification, digests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from exactinj.errors import InputError
from exactinj.layers.network import (
    Dense,
    LeakyRelu,
    Network,
    Node,
    NotRationalError,
    OneToOne,
    Opaque,
    Rearrangement,
    Relu,
    Square,
    Sum,
    simplified,
)


def chain(*steps, shape=(1, 2)):
    names = ["x", *(f"v{k}" for k in range(len(steps)))]
    nodes = [Node(names[k + 1], step, (names[k],)) for k, step in enumerate(steps)]
    return Network({"x": shape}, nodes, [names[-1]])


def sigmoid():
    return OneToOne("sigmoid", lambda v: 1 / (1 + np.exp(-v)))


def reversal(shape):
    return Rearrangement(np.arange(np.prod(shape))[::-1].reshape(shape), "flip")


def test_values_are_exact():
    net = chain(Dense([[1, "1/3"]]), Relu(), Dense([[2], [-1]], [0, 1]))
    assert net.evaluate([1, 3]).fractions() == [Fraction(4), Fraction(-1)]
    np.testing.assert_array_equal(net.float_values([1, 3])["v2"], [[4, -1]])
    assert net.shapes == {"x": (1, 2), "v0": (1, 1), "v1": (1, 1), "v2": (1, 2)}


def test_a_skip_reads_two_values():
    nodes = [Node("h", Relu(), ("x",)), Node("y", Sum([1, 1]), ("x", "h"))]
    assert Network({"x": (1, 2)}, nodes, ["y"]).evaluate([-3, 3]).fractions() == [-3, 6]


def test_inputs_agree_where_a_cut_agrees_whatever_comes_after():
    net = chain(Dense([[1, -1]]), Relu(), sigmoid(), Opaque("LSTM", (1, 4)))
    seen = net.agreement([0, 1], [0, 2])
    assert seen.equal
    assert seen.cut == ("v1",)
    apart = net.agreement([0, 1], [2, 0])
    assert not apart.equal
    assert "sigmoid" in apart.obstacle


def test_equal_values_beside_the_cut_prove_nothing():
    nodes = [Node("a", Relu(), ("x",)), Node("b", sigmoid(), ("x",)), Node("y", Opaque("mix", (1, 2)), ("a", "b"))]
    seen = Network({"x": (1, 2)}, nodes, ["y"]).agreement([-1, -1], [-2, -1])
    assert not seen.equal
    assert seen.cut == ("a",)


def test_both_signs_have_one_square():
    assert chain(Dense([[1, 2]]), Square(), sigmoid()).agreement([1, 5], [-1, -5]).equal


def test_derivatives_are_the_columns_of_the_jacobian():
    net = chain(Dense([[1, 2], [3, 4]]), LeakyRelu("1/2"), Dense([[1, 1]]))
    assert all(inside for _, inside in net.interior([-1, 1]))
    found = dict(net.derivatives([-1, 1], [[1, 0], [0, 1]]))
    assert [part.fractions() for part in found["v1"]] == [[1, 3], [2, 4]]
    net = chain(Relu(), sigmoid())
    assert dict(net.derivatives([1, 1], [[1, 0]]))["v1"] is None


def test_a_value_without_rationals_says_why():
    with pytest.raises(NotRationalError, match="LSTM is not supported"):
        chain(Opaque("LSTM", None)).evaluate([1, 2])
    assert chain(Opaque("LSTM", None), Relu()).shapes["v1"] is None


def test_rearrangements_are_joined_and_idle_ones_go():
    net = chain(reversal((1, 2)), reversal((2, 1)), reversal((1, 2)), Relu())
    short = simplified(net)
    assert [node.operation.kind for node in short.nodes] == ["flip", "relu"]
    assert short.evaluate([1, -2]).equals(net.evaluate([1, -2]))
    padded = Rearrangement(np.array([[0, 1, -1]]), "pad", 5)
    net = chain(padded, Rearrangement(np.array([[2, 0]]), "slice"), Rearrangement(np.array([[0, 1]]), "same"), Relu())
    assert simplified(net).evaluate([-1, 7]).fractions() == [5, 0]
    assert len(simplified(net).nodes) == 2


def test_the_digest_is_of_numbers_and_not_of_names():
    one = chain(Dense([[1, 0.5]]), Relu())
    other = Network({"in": (1, 2)}, [Node("a", Dense([["1", "1/2"]]), ("in",)), Node("b", Relu(), ("a",))], ["b"])
    assert one.digest == other.digest
    assert one.digest != chain(Dense([[1, 0.25]]), Relu()).digest
    assert one.digest != chain(Dense([[1, 0.5]]), LeakyRelu(1)).digest


@pytest.mark.parametrize(
    ("nodes", "outputs", "message"),
    [
        ([Node("y", Relu(), ("z",))], ["y"], "reads 'z'"),
        ([Node("x", Relu(), ("x",))], ["x"], "two values"),
        ([Node("y", Relu(), ("x",))], ["z"], "outputs"),
        ([Node("y", Dense([[1]]), ("x",))], ["y"], "the step y"),
    ],
)
def test_broken_graphs_are_refused(nodes, outputs, message):
    with pytest.raises(InputError, match=message):
        Network({"x": (1, 2)}, nodes, outputs)


def test_points_of_the_wrong_size_are_refused():
    with pytest.raises(InputError, match="expected the shape"):
        chain(Relu()).evaluate([1, 2, 3])
    with pytest.raises(InputError, match="expected x"):
        chain(Relu()).evaluate({"z": [1, 2]})
