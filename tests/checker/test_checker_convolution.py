"""Certificates about convolutions: the checker against docs/certificates-convolution.md.

A naive reading of that page judges it: padded inputs are built as lists of places, outputs come from nested loops over
Fractions, unrolled layers from the outputs of unit vectors. What the rules `boxes`, `periodic`, `patch`, `count` and
`unpaired` accept is put to the test at many sizes as well: the boxes have to cover the grid, the inputs have to have
the same output, the rows have to be too few or one of them without a negative multiple, and two inputs with the same
output have to exist.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import math
import random
from fractions import Fraction
from itertools import product
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import rank
from test_checker import (
    SCHEMA,
    Document,
    Malformed,
    Matrix,
    Wrong,
    certify,
    demand,
    fixtures,
    keys,
    naive_contains,
    naive_domain,
    npy,
    npz,
    rationals,
    reason,
    run,
    verdict,
)
from test_checker_blocks import cut_down, increasing, naive_injective
from test_checker_domains import certify_on, mutants

from exactinj import checker
from exactinj.checker.convolution import Kernels, Slot
from exactinj.checker.rationals import decimal_text, integer_of

GEOMETRY = ["in_channels", "out_channels", "groups", "kernel_size", "stride", "dilation", "padding", "padding_mode"]
MODES = ["zeros", "circular", "reflect", "replicate"]
CLAIMS = ["injective", "not_injective", "alpha_star", "injective_for_sizes", "not_injective_for_sizes"]
Vector = list[Fraction]

# ------------------------------------------------------------------ convolutions, naively


def width(c: Document, k: int) -> int:
    """The extent of the kernel along axis k."""
    return 1 + sum(c["dilation"][k] for _ in range(c["kernel_size"][k] - 1))


def axis_places(c: Document, k: int, N: int) -> list[int | None]:
    """For each place of the padded axis the place that stands there; None is a zero."""
    low, high = c["padding"][k]
    grid = list(range(N))
    if c["padding_mode"] == "zeros":
        return [None] * low + grid + [None] * high
    if c["padding_mode"] == "replicate":
        return [0] * low + grid + [N - 1] * high
    if c["padding_mode"] == "circular":
        return grid[N - low :] + grid + grid[:high]
    return grid[low:0:-1] + grid + grid[::-1][1 : high + 1]


def defined(c: Document, size: list[int]) -> bool:
    for k, N in enumerate(size):
        low, high = c["padding"][k]
        if c["padding_mode"] == "reflect" and max(low, high) >= N:
            return False
        if c["padding_mode"] == "circular" and max(low, high) > N:
            return False
        if N < 1 or low + N + high < width(c, k):
            return False
    return True


def kernel_of(c: Document, o: int) -> dict[tuple[int, ...], Fraction]:
    """K[o] by (i, u)."""
    inner = range(c["in_channels"] // c["groups"])
    return dict(zip(product(inner, *map(range, c["kernel_size"])), map(Fraction, c["kernels"][o]), strict=True))


def outputs(c: Document, x: Vector, size: list[int]) -> Vector:
    """All g_{o,J}(x) in lexicographic order of (o, J)."""
    grid = list(product(*map(range, size)))
    values = {(i, *j): x[i * len(grid) + p] for i in range(c["in_channels"]) for p, j in enumerate(grid)}
    padded = [axis_places(c, k, N) for k, N in enumerate(size)]
    starts = [
        range(0, len(places) - width(c, k) + 1, c["stride"][k]) for k, places in enumerate(padded)
    ]  # counted from the first padded place
    found = []
    for o in range(c["out_channels"]):
        first = o // (c["out_channels"] // c["groups"]) * (c["in_channels"] // c["groups"])
        for start in product(*starts):
            total = Fraction(c["b"][o])
            for (i, *u), weight in kernel_of(c, o).items():
                at = [padded[k][t + c["dilation"][k] * v] for k, (t, v) in enumerate(zip(start, u, strict=True))]
                if None not in at:
                    total += weight * values[(first + i, *at)]
            found.append(total)
    return found


def unrolled(c: Document, size: list[int]) -> tuple[Matrix, Vector]:
    n = c["in_channels"] * math.prod(size)
    b = outputs(c, [Fraction(0)] * n, size)
    columns = [outputs(c, [Fraction(int(j == k)) for j in range(n)], size) for k in range(n)]
    return [[columns[k][i] - b[i] for k in range(n)] for i in range(len(b))], b


def box_layer(c: Document, group: int, slots: list[Document], box: list[int]) -> tuple[Matrix, Vector]:
    W, b = [], []
    inputs, outs = c["in_channels"] // c["groups"], c["out_channels"] // c["groups"]
    columns = list(product(range(inputs), *map(range, box)))
    for o in range(group * outs, group * outs + outs):
        for tau in product(*(slot["starts"] for slot in slots)):
            row = []
            for i, *j in columns:
                hits = [
                    weight
                    for (q, *u), weight in kernel_of(c, o).items()
                    if q == i and all(t + D * v == p for t, D, v, p in zip(tau, c["dilation"], u, j, strict=True))
                ]
                row.append(sum(hits, Fraction(0)))
            W.append(row)
            b.append(Fraction(c["b"][o]))
    for k, (_, *j) in enumerate(columns):
        ends = zip(j, box, (slot["known"] for slot in slots), strict=True)
        if any(p < low or p >= P - high for p, P, (low, high) in ends):
            for sign in (1, -1):
                W.append([Fraction(sign * (k == column)) for column in range(len(columns))])
                b.append(Fraction(0))
    return W, b


def spread(domain: Document, channels: Any, places: int) -> Document:
    """The bounds of the channels for each of their places."""
    return cut_down(domain, [i for i in channels for _ in range(places)])


# ------------------------------------------------------------------ a naive reading of the specification


def integers(value: Any, count: int, least: int) -> None:
    demand(isinstance(value, list) and len(value) == count, Malformed)
    demand(all(type(v) is int and v >= least for v in value), Malformed)


def digest(c: Document) -> str:
    stated = {name: c[name] for name in [*GEOMETRY, "kernels", "b"]}
    return hashlib.sha256(json.dumps(stated, separators=(",", ":")).encode()).hexdigest()


def naive_verdict(text: str, given: Document | None = None) -> str:
    def pairs(items: list[tuple[str, Any]]) -> Document:
        demand(len(dict(items)) == len(items), Malformed)
        return dict(items)

    def refuse(_: str) -> None:
        raise Malformed

    try:
        naive_check(json.loads(text, object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse), given)
    except (Malformed, json.JSONDecodeError):
        return "unreadable"
    except Wrong:
        return "rejected"
    return "valid"


def naive_check(document: Any, given: Document | None) -> None:
    form, version, claim, stated, c, proof = keys(
        document, ["format", "version", "claim", "domain", "convolution", "proof"]
    )
    demand(form == "exactinj-certificate" and type(version) is int and version == 1 and claim in CLAIMS, Malformed)
    demand(isinstance(stated, dict), Malformed)
    lists = [value for value in stated.values() if isinstance(value, list)]
    domain = naive_domain(stated, len(lists[0]) if lists else 1)
    demand(domain["type"] in ("R^n", "nonneg", "box") and claim != "alpha_star", Wrong)
    sizes = claim.endswith("_for_sizes")
    keys(c, [*GEOMETRY, "sha256", "kernels", "b", "sizes" if sizes else "size"])
    naive_layer(c, given, len(lists[0]) if lists else None)
    (naive_sizes if sizes else naive_size)(c)
    demand(isinstance(proof, dict) and proof.get("rule") in RULES, Malformed)
    proves, check = RULES[proof["rule"]]
    demand(claim == proves, Wrong)
    check(c, domain, proof)


def naive_layer(c: Document, given: Document | None, dimension: int | None) -> None:
    for name in ("in_channels", "out_channels", "groups"):
        demand(type(c[name]) is int and c[name] >= 1, Malformed)
    demand(dimension in (None, c["in_channels"]), Malformed)
    demand(c["in_channels"] % c["groups"] == 0 == c["out_channels"] % c["groups"], Malformed)
    demand(isinstance(c["kernel_size"], list) and len(c["kernel_size"]) in (1, 2, 3), Malformed)
    d = len(c["kernel_size"])
    for name in ("kernel_size", "stride", "dilation"):
        integers(c[name], d, 1)
    demand(isinstance(c["padding"], list) and len(c["padding"]) == d, Malformed)
    for pair in c["padding"]:
        integers(pair, 2, 0)
    demand(c["padding_mode"] in MODES, Malformed)
    demand(isinstance(c["sha256"], str) and len(c["sha256"]) == 64, Malformed)
    demand(set(c["sha256"]) <= set("0123456789abcdef"), Malformed)
    demand(given is None or all(given[name] == c[name] for name in GEOMETRY), Wrong)
    demand(isinstance(c["kernels"], list), Malformed)
    for o, kernel in enumerate(c["kernels"]):
        demand(o < c["out_channels"], Malformed)
        rationals(kernel, c["in_channels"] // c["groups"] * math.prod(c["kernel_size"]))
        demand(given is None or given["kernels"][o] == kernel, Wrong)
    demand(len(c["kernels"]) == c["out_channels"], Malformed)
    rationals(c["b"], c["out_channels"])
    demand(given is None or given["b"] == c["b"], Wrong)
    demand(digest(c) == c["sha256"], Wrong)


def naive_size(c: Document) -> None:
    integers(c["size"], len(c["kernel_size"]), 1)
    demand(defined(c, c["size"]), Wrong)


def naive_sizes(c: Document) -> None:
    minimum, residues = keys(c["sizes"], ["minimum", "residues"])
    integers(minimum, len(c["kernel_size"]), 1)
    demand(isinstance(residues, list) and len(residues) == len(minimum), Malformed)
    for values, s in zip(residues, c["stride"], strict=True):
        increasing(values)
        demand(all(0 <= value < s for value in values), Malformed)
    demand(defined(c, minimum), Wrong)


def naive_points(c: Document, domain: Document, size: list[int], x: Any, y: Any) -> tuple[Vector, Vector]:
    places = math.prod(size)
    points = rationals(x, c["in_channels"] * places), rationals(y, c["in_channels"] * places)
    wide = spread(domain, range(c["in_channels"]), places)
    demand(points[0] != points[1] and all(naive_contains(wide, point) for point in points), Wrong)
    return points


def positive_part(values: Vector) -> Vector:
    return [max(v, Fraction(0)) for v in values]


def naive_collision(c: Document, domain: Document, proof: Document) -> None:
    _, x, y = keys(proof, ["rule", "x", "y"])
    x, y = naive_points(c, domain, c["size"], x, y)
    demand(positive_part(outputs(c, x, c["size"])) == positive_part(outputs(c, y, c["size"])), Wrong)


def naive_at_size(c: Document, domain: Document, proof: Document) -> None:
    wide = spread(domain, range(c["in_channels"]), math.prod(c["size"]))
    naive_injective(*unrolled(c, c["size"]), wide, proof, ("flat-tree", "sign-split", "blocks"))


def naive_boxes(c: Document, domain: Document, proof: Document) -> None:
    _, box, axes, proofs = keys(proof, ["rule", "box", "slots", "proofs"])
    d = len(c["kernel_size"])
    integers(box, d, 1)
    demand(isinstance(axes, list) and len(axes) == d, Malformed)
    for slots in axes:
        demand(isinstance(slots, list) and len(slots) > 0, Malformed)
        for slot in slots:
            known, starts = keys(slot, ["known", "starts"])
            integers(known, 2, 0)
            increasing(starts)
    for k, (P, slots) in enumerate(zip(box, axes, strict=True)):
        naive_coverage(c, k, P, slots)
    demand(isinstance(proofs, list), Malformed)
    choices = list(product(range(c["groups"]), *axes))
    for number, inner in enumerate(proofs):
        demand(number < len(choices), Wrong)
        group, *chosen = choices[number]
        inputs = c["in_channels"] // c["groups"]
        part = spread(domain, range(group * inputs, (group + 1) * inputs), math.prod(box))
        naive_injective(*box_layer(c, group, chosen, box), part, inner, ("flat-tree", "sign-split", "blocks"))
    demand(len(proofs) == len(choices), Wrong)


def naive_coverage(c: Document, k: int, P: int, slots: list[Document]) -> None:
    s, (low, high), E, least = c["stride"][k], c["padding"][k], width(c, k), c["sizes"]["minimum"][k]
    zero_low, zero_high = (low, high) if c["padding_mode"] == "zeros" else (0, 0)
    pairs = [(slot["known"], slot["starts"]) for slot in slots]
    demand(s <= P <= least, Wrong)
    up = all(b == 0 and a <= P - s for (a, b), _ in pairs)
    down = all(a == 0 and b <= P - s for (a, b), _ in pairs)
    demand(up or down, Wrong)
    first = [tau for tau in range(-zero_low, P - E + 1) if (tau + low) % s == 0]
    demand(any(set(starts) <= set(first) and a == 0 for (a, _), starts in pairs), Wrong)
    inner = range(P - E + 1)
    demand(any(set(starts) <= set(inner) and len({tau % s for tau in starts}) == 1 for _, starts in pairs), Wrong)
    for r in c["sizes"]["residues"][k]:
        last = [tau for tau in range(P - E + zero_high + 1) if (tau - P + r + low) % s == 0]
        demand(any(set(starts) <= set(last) and b == 0 for (_, b), starts in pairs), Wrong)


def naive_periodic(c: Document, domain: Document, proof: Document) -> None:
    _, q, x, y = keys(proof, ["rule", "period", "x", "y"])
    integers(q, len(c["kernel_size"]), 1)
    x, y = naive_points(c, domain, q, x, y)
    zeros = c["padding_mode"] == "zeros"
    demand(all(a >= p for a, p in zip(c["sizes"]["minimum"], q, strict=True)), Wrong)
    demand(zeros or all(pair == [0, 0] for pair in c["padding"]) or all(p == 1 for p in q), Wrong)
    intervals = []
    for taps, D, (low, high) in zip(c["kernel_size"], c["dilation"], c["padding"], strict=True):
        if zeros:
            first, last = math.ceil(Fraction(low, D)), taps - 1 - math.ceil(Fraction(high, D))
            intervals.append([(u, v) for u in range(taps) for v in range(u, taps) if u <= first and v >= last])
        else:
            intervals.append([(0, taps - 1)])
    for psi in product(*map(range, q)):
        for T in product(*intervals):
            demand_equal(window_values(c, [x, y], q, psi, T))


def demand_equal(values: list[Vector]) -> None:
    demand(positive_part(values[0]) == positive_part(values[1]), Wrong)


def window_values(c: Document, points: Any, q: list[int], psi: Any, T: Any) -> list[Vector]:
    """For each input the sums of all output channels over the taps in T of the window at psi, places modulo q."""
    found = []
    for x in points:
        values = dict(zip(product(range(c["in_channels"]), *map(range, q)), x, strict=True))
        sums = []
        for o in range(c["out_channels"]):
            first = o // (c["out_channels"] // c["groups"]) * (c["in_channels"] // c["groups"])
            total = Fraction(c["b"][o])
            for (i, *u), weight in kernel_of(c, o).items():
                if all(a <= v <= z for v, (a, z) in zip(u, T, strict=True)):
                    at = [(p + D * v) % m for p, D, v, m in zip(psi, c["dilation"], u, q, strict=True)]
                    total += weight * values[(first + i, *at)]
            sums.append(total)
        found.append(sums)
    return found


def naive_patch(c: Document, domain: Document, proof: Document) -> None:
    _, Q, anchor, phi, x, y = keys(proof, ["rule", "patch", "anchor", "phase", "x", "y"])
    d = len(c["kernel_size"])
    integers(Q, d, 1)
    demand(isinstance(anchor, list) and len(anchor) == d, Malformed)
    demand(all(word in ("first", "inner", "last") for word in anchor), Malformed)
    integers(phi, d, 0)
    demand(all(p < s for p, s in zip(phi, c["stride"], strict=True)), Malformed)
    x, y = naive_points(c, domain, Q, x, y)
    for k in range(d):
        naive_room(c, proof, k)
    places = list(product(*map(range, Q)))
    different = {places[k % len(places)] for k in range(len(x)) if x[k] != y[k]}
    low, high = [pair[0] for pair in c["padding"]], [pair[1] for pair in c["padding"]]
    for tau in product(*[range(-width(c, k), Q[k] + 1) for k in range(d)]):
        if any((t - p) % s for t, p, s in zip(tau, phi, c["stride"], strict=True)):
            continue
        if any(anchor[k] == "first" and tau[k] < -low[k] for k in range(d)):
            continue
        if any(anchor[k] == "last" and tau[k] > Q[k] + high[k] - width(c, k) for k in range(d)):
            continue
        taps = [
            tuple(t + D * v for t, D, v in zip(tau, c["dilation"], u, strict=True))
            for u in product(*map(range, c["kernel_size"]))
        ]
        if not different & set(taps):
            continue
        for tap in set(taps) - set(places):
            for k in range(d):
                excused = (anchor[k] == "first" and tap[k] < 0) or (anchor[k] == "last" and tap[k] >= Q[k])
                demand(0 <= tap[k] < Q[k] or excused, Wrong)
        demand_equal([patch_values(c, point, places, tau) for point in (x, y)])


def naive_room(c: Document, proof: Document, k: int) -> None:
    """The conditions 2, 4 and 5."""
    Q, anchor, phi, s = proof["patch"][k], proof["anchor"][k], proof["phase"][k], c["stride"][k]
    (low, high), least = c["padding"][k], c["sizes"]["minimum"][k]
    plain = c["padding_mode"] == "zeros" or low == high == 0
    if anchor == "inner":
        margin = 0 if plain else max(low, high) + 1
        p = next(p for p in range(margin, margin + s) if (p + phi + low) % s == 0)
        demand(least >= p + Q + margin, Wrong)
        return
    demand(plain and least >= Q, Wrong)
    demand(anchor == "last" or phi == -low % s, Wrong)
    demand(anchor == "first" or c["sizes"]["residues"][k] == [(Q - low - phi) % s], Wrong)


def patch_values(c: Document, x: Vector, places: list[Any], tau: Any) -> Vector:
    """The sums of all output channels over the taps of the window at tau that lie in the patch."""
    sums = []
    for o in range(c["out_channels"]):
        first = o // (c["out_channels"] // c["groups"]) * (c["in_channels"] // c["groups"])
        total = Fraction(c["b"][o])
        for (i, *u), weight in kernel_of(c, o).items():
            tap = tuple(t + D * v for t, D, v in zip(tau, c["dilation"], u, strict=True))
            if tap in places:
                total += weight * x[(first + i) * len(places) + places.index(tap)]
        sums.append(total)
    return sums


def naive_geometric(c: Document, domain: Document, proof: Document) -> None:
    _, group, q, factor, x = keys(proof, ["rule", "group", "period", "factor", "x"])
    demand(type(group) is int, Malformed)
    d, inputs, outs = len(c["kernel_size"]), c["in_channels"] // c["groups"], c["out_channels"] // c["groups"]
    integers(q, d, 1)
    rho, x = rationals(factor, d), rationals(x, inputs * math.prod(q))
    demand(all(v > 0 for v in rho) and 0 <= group < c["groups"] and not any(map(any, c["padding"])), Wrong)
    demand(domain["type"] == "R^n" or (domain["type"] == "nonneg" and min(x) > 0), Wrong)
    values = dict(zip(product(range(inputs), *map(range, q)), x, strict=True))
    demand(all(width(c, k) >= c["stride"][k] for k in range(d)), Wrong)  # stricter than the page
    L = inputs * math.prod(c["stride"])
    for psi in product(*map(range, q)):
        A = 0
        for o in range(group * outs, (group + 1) * outs):
            total = Fraction(0)
            for (i, *u), weight in kernel_of(c, o).items():
                at = [p + D * v for p, D, v in zip(psi, c["dilation"], u, strict=True)]
                grown = values[(i, *(j % m for j, m in zip(at, q, strict=True)))]
                total += weight * grown * math.prod(r ** (j // m) for r, j, m in zip(rho, at, q, strict=True))
            A += not (Fraction(c["b"][o]) <= 0 and total < 0)
        demand(A < L or (A == L and any(width(c, k) > c["stride"][k] for k in range(d))), Wrong)


def window_count(c: Document, k: int, N: int) -> int:
    """M_k, counted."""
    places = N + sum(c["padding"][k])
    return sum(1 for _ in range(width(c, k), places + 1, c["stride"][k]))  # by the place after the window


def some_sizes(c: Document, more: int) -> list[tuple[int, ...]]:
    """The sizes in `sizes` that are at most this much larger than the minimum along each axis."""
    stated = zip(c["sizes"]["minimum"], c["stride"], c["sizes"]["residues"], strict=True)
    return list(product(*([N for N in range(a, a + more + 1) if N % s in residues] for a, s, residues in stated)))


def group_counts(c: Document, size: tuple[int, ...]) -> tuple[int, int]:
    """The number of rows and the number of columns of a group."""
    rows = c["out_channels"] * math.prod(window_count(c, k, N) for k, N in enumerate(size))
    return rows // c["groups"], c["in_channels"] * math.prod(size) // c["groups"]


def largest_ratio(c: Document) -> tuple[Fraction, bool]:
    """The least bound of rows by columns at all sizes >= the minimum, whatever the residues; whether it is reached.

    The ratio (N + e) / (s N) falls or rises with N: it is largest at the minimum, or nears 1 / s from below.
    """
    largest, reached = Fraction(c["out_channels"], c["in_channels"]), True
    for k, (a, s) in enumerate(zip(c["sizes"]["minimum"], c["stride"], strict=True)):
        at_minimum, limit = Fraction(a + sum(c["padding"][k]) - width(c, k) + s, s * a), Fraction(1, s)
        largest *= max(at_minimum, limit)
        reached = reached and at_minimum >= limit
    return largest, reached


def naive_count(c: Document, domain: Document, proof: Document) -> None:
    _, group = keys(proof, ["rule", "group"])
    demand(type(group) is int, Malformed)
    demand(group in range(c["groups"]), Wrong)
    F = 2 if domain["type"] == "R^n" else 1
    largest, reached = largest_ratio(c)
    demand(largest < F or (largest == F and not reached), Wrong)
    if max(c["sizes"]["minimum"]) < 1000:
        for size in some_sizes(c, 3):
            rows, columns = group_counts(c, size)
            assert rows < F * columns, (c, F)


def is_negative_multiple(v: Vector, w: Vector) -> bool:
    """Neither is 0, they span a line, and they lie on different sides of 0."""
    parallel = all(p * y == q * x for (p, x), (q, y) in product(zip(v, w, strict=True), repeat=2))
    return parallel and sum(map(mul, v, w)) < 0


def reading_windows(c: Document, k: int, u: int, N: int) -> list[int]:
    """The windows J along axis k that read a place of the grid with the tap u."""
    low, high = c["padding"][k]
    starts = range(-low, N + high - width(c, k) + 1, c["stride"][k])
    return [J for J, start in enumerate(starts[: low + 1 + N]) if 0 <= start + c["dilation"][k] * u < N]


def naive_unpaired(c: Document, domain: Document, proof: Document) -> None:
    _, group, kernel, tap = keys(proof, ["rule", "group", "kernel", "tap"])
    demand(type(group) is int and type(kernel) is int and isinstance(tap, list), Malformed)
    demand(len(tap) == len(c["kernel_size"]) and all(type(u) is int for u in tap), Malformed)
    inputs, outs = c["in_channels"] // c["groups"], c["out_channels"] // c["groups"]
    taps = list(product(*map(range, c["kernel_size"])))
    demand(group in range(c["groups"]) and kernel in range(outs) and tuple(tap) in taps, Wrong)
    demand(domain["type"] == "R^n", Wrong)
    demand(c["padding_mode"] == "zeros" or not any(low or high for low, high in c["padding"]), Wrong)
    demand(largest_ratio(c)[0] <= 2, Wrong)
    for k, (u, a) in enumerate(zip(tap, c["sizes"]["minimum"], strict=True)):
        demand(len(reading_windows(c, k, u, a)) > 0, Wrong)
    vectors = {}
    for q in range(outs):
        weights = kernel_of(c, group * outs + q)
        vectors |= {(q, v): [weights[i, *v] for i in range(inputs)] for v in taps}
    own = vectors[kernel, tuple(tap)]
    demand(any(own) and not any(is_negative_multiple(own, other) for other in vectors.values()), Wrong)
    if max(c["sizes"]["minimum"]) < 1000:
        for size in some_sizes(c, 3):
            rows, columns = group_counts(c, size)
            assert rows <= 2 * columns, c


RULES: dict[str, Any] = {
    "collision": ("not_injective", naive_collision),
    "flat-tree": ("injective", naive_at_size),
    "sign-split": ("injective", naive_at_size),
    "blocks": ("injective", naive_at_size),
    "depth-tree": ("alpha_star", None),
    "boxes": ("injective_for_sizes", naive_boxes),
    "periodic": ("not_injective_for_sizes", naive_periodic),
    "patch": ("not_injective_for_sizes", naive_patch),
    "geometric": ("not_injective_for_sizes", naive_geometric),
    "count": ("not_injective_for_sizes", naive_count),
    "unpaired": ("not_injective_for_sizes", naive_unpaired),
}


def expect(document: Document, expected: str) -> None:
    found = reason(document)
    assert expected in found
    assert found.split(":")[0] == naive_verdict(json.dumps(document))


# ------------------------------------------------------------------ documents


def convolution(kernels: str, kernel_size: list[int], **options: Any) -> Document:
    """Kernels between semicolons; the keys of GEOMETRY and b by name, the padding as one number or as pairs."""
    d, groups = len(kernel_size), options.get("groups", 1)
    rows = [[str(Fraction(v)) for v in kernel.split()] for kernel in kernels.split(";")]
    padding = options.get("padding", 0)
    geometry = {
        "in_channels": len(rows[0]) // math.prod(kernel_size) * groups,
        "out_channels": len(rows),
        "groups": groups,
        "kernel_size": kernel_size,
        "stride": options.get("stride", [1] * d),
        "dilation": options.get("dilation", [1] * d),
        "padding": [[padding, padding]] * d if isinstance(padding, int) else padding,
        "padding_mode": options.get("mode", "zeros"),
    }
    c = {**geometry, "sha256": "", "kernels": rows, "b": options.get("b", "0 " * len(rows)).split()}
    return {**c, "sha256": digest(c)}


def enclose(c: Document, claim: str, proof: Document, sizes: Any, domain: str | Document = "R^n") -> Document:
    """`sizes` is a size, or (minimum, residues)."""
    domain = {"type": domain} if isinstance(domain, str) else domain
    names = ["minimum", "residues"]
    stated = {"sizes": dict(zip(names, sizes, strict=True))} if claim.endswith("_for_sizes") else {"size": sizes}
    head = {"format": "exactinj-certificate", "version": 1, "claim": claim, "domain": domain}
    return {**head, "convolution": {**c, **stated}, "proof": proof}


def layer_proof(W: Matrix, b: Vector, domain: Document) -> Document | None:
    found = certify_on(W, b, domain) if domain["type"] == "box" else certify(W, b, domain["type"])
    return None if found is None else found["proof"]


def slots_of(axes: Any) -> Any:
    """A list of starts stands for a slot that knows nothing."""
    return [
        [{"known": [0, 0], "starts": slot} if isinstance(slot, list) else slot for slot in slots]
        if isinstance(slots, list)
        else slots
        for slots in axes
    ]


def knows(a: int, b: int, starts: list[int]) -> Document:
    return {"known": [a, b], "starts": starts}


def boxes(  # noqa: PLR0917
    c: Document, box: list[int], axes: Any, sizes: Any, domain: str | Document = "R^n", proofs: Any = None
) -> Document:
    """With flat-tree proofs by brute force; the word "none" in the place of one that does not exist."""
    stated = {"type": domain} if isinstance(domain, str) else domain
    inputs = c["in_channels"] // c["groups"]
    axes = slots_of(axes)
    if proofs is None:
        proofs = []
        for group, *slots in product(range(c["groups"]), *axes):
            part = spread(stated, range(group * inputs, (group + 1) * inputs), math.prod(box))
            proofs.append(layer_proof(*box_layer(c, group, slots, box), part) or "none")
    proof = {"rule": "boxes", "box": box, "slots": axes, "proofs": proofs}
    return enclose(c, "injective_for_sizes", proof, sizes, stated)


def periodic(c: Document, q: list[int], x: str, y: str, sizes: Any, domain: Any = "R^n") -> Document:  # noqa: PLR0917
    proof = {"rule": "periodic", "period": q, "x": x.split(), "y": y.split()}
    return enclose(c, "not_injective_for_sizes", proof, sizes, domain)


def geometric(  # noqa: PLR0917
    c: Document, q: list[int], factor: str, x: str, sizes: Any, domain: Any = "R^n", group: int = 0
) -> Document:
    proof = {"rule": "geometric", "group": group, "period": q, "factor": factor.split(), "x": x.split()}
    return enclose(c, "not_injective_for_sizes", proof, sizes, domain)


def count(c: Document, sizes: Any, domain: Any = "R^n", group: Any = 0) -> Document:
    return enclose(c, "not_injective_for_sizes", {"rule": "count", "group": group}, sizes, domain)


def unpaired(  # noqa: PLR0917
    c: Document, sizes: Any, tap: Any = (0,), kernel: Any = 0, group: Any = 0, domain: Any = "R^n"
) -> Document:
    tap = list(tap) if isinstance(tap, tuple) else tap
    proof = {"rule": "unpaired", "group": group, "kernel": kernel, "tap": tap}
    return enclose(c, "not_injective_for_sizes", proof, sizes, domain)


def patch(  # noqa: PLR0917
    c: Document, Q: list[int], phase: list[int], x: str, y: str, sizes: Any, domain: Any = "R^n", anchor: Any = None
) -> Document:
    stated = {"patch": Q, "anchor": anchor or ["inner"] * len(Q), "phase": phase}
    proof = {"rule": "patch", **stated, "x": x.split(), "y": y.split()}
    return enclose(c, "not_injective_for_sizes", proof, sizes, domain)


def collision(c: Document, size: list[int], x: str, y: str, domain: Any = "R^n") -> Document:
    return enclose(c, "not_injective", {"rule": "collision", "x": x.split(), "y": y.split()}, size, domain)


def at_size(c: Document, size: list[int], domain: str = "R^n") -> Document:
    proof = layer_proof(*unrolled(c, size), {"type": domain})
    assert proof is not None
    return enclose(c, "injective", proof, size, domain)


def edited(document: Document, **changes: Any) -> Document:
    """With other values of the convolution's keys, the digest made right; `proof_...` changes the proof's."""
    found = copy.deepcopy(document)
    for name, value in changes.items():
        found[name.split("__")[0]][name.split("__")[1]] = value
    found["convolution"]["sha256"] = digest(found["convolution"])
    return found


SIGNS = "1 1; 1 -1; -1 1; -1 -1"
"""All signs: two neighbouring places are seen by four rows that are the corners of a square."""
ANY1 = ([4], [[0]])
PLAIN = convolution(SIGNS, [2])
PADDED = convolution(SIGNS, [2], padding=1)
DIFFERENCE = convolution("1 -1; -1 1", [2])
BOXED = {"type": "box", "lower": ["-1"], "upper": ["2"]}


# ------------------------------------------------------------------ outputs and unrolled layers


def random_convolution(rng: random.Random, d: int) -> Document:
    groups = rng.choice([1, 1, 2])
    inputs, outs = rng.randint(1, 2), rng.randint(1, 2)
    kernel_size = [rng.randint(1, 3) for _ in range(d)]
    count = inputs * math.prod(kernel_size)
    kernels = "; ".join(
        " ".join(str(Fraction(rng.randint(-3, 3), rng.choice([1, 2, 3]))) for _ in range(count))
        for _ in range(outs * groups)
    )
    return convolution(
        kernels,
        kernel_size,
        groups=groups,
        stride=[rng.randint(1, 3) for _ in range(d)],
        dilation=[rng.randint(1, 2) for _ in range(d)],
        padding=[[rng.randint(0, 3), rng.randint(0, 3)] for _ in range(d)],
        mode=rng.choice(MODES),
        b=" ".join(str(rng.randint(-2, 2)) for _ in range(outs * groups)),
    )


def checker_layer(c: Document) -> checker.Convolution:
    geometry = {name: c[name] for name in GEOMETRY}
    for name in ("kernel_size", "stride", "dilation"):
        geometry[name] = tuple(c[name])
    geometry["padding"] = tuple((low, high) for low, high in c["padding"])
    numbers = [[Fraction(v) for v in kernel] for kernel in c["kernels"]], [Fraction(v) for v in c["b"]]
    return checker.Convolution(**geometry, kernels=numbers[0], b=numbers[1])


def test_unrolled_layers_and_collisions() -> None:
    rng, seen = random.Random(1), dict.fromkeys(product((1, 2, 3), MODES), 0)
    while min(seen.values()) < 2:
        d = rng.choice([1, 2, 3])
        c, size = random_convolution(rng, d), [rng.randint(1, 3 if d == 3 else 4) for _ in range(d)]
        if seen[d, c["padding_mode"]] == 2:
            continue
        axes = Kernels(checker_layer(c)).axes
        assert all(axis.least <= N for N, axis in zip(size, axes, strict=True)) == defined(c, size)
        n = c["in_channels"] * math.prod(size)
        if not defined(c, size) or n > 40:
            continue
        W, b = unrolled(c, size)
        rows = Kernels(checker_layer(c)).unrolled(size)
        assert (len(rows), rows.n) == (len(W), n)
        for i, (row, beta) in enumerate(zip(W, b, strict=True)):
            made = rows[i]
            assert [Fraction(v, made.denominator) for v in made.entries] == [*row, beta]
        for _ in range(3):
            x, y = ([str(rng.randint(-1, 1)) for _ in range(n)] for _ in "xy")
            document = collision(c, size, " ".join(x), " ".join(y))
            assert verdict(json.dumps(document).encode()) == naive_verdict(json.dumps(document))
        seen[d, c["padding_mode"]] += 1


def test_rows_that_do_not_fit_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(at_size(PLAIN, [3]))
    assert verdict(text.encode()) == "valid"
    for module in ("rows", "rules.blocks"):
        monkeypatch.setattr(f"exactinj.checker.{module}.ENTRIES", 9)  # three rows of three
    assert verdict(text.encode()) == "valid"
    for module in ("rows", "rules.blocks"):
        monkeypatch.setattr(f"exactinj.checker.{module}.ENTRIES", 8)
    assert verdict(text.encode()) == "unreadable"


# ------------------------------------------------------------------ one size


def test_collisions() -> None:
    expect(collision(DIFFERENCE, [3], "0 0 0", "1 1 1"), "valid: not injective for the input size 3 on R^n: x and y")
    expect(collision(DIFFERENCE, [3], "0 0 0", "1 1 2"), "output 1 of the window (1) differs at x and at y")
    expect(collision(DIFFERENCE, [3], "0 0 0", "0 0 0"), "collision: x and y are equal")
    expect(collision(DIFFERENCE, [3], "0 0 0", "1 1 1", BOXED), "valid")
    expect(collision(DIFFERENCE, [3], "0 0 0", "3 3 3", BOXED), "collision: y does not lie in the domain box")
    expect(collision(DIFFERENCE, [3], "-1 -1 -1", "3 3 3", "nonneg"), "collision: x does not lie in the domain nonneg")
    expect(collision(DIFFERENCE, [3], "0 0", "1 1"), "unreadable: proof.x: expected a list of 3")
    expect(collision(DIFFERENCE, [4], "0 0 0", "1 1 1"), "unreadable: proof.x: expected a list of 4")
    expect(collision(DIFFERENCE, [1], "0", "1"), "rejected: size: the layer is not defined for N_1 = 1, below 2")
    for mode in MODES:
        c = convolution("1 -1; -1 1", [2], padding=1, mode=mode)
        expected = "output 1 of the window (0) differs" if mode == "zeros" else "valid"
        expect(collision(c, [2], "0 0", "1 1"), expected)
    two = {"type": "box", "lower": ["0", "-5"], "upper": ["1", "-4"]}
    c = convolution("-1; -2; -1; -1", [1], groups=2, b="0 0 -7 -5")
    expect(collision(c, [2], "0 1 -5 -4", "1 1 -5 -4", two), "valid")
    expect(collision(c, [2], "0 1 -5 -4", "1 1 -5 -3", two), "y does not lie")
    expect(collision(c, [2], "0 1 -6 -4", "1 1 -5 -5", two), "x does not lie")


@pytest.mark.parametrize("mode", MODES)
def test_injective_at_a_size(mode: str) -> None:
    c = convolution(SIGNS, [2], padding=[[1, 0]], mode=mode)
    document = at_size(c, [3])
    expect(document, "valid: injective for the input size 3 on R^n: 12 rows and 3 columns, ")
    assert f"kernel 2, stride 1, dilation 1, padding (1, 0) {mode}, channels 1 to 4, groups 1" in reason(document)
    expect({**document, "claim": "not_injective"}, 'the rule "flat-tree" proves "injective"')
    expect(edited(document, convolution__size=[1]), "rejected" if mode != "reflect" else "rejected: size: the layer")
    expect(edited(document, convolution__size=[0]), "unreadable: size: expected")
    expect(edited(document, convolution__size=[3, 3]), "unreadable: size: expected")
    expect(edited(document, convolution__stride=[2]), "rejected")


def test_sign_split_and_blocks_at_a_size() -> None:
    line = {"rule": "flat-tree", "refuters": [[[0, "1"], [1, "1"]]], "tree": [0]}
    split = {"rule": "sign-split", "circuits": [[[0, "1"], [1, "1"]]], "tree": [0]}
    c = convolution("1; -1", [1])
    expect(
        enclose(c, "injective", split, [1]), "valid: injective for the input size 1 on R^n: 2 rows and 1 columns, 1 c"
    )
    blocks = [{"columns": [j], "rows": [j, 3 + j], "proof": [line, split, line][j]} for j in range(3)]
    document = enclose(c, "injective", {"rule": "blocks", "blocks": blocks}, [3])
    expect(document, "valid: injective for the input size 3 on R^n: 6 rows and 3 columns, 3 blocks have all 3 columns")
    expect(edited(document, convolution__size=[4]), "rejected: block 0: row 3 is not zero in column 3")
    expect(edited(document, proof__blocks=blocks[:2]), "rejected: blocks: no block has column 2")
    two = convolution("1; 1", [1], groups=2, b="5 -1")
    chain = [
        {"columns": [j], "rows": [j], "proof": {"rule": "flat-tree", "refuters": [[[0, "1"]]], "tree": [0]}}
        for j in range(4)
    ]
    box = {"type": "box", "lower": ["-5", "1"], "upper": ["0", "2"]}
    expect(enclose(two, "injective", {"rule": "blocks", "blocks": chain}, [2], box), "valid")
    for bounds in (["-6", "1"], ["-5", "0"]):
        expect(enclose(two, "injective", {"rule": "blocks", "blocks": chain}, [2], {**box, "lower": bounds}), "the sum")


# ------------------------------------------------------------------ the rule boxes


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(boxes(PLAIN, [2], [[[0]]], ANY1), "valid: injective for every input size with N_1 >= 4", id="one"),
        pytest.param(boxes(PLAIN, [3], [[[0, 1]]], ANY1), "valid", id="two starts"),
        pytest.param(boxes(PADDED, [3], [[[0, 1]]], ANY1), "valid", id="padding does not matter"),
        pytest.param(boxes(PADDED, [3], [[[-1, 0, 1]]], ANY1), "axis 1: no slot serves the inner", id="left only"),
        pytest.param(boxes(PADDED, [3], [[[0, 1, 2]]], ANY1), "axis 1: no slot serves the first", id="right only"),
        pytest.param(boxes(PADDED, [3], [[[-1, 0, 1], [0, 1]]], ANY1), "valid", id="a slot for the first"),
        pytest.param(
            boxes(PADDED, [3], [[[0, 1], [7, 8]]], ANY1, proofs=["x"]), "unreadable: proof 0", id="proof text"
        ),
        pytest.param(boxes(PLAIN, [2], [[[0]]], ([2], [[0]])), "valid", id="minimum is the box"),
        pytest.param(
            boxes(PLAIN, [3], [[[0, 1]]], ([2], [[0]])), "is above the minimum size 2", id="minimum too small"
        ),
        pytest.param(
            boxes(PLAIN, [1], [[[0]]], ANY1, proofs=[]), "no slot serves the first box", id="shorter than kernel"
        ),
        pytest.param(boxes(PLAIN, [2], [[[1]]], ANY1, proofs=[]), "no slot serves the first box", id="ends outside"),
        pytest.param(boxes(PLAIN, [2], [[[-1]]], ANY1, proofs=[]), "no slot serves the first box", id="starts outside"),
        pytest.param(boxes(DIFFERENCE, [2], [[[0]]], ANY1, "nonneg"), "unreadable: proof 0", id="not injective"),
        pytest.param(boxes(convolution("1 0; 0 -1", [2], b="1 2"), [2], [[[0]]], ANY1, BOXED), "valid", id="box"),
        pytest.param(boxes(convolution("1; 1/2", [1], groups=2), [1], [[[0]]], ANY1, "nonneg"), "valid", id="groups"),
    ],
)
def test_boxes(document: Document, expected: str) -> None:
    expect(document, expected)


UNITS = "1 0 0; -1 0 0; 0 1 0; 0 -1 0; 0 0 1; 0 0 -1"
STRIDE2 = convolution(UNITS, [3], stride=[2], padding=2)
"""Windows start at -2, 0, 2, ...; P = E = 3, so tau = 0 can serve everything, and -2 and 2 read zeros."""


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        pytest.param(
            [[-2, 0], [0], [0, 2]], "valid: injective for every input size with N_1 >= 4 (N_1 mod 2 in {1}) on", id="3"
        ),
        pytest.param([[0]], "valid", id="one slot for all"),
        pytest.param([[-2, 0], [0]], "valid", id="the inner slot is the last"),
        pytest.param([[0, 2], [0]], "valid", id="the inner slot is the first"),
        pytest.param([[0], [5, 6]], "unreadable: proof 1", id="a slot for nothing"),
        pytest.param([[-2, 0], [0, 2]], "no slot serves the inner", id="no inner"),
        pytest.param([[-2, 0], [1], [0, 2]], "no slot serves the inner", id="inner too far right"),
        pytest.param([[-2, 0], [-1], [0, 2]], "no slot serves the inner", id="inner too far left"),
        pytest.param([[-4, -2, 0]], "no slot serves the first", id="no such window"),
        pytest.param([[-2, 0, 2]], "no slot serves the first", id="first reads beyond the box"),
        pytest.param([[-2, -1, 0]], "no slot serves the first", id="first has another residue"),
        pytest.param([[-2, 0], [0, 1]], "no slot serves the inner", id="last, inner"),
    ],
)
def test_boxes_with_a_stride(slots: Any, expected: str) -> None:
    made = expected.startswith("valid") or "proof" in expected
    expect(boxes(STRIDE2, [3], [slots], ([4], [[1]]), proofs=None if made else []), expected)


def no_proofs(c: Document, P: int, slots: Any, minimum: int, residues: list[int]) -> Document:
    """Accepted up to the first proof, which is of no use."""
    return boxes(c, [P], [slots], ([minimum], [residues]), proofs=[{"rule": "collision"}])


COVERS = 'rejected: proof 0: the rule "collision" cannot stand here'


@pytest.mark.parametrize(
    ("c", "P", "slots", "sizes", "expected"),
    [
        pytest.param(STRIDE2, 3, [[0]], (3, [1]), COVERS, id="all"),
        pytest.param(STRIDE2, 3, [[0]], (2, [1]), "the box length 3 is above the minimum size 2", id="minimum"),
        pytest.param(convolution("1", [1], stride=[2]), 1, [[0]], (3, [0]), "is below the stride 2", id="box, stride"),
        pytest.param(
            STRIDE2, 3, [[0]], (3, [0]), "axis 1: no slot serves the last box for the residue 0", id="residue"
        ),
        pytest.param(
            STRIDE2, 3, [[0]], (3, [0, 1]), "axis 1: no slot serves the last box for the residue 0", id="both"
        ),
        pytest.param(STRIDE2, 3, [[0], [1]], (3, [0, 1]), COVERS, id="one for each residue"),
        pytest.param(STRIDE2, 4, [[0], [1]], (4, [0, 1]), COVERS, id="longer box"),
        pytest.param(STRIDE2, 4, [[-2, 0], [0, 2], [1]], (4, [0, 1]), COVERS, id="longer box, zeros"),
        pytest.param(STRIDE2, 3, [[0], [1, 3]], (3, [0, 1]), "last box for the residue 0", id="beyond the padding"),
        pytest.param(STRIDE2, 3, [[0], [-1, 1]], (3, [0, 1]), "last box for the residue 0", id="last, left of the box"),
        pytest.param(
            convolution(UNITS, [3], stride=[2], padding=[[2, 0]]),
            3,
            [[-2, 0], [0, 2]],
            (3, [1]),
            "no slot serves the inner",
            id="no zeros on the right: inner",
        ),
        pytest.param(
            convolution(UNITS, [3], stride=[2], padding=[[2, 0]]),
            3,
            [[0], [0, 2]],
            (3, [1]),
            COVERS,
            id="no zeros on the right",
        ),
        pytest.param(
            convolution(UNITS, [3], stride=[2], padding=[[0, 2]]),
            3,
            [[-2, 0], [0, 2]],
            (3, [1]),
            "no slot serves the first",
            id="no zeros on the left",
        ),
        pytest.param(
            convolution(UNITS, [3], stride=[2], padding=[[1, 1]]),
            3,
            [[0]],
            (3, [1]),
            "no slot serves the first",
            id="odd padding",
        ),
        pytest.param(
            convolution(UNITS, [3], stride=[2], padding=[[1, 1]]),
            3,
            [[-1], [0], [1]],
            (3, [0, 1]),
            COVERS,
            id="odd padding, three slots",
        ),
        pytest.param(
            convolution(UNITS, [3], stride=[2], padding=[[1, 1]]),
            3,
            [[-1, 1], [0], [1]],
            (3, [0, 1]),
            "no slot serves the first",
            id="odd padding, first too long",
        ),
        *[
            pytest.param(convolution(UNITS, [3], stride=[2], padding=2, mode=mode), 3, [[0]], (3, [1]), COVERS, id=mode)
            for mode in MODES
        ],
        *[
            pytest.param(
                convolution(UNITS, [3], stride=[2], padding=2, mode=mode),
                3,
                [[-2, 0], [0, 1]],
                (3, [1]),
                "no slot serves the first",
                id=f"{mode}: no zeros on the left",
            )
            for mode in MODES[1:]
        ],
        *[
            pytest.param(
                convolution(UNITS, [3], stride=[2], padding=2, mode=mode),
                3,
                [[0], [1]],
                (3, [0, 1]),
                "no slot serves the last",
                id=f"{mode}: no zeros on the right",
            )
            for mode in MODES[1:]
        ],
        pytest.param(convolution("1 1", [2], dilation=[3], padding=1), 4, [[0]], (4, [0]), COVERS, id="dilation"),
        pytest.param(
            convolution("1 1", [2], dilation=[3], padding=1),
            3,
            [[-1, 0], [0]],
            (4, [0]),
            "no slot serves the first",
            id="dilation: box too short",
        ),
    ],
)
def test_each_condition_of_the_coverage_alone(c: Any, P: int, slots: Any, sizes: Any, expected: str) -> None:
    document = no_proofs(c, P, slots, *sizes)
    expect(document, expected)
    for N in range(sizes[0], 20):
        if N % c["stride"][0] in sizes[1]:
            assert expected != COVERS or covered(c, [P], [slots], 0, N) == set(range(N))


HALVES = convolution("1 0; -1 0; 0 1; 0 -1", [2], stride=[2], padding=1)
"""Windows start at -1, 1, 3, ...; of three places an inner window reads two, so that one has to be known."""
UP = [knows(0, 0, [-1, 1]), knows(1, 0, [1]), knows(1, 0, [0, 2])]
DOWN = [knows(0, 1, [-1, 1]), knows(0, 1, [0]), knows(0, 0, [0, 2])]


@pytest.mark.parametrize(
    ("slots", "sizes", "expected"),
    [
        pytest.param(UP, ([3], [[0, 1]]), "valid: injective for every input size with N_1 >= 3 (any residue)", id="up"),
        pytest.param(DOWN, ([3], [[0]]), "valid", id="down"),
        pytest.param(DOWN, ([3], [[0, 1]]), "no slot serves the last box for the residue 1", id="down: the residue 1"),
        pytest.param([UP[0], DOWN[1], UP[2]], ([3], [[0]]), "neither up nor down", id="both"),
        pytest.param([UP[0], knows(1, 1, [1]), UP[2]], ([3], [[0]]), "neither up nor down", id="both in one slot"),
        pytest.param([UP[0], knows(2, 0, [1]), UP[2]], ([3], [[0]]), "more places are known", id="two known"),
        pytest.param([*UP, knows(2, 0, [9])], ([3], [[0]]), "more places are known", id="two known, of no use"),
        pytest.param([DOWN[0], knows(0, 2, [0]), DOWN[2]], ([3], [[0]]), "more places are known", id="two, down"),
        pytest.param([knows(1, 0, [-1, 1]), *UP[1:]], ([3], [[0]]), "no slot serves the first", id="first knows"),
        pytest.param([*DOWN[:2], knows(0, 1, [0, 2])], ([3], [[0]]), "no slot serves the last", id="last knows"),
    ],
)
def test_sweeps(slots: Any, sizes: Any, expected: str) -> None:
    expect(boxes(HALVES, [3], [slots], sizes, proofs=None if expected.startswith("valid") else []), expected)


def test_known_places_are_needed() -> None:
    document = boxes(HALVES, [3], [UP], ([3], [[0]]))
    (slots,) = document["proof"]["slots"]
    expect(edited(document, proof__slots=[[slots[0], knows(0, 0, [1]), slots[2]]]), "rejected: proof 1: refuter")
    expect(edited(document, proof__slots=[[{"starts": [1], "known": [1, 0]}]]), "unreadable")
    expect(edited(document, proof__slots=[[{**slots[0], "more": 1}]]), "unreadable")
    expect(edited(document, proof__slots=[[{"known": [0, 0]}]]), "unreadable")
    expect(edited(document, proof__slots=[[knows(-1, 0, [1])]]), "unreadable: known: expected 2 integers")
    expect(edited(document, proof__slots=[[{"known": [0], "starts": [1]}]]), "unreadable: known: expected 2 integers")
    text = json.dumps(document).replace('{"known": [1, 0], ', '{"known": [0, 0], "known": [1, 0], ')
    assert reason(text).startswith("unreadable")
    assert naive_verdict(text) == "unreadable"


def test_box_layers() -> None:
    rng = random.Random(7)
    for _ in range(60):
        d = rng.choice([1, 2, 2, 3])
        c = random_convolution(rng, d)
        box = [rng.randint(1, 4 if d < 3 else 3) for _ in range(d)]
        slots = []
        for P in box:
            a = rng.randint(0, P - 1)
            starts = sorted(rng.sample(range(-3, 4), rng.randint(1, 2)))
            slots.append(knows(a, rng.randint(0, P - 1 - a), starts))
        group = rng.randrange(c["groups"])
        W, b = box_layer(c, group, slots, box)
        read = [Slot(tuple(slot["known"]), slot["starts"]) for slot in slots]
        rows = Kernels(checker_layer(c)).box(group, read, box)
        assert (len(rows), rows.n) == (len(W), len(W[0]))
        for i, (row, beta) in enumerate(zip(W, b, strict=True)):
            assert [Fraction(v, rows[i].denominator) for v in rows[i].entries] == [*row, beta]


def test_the_list_of_proofs() -> None:
    c = convolution("1 1; 1 -1; -1 1; -1 -1; 2 1; 1 -1; -1 1; -2 -1", [1, 2], groups=2)
    document = boxes(c, [1, 2], [[[0]], [[0], [0, 1]]], ([1, 2], [[0], [0]]))
    expect(
        document, "valid: injective for every input size with N_1 >= 1 (any residue) and N_2 >= 2 (any residue) on R^n"
    )
    proofs = document["proof"]["proofs"]
    assert len(proofs) == 4
    expect(edited(document, proof__proofs=proofs[:3]), "rejected: boxes: the list of proofs ends after 3 of 4")
    expect(edited(document, proof__proofs=[]), "rejected: boxes: the list of proofs ends after 0 of 4")
    expect(edited(document, proof__proofs=[*proofs, proofs[0]]), "rejected: boxes: the list of proofs goes on after 4")
    expect(edited(document, proof__proofs=[proofs[1], *proofs[1:]]), "rejected: proof 0: refuter")
    expect(edited(document, proof__box=[1]), "unreadable: box: expected 2")
    expect(edited(document, proof__box=[1, 0]), "unreadable: box: expected 2")
    expect(edited(document, proof__box=["1", 2]), "unreadable: box: expected 2")
    expect(edited(document, proof__slots=slots_of([[[0]]])), "unreadable")
    expect(edited(document, proof__slots=slots_of([[[0]], []])), "unreadable")
    expect(edited(document, proof__slots=slots_of([[[0]], [[]]])), "unreadable")
    expect(edited(document, proof__slots=slots_of([[[0]], [0]])), "unreadable")
    expect(edited(document, proof__slots=slots_of([[[0]], [[1, 0]]])), "unreadable")
    expect(edited(document, proof__slots=slots_of([[[0]], [[True]]])), "unreadable")
    for other in ({"rule": "collision", "x": [], "y": []}, {"rule": "boxes"}, {"rule": "periodic"}):
        expect(edited(document, proof__proofs=[other]), f'proof 0: the rule "{other["rule"]}" cannot stand here')


def test_blocks_and_sign_split_in_boxes() -> None:
    line = {"rule": "flat-tree", "refuters": [[[0, "1"], [1, "1"]]], "tree": [0]}
    split = {"rule": "sign-split", "circuits": [[[0, "1"], [1, "1"]]], "tree": [0]}
    c = convolution("1 0; -1 0; 0 1; 0 -1", [2])
    blocks = [{"columns": [0], "rows": [0, 1], "proof": line}, {"columns": [1], "rows": [2, 3], "proof": split}]
    document = boxes(c, [2], [[[0]]], ANY1, proofs=[{"rule": "blocks", "blocks": blocks}])
    expect(document, "valid")
    expect(boxes(c, [2], [[[0]]], ANY1, proofs=[{"rule": "blocks", "blocks": blocks[:1]}]), "proof 0: blocks: no block")
    swapped = [{**blocks[0], "columns": [1]}, {**blocks[1], "columns": [0]}]
    expect(
        boxes(c, [2], [[[0]]], ANY1, proofs=[{"rule": "blocks", "blocks": swapped}]), "proof 0: block 0: row 0 is not"
    )
    one = convolution("1; -1", [1])
    expect(boxes(one, [1], [[[0]]], ANY1, proofs=[split]), "valid")


# ------------------------------------------------------------------ what accepted boxes mean


def covered(c: Document, box: list[int], axes: Any, k: int, N: int) -> set[int]:
    """The places of axis k that are seen when every position with the conditions (i) to (iii) is taken, in turn.

    Nothing is known in advance, and a position is taken as soon as its known places have been seen.
    """
    low, high = c["padding"][k]
    windows = set(range(-low, N + high - width(c, k) + 1, c["stride"][k]))
    found: set[int] = set()
    P = box[k]
    for _ in range(N + 1):
        for p, slot in product(range(N - P + 1), slots_of(axes)[k]):
            (a, b), starts = slot["known"], slot["starts"]
            taps = [p + tau + c["dilation"][k] * u for tau in starts for u in range(c["kernel_size"][k])]
            outside = [j for j in taps if not p <= j < p + P]
            reads_zero = c["padding_mode"] == "zeros" and not any(0 <= j < N for j in outside)
            known = {*range(p, p + a), *range(p + P - b, p + P)}
            if windows >= {p + tau for tau in starts} and (not outside or reads_zero) and known <= found:
                found |= set(range(p, p + P))
    return found


def test_accepted_boxes_cover_the_grid() -> None:
    """The coverage alone: a rejection of the first proof means that it was accepted."""
    rng, accepted = random.Random(2), {"none": 0, "up": 0, "down": 0}
    for _ in range(700):
        s, taps, D = rng.randint(1, 3), rng.randint(1, 3), rng.randint(1, 2)
        pair, mode = [rng.randint(0, 3), rng.randint(0, 3)], rng.choice(MODES[:1] * 3 + MODES)
        c = convolution("1 " * taps, [taps], stride=[s], dilation=[D], padding=[pair], mode=mode)
        P = rng.randint(s, s + 4)
        residues = sorted(rng.sample(range(s), rng.choice([1, 1, s])))
        way, slots = rng.choice(["none", "up", "down"]), []
        for _ in range(rng.randint(1, 4)):
            first, step = rng.randint(-2, 2), rng.choice([s, s, s, 1])
            known = rng.choice([0, P - s, rng.randint(0, P - s + (rng.random() < 0.1))])
            starts = [first + step * k for k in range(rng.randint(1, 2))]
            slots.append(knows(known * (way == "up"), known * (way == "down"), starts))
        least = rng.randint(P, P + 2)
        document = boxes(c, [P], [slots], ([least], [residues]), proofs=[{"rule": "collision"}])
        found = reason(document)
        assert found.split(":")[0] == naive_verdict(json.dumps(document))
        if "cannot stand here" in found:
            accepted[way if any(map(any, (slot["known"] for slot in slots))) else "none"] += 1
            for N in range(least, 3 * P + 4):
                if N % s in residues:
                    assert defined(c, [N])
                    assert covered(c, [P], [slots], 0, N) == set(range(N)), document
    assert min(accepted.values()) > 5, accepted


def test_accepted_boxes_are_injective_layers() -> None:
    """Brute force on the unrolled layers of small sizes."""
    units = convolution("1 0; -1 0; 0 1; 0 -1", [2], stride=[2])
    for document, sizes in [
        (boxes(PLAIN, [2], [[[0]]], ([2], [[0]])), [[2], [3]]),
        (boxes(units, [2], [[[0]]], ([2], [[0]])), [[2], [4]]),
    ]:
        expect(document, "valid")
        for size in sizes:
            assert layer_proof(*unrolled(document["convolution"], size), {"type": "R^n"}) is not None


# ------------------------------------------------------------------ the rule periodic

LAPLACE = convolution("1 -2 1; -1 2 -1", [3])
ALTERNATE = convolution("1 1; -1 -1", [2])
TWO = ([2], [[0]])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            periodic(DIFFERENCE, [1], "0", "1", TWO),
            "valid: not injective for any input size with N_1 >= 2",
            id="constants",
        ),
        pytest.param(periodic(ALTERNATE, [2], "0 0", "1 -1", TWO), "valid", id="alternating"),
        pytest.param(
            periodic(ALTERNATE, [2], "0 0", "1 1", TWO),
            "output 0 of the window (phase 0, taps 0 to 1) differs",
            id="other outputs",
        ),
        pytest.param(periodic(ALTERNATE, [2], "1 -1", "1 -1", TWO), "periodic: x and y are equal", id="equal"),
        pytest.param(periodic(ALTERNATE, [2], "0 0", "1 -1", TWO, BOXED), "valid", id="in the box"),
        pytest.param(
            periodic(ALTERNATE, [2], "0 0", "2 -2", TWO, BOXED), "y does not lie in the domain box", id="outside"
        ),
        pytest.param(periodic(ALTERNATE, [2], "0 0", "1 -1", TWO, "nonneg"), "y does not lie", id="negative"),
        pytest.param(periodic(ALTERNATE, [4], "0 0 0 0", "1 -1 1 -1", ([4], [[0]])), "valid", id="longer"),
        pytest.param(
            periodic(ALTERNATE, [4], "0 0 0 0", "1 -1 1 -1", ([3], [[0]])), "longer than the minimum", id="long"
        ),
        pytest.param(
            periodic(ALTERNATE, [3], "0 0 0", "1 -1 1", ([4], [[0]])), "phase 2, taps 0 to 1", id="odd period"
        ),
        pytest.param(periodic(ALTERNATE, [2], "0 0", "1", TWO), "unreadable: proof.y", id="short"),
        pytest.param(periodic(ALTERNATE, [0], "0 0", "1 -1", TWO), "unreadable: period", id="period 0"),
        pytest.param(periodic(ALTERNATE, [2, 1], "0 0", "1 -1", TWO), "unreadable: period", id="two axes"),
        pytest.param(
            periodic(convolution("1 1; -1 -1", [2], padding=[[1, 0]]), [2], "0 0", "1 -1", TWO),
            "taps 1 to 1) differs",
            id="zeros on the left",
        ),
        pytest.param(
            periodic(convolution("1 1; -1 -1", [2], padding=[[0, 1]]), [2], "0 0", "1 -1", TWO),
            "taps 0 to 0) differs",
            id="zeros on the right",
        ),
        pytest.param(
            periodic(convolution("1 1 0; -1 -1 0", [3], padding=[[0, 1]]), [2], "0 0", "1 -1", ([3], [[0]])),
            "valid",
            id="zeros where the kernel is zero",
        ),
        pytest.param(
            periodic(convolution("0 1 1; 0 -1 -1", [3], padding=[[0, 1]]), [2], "0 0", "1 -1", ([3], [[0]])),
            "taps 0 to 1) differs",
            id="zeros on the other side",
        ),
        pytest.param(periodic(convolution("-1 -1", [2], padding=1), [1], "1", "2", TWO), "valid", id="negative all"),
        pytest.param(periodic(convolution("-1 0 -1", [3], padding=[[1, 1]]), [1], "1", "2", TWO), "valid", id="-1, -2"),
        pytest.param(
            periodic(convolution("-1 0 -1", [3], padding=[[1, 1]], b="3/2"), [1], "1", "2", TWO),
            "taps 0 to 1) differs",
            id="bias",
        ),
        pytest.param(
            periodic(convolution("1 -2 1", [3], padding=[[1, 1]]), [1], "0", "-1", TWO),
            "taps 0 to 1) differs",
            id="one neighbour",
        ),
        pytest.param(
            periodic(convolution("0 0 1 -1 0 0", [6], dilation=[2], padding=4), [1], "0", "1", ([6], [[0]])),
            "valid",
            id="dilation: two taps",
        ),
        pytest.param(
            periodic(convolution("0 0 1 -1 0 0", [6], dilation=[2], padding=5), [1], "0", "1", ([6], [[0]])),
            "differs",
            id="dilation: three taps",
        ),
        *[
            pytest.param(
                periodic(convolution("1 -1; -1 1", [2], padding=2, mode=mode), [1], "0", "1", ([3], [[0]])),
                "valid" if mode != "zeros" else "differs",
                id=f"constants, {mode}",
            )
            for mode in MODES
        ],
        *[
            pytest.param(
                periodic(convolution("1 1; -1 -1", [2], padding=2, mode=mode), [2], "0 0", "1 -1", ([3], [[0]])),
                "only the period 1 is possible",
                id=f"padded, {mode}",
            )
            for mode in MODES[1:]
        ],
        *[
            pytest.param(
                periodic(convolution("1 1; -1 -1", [2], mode=mode), [2], "0 0", "1 -1", ([3], [[0]])),
                "valid",
                id=f"not padded, {mode}",
            )
            for mode in MODES[1:]
        ],
        pytest.param(
            periodic(
                convolution("1 -1; -1 1", [1, 2], padding=[[3, 3], [0, 0]]), [1, 1], "0", "1", ([2, 2], [[0], [0]])
            ),
            "valid",
            id="two axes: whole rows of zeros",
        ),
        pytest.param(
            periodic(
                convolution("1 -1; -1 1", [2, 1], padding=[[0, 1], [0, 0]]), [1, 1], "0", "1", ([2, 2], [[0], [0]])
            ),
            "differs",
            id="two axes: zeros below",
        ),
        pytest.param(
            periodic(convolution("1; 0", [1], groups=2), [1], "1 2", "1 3", ([1], [[0]])), "valid", id="groups"
        ),
        pytest.param(
            periodic(convolution("1; 1", [1], groups=2), [1], "1 2", "1 3", ([1], [[0]])), "output 1", id="group 1"
        ),
        pytest.param(
            periodic(
                convolution("1 -1 0 0 1 1 1 1 0", [3, 3], stride=[2, 1], b="-9"),
                [2, 2],
                "0 0 1 0",
                "1 0 0 1",
                ([3, 3], [[0, 1], [0]]),
            ),
            "valid",
            id="strides",
        ),
    ],
)
def test_periodic(document: Document, expected: str) -> None:
    expect(document, expected)


# ------------------------------------------------------------------ the rule patch

POINT = convolution("-1 -1", [2], b="-1")
FIVE = ([5], [[0]])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            patch(POINT, [3], [0], "0 1 0", "0 2 0", ([3], [[0]])),
            "valid: not injective for any input size",
            id="negative",
        ),
        pytest.param(patch(POINT, [3], [0], "0 1 0", "0 1 0", FIVE), "patch: x and y are equal", id="equal"),
        pytest.param(
            patch(POINT, [3], [0], "0 1 0", "0 -2 0", FIVE),
            "patch: output 0 of the window at (1) differs",
            id="positive",
        ),
        pytest.param(
            patch(POINT, [3], [0], "0 1 0", "0 2 0", ([2], [[0]])),
            "patch: it needs N_1 >= 3, not only 2",
            id="too large",
        ),
        pytest.param(
            patch(POINT, [3], [0], "1 1 0", "2 1 0", FIVE),
            "window at (-1) reads a difference and does not lie",
            id="left end",
        ),
        pytest.param(
            patch(POINT, [3], [0], "0 1 1", "0 1 2", FIVE),
            "window at (2) reads a difference and does not lie",
            id="right end",
        ),
        pytest.param(patch(POINT, [3], [0], "0 1 0", "0 2 0", FIVE, "nonneg"), "valid", id="nonneg"),
        pytest.param(patch(POINT, [3], [0], "0 1 -1", "0 2 -1", FIVE, "nonneg"), "x does not lie", id="x outside"),
        pytest.param(patch(POINT, [3], [0], "0 1 0", "0 3 0", FIVE, BOXED), "y does not lie", id="y outside"),
        pytest.param(
            patch(POINT, [3], [1], "0 1 0", "0 2 0", FIVE),
            "unreadable: phase: expected integers below",
            id="phase too large",
        ),
        pytest.param(patch(POINT, [3], [-1], "0 1 0", "0 2 0", FIVE), "unreadable: phase", id="phase -1"),
        pytest.param(patch(POINT, [3], [], "0 1 0", "0 2 0", FIVE), "unreadable: phase", id="no phase"),
        pytest.param(patch(POINT, [0], [0], "0 1 0", "0 2 0", FIVE), "unreadable: patch", id="patch of size 0"),
        pytest.param(patch(POINT, [4], [0], "0 1 0", "0 2 0", FIVE), "unreadable: proof.x", id="short"),
        pytest.param(
            patch(convolution("-1 -1", [2], stride=[2], padding=1), [2], [0], "1 1", "1 2", ([3], [[1]])),
            "valid",
            id="stride: corner 1",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], stride=[2], padding=1), [2], [0], "1 1", "1 2", ([2], [[0]])),
            "needs N_1 >= 3",
            id="stride: no room",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], stride=[2], padding=1), [2], [1], "1 1", "1 2", ([4], [[0]])),
            "window at (1) reads a difference and does not",
            id="stride: other phase",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], stride=[3]), [1], [0], "1", "2", ([3], [[0]])),
            "does not lie",
            id="stride: one of two",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], stride=[3]), [1], [2], "1", "2", ([3], [[0]])),
            "does not lie",
            id="stride: the other",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], stride=[3]), [1], [1], "1", "2", ([3], [[0]])),
            "valid",
            id="stride: neither",
        ),
        pytest.param(
            patch(convolution("1", [1], stride=[3]), [1], [1], "1", "2", ([3], [[0]])),
            "valid: not injective "
            "for any input size with N_1 >= 3 (N_1 mod 3 in {0}) on R^n: two inputs that differ in a patch of "
            "size 1 only have the same output in 0 windows there",
            id="a place that no window reads",
        ),
        pytest.param(patch(convolution("1", [1], stride=[3]), [1], [0], "1", "2", ([3], [[0]])), "output 0", id="read"),
        pytest.param(
            patch(convolution("1 1", [2], dilation=[2]), [1], [0], "1", "2", FIVE), "does not lie", id="dilated"
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], dilation=[2], b="-1"), [5], [0], "0 0 1 0 0", "0 0 2 0 0", FIVE),
            "valid",
            id="dilation",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], dilation=[2], b="-1"), [4], [0], "0 0 1 0", "0 0 2 0", FIVE),
            "window at (2) reads",
            id="dilation: short",
        ),
        *[
            pytest.param(
                patch(convolution("-1 -1", [2], padding=[[1, 0]], mode=mode), [3], [0], "0 1 0", "0 2 0", ([N], [[0]])),
                f"needs N_1 >= {7 if mode != 'zeros' else 3}" if N in (2, 6) else "valid",
                id=f"margin, {mode}, {N}",
            )
            for mode in MODES
            for N in ((6, 7) if mode != "zeros" else (2, 3))
        ],
        pytest.param(
            patch(convolution("-1 -1", [2], mode="circular"), [3], [0], "0 1 0", "0 2 0", ([3], [[0]])),
            "valid",
            id="circular, no padding",
        ),
        pytest.param(
            patch(
                convolution("-1", [1], stride=[2], padding=[[2, 1]], mode="reflect"), [1], [1], "1", "2", ([8], [[0]])
            ),
            "valid",
            id="corner after the margin",
        ),
        pytest.param(
            patch(
                convolution("-1", [1], stride=[2], padding=[[2, 1]], mode="reflect"), [1], [0], "1", "2", ([7], [[0]])
            ),
            "needs N_1 >= 8",
            id="corner 4, margin 3",
        ),
        pytest.param(
            patch(convolution("1 2; -1 0", [1]), [1], [0], "1 0", "0 1", ([1], [[0]])),
            "output 0 of the window at (0) differs",
            id="two channels",
        ),
        pytest.param(
            patch(convolution("1; 0", [1], groups=2), [1], [0], "1 0", "1 1", ([1], [[0]])), "valid", id="groups"
        ),
        pytest.param(
            patch(convolution("1; 1", [1], groups=2), [1], [0], "1 0", "1 1", ([1], [[0]])), "output 1", id="group"
        ),
        pytest.param(
            patch(convolution("-1 -1", [1, 2]), [1, 3], [0, 0], "0 1 0", "0 2 0", ([1, 3], [[0], [0]])),
            "valid",
            id="two axes",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2, 1]), [1, 3], [0, 0], "0 1 0", "0 2 0", ([2, 3], [[0], [0]])),
            "window at (0, 1) reads",
            id="two axes: other direction",
        ),
        pytest.param(
            patch(convolution("-1 -1", [1, 2], stride=[2, 1]), [1, 3], [1, 0], "0 1 0", "0 -2 0", ([2, 3], [[0], [0]])),
            "valid",
            id="two axes: between the windows",
        ),
    ],
)
def test_patch(document: Document, expected: str) -> None:
    expect(document, expected)


AT_END = convolution("1 0", [2])
AT_START = convolution("0 1", [2])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(patch(AT_START, [2], [0], "0 0", "1 0", TWO, anchor=["first"]), "valid", id="first"),
        pytest.param(patch(AT_START, [2], [0], "0 0", "1 0", FIVE), "window at (-1) reads", id="first place inside"),
        pytest.param(patch(AT_START, [2], [0], "0 0", "1 0", TWO, anchor=["last"]), "window at (-1)", id="or last"),
        pytest.param(
            patch(AT_START, [2], [0], "0 0", "0 1", TWO, anchor=["first"]), "window at (1)", id="second place"
        ),
        pytest.param(patch(AT_END, [2], [0], "0 0", "0 1", TWO, anchor=["last"]), "valid", id="last"),
        pytest.param(patch(AT_END, [2], [0], "0 0", "0 1", FIVE), "window at (1) reads", id="last place inside"),
        pytest.param(patch(AT_END, [2], [0], "0 0", "0 1", TWO, anchor=["first"]), "window at (1)", id="or first"),
        pytest.param(
            patch(convolution("0 1", [2], padding=1), [2], [0], "0 0", "1 0", TWO, anchor=["first"]),
            "output 0 of the window at (-1) differs",
            id="first: padding",
        ),
        pytest.param(
            patch(convolution("-1 1", [2], padding=1), [2], [0], "-2 0", "-1 0", TWO, anchor=["first"]),
            "output 0 of the window at (0) differs",
            id="first: padding, read by the next window",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], padding=1), [2], [0], "2 0", "1 0", TWO, anchor=["first"]),
            "valid",
            id="first: padding, negative",
        ),
        pytest.param(
            patch(convolution("1 0", [2], padding=1), [2], [0], "0 0", "0 1", TWO, anchor=["last"]),
            "output 0 of the window at (1) differs",
            id="last: padding",
        ),
        pytest.param(
            patch(convolution("-1 -1", [2], padding=1), [2], [0], "0 2", "0 1", TWO, anchor=["last"]),
            "valid",
            id="last: padding, negative",
        ),
        pytest.param(
            patch(AT_START, [3], [0], "0 0 0", "1 0 0", TWO, anchor=["first"]), "needs N_1 >= 3, not only 2", id="room"
        ),
        pytest.param(
            patch(AT_END, [3], [0], "0 0 0", "0 0 1", TWO, anchor=["last"]),
            "needs N_1 >= 3, not only 2",
            id="last: room",
        ),
        *[
            pytest.param(
                patch(convolution("1 0", [2], stride=[2]), [2], [0], "0 0", "0 1", ([2], [residues]), anchor=["last"]),
                "valid" if residues == [0] else "the phase of axis 1 does not fit all sizes at the end",
                id=f"residues {residues}",
            )
            for residues in ([0], [1], [0, 1])
        ],
        pytest.param(
            patch(
                convolution("-1 -1", [2], stride=[2], padding=1),
                [1],
                [1],
                "1",
                "2",
                ([2], [[1]]),
                anchor=["first"],
            ),
            "valid",
            id="first: phase",
        ),
        pytest.param(
            patch(
                convolution("-1 -1", [2], stride=[2], padding=1),
                [1],
                [0],
                "1",
                "2",
                ([2], [[1]]),
                anchor=["first"],
            ),
            "no window of axis 1 has the phase 0 at the beginning",
            id="first: other phase",
        ),
        *[
            pytest.param(
                patch(convolution("-1 -1", [2], padding=1, mode=mode), [1], [0], "1", "2", FIVE, anchor=[word]),
                "valid" if mode == "zeros" else f"with the padding mode {mode} the anchor of axis 1 has to be inner",
                id=f"{word}, {mode}",
            )
            for mode in MODES
            for word in ("first", "last")
            if mode != "zeros"
        ],
        *[
            pytest.param(
                patch(convolution("0 1", [2], mode=mode), [2], [0], "0 0", "1 0", TWO, anchor=["first"]),
                "valid",
                id=f"first, not padded, {mode}",
            )
            for mode in MODES
        ],
        pytest.param(
            patch(
                convolution("0 1; 0 -1", [1, 2]),
                [1, 2],
                [0, 0],
                "0 0",
                "1 0",
                ([1, 2], [[0]] * 2),
                anchor=["inner", "first"],
            ),
            "valid",
            id="two axes",
        ),
        pytest.param(
            patch(
                convolution("0 1; 0 -1", [2, 1]),
                [1, 2],
                [0, 0],
                "0 0",
                "1 0",
                ([2, 2], [[0]] * 2),
                anchor=["inner", "first"],
            ),
            "does not lie in the patch",
            id="two axes: the other one",
        ),
        pytest.param(patch(AT_END, [2], [0], "0 0", "0 1", TWO, anchor=["middle"]), "unreadable: anchor", id="word"),
        pytest.param(patch(AT_END, [2], [0], "0 0", "0 1", TWO, anchor=[[]]), "unreadable: anchor", id="no word"),
        pytest.param(
            patch(AT_END, [2], [0], "0 0", "0 1", TWO, anchor=["last", "last"]), "unreadable: anchor", id="long"
        ),
        pytest.param(patch(AT_END, [2], [0], "0 0", "0 1", TWO, anchor="last"), "unreadable: anchor", id="text"),
    ],
)
def test_anchors(document: Document, expected: str) -> None:
    expect(document, expected)


# ------------------------------------------------------------------ the rule geometric

FALLING = convolution("-2 1; 1 1", [2])
"""At 1, rho, rho^2, ... the first output is negative if rho < 2."""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            geometric(FALLING, [1], "1", "1", TWO), "valid: not injective for any input size with", id="equal"
        ),
        pytest.param(geometric(FALLING, [1], "3/2", "1", TWO, "nonneg"), "valid", id="growing"),
        pytest.param(geometric(FALLING, [1], "2", "1", TWO), "2 outputs are not negative, too many for 1", id="zero"),
        pytest.param(geometric(FALLING, [1], "1999/1000", "1", TWO), "valid", id="just below"),
        pytest.param(geometric(FALLING, [2], "1", "1 3/2", TWO), "valid", id="two phases"),
        pytest.param(geometric(FALLING, [2], "1", "1 3", TWO), "at the phase (0) 2 outputs", id="phase 0"),
        pytest.param(geometric(FALLING, [2], "7", "1 1", TWO), "at the phase (1) 2 outputs", id="phase 1"),
        pytest.param(geometric(FALLING, [1], "0", "1", TWO), "rejected: geometric: a factor is not", id="factor 0"),
        pytest.param(geometric(FALLING, [1], "-1", "1", TWO), "rejected: geometric: a factor is not", id="factor -1"),
        pytest.param(
            geometric(FALLING, [1], "1 1", "1", TWO), "unreadable: factor: expected a list of 1", id="factors"
        ),
        pytest.param(
            geometric(FALLING, [1], "1", "1 1", TWO), "unreadable: proof.x: expected a list of 1", id="x long"
        ),
        pytest.param(geometric(FALLING, [0], "1", "1", TWO), "unreadable: period", id="period 0"),
        pytest.param(geometric(FALLING, [1], "1", "1", TWO, group=1), "there is no group 1", id="group"),
        pytest.param(geometric(FALLING, [1], "1", "1", TWO, group=-1), "there is no group -1", id="group -1"),
        pytest.param(geometric(FALLING, [1], "1", "1", TWO, BOXED), "interior of the domain box", id="box"),
        pytest.param(
            geometric(FALLING, [2], "1", "1 0", TWO, "nonneg"), "interior of the domain nonneg", id="zero in x"
        ),
        pytest.param(
            geometric(convolution("-2 1; 1 1", [2], padding=[[0, 1]]), [1], "1", "1", TWO), "has padding", id="padding"
        ),
        pytest.param(
            geometric(convolution("-2 1; 1 1", [2], b="1 0"), [1], "1", "1", TWO), "2 outputs are not", id="bias"
        ),
        pytest.param(geometric(convolution("-2 1; 1 1", [2], b="-1 0"), [1], "1", "1", TWO), "valid", id="bias -1"),
        pytest.param(geometric(convolution("1 1", [2]), [1], "1", "1", TWO), "valid", id="as many, overlap"),
        pytest.param(
            geometric(convolution("1", [1]), [1], "1", "1", TWO), "1 outputs are not", id="as many, no overlap"
        ),
        pytest.param(
            geometric(convolution("1; 0", [1], stride=[2]), [1], "1", "1", ([1], [[0, 1]]), "nonneg"),
            "rejected: geometric: the kernel is shorter than the stride along axis 1",
            id="stride longer than the kernel",
        ),
        pytest.param(
            geometric(convolution("1 1; 1 0", [2], stride=[2]), [1], "1", "1", ([2], [[0, 1]])), "2 outputs", id="s"
        ),
        pytest.param(
            geometric(convolution("1 1; -1 0", [2], stride=[2]), [1], "1", "1", ([2], [[0, 1]])), "valid", id="t"
        ),
        pytest.param(
            geometric(convolution("1; 1; -1; -1", [1], groups=2), [1], "1", "1", TWO, group=0),
            "2 outputs",
            id="group 0",
        ),
        pytest.param(
            geometric(convolution("1; 1; -1; -1", [1], groups=2), [1], "1", "1", TWO, group=1), "valid", id="group 1"
        ),
        pytest.param(
            geometric(convolution("-9 1", [2], dilation=[3]), [2], "2", "1 1", ([4], [[0]])), "valid", id="dilation"
        ),
        pytest.param(
            geometric(convolution("-4 1; -4 1", [2], dilation=[3]), [2], "2", "1 1", ([4], [[0]])),
            "phase (1)",
            id="power",
        ),
        pytest.param(
            geometric(convolution("-2 1", [2], dilation=[10**12]), [1], "2", "1", ([10**13], [[0]])),
            "unreadable: the powers of the factors are too many",
            id="huge power",
        ),
        pytest.param(
            geometric(convolution("-1 2 1 -3", [2, 2]), [1, 1], "1/2 1/3", "1", ([2, 2], [[0], [0]])),
            "valid",
            id="plane",
        ),
    ],
)
def test_geometric(document: Document, expected: str) -> None:
    if "powers" in expected:
        assert expected in reason(document)
        return
    expect(document, expected)


def test_accepted_geometric_inputs_leave_too_few_rows() -> None:
    """The rank of the rows that are not negative at the input, for several sizes."""
    rng, accepted = random.Random(8), 0
    for _ in range(250):
        d = rng.choice([1, 1, 2])
        c = random_convolution(rng, d)
        c["padding"], c["b"] = [[0, 0]] * d, [str(rng.choice([0, 0, -1])) for _ in c["b"]]
        c["sha256"] = digest(c)
        q, group, inputs = [rng.randint(1, 2) for _ in range(d)], rng.randrange(c["groups"]), c["in_channels"]
        inputs //= c["groups"]
        x = " ".join(str(rng.randint(1, 3)) for _ in range(inputs * math.prod(q)))
        factor = " ".join(rng.choice(["1", "2", "1/3"]) for _ in q)
        least = [width(c, k) for k in range(d)]
        sizes = least, [[*range(s)] for s in c["stride"]]
        document = geometric(c, q, factor, x, sizes, "nonneg", group)
        answer = verdict(json.dumps(document).encode())
        assert answer == naive_verdict(json.dumps(document))
        if answer != "valid":
            continue
        accepted += 1
        for extra in product(range(3), repeat=d):
            N = [a + more for a, more in zip(least, extra, strict=True)]
            if c["in_channels"] * math.prod(N) > 12:
                continue
            point = []
            values = dict(zip(product(range(inputs), *map(range, q)), map(Fraction, x.split()), strict=True))
            for i, *j in product(range(c["in_channels"]), *map(range, N)):
                growth = math.prod(Fraction(r) ** (p // m) for r, p, m in zip(factor.split(), j, q, strict=True))
                inner = [p % m for p, m in zip(j, q, strict=True)]
                own = i // inputs == group
                point.append(values[(i % inputs, *inner)] * growth if own else Fraction(1))
            W, _ = unrolled(c, N)
            left = [w for w, g in zip(W, outputs(c, point, N), strict=True) if g >= 0]
            assert rank(left) < len(point)
    assert accepted > 8


# ------------------------------------------------------------------ the rule count

INTERVAL = {"type": "box", "lower": ["0"], "upper": ["1"]}
NOT_TWICE, NOT_ONCE = "not shown to have fewer rows than twice its inputs", "not shown to have fewer rows than inputs"
SAME = convolution("1 2 3", [3], padding=1)
WIDER = convolution("1", [1], padding=1)
"""N + 2 windows at N places."""


def from_size(*minimum: int) -> Any:
    """All sizes from this one on, for the stride 1."""
    return [*minimum], [[0]] * len(minimum)


def wider(d: int, e: int = 1, **options: Any) -> Document:
    """e more windows than places along each of d axes."""
    return convolution("1", [1] * d, padding=[[0, e]] * d, **options)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(count(convolution("1", [1]), TWO), "valid: not injective for any input size with", id="pointwise"),
        pytest.param(count(convolution("1", [1]), TWO), "group 0 has fewer rows than twice its inputs", id="twice"),
        pytest.param(count(convolution("1 1", [2]), TWO, "nonneg"), "group 0 has fewer rows than inputs", id="once"),
        pytest.param(count(convolution("1; -1", [1]), TWO), f"rejected: count: group 0 is {NOT_TWICE}", id="2 n"),
        pytest.param(count(convolution("1 0; -1 0", [2]), TWO), "valid", id="2 n, overlap"),
        pytest.param(count(convolution("1 0; -1 0; 0 1", [2]), TWO), NOT_TWICE, id="3 n, overlap"),
        pytest.param(count(convolution("1", [1]), TWO, "nonneg"), f"count: group 0 is {NOT_ONCE}", id="n"),
        pytest.param(count(convolution("1", [1]), TWO, INTERVAL), NOT_ONCE, id="n, box"),
        pytest.param(count(convolution("1 0", [2]), TWO, INTERVAL), "valid", id="n, box, overlap"),
        pytest.param(count(convolution("1 0; -1 0", [2]), TWO, "nonneg"), NOT_ONCE, id="2 n, nonneg"),
        pytest.param(count(convolution("1 0; -1 0", [2]), TWO, INTERVAL), NOT_ONCE, id="2 n, box"),
        pytest.param(count(convolution("0", [1], b="9"), TWO), "valid", id="weights do not matter"),
        pytest.param(count(SAME, from_size(1)), "valid", id="same"),
        pytest.param(count(SAME, from_size(1), "nonneg"), NOT_ONCE, id="same, nonneg"),
        pytest.param(count(convolution("1 2 3", [3], padding=[[1, 0]]), TWO, "nonneg"), "valid", id="almost same"),
        pytest.param(count(WIDER, from_size(2)), NOT_TWICE, id="wider, equal"),
        pytest.param(count(WIDER, from_size(3)), "valid", id="wider"),
        pytest.param(count(WIDER, from_size(10**9), "nonneg"), NOT_ONCE, id="wider, nonneg"),
        pytest.param(count(wider(2), from_size(2, 2)), NOT_TWICE, id="two axes, above"),
        pytest.param(count(wider(2), from_size(3, 2)), NOT_TWICE, id="two axes, equal"),
        pytest.param(count(wider(2), from_size(3, 3)), "valid", id="two axes"),
        pytest.param(count(wider(3), from_size(3, 3, 3)), NOT_TWICE, id="three axes, above"),
        pytest.param(count(wider(3), from_size(4, 4, 4)), "valid", id="three axes"),
        pytest.param(count(wider(3), from_size(2, 4, 15)), NOT_TWICE, id="three axes, equal"),
        pytest.param(count(wider(3), from_size(2, 4, 16)), "valid", id="three axes, below"),
        pytest.param(
            count(convolution("1 1", [1, 2], padding=[[1, 1], [0, 0]]), from_size(2, 2)), "valid", id="equal, overlap"
        ),
        pytest.param(
            count(convolution("1 1", [1, 2], padding=[[1, 1], [0, 1]]), from_size(2, 2)), NOT_TWICE, id="equal, same"
        ),
        pytest.param(
            count(convolution("1 1", [1, 2], padding=[[1, 2], [0, 0]]), from_size(2, 2)), NOT_TWICE, id="above, overlap"
        ),
        pytest.param(
            count(convolution("1", [1], stride=[2]), ([1], [[0, 1]]), "nonneg"), NOT_ONCE, id="stride longer than E"
        ),
        pytest.param(count(convolution("1", [1], stride=[2]), ([1], [[0]]), "nonneg"), NOT_ONCE, id="even sizes"),
        pytest.param(count(convolution("1", [1], stride=[2]), ([2], [[0, 1]]), "nonneg"), "valid", id="stride, from 2"),
        pytest.param(count(convolution("1", [1], stride=[2]), ([1], [[0, 1]])), "valid", id="stride, twice"),
        pytest.param(count(convolution("1", [1], stride=[9]), ([1], [[*range(9)]]), "nonneg"), NOT_ONCE, id="stride 9"),
        pytest.param(count(convolution("1", [1], stride=[9]), ([2], [[4]]), "nonneg"), "valid", id="stride 9, from 2"),
        pytest.param(
            count(convolution("1 1; 1 0", [2], stride=[2]), ([2], [[0, 1]]), "nonneg"), NOT_ONCE, id="stride, equal"
        ),
        pytest.param(
            count(convolution("1 1 1; 1 0 0", [3], stride=[2]), ([3], [[0, 1]]), "nonneg"), "valid", id="stride, short"
        ),
        pytest.param(
            count(convolution("1 0; 2 0; 3 0", [2], stride=[3], dilation=[2]), ([3], [[0]]), "nonneg"),
            NOT_ONCE,
            id="dilation 2",
        ),
        pytest.param(
            count(convolution("1 0; 2 0; 3 0", [2], stride=[3], dilation=[3]), ([4], [[0]]), "nonneg"),
            "valid",
            id="dilation 3",
        ),
        pytest.param(count(convolution("1 0; 0 1; 1 1", [1]), TWO), "valid", id="3 of 4"),
        pytest.param(count(convolution("1 0; 0 1; 1 1; 1 -1", [1]), TWO), NOT_TWICE, id="4 of 4"),
        pytest.param(count(convolution("1 0", [1]), TWO, "nonneg"), "valid", id="1 of 2"),
        pytest.param(count(convolution("1; 1", [1], groups=2), TWO, group=0), "valid", id="group 0"),
        pytest.param(count(convolution("1; 1", [1], groups=2), TWO, group=1), "valid", id="group 1"),
        pytest.param(count(convolution("1; 1", [1], groups=2), TWO, group=2), "count: there is no group 2", id="no"),
        pytest.param(count(convolution("1; 1", [1], groups=2), TWO, group=-1), "there is no group -1", id="group -1"),
        pytest.param(count(convolution("1; 1", [1], groups=2), TWO, group=10**99), "no group an integer", id="huge"),
        pytest.param(count(convolution("1; 1; 1; 1", [1], groups=2), TWO), NOT_TWICE, id="2 outputs of a group"),
        pytest.param(count(convolution("1", [1]), TWO, group=True), "unreadable: character 4", id="true"),
        pytest.param(count(convolution("1", [1]), TWO, group="0"), '"group": expected an integer', id="group a text"),
        pytest.param(count(convolution("1", [1]), TWO, group=None), "unreadable", id="null"),
        pytest.param(count(convolution("1", [1]), TWO, group=[0]), "unreadable", id="list"),
        pytest.param(
            count(convolution("1; 1", [1], groups=2), TWO, {"type": "box", "lower": ["0", "1"], "upper": ["1", "1"]}),
            "rejected: domain: the box has lower >= upper in coordinate 1",
            id="empty box",
        ),
        pytest.param(count(wider(1, 10**40), from_size(10**40)), NOT_TWICE, id="huge padding, equal"),
        pytest.param(count(wider(1, 10**40), from_size(10**40 + 1)), "valid", id="huge padding"),
        pytest.param(
            count(convolution("1 1", [2], stride=[10**40], dilation=[10**40]), ([10**41], [[7]]), "nonneg"),
            "valid",
            id="huge stride",
        ),
    ],
)
def test_count(document: Document, expected: str) -> None:
    expect(document, expected)


@pytest.mark.parametrize("mode", MODES)
def test_count_with_each_padding_mode(mode: str) -> None:
    """The windows are as many in each mode; the least size may be larger."""
    c = convolution("1", [1], padding=[[2, 1]], mode=mode)
    expect(count(c, from_size(3)), NOT_TWICE)
    expect(count(c, from_size(4)), "valid")
    expect(count(c, from_size(1)), "sizes: the layer is not defined" if mode in ("circular", "reflect") else NOT_TWICE)
    if mode != "reflect":
        expect(count(convolution("1 1 1", [3], padding=1, mode=mode), from_size(1)), "valid")


@pytest.mark.parametrize(
    "proof",
    [
        {"rule": "count"},
        {"rule": "count", "group": 0, "size": [2]},
        {"rule": "count", "group": 0, "group ": 0},
        {"group": 0, "rule": "count"},
    ],
)
def test_count_has_one_key(proof: Document) -> None:
    expect(enclose(convolution("1", [1]), "not_injective_for_sizes", proof, TWO), "unreadable")


def test_count_with_integers_of_any_length() -> None:
    long = "7" * 5000
    text = json.dumps(count(convolution("1", [1]), ([123454321], [[0]]), group=0))
    assert "valid: not injective for any input size with N_1 >= an integer of" in reason(
        text.replace("123454321", long)
    )
    text = json.dumps(count(convolution("1", [1]), TWO, group=123454321))
    assert "rejected: count: there is no group an integer of 16610 bits" in reason(text.replace("123454321", long))


def orthogonal(rows: Matrix, n: int) -> Vector:
    """A vector that is not zero and orthogonal to fewer than n rows of length n."""
    basis = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]  # of what is orthogonal to the rows so far
    for row in rows:
        values = [sum(map(mul, row, v)) for v in basis]
        pivot = next((k for k, value in enumerate(values) if value), None)
        if pivot is not None:
            first = basis.pop(pivot)
            ratios = [value / values[pivot] for k, value in enumerate(values) if k != pivot]
            basis = [[a - r * b for a, b in zip(v, first, strict=True)] for v, r in zip(basis, ratios, strict=True)]
    return basis[0]


def group_layer(c: Document, group: int, size: tuple[int, ...]) -> tuple[Matrix, Vector]:
    """The rows of the group on its own columns."""
    W, b = unrolled(c, [*size])
    n, m = len(W[0]) // c["groups"], len(W) // c["groups"]
    own = slice(group * m, (group + 1) * m)
    return [row[group * n : (group + 1) * n] for row in W[own]], b[own]


def within(inner: Vector, group: int, other: Vector) -> Vector:
    """The input with these values in the channels of the group."""
    return [*other[: group * len(inner)], *inner, *other[(group + 1) * len(inner) :]]


def far_out(W: Matrix, b: Vector, v: Vector) -> tuple[Vector, Matrix]:
    """A point in the direction v where only rows that rise along v, or are 0, may be positive; those that rise."""
    slopes = [sum(map(mul, row, v)) for row in W]
    assert all(slope or not any(row) for slope, row in zip(slopes, W, strict=True))
    t = 1 + max((abs(beta / slope) for beta, slope in zip(b, slopes, strict=True) if slope), default=0)
    return [t * value for value in v], [row for row, slope in zip(W, slopes, strict=True) if slope > 0]


def beside(x: Vector, rows: Matrix) -> Vector:
    """A point near x at which these rows, which are too few, have the same values."""
    assert len(rows) < len(x)
    return [value + step / 10**20 for value, step in zip(x, orthogonal(rows, len(x)), strict=True)]


def counted_collision(
    rng: random.Random, c: Document, domain: Document, group: int, size: tuple[int, ...]
) -> tuple[Vector, Vector]:
    """The two inputs of the proof in the specification."""
    W, b = group_layer(c, group, size)
    n, places = len(W[0]), math.prod(size)
    if domain["type"] == "box":
        middle = [(low + high) / 2 for low, high in zip(domain["lower"], domain["upper"], strict=True)]
        other = [value for value in middle for _ in range(places)]
    else:
        other = [Fraction(1)] * (c["in_channels"] * places)
    x, few = other[group * n : (group + 1) * n], W
    if domain["type"] == "R^n":
        while True:
            v = [Fraction(rng.randint(-9, 9)) for _ in range(n)]
            slopes = [sum(map(mul, row, v)) for row in W]
            if all(slope or not any(row) for slope, row in zip(slopes, W, strict=True)):
                break
        x, few = far_out(W, b, v if sum(slope > 0 for slope in slopes) < n else [-value for value in v])
    return within(x, group, other), within(beside(x, few), group, other)


def test_accepted_counts_leave_too_few_rows() -> None:
    """Windows counted at many sizes; and where the layer is small, two inputs with the same output."""
    rng = random.Random(9)
    accepted = dict.fromkeys(product((1, 2, 3), ("R^n", "nonneg", "box")), 0)
    equal = collisions = rejected = 0
    while min(accepted.values()) < 40:
        d = rng.choice([1, 2, 3])
        c = random_convolution(rng, d)
        minimum = [rng.randint(1, 9) for _ in range(d)]
        residues = [sorted(rng.sample(range(s), rng.randint(1, s))) for s in c["stride"]]
        if not defined(c, minimum):
            continue
        domain: Document = {"type": rng.choice(["R^n", "nonneg", "box"])}
        if domain["type"] == "box":
            domain["lower"] = [str(Fraction(rng.randint(-4, 3), 2)) for _ in range(c["in_channels"])]
            domain["upper"] = [str(Fraction(low) + rng.randint(1, 2)) for low in domain["lower"]]
        document = count(c, (minimum, residues), domain, rng.randrange(c["groups"]))
        c, answer = document["convolution"], verdict(json.dumps(document).encode())
        assert answer == naive_verdict(json.dumps(document))
        rejected += answer == "rejected"
        if answer != "valid":
            continue
        accepted[d, domain["type"]] += 1
        F = 2 if domain["type"] == "R^n" else 1
        sizes = some_sizes(c, 3 * max(c["stride"]) if d < 3 else max(c["stride"]))
        for size in sizes:
            windows = [
                len(range(0, len(axis_places(c, k, N)) - width(c, k) + 1, c["stride"][k])) for k, N in enumerate(size)
            ]
            assert c["out_channels"] * math.prod(windows) < F * c["in_channels"] * math.prod(size)
        size = min(sizes, key=math.prod)
        if c["in_channels"] * math.prod(size) <= 24:
            domain = naive_domain(domain, c["in_channels"])
            x, y = counted_collision(rng, c, domain, document["proof"]["group"], size)
            wide = spread(domain, range(c["in_channels"]), math.prod(size))
            assert x != y
            assert naive_contains(wide, x)
            assert naive_contains(wide, y)
            assert positive_part(outputs(c, x, [*size])) == positive_part(outputs(c, y, [*size]))
            collisions += 1
        equal += c["out_channels"] == F * c["in_channels"] * math.prod(c["stride"])
    assert collisions > 100
    assert rejected > 100
    assert equal > 2


# ------------------------------------------------------------------ the rule unpaired

NOT_TWO = "unpaired: group 0 is not shown to have at most twice as many rows as inputs"
NOT_READ = "unpaired: at the minimum no window has the tap [{}] in the grid along axis {}"
PAIR = convolution("1; 2", [1])
THREE = convolution("1 2 3; 4 5 6", [3], padding=1)
CROSS = convolution("1 2 3 4; 0 1 1 1; 1 1 -1 1; 1 -1 1 1", [2])
"""The vectors (1, 3) and (2, 4), (0, 1) and (1, 1), (1, -1) and (1, 1), (1, 1) and (-1, 1)."""
FAR = convolution("1 2 3; 4 5 6", [3], dilation=[5], padding=5)
LATE = convolution("1 2; 2 1", [2], dilation=[2], padding=[[2, 0]])
GAPS = convolution("1", [1], stride=[3], padding=[[1, 5]])


def signs(kernels: str, kernel_size: list[int], **options: Any) -> Document:
    return unpaired(convolution(kernels, kernel_size, **options), TWO, (0,) * len(kernel_size))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(unpaired(PAIR, TWO), "valid: not injective for any input size with N_1 >= 2", id="pair"),
        pytest.param(
            unpaired(PAIR, TWO, kernel=1),
            "on R^n: group 0 has at most twice as many rows as inputs at every size, and a row with the tap [0] of "
            "kernel 1 in the grid has no negative multiple; ",
            id="kernel 1",
        ),
        # condition 1
        pytest.param(unpaired(PAIR, TWO, group=1), "unpaired: there is no group 1", id="group 1"),
        pytest.param(unpaired(PAIR, TWO, group=-1), "unpaired: there is no group -1", id="group -1"),
        pytest.param(unpaired(PAIR, TWO, kernel=2), "unpaired: there is no kernel 2 in a group", id="kernel 2"),
        pytest.param(unpaired(PAIR, TWO, kernel=-1), "unpaired: there is no kernel -1", id="kernel -1"),
        pytest.param(unpaired(PAIR, TWO, (1,)), "unpaired: there is no tap [1]", id="tap 1"),
        pytest.param(unpaired(PAIR, TWO, (-1,)), "unpaired: there is no tap [-1]", id="tap -1"),
        pytest.param(unpaired(THREE, TWO, (2,)), "valid", id="last tap"),
        pytest.param(unpaired(THREE, TWO, (3,)), "unpaired: there is no tap [3]", id="tap 3"),
        pytest.param(
            unpaired(convolution("1 2; 3 4", [2, 1]), from_size(2, 2), (0, 1)), "there is no tap [0, 1]", id="axes"
        ),
        pytest.param(unpaired(convolution("1 2; 3 4", [2, 1]), from_size(2, 2), (1, 0)), "valid", id="other axes"),
        # condition 2
        pytest.param(unpaired(PAIR, TWO, domain="nonneg"), "unpaired: the domain is nonneg, not R^n", id="nonneg"),
        pytest.param(unpaired(PAIR, TWO, domain=INTERVAL), "unpaired: the domain is box, not R^n", id="box"),
        # condition 3
        pytest.param(unpaired(convolution("1", [1]), TWO), "valid", id="n"),
        pytest.param(unpaired(convolution("1; 2; 3", [1]), TWO), NOT_TWO, id="3 n"),
        pytest.param(unpaired(convolution("1 0; 2 0; 3 0", [2]), TWO), NOT_TWO, id="3 n, overlap"),
        pytest.param(unpaired(WIDER, from_size(1)), NOT_TWO, id="wider, above"),
        pytest.param(unpaired(WIDER, from_size(2)), "valid", id="wider, equal"),
        pytest.param(unpaired(wider(1, 4), from_size(3)), NOT_TWO, id="wider by 4, above"),
        pytest.param(unpaired(wider(1, 4), from_size(4)), "valid", id="wider by 4, equal"),
        pytest.param(unpaired(wider(2), from_size(2, 2), (0, 0)), NOT_TWO, id="two axes, above"),
        pytest.param(unpaired(wider(2), from_size(3, 2), (0, 0)), "valid", id="two axes, equal"),
        pytest.param(unpaired(wider(3), from_size(2, 4, 14), (0, 0, 0)), NOT_TWO, id="three axes, above"),
        pytest.param(unpaired(wider(3), from_size(2, 4, 15), (0, 0, 0)), "valid", id="three axes, equal"),
        pytest.param(unpaired(convolution("1; 1; 1; 1", [1], stride=[2]), TWO), NOT_TWO, id="stride longer than E"),
        pytest.param(
            unpaired(convolution("1; 1; 1; 1", [1], stride=[2]), ([2], [[0]])), NOT_TWO, id="whatever the residues"
        ),
        pytest.param(unpaired(convolution("1 1; 1 2; 3 1; 1 1", [2], stride=[2]), TWO), "valid", id="stride, equal"),
        pytest.param(
            unpaired(convolution("1 1; 1 2; 3 1; 1 1; 1 1", [2], stride=[2]), ([5], [[1]])), NOT_TWO, id="stride, above"
        ),
        pytest.param(unpaired(convolution("1 1; 1 2; 3 1; 1 -1", [1]), TWO), "valid", id="4 of 4"),
        pytest.param(unpaired(convolution("1 1; 1 2; 3 1; 1 -1; 2 1", [1]), TWO), NOT_TWO, id="5 of 4"),
        # condition 4
        pytest.param(unpaired(FAR, from_size(5)), NOT_READ.format(0, 1), id="before the grid"),
        pytest.param(unpaired(FAR, from_size(6)), "valid", id="not before the grid"),
        pytest.param(unpaired(FAR, from_size(1), (1,)), "valid", id="middle"),
        pytest.param(unpaired(FAR, from_size(5), (2,)), NOT_READ.format(2, 1), id="after the grid"),
        pytest.param(unpaired(FAR, from_size(6), (2,)), "valid", id="not after the grid"),
        pytest.param(unpaired(LATE, from_size(2)), NOT_READ.format(0, 1), id="the window does not exist"),
        pytest.param(unpaired(LATE, from_size(3)), "valid", id="the window exists"),
        pytest.param(unpaired(LATE, from_size(1), (1,)), "valid", id="the other tap"),
        pytest.param(unpaired(GAPS, ([2], [[0, 1, 2]])), NOT_READ.format(0, 1), id="between two windows"),
        pytest.param(unpaired(GAPS, ([3], [[0, 1, 2]])), "valid", id="second window"),
        pytest.param(unpaired(GAPS, ([2], [[0]])), NOT_READ.format(0, 1), id="not at the least size itself"),
        pytest.param(
            unpaired(
                convolution("1 1; 2 2", [1, 2], dilation=[1, 4], padding=[[0, 0], [4, 0]]), from_size(9, 4), (0, 0)
            ),
            NOT_READ.format("0, 0", 2),
            id="second axis",
        ),
        pytest.param(
            unpaired(
                convolution("1 1; 2 2", [1, 2], dilation=[1, 4], padding=[[0, 0], [4, 0]]), from_size(1, 5), (0, 0)
            ),
            "valid",
            id="both axes",
        ),
        # condition 5
        pytest.param(signs("1; -2", [1]), "unpaired: kernel 1 is a negative multiple at the tap [0]", id="negative"),
        pytest.param(signs("-1/3; 2/5", [1]), "kernel 1 is a negative multiple", id="negative, rationals"),
        pytest.param(signs("-1/3; -2/5", [1], b="1 -1"), "valid", id="the bias does not matter"),
        pytest.param(signs("0; 1", [1]), "unpaired: kernel 0 is 0 at the tap [0]", id="zero"),
        pytest.param(signs("1; 0", [1]), "valid", id="zero elsewhere"),
        pytest.param(signs("0 1; 2 3", [2]), "kernel 0 is 0 at the tap [0]", id="zero tap"),
        pytest.param(
            signs("1 2 3; 4 -5 6", [3], padding=1), "kernel 1 is a negative multiple at the tap [1]", id="tap"
        ),
        pytest.param(
            signs("1 2 -3; 4 5 6", [3], padding=1), "kernel 0 is a negative multiple at the tap [2]", id="same kernel"
        ),
        pytest.param(signs("1 0; -1/2 0", [1]), "kernel 1 is a negative multiple at the tap [0]", id="two channels"),
        pytest.param(signs("1 0; 0 -1; -1 1; -1 -1", [1]), "valid", id="other directions"),
        pytest.param(signs("0 1; 5 -2; 0 2", [1]), "valid", id="first channel not 0"),
        pytest.param(signs("0 1; 5 -2; 0 -2", [1]), "kernel 2 is a negative multiple", id="first channel 0"),
        pytest.param(signs("1 0; -1 -1", [1]), "valid", id="second channel not 0"),
        pytest.param(signs("1 -2 3; -1 2 3", [1]), "valid", id="up to a sign"),
        pytest.param(signs("1 -2 3; -2/7 4/7 -6/7", [1]), "kernel 1 is a negative multiple", id="three channels"),
        pytest.param(unpaired(CROSS, TWO), "valid", id="taps of two channels"),
        pytest.param(unpaired(CROSS, TWO, (1,), 1), "valid", id="tap 1 of kernel 1"),
        pytest.param(unpaired(CROSS, TWO, (0,), 2), "kernel 3 is a negative multiple at the tap [1]", id="cross"),
        pytest.param(unpaired(CROSS, TWO, (1,), 3), "kernel 2 is a negative multiple at the tap [0]", id="crossed"),
        pytest.param(
            unpaired(convolution("1 2 3 4 5 6; 7 8 9 1 -1 2", [3, 2]), from_size(3, 2), (1, 1)),
            "kernel 1 is a negative multiple at the tap [2, 0]",
            id="tap of two axes",
        ),
        pytest.param(
            unpaired(convolution("1 2 3 -4 5 6; 7 8 9 1 1 2", [3, 2]), from_size(3, 2), (1, 1)),
            "kernel 0 is a negative multiple at the tap [0, 0]",
            id="tap [1, 1]",
        ),
        pytest.param(signs("1; 2; -1; -2", [1], groups=2), "valid", id="other group"),
        pytest.param(unpaired(convolution("1; 2; -1; -2", [1], groups=2), TWO, kernel=1, group=1), "valid", id="1"),
        pytest.param(
            unpaired(convolution("1; 2; -1; 2", [1], groups=2), TWO, kernel=1, group=1),
            "kernel 0 is a negative multiple",
            id="group 1, negative",
        ),
        pytest.param(
            unpaired(convolution("1; -2; 0; 2", [1], groups=2), TWO, kernel=1, group=1), "valid", id="group 1 alone"
        ),
        # form
        pytest.param(unpaired(PAIR, TWO, group=True), "unreadable: character 4", id="group true"),
        pytest.param(unpaired(PAIR, TWO, kernel=True), '"kernel": expected an integer, found true', id="kernel true"),
        pytest.param(unpaired(PAIR, TWO, kernel="0"), "\"kernel\": expected an integer, found '0'", id="kernel text"),
        pytest.param(unpaired(PAIR, TWO, kernel=None), "unreadable", id="kernel null"),
        pytest.param(unpaired(PAIR, TWO, ()), "unreadable: tap: expected 1 integers, found []", id="no taps"),
        pytest.param(unpaired(PAIR, TWO, (0, 0)), "tap: expected 1 integers, found [0, 0]", id="two taps"),
        pytest.param(unpaired(PAIR, TWO, (True,)), "tap: expected 1 integers, found [true]", id="tap true"),
        pytest.param(unpaired(PAIR, TWO, ("0",)), "tap: expected 1 integers, found ['0']", id="tap text"),
        pytest.param(unpaired(PAIR, TWO, ([0],)), "tap: expected 1 integers, found [a list of 1]", id="tap list"),
        pytest.param(unpaired(PAIR, TWO, 0), "unreadable: tap: expected 1 integers, found 0", id="tap number"),
        pytest.param(unpaired(PAIR, TWO, (-1,), 0, True), "unreadable", id="form before content"),
    ],
)
def test_unpaired(document: Document, expected: str) -> None:
    expect(document, expected)


@pytest.mark.parametrize("mode", MODES)
def test_unpaired_with_each_padding_mode(mode: str) -> None:
    """Padding that copies places lets a row read a place twice."""
    expect(unpaired(convolution("1 2; 3 4", [2], mode=mode), TWO), "valid")
    for padding in ([[1, 0]], [[0, 1]]):
        c = convolution("1 2; 3 4", [2], padding=padding, mode=mode)
        expect(unpaired(c, TWO), "valid" if mode == "zeros" else "unpaired: the layer has padding that is not zero")
    c = convolution("1 2; 3 4", [1, 2], padding=[[0, 0], [0, 1]], mode=mode)
    expect(unpaired(c, from_size(2, 2), (0, 0)), "valid" if mode == "zeros" else "has padding")


@pytest.mark.parametrize(
    "proof",
    [
        {"rule": "unpaired"},
        {"rule": "unpaired", "group": 0, "kernel": 0},
        {"rule": "unpaired", "group": 0, "tap": [0]},
        {"rule": "unpaired", "kernel": 0, "tap": [0]},
        {"rule": "unpaired", "group": 0, "kernel": 0, "tap": [0], "place": [0]},
        {"rule": "unpaired", "kernel": 0, "group": 0, "tap": [0]},
        {"rule": "unpaired", "group": 0, "tap": [0], "kernel": 0},
        {"group": 0, "rule": "unpaired", "kernel": 0, "tap": [0]},
    ],
)
def test_unpaired_has_three_keys(proof: Document) -> None:
    expect(enclose(PAIR, "not_injective_for_sizes", proof, TWO), "unreadable")


def test_unpaired_with_huge_integers() -> None:
    """Condition 4 by arithmetic: the windows are too many to try."""
    far = 10**40
    c = convolution("1 2; 2 1", [2], dilation=[far], padding=[[far, 0]])
    assert NOT_READ.format(0, 1) in reason(unpaired(c, from_size(far)))
    assert "valid: not" in reason(unpaired(c, from_size(far + 1)))
    assert "valid: not" in reason(unpaired(c, from_size(1), (1,)))
    c = convolution("1; 2", [1], stride=[far], padding=[[3, far]])
    assert NOT_READ.format(0, 1) in reason(unpaired(c, ([far - 3], [[0, far - 1]])))
    assert "valid: not" in reason(unpaired(c, ([far - 2], [[0, far - 1]])))
    assert NOT_TWO in reason(unpaired(c, ([1], [[0]])))
    assert "there is no group an integer of 133 bits" in reason(unpaired(PAIR, TWO, group=far))
    assert "there is no kernel an integer of 133 bits in a group" in reason(unpaired(PAIR, TWO, kernel=far))
    assert "there is no tap [an integer of 133 bits]" in reason(unpaired(PAIR, TWO, (far,)))
    text, long = json.dumps(unpaired(PAIR, ([123454321], [[0]]), (987656789,))), "7" * 5000
    assert "there is no tap [an integer of 16610 bits]" in reason(text.replace("987656789", long))
    found = reason(text.replace("987656789", "0").replace("123454321", long))
    assert "valid: not injective for any input size with N_1 >= an integer of 16610 bits" in found


def test_unpaired_in_a_layer_of_many_kernels() -> None:
    """128 kernels of 64 channels and 3 x 3 taps; the two that matter differ in the last channel alone."""
    weights = [[(7 * o + 5 * i + 3 * u) % 11 + 1 for i in range(64) for u in range(9)] for o in range(128)]
    weights[100][4::9] = [-2 * v for v in weights[3][2::9]]
    for last, expected in ((0, "kernel 100 is a negative multiple at the tap [1, 1]"), (1, "valid: not injective")):
        weights[100][-5] -= last
        c = convolution("; ".join(" ".join(map(str, kernel)) for kernel in weights), [3, 3], padding=1)
        assert expected in reason(unpaired(c, from_size(2, 2), (0, 2), 3))


def unpaired_direction(rng: random.Random, W: Matrix, w: Vector) -> Vector:
    """A direction along which fewer than n rows rise and none is constant but zero rows.

    x is orthogonal to w and to no row but its multiples, which are positive. Along x - eps w and -x - eps w, eps small,
    different rows rise, and w is none of them: together they are at most 2 n - 1.
    """
    while True:
        y = [Fraction(rng.randint(-9, 9)) for _ in w]
        along = Fraction(sum(map(mul, y, w)), sum(map(mul, w, w)))
        x = [p - along * q for p, q in zip(y, w, strict=True)]
        slopes = [abs(sum(map(mul, row, x))) for row in W]
        if all(slope or rank([row, w]) == 1 for row, slope in zip(W, slopes, strict=True)):
            break
    steps = [abs(sum(map(mul, row, w))) for row in W]
    eps = min((slope / step / 2 for slope, step in zip(slopes, steps, strict=True) if slope and step), default=1)
    found = [[sign * p - eps * q for p, q in zip(x, w, strict=True)] for sign in (1, -1)]
    return min(found, key=lambda v: sum(sum(map(mul, row, v)) > 0 for row in W))


def unpaired_document(rng: random.Random) -> Document:
    """Often with as many outputs as fit, and with weights that are seldom each other's negatives."""
    d = rng.choice([1, 1, 1, 2, 2, 3])
    c = random_convolution(rng, d)
    if rng.random() < 0.6:
        c["padding_mode"] = "zeros"
    elif rng.random() < 0.9:
        c["padding"] = [[0, 0]] * d
    groups, inputs = c["groups"], c["in_channels"] // c["groups"]
    least = [max(1, width(c, k) - sum(c["padding"][k])) for k in range(d)]
    minimum = [rng.choice([a, a + rng.randint(0, 4)]) for a in least]
    ratio = largest_ratio({**c, "out_channels": 1, "in_channels": inputs, "sizes": {"minimum": minimum}})[0]
    outs = max(1, min(8, math.floor(2 / ratio))) if rng.random() < 0.9 else rng.randint(1, 5)
    values = rng.choice([[0, 1, 2], [-1, 1, 2], [0, 0, 1, 3], [-2, 0, 1]])
    weights = inputs * math.prod(c["kernel_size"])
    c["kernels"] = [
        [str(Fraction(rng.choice(values), rng.choice([1, 1, 2]))) for _ in range(weights)] for _ in range(outs * groups)
    ]
    c["out_channels"], c["b"] = outs * groups, [str(rng.randint(-2, 2)) for _ in range(outs * groups)]
    c["sha256"] = digest(c)
    residues = [sorted(rng.sample(range(s), rng.randint(1, s))) for s in c["stride"]]
    tap = tuple(map(rng.randrange, c["kernel_size"]))
    return unpaired(c, (minimum, residues), tap, rng.randrange(outs), rng.randrange(groups))


