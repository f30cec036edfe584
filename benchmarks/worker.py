"""Ask one tool about one layer: ``python worker.py '{"tool": "highs", ...}'``. Started by ``decide.py``.

Prints one line of JSON. A process per question keeps memory and warm-up of one tool away from the
next, and lets a tool that ignores its time limit be killed. Every tool first answers about a tiny layer,
which is not counted: loading code, starting threads and filling caches is nobody's solving time.
"""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from outcome import Question

MODULES = {
    "exactinj": "proof",
    "tree": "proof",
    "highs": "milp_highs",
    "cbc": "milp_cbc",
    "z3": "smt",
    "data-depth": "halfspace",
}

WARM_UP = (3, 12)  # n, m
WARM_UP_LIMIT = 600.0  # seconds: it may have to compile


def main() -> None:
    """Answer the question on the command line."""
    question = Question(**json.loads(sys.argv[1]))
    tool = importlib.import_module(MODULES[question.tool])
    if hasattr(tool, "warm_up"):
        tool.warm_up()
    n, m = WARM_UP
    path = f"{question.certificate}.warm-up"
    first = replace(question, n=n, m=m, seed=0, limit=WARM_UP_LIMIT, certificate=path)
    tool.decide(gaussian(first), first)
    print(tool.decide(gaussian(question), question).to_json())


def gaussian(question: Question) -> NDArray[np.float64]:
    """The layer's weights."""
    return np.random.default_rng(question.seed).standard_normal((question.m, question.n))


if __name__ == "__main__":
    main()
