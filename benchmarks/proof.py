"""exactinj itself: search with exact verification, then the certificate.

The tool "exactinj" is what a user gets by default and writes its certificate; "tree" is the tree engine
alone, without the certificate, to show what the automatic choice of engines costs or saves.
"""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from outcome import Answer, Outcome, Question
from processes import RSS_UNIT
from timing import Stopwatch

import exactinj as xi


def warm_up() -> None:
    """Search long enough for both searches to be compiled, and look for a collision once."""
    for engine in ("tree", "wedges", "finder"):
        xi.certify(xi.ReLULayer(np.random.default_rng(0).standard_normal((42, 6))), engine=engine)


def decide(weights: NDArray[np.float64], question: Question) -> Outcome:
    """Certify, and write the certificate on a clock of its own."""
    engine = "tree" if question.tool == "tree" else "auto"
    with Stopwatch() as search:
        result = xi.certify(xi.ReLULayer(weights), engine=engine, timeout=question.limit)
    work: dict[str, float] = {
        "nodes": result.stats.nodes,
        "refuters": result.stats.refuters,
        "proven_in_rationals": result.stats.proven_in_rationals,
        "search_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT,
    }
    note = f"engine {result.engine}: {result.reason}"
    if result.certificate is None or engine == "tree":
        return Outcome(_answer(result.verdict), search.elapsed, work, note)
    path = Path(question.certificate)
    with Stopwatch() as writing:  # computes the multipliers of every refuter
        result.certificate.write(path)
    work["certificate_bytes"] = path.stat().st_size
    return Outcome(_answer(result.verdict), search.elapsed, work, note, writing.elapsed)


def _answer(verdict: xi.Verdict) -> Answer:
    return Answer.FAILED if verdict is xi.Verdict.UNKNOWN else Answer(verdict.value)
