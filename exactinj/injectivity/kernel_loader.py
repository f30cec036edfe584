"""Loading the compiled kernel, with a word to the user when it has to be compiled first."""

from __future__ import annotations

from pathlib import Path

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.domains import RealSpace
from exactinj.injectivity.tree_state import new_state
from exactinj.kernels import flats as kernel
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock

__all__ = ["prepare_kernel"]


def prepare_kernel(clock: Clock) -> None:
    """Load the kernel, or compile it if this machine has none in numba's cache; its time is not the search's.

    Whether there is one is looked at from outside: a stale file only means that the message is missing.
    """
    if kernel.search.signatures:
        return
    before = clock.elapsed
    cache = kernel.search.stats.cache_path
    if cache is None or not any(Path(cache).glob("flats.search-*.nbi")):
        clock.report("compiling the search kernel (first run on this machine, about 15 s)")
    kernel.search(new_state(HomogeneousProblem(ReLULayer([[1]]), RealSpace()), kernel.PRIMES[0]), 0)
    clock.discount(clock.elapsed - before)
