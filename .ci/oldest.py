"""The oldest versions that pyproject.toml allows, as constraints for pip: ``python .ci/oldest.py > constraints-oldest.txt``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
BOUND = re.compile(r"([A-Za-z0-9-]+)>=([0-9.]+)")


def oldest(extras: tuple[str, ...] = ()) -> list[str]:
    """Lines ``name==version`` for the dependencies and for those of all extras; torch is pinned elsewhere."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    found = dict(match.groups() for text in wanted if (match := BOUND.match(text)))
    return [f"{name}=={version}" for name, version in sorted(found.items()) if name != "torch"]


if __name__ == "__main__":
    print(*oldest(), sep="\n")
