"""The oldest versions that pyproject.toml allows, as constraints for pip: ``python .ci/oldest.py > FILE``.

With them ``pip install -c FILE ".[test]"`` makes the environment of the lower bounds; torch is left out, as old builds
of it bring gigabytes.
"""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
BOUND = re.compile(r"([A-Za-z0-9-]+)>=([0-9.]+)")


def oldest() -> list[str]:
    """Lines ``name==version`` for the dependencies and for those of all extras."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    found = dict(match.groups() for text in wanted if (match := BOUND.match(text)))
    return [f"{name}=={version}" for name, version in sorted(found.items()) if name != "torch"]


if __name__ == "__main__":
    print(*oldest(), sep="\n")