def rows_of_tap(c: Document, proof: Document, W: Matrix, size: tuple[int, ...]) -> Matrix:
    """The rows of the group that have a place of the grid at the tap of the proof."""
    windows = list(product(*(range(window_count(c, k, N)) for k, N in enumerate(size))))
    reading = set(product(*(reading_windows(c, k, proof["tap"][k], N) for k, N in enumerate(size))))
    first = proof["kernel"] * len(windows)
    return [W[first + number] for number, J in enumerate(windows) if J in reading]


def test_accepted_unpaired_rows_have_no_negative_multiple() -> None:
    """At several sizes the rows are counted and compared; two inputs with the same output follow from the one row."""
    rng = random.Random(10)
    seen = dict.fromkeys([1, 2, 3, "2 n", "none", "rejected", "padded", *MODES], 0)
    while min(seen.values()) < 10 or min(seen["2 n"], seen["none"], seen["padded"]) < 40:
        document = unpaired_document(rng)
        c, proof = document["convolution"], document["proof"]
        if not defined(c, c["sizes"]["minimum"]):
            continue
        answer = verdict(json.dumps(document).encode())
        assert answer == naive_verdict(json.dumps(document))
        seen["rejected"] += answer == "rejected"
        sizes = [size for size in some_sizes(c, 3) if c["in_channels"] * math.prod(size) <= 12]
        if answer != "valid" or not sizes:
            continue
        seen[len(proof["tap"])] += 1
        seen[c["padding_mode"]] += 1
        seen["padded"] += any(map(any, c["padding"]))
        for size in sorted(sizes, key=math.prod)[:3]:
            W, b = group_layer(c, proof["group"], size)
            m, n = len(W), len(W[0])
            assert m <= 2 * n
            rows = rows_of_tap(c, proof, W, size)
            assert rows
            for row in rows:
                assert any(row)
                assert not any(is_negative_multiple(row, other) for other in W)
            x, few = far_out(W, b, unpaired_direction(rng, W, rows[0]))
            other = [Fraction(rng.randint(-3, 3)) for _ in range(n * c["groups"])]
            pair = [within(inner, proof["group"], other) for inner in (x, beside(x, few))]
            assert pair[0] != pair[1]
            images = [positive_part(outputs(c, point, [*size])) for point in pair]
            assert images[0] == images[1]
            seen["2 n"] += m == 2 * n
            if n <= 3 and m <= 6:
                assert certify(W, b) is None
                seen["none"] += 1


