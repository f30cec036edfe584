"""A wheel carries the package and its casebook's cases, and nothing else: ``python .ci/check_wheel.py FILE.whl``."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

WANTED = re.compile(
    r"exactinj/(?!_casebook/).*\.(py|pyi|typed)"
    r"|exactinj/_casebook/[^/]+\.json|exactinj/_casebook/data/[^/]+\.npz"
    r"|exactinj-[^/]+\.dist-info/.*"
)


def main(wheel: str) -> int:
    """Name what is missing from a wheel and what does not belong there; 1 if there is any."""
    root = Path(__file__).parent.parent
    names = set(zipfile.ZipFile(wheel).namelist())
    cases = {f"exactinj/_casebook/{file.name}" for file in (root / "casebook").glob("*.json")}
    data = {f"exactinj/_casebook/data/{file.name}" for file in (root / "casebook" / "data").glob("*.npz")}
    kinds = (".py", ".pyi", ".typed")
    modules = {str(file.relative_to(root)) for file in (root / "exactinj").rglob("*") if file.suffix in kinds}
    wrong = [f"does not belong there: {name}" for name in sorted(names) if not WANTED.fullmatch(name)]
    wrong += [f"is missing: {name}" for name in sorted((cases | data | modules) - names)]
    print(*wrong or [f"{Path(wheel).name}: {len(names)} files, as expected"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
