"""Rule "packing" inside "boxes": disjoint refuters among the windows of a box, each with an input of its own."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.checker.convolution import Windows
from exactinj.checker.domains import Domain, Space
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rows import MadeRows, Row
from exactinj.checker.rules.flat_tree import support_of_refuter
from exactinj.checker.rules.packing import Packing, bears
from exactinj.checker.supports import Functions

__all__ = ["check_window_packing"]


def check_window_packing(proof: Packing, domain: Domain, rows: MadeRows, windows: Windows, *, has_bias: bool) -> str:
    """Every refuter, that they are disjoint, along one axis, and that enough of them have columns of their own."""
    if proof.epsilon is not None and not isinstance(domain, Space):
        raise Rejected(Reason.PACKING, f"epsilon: a number for a layer on {domain.type}, only null can stand there")
    functions, used, starts = Functions(rows, domain, rows.n), dict[int, int](), set[tuple[int, ...]]()
    unknown, seen = set(windows.unknown), list[frozenset[int]]()
    for number, entry in enumerate(proof.refuters):
        refuter = functions.explicit(entry, Reason.REFUTER, f"refuter {number}")
        support = support_of_refuter(refuter, number, functions)
        for i in support:
            if i >= windows.count:
                raise Rejected(Reason.PACKING, f"refuter {number}: names row {i}, which is not one of a window")
            if i in used:
                raise Rejected(Reason.PACKING, f"refuter {number}: names row {i}, which refuter {used[i]} has")
            used[i] = number
        starts.update(map(windows.start, support))
        read = [windows.reads(i) for i in support]
        within_reach = sorted(frozenset[int]().union(*read))
        if proof.epsilon is None or bears(
            refuter, [_restricted(rows[i], within_reach) for i in refuter.indices], proof.epsilon, has_bias=has_bias
        ):
            seen.append(read[0].intersection(unknown, *read))
    if sum(len(set(along)) > 1 for along in zip(*starts, strict=True)) > 1:
        raise Rejected(Reason.PACKING, "the windows of the refuters start at different places along more than one axis")
    matched = _matched(seen)
    if matched < len(unknown):
        words = "" if proof.epsilon is None else " that bear the change epsilon"
        raise Rejected(
            Reason.PACKING, f"only {matched} refuters{words} have inputs of their own, expected {len(unknown)}"
        )
    return f"{len(seen)} refuters are correct and disjoint, and {matched} of them have inputs of their own"


def _restricted(row: Row, columns: Sequence[int]) -> Row:
    """The row in these columns, outside of which it is 0."""
    form = row.form()
    place = {j: k for k, j in enumerate(columns)}
    return Row.sparse(form._replace(nonzero={place[j]: value for j, value in form.nonzero.items()}), len(columns))


def _matched(choices: Sequence[frozenset[int]]) -> int:
    """How many of these sets can have a member of their own: augmenting paths, each looked for in breadth."""
    owner: dict[int, int] = {}
    for first in range(len(choices)):
        came_from: dict[int, int] = {}  # a member, and the set on whose behalf it was looked at
        queue, end = [first], None
        while queue and end is None:
            current = queue.pop(0)
            for member in choices[current]:
                if member not in came_from:
                    came_from[member] = current
                    if member not in owner:
                        end = member
                        break
                    queue.append(owner[member])
        while end is not None:
            holder = came_from[end]
            given_up = next((member for member, who in owner.items() if who == holder), None)
            owner[end] = holder
            end = given_up
    return len(owner)