# ------------------------------------------------------------------ what accepted inputs mean


def whole(c: Document, proof: Document, name: str, size: list[int]) -> Vector:
    """The input of this size for which x or y of a periodic or patch proof stands."""
    places = proof.get("period") or proof["patch"]
    values = dict(zip(product(range(c["in_channels"]), *map(range, places)), proof[name], strict=True))
    corner = []
    for k in range(len(size)):
        low, high = c["padding"][k]
        margin = 0 if c["padding_mode"] == "zeros" or low == high == 0 else max(low, high) + 1
        phase = proof.get("phase", [0] * len(size))[k]
        anchor = proof.get("anchor", ["inner"] * len(size))[k]
        inner = next(p for p in range(margin, margin + 9) if (p + phase + low) % c["stride"][k] == 0)
        corner.append({"first": 0, "inner": inner, "last": size[k] - places[k]}[anchor])
    found = []
    for i, *j in product(range(c["in_channels"]), *map(range, size)):
        if "period" in proof:
            found.append(Fraction(values[(i, *[p % q for p, q in zip(j, places, strict=True)])]))
        else:
            inner = (i, *[p - q for p, q in zip(j, corner, strict=True)])
            found.append(Fraction(values.get(inner, 0)))
    return found


def test_accepted_inputs_have_one_image_at_every_size() -> None:
    rng, accepted = random.Random(4), dict.fromkeys(["periodic", "first", "inner", "last"], 0)
    for _ in range(1100):
        d = rng.choice([1, 1, 1, 2])
        c = random_convolution(rng, d)
        c["kernels"] = [
            [str(-abs(Fraction(v)) * rng.choice([1, 1, 0]) + rng.choice([0] * 9 + [1])) for v in kernel]
            for kernel in c["kernels"]
        ]
        c["sha256"] = digest(c)
        size = [rng.randint(1, 3 if d == 2 else 5) for _ in range(d)]
        count = c["in_channels"] * math.prod(size)
        x = [rng.randint(0, 2) for _ in range(count)]
        y = [v + (rng.random() < 0.3) for v in x]
        minimum = [N + rng.choice([0, 2, 4, 9]) for N in size]
        anchor = [rng.choice(["first", "inner", "last"]) for _ in size]
        residues = [
            [*range(s)] if word != "last" else [rng.randrange(s)] for s, word in zip(c["stride"], anchor, strict=True)
        ]
        sizes = minimum, residues
        texts = " ".join(map(str, x)), " ".join(map(str, y))
        if rng.random() < 0.3:
            document = periodic(c, size, *texts, sizes)
        else:
            phase = [rng.randrange(s) for s in c["stride"]]
            document = patch(c, size, phase, *texts, sizes, "R^n", anchor)
        answer, proof = verdict(json.dumps(document).encode()), document["proof"]
        assert answer == naive_verdict(json.dumps(document))
        if answer == "valid":
            for word in proof.get("anchor", ["periodic"]):
                accepted[word] += 1
            for extra in range(4):
                N = [a + extra for a in minimum]
                if any(n % s not in r for n, s, r in zip(N, c["stride"], residues, strict=True)):
                    continue
                points = [whole(c, proof, name, N) for name in "xy"]
                assert points[0] != points[1]
                images = [positive_part(outputs(c, point, N)) for point in points]
                assert images[0] == images[1], document
    assert min(accepted.values()) > 6


