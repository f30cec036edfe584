"""Random projections: ``B o f`` for a network f and a random matrix B with exact entries.

Theorem. Let f be piecewise linear with finitely many cells and injective on K in R^n. Then ``B o f`` is injective on K
for every matrix B (m, d) outside a set of measure zero, if ``m >= 2n + 1``; ``m >= 2n`` is enough if f is positively
homogeneous and K a cone. Proof, and what it does not say, in ``docs/networks.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from random import Random
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.short import short_repr
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.network import Dense, Network, Node, Rearrangement

__all__ = ["Projection", "random_matrix", "random_projection"]

SUMMANDS = 12  # uniform numbers whose sum has variance 1
MOST_BITS = 64


@dataclass(frozen=True)
class Projection:
    """``B o f``.

    Attributes
    ----------
    network : the map ``x -> B f(x)``, of the type of f
    B : (m, d), exact
    n : the dimension of the input of f
    seed, bits : what B was drawn with
    """

    network: DenseNetwork | Network
    B: RationalMatrix
    n: int
    seed: int
    bits: int

    @property
    def is_generic(self) -> bool:
        """Whether ``m >= 2n + 1``, so that almost every B of this shape keeps an injective network injective."""
        return self.B.shape[0] >= 2 * self.n + 1

    @property
    def note(self) -> str:
        """What is known before anything is decided."""
        m = self.B.shape[0]
        if not self.is_generic:
            return f"m = {m} is below 2n + 1 = {2 * self.n + 1}: even for an injective network almost every B may fail"
        return (
            f"m = {m} is at least 2n + 1 = {2 * self.n + 1}: if the network is injective, B f is for almost every B; "
            "whether this B is one of them is to be decided"
        )

    def __repr__(self) -> str:
        return short_repr(self, f"{self.network}, B of shape {self.B.shape}, seed {self.seed}")


def random_projection(network: Any, m: int, *, seed: int = 0, bits: int = 8) -> Projection:
    """The network ``x -> B f(x)`` with a random matrix B of m rows.

    Parameters
    ----------
    network : DenseNetwork, Network with one input and one output, or ReLULayer
    m : int
        The dimension of the new output. ``2n + 1`` or more is what the corollary of [dH20] asks for; less is allowed.
    seed : int
        Of B, which is the same for the same seed everywhere.
    bits : int
        Entries are multiples of ``2^-bits``, near a normal distribution of variance 1.

    Returns
    -------
    Projection
        ``.network``, ``.B``, ``.is_generic``, ``.note``.

    Raises
    ------
    InputError
        For other maps, and numbers that make no sense.

    Examples
    --------
    >>> projection = random_projection(DenseNetwork([([[1], [-1]], None, "relu")]), 3)
    >>> projection.network.m, projection.is_generic
    (3, True)

    References
    ----------
    [dH20]; `docs/networks.md`, "Random projections".
    """
    _require_whole(m, "m", 1)
    _require_whole(seed, "the seed", 0)
    _require_whole(bits, "bits", 1)
    if bits > MOST_BITS:
        raise InputError(f"found bits = {bits}, expected at most {MOST_BITS}")
    if isinstance(network, ReLULayer):
        network = DenseNetwork([network])
    if isinstance(network, DenseNetwork):
        B = random_matrix(m, network.m, seed=seed, bits=bits)
        return Projection(DenseNetwork([*network.layers, (B.fractions(), None, "none")]), B, network.n, seed, bits)
    if isinstance(network, Network):
        return _of_graph(network, m, seed, bits)
    raise InputError(f"found an object of type {type(network).__name__}, expected a DenseNetwork, Network or ReLULayer")


def random_matrix(m: int, d: int, *, seed: int, bits: int) -> RationalMatrix:
    """Independent entries, each a sum of 12 uniform dyadics less its mean: exact, between -6 and 6, of variance 1.

    >>> random_matrix(1, 2, seed=0, bits=3).shape
    (1, 2)
    """
    random, scale = Random(seed), 1 << (bits + 1)  # noqa: S311 (no secrets)
    middle = SUMMANDS << bits
    rows = [
        [sum(2 * random.getrandbits(bits) + 1 for _ in range(SUMMANDS)) - middle for _ in range(d)] for _ in range(m)
    ]
    return RationalMatrix([[f"{value}/{scale}" for value in row] for row in rows])


def _of_graph(network: Network, m: int, seed: int, bits: int) -> Projection:
    n = prod(network.inputs[network.input_name])
    shape = network.shapes[network.outputs[0]]
    if len(network.outputs) != 1 or shape is None:
        found = f"{len(network.outputs)} outputs" if len(network.outputs) != 1 else "an output of unknown shape"
        raise InputError(f"found a network with {found}, expected one output; take network.until(name)")
    B = random_matrix(m, prod(shape), seed=seed, bits=bits)
    flat, out = _free_name(network, "flat"), _free_name(network, "projection")
    places = np.arange(prod(shape)).reshape(1, -1)
    nodes = [
        *network.nodes,
        Node(flat, Rearrangement(places, "flatten"), (network.outputs[0],)),
        Node(out, Dense(B.fractions()), (flat,)),
    ]
    return Projection(Network(network.inputs, nodes, [out]), B, n, seed, bits)


def _free_name(network: Network, name: str) -> str:
    while name in network.shapes:
        name += "'"
    return name


def _require_whole(value: Any, name: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"found {name} = {value!r}, expected an integer of at least {least}")
