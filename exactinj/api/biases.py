"""Biases of a layer: exact alpha*, that of the convex hull, estimates, and all of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactinj.api.timeouts import require_positive
from exactinj.domains import Ball, Region
from exactinj.errors import InputError
from exactinj.files.arguments import dense_given, region_given, rows_given
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock

if TYPE_CHECKING:
    from exactinj.biases.alpha import AlphaStar
    from exactinj.biases.hull.bias import HullBias
    from exactinj.comparison import Comparison
    from exactinj.sampling import AlphaEstimate
    from exactinj.sampling.samplers import Sampler

__all__ = ["alpha_on", "alpha_star", "compare", "hull_bias", "pointwise_bias", "sample_alpha"]


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

    require_positive(timeout)
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
        ``.alpha`` (exact), ``.facets``, ``.left_inverse(k)``, ``.reconstruct(output)``, ``.invert(output)`` (how many
        inputs there are, in the form of `invert`, which takes this result as well).

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

    require_positive(timeout)
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
    screen: str = "auto",
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
    screen : {"auto", "float16", "tf32", "float32"}
        Which products say first that a sample changes nothing; the estimate does not depend on it. float16 and TF32
        are for GPUs that multiply them many times as fast as float32 (their error is bounded, see
        docs/mathematics.md), and are emulated, slowly, elsewhere; samples of subspaces need neither. If left out it is
        float16 on a GPU for n >= 256.
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

    require_positive(timeout)
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
        screen=screen,
        clock=Clock(timeout, report),
    )


def alpha_on(
    layer: ReLULayer | Any,
    points: Any,
    *,
    greedy: bool = False,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> AlphaEstimate:
    """``alpha*(X)`` of a finite set of points: per row the least coefficient where it is among the n largest.

    Which rows these are is decided exactly; a value is its coefficient up to the rounding of one product in float64,
    and ``.exact(row)`` is that coefficient itself. With full-spark rows the layer ``ReLU(W x - alpha)`` has n active
    rows that span at every point of X if ``alpha <= alpha*(X)``, which `AlphaEstimate.is_mcbe_injective` asks. Of
    other points it says nothing.

    Parameters
    ----------
    layer : ReLULayer, or an array or tensor of float rows (m, n)
        Its own bias plays no part.
    points : (M, n) floats
    greedy, timeout, report
        As in `sample_alpha`.

    Raises
    ------
    InputError
        For points of another dimension, or not finite.

    Examples
    --------
    >>> octahedron = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]
    >>> found = alpha_on(octahedron, [[1.0, 0.5, 0.25], [-2.0, 1.0, 1.0]])
    >>> found.values.tolist(), found.is_mcbe_injective([0] * 6)
    ([1.0, 0.5, 0.25, 2.0, inf, inf], True)

    References
    ----------
    [Eck24] definitions 4.1.2 and 4.1.3.
    """
    from exactinj.sampling import alpha_on as alpha_of_points

    require_positive(timeout)
    return alpha_of_points(rows_given(layer), points, greedy=greedy, clock=Clock(timeout, report))


def pointwise_bias(layer: ReLULayer | Any, x: Sequence[Any]) -> tuple[Fraction | None, ...]:
    """The largest bias with n active rows at x: ``<x, w_j>`` for the n largest, and None (no bound) for others; exact.

    Rows that are equal to the n-th largest at x all count, as in `alpha_on`.

    Parameters
    ----------
    layer : ReLULayer
        Its own bias plays no part.
    x : (n,) rationals, floats as the dyadic rationals that they are

    Examples
    --------
    >>> octahedron = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]
    >>> [str(value) for value in pointwise_bias(octahedron, ["1/3", "1/3", "-1/2"])]
    ['1/3', '1/3', 'None', 'None', 'None', '1/2']

    References
    ----------
    [Eck24] definition 4.1.1.
    """
    given = dense_given(layer)
    products = ReLULayer(given.W.fractions()).preactivation(x)
    nth = sorted(products, reverse=True)[min(given.n, given.m) - 1]
    return tuple(value if value >= nth else None for value in products)


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
    require_positive(timeout)
    if seed < 0 or (samples is not None and samples < 1):
        raise InputError(
            f"found samples = {samples}, seed = {seed}, expected a positive number and a seed of at least 0"
        )
    region = region_given(domain, Ball(1)).for_dimension(layer.n)
    return compared(layer, region, Clock(timeout, report), samples=samples, seed=seed, keep=keep)
