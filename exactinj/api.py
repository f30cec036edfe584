"""The functions that users call: decide a layer, check a certificate, compute and compare biases."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from exactinj.certificates.document import Document
from exactinj.certificates.graph_certificate import GraphCertificate
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.reading import AnyCertificate
from exactinj.domains import Ball, Region
from exactinj.errors import CertificateError, InputError
from exactinj.files.arguments import convex_given, dense_given, layer_given, region_given, rows_given
from exactinj.injectivity.by_name import ENGINES, engine_given, is_assumed, require_numbers
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import AnyLayer, Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.work.clock import Clock

if TYPE_CHECKING:
    from exactinj.biases.alpha import AlphaStar
    from exactinj.biases.hull.bias import HullBias
    from exactinj.checker import CheckResult
    from exactinj.comparison import Comparison
    from exactinj.networks.answers import LayerRow, NetworkAnswer, ScanResult
    from exactinj.networks.repair import Repair
    from exactinj.sampling import AlphaEstimate
    from exactinj.sampling.samplers import Sampler

__all__ = [
    "ENGINES",
    "alpha_star",
    "certify",
    "check",
    "compare",
    "hull_bias",
    "make_injective",
    "sample_alpha",
    "scan",
]


def certify(
    layer: AnyLayer | Any,
    *,
    domain: Region | str | None = None,
    engine: str | Engine = "auto",
    timeout: float | None = None,
    jobs: int | None = 1,
    seed: int = 0,
    report: Callable[[str], None] | None = None,
    blocks: Sequence[Sequence[int]] | None = None,
    input_shape: Sequence[int] | None = None,
    box_limit: int = 12,
    assume: str | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> Result:
    """Decide exactly whether ``x -> ReLU(W x + b)`` is injective on a domain.

    Parameters
    ----------
    layer : ReLULayer, ConvLayer, ResidualBlock or DenseNetwork
        The layer, with exact rational weights; also what makes one: W, (W, b), a torch module, the path of a layer
        file. A convolution is decided for every input size from some size on, or for one `input_shape`. For a residual
        block the question is about ``x -> x + B ReLU(A x + b)``, for a network about all its layers as one map; there
        is one way to decide either.
    domain : Domain or str, optional
        Where injectivity is asked, as an object or in words ("ball:1"); all of R^n if left out. For a convolution the
        orthant, or a `Box` with one pair of bounds or one for each input channel.
    engine : {"auto", "tree", "sign-split", "packing", "finder", "milp", "milp-highs"} or Engine
        ``tree`` and ``sign-split`` (``wedges`` before) decide either way. ``finder`` finds collisions of layers of any
        size, ``milp`` (with CBC, or with HiGHS) those of small ones; both prove nothing else. ``auto`` chooses between
        tree, finder and sign-split and says why in the reason. ``milp`` needs the extra of that name. An object of a
        subclass of `Engine` is asked, and what it answers is verified exactly before it counts.
    timeout : float, optional
        Seconds after which the search stops with the verdict ``timed_out``. It is looked at between
        steps, so a single huge exact computation can run past it; the command line cuts that off.
    jobs : int or None
        Processes: with more than one, the search of ``sign-split``, which is also that of ``auto`` for most layers of
        more than seven inputs, is cut into subtrees that they search, with one proof in the end (this needs the
        extra ``sweep``). Above n = 15, where that does not end, ``auto`` runs its own choice, sign-split, the tree
        and finders with other seeds side by side and takes the first proved answer; ``finder`` likewise; other
        engines use one. Never more than there are processors (or two); they are started only if a first look is not
        enough. They do not run your script again, so that it needs no ``if __name__ == "__main__"``.
        None spreads subtrees over the backend of ``joblib.parallel_config``, for instance ``dask`` or ``ray``.
    seed : int
        Seed of the finder's perturbed starts; the tree uses no randomness.
    report : callable, optional
        Is told now and then, in a line of text, how far the search is.
    blocks : sequence of sequences of int, optional
        Columns of W, overlapping or not, to decide block by block: if all blocks are injective, the layer is. ``auto``
        splits a layer into its connected components by itself.
    input_shape : sequence of int, optional
        For a convolution: (channels, *size), or the size alone.
    box_limit : int
        For a convolution: boxes of more inputs are not tried (but for the smallest one).
    assume : {"full spark"}, optional
        That any n rows of a dense layer are independent, or the windows of a convolution as far as they can be. Only
        with it may a verdict ``injective`` rest on that, which ``result.assumption`` then says; wide layers are decided
        by ``packing`` this way.
    resume : path, optional
        A folder, made if it is not there, in which ``sign-split`` keeps the subtrees that are done. A later call goes
        on from there, whatever ended the first one. Its files are trusted as they are your own: a damaged one is
        refused, and the certificate that comes out can be checked like any other.

    Returns
    -------
    Result
        ``result.verdict`` is ``injective`` (with a certificate), ``not_injective`` (with a
        colliding pair in ``result.witness`` and a certificate) or ``timed_out``; ``unknown``
        comes with a reason.

    Raises
    ------
    InputError
        For an unknown engine, a timeout that is not positive, a domain that is not convex or of another dimension,
        blocks that do not cover the columns, and an input shape that the convolution is not defined for.

    Examples
    --------
    >>> result = certify(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    >>> result.verdict, check(result.certificate).valid
    (<Verdict.INJECTIVE: 'injective'>, True)
    >>> certify(ReLULayer([[1, 0], [0, 1], [-1, -1]])).witness
    Collision(x=(Fraction(2, 1), Fraction(-1, 1)), y=(Fraction(2, 1), Fraction(0, 1)))
    """
    _require_positive(timeout)
    clock = Clock(timeout, report)  # before engines are imported, which takes a second
    layer, asked = layer_given(layer), convex_given(domain)
    if isinstance(layer, DenseNetwork):
        from exactinj.networks.certify import certify_network

        require_numbers(seed, jobs)
        _refuse_for_blocks(engine, blocks, input_shape, network=True)
        _refuse_to_resume(resume, "a network")
        return certify_network(layer, asked.for_dimension(layer.n), clock)
    if isinstance(layer, ResidualBlock):
        from exactinj.injectivity.residual.certify import certify_residual

        require_numbers(seed, jobs)
        _refuse_for_blocks(engine, blocks, input_shape)
        _refuse_to_resume(resume, "a residual block")
        return certify_residual(layer, asked.for_dimension(layer.n), clock, seed)
    read = clock.elapsed
    assumed = is_assumed(assume)
    of_windows = isinstance(layer, ConvLayer)  # which are full spark in a sense of their own
    chosen = engine_given(engine, seed=seed, jobs=jobs, assume_full_spark=assumed and not of_windows, folder=resume)
    clock.discount(clock.elapsed - read)
    if isinstance(layer, ConvLayer):
        from exactinj.injectivity.convolution.certify import certify_convolution

        if blocks is not None:
            raise InputError(
                "found blocks for a convolution, expected them for a dense layer; use layer.unrolled(size)"
            )
        return certify_convolution(
            layer,
            asked,
            chosen,
            clock,
            input_shape=input_shape,
            box_limit=box_limit,
            seed=seed,
            small_engine=engine_given(engine, seed=seed),
            assume_full_spark=assumed,
        )
    if input_shape is not None:
        raise InputError("found an input shape for a dense layer, expected it for a ConvLayer only; remove it")
    if engine == "auto" or blocks is not None:
        from exactinj.injectivity.blocks import BlocksEngine

        chosen = BlocksEngine(chosen, blocks)
    return certify_dense(layer, asked.for_dimension(layer.n), chosen, clock)


def _refuse_to_resume(resume: object, what: str) -> None:
    if resume is not None:
        raise InputError(f"found a folder to go on from for {what}, expected one for a dense layer only; remove it")


def check(
    certificate: AnyCertificate | str | os.PathLike[str],
    layer: AnyLayer | Any = None,
    *,
    checker: str = "independent",
) -> CheckResult:
    """Check a certificate, by default with the independent checker.

    Parameters
    ----------
    certificate : Certificate or path
        What `certify` returned, or a ``.json`` or ``.json.gz`` file.
    layer : ReLULayer, ConvLayer, ResidualBlock or DenseNetwork, optional; of a network also a Network, torch module
        or ``.onnx`` file
        If given, the claim is checked for *this* layer's numbers, and the certificate is rejected
        if it speaks of another one.
    checker : {"independent", "fast"}
        The standard-library checker, or the compiled one for long trees (``docs/fast-checker.md``), which leaves
        short certificates and other rules to the first.

    Returns
    -------
    CheckResult
        ``.valid``, ``.claim`` and ``.reason``.

    Raises
    ------
    CertificateError
        If the file cannot be read as a certificate at all.
    """
    from exactinj.checker import Unreadable

    check_stream = _checker_named(checker)
    numbers = None if layer is None else _numbers_for(certificate, layer)
    try:
        if isinstance(certificate, Document):
            return check_stream(io.BytesIO(certificate.to_bytes()), numbers)
        with Path(certificate).open("rb") as stream:
            return check_stream(stream, numbers)
    except (Unreadable, OSError) as error:
        raise CertificateError(str(error)) from None


def _checker_named(name: str) -> Callable[[BinaryIO, Any], CheckResult]:
    if name == "independent":
        from exactinj.checker import check_stream

        return check_stream
    if name == "fast":
        from exactinj import fastcheck

        return fastcheck.check_stream
    raise InputError(f"found the checker {name!r}, expected independent or fast")


def _numbers_for(certificate: Document | str | os.PathLike[str], layer: Any) -> Any:
    """The layer as the checker takes it, for a certificate that is about a layer, or about a network."""
    from exactinj import checker
    from exactinj.certificates.records import read_record, refusals
    from exactinj.layers.network.flat import FlatGraph
    from exactinj.networks.certified_models import is_model, subject_of_model

    record: dict[str, Any] = {}
    if isinstance(certificate, GraphCertificate):
        record = {"graph": {"inputs": certificate.layer.inputs}}
    elif isinstance(certificate, NetworkCertificate):
        record = {"dense_network": {"n": certificate.layer.n}}
    elif is_model(layer) and not isinstance(certificate, Document):
        with refusals(certificate):
            record = read_record(certificate)
    if not is_model(layer) and "graph" not in record:
        return _numbers_of(layer_given(layer))
    subject = subject_of_model(record, layer)
    return checker.GraphDigest(subject.digest) if isinstance(subject, FlatGraph) else _numbers_of(subject)


def _numbers_of(layer: AnyLayer) -> Any:
    """The layer as the checker takes it."""
    from exactinj import checker

    if isinstance(layer, DenseNetwork):
        parts = [(part.W.fractions(), [value for (value,) in part.b.fractions()], part.slopes) for part in layer.layers]
        return checker.DenseNetwork([checker.DenseLayer(*part) for part in parts])

    if isinstance(layer, ResidualBlock):
        b = [value for (value,) in layer.b.fractions()]
        return checker.Residual(layer.A.fractions(), layer.B.fractions(), b)

    if isinstance(layer, ConvLayer):
        return checker.Convolution(
            in_channels=layer.in_channels,
            out_channels=layer.out_channels,
            groups=layer.groups,
            kernel_size=layer.kernel_size,
            stride=layer.stride,
            dilation=layer.dilation,
            padding=layer.padding,
            padding_mode=layer.padding_mode,
            kernels=layer.kernels.fractions(),
            b=layer.bias,
        )
    return (layer.W.fractions(), [value for (value,) in layer.b.fractions()])


def alpha_star(
    layer: ReLULayer | Any,
    *,
    domain: Region | str | None = None,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> AlphaStar:
    """Exact alpha*: per row the limit of Monte Carlo Bias Estimation, with points that attain it and a proof.

    ``alpha*_j = min { <x, w_j> : x in K, at most n - 1 rows i have <x, w_i> > <x, w_j> }``. A bias ``alpha <= alpha*``
    is rectifying on K if the rows are full spark: sufficient, not necessary. The layer's own bias plays no part. Sign
    of the frame literature: the layer is ``ReLU(Wx - alpha)``.

    Parameters
    ----------
    layer : ReLULayer
        The rows; n up to about 6 is practical, whatever m.
    domain : Ball around 0, NonnegativeBall or Sphere, optional
        The unit ball if left out.
    timeout : float, optional
        Seconds after which it stops with the rows that are finished; then ``result.complete`` is False.
    report : callable, optional
        Is told now and then, in a line of text, how far the work is.

    Returns
    -------
    AlphaStar
        ``.alpha`` (exact numbers ``sign * sqrt(square)``), ``.values`` (points, rows above them), ``.certificate``,
        ``.floor(bits)`` (rational biases below).

    Raises
    ------
    InputError
        For other domains, or a timeout that is not positive.

    Examples
    --------
    >>> [str(value) for value in alpha_star(ReLULayer([[1, 0], [0, 1], [-1, -1]]), domain=Ball(2)).alpha]
    ['-sqrt(2)', '-sqrt(2)', '-sqrt(4/5)']

    References
    ----------
    [Eck24] chapter 4, [HEB24]; `docs/mathematics.md`, "Alpha* exactly".
    """
    from exactinj.biases.alpha import alpha_star as exact_alpha

    _require_positive(timeout)
    return exact_alpha(dense_given(layer), region_given(domain, Ball(1)), clock=Clock(timeout, report))


def hull_bias(
    layer: ReLULayer | Any,
    *,
    domain: Region | str | None = None,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> HullBias:
    """The convex-hull bias (polytope bias estimation), exact, with its facets and their left inverses.

    Parameters
    ----------
    layer : ReLULayer
        No zero rows; the unit rows must have 0 in the interior of their convex hull.
    domain : Ball around 0, NonnegativeBall, Sphere or Shell, optional
        The unit ball if left out.
    timeout : float, optional
        Seconds after which it stops; ``result.complete`` is then False, and rows without their bias have None. A bias
        needs all facets, so that all rows are None while facets are missing.
    report : callable, optional
        Is told now and then, in a line of text, how far the work is.

    Returns
    -------
    HullBias
        ``.alpha`` (exact), ``.facets``, ``.left_inverse(k)``, ``.reconstruct(output)``.

    Raises
    ------
    InputError
        For rows that are not omnidirectional, zero rows, other domains, or a timeout that is not positive.

    Examples
    --------
    >>> octahedron = ReLULayer([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    >>> [str(value) for value in hull_bias(octahedron).alpha]
    ['0', '0', '0', '0', '0', '0']

    References
    ----------
    [HEB23]; `docs/mathematics.md`, "Convex-hull bias".
    """
    from exactinj.biases.hull.bias import hull_bias as exact_hull_bias

    _require_positive(timeout)
    return exact_hull_bias(dense_given(layer), region_given(domain, Ball(1)), Clock(timeout, report))


def sample_alpha(
    layer: ReLULayer | Any,
    *,
    domain: Region | str | None = None,
    sampler: Sampler | None = None,
    samples: int = 100_000,
    patience: int | None = None,
    seed: int = 0,
    dtype: str = "float64",
    backend: str = "numpy",
    device: str | None = None,
    memory: int | None = None,
    rows_first: bool = False,
    greedy: bool = False,
    subspace: int | None = None,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> AlphaEstimate:
    """Monte Carlo Bias Estimation: alpha* *estimated* from samples, for dimensions beyond exact methods.

    The estimate of a row is its least coefficient ``<x, w_j>`` over the samples x that it is among the n largest of. Up
    to the rounding of that product it is never below exact alpha* on a domain that holds the samples, and usually above
    it: it certifies nothing.

    Parameters
    ----------
    layer : ReLULayer, or an array or tensor of float rows (m, n)
        Layers of real size are best given as floats.
    domain : Sphere, Ball around 0, NonnegativeBall, Shell or Box, optional
        Where samples are uniform; the unit ball if both this and `sampler` are left out.
    sampler : Sampler, optional
        Another distribution, such as `Smoothing(data, sigma)` or `KernelDensity(data)`.
    samples : int
        How many at most.
    patience : int, optional
        Stop when so many samples in a row changed nothing.
    seed : int
        Of the random numbers; results repeat for the same backend, device, type and memory.
    dtype : {"float64", "float32"}
        That samples are drawn in. Values are computed in float64 at the samples that set them, and which rows count
        there is decided exactly.
    backend : {"numpy", "torch"}, device : str, optional
        torch runs on a GPU if there is one, unless the device says otherwise.
    memory : int, optional
        Bytes for a block of samples; a size that suits the processor if left out. The bases of subspaces come on top.
    rows_first : bool
        Look at the rows themselves first, as far as they lie in the domain; [Eck24] found them critical.
    greedy : bool
        Take independent rows by decreasing coefficient instead of the n largest, for rows that are not full spark.
        That estimates another bias, which may lie below alpha*.
    subspace : int, optional
        Draw samples from random subspaces of this dimension, at most n / 2, many from each: every sample has the same
        distribution as otherwise, but those of one subspace are not independent. That costs a tenth or less in high
        dimension, and in measurements the estimates were as low (benchmarks/README.md). 0 draws independent samples.
        If left out it is 16 where n >= 64 and there are at least 2048 samples, except on boxes and the nonnegative
        ball, for which there is no such way, and with `greedy`.
    timeout, report
        As in `certify`; what was sampled by then is returned.

    Returns
    -------
    AlphaEstimate
        ``.values`` (floats), ``.points``, ``.samples``, ``.merge(other)``, ``.exact(row)``.

    Raises
    ------
    InputError
        For domains that cannot be sampled, samples that do not fit the layer, and numbers that are not positive.

    Examples
    --------
    >>> estimate = sample_alpha([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]], domain=Ball(1), samples=2000)
    >>> exact = alpha_star(ReLULayer([[1, 0], [0, 1], [-1, -1]]), domain=Ball(1)).alpha
    >>> all(estimate.exact(j) >= exact[j] for j in range(3))
    True

    References
    ----------
    [Eck24] chapters 4 and 5, [HEB24].
    """
    from exactinj.sampling import sample_alpha as estimate_alpha
    from exactinj.sampling.samplers import uniform_on

    _require_positive(timeout)
    if domain is not None and sampler is not None:
        raise InputError("found a domain and a sampler, expected one of them; a sampler says where its samples are")
    return estimate_alpha(
        rows_given(layer),
        sampler or uniform_on(region_given(domain, Ball(1))),
        samples=samples,
        patience=patience,
        seed=seed,
        dtype=dtype,
        backend=backend,
        device=device,
        memory=memory,
        rows_first=rows_first,
        greedy=greedy,
        subspace=subspace,
        clock=Clock(timeout, report),
    )


def compare(
    layer: ReLULayer | Any,
    *,
    domain: Region | str | None = None,
    samples: int | None = None,
    seed: int = 0,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
    keep: Callable[[Comparison], None] | None = None,
) -> Comparison:
    """Exact alpha*, the convex-hull bias and the layer's own bias: which is larger where, which is rectifying.

    Parameters
    ----------
    layer, domain, timeout, report
        As in `alpha_star`.
    samples, seed : int, optional
        With a number of samples, a sampled estimate is compared as well: ``.estimate`` and ``.gaps``.
    keep : callable, optional
        Is given after each step what is known by then, a `Comparison`, for whoever may have to end the work.

    Returns
    -------
    Comparison
        ``.biases``, ``.results`` (a `Result` for the layer with each bias, on convex domains), ``.largest(row)``, and
        ``.notes`` on a method that does not apply.

    Examples
    --------
    >>> outcome = compare(ReLULayer([[2], [1], [-1]], alpha=[5, 0, 0]))
    >>> {name: [str(value) for value in bias.values] for name, bias in outcome.biases.items()}
    {'exact': ['0', '0', '0'], 'hull': ['0', '0', '0'], 'layer': ['5', '0', '0']}
    >>> [str(outcome.results[name].verdict) for name in outcome.biases]
    ['injective', 'injective', 'injective']
    """
    from exactinj.comparison import compared

    layer = dense_given(layer)
    _require_positive(timeout)
    if seed < 0 or (samples is not None and samples < 1):
        raise InputError(
            f"found samples = {samples}, seed = {seed}, expected a positive number and a seed of at least 0"
        )
    region = region_given(domain, Ball(1)).for_dimension(layer.n)
    return compared(layer, region, Clock(timeout, report), samples=samples, seed=seed, keep=keep)


def _refuse_for_blocks(engine: str | Engine, blocks: object, input_shape: object, *, network: bool = False) -> None:
    """Options that say nothing about a residual block, or a network."""
    what, only = ("a network", "cell-pairs") if network else ("a residual block", "p-matrix")
    if engine not in ("auto", only):
        name = engine if isinstance(engine, str) else type(engine).__name__
        raise InputError(f"found the engine {name!r} for {what}, expected auto: {only} is the only one")
    if blocks is not None or input_shape is not None:
        name = "blocks" if blocks is not None else "an input shape"
        raise InputError(f"found {name} for {what}, expected them for other layers only; remove it")


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

    _require_positive(timeout)
    _require_positive(layer_timeout)
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

    _require_positive(timeout)
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


def _require_positive(timeout: float | None) -> None:
    if timeout is not None and not (isinstance(timeout, Real) and timeout > 0):
        raise InputError(f"found a timeout of {timeout!r}, expected a positive number of seconds")
