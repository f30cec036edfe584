"""A module as the inputs, steps and outputs of an exact graph."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from exactinj.errors import InputError, MissingExtraError
from exactinj.layers.network.node import Node
from exactinj.layers.network.tensor import Shape
from exactinj.layers.torch_graphs import activations, affine, pooling, shaping  # noqa: F401 (they fill the registry)
from exactinj.layers.torch_graphs.builder import Builder, Value
from exactinj.layers.torch_graphs.interpreter import Interpreter, NotTraceableError
from exactinj.layers.torch_graphs.modules import class_of
from exactinj.layers.torch_modules import is_module

__all__ = ["graph_of_module"]

LONGEST_CAUSE = 160
WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "Module")
Graph = tuple[dict[str, Shape], list[Node], list[str]]


def graph_of_module(module: Any, input_shape: Any) -> Graph:
    """The inputs, the steps and the outputs of a module as it is in inference.

    Parameters
    ----------
    module : torch.nn.Module
        Stays as it is: a copy is read, in inference.
    input_shape : of the input with its batch of one, or several, in the order of ``forward`` or by name

    Raises
    ------
    InputError
        For modules that cannot run on such an input, whose values decide what is computed, and compiled ones.
    """
    torch = _torch()
    if not is_module(module):
        raise InputError(f"found an object of type {type(module).__name__}, expected a torch.nn.Module")
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        raise InputError(
            "found a compiled module (TorchScript), expected a torch.nn.Module with its Python code; give the module "
            "itself, or export it to ONNX"
        )
    module = _unwrapped(module)
    with warnings.catch_warnings(), torch.no_grad(), _in_inference(module) as resting:
        warnings.simplefilter("ignore")
        return _read(torch, _as_part(torch, resting), _inputs(module, input_shape))


def _torch() -> Any:
    try:
        import torch
        import torch.fx
    except ImportError:
        raise MissingExtraError("torch is not installed: pip install 'exactinj[torch]'") from None
    return torch


def _unwrapped(module: Any) -> Any:
    """The module inside wrappers that compute the same: ``torch.compile``, data parallelism."""
    while type(module).__name__ in WRAPPERS:
        module = getattr(module, WRAPPERS[type(module).__name__])
    return module


def _as_part(torch: Any, module: Any) -> Any:
    """A single module of torch as the part of a network, so that it is read as what it is."""
    kind = class_of(module)
    is_single = type(module).__module__.startswith("torch.nn.modules") and kind not in CONTAINERS
    return torch.nn.Sequential(OrderedDict([(kind.lower(), module)])) if is_single else module


@contextmanager
def _in_inference(module: Any) -> Iterator[Any]:
    """A copy of the module in inference; the module itself, for a while, if it cannot be copied."""
    try:
        resting = copy.deepcopy(module)
    except Exception:  # noqa: BLE001 (modules copy themselves as they like)
        resting = module
    flags = [(part, part.training) for part in resting.modules()]
    try:
        for part, _ in flags:
            part.training = False
        yield resting
    finally:
        for part, flag in flags:
            part.training = flag


def _inputs(module: Any, input_shape: Any) -> dict[str, Shape]:
    """Shapes by the names of the arguments of ``forward``."""
    parameters = [
        name
        for name, one in inspect.signature(module.forward).parameters.items()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    if isinstance(input_shape, Mapping):
        return {str(name): _shape(shape) for name, shape in input_shape.items()}
    is_several = isinstance(input_shape, list | tuple) and any(isinstance(part, Sequence) for part in input_shape)
    shapes = [_shape(shape) for shape in input_shape] if is_several else [_shape(input_shape)]
    names = parameters if len(parameters) >= len(shapes) else [f"x{k}" for k in range(len(shapes))]
    return dict(zip(names, shapes, strict=False))


def _shape(shape: Any) -> Shape:
    sizes = tuple(shape) if isinstance(shape, Sequence) and not isinstance(shape, str) else ()
    if not sizes or any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in sizes):
        raise InputError(f"found the input shape {shape!r}, expected positive integers such as (1, 3, 32, 32)")
    return tuple(int(n) for n in sizes)


def _read(torch: Any, module: Any, shapes: dict[str, Shape]) -> Graph:
    samples = _samples(torch, module, shapes)
    wanted = _run(torch, module, samples)
    if not _is_finite(torch, wanted):  # logarithms and roots: nonnegative inputs may do
        samples = {name: sample.abs() for name, sample in samples.items()}
        wanted = _run(torch, module, samples)
    causes = []
    for trace in (_traced, _exported):
        try:
            return _translated(torch, trace(torch, module, samples), shapes, samples, wanted)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 (tracers fail in many ways)
            causes.append(_cause(error))
    raise InputError(
        f"the module's forward cannot be read as a graph ({causes[-1]}); write it without decisions on values, or "
        "export it to ONNX"
    )


def _run(torch: Any, module: Any, samples: dict[str, Any]) -> Any:
    """What the module returns at the sample."""
    try:
        with _same_chance(torch):
            return module(*(sample.clone() for sample in samples.values()))
    except Exception as error:  # noqa: BLE001 (the user's own code)
        found = ", ".join(str(tuple(sample.shape)) for sample in samples.values())
        raise InputError(
            f"the module cannot run on an input of shape {found} ({_cause(error)}); give the shape that it takes"
        ) from None


def _is_finite(torch: Any, results: Any) -> bool:
    parts = torch.utils._pytree.tree_flatten(results)[0]
    return all(bool(part.isfinite().all()) for part in parts if isinstance(part, torch.Tensor))


@contextmanager
def _same_chance(torch: Any) -> Iterator[None]:
    """Random numbers from one seed; those of the user go on afterwards as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def _samples(torch: Any, module: Any, shapes: dict[str, Shape]) -> dict[str, Any]:
    """Random inputs, of the type and on the device of the module's own numbers."""
    numbers = [part for part in (*module.parameters(), *module.buffers()) if part.is_floating_point()]
    dtype = numbers[0].dtype if numbers else torch.get_default_dtype()
    device = numbers[0].device if numbers else "cpu"
    if str(device) == "meta":
        raise InputError("found a module on the device meta, expected one with weights; load them first")
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64).to(device, dtype)
        for name, shape in shapes.items()
    }


