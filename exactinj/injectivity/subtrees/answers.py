"""What a search in one go or in parts comes to, in words."""

from __future__ import annotations

from exactinj.certificates.collision import Collision
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.injectivity.engine import Answer
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["colliding", "injective", "out_of_time"]


def injective(proof: SignSplitTree, stats: Statistics) -> Answer:
    """The tree is complete."""
    return Answer(Verdict.INJECTIVE, "the active rows span in every wedge", proof, stats)


def colliding(pair: Collision, stats: Statistics) -> Answer:
    """Some node has a point at which the active rows do not span."""
    return Answer(Verdict.NOT_INJECTIVE, "two different inputs have exactly the same output", pair, stats)


def out_of_time(stats: Statistics, remedy: str = "give a longer --timeout") -> Answer:
    """Something is left open."""
    reason = f"out of time after {stats.nodes:,} nodes with {stats.explored:.1%} of the tree closed"
    return Answer(Verdict.TIMED_OUT, f"{reason}; {remedy}", None, stats)
