"""A scan in words, for people at a terminal."""

from __future__ import annotations

from typing import Any

from exactinj.cli.table import table
from exactinj.networks.answers import LayerRow, NetworkAnswer, Pair, ScanResult
from exactinj.work.verdict import Verdict

__all__ = ["describe_scan", "row_text"]

LONGEST_DOMAIN = 24
LONGEST_NAME = 40
WORDS = {
    Verdict.INJECTIVE: "injective",
    Verdict.NOT_INJECTIVE: "NOT injective",
    Verdict.UNKNOWN: "unknown",
    Verdict.TIMED_OUT: "out of time",
}


def describe_scan(result: ScanResult, name: str) -> str:
    """A table of the layers, the answer for the network, what to do next."""
    steps = "" if result.graph is None else f", {len(result.graph.nodes)} steps"
    lines = [f"{name}: {len(result.layers)} layers{steps}, input in {_short(result.domain)}"]
    head = ["layer", "kind", "inputs", "outputs", "activation", "domain", "verdict", "seconds", "why"]
    lines += table(head, [_cells(row) for row in result.layers])
    lines += _of_network(result.network)
    lines += [f"note: {note}" for note in result.notes]
    return "\n".join(lines)


def row_text(row: LayerRow) -> str:
    """One line about a layer."""
    return f"{row.name} ({row.kind}): {_word(row)} on {_short(row.domain)}, {row.reason}"


def _word(row: LayerRow) -> str:
    """The verdict, and what it rests on."""
    return WORDS[row.verdict] + (f" if {row.assumption}" if row.assumption else "")


def _cells(row: LayerRow) -> list[str]:
    counts = ["?" if count is None else str(count) for count in (row.inputs, row.outputs)]
    words = [_short(row.domain), _word(row), f"{row.seconds:.2f}", row.reason]
    return [_short_name(row.name), row.kind, *counts, row.activation or "-", *words]


def _of_network(answer: NetworkAnswer) -> list[str]:
    head = {
        Verdict.INJECTIVE: "the network is INJECTIVE, proved",
        Verdict.NOT_INJECTIVE: "the network is NOT INJECTIVE",
        Verdict.UNKNOWN: "the network: unknown",
        Verdict.TIMED_OUT: "the network: out of time",
    }[answer.verdict]
    if answer.verdict is Verdict.INJECTIVE and answer.assumption is not None:
        head = f"the network is INJECTIVE IF {answer.assumption.upper()}, which is assumed, not proved"
    lines = [f"{head}: {answer.reason}"]
    if answer.witness is not None:
        lines += _of_pair(answer.witness)
    return lines


def _of_pair(pair: Pair) -> list[str]:
    shape = "x".join(map(str, pair.x.shape))
    lines = [f"  two inputs of shape {shape} differ in {pair.changed} of {pair.x.size} entries"]
    lines += [f"  and agree, exactly, from {', '.join(pair.cut)} on"] if pair.cut else []
    for name, seen in pair.float_replay.items():
        lines.append(f"  replayed in {name}: {_replay_text(seen)}")
    return lines


def _replay_text(seen: dict[str, Any]) -> str:
    if "error" in seen:
        return f"not run there: {seen['error']}"
    if not seen["inputs_differ"]:
        return "the inputs round to the same point"
    if seen["outputs_equal"]:
        return "outputs bit-equal"
    ulps = "overflow" if seen["largest_ulp"] is None else f"up to {seen['largest_ulp']} ulp"
    return f"outputs differ by {ulps}, {seen['largest_difference']:.2g} at most"


def _short_name(name: str) -> str:
    """The end of a long name; of several names in one the last."""
    last = name.rsplit(";", 1)[-1]
    return last if len(last) <= LONGEST_NAME else f"...{last[3 - LONGEST_NAME :]}"


def _short(domain: str) -> str:
    return domain if len(domain) <= LONGEST_DOMAIN else f"{domain[: LONGEST_DOMAIN - 3]}..."
