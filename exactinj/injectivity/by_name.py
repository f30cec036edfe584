"""Engines as users ask for them: by name, or objects of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from exactinj.errors import InputError
from exactinj.work.pools import has_joblib
from exactinj.work.processes import FEWEST_SIDE_BY_SIDE, processes_for

if TYPE_CHECKING:
    from exactinj.injectivity.engine import Engine

__all__ = ["ALIASES", "ENGINES", "engine_by_name", "engine_given", "full_name", "is_assumed", "require_numbers"]

ENGINES = ("auto", "tree", "sign-split", "packing", "finder", "milp", "milp-highs")
IN_PARTS = ("auto", "sign-split")  # they may keep their search in a folder
ALIASES = {"wedges": "sign-split"}  # names of before, for scripts


def full_name(name: str) -> str:
    """The name that the engine itself has.

    >>> full_name("wedges"), full_name("tree")
    ('sign-split', 'tree')
    """
    return ALIASES.get(name, name)


def engine_given(
    value: Engine | str,
    *,
    seed: int = 0,
    jobs: int | None = 1,
    assume_full_spark: bool = False,
    folder: str | os.PathLike[str] | None = None,
) -> Engine:
    """The engine of that name, or one that verifies everything which a given object says; `InputError` for others."""
    if isinstance(value, str):
        return engine_by_name(value, seed=seed, jobs=jobs, assume_full_spark=assume_full_spark, folder=folder)
    _refuse_folder(folder, "an engine of your own")
    from exactinj.injectivity.engine import Engine
    from exactinj.injectivity.verified import VerifiedEngine

    if isinstance(value, Engine):
        return VerifiedEngine(value)
    if isinstance(value, type):
        raise InputError(f"found the class {value.__name__} as engine, expected an object: {value.__name__}()")
    raise InputError(
        f"found an engine of type {type(value).__name__}, expected a name ({', '.join(ENGINES)}) or an object of a "
        "subclass of exactinj.Engine"
    )


def engine_by_name(
    name: str,
    *,
    seed: int = 0,
    jobs: int | None = 1,
    assume_full_spark: bool = False,
    folder: str | os.PathLike[str] | None = None,
) -> Engine:
    """A new engine; with several jobs one that spreads its search, or runs several side by side, where that helps.

    For the jobs None a search is spread over the backend that was chosen in joblib. `folder` is where a search in parts
    keeps them. `InputError` for an unknown name, for numbers that make no sense, and for a folder that is of no use.
    """
    if full_name(name) not in ENGINES:
        raise InputError(f"found the engine {name!r}, expected one of {', '.join(ENGINES)}")
    require_numbers(seed, jobs)
    from exactinj.injectivity.auto import AutoEngine  # these bring compilers and solvers along: only when needed
    from exactinj.injectivity.finder import FinderEngine
    from exactinj.injectivity.milp.engine import MilpEngine
    from exactinj.injectivity.packing.engine import PackingEngine
    from exactinj.injectivity.parallel import PortfolioEngine
    from exactinj.injectivity.sign_split import SignSplitEngine
    from exactinj.injectivity.tree import TreeEngine

    if full_name(name) not in IN_PARTS:
        _refuse_folder(folder, f"the engine {name}")
    place = None if folder is None else os.fspath(folder)
    side_by_side = 1 if jobs is None else processes_for(jobs, FEWEST_SIDE_BY_SIDE)
    processes = None if jobs is None else side_by_side if has_joblib() else 1
    finders = [FinderEngine(seed + k) for k in range(side_by_side)]
    alone = AutoEngine(seed, assume_full_spark=assume_full_spark)
    racers = [alone, SignSplitEngine(), TreeEngine(), *finders[1:]]
    portfolio = PortfolioEngine(racers[:side_by_side]) if side_by_side > 1 and place is None else None
    split = SignSplitEngine(processes, place)
    makers: dict[str, Callable[[], Engine]] = {
        "auto": lambda: AutoEngine(seed, assume_full_spark=assume_full_spark, split=split, portfolio=portfolio),
        "tree": TreeEngine,
        "sign-split": lambda: split,
        "packing": lambda: PackingEngine(assume_full_spark=assume_full_spark, seed=seed),
        "finder": lambda: finders[0] if side_by_side == 1 else PortfolioEngine(finders),
        "milp": MilpEngine,
        "milp-highs": lambda: MilpEngine(solver="highs"),
    }
    return makers[full_name(name)]()


def is_assumed(value: str | None) -> bool:
    """Whether full spark may be assumed; `InputError` for other assumptions."""
    if value is None:
        return False
    if not isinstance(value, str) or value.replace("-", " ").lower() != "full spark":
        raise InputError(f"found the assumption {value!r}, expected 'full spark' or none")
    return True


def _refuse_folder(folder: object, engine: str) -> None:
    if folder is not None:
        raise InputError(f"found a folder to go on from and {engine}, expected auto or sign-split; name one of them")


def require_numbers(seed: int, jobs: int | None) -> None:
    """`InputError` for a seed or a number of processes that makes no sense."""
    if jobs is not None and (not _is_whole(jobs) or jobs < 1):
        raise InputError(f"found jobs = {jobs!r}, expected a positive number of processes")
    if not _is_whole(seed) or seed < 0:
        raise InputError(f"found the seed {seed!r}, expected an integer that is not negative")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
