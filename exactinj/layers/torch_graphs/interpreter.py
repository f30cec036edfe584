"""A traced graph, run on a sample and translated step by step.

Every step is computed twice at the sample: by torch and by the translation. Where the two differ by more than rounding
the step is kept as an operator that is not understood. So is whatever reads a value that torch has changed in place in
a way that is not followed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.layers.network.operation import NotRationalError, Opaque
from exactinj.layers.network.parameters import array_bytes, parameters_digest
from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError, Value
from exactinj.layers.torch_graphs.call import Call
from exactinj.layers.torch_graphs.nested import has_value, leaves, mapped

__all__ = ["Interpreter", "NotTraceableError"]

_STRUCTURE = """
    shape ndim dtype device size dim numel ndimension nelement is_floating_point is_cuda layout sym_size sym_numel
    stride is_contiguous get_device len
"""
STRUCTURE = frozenset(_STRUCTURE.split())  # what a tensor is like, whatever its numbers
_FILLED = "zeros_like ones_like full_like new_zeros new_ones new_full new_tensor"
FILLED = frozenset(_FILLED.split())
RANDOM = re.compile(
    r"rand(n|int|perm)?(_like)?|normal|bernoulli|\w*dropout\w*|multinomial|poisson|uniform|exponential|(new_)?empty\w*"
)
TOLERANCES = {"float64": 1e-8, "float32": 1e-3}  # relative to the largest entry, for wide sums
LOOSE = 0.1  # for half precision
NAMED_RESULTS = ("values", "indices")
ASSERTIONS = ("_assert", "_check", "_guards")


class NotTraceableError(Exception):
    """A module that this way of reading cannot follow; the message says why."""


@dataclass
class Interpreter:
    """Runs the nodes of an fx graph in order.

    Attributes
    ----------
    torch : the package
    root : the module that holds the parameters and submodules of the graph
    inputs : by name of the placeholder, the value and the tensor
    defaults : what the other placeholders hold
    """

    torch: Any
    root: Any
    inputs: Mapping[str, tuple[Value, Any]]
    defaults: Mapping[str, Any]
    build: Builder
    real: dict[Any, Any] = field(default_factory=dict)
    symbolic: dict[Any, Any] = field(default_factory=dict)

    def run(self, graph: Any) -> tuple[Any, Any]:
        """What the graph returns: in symbols and as torch computes it at the sample."""
        versions: dict[Any, list[int]] = {}
        for node in graph.nodes:
            if node.op == "output":
                return self._arguments(self.symbolic, node.args[0]), self._arguments(self.real, node.args[0])
            self._step(node)
            self._follow_changes(node, versions)
            versions[node] = self._versions(self.real[node])
        raise NotTraceableError("found a graph without an output")

    def _arguments(self, environment: dict[Any, Any], arguments: Any) -> Any:
        return self.torch.fx.node.map_arg(arguments, lambda node: environment[node])

    def _step(self, node: Any) -> None:
        if node.op == "placeholder":
            known = self.inputs.get(node.name) or self.inputs.get(str(node.target))
            value, real = known or (self.defaults.get(str(node.target)),) * 2
        elif node.op == "get_attr":
            value = real = _attribute(self.root, node.target)
        else:
            value, real = self._call(node)
        self.symbolic[node], self.real[node] = value, real

    def _call(self, node: Any) -> tuple[Any, Any]:
        call = Call.of(self.root, node)
        if call.name.startswith(ASSERTIONS):
            return None, None
        real = call.run(*self._real(node))
        args, kwargs = (self._arguments(self.symbolic, part) for part in (node.args, node.kwargs))
        if not has_value((args, kwargs)):
            is_random = RANDOM.fullmatch(call.name)
            return self._opaque(call, real, (), f"{call.name} is random") if is_random else real, real
        if call.name in STRUCTURE | FILLED and not has_value((args[1:], kwargs)):
            return real, real
        if args and isinstance(args[0], tuple | list | dict) and call.name in ("getitem", *NAMED_RESULTS):
            return args[0][args[1] if call.name == "getitem" else NAMED_RESULTS.index(call.name)], real
        self.build.current = call.label
        return self._translated(call, args, kwargs, real), real

    def _real(self, node: Any) -> tuple[Any, Any]:
        args, kwargs = (self._arguments(self.real, part) for part in (node.args, node.kwargs))
        return args, kwargs

    def _translated(self, call: Call, args: Any, kwargs: Any, real: Any) -> Any:
        """The value in symbols, checked against torch's; opaque values where there is none."""
        mark = self.build.mark()
        try:
            value = self._moved(call, args, kwargs) if call.moves else call.translate(self.build, args, kwargs)
            checked = self._checked(value, real, call, (args, kwargs))
        except (NotUnderstoodError, NotRationalError, InputError, TypeError, ValueError, AttributeError) as error:
            self.build.back_to(mark)
            known = isinstance(error, NotUnderstoodError | InputError)
            why = str(error) if known else f"a call of {call.kind} as here is not supported"
            return self._opaque(call, real, (args, kwargs), why)
        return checked

    def _moved(self, call: Call, args: Any, kwargs: Any) -> Any:
        """The value of a function that only moves numbers, from what it does to their places."""
        values = [leaf for leaf in leaves((args, kwargs)) if isinstance(leaf, Value)]
        if len(values) != 1 and call.name not in ("view_as", "reshape_as", "expand_as"):
            raise NotUnderstoodError(f"{call.name} with several values is not supported")
        source = values[0]
        places = self.torch.arange(1, source.sample.size + 1, dtype=self.torch.float64).reshape(source.shape)
        plain = [
            mapped(part, lambda leaf: places if isinstance(leaf, Value) else _on_cpu(leaf)) for part in (args, kwargs)
        ]
        moved = call.run(plain[0], plain[1])
        return mapped(moved, lambda leaf: self._from_places(call, source, leaf))

    def _from_places(self, call: Call, source: Value, places: Any) -> Any:
        if not hasattr(places, "detach"):
            raise NotUnderstoodError(f"{call.name} does not return tensors")
        return self.build.rearranged(source, places.numpy().astype(np.int64) - 1, call.name)

    def _checked(self, value: Any, real: Any, call: Call, arguments: Any) -> Any:
        """The value with torch's own numbers as its sample; `NotUnderstoodError` if they are not those it has.

        Parts that the translation leaves out (None) are not understood.
        """
        if value is None:
            return self._opaque(call, real, arguments, "")
        if isinstance(value, tuple | list):
            if not isinstance(real, tuple | list) or len(value) != len(real):
                raise NotUnderstoodError("found another number of results than expected")
            pairs = zip(value, real, strict=True)
            return type(value)(self._checked(part, other, call, arguments) for part, other in pairs)
        sample = self._sample(real)
        if value.shape != sample.shape:
            raise NotUnderstoodError(f"found a result of shape {sample.shape}, expected {value.shape}")
        if not _agree(value.sample, sample, TOLERANCES.get(str(real.dtype).removeprefix("torch."), LOOSE)):
            raise NotUnderstoodError("torch computes other numbers here than what is known of this call")
        return Value(value.name, sample, real.dtype == self.torch.float64)

    def _sample(self, real: Any) -> Any:
        if not isinstance(real, self.torch.Tensor) or not real.is_floating_point():
            raise NotUnderstoodError("the result is no tensor of real numbers")
        return real.detach().to("cpu", self.torch.float64, copy=True).numpy()

    def _opaque(self, call: Call, real: Any, arguments: Any, why: str) -> Any:
        """Values that are not understood, one for each tensor that torch returns."""
        self.build.current = call.label
        read = list(dict.fromkeys(leaf.name for leaf in leaves(arguments) if isinstance(leaf, Value)))
        bound, count = _parts_of(call, arguments), itertools.count()

        def named(leaf: Any) -> Any:
            if leaf is None:
                return None
            if not isinstance(leaf, self.torch.Tensor):
                raise NotTraceableError(f"{call.name} takes numbers out of the network")
            sample = leaf.detach().to("cpu", self.torch.float64 if not leaf.is_complex() else leaf.dtype).numpy()
            parameters = parameters_digest([*bound, str(next(count))])
            return self.build.opaque(Opaque(call.kind, tuple(leaf.shape), why, parameters), read, sample)

        return mapped(real, named)

    # ------------------------------------------------------------------ changes in place

    def _versions(self, real: Any) -> list[int]:
        return [leaf._version for leaf in leaves(real) if isinstance(leaf, self.torch.Tensor)]

    def _follow_changes(self, node: Any, versions: Mapping[Any, list[int]]) -> None:
        """Earlier values that a step changed in place are what it returns, or nothing that is understood."""
        for earlier, version in versions.items():
            if self._versions(self.real[earlier]) != version:
                self.symbolic[earlier] = self._after_change(earlier, node)
        for earlier in versions:
            versions[earlier][:] = self._versions(self.real[earlier])

    def _after_change(self, earlier: Any, node: Any) -> Any:
        old, new = self.real[earlier], self.real[node]
        both = isinstance(old, self.torch.Tensor) and isinstance(new, self.torch.Tensor)
        if both and _place_of(old) == _place_of(new):
            return self.symbolic[node]
        raise NotTraceableError(f"{node.name} changes in place what {earlier.name} reads")


