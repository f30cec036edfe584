"""Check the form of every case and rewrite the table in the casebook's README.

python casebook/make/table.py
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from casefile import CASEBOOK, KEYS, OPTIONAL_KEYS, canonical, load, names

EXPECTED, DOMAINS = ("injective", "not_injective"), ("R^n", "nonneg", "ball:", "nonneg-ball:", "box:")
START, END = "<!-- table: made by make/table.py -->", "<!-- end of table -->"


def shape(case: dict[str, Any]) -> tuple[int, int, bool]:
    """(m, n, whether there is a bias other than zero)."""
    if "layer" in case:
        rows, bias = case["layer"]["W"], case["layer"]["b"]
        entries = [a for row in rows for a in row] + bias
        if any(str(Fraction(a)) != a for a in entries):
            raise SystemExit(f"{case['name']}: a number is not in canonical form")
        if {len(row) for row in rows} != {len(rows[0])} or len(bias) != len(rows):
            raise SystemExit(f"{case['name']}: the layer is not rectangular")
        return len(rows), len(rows[0]), any(a != "0" for a in bias)
    with np.load(CASEBOOK / case["layer_file"], allow_pickle=False) as data:
        return (*data["W"].shape, "b" in data and bool(data["b"].any()))


def line(name: str) -> str:
    """The table line of one case, after a check of its form."""
    text = (CASEBOOK / f"{name}.json").read_text(encoding="utf-8")
    case = load(name)
    keys = [key if key != "layer" or key in case else "layer_file" for key in KEYS]
    keys += [key for key in OPTIONAL_KEYS if key in case]
    if list(case) != keys or case["name"] != name or text != canonical(case):
        raise SystemExit(f"{name}: the file is not in canonical form")
    if case["expected"] not in EXPECTED or not case["domain"].startswith(DOMAINS):
        raise SystemExit(f"{name}: unknown expected answer or domain")
    m, n, bias = shape(case)
    cells = (
        f"[{name}]({name}.json)",
        str(n),
        str(m),
        "yes" if bias else "",
        {"nonneg": "orthant", "R^n": ""}.get(case["domain"], case["domain"]),
        case["expected"].replace("_", " "),
        ", ".join(case["tags"]),
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


if __name__ == "__main__":
    head = ["| case | n | m | bias | domain | expected | tags |", "| --- " * 7 + "|"]
    table = "\n".join(head + [line(name) for name in names()])
    readme = CASEBOOK / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{START}\n{table}\n{END}{after}", encoding="utf-8", newline="\n")
