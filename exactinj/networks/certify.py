"""One network, decided: what `exactinj.certify` does once it knows network and domain."""

from __future__ import annotations

from exactinj.domains import Domain
from exactinj.injectivity.engine import Answer
from exactinj.injectivity.result import Result, network_result
from exactinj.layers.dense_network import DenseNetwork
from exactinj.networks.cell_pairs import decide_network
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["certify_network"]


def certify_network(network: DenseNetwork, domain: Domain, clock: Clock) -> Result:
    """The answer of the cells and their pairs, as a result."""
    if domain.ball is not None:
        reason = f"the cells of a network on {domain.text} have curved sides; ask on a box that contains it"
        return network_result(network, domain, Answer(Verdict.UNKNOWN, reason))
    return network_result(network, domain, decide_network(network, domain, clock))
