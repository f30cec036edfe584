"""Whole networks layer by layer, and layers that are repaired."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exactinj.api.deciding import certify
from exactinj.api.timeouts import require_positive
from exactinj.domains import Region
from exactinj.errors import InputError
from exactinj.files.arguments import convex_given, layer_given
from exactinj.injectivity.by_name import engine_given, is_assumed
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.work.clock import Clock

if TYPE_CHECKING:
    from exactinj.networks.answers import LayerRow, NetworkAnswer, ScanResult
    from exactinj.networks.repair import Repair

__all__ = ["make_injective", "scan"]


def scan(
    model: Any,
    *,
    domain: Region | str | None = None,
    input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
    fixed: Mapping[str, Any] | None = None,
    geometry: Any = None,
    engine: str | Engine = "auto",
    assume: str | None = None,
    seed: int = 0,
    timeout: float | None = None,
    layer_timeout: float | None = 60.0,
    end_to_end: bool = False,
    out: str | os.PathLike[str] | None = None,
    report: Callable[[str], None] | None = None,
    keep: Callable[[LayerRow | NetworkAnswer], None] | None = None,
) -> ScanResult:
    """Decide every layer of a network on what it really gets, and the network as a whole.

    Parameters
    ----------
    model : Network, DenseNetwork, torch module or path
        A file is ``.onnx``, or holds the weights alone (``.pt``, ``.pth``, ``.safetensors``).
    domain : R^n, the orthant or a box, optional
        Of the model's input; R^n if left out. What later layers get is derived from it, exactly.
    input_shape : sequence of int, or mapping from names to such, optional
        Of one input, its batch of 1 included, where the model leaves it open.
    fixed : mapping from names to numbers, optional
        Inputs of an ``.onnx`` file that are held fixed, such as a sampling rate.
    geometry : path of a ``.toml`` file or mapping, optional
        What a file of weights does not say: strides, paddings, activations (`docs/networks.md`).
    engine, assume, seed, report
        As in `certify`. What rests on an assumption is a row that says so, and never counts as proved without it.
    timeout : float, optional
        Seconds for all of it, shared among the layers.
    layer_timeout : float, optional
        Seconds for each layer at most.
    end_to_end : bool
        Decide a small dense network as a whole, exactly, by its cells.
    out : path, optional
        A folder for certificates and pairs. Certificates of an earlier scan that are there are checked and used again.
    keep : callable, optional
        Is given each row as soon as it is decided, and an answer for the whole that is found on the way.

    Returns
    -------
    ScanResult
        ``.layers`` (a `LayerRow` each), ``.network`` (a `NetworkAnswer`), ``.graph``, ``.to_json()``. Whatever is not
        understood is a row with the verdict ``unknown`` and the name of the operator.

    Raises
    ------
    InputError
        For models that cannot be read, shapes and domains that do not fit, and timeouts that are not positive.

    Examples
    --------
    >>> from exactinj import DenseNetwork
    >>> result = scan(DenseNetwork([([[1], [-1]], None, "relu"), ([[1, 1], [-1, 1]], [1, 1], "none")]))
    >>> [str(row.verdict) for row in result.layers], str(result.network.verdict)
    (['injective', 'injective'], 'injective')
    """
    from exactinj.networks.layerwise import Means
    from exactinj.networks.models import ModelOptions, model_given
    from exactinj.networks.scan import ScanOptions, scan_model
    from exactinj.networks.storage import ScanFolder

    require_positive(timeout)
    require_positive(layer_timeout)
    clock = Clock(timeout, report)
    folder = None if out is None else ScanFolder.at(out)
    assumed = is_assumed(assume)
    chosen = engine_given(engine, seed=seed, assume_full_spark=assumed)
    means = Means(chosen, seed, folder, assume_full_spark=assumed, isolate=timeout is not None)
    given = model_given(model, ModelOptions(input_shape, fixed, geometry))
    return scan_model(given, convex_given(domain), means, clock, ScanOptions(layer_timeout, end_to_end, keep))


def make_injective(
    layer: ReLULayer | ConvLayer | Any,
    *,
    method: str = "auto",
    domain: Region | str | None = None,
    engine: str | Engine = "auto",
    timeout: float | None = None,
    seed: int = 0,
    report: Callable[[str], None] | None = None,
    input_shape: Sequence[int] | None = None,
    precision: int | None = None,
) -> Repair:
    """Repair a layer: an injective one close to it, with its certificate.

    Parameters
    ----------
    layer : ReLULayer, or what makes one, as in `certify`
        Of a torch module the repaired copy is ``repair.module``, of the same type and number format.
    method : {"auto", "rows", "doubled", "bias"}
        ``rows``: rows against the collisions that are found, then only those that are needed; of a convolution,
        kernels that read single places. ``doubled``: opposites of a basis of the rows or kernels. ``auto``: whichever
        of the two adds fewer. Both keep every row with its bias, in front of the new ones. ``bias``: a larger bias.
    domain, engine, timeout, seed, report, input_shape
        As in `certify`; the time is that of the whole repair.
    precision : int, optional
        Bits that new numbers may have at most, such as 24 for float32. A torch module's own if left out, and otherwise
        new biases may be any rationals.

    Returns
    -------
    Repair
        ``.layer``, ``.module``, ``.added``, ``.raised``, ``.method``, ``.result`` (about the repaired layer, with its
        certificate). An injective layer comes back as it is. ``.verdict`` says whether the repair succeeded.

    Raises
    ------
    InputError
        For an unknown method, whatever `certify` refuses, and a module whose number format does not hold the result.

    Examples
    --------
    >>> from exactinj import check
    >>> repair = make_injective(ReLULayer([[1, 0], [0, 1], [-1, -1]]))
    >>> repair.verdict, repair.added, check(repair.result.certificate, repair.layer).valid
    (<Verdict.INJECTIVE: 'injective'>, (3, 4), True)

    References
    ----------
    `docs/networks.md`, "Repair".
    """
    from exactinj.layers.torch_modules import is_module
    from exactinj.networks.repair import make_injective as repaired
    from exactinj.networks.repair.modules import precision_of, repaired_module
    from exactinj.networks.repair.task import Task

    require_positive(timeout)
    if precision is not None and not (isinstance(precision, int) and precision > 0):
        raise InputError(f"found a precision of {precision!r}, expected a positive number of bits")
    clock = Clock(timeout, report)
    exact, asked = layer_given(layer), convex_given(domain)
    if isinstance(exact, ResidualBlock | DenseNetwork):
        raise InputError(f"found a {type(exact).__name__}, expected a layer x -> ReLU(Wx + b) to repair")
    if isinstance(exact, ReLULayer):
        asked = asked.for_dimension(exact.n)

    def decide(candidate: ReLULayer | ConvLayer, part: Clock) -> Result:
        return certify(
            candidate, domain=asked, engine=engine, timeout=part.left, seed=seed, report=report, input_shape=input_shape
        )

    if precision is None and is_module(layer):
        precision = precision_of(layer)
    task = Task(asked, decide, clock, precision)
    repair = repaired(exact, task, method)
    return replace(repair, module=repaired_module(layer, repair.layer)) if is_module(layer) else repair