# ------------------------------------------------------------------ the document

LINE = {"rule": "flat-tree", "refuters": [[[0, "1"], [1, "1"]]], "tree": [0]}
POINTWISE = convolution("1; -1", [1])


def small_boxes() -> Document:
    return boxes(POINTWISE, [1], [[[0]]], ([2], [[0]]), proofs=[LINE])


def strided() -> Document:
    return boxes(convolution("1; -1", [1], stride=[1], padding=1), [1], [[[-1, 0], [0], [0, 1]]], ([2], [[0]]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"in_channels": 2}, "unreadable: kernel 0: expected a list of 2", id="in_channels"),
        pytest.param({"in_channels": 0}, "unreadable", id="in_channels 0"),
        pytest.param({"in_channels": True}, "unreadable", id="in_channels true"),
        pytest.param({"out_channels": 3}, "kernels: expected 3, found 2", id="out_channels"),
        pytest.param({"out_channels": 1}, "kernels: expected 1, found more", id="out_channels 1"),
        pytest.param({"groups": 2}, "does not divide the numbers of channels", id="groups"),
        pytest.param({"groups": 0}, "unreadable", id="groups 0"),
        pytest.param({"in_channels": 10**12, "out_channels": 10**12, "groups": 10**12}, "expected an", id="channels"),
        pytest.param({"in_channels": 10**40, "out_channels": 10**40, "groups": 10**40}, "found 2", id="many channels"),
        pytest.param({"kernel_size": [2]}, "unreadable: kernel 0: expected a list of 2", id="kernel_size"),
        pytest.param(
            {"kernel_size": [10**50]}, "unreadable: kernel 0: expected a list of an integer", id="huge kernel"
        ),
        pytest.param({"kernel_size": []}, "unreadable: kernel_size: expected 1 to 3", id="no axis"),
        pytest.param({"kernel_size": [1, 1, 1, 1]}, "unreadable: kernel_size: expected 1 to 3", id="four axes"),
        pytest.param({"kernel_size": 1}, "unreadable: kernel_size: expected 1 to 3", id="kernel_size a number"),
        pytest.param({"stride": [1, 1]}, "unreadable: stride: expected 1 integers", id="stride long"),
        pytest.param({"stride": [0]}, "unreadable: stride: expected 1 integers >= 1, found [0]", id="stride 0"),
        pytest.param({"dilation": [0]}, "unreadable: dilation", id="dilation 0"),
        pytest.param({"dilation": []}, "unreadable: dilation", id="dilation short"),
        pytest.param({"padding": [0]}, "unreadable: padding", id="padding without pairs"),
        pytest.param({"padding": [[0, 0], [0, 0]]}, "unreadable: padding", id="padding long"),
        pytest.param({"padding": [[0]]}, "unreadable: padding", id="pair of one"),
        pytest.param({"padding": [[0, -1]]}, "unreadable: padding", id="padding negative"),
        pytest.param({"padding_mode": "same"}, "unreadable", id="mode"),
        pytest.param({"padding_mode": None}, "unreadable", id="mode null"),
        pytest.param({"kernels": [["1"], ["-1", "0"]]}, "unreadable: kernel 1: expected a list of 1", id="kernel long"),
        pytest.param({"kernels": [["1"], ["-2/2"]]}, "unreadable: kernel 1", id="canonical"),
        pytest.param({"kernels": {}}, "unreadable", id="kernels an object"),
        pytest.param({"b": ["0"]}, "unreadable: convolution.b", id="b short"),
        pytest.param({"b": [0, 0]}, "unreadable: convolution.b", id="b numbers"),
        pytest.param({"kernels": [["1"], ["-2"]]}, "rejected: proof 0: refuter 0: the sum", id="other kernel"),
        pytest.param({"b": ["0", "-1"]}, "rejected: proof 0: refuter 0: the sum", id="other bias"),
        pytest.param({"stride": [2]}, "rejected: boxes: axis 1: the box length 1 is below the stride 2", id="stride"),
        pytest.param({"dilation": [2]}, "valid", id="dilation of one tap"),
        pytest.param({"sizes": {"minimum": [0], "residues": [[0]]}}, "unreadable: minimum", id="minimum 0"),
        pytest.param({"sizes": {"minimum": [1, 1], "residues": [[0]]}}, "unreadable: minimum", id="minimum long"),
        pytest.param({"sizes": {"minimum": [2], "residues": [[1]]}}, "unreadable: residues", id="residue too large"),
        pytest.param({"sizes": {"minimum": [2], "residues": [[-1]]}}, "unreadable: residues", id="residue -1"),
        pytest.param({"sizes": {"minimum": [2], "residues": [[]]}}, "unreadable: residues", id="no residues"),
        pytest.param({"sizes": {"minimum": [2], "residues": []}}, "unreadable: residues", id="no axes"),
        pytest.param({"sizes": {"minimum": [2], "residues": [[0, 0]]}}, "unreadable: residues", id="residue twice"),
        pytest.param({"sizes": {"minimum": [2], "residues": [0]}}, "unreadable: residues", id="residues flat"),
        pytest.param({"sizes": {"residues": [[0]], "minimum": [2]}}, "unreadable", id="order of sizes"),
        pytest.param({"sizes": {"minimum": [2], "residues": [[0]], "more": 1}}, "unreadable", id="key in sizes"),
        pytest.param({"sizes": [2]}, "unreadable", id="sizes a list"),
        pytest.param({"size": [2]}, "unreadable", id="size and sizes"),
    ],
)
def test_the_layer_in_the_document(changes: Document, expected: str) -> None:
    document = small_boxes()
    document["convolution"].update(changes)
    document["convolution"]["sha256"] = digest(document["convolution"])
    if set(changes) & {"in_channels"} and changes["in_channels"] == 10**12:
        expected = "kernels: expected 1000000000000, found 2"
    expect(document, expected)
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    if not schema.is_valid(document):
        assert reason(document).startswith("unreadable")


