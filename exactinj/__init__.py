"""exactinj: formal verification and exact geometry of ReLU layers.

Is ``x -> ReLU(W x + b)`` injective? `certify` answers with a proof that an independent checker
accepts, or with two different inputs that have exactly the same output.

>>> import exactinj as xi
>>> xi.certify(xi.ReLULayer([[1], [-1]], b=[-1, 1])).verdict
<Verdict.INJECTIVE: 'injective'>

Names are imported when they are first used, so that ``import exactinj`` costs milliseconds.
"""

from importlib import import_module

__version__ = "0.2.0"


def _exports() -> dict[str, str]:
    """The module that each exported name comes from, by the lines ``from HOME import NAME as NAME`` of the stub."""
    with open(f"{__file__.removesuffix('.py')}.pyi", encoding="utf-8") as stub:  # noqa: PTH123 (pathlib is slow to load)
        lines = [line.split() for line in stub if line.startswith("from ")]
    return {name: home for _, home, _, _, _, name in lines}


_HOMES = _exports()
__all__ = sorted(_HOMES)  # noqa: PLE0605 (the stub spells them out)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'exactinj' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