def _traced(torch: Any, module: Any, samples: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """The graph by ``torch.fx``; arguments that are not given are their defaults."""
    parameters = inspect.signature(module.forward).parameters
    fixed = {
        name: one.default for name, one in parameters.items() if name not in samples and one.default is not one.empty
    }
    tracer = torch.fx.Tracer()
    graph = tracer.trace(module, concrete_args=fixed or None)
    return graph, tracer.root, {f"{name}_1": value for name, value in fixed.items()} | fixed


def _exported(torch: Any, module: Any, samples: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """The graph by ``torch.export``, which follows Python as long as no decision depends on values."""
    whole = torch.export.export(module, tuple(samples.values())).module()
    return whole.graph, whole, {}


def _translated(
    torch: Any, traced: tuple[Any, Any, dict[str, Any]], shapes: dict[str, Shape], samples: dict[str, Any], wanted: Any
) -> Graph:
    graph, root, defaults = traced
    build = Builder(list(shapes))
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    inputs = {}
    for node, (name, sample) in zip(placeholders, samples.items(), strict=False):
        numbers = sample.detach().to("cpu", torch.float64, copy=True).numpy()
        inputs[node.name] = (Value(name, numbers, sample.dtype == torch.float64), sample.clone())
    interpreter = Interpreter(torch, root, inputs, defaults, build)
    with _same_chance(torch):
        symbols, results = interpreter.run(graph)
    if not _same(torch, results, wanted):
        raise NotTraceableError("the graph computes something else than the module")
    outputs = _outputs(build, symbols)
    return dict(shapes), _needed(build.nodes, outputs), outputs


def _same(torch: Any, results: Any, wanted: Any) -> bool:
    """Whether the graph returned what the module returned."""
    ours, theirs = (torch.utils._pytree.tree_flatten(part)[0] for part in (results, wanted))
    if len(ours) != len(theirs):
        return False
    return all(
        not isinstance(b, torch.Tensor)
        or (a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True))
        for a, b in zip(ours, theirs, strict=True)
    )


def _needed(nodes: Sequence[Node], outputs: Sequence[str]) -> list[Node]:
    """The steps that the outputs depend on."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if node.name in wanted:
            kept.append(node)
            wanted.update(node.inputs)
    return kept[::-1]


def _outputs(build: Builder, symbols: Any) -> list[str]:
    """The names of the results, in order."""
    found: list[str] = []
    waiting = [symbols]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, Value):
            found.append(part.name)
        elif isinstance(part, tuple | list | dict):
            waiting = [*(part.values() if isinstance(part, dict) else part), *waiting]
        elif hasattr(part, "detach"):
            build.current = "constant"
            found.append(build.constant(part).name)
    if not found:
        raise InputError("the module returns no tensor, expected one or several")
    return found


def _cause(error: BaseException) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= LONGEST_CAUSE else f"{text[: LONGEST_CAUSE - 3]}..."
