"""Check the form of every case and rewrite the tables in the casebook's README.

python casebook/make/table.py
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from casefile import CASEBOOK, CONVOLUTION_KEYS, GEOMETRY, KEYS, LAYER_KEYS, OPTIONAL_KEYS, canonical, load, names
from unrolled import geometry, kernel_shape, kernels_and_bias

EXPECTED, DOMAINS = ("injective", "not_injective"), ("R^n", "nonneg", "ball:", "nonneg-ball:", "box:")
START, END = "<!-- table: made by make/table.py -->", "<!-- end of table -->"
BLOCKS = ("case", "n", "k", "bias", "domain", "expected", "tags")
DENSE = ("case", "n", "m", "bias", "domain", "expected", "tags")
NETWORKS = ("case", "layers", "neurons", "domain", "expected", "tags")
CONVOLUTIONS = ("case", "kernels", "geometry", "bias", "domain", "inputs", "expected", "tags")


def is_convolution(case: dict[str, Any]) -> bool:
    """Whether a case is about a convolution."""
    return "convolution" in case or "convolution_file" in case


def neurons(layers: list[dict[str, Any]]) -> int:
    """The number of rows with an activation."""
    return sum(len(layer["W"]) for layer in layers if layer["activation"] != "none")


def network_numbers(layers: list[dict[str, Any]]) -> list[str]:
    """All numbers of a network, whose layers fit together."""
    widths = [len(layers[0]["W"][0])]
    for layer in layers:
        if {len(row) for row in layer["W"]} != {widths[-1]} or len(layer["b"]) != len(layer["W"]):
            raise SystemExit("a layer of a network does not fit")
        widths.append(len(layer["W"]))
    slopes = [layer["activation"]["leaky"] for layer in layers if isinstance(layer["activation"], dict)]
    return numbers_in([[layer["W"], layer["b"]] for layer in layers]) + numbers_in(slopes)


def numbers_in(value: Any) -> list[str]:
    """All numbers in nested lists."""
    return [number for part in value for number in numbers_in(part)] if isinstance(value, list) else [value]


def shape(case: dict[str, Any]) -> tuple[int, int, bool]:
    """(m, n, whether there is a bias other than zero)."""
    if "residual" in case:
        A, B, bias = case["residual"]["A"], case["residual"]["B"], case["residual"]["b"]
        if {len(row) for row in A} != {len(B)} or {len(row) for row in B} != {len(A)} or len(bias) != len(A):
            raise SystemExit(f"{case['name']}: the matrices do not fit")
        return len(A), len(B), any(a != "0" for a in bias)
    if "layer" in case:
        rows, bias = case["layer"]["W"], case["layer"]["b"]
        if {len(row) for row in rows} != {len(rows[0])} or len(bias) != len(rows):
            raise SystemExit(f"{case['name']}: the layer is not rectangular")
        return len(rows), len(rows[0]), any(a != "0" for a in bias)
    with np.load(CASEBOOK / case["layer_file"], allow_pickle=False) as data:
        return (*data["W"].shape, "b" in data and bool(data["b"].any()))


def check_form(name: str) -> dict[str, Any]:
    """The case, if its file is in the one canonical form."""
    text = (CASEBOOK / f"{name}.json").read_text(encoding="utf-8")
    case = load(name)
    optional = CONVOLUTION_KEYS if is_convolution(case) else [] if "residual" in case else OPTIONAL_KEYS
    wanted = [key for key in KEYS if key in case or key not in (*LAYER_KEYS, *CONVOLUTION_KEYS, *OPTIONAL_KEYS)]
    unfit = set(case) & {*CONVOLUTION_KEYS, *OPTIONAL_KEYS} - set(optional)
    if list(case) != wanted or sum(key in case for key in LAYER_KEYS) != 1 or unfit:
        raise SystemExit(f"{name}: found the keys {', '.join(case)}, expected those of the README in their order")
    if is_convolution(case) and sum(key in case for key in CONVOLUTION_KEYS) != 1:
        raise SystemExit(f"{name}: expected one of {', '.join(CONVOLUTION_KEYS)}")
    if case["name"] != name or text != canonical(case):
        raise SystemExit(f"{name}: the file is not in canonical form")
    if case["expected"] not in EXPECTED or not case["domain"].startswith(DOMAINS):
        raise SystemExit(f"{name}: unknown expected answer or domain")
    found = network_numbers(case["network"]["layers"]) if "network" in case else []
    if any(str(Fraction(a)) != a for a in found):
        raise SystemExit(f"{name}: a number is not in canonical form")
    for key in ("layer", "convolution", "residual"):
        entries = [a for name in ("W", "kernels", "A", "B", "b") for a in numbers_in(case.get(key, {}).get(name, []))]
        if any(str(Fraction(a)) != a for a in entries):
            raise SystemExit(f"{name}: a number is not in canonical form")
    return case


def geometry_text(case: dict[str, Any]) -> str:
    """What differs from the usual, in words."""
    kernels, _, written = kernels_and_bias(case)
    axes = geometry(written, len(kernel_shape(kernels)) - 2)
    parts = [f"{key} {written[key]}" for key in ("stride", "dilation", "groups") if written[key] != GEOMETRY[key]]
    if written["padding"] != GEOMETRY["padding"]:
        low, high = axes[0]["low"], axes[0]["high"]
        parts.append(f"padding {low if low == high else f'{low} and {high}'}, {written['padding_mode']}")
    return "; ".join(parts)


def inputs_text(case: dict[str, Any]) -> str:
    """The input shape, or the sizes."""
    if "input_shape" in case:
        return "shape " + "x".join(map(str, case["input_shape"]))
    parts = []
    kernels, _, written = kernels_and_bias(case)
    axes = geometry(written, len(kernel_shape(kernels)) - 2)
    for least, residues, axis in zip(case["sizes"]["minimum"], case["sizes"]["residues"], axes, strict=True):
        some = len(residues) < axis["stride"]
        parts.append(f"{least}, {least + axis['stride']}, ..." if some else f"{least}, ...")
    return " by ".join(parts)


def line(case: dict[str, Any]) -> str:
    """The table line of one case."""
    domain = {"nonneg": "orthant", "R^n": ""}.get(case["domain"], case["domain"])
    kinds = ("convolution", "residual")
    answer = (case["expected"].replace("_", " "), ", ".join(tag for tag in case["tags"] if tag not in kinds))
    link = f"[{case['name']}]({case['name']}.json)"
    if is_convolution(case):
        kernels, biases, _ = kernels_and_bias(case)
        outs, _, *taps = kernel_shape(kernels)
        count = f"{outs} of {'x'.join(map(str, taps))}"
        cells = (link, count, geometry_text(case), "yes" if any(biases) else "", domain, inputs_text(case), *answer)
    elif "network" in case:
        layers = case["network"]["layers"]
        widths = " -> ".join(str(width) for width in (len(layers[0]["W"][0]), *(len(part["W"]) for part in layers)))
        tags = ", ".join(tag for tag in case["tags"] if tag != "network")
        cells = (link, widths, str(neurons(layers)), domain, answer[0], tags)
    else:
        m, n, bias = shape(case)
        cells = (link, str(n), str(m), "yes" if bias else "", domain, *answer)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def table(head: tuple[str, ...], cases: list[dict[str, Any]]) -> str:
    """One table."""
    return "\n".join([f"| {' | '.join(head)} |", "| --- " * len(head) + "|", *map(line, cases)])


if __name__ == "__main__":
    cases = [check_form(name) for name in names()]
    others = [case for case in cases if is_convolution(case) or "network" in case or "residual" in case]
    dense = table(DENSE, [case for case in cases if case not in others])
    networks = table(NETWORKS, [case for case in cases if "network" in case])
    blocks = table(BLOCKS, [case for case in cases if "residual" in case])
    convolutions = table(CONVOLUTIONS, [case for case in cases if is_convolution(case)])
    readme = CASEBOOK / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    parts = {"Networks": networks, "Residual blocks": blocks, "Convolutions": convolutions}
    tables = "\n\n".join([dense, *(f"## {title}\n\n{part}" for title, part in parts.items())])
    text = f"{before}{START}\n{tables}\n{END}{after}"
    readme.write_text(text, encoding="utf-8", newline="\n")