@pytest.mark.parametrize("name", [*GEOMETRY, "kernels", "b"])
def test_the_digest_has_every_key_but_the_sizes(name: str) -> None:
    other = {
        "in_channels": 2,
        "out_channels": 3,
        "groups": 5,
        "kernel_size": [2],
        "stride": [2],
        "dilation": [3],
        "padding": [[0, 1]],
        "padding_mode": "reflect",
        "kernels": [["1"], ["-3"]],
        "b": ["0", "1/2"],
    }
    document = small_boxes()
    c = document["convolution"]
    changed = digest({**c, name: other[name]})
    assert changed != c["sha256"]
    expect({**document, "convolution": {**c, "sha256": changed}}, "rejected: convolution: the SHA-256 of the layer is")
    if name in ("stride", "dilation", "padding", "padding_mode", "kernels", "b"):
        expect({**document, "convolution": {**c, name: other[name]}}, "rejected: convolution: the SHA-256 of the layer")
    if name == "padding_mode":
        expect({**document, "convolution": {**c, name: other[name], "sha256": changed}}, "valid")


def test_the_digest_of_the_specification() -> None:
    text = (
        '{"in_channels":1,"out_channels":2,"groups":1,"kernel_size":[2],"stride":[1],"dilation":[1],"padding":[[0,0]],'
        '"padding_mode":"zeros","kernels":[["1","-1"],["-1/2","1"]],"b":["0","0"]}'
    )
    c = convolution("1 -1; -1/2 1", [2])
    c["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    expect(collision(c, [2], "0 0", "0 0"), "rejected: collision: x and y are equal")
    expect(collision({**c, "sha256": "0" * 64}, [2], "0 0", "0 0"), "rejected: convolution: the SHA-256")
    expect(collision({**c, "sha256": c["sha256"].upper()}, [2], "0 0", "0 0"), "unreadable")


def test_integers_of_any_length() -> None:
    """Beyond Python's limit of 4,300 digits, in the digest and in messages."""
    long = "7" * 5000
    for name, value, expected in [
        ("stride", "[@]", "rejected: boxes: axis 1: the box length 1 is below the stride an integer of 16610 bits"),
        ("dilation", "[@]", "valid: injective for every input size with N_1 >= 2 (any residue) on R^n"),
        ("padding", "[[@, 0]]", "valid"),
        ("padding", "[[0, @]]", "valid"),
    ]:
        document = small_boxes()
        c = document["convolution"]
        marked = {**c, name: json.loads(value.replace("@", "123454321"))}
        text = json.dumps({n: marked[n] for n in [*GEOMETRY, "kernels", "b"]}, separators=(",", ":"))
        marked["sha256"] = hashlib.sha256(text.replace("123454321", long).encode()).hexdigest()
        whole_text = json.dumps({**document, "convolution": marked}).replace("123454321", long)
        assert expected in reason(whole_text)
    for number in (0, 7, 10**299, 10**603, 10**604 - 1, 10**5000, 3 * 10**7000 + 5):
        assert integer_of(decimal_text(number)) == number
    assert decimal_text(10**5000) == "1" + "0" * 5000


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("injective_for_sizes", "valid"),
        ("not_injective_for_sizes", 'the rule "boxes" proves "injective_for_sizes", not the claim "not_injective_for'),
        ("injective", "unreadable"),
        ("not_injective", "unreadable"),
        ("alpha_star", 'rejected: a certificate about a convolution cannot have the claim "alpha_star"'),
        ("injective_for_all", "unreadable"),
    ],
)
def test_claims(claim: str, expected: str) -> None:
    expect({**small_boxes(), "claim": claim}, expected)
    for rule in RULES:
        document = {**small_boxes(), "claim": claim, "proof": {"rule": rule}}
        if claim.endswith("_for_sizes") and RULES[rule][0] != claim:
            expect(document, f'rejected: the rule "{rule}" proves')
        at = enclose(POINTWISE, claim.removesuffix("_for_sizes"), {"rule": rule}, [1])
        if claim in ("injective", "not_injective") and RULES[rule][0] != claim:
            expect(at, f'rejected: the rule "{rule}" proves')


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (
            {"type": "ball", "center": ["0"], "radius": "1"},
            "rejected: domain: a certificate about a convolution cannot",
        ),
        ({"type": "ball", "center": ["0", "0"], "radius": "1"}, "rejected: domain: a certificate about a convolution"),
        ({"type": "nonneg-ball", "radius": "1"}, "rejected: domain: a certificate about a convolution cannot have"),
        ({"type": "polytope", "G": [["1"]], "h": ["1"], "interior": ["0"]}, "rejected: domain: a certificate about"),
        ({"type": "sphere", "radius": "1"}, "rejected: domain: the claim on a sphere"),
        ({"type": "box", "lower": ["0", "0"], "upper": ["1", "1"]}, "expected one rational for each of 1 channels"),
        ({"type": "box", "lower": ["1"], "upper": ["1"]}, "rejected: domain: the box has lower >= upper"),
        ({"type": "box", "lower": ["0"], "upper": ["1"]}, "valid"),
        ({"type": "nonneg"}, "valid"),
    ],
)
def test_domains(domain: Document, expected: str) -> None:
    expect({**small_boxes(), "domain": domain}, expected)


