"""Reconstruction: the inputs that a layer maps to given outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactinj.api.timeouts import require_positive
from exactinj.domains import Domain, Region
from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from
from exactinj.files.arguments import convex_given, dense_given, layer_given
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.work.clock import Clock

if TYPE_CHECKING:
    from exactinj.biases.hull.bias import HullBias
    from exactinj.files.outputs import Outputs
    from exactinj.injectivity.result import AnyLayer
    from exactinj.inversion.invert import Noise
    from exactinj.inversion.result import Inversion

__all__ = ["invert"]

CERTIFIED = "certified"
KAPPA_BITS = 53


def invert(
    layer: ReLULayer | ConvLayer | DenseNetwork | HullBias | Any,
    output: Any,
    *,
    domain: Region | str | None = None,
    input_shape: Sequence[int] | None = None,
    noisy: bool = False,
    method: str = "constrained",
    noise: Any = 0,
    kappa: Any = None,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> Inversion | list[Inversion]:
    """The inputs x in the domain with ``ReLU(Wx + b) = y``, exactly: one, several or none, each proved.

    Parameters
    ----------
    layer : ReLULayer, ConvLayer or DenseNetwork, or what makes one, as in `certify`
        A network is inverted layer by layer, from the last one to the first, as long as each leaves at most one point
        for the one before it. The layers that are left are then solved piece by piece, and where these are too many
        the answer is ``unknown``, with the layer in the reason.
        Of a `HullBias` the layer ``ReLU(W x - alpha)`` with its `floor_alpha`, on its own domain, by its facets.
    output : (m,) numbers, or rows of them (k, m), or the path of a ``.npy``, ``.json`` or ``.csv`` file
        Nonnegative behind a ReLU; floats are the dyadic rationals that they are.
    domain : Region or its words, optional
        Convex; R^n if left out.
    input_shape : sequence of int, optional
        Of a convolution: (channels, *size), or the size alone. Its outputs may have the shape of the grid.
    noisy : bool
        The output is rounded or measured: the nearest input by least squares, in floats.
    method : {"constrained", "positive-rows"}
        Of ``noisy``: least squares on the rows with positive outputs subject to the inequalities of the others, or
        without them ([Eck24] 7.3).
    noise : number
        Of ``noisy``: how far the output is, at most, from what the layer gives on the domain.
    kappa : positive rational, or "certified", optional
        Of ``noisy``: a certified lower Lipschitz constant of the layer on the domain. Then no input of the domain with
        an output within `noise` is farther from x than ``.error_bound``. "certified" has `stability` prove one, which
        is practical for dense layers of few inputs.
    timeout : float, optional
        Seconds for all outputs; those that are not reached are ``timed_out``.
    report : callable, optional
        Is told now and then, in a line of text, how far the work is.

    Returns
    -------
    Inversion, or a list of them for rows of outputs
        ``.status`` (``unique``, ``many`` or ``none``; ``nearest`` if noisy), ``.x`` (exact
        rationals, or floats), ``.second``, ``.dimension`` (of the
        set of all inputs with this output), ``.farkas`` (what proves ``none``), ``.reason``, ``.to_json()``;
        of a network ``.at_layer`` (which layer decided) and ``.at_output`` (what that layer would have to give).

    Raises
    ------
    InputError
        For outputs of another length, negative ones, domains that are not convex, a kappa that is not positive, and
        noisy outputs of a network.

    Examples
    --------
    >>> result = invert(([[1], [-1]], [-1, 1]), [0, 0])
    >>> result.status, result.x
    (<InversionStatus.UNIQUE: 'unique'>, (Fraction(1, 1),))

    References
    ----------
    `docs/mathematics.md`, "Reconstruction".
    """
    from exactinj.biases.hull.bias import HullBias
    from exactinj.files.outputs import outputs_given
    from exactinj.inversion.invert import invert_exactly, invert_nearly
    from exactinj.inversion.maps import map_of

    require_positive(timeout)
    if not noisy and (method != "constrained" or noise != 0 or kappa is not None):
        raise InputError("found a method, noise or kappa for exact inversion, expected them with noisy only; say noisy")
    clock = Clock(timeout, report)
    if isinstance(layer, HullBias):
        named = {"a domain": domain, "an input shape": input_shape, "noisy": noisy or None}
        return _by_facets(layer, output, [name for name, value in named.items() if value is not None], clock)
    given_layer = layer_given(layer)
    if isinstance(given_layer, DenseNetwork):
        return _of_network(given_layer, output, convex_given(domain), input_shape, clock, noisy=noisy)
    exact = map_of(_one_layer(given_layer), input_shape)
    asked = convex_given(domain).for_dimension(exact.n)
    about = _noise_given(method, noise, _kappa_given(kappa, given_layer, asked, clock)) if noisy else None
    given = outputs_given(output, exact.m, exact.shape)
    return _each(
        given,
        clock,
        lambda row: (
            invert_nearly(exact, row, asked, about, clock)
            if about is not None
            else invert_exactly(exact, row, asked, clock)
        ),
    )


def _by_facets(bias: HullBias, output: Any, unfit: Sequence[str], clock: Clock) -> Inversion | list[Inversion]:
    from exactinj.files.outputs import outputs_given

    if unfit:
        raise InputError(f"found {unfit[0]} for a HullBias, expected none: it has its own layer and domain; remove it")
    given = outputs_given(output, bias.layer.m)
    return _each(given, clock, lambda row: bias.invert(row, clock=clock))


def _of_network(
    network: DenseNetwork,
    output: Any,
    domain: Domain,
    input_shape: Sequence[int] | None,
    clock: Clock,
    *,
    noisy: bool,
) -> Inversion | list[Inversion]:
    from exactinj.files.outputs import outputs_given
    from exactinj.inversion.networks import invert_network, signed_rows

    if noisy:
        raise InputError("found a network, expected one layer: noisy inversion takes one layer; leave noisy out")
    if input_shape is not None:
        raise InputError("found an input shape for a network, expected it for a convolution only; remove it")
    asked = domain.for_dimension(network.n)
    given = outputs_given(output, network.m, signed=signed_rows(network))
    return _each(given, clock, lambda row: invert_network(network, row, asked, clock))


def _each(
    given: Outputs, clock: Clock, inverted: Callable[[Sequence[Fraction]], Inversion]
) -> Inversion | list[Inversion]:
    """The answer for one output, or those for rows of them."""
    results = []
    for k, row in enumerate(given.rows):
        clock.report(f"output {k + 1} of {len(given.rows)}")
        results.append(inverted(row))
    return results[0] if given.is_one else results


def _one_layer(layer: AnyLayer) -> ReLULayer | ConvLayer:
    return layer if isinstance(layer, ConvLayer) else dense_given(layer)


def _kappa_given(kappa: Any, layer: Any, domain: Region, clock: Clock) -> Fraction | None:
    """A number as it is, or what `stability` proves; None if that is 0."""
    if kappa != CERTIFIED:
        return None if kappa is None else fraction_from(kappa)
    from exactinj.api.lipschitz import stability

    low = stability(layer, domain=domain, timeout=clock.left).lower_lipschitz[0].floor(KAPPA_BITS)
    return low if low > 0 else None


def _noise_given(method: str, noise: Any, kappa: Fraction | None) -> Noise:
    from exactinj.inversion.invert import METHODS, Noise

    if method not in METHODS:
        raise InputError(f"found the method {method!r}, expected one of {', '.join(METHODS)}")
    size = fraction_from(noise)
    if size < 0:
        raise InputError(f"found the noise {noise}, expected a number of at least 0")
    if kappa is not None and kappa <= 0:
        raise InputError(f"found kappa = {kappa}, expected a positive number; 0 bounds nothing")
    return Noise(method, size, kappa)
