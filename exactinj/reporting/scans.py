"""A scan as what a report shows: rows, steps with their verdicts, collisions as inputs of the model or of a layer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from exactinj.networks.answers import LayerRow, Pair, ScanResult
from exactinj.report.content import Pair as DrawnPair
from exactinj.report.content import ReportContent, ReportRow, Step
from exactinj.report.page import report_page
from exactinj.reporting.place import require_page_name
from exactinj.work.atomic import replacing
from exactinj.work.verdict import Verdict

__all__ = ["scan_content", "write_scan"]

Place: TypeAlias = "str | os.PathLike[str]"
MOST_PAIRS = 12  # of layers that are drawn
MOST_NUMBERS = 200_000  # of an input that is drawn


def write_scan(result: ScanResult, path: Place, folder: Place | None = None) -> None:
    """Write one self-contained HTML page; links to certificates lead to `folder` from where the page is.

    Raises
    ------
    InputError
        For another ending, and a place that cannot be written.
    """
    require_page_name(path)
    page = report_page(scan_content(result, _way(Path(path).parent, folder)))
    with replacing(Path(path)) as stream:
        stream.write(page.encode("utf-8"))


def _way(start: Path, folder: Place | None) -> str:
    """The relative address of a folder, with a slash at its end."""
    if folder is None:
        return ""
    way = os.path.relpath(folder, start)
    return "" if way == "." else f"{Path(way).as_posix()}/"


def scan_content(result: ScanResult, way: str = "") -> ReportContent:
    """What the page shows; `way` leads from the page to the certificates."""
    network, model = result.network, result.model
    facts = [(str(key), str(value)) for key, value in model.items() if key != "file" and value is not None]
    facts += [("domain of the input", result.domain), ("seconds", f"{result.seconds:.1f}")]
    if network.certificate is not None:
        facts.append(("certificate", f"{way}{Path(network.certificate).name}"))
    assumed = [f"{row.name}: {row.assumption}" for row in result.layers if row.assumption]
    assumed += [f"the network: {network.assumption}"] if network.assumption else []
    return ReportContent(
        model=str(model.get("file") or "a network"),
        facts=tuple(facts),
        verdict=network.verdict,
        reason=network.reason,
        rows=tuple(_row(row, way) for row in result.layers),
        steps=_steps(result),
        pairs=_pairs(result),
        assumptions=tuple(assumed + list(result.notes)),
    )


def _row(row: LayerRow, way: str) -> ReportRow:
    return ReportRow(
        name=row.name,
        kind=row.kind,
        inputs=row.inputs,
        outputs=row.outputs,
        activation=row.activation or "",
        domain=row.domain,
        verdict=row.verdict,
        reason=row.reason,
        assumption=row.assumption,
        certificate=None if row.certificate is None else f"{way}{Path(row.certificate).name}",
        seconds=row.seconds,
    )


def _steps(result: ScanResult) -> tuple[Step, ...]:
    """The graph; a layer's verdict stands at its activation, and at its weights."""
    graph = result.graph
    if graph is None:
        return ()
    verdicts: dict[str, Verdict] = {}
    for row in result.layers:
        if row.question is not None:
            verdicts[row.question.output] = row.verdict
            verdicts |= {node.name: row.verdict for node in row.question.weights}
    inputs = [Step(name, "input", graph.shapes[name]) for name in graph.inputs]
    nodes = [
        Step(node.name, node.operation.kind, graph.shapes[node.name], node.inputs, verdicts.get(node.name))
        for node in graph.nodes
    ]
    return (*inputs, *nodes)


def _pairs(result: ScanResult) -> tuple[DrawnPair, ...]:
    """The collision of the whole first, then those of layers."""
    drawn = [_drawn("Two inputs of the model", result.network.witness)]
    drawn += [_drawn(f"Two inputs of the layer {row.name}, on {row.domain}", row.witness) for row in result.layers]
    return tuple(pair for pair in drawn if pair is not None)[:MOST_PAIRS]


def _drawn(title: str, pair: Pair | None) -> DrawnPair | None:
    if pair is None or pair.x.size > MOST_NUMBERS:
        return None
    note = "; ".join(f"{name}: {_replayed(seen)}" for name, seen in pair.float_replay.items())
    return DrawnPair(title, pair.x.fractions(), pair.y.fractions(), pair.x.shape, note and f"Replayed in {note}.")


def _replayed(seen: object) -> str:
    """What a pair does in floats, in words."""
    if not isinstance(seen, dict):
        return str(seen)
    if seen.get("inputs_differ") is False:
        return "the inputs round to the same point"
    if seen.get("outputs_equal"):
        return "outputs bit-equal"
    largest = seen.get("largest_ulp")
    return "outputs differ" if largest is None else f"outputs differ by up to {largest} ulp"