@pytest.mark.parametrize("mode", MODES)
def test_sizes_for_which_the_layer_is_defined(mode: str) -> None:
    c = convolution("1 0 0", [3], dilation=[3], padding=[[1, 2]], mode=mode)
    least = {"zeros": 4, "circular": 4, "reflect": 4, "replicate": 4}[mode]
    wide = convolution("1", [1], padding=[[3, 5]], mode=mode)
    narrow = {"zeros": 1, "circular": 5, "reflect": 6, "replicate": 1}[mode]
    for layer, smallest in ((c, least), (wide, narrow)):
        for N in range(1, 8):
            point = " ".join(["0"] * N)
            expected = "x and y are equal" if smallest <= N else f"size: the layer is not defined for N_1 = {N}, below"
            expect(collision(layer, [N], point, point), expected)
            stated = periodic(layer, [1], "0", "0", ([N], [[0]]))
            expect(stated, "x and y are equal" if smallest <= N else f"sizes: the layer is not defined for N_1 = {N}")


# ------------------------------------------------------------------ short documents that ask for much


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        pytest.param(enclose(POINTWISE, "injective", LINE, [10**9]), "unreadable", id="flat-tree"),
        pytest.param(enclose(POINTWISE, "injective", LINE, [10**100]), "unreadable", id="flat-tree, more"),
        pytest.param(
            enclose(POINTWISE, "injective", {"rule": "sign-split", "circuits": [], "tree": []}, [10**9]),
            "unreadable",
            id="sign-split",
        ),
        pytest.param(
            enclose(
                POINTWISE,
                "injective",
                {
                    "rule": "blocks",
                    "blocks": [{"columns": [0, 10**8], "rows": [0, 10**8, 10**9, 11 * 10**8], "proof": LINE}],
                },
                [10**9],
            ),
            "rejected",
            id="blocks",
        ),
        pytest.param(
            enclose(POINTWISE, "not_injective", {"rule": "collision", "x": ["0"], "y": ["1"]}, [10**9]),
            "unreadable",
            id="collision",
        ),
        pytest.param(
            enclose(
                convolution("1", [1], padding=[[10**9, 10**9]]),
                "not_injective",
                {"rule": "collision", "x": ["0"], "y": ["1"]},
                [1],
            ),
            "unreadable",
            id="padding",
        ),
        pytest.param(boxes(POINTWISE, [10**9], [[[0]]], ([10**9], [[0]]), proofs=[LINE]), "unreadable", id="box"),
        pytest.param(
            boxes(
                POINTWISE,
                [10**9],
                [[[0]]],
                ([10**9], [[0]]),
                proofs=[{"rule": "blocks", "blocks": [{"columns": [7], "rows": [0, 1], "proof": LINE}]}],
            ),
            "rejected",
            id="blocks in a box",
        ),
        pytest.param(
            boxes(POINTWISE, [10**9], [[[0, 10**99]]], ([10**9], [[0]]), proofs=[LINE]), "rejected", id="slot"
        ),
        pytest.param(periodic(POINTWISE, [10**9], "0", "1", ([10**9], [[0]])), "unreadable", id="periodic"),
        pytest.param(
            periodic(convolution("1 " * 500, [500], padding=10**9), [1], "0", "1", ([10**9], [[0]])),
            "unreadable",
            id="phases",
        ),
        pytest.param(patch(POINTWISE, [10**9], [0], "0", "1", ([10**9], [[0]])), "unreadable", id="patch"),
        pytest.param(
            patch(convolution("1 " * 300, [300], dilation=[10**9]), [2], [0], "0 0", "1 0", ([10**9], [[0]])),
            "rejected",
            id="dilation",
        ),
    ],
)
def test_short_documents_that_ask_for_much(document: Document, kind: str) -> None:
    assert reason(document).startswith(kind)


