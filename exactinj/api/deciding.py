"""Decide a layer, block or network: what is handed in is read, one function of a room below is called."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from exactinj.api.timeouts import require_positive
from exactinj.domains import Region
from exactinj.errors import InputError
from exactinj.files.arguments import convex_given, layer_given
from exactinj.injectivity.by_name import engine_given, is_assumed, require_numbers
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import AnyLayer, Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.work.clock import Clock

__all__ = ["certify"]


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
        A folder, made if it is not there, in which ``sign-split`` keeps the subtrees that are done, of searches that
        take more than a few seconds. A later call goes
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
    >>> from exactinj import ReLULayer, check
    >>> result = certify(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]))
    >>> result.verdict, check(result.certificate).valid
    (<Verdict.INJECTIVE: 'injective'>, True)
    >>> certify(ReLULayer([[1, 0], [0, 1], [-1, -1]])).witness
    Collision(x=(Fraction(2, 1), Fraction(-1, 1)), y=(Fraction(2, 1), Fraction(0, 1)))
    """
    require_positive(timeout)
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


def _refuse_for_blocks(engine: str | Engine, blocks: object, input_shape: object, *, network: bool = False) -> None:
    """Options that say nothing about a residual block, or a network."""
    what, only = ("a network", "cell-pairs") if network else ("a residual block", "p-matrix")
    if engine not in ("auto", only):
        name = engine if isinstance(engine, str) else type(engine).__name__
        raise InputError(f"found the engine {name!r} for {what}, expected auto: {only} is the only one")
    if blocks is not None or input_shape is not None:
        name = "blocks" if blocks is not None else "an input shape"
        raise InputError(f"found {name} for {what}, expected them for other layers only; remove it")