def _attribute(root: Any, path: str) -> Any:
    for part in path.split("."):
        root = getattr(root, part)
    return root


def _parts_of(call: Call, arguments: Any) -> list[bytes | str]:
    """What a call depends on beside values of the network: the numbers of its module, tensors, plain arguments."""
    parts: list[bytes | str] = [call.kind]
    if call.module is not None:
        parts.append(repr(call.module))
        for name, tensor in call.module.state_dict().items():
            parts += [name, _bytes_of(tensor)]
    for leaf in leaves(arguments):
        plain = repr(leaf) if isinstance(leaf, int | float | str | None) else type(leaf).__name__
        parts.append("a value" if isinstance(leaf, Value) else _bytes_of(leaf) if hasattr(leaf, "detach") else plain)
    return parts


def _bytes_of(tensor: Any) -> bytes:
    """Of a tensor of any type, such as bfloat16, which numpy has no name for."""
    wide = tensor.detach().cpu()
    if wide.is_floating_point():
        wide = wide.double()
    return array_bytes(wide.numpy())


def _place_of(tensor: Any) -> tuple[Any, ...]:
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride()


def _on_cpu(leaf: Any) -> Any:
    return leaf.cpu() if hasattr(leaf, "detach") else leaf


def _agree(ours: Any, theirs: Any, tolerance: float) -> bool:
    if not theirs.size:
        return True
    if not np.isfinite(theirs).all():
        return bool((np.isfinite(ours) == np.isfinite(theirs)).all())
    scale = max(1.0, float(np.abs(theirs).max()))
    return bool(np.abs(ours - theirs).max() <= tolerance * scale)