def test_a_collision_of_784_numbers() -> None:
    """64 kernels of 3 x 3 on 28 x 28; 50,176 rows."""
    c = convolution("; ".join(" ".join(str(-(o + u) % 7 - 7) for u in range(9)) for o in range(64)), [3, 3], padding=1)
    x, y = ([str(Fraction(j * j % factor, 8)) for j in range(784)] for factor in (91, 97))
    assert reason(collision(c, [28, 28], " ".join(x), " ".join(y))).startswith(
        "valid: not injective for the input size"
    )


# ------------------------------------------------------------------ mutations

SAMPLES = {
    "collision": collision(convolution("1 -1; -1 1/2", [2], padding=[[1, 0]], b="0 -5"), [2], "1 2", "1 3/2", BOXED),
    "two channels": collision(convolution("-1; -2", [1, 1], groups=2, b="0 -1/3"), [1, 1], "1 2", "2 3", "nonneg"),
    "flat tree": at_size(convolution("1 0; -1 0; 0 1; 0 -1/2", [2], b="0 1 0 0"), [2]),
    "blocks": enclose(
        POINTWISE,
        "injective",
        {
            "rule": "blocks",
            "blocks": [
                {"columns": [0], "rows": [0, 2], "proof": LINE},
                {
                    "columns": [1],
                    "rows": [1, 3],
                    "proof": {"rule": "sign-split", "circuits": [[[0, "1"], [1, "1"]]], "tree": [0]},
                },
            ],
        },
        [2],
    ),
    "boxes": strided(),
    "geometric": geometric(convolution("-2 1; 1 1; -1 -1", [2]), [2], "3/2", "1 4/3", ([3], [[0]]), "nonneg"),
    "count": count(
        convolution("1 2; -1 3", [2], groups=2, stride=[2], padding=[[3, 1]], mode="circular"),
        ([5], [[0, 1]]),
        {"type": "box", "lower": ["0", "-1"], "upper": ["1/2", "2"]},
        1,
    ),
    "count, as many": count(convolution("1 1; 1 -1", [1, 2], stride=[2, 1], b="0 1"), ([1, 2], [[1], [0]])),
    "unpaired": unpaired(
        convolution("0 1 2 1; -1 2 1/2 0; 3 0 0 1; 1 1 -1 -2", [2], padding=[[1, 0]], b="0 1 -1 0"),
        ([2], [[0]]),
        (0,),
        1,
    ),
    "unpaired in a group": unpaired(
        convolution("-1 1; 2 -2; 1 2; 3 1", [1, 2], groups=2, dilation=[1, 2], padding=[[0, 0], [2, 0]]),
        ([1, 3], [[0], [0]]),
        (0, 0),
        1,
        1,
    ),
    "unpaired with strides": unpaired(
        convolution("1 3 0; 1 0 2; 0 1 1/2; 1 1 1", [3], stride=[2], padding=[[1, 0]]), ([3], [[0, 1]]), (2,), 1
    ),
    "boxes swept up": boxes(HALVES, [3], [UP[:2]], ([3], [[1]])),
    "boxes swept both ways": boxes(
        convolution("1; -2", [1, 1]),
        [2, 2],
        [[[0, 1], knows(1, 0, [1])], [[0, 1], knows(0, 1, [0])]],
        ([2, 2], [[0], [0]]),
    ),
    "patch at the end": patch(
        convolution("1 0", [2], stride=[2]), [2], [0], "0 0", "0 1", ([2], [[0]]), anchor=["last"]
    ),
    "patch at the beginning": patch(
        convolution("-1 -1", [2], padding=1), [2], [0], "2 0", "1 0", TWO, anchor=["first"]
    ),
    "boxes with a stride": boxes(
        convolution("1 0; 0 1; -2 0; 0 -1", [2], stride=[2], padding=[[2, 1]]),
        [2],
        [[[-2, 0], [0]]],
        ([3], [[0]]),
        "R^n",
    ),
    "boxes of two axes": boxes(
        convolution("1; 1/2", [1, 1], groups=2, b="2 0"),
        [1, 1],
        [[[0]], [[0]]],
        ([2, 1], [[0], [0]]),
        {"type": "box", "lower": ["-2", "0"], "upper": ["1", "3"]},
    ),
    "periodic": periodic(convolution("1 1 0; -1 -1 0", [3], padding=[[0, 1]]), [2], "0 1/2", "1 -1/2", ([3], [[0]])),
    "constants": periodic(convolution("1 -1", [2], padding=2, mode="reflect"), [1], "0", "1", ([3], [[0]]), "nonneg"),
    "patch": patch(
        convolution("-1 -1", [2], stride=[2], padding=[[1, 0]]), [2], [0], "1 1", "1 2", ([3], [[0, 1]]), BOXED
    ),
    "patch with a margin": patch(
        convolution("-1", [1], padding=[[1, 0]], mode="circular"), [1], [0], "1", "2", ([5], [[0]])
    ),
}


