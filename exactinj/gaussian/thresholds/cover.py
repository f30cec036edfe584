"""Cover's bound, a theorem: below m = 3 n a random layer is not injective [Cov65, MBBDN23].

Proof: let n - 1 rows be active or not. The other ``M = m - n + 1`` rows are negative at some input with probability
``2^(1-M) sum_{k<n} C(M-1, k)`` [Wen62], which goes to 1 while M stays below 2 n. At most n - 1 rows are active there.
"""

from __future__ import annotations

from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["threshold"]


def threshold() -> Threshold:
    """3, exactly."""
    statement = "p(m, n) goes to 0 for m / n below 3: some input makes any m - n + 1 rows negative"
    return Threshold("Cover", 3.0, Status.THEOREM_LOWER, statement, "Cov65, MBBDN23")
