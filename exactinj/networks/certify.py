"""One network, decided: what `exactinj.certify` does once it knows network and domain."""

from __future__ import annotations

from exactinj.domains import Domain
from exactinj.injectivity.network_answer import NetworkAnswer
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
        return network_result(network, domain, NetworkAnswer(Verdict.UNKNOWN, reason))
    before = clock.elapsed
    import scipy.optimize  # noqa: F401 (takes a second to load, which is no work on the question)

    clock.discount(clock.elapsed - before)
    return network_result(network, domain, decide_network(network, domain, clock))