def test_the_samples_are_valid() -> None:
    for document in SAMPLES.values():
        expect(document, "valid")


@pytest.mark.parametrize("name", SAMPLES)
def test_mutants_get_the_verdict_of_the_naive_reading(name: str) -> None:
    """All of them for small documents, every second or third one for larger ones."""
    document = SAMPLES[name]
    given = document["convolution"]
    seen = {"valid": 0, "rejected": 0, "unreadable": 0}
    changes = [{part: changed} for part in ("domain", "proof") for changed in mutants(document[part])]
    changes += [{"convolution": changed} for changed in mutants({**given, "sha256": given["sha256"][:4]})]
    for change in changes[:: len(changes) // 700 + 1]:
        if change.get("convolution", {}).get("sha256") == given["sha256"][:4]:
            change["convolution"]["sha256"] = given["sha256"]
        text = json.dumps({**document, **change})
        answer = verdict(text.encode(), checker_layer(given))
        assert answer == naive_verdict(text, given), text
        seen[answer] += 1
    assert min(seen.values()) > 0


@pytest.mark.parametrize("name", SAMPLES)
def test_other_layers_get_the_verdict_of_the_naive_reading(name: str) -> None:
    """The digest made right, so that the proof is put to the test."""
    document = SAMPLES[name]
    c = document["convolution"]
    changes = [*mutants({n: value for n, value in c.items() if n != "sha256"})]
    changes += [{**{n: value for n, value in c.items() if n != "sha256"}, "padding_mode": mode} for mode in MODES]
    seen = set()
    for change in changes:
        changed = {n: change.get(n, "") for n in c}
        changed["sha256"] = digest(changed)
        text = json.dumps({**document, "convolution": changed})
        answer = verdict(text.encode())
        assert answer == naive_verdict(text), text
        seen.add(answer)
    assert seen >= {"rejected", "unreadable"}


def test_cut_and_damaged_documents_are_never_valid_and_never_crash() -> None:
    rng = random.Random(5)
    for document in (SAMPLES["boxes"], SAMPLES["patch"], SAMPLES["collision"]):
        text = json.dumps(document)
        for end in range(len(text)):
            assert verdict(text[:end].encode()) == "unreadable"
        for _ in range(700):
            damaged = bytearray(text.encode())
            for _ in range(rng.choice([1, 1, 2, 5])):
                damaged[rng.randrange(len(damaged))] = rng.choice(b'[]{}",:0-19/e.\\u \x00\xff\xc3tn')
            if verdict(bytes(damaged)) == "valid":
                assert naive_verdict(damaged.decode()) == "valid"


# ------------------------------------------------------------------ the layer that is given, kernel files


def test_given_layers() -> None:
    document = SAMPLES["boxes of two axes"]
    data, c = json.dumps(document).encode(), document["convolution"]
    layer = checker_layer(c)
    assert checker.check_stream(io.BytesIO(data), layer).valid
    other = {
        "groups": 1,
        "kernel_size": (1, 2),
        "stride": (1, 2),
        "dilation": (2, 1),
        "padding": ((0, 0), (0, 1)),
        "padding_mode": "circular",
        "kernels": [[Fraction(1)], [Fraction(2)]],
        "b": [Fraction(0)] * 2,
        "in_channels": 4,
        "out_channels": 4,
    }
    for name, value in other.items():
        changed = checker.Convolution(**{**{n: getattr(layer, n) for n in other}, name: value})
        result = checker.check_stream(io.BytesIO(data), changed)
        assert not result.valid
        where = "kernel 1" if name == "kernels" else name
        assert f"convolution: {where} differs from the given layer" in result.reason
    result = checker.check_stream(io.BytesIO(data), ([[Fraction(1)]], [Fraction(0)]))
    assert "about a convolution, but the given layer is one with (W, b)" in result.reason
    assert not result.valid
    plain = (Path(__file__).parent / "fixtures" / "correct" / "collision.json").read_bytes()
    result = checker.check_stream(io.BytesIO(plain), layer)
    assert "about a layer (W, b), but the given layer is a convolution" in result.reason
    assert not result.valid


def numbers(c: Document) -> Any:
    inner = c["in_channels"] // c["groups"]
    values = np.array([[float(Fraction(v)) for v in kernel] for kernel in c["kernels"]])
    return values.reshape(c["out_channels"], inner, *c["kernel_size"])


def test_kernel_files(tmp_path: Path) -> None:
    c = convolution(
        "1 1/2 3 4 5 6; -1 0 3/4 1 1 1; 1 2 3 4 5 6; 0 0 0 0 0 1",
        [3, 2],
        groups=2,
        stride=[2, 1],
        dilation=[1, 3],
        padding=[[1, 2], [0, 1]],
        mode="reflect",
        b="1 0 -1/2 7",
    )
    layer, array = checker_layer(c), numbers(c)
    options = {name: np.array(c[name]) for name in ("stride", "dilation", "padding", "groups", "padding_mode")}
    for kernels in (array, np.asfortranarray(array), array.astype(">f4")):
        np.savez(tmp_path / "k.npz", kernels=kernels, b=np.array([1, 0, -0.5, 7]), **options)
        assert checker.read_kernels(tmp_path / "k.npz") == layer
    stated = {name: c[name] for name in options}
    for kernels in (array.tolist(), [[[[str(v) for v in row] for row in part] for part in k] for k in array.tolist()]):
        (tmp_path / "k.JSON").write_text(json.dumps({"kernels": kernels, "b": ["1", 0, "-1/2", 7.0], **stated}))
        assert checker.read_kernels(tmp_path / "k.JSON") == layer
    np.savez(tmp_path / "k.npz", kernels=array, padding_mode=np.array("reflect").astype(">U20"))
    assert checker.read_kernels(tmp_path / "k.npz").padding_mode == "reflect"


def test_defaults_of_kernel_files(tmp_path: Path) -> None:
    array = np.arange(24).reshape(2, 3, 2, 2)
    np.save(tmp_path / "k.npy", np.asfortranarray(array))
    layer = checker.read_kernels(tmp_path / "k.npy")
    assert layer == checker.Convolution(
        3,
        2,
        1,
        (2, 2),
        (1, 1),
        (1, 1),
        ((0, 0), (0, 0)),
        "zeros",
        [[Fraction(v) for v in range(first, first + 12)] for first in (0, 12)],
        [Fraction(0)] * 2,
    )
    for padding, pairs in [(2, ((2, 2), (2, 2))), ([1, 2], ((1, 1), (2, 2))), ([[1, 2], [3, 4]], ((1, 2), (3, 4)))]:
        (tmp_path / "k.json").write_text(json.dumps({"kernels": array.tolist(), "padding": padding, "stride": 3}))
        layer = checker.read_kernels(tmp_path / "k.json")
        assert (layer.padding, layer.stride, layer.dilation) == (pairs, (3, 3), (1, 1))
    for d in (1, 2, 3):
        np.save(tmp_path / "k.npy", np.ones((2, 1, *[2] * d)))
        assert checker.read_kernels(tmp_path / "k.npy").kernel_size == (2,) * d


BAD_KERNELS = {
    '{"kernels": [[1]]}': "kernels: expected the axes out, in / groups and 1 to 3 of the grid, found 2 axes",
    '{"kernels": 1}': "found 0 axes",
    '{"kernels": [[[[[[1]]]]]]}': "found 6 axes",
    '{"kernels": [[[]]]}': "found 3 axes",
    '{"kernels": []}': "found 1 axes",
    '{"kernels": [[[1, 2]], [[1]]]}': "kernels[1][0]: expected a list of 2",
    '{"kernels": [[[1]], [1]]}': "kernels[1][0]: expected a list of 1, found 1",
    '{"kernels": [[[1]], [[true]]]}': "kernels[1][0][0]: expected a finite number",
    '{"kernels": [[["x"]]]}': "kernels[0][0][0]: expected a finite number",
    '{"kernels": [[[NaN]]]}': "expected finite numbers",
    '{"kernels": [[[1]]], "b": 0}': "b: expected a list of 1",
    '{"kernels": [[[1]]], "b": [0, 0]}': "b: expected a list of 1",
    '{"kernels": [[[1]]], "b": null}': "b: expected a list of 1",
    '{"kernels": [[[1]]], "groups": 2}': "groups: 2 does not divide the 1 output channels",
    '{"kernels": [[[1]]], "groups": 0}': "groups: expected an integer >= 1",
    '{"kernels": [[[1]]], "groups": [1]}': "groups: expected a finite number",
    '{"kernels": [[[1]]], "stride": 0}': "stride: expected an integer >= 1, found 0",
    '{"kernels": [[[1]]], "stride": 1.5}': "stride: expected an integer >= 1, found 1.5",
    '{"kernels": [[[1]]], "stride": [1, 1]}': "stride: expected one integer, or one for each of 1 axes",
    '{"kernels": [[[1]]], "stride": []}': "stride: expected one integer, or one for each of 1 axes",
    '{"kernels": [[[1]]], "dilation": "0"}': "dilation: expected an integer >= 1, found '0'",
    '{"kernels": [[[1]]], "dilation": true}': "dilation: expected a finite number",
    '{"kernels": [[[1]]], "padding": -1}': "padding: expected an integer >= 0, found -1",
    '{"kernels": [[[1]]], "padding": [[1]]}': "padding: expected one integer, or one or a pair for each of 1 axes",
    '{"kernels": [[[1]]], "padding": [[1, 1], [1, 1]]}': "padding: expected one integer, or one or a pair",
    '{"kernels": [[[[1]]]], "padding": [1, [1, 1]]}': "padding: expected one integer, or one or a pair",
    '{"kernels": [[[1]]], "padding": "same"}': "padding: expected a finite number",
    '{"kernels": [[[1]]], "padding_mode": "same"}': "padding_mode: expected zeros, circular, reflect, replicate",
    '{"kernels": [[[1]]], "padding_mode": ["zeros"]}': "padding_mode: expected zeros",
    '{"kernels": [[[1]]], "bias": [1]}': "found 'kernels', 'bias'",
    '{"kernels": [[[1]]], "kernels": [[[1]]]}': "a key is repeated",
    '{"W": [[1]]}': "expected kernels, and perhaps b, stride",
    "[]": "expected an object",
    '{"kernels": ' + "[" * 100_000: "RecursionError",
}


def kernel_error(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(checker.Unreadable) as caught:
        checker.read_kernels(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("kernel file: ")
    return str(caught.value)


@pytest.mark.parametrize("text", BAD_KERNELS, ids=range(len(BAD_KERNELS)))
def test_bad_json_kernels(text: str, tmp_path: Path) -> None:
    assert BAD_KERNELS[text] in kernel_error(tmp_path / "k.json", text.encode())


CUBE = npy(np.ones((2, 1, 2)))


@pytest.mark.parametrize(
    ("suffix", "data", "expected"),
    [
        ("npy", npy(np.ones((2, 2))), "found 2 axes"),
        ("npy", npy(np.ones((1,) * 6)), "found 6 axes: expected 0 to 5"),
        ("npy", npy(np.zeros((2, 0, 1))), "no size zero"),
        ("npy", npy(np.array("zeros")), "kernels: expected the axes"),
        ("npy", npy(np.full((2, 1, 2), np.nan)), "kernels[0][0][0]: expected a finite number"),
        ("npy", npy(np.ones((2, 1, 2), dtype=complex)), "found the type '<c16'"),
        ("npy", CUBE[:-1], "found 31 bytes of numbers, expected 32"),
        ("npy", b"", "not in npy format"),
        ("npz", npz(kernels=CUBE, padding_mode=npy(np.array(["zeros"]))), "found an array of texts"),
        ("npz", npz(kernels=CUBE, padding_mode=npy(np.array("zeros"))[:-1]), "or a damaged one"),
        ("npz", npz(kernels=CUBE, padding_mode=npy(np.array(b"zeros"))), "found the type '|S5'"),
        ("npz", npz(kernels=CUBE, padding_mode=npy(np.array("same"))), "padding_mode: expected zeros"),
        ("npz", npz(kernels=CUBE, stride=npy(np.array(0.5))), "stride: expected an integer"),
        ("npz", npz(kernels=CUBE, stride=npy(np.array("2x"))), "stride: expected a finite number"),
        ("npz", npz(kernels=CUBE, W=npy(np.eye(2))), "found 'kernels', 'W'"),
        ("npz", npz(b=npy(np.ones(2))), "expected kernels"),
        ("npz", b"PK", "BadZipFile"),
        ("csv", b"1,2", "found the ending '.csv': expected .json, .npy or .npz"),
    ],
)
def test_bad_binary_kernels(suffix: str, data: bytes, expected: str, tmp_path: Path) -> None:
    assert expected in kernel_error(tmp_path / f"k.{suffix}", data)


def test_damaged_kernel_files_never_crash(tmp_path: Path) -> None:
    rng, array = random.Random(6), np.arange(6.0).reshape(3, 1, 2)
    for suffix, data in [
        ("npy", npy(array)),
        ("npz", npz(kernels=npy(array), padding=npy(np.array([[1, 2]])), padding_mode=npy(np.array("circular")))),
    ]:
        path = tmp_path / f"k.{suffix}"
        for _ in range(400):
            damaged = bytearray(data)
            for _ in range(rng.choice([1, 2, 8])):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            path.write_bytes(damaged[: rng.choice([len(data), rng.randrange(len(data))])])
            try:
                checker.read_kernels(path)
            except checker.Unreadable as error:
                assert "\n" not in str(error)  # noqa: PT017


def test_files_on_the_command_line(tmp_path: Path) -> None:
    path, kernels, layer = tmp_path / "c.json", tmp_path / "k.json", tmp_path / "layer.json"
    path.write_text(json.dumps(SAMPLES["boxes of two axes"]))
    kernels.write_text(json.dumps({"kernels": [[[[1]]], [[["1/2"]]]], "b": [2, 0], "groups": 2}))
    layer.write_text('{"W": [[1]]}')
    assert checker.check_file(path, kernels).valid
    done = run([path, kernels], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "valid: injective_for_sizes: injective for every input size with N_1 >= 2 (any residue)"
    )
    done = run([path, layer], tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("unreadable: kernel file: expected kernels")
    plain = Path(__file__).parent / "fixtures" / "correct" / "collision.json"
    done = run([plain, kernels], tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("unreadable: layer file: expected W")
    kernels.write_text(json.dumps({"kernels": [[[[1]]], [[["1/2"]]]], "b": [2, 0], "groups": 2, "stride": [1, 2]}))
    done = run([path, kernels], tmp_path)
    assert done.returncode == 4
    assert done.stdout == "rejected: convolution: stride differs from the given layer\n"


# ------------------------------------------------------------------ fixtures

FIXTURES = [
    parameter
    for folder in ("correct", "incorrect", "malformed")
    for parameter in fixtures(folder)
    if '"convolution"' in parameter.values[0].read_text()
]


@pytest.mark.parametrize("path", FIXTURES)
def test_fixtures(path: Path) -> None:
    expected = {"correct": "valid", "incorrect": "rejected", "malformed": "unreadable"}[path.parent.name]
    text = path.read_text()
    assert naive_verdict(text) == expected == verdict(text.encode())
