"""Reconstruction: the inputs that a layer maps to given outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from exactinj.api.timeouts import require_positive
from exactinj.domains import Region
from exactinj.files.arguments import convex_given, dense_given
from exactinj.work.clock import Clock

if TYPE_CHECKING:
    from exactinj.inversion.result import Inversion
    from exactinj.layers.dense import ReLULayer

__all__ = ["invert"]


def invert(
    layer: ReLULayer | Any,
    output: Any,
    *,
    domain: Region | str | None = None,
    timeout: float | None = None,
    report: Callable[[str], None] | None = None,
) -> Inversion | list[Inversion]:
    """The inputs x in the domain with ``ReLU(Wx + b) = y``, exactly: one, several or none, each proved.

    Parameters
    ----------
    layer : ReLULayer, or what makes one, as in `certify`
    output : (m,) numbers, or rows of them (k, m), or the path of a ``.npy``, ``.json`` or ``.csv`` file
        Nonnegative; floats are the dyadic rationals that they are.
    domain : Region or its words, optional
        Convex; R^n if left out.
    timeout : float, optional
        Seconds for all outputs; those that are not reached are ``timed_out``.
    report : callable, optional
        Is told now and then, in a line of text, how far the work is.

    Returns
    -------
    Inversion, or a list of them for rows of outputs
        ``.status`` (``unique``, ``many`` or ``none``), ``.x`` (exact rationals), ``.second``, ``.dimension`` (of the
        set of all inputs with this output), ``.farkas`` (what proves ``none``), ``.reason``, ``.to_json()``.

    Raises
    ------
    InputError
        For outputs of another length, negative ones, and domains that are not convex.

    Examples
    --------
    >>> result = invert(([[1], [-1]], [-1, 1]), [0, 0])
    >>> result.status, result.x
    (<InversionStatus.UNIQUE: 'unique'>, (Fraction(1, 1),))

    References
    ----------
    `docs/mathematics.md`, "Reconstruction".
    """
    from exactinj.files.outputs import outputs_given
    from exactinj.inversion.invert import invert_exactly

    require_positive(timeout)
    clock = Clock(timeout, report)
    exact = dense_given(layer)
    asked = convex_given(domain).for_dimension(exact.n)
    given = outputs_given(output, exact.m)
    results = []
    for k, row in enumerate(given.rows):
        clock.report(f"output {k + 1} of {len(given.rows)}")
        results.append(invert_exactly(exact, row, asked, clock))
    return results[0] if given.is_one else results
