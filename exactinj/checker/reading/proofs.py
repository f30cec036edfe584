"""The proof of a document, one function a rule: what may be long is read while the rule takes it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from exactinj.checker.convolution import Axis, Kernels, Slot
from exactinj.checker.faults import Later, Reason, Rejected, Unreadable, within
from exactinj.checker.rationals import increasing, integer_of, integers, rational, rationals, show
from exactinj.checker.reading.convolution import read_integers
from exactinj.checker.rules.blocks import Block, Blocks, InjectiveProof
from exactinj.checker.rules.boxes import Boxes, BoxProof
from exactinj.checker.rules.collision import Points
from exactinj.checker.rules.composition import Composition
from exactinj.checker.rules.count import Count
from exactinj.checker.rules.depth_tree import Cone, DepthTree, RowProof, RowValue, ShortCombination
from exactinj.checker.rules.flat_tree import FlatTree
from exactinj.checker.rules.geometric import Geometric
from exactinj.checker.rules.orientation import Orientation
from exactinj.checker.rules.p_matrix import MOST_ROWS, Definite, Dominant, Minors, PMatrix, PTree, Split
from exactinj.checker.rules.packing import Packing
from exactinj.checker.rules.patch import ANCHORS, Anchored, Patch
from exactinj.checker.rules.periodic import Periodic
from exactinj.checker.rules.sign_split import SignSplit
from exactinj.checker.rules.stages import Stages
from exactinj.checker.rules.unpaired import Unpaired
from exactinj.checker.stream import Reader
from exactinj.checker.supports import Codes, Entry
from exactinj.checker.trees import Combination

__all__ = [
    "NONZERO",
    "POSITIVE",
    "PROVES",
    "RESTING",
    "read_boxes",
    "read_collision",
    "read_composition",
    "read_count",
    "read_depth_tree",
    "read_entries",
    "read_geometric",
    "read_injective",
    "read_inner_rule",
    "read_modulus",
    "read_orientation",
    "read_p_matrix",
    "read_packing",
    "read_patch",
    "read_periodic",
    "read_tokens",
    "read_unpaired",
    "refuter_or_circuit",
]

PROVES = {
    "collision": "not_injective",
    "flat-tree": "injective",
    "sign-split": "injective",
    "packing": "injective_if_full_spark",
    "blocks": "injective",
    "stages": "injective",
    "depth-tree": "alpha_star",
    "boxes": "injective_for_sizes",
    "periodic": "not_injective_for_sizes",
    "patch": "not_injective_for_sizes",
    "geometric": "not_injective_for_sizes",
    "count": "not_injective_for_sizes",
    "unpaired": "not_injective_for_sizes",
    "p-matrix": "injective",
    "orientation": "injective",
    "cell-pairs": "injective",
    "composition": "injective",
    "graph-composition": "injective",
    "rank": "injective",
    "gram": "stability",
}
RESTING = {"injective_for_sizes_if_full_spark": "boxes"}  # claims that a rule proves besides, with packings inside
POSITIVE = re.compile("[1-9][0-9]*")
NONZERO = re.compile("-?[1-9][0-9]*")


def _read_points(reader: Reader, n: int) -> Points:
    """The points x and y, and the end of the proof."""
    points = []
    for name in "xy":
        reader.key(",", name)
        points.append(rationals(reader.value(), n, f"proof.{name}"))
    reader.expect("}")
    return Points(*points)


def read_collision(reader: Reader, n: int) -> Points:
    """For a layer with n columns, perhaps an unrolled one."""
    return _read_points(reader, n)


# ------------------------------------------------------------------ flat-tree, sign-split, blocks


def _combination(value: object, multiplier: re.Pattern[str], place: str) -> Combination:
    """Pairs [i, "lambda_i"]."""
    if not isinstance(value, list) or not value:
        raise Unreadable(f"{place}: expected pairs [row, multiplier], found {show(value)}")
    indices, multipliers = [], []
    for pair in value:
        row, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if type(row) is not int or not isinstance(text, str) or not multiplier.fullmatch(text):
            raise Unreadable(f'{place}: expected pairs like [3, "12"], found another entry')
        indices.append(row)
        multipliers.append(integer_of(text, place))
    return Combination(indices, multipliers)


def _combinations(reader: Reader, name: str, multiplier: re.Pattern[str]) -> Iterator[Combination]:
    for number, value in enumerate(reader.elements(",", f"{name}s")):
        yield _combination(value, multiplier, f"{name} {number}")


def read_entries(reader: Reader, name: str, multiplier: re.Pattern[str]) -> Iterator[Entry]:
    """The list of refuters or circuits; at the key `supports` it has compact entries, too."""
    may_be_compact = reader.key(",", f"{name}s", "supports") == "supports"
    for number in reader.items():
        yield refuter_or_circuit(reader.value(), multiplier, f"{name} {number}", may_be_compact=may_be_compact)


def refuter_or_circuit(value: object, multiplier: re.Pattern[str], place: str, *, may_be_compact: bool) -> Entry:
    """A refuter or circuit of a list, of either kind if that may be."""
    if may_be_compact and isinstance(value, list) and value and type(value[0]) is int:
        return _codes(value, multiplier, place)
    return _combination(value, multiplier, place)


def _codes(value: list[object], multiplier: re.Pattern[str], place: str) -> Codes:
    least = "positive integers" if multiplier is POSITIVE else "integers that are not 0"
    codes = [code for code in value if type(code) is int and code and (code > 0 or multiplier is NONZERO)]
    if len(codes) < len(value):
        raise Unreadable(f"{place}: expected a list of {least}, found another entry in it")
    return Codes(codes)


def read_tokens(reader: Reader, place: str = "tree") -> Iterator[int]:
    """The tokens at the key `tree`, then the end of the proof."""
    for number, token in enumerate(reader.elements(",", "tree")):
        if type(token) is not int:
            raise Unreadable(f"{place} token {number}: expected an integer, found {show(token)}")
        yield token
    reader.expect("}")


def read_injective(reader: Reader, rule: str) -> InjectiveProof:
    """The rest of a proof with the rule flat-tree, sign-split or blocks."""
    if rule == "flat-tree":
        return FlatTree(read_entries(reader, "refuter", POSITIVE), read_tokens(reader))
    if rule == "sign-split":
        return SignSplit(read_entries(reader, "circuit", NONZERO), read_tokens(reader))
    if rule == "stages":
        raise Rejected(Reason.RULE, 'the rule "stages" stands inside the rule "boxes" only')
    if rule != "blocks":
        kind = "residual blocks" if rule in ("p-matrix", "orientation") else "networks"
        raise Rejected(Reason.RULE, f'the rule "{rule}" proves something about {kind} only')
    return Blocks(_read_blocks(reader))


def read_packing(reader: Reader) -> Packing:
    """The number epsilon or null, and the refuters."""
    reader.key(",", "epsilon")
    text = reader.value()
    epsilon = None if text is None else rational(text, "epsilon")
    if epsilon is not None and epsilon <= 0:
        raise Unreadable(f"epsilon: expected null or a positive number, found {show(text)}")

    def refuters() -> Iterator[Entry]:
        yield from read_entries(reader, "refuter", POSITIVE)
        reader.expect("}")

    return Packing(epsilon, refuters())


def read_inner_rule(reader: Reader, allowed: Sequence[str]) -> str:
    """The rule of a proof inside a proof."""
    rule: str = reader.one_of("{", "rule", list(PROVES))
    if rule not in allowed:
        raise Rejected(Reason.RULE, f'the rule "{rule}" cannot stand here, only ' + ", ".join(allowed))
    return rule


def _read_inner(reader: Reader, allowed: Sequence[str]) -> InjectiveProof:
    """A proof inside a proof."""
    return read_injective(reader, read_inner_rule(reader, allowed))


def _read_numbers(reader: Reader, before: str, name: str) -> list[int]:
    reader.key(before, name)
    return increasing(reader.value(), name)


def _read_block(reader: Reader) -> Block:
    def rows() -> list[int]:
        return _read_numbers(reader, ",", "rows")

    def proof() -> InjectiveProof:
        reader.key(",", "proof")
        return _read_inner(reader, ["flat-tree", "sign-split"])

    return Block(_read_numbers(reader, "{", "columns"), rows, proof)


def _read_blocks(reader: Reader, name: str = "block") -> Iterator[Block]:
    """The blocks at the key `blocks`, or the stages at `stages`, then the end of the proof."""
    number = -1
    for number in reader.places(",", f"{name}s"):
        with within(f"{name} {number}"):
            block = _read_block(reader)
        yield block
        with within(f"{name} {number}"):
            reader.expect("}")
    if number < 0:
        raise reader.malformed(f"expected at least one {name}, found none")
    reader.expect("}")


def read_modulus(reader: Reader) -> int:
    """The number at the key `modulus`."""
    reader.key(",", "modulus")
    text = reader.value()
    if not isinstance(text, str) or not POSITIVE.fullmatch(text) or text == "1":
        raise reader.malformed(f'"modulus": expected a string with an integer above 1, found {show(text)}')
    return integer_of(text, "modulus")


def read_composition(reader: Reader) -> Composition:
    """The proofs at the key `layers`, then the end of the proof."""

    def layers() -> Iterator[InjectiveProof]:
        number = -1
        for number in reader.places(",", "layers"):
            with within(f"layer {number}"):
                proof = _read_inner(reader, ["flat-tree", "sign-split", "blocks"])
            yield proof
        if number < 0:
            raise reader.malformed("expected at least one layer, found none")
        reader.expect("}")

    return Composition(layers())


# ------------------------------------------------------------------ depth-tree


def _short_combination(value: object, place: str) -> ShortCombination:
    if not isinstance(value, list):
        raise Unreadable(f"{place}: expected a list of pairs [row, multiplier], found {show(value)}")
    rows, multipliers = [], []
    for pair in value:
        row, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if type(row) is not int:
            raise Unreadable(f'{place}: expected pairs like [3, "1/2"], found another entry')
        rows.append(row)
        multipliers.append(rational(text, place))
        if multipliers[-1] <= 0:
            raise Unreadable(f"{place}: expected a positive multiplier, found {show(text)}")
    return ShortCombination(rows, multipliers)


def _cone(value: object, place: str) -> Cone:
    if not isinstance(value, list) or not all(type(row) is int for row in value):
        raise Unreadable(f"{place}: expected a list of rows, found {show(value)}")
    return Cone(value)


class _RowReader:
    """The object for row j, part by part."""

    def __init__(self, reader: Reader, j: int, n: int) -> None:
        self.reader, self.j, self.n, self.sign = reader, j, n, 0

    def row(self) -> int:
        self.reader.key("{", "row")
        row = self.reader.value()
        if type(row) is not int:
            raise self.reader.malformed(f'"row": expected an integer, found {show(row)}')
        return row

    def value(self) -> RowValue:
        self.sign = self.reader.one_of(",", "sign", (-1, 0, 1))
        self.reader.key(",", "square")
        text = self.reader.value()
        return RowValue(self.sign, None if text is None else rational(text, f"row {self.j}: square"))

    def point(self) -> list[Fraction] | None:
        self.reader.key(",", "point")
        value = self.reader.value()
        return None if value is None else rationals(value, self.n, f"row {self.j}: point")

    def refuters(self) -> Iterator[ShortCombination | Cone]:
        read = _cone if self.sign == 1 else _short_combination
        for number, value in enumerate(self.reader.elements(",", "refuters")):
            yield read(value, f"row {self.j}: refuter {number}")


def read_depth_tree(reader: Reader, n: int) -> DepthTree:
    """For a layer with n columns."""

    def rows() -> Iterator[RowProof]:
        for j in reader.places(",", "rows"):
            row = _RowReader(reader, j, n)
            yield RowProof(row.row, row.value, row.point, row.refuters(), read_tokens(reader, f"row {j}: tree"))
        reader.expect("}")

    return DepthTree(rows())


# ------------------------------------------------------------------ rules of certificates-convolution.md


def _read_slot(reader: Reader) -> Slot:
    reader.key("{", "known")
    known = integers(reader.value(), 2, 0, "known")
    reader.key(",", "starts")
    starts = increasing(reader.value(), "starts")
    reader.expect("}")
    return Slot(known, starts)


def _read_slots(reader: Reader, d: int) -> list[list[Slot]]:
    axes = []
    for _ in reader.places(",", "slots"):
        axes.append([_read_slot(reader) for _ in reader.items()])
        if not axes[-1]:
            raise reader.malformed("slots: expected at least one slot for each axis, found none")
    if len(axes) != d:
        raise reader.malformed(f"slots: expected lists for {d} axes, found {len(axes)}")
    return axes


def read_boxes(reader: Reader, kernels: Kernels, claim: str) -> Boxes:
    """The box, the slots, and then proof by proof; packings only where the claim rests on full spark."""
    rules = ["flat-tree", "sign-split", "blocks", "stages", *(["packing"] if claim in RESTING else [])]

    def proof() -> BoxProof:
        rule = read_inner_rule(reader, rules)
        if rule == "stages":
            return Stages(_read_blocks(reader, "stage"))
        return read_packing(reader) if rule == "packing" else read_injective(reader, rule)

    def proofs() -> Iterator[Later[BoxProof]]:
        for _ in reader.places(",", "proofs"):
            yield proof
        reader.expect("}")

    d = len(kernels.axes)
    return Boxes(read_integers(reader, "box", d), _read_slots(reader, d), proofs())


def read_periodic(reader: Reader, kernels: Kernels) -> Periodic:
    """The period and the points."""
    period = read_integers(reader, "period", len(kernels.axes))
    return Periodic(period, _read_points(reader, kernels.layer.in_channels * math.prod(period)))


def _read_anchored(reader: Reader, axes: Sequence[Axis]) -> list[Anchored]:
    """The keys `patch`, `anchor` and `phase`."""
    d = len(axes)
    size = read_integers(reader, "patch", d)
    reader.key(",", "anchor")
    anchors = reader.value()
    if not isinstance(anchors, list) or len(anchors) != d or not all(anchor in ANCHORS for anchor in anchors):
        raise Unreadable(f"anchor: expected {d} of {', '.join(ANCHORS)}, found {show(anchors)}")
    phase = read_integers(reader, "phase", d, 0)
    if any(residue >= axis.stride for residue, axis in zip(phase, axes, strict=True)):
        raise Unreadable("phase: expected integers below the strides")
    return [Anchored(*parts) for parts in zip(axes, size, anchors, phase, strict=True)]


def read_patch(reader: Reader, kernels: Kernels) -> Patch:
    """The patch and the points."""
    parts = _read_anchored(reader, kernels.axes)
    return Patch(parts, _read_points(reader, kernels.layer.in_channels * math.prod(part.length for part in parts)))


def _read_integer(reader: Reader, name: str) -> int:
    reader.key(",", name)
    found = reader.value()
    if type(found) is not int:
        raise reader.malformed(f'"{name}": expected an integer, found {show(found)}')
    return found


def read_geometric(reader: Reader, kernels: Kernels) -> Geometric:
    """The group, the period, the factors and x."""
    group = _read_integer(reader, "group")
    period = read_integers(reader, "period", len(kernels.axes))
    reader.key(",", "factor")
    factor = rationals(reader.value(), len(kernels.axes), "factor")
    reader.key(",", "x")
    x = rationals(reader.value(), kernels.inputs * math.prod(period), "proof.x")
    reader.expect("}")
    return Geometric(group, period, factor, x)


def read_count(reader: Reader, _: Kernels) -> Count:
    """The group."""
    group = _read_integer(reader, "group")
    reader.expect("}")
    return Count(group)


def read_unpaired(reader: Reader, kernels: Kernels) -> Unpaired:
    """The group, the kernel and the tap."""
    group, kernel = _read_integer(reader, "group"), _read_integer(reader, "kernel")
    tap = read_integers(reader, "tap", len(kernels.axes), None)
    reader.expect("}")
    return Unpaired(group, kernel, tap)


# ------------------------------------------------------------------ rules of certificates-network.md


def _multipliers(value: object, place: str) -> list[int]:
    if not isinstance(value, list) or not all(isinstance(text, str) and POSITIVE.fullmatch(text) for text in value):
        raise Unreadable(f'{place}: expected a list of positive integers like "12", found {show(value)}')
    return [integer_of(text, place) for text in value]


def _p_token(value: object, place: str) -> Split | Dominant | Definite | Minors:
    if type(value) is int:
        return Split(value)
    name, entry = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    if name == "minors" and type(entry) is int and entry > 0:
        return Minors(entry)
    if name == "dominant":
        return Dominant(_multipliers(entry, place))
    if name == "definite":
        weights = _multipliers(entry, place)
        if len(weights) > MOST_ROWS:
            raise Unreadable(f"{place}: a definite matrix of {len(weights)} rows, expected at most {MOST_ROWS}")
        return Definite(weights)
    raise Unreadable(f"{place}: expected a unit, or an object dominant, definite or minors, found {show(value)}")


def read_orientation(reader: Reader, n: int) -> Orientation:
    """For a block with n inputs."""
    reader.key(",", "point")
    point = rationals(reader.value(), n, "proof.point")
    return Orientation(point, _combinations(reader, "circuit", NONZERO), read_tokens(reader))


def _read_perhaps_none(reader: Reader, name: str) -> list[int]:
    reader.key(",", name)
    value = reader.value()
    return [] if value == [] else increasing(value, name)


def read_p_matrix(reader: Reader) -> PMatrix:
    """Units that keep their sign, and the blocks with their trees."""

    def blocks() -> Iterator[PTree]:
        for number in reader.places(",", "blocks"):
            rows = _read_numbers(reader, "{", "rows")
            tokens = reader.elements(",", "tree")
            yield PTree(rows, (_p_token(value, f"block {number}, token {k}") for k, value in enumerate(tokens)))
            reader.expect("}")
        reader.expect("}")

    active, inactive = (_read_perhaps_none(reader, name) for name in ("active", "inactive"))
    return PMatrix(active, inactive, blocks())
