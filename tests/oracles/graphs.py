"""The rule `graph-composition` of docs/certificates-network.md, read a second time: eagerly, as dense matrices.

`graph_certificate_holds(document, holds)` says whether a document that has the right form proves its claim, where
`holds(kind, subject, domain, proof)` judges the proofs inside: of `rows` (W, b), a `convolution`, a `residual` block.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm, prod
from typing import Any

from .convolution import Convolution, unrolled

Holds = Callable[[str, Any, dict[str, Any], dict[str, Any]], bool]
AFFINE = ("dense", "convolution", "scale", "sum", "mean", "move", "join", "constant")
NAMED = {
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "softplus": (0, None),
    "exp": (0, None),
    "sqrt": (0, None),
    "elu": (-1, None),
}


class _Wrong(Exception):
    pass


def _demand(condition: bool) -> None:
    if not condition:
        raise _Wrong


def graph_digest(graph: dict[str, Any]) -> str:
    """SHA-256 of the text with layers by their digests."""
    steps = []
    for step in graph["steps"]:
        short = dict(step)
        if "layer" in step:
            short["layer"] = step["layer"]["sha256"]
            if "size" in step["layer"]:
                short["size"] = step["layer"]["size"]
        steps.append(short)
    whole = {"inputs": graph["inputs"], "steps": steps, "outputs": graph["outputs"]}
    return hashlib.sha256(json.dumps(whole).replace(" ", "").encode()).hexdigest()


LAYER_KEYS = (
    *("in_channels", "out_channels", "groups", "kernel_size", "stride", "dilation", "padding", "padding_mode"),
    *("kernels", "W", "A", "B", "b"),
)


def _digest_fits(layer: dict[str, Any]) -> bool:
    """That of a dense layer, a convolution or a residual block."""
    text = json.dumps({key: layer[key] for key in LAYER_KEYS if key in layer}).replace(" ", "")
    return hashlib.sha256(text.encode()).hexdigest() == layer["sha256"]


def _convolution(stated: dict[str, Any]) -> Convolution:
    count = stated["in_channels"] // stated["groups"]
    taps = prod(stated["kernel_size"])
    kernels = [[row[i * taps : (i + 1) * taps] for i in range(count)] for row in stated["kernels"]]
    nested = [[_nested(list(part), stated["kernel_size"]) for part in kernel] for kernel in kernels]
    geometry = [stated[name] for name in ("stride", "padding", "dilation", "groups", "padding_mode")]
    return Convolution(nested, stated["b"], *geometry)


def _nested(values: list[Any], shape: list[int]) -> Any:
    if len(shape) == 1:
        return values
    step = len(values) // shape[0]
    return [_nested(values[k : k + step], shape[1:]) for k in range(0, len(values), step)]


class _Graph:
    """Every value as affine functions of all atoms' entries, and its intervals."""

    def __init__(self, graph: dict[str, Any], domain: dict[str, Any]) -> None:
        self.graph, self.steps = graph, graph["steps"]
        self.inputs = len(graph["inputs"])
        self.sizes = [prod(shape) for shape in graph["inputs"]]
        self.atoms: dict[int, int] = {}
        self.columns: list[tuple[Any, Any]] = []
        self.rows: list[list[dict[int, Fraction]]] = []  # column -> coefficient, -1 for the constant
        self.ends: list[list[tuple[Any, Any]]] = []
        start = 0
        for size in self.sizes:
            self._atom([_of_domain(domain, start + j) for j in range(size)])
            start += size
        for step in self.steps:
            self._step(step)

    def _atom(self, ends: list[tuple[Any, Any]]) -> None:
        base = self.atoms[len(self.rows)] = len(self.columns)
        self.columns += ends
        self.rows.append([{base + j: Fraction(1)} for j in range(len(ends))])
        self.ends.append(ends)

    def _step(self, step: dict[str, Any]) -> None:
        kind, read = step["step"], [self.rows[v] for v in step["reads"]]
        if kind in AFFINE:
            rows = [_sum(terms) for terms in _terms(step, read)]
            self.rows.append(rows)
            self.ends.append([self._interval(row) for row in rows])
        elif kind == "other":
            self._atom([(None, None)] * step["count"])
        elif kind == "maximum":
            seen = self.ends[step["reads"][0]]
            self._atom([_largest([seen[j] for j in window if j >= 0]) for window in step["places"]])
        else:
            seen = self.ends[step["reads"][0]]
            self._atom([_image(step, i, *ends) for i, ends in enumerate(seen)])

    def _interval(self, row: dict[int, Fraction]) -> tuple[Any, Any]:
        found = []
        for side in (0, 1):
            total: Any = row.get(-1, Fraction(0))
            for column, factor in row.items():
                if column >= 0 and factor:
                    end = self.columns[column][side if factor > 0 else 1 - side]
                    total = None if total is None or end is None else total + factor * end
            found.append(total)
        return found[0], found[1]

    def step_of(self, v: int) -> dict[str, Any] | None:
        return self.steps[v - self.inputs] if v >= self.inputs else None

    def told(self, v: int, i: int) -> dict[int, Fraction]:  # noqa: PLR0911
        """sign -> shift of the functions of z_i that are told."""
        step, both = self.step_of(v), {1: Fraction(0), -1: Fraction(0)}
        if step is None or step["step"] in ("other", "maximum"):
            return {}
        if step["step"] in AFFINE or step["step"] == "one-to-one":
            return both
        low, high = self.ends[step["reads"][0]][i]
        if step["step"] == "leaky":
            slope = _chosen(step, "slopes", i)
            if slope > 0 or (low is not None and low >= 0) or (slope != 0 and high is not None and high <= 0):
                return both
            return {1: Fraction(0)} if slope == 0 else {}
        if step["step"] == "square":
            return both if (low is not None and low >= 0) or (high is not None and high <= 0) else {}
        lowest, highest = (None if step[name] is None else Fraction(step[name]) for name in ("low", "high"))
        acts_low = lowest is not None and (low is None or low < lowest)
        acts_high = highest is not None and (high is None or high > highest)
        if acts_low and acts_high:
            return {}
        return {1: -lowest} if acts_low else {-1: highest} if acts_high else both

    def z(self, v: int) -> int:
        step = self.step_of(v)
        return v if step is None or step["step"] in (*AFFINE, "other", "maximum") else step["reads"][0]


