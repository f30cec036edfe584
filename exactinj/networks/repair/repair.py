"""`make_injective`: which ways of repairing a layer are tried, in which order.

Every way ends with the exact decision of the layer that it made, so that what is called injective has its certificate.
"""

from __future__ import annotations

from dataclasses import replace

from exactinj.errors import InputError
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.networks.repair.bias import raised_bias
from exactinj.networks.repair.kernel_bias import raised_kernel_bias
from exactinj.networks.repair.kernels import doubled_kernels, kernels_of_places
from exactinj.networks.repair.result import UNCHANGED, Repair
from exactinj.networks.repair.rows import against_collisions, doubled_rows
from exactinj.networks.repair.task import Attempt, Layer, Task
from exactinj.work.verdict import Verdict

__all__ = ["METHODS", "make_injective"]

METHODS = ("auto", "rows", "doubled", "bias")
SECONDS_FOR_FEWER = 10.0  # that `auto` may take to find fewer rows than doubling adds


def make_injective(layer: Layer, task: Task, method: str = "auto") -> Repair:
    """The layer, repaired by one method or by the one that adds fewest rows; unchanged if it is injective.

    `InputError` for other names of methods.
    """
    if method not in METHODS:
        raise InputError(f"found the method {method!r}, expected one of {', '.join(METHODS)}")
    task.clock.report("whether the layer is injective as it is")
    first = task.decide(layer, task.clock if task.clock.left is None else task.clock.bounded(task.clock.left / 2))
    steps = [f"as given: {first.verdict}, {first.reason}"]
    if first.verdict is Verdict.INJECTIVE:
        return Repair(layer, layer, UNCHANGED, (), first, tuple(steps))
    attempts = _attempts(layer, task, method, first)
    steps += [f"{attempt.method}: {attempt.note}; {attempt.result.verdict}" for attempt in attempts]
    best = min(attempts, key=lambda attempt: (not attempt.is_proved, len(attempt.added)))
    return Repair(layer, best.layer, best.method, best.added, best.result, tuple(steps))


def _attempts(layer: Layer, task: Task, method: str, first: Result) -> list[Attempt]:
    if isinstance(layer, ConvLayer):
        return _attempts_for_kernels(layer, task, method, first)
    if method == "bias":
        return [raised_bias(layer, task)]
    if method == "rows":
        return [against_collisions(layer, task, first)]
    attempts = [doubled_rows(layer, task)]
    if method == "auto" and not task.clock.is_over and (len(attempts[0].added) > 1 or not attempts[0].is_proved):
        quick = replace(task, clock=task.clock.bounded(SECONDS_FOR_FEWER)) if attempts[0].is_proved else task
        attempts.append(against_collisions(layer, quick, first, len(attempts[0].added) - 1))
    return attempts


def _attempts_for_kernels(layer: ConvLayer, task: Task, method: str, first: Result) -> list[Attempt]:
    if method == "bias":
        return [raised_kernel_bias(layer, task)]
    if method == "rows":
        return [kernels_of_places(layer, task, first)]
    attempts = [doubled_kernels(layer, task)]
    if method == "auto" and attempts[0].is_proved and len(attempts[0].added) > layer.groups:
        quick = replace(task, clock=task.clock.bounded(SECONDS_FOR_FEWER))
        attempts.append(kernels_of_places(layer, quick, first, len(attempts[0].added) - 1))
    elif method == "auto" and not attempts[0].is_proved and not task.clock.is_over:
        attempts.append(kernels_of_places(layer, task, first))
    return attempts
