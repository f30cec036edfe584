"""The exact halfspace depth of the origin by the PyPI package data-depth (import name ``depth``).

Without bias and with full spark, the layer is injective iff that depth, as a number of rows, is at
least n. Floats throughout: no evidence, and wrong on rows of very different length. The method "line"
is the fastest of the package's three at these sizes.
"""

from __future__ import annotations

import numpy as np
from depth.model.multivariate import halfspace
from numpy.typing import NDArray
from outcome import Answer, Outcome, Question
from timing import Stopwatch, killed_after


def decide(weights: NDArray[np.float64], question: Question) -> Outcome:
    """Compute the depth; the import, of several seconds, is not counted."""
    m, n = weights.shape
    with killed_after(question.limit), Stopwatch() as watch:
        (share,) = halfspace(np.zeros((1, n)), weights, exact=True, method="line")
    count = round(float(share) * m)
    return Outcome(Answer.INJECTIVE if count >= n else Answer.NOT_INJECTIVE, watch.elapsed, {"depth": count})