def _of_domain(domain: dict[str, Any], j: int) -> tuple[Any, Any]:
    if domain["type"] == "box":
        return Fraction(domain["lower"][j]), Fraction(domain["upper"][j])
    return (Fraction(0), None) if domain["type"] == "nonneg" else (None, None)


def _chosen(step: dict[str, Any], name: str, i: int) -> Fraction:
    return Fraction(step[name][i // step["each"] % len(step[name])])


def _sum(terms: list[tuple[Any, dict[int, Fraction]]]) -> dict[int, Fraction]:
    total: dict[int, Fraction] = {}
    for factor, row in terms:
        for column, value in row.items():
            total[column] = total.get(column, Fraction(0)) + Fraction(factor) * value
    return {column: value for column, value in total.items() if value}


ONE = {-1: Fraction(1)}


def _terms(step: dict[str, Any], read: list[Any]) -> list[list[tuple[Any, dict[int, Fraction]]]]:  # noqa: PLR0911
    kind = step["step"]
    if kind == "dense":
        layer, (v,) = step["layer"], read
        blocks = [v[k : k + layer["n"]] for k in range(0, len(v), layer["n"])]
        return [
            [*zip(row, block, strict=True), (bias, ONE)]
            for block in blocks
            for row, bias in zip(layer["W"], layer["b"], strict=True)
        ]
    if kind == "convolution":
        W, b = unrolled(_convolution(step["layer"]), step["layer"]["size"])
        return [[*zip(row, read[0], strict=True), (bias, ONE)] for row, bias in zip(W, b, strict=True)]
    if kind == "scale":
        return [[(_chosen(step, "scale", i), row), (_chosen(step, "shift", i), ONE)] for i, row in enumerate(read[0])]
    if kind == "sum":
        return [list(zip(step["signs"], entries, strict=True)) for entries in zip(*read, strict=True)]
    if kind == "mean":
        pairs = zip(step["places"], step["counts"], strict=True)
        return [[(Fraction(1, count), read[0][j]) for j in window if j >= 0] for window, count in pairs]
    if kind == "move":
        return [[(1, read[0][j])] if j >= 0 else [(step["fill"], ONE)] for j in step["places"]]
    if kind == "join":
        return [[(1, row)] for v in read for row in v]
    return [[(value, ONE)] for value in step["value"]]


def _largest(window: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    lows = [low for low, _ in window if low is not None]
    highs = [high for _, high in window]
    return max(lows, default=None), None if None in highs else max(highs)


def _image(step: dict[str, Any], i: int, low: Any, high: Any) -> tuple[Any, Any]:
    """By the shape of the function: the ends' images, and the valley at 0 where it lies between."""
    kind = step["step"]
    if kind == "one-to-one":
        found = NAMED.get(step["name"], (None, None))
        return tuple(None if end is None else Fraction(end) for end in found)  # type: ignore[return-value]
    if kind == "clip":
        ends = [low, high]
        for k, name in enumerate(("low", "high")):
            if ends[k] is None and step[name] is not None:
                ends[k] = Fraction(step[name])
        for k in (0, 1):
            if ends[k] is not None:
                ends[k] = max(ends[k], Fraction(step["low"])) if step["low"] is not None else ends[k]
                ends[k] = min(ends[k], Fraction(step["high"])) if step["high"] is not None else ends[k]
        return ends[0], ends[1]
    slope = None if kind == "square" else _chosen(step, "slopes", i)

    def value(z: Any) -> Any:
        if slope is None:
            return z * z
        return z if z >= 0 else slope * z

    if slope is not None and slope >= 0:
        below = Fraction(0) if slope == 0 else None
        return below if low is None else value(low), None if high is None else value(high)
    if low is None or high is None:
        return Fraction(0), None
    images = [value(low), value(high), *([Fraction(0)] if low <= 0 <= high else [])]
    return min(images), max(images)


# ------------------------------------------------------------------ layers


def _is_inside(domain: dict[str, Any], ends: list[tuple[Any, Any]]) -> bool:
    if domain["type"] == "R^n":
        return True
    if domain["type"] == "nonneg":
        return all(low is not None and low >= 0 for low, _ in ends)
    pairs = zip(domain["lower"], domain["upper"], ends, strict=True)
    return all(a is not None and b is not None and Fraction(p) <= a and b <= Fraction(q) for p, q, (a, b) in pairs)


def _rows(graph: _Graph, layer: dict[str, Any]) -> tuple[list[list[Fraction]], list[Fraction]]:
    """The rows of a layer, cut down to the columns."""
    source, z = layer["source"], graph.z(layer["output"])
    base, size, columns = graph.atoms[source], len(graph.rows[source]), layer["columns"]
    _demand(len(set(columns)) == len(columns) and all(0 <= j < size for j in columns))
    fixed = {}
    for j in set(range(size)) - set(columns):
        low, high = graph.ends[source][j]
        _demand(low is not None and low == high)
        fixed[base + j] = low
    W, b = [], []
    for code in layer["rows"]:
        sign, i, step = (1 if code > 0 else -1), abs(code) - 1, graph.step_of(layer["output"])
        shift = Fraction(0)
        if i >= len(graph.rows[z]):
            _demand(step is not None and step["step"] == "clip" and step["low" if sign > 0 else "high"] is not None)
            i -= len(graph.rows[z])
            shift = -Fraction(step["low"]) if sign > 0 else Fraction(step["high"])
        _demand(0 <= i < len(graph.rows[z]))
        told = graph.told(layer["output"], i)
        _demand(len(told) == 2 or told.get(sign) == shift)
        row, constant = [Fraction(0)] * len(columns), shift
        for column, value in graph.rows[z][i].items():
            if column == -1:
                constant += sign * value
            elif column in fixed:
                constant += sign * value * fixed[column]
            else:
                _demand(column - base in columns)
                row[columns.index(column - base)] = sign * value
        W.append(row)
        b.append(constant)
    return W, b


def _determinant(matrix: list[list[Fraction]]) -> Fraction:
    """By elimination over the rationals."""
    left, total = [list(row) for row in matrix], Fraction(1)
    while left:
        place = next((k for k, row in enumerate(left) if row[0]), None)
        if place is None:
            return Fraction(0)
        pivot = left.pop(place)
        total *= pivot[0] * (-1) ** place
        left = [[a - row[0] / pivot[0] * b for a, b in zip(row[1:], pivot[1:], strict=True)] for row in left]
    return total


def _is_unit(matrix: list[list[Fraction]], modulus: int) -> bool:
    """Whether the determinant of the integer rows has an inverse."""
    rows = [[value * lcm(*(entry.denominator for entry in row)) for value in row] for row in matrix]
    return modulus > 1 and gcd(_determinant(rows).numerator, modulus) == 1


def _layer(graph: _Graph, layer: dict[str, Any], holds: Holds) -> None:
    _demand(layer["source"] in graph.atoms)
    domain, ends = layer["domain"], graph.ends[layer["source"]]
    if "hidden" in layer:
        _residual(graph, layer)
        _demand(_is_inside(domain, ends) and holds("residual", layer["residual"], domain, layer["proof"]))
        return
    W, b = _rows(graph, layer)
    ends = [ends[j] for j in layer["columns"]]
    if "convolution" in layer:
        stated, at = layer["convolution"], layer["convolution"]["at"]
        sizes = stated["sizes"]
        parts = zip(at, sizes["minimum"], sizes["residues"], stated["stride"], strict=True)
        _demand(all(n >= least and n % s in residues for n, least, residues, s in parts))
        _demand((W, b) == tuple(map(_listed, unrolled(_convolution(stated), at))))
        places = prod(at)
        whole = domain
        if domain["type"] == "box":
            whole = {"type": "box", **{k: [v for v in domain[k] for _ in range(places)] for k in ("lower", "upper")}}
        _demand(_is_inside(whole, ends) and holds("convolution", stated, domain, layer["proof"]))
        return
    _demand(_is_inside(domain, ends))
    if layer["proof"]["rule"] != "rank":
        _demand(holds("rows", (W, b), domain, layer["proof"]))
        return
    _demand(len(W) == len(layer["columns"]))
    count = len(graph.rows[graph.z(layer["output"])])
    _demand(all(len(graph.told(layer["output"], (abs(code) - 1) % count)) == 2 for code in layer["rows"]))
    _demand(_is_unit(W, int(layer["proof"]["modulus"])))


def _listed(value: Any) -> list[Any]:
    return [list(map(Fraction, row)) if isinstance(row, (list, tuple)) else Fraction(row) for row in value]


def _residual(graph: _Graph, layer: dict[str, Any]) -> None:
    step, stated = graph.step_of(layer["hidden"]), layer["residual"]
    _demand(step is not None and step["step"] == "leaky" and not any(map(Fraction, step["slopes"])))
    n, k = stated["n"], stated["k"]
    _demand(len(graph.rows[layer["source"]]) == n == len(graph.rows[layer["output"]]))
    _demand(len(graph.rows[layer["hidden"]]) == k)
    base, hidden = graph.atoms[layer["source"]], graph.atoms[layer["hidden"]]
    for row, A, b in zip(graph.rows[step["reads"][0]], stated["A"], stated["b"], strict=True):
        wanted = {base + j: Fraction(value) for j, value in enumerate(A)} | {-1: Fraction(b)}
        _demand(row == {column: value for column, value in wanted.items() if value})
    M, N = [], []
    for row in graph.rows[layer["output"]]:
        _demand(all(c == -1 or base <= c < base + n or hidden <= c < hidden + k for c in row))
        M.append([row.get(base + j, Fraction(0)) for j in range(n)])
        N.append([row.get(hidden + j, Fraction(0)) for j in range(k)])
    B = [list(map(Fraction, row)) for row in stated["B"]]
    _demand([[sum((M[i][t] * B[t][j] for t in range(n)), Fraction(0)) for j in range(k)] for i in range(n)] == N)
    _demand(_is_unit(M, int(layer["modulus"])))


# ------------------------------------------------------------------ known values


def _known(graph: _Graph, layers: list[dict[str, Any]]) -> set[int]:
    known = set(graph.graph["outputs"])
    while True:
        before = set(known)
        for number, step in enumerate(graph.steps):
            v, reads = graph.inputs + number, step["reads"]
            if step["step"] == "constant" or (reads and set(reads) <= known):
                known.add(v)
            if v in known:
                known |= _kept(graph, v, step, known)
        known |= {layer["source"] for layer in layers if layer["output"] in known}
        if known == before:
            return known


def _kept(graph: _Graph, v: int, step: dict[str, Any], known: set[int]) -> set[int]:
    reads = step["reads"]
    if step["step"] == "join":
        return set(reads)
    if step["step"] == "scale":
        return set(reads) if all(map(Fraction, step["scale"])) else set()
    if step["step"] == "move":
        return set(reads) if set(range(len(graph.rows[reads[0]]))) <= set(step["places"]) else set()
    if step["step"] == "sum":
        left = set(reads) - known
        total = sum(sign for read, sign in zip(reads, step["signs"], strict=True) if read in left)
        return left if len(left) == 1 and total else set()
    if step["step"] in (*AFFINE, "other", "maximum"):
        return set()
    return set(reads) if all(len(graph.told(v, i)) == 2 for i in range(len(graph.rows[v]))) else set()


def graph_certificate_holds(document: dict[str, Any], holds: Holds) -> bool:
    """Whether the claim follows."""
    try:
        _demand(document["claim"] == "injective" and document["domain"]["type"] in ("R^n", "nonneg", "box"))
        if document["domain"]["type"] == "box":
            bounds = zip(document["domain"]["lower"], document["domain"]["upper"], strict=True)
            _demand(all(Fraction(low) < Fraction(high) for low, high in bounds))
        _demand(document["proof"]["rule"] == "graph-composition")
        _demand(document["graph"]["sha256"] == graph_digest(document["graph"]))
        _demand(all(_digest_fits(step["layer"]) for step in document["graph"]["steps"] if "layer" in step))
        for layer in document["proof"]["layers"]:
            _demand(all(_digest_fits(layer[key]) for key in ("convolution", "residual") if key in layer))
        graph = _Graph(document["graph"], document["domain"])
        for layer in document["proof"]["layers"]:
            if layer["domain"]["type"] == "box":
                bounds = zip(layer["domain"]["lower"], layer["domain"]["upper"], strict=True)
                _demand(all(Fraction(low) < Fraction(high) for low, high in bounds))
            _layer(graph, layer, holds)
        _demand(set(range(graph.inputs)) <= _known(graph, document["proof"]["layers"]))
    except _Wrong:
        return False
    return True
