"""What answers depend on: versions of exactinj, Python, libraries and solvers, and where things are kept."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib import metadata

from exactinj import __version__
from exactinj.kernels.cache import cache_place
from exactinj.provedcheck import program
from exactinj.work.processes import available_processors

__all__ = ["About", "about"]

NEEDED = ("numpy", "scipy", "numba", "llvmlite", "python-flint")
OPTIONAL = (
    *("matplotlib", "networkx", "torch", "pulp", "highspy", "onnx", "safetensors", "joblib", "scikit-learn"),
    *("clarabel", "sympy", "shtab"),
)


@dataclass(frozen=True)
class About:
    """Versions as text, None for what is not installed; `compiled_code` and `proved_checker` are paths or None."""

    exactinj: str
    python: str
    platform: str
    processors: int
    libraries: dict[str, str | None]
    compiled_code: str | None
    proved_checker: str | None

    @property
    def text(self) -> str:
        """Lines for a bug report."""
        lines = [f"exactinj {self.exactinj}", f"Python {self.python} on {self.platform}"]
        lines.append(f"{self.processors} processors for this process")
        lines += [f"{name} {version or 'is not installed'}" for name, version in self.libraries.items()]
        lines.append(f"compiled code is kept in {self.compiled_code or 'no folder'}")
        lines.append(f"proved checker: {self.proved_checker or 'not built (make -C proof)'}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The document of ``exactinj about --json``."""
        return {
            "exactinj": self.exactinj,
            "python": self.python,
            "platform": self.platform,
            "processors": self.processors,
            "libraries": self.libraries,
            "compiled_code": self.compiled_code,
            "proved_checker": self.proved_checker,
        }


def about() -> About:
    """What belongs into a bug report; nothing is imported to find out.

    >>> about().exactinj == __version__
    True
    """
    place, proved = cache_place(), program()
    return About(
        exactinj=__version__,
        python=sys.version.split()[0],
        platform=platform.platform(),
        processors=available_processors(),
        libraries={name: _version(name) for name in (*NEEDED, *OPTIONAL)},
        compiled_code=None if place is None else str(place),
        proved_checker=None if proved is None else str(proved),
    )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
