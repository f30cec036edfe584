"""The cases of the casebook: listed, shown, recomputed."""

from __future__ import annotations

import argparse
import textwrap
from fractions import Fraction

from exactinj.api import alpha_star, certify, check, hull_bias, stability
from exactinj.casebook import Case, KnownBias, all_cases, find_case
from exactinj.cli import exit_status
from exactinj.cli.output import print_error, show, show_json
from exactinj.cli.progress import ProgressLine
from exactinj.errors import InputError
from exactinj.exact.numbers import rational_text
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import AffineLayer, DenseNetwork
from exactinj.layers.residual import ResidualBlock

__all__ = ["list_cases", "recompute", "show_case"]

LONGEST_NUMBER = 24
GEOMETRY = ("stride", "padding", "dilation", "groups", "padding_mode")
WORDS = ("name", "title", "statement", "source", "why", "expected", "evidence")


def list_cases(options: argparse.Namespace) -> int:
    """All names, with what is expected; exit status 0."""
    cases = all_cases()
    if options.json:
        rows = [
            {"name": case.name, "title": case.title, "expected": case.expected, "kind": _kind(case)} for case in cases
        ]
        show_json(rows)
        return exit_status.OK
    width = max(len(case.name) for case in cases)
    for case in cases:
        show(f"{case.name:{width}}  {_dimensions(case.layer):>10}  {case.expected:13}  {case.title}")
    return exit_status.OK


def _kind(case: Case) -> str:
    if isinstance(case.layer, DenseNetwork):
        return "network"
    if isinstance(case.layer, ResidualBlock):
        return "residual"
    return "convolution" if isinstance(case.layer, ConvLayer) else "dense"


def _dimensions(layer: ReLULayer | ConvLayer | DenseNetwork | ResidualBlock) -> str:
    """``m x n``; for a network its widths, for a block k and n, for a convolution its channels and its kernel size."""
    if isinstance(layer, DenseNetwork):
        return ">".join(map(str, layer.widths))
    if isinstance(layer, ResidualBlock):
        return f"k={layer.k},n={layer.n}"
    if isinstance(layer, ReLULayer):
        return f"{layer.m}x{layer.n}"
    return f"{layer.out_channels}*{layer.in_channels}:{'x'.join(map(str, layer.kernel_size))}"


def show_case(options: argparse.Namespace) -> int:
    """Statement, source and rows of one case; exit status 0."""
    if options.name is None:
        raise InputError("found no case name, expected: exactinj casebook show NAME")
    case = find_case(options.name)
    if options.json:
        show_json(_document(case))
        return exit_status.OK
    show(f"{case.name}: {case.title}")
    show(f"{_headline(case)}, domain {case.domain.text}, expected {case.expected}{_where(case)}\n")
    paragraphs = (case.statement, f"Why: {case.why}", f"Known by: {case.evidence}", f"Source: {case.source}")
    for paragraph in paragraphs:
        show(textwrap.fill(paragraph, width=100) + "\n")
    for known in case.biases:
        values = ", ".join(map(str, known.alpha))
        show(textwrap.fill(f"bias alpha, method {known.method}, on {known.domain.text}: {values}", width=100) + "\n")
    for constants in case.stability:
        values = "; ".join(f"{name} = {value.text}" for name, value in constants.values.items())
        show(textwrap.fill(f"stability on {constants.domain.text}: {values}", width=100) + "\n")
    if isinstance(case.layer, DenseNetwork):
        _show_layers(case.layer)
        return exit_status.OK
    if isinstance(case.layer, ResidualBlock):
        _show_block(case.layer)
        return exit_status.OK
    rows = case.layer.kernels if isinstance(case.layer, ConvLayer) else case.layer.W
    for row, offset in zip(rows.texts(), _bias(case.layer), strict=True):
        show("  [" + ", ".join(_short(text) for text in row) + f"]  b = {_short(offset)}")
    return exit_status.OK


def _show_layers(network: DenseNetwork) -> None:
    for k, layer in enumerate(network.layers):
        show(f"  layer {k}")
        for row, (offset,), slope in zip(layer.W.texts(), layer.b.texts(), layer.slopes, strict=True):
            numbers = ", ".join(_short(text) for text in row)
            show(f"  [{numbers}]  b = {_short(offset)}  {_activation_text(slope)}")


def _activation_text(slope: Fraction) -> str:
    if slope == 1:
        return "no activation"
    return f"slope {_short(rational_text(slope))} below 0" if slope else "ReLU"


def _show_block(block: ResidualBlock) -> None:
    for row, (offset,) in zip(block.A.texts(), block.b.texts(), strict=True):
        show("  A: [" + ", ".join(map(_short, row)) + f"]  b = {_short(offset)}")
    for row in block.B.texts():
        show("  B: [" + ", ".join(map(_short, row)) + "]")


def _headline(case: Case) -> str:
    if isinstance(case.layer, DenseNetwork):
        return f"n = {case.layer.n}, {len(case.layer.layers)} layers, {case.layer.neurons} neurons"
    if isinstance(case.layer, ResidualBlock):
        return f"x + B ReLU(Ax + b), n = {case.layer.n}, k = {case.layer.k} hidden units"
    if isinstance(case.layer, ConvLayer):
        return case.layer.description
    return f"m = {case.layer.m}, n = {case.layer.n}"


def _where(case: Case) -> str:
    """For which inputs of a convolution."""
    if case.sizes is not None:
        return f" for {case.sizes.text}"
    return "" if case.input_shape is None else f" for inputs of shape {'x'.join(map(str, case.input_shape))}"


def _bias(layer: ReLULayer | ConvLayer | ResidualBlock) -> list[str]:
    return [text for (text,) in layer.b.texts()]


def _document(case: Case) -> dict[str, object]:
    """What ``show --json`` prints."""
    document: dict[str, object] = {key: getattr(case, key) for key in WORDS}
    document |= {"domain": case.domain.text, "tags": case.tags}
    if isinstance(case.layer, DenseNetwork):
        document["network"] = {"layers": [_layer_document(layer) for layer in case.layer.layers]}
        return document
    if isinstance(case.layer, ResidualBlock):
        block = case.layer
        document["residual"] = {"A": list(block.A.texts()), "B": list(block.B.texts()), "b": _bias(block)}
        return document
    if isinstance(case.layer, ConvLayer):
        kernels = shaped(
            list(case.layer.kernels.texts()), case.layer.in_channels // case.layer.groups, case.layer.kernel_size
        )
        geometry = {key: case.layer.record[key] for key in GEOMETRY}
        document["convolution"] = {"kernels": kernels, "b": _bias(case.layer), **geometry}
        document["input_shape"] = case.input_shape
        document["sizes"] = None if case.sizes is None else {"text": case.sizes.text, **case.sizes.record}
        return document
    document["layer"] = {"W": list(case.layer.W.texts()), "b": _bias(case.layer)}
    document["biases"] = [
        {"method": known.method, "domain": known.domain.text, "alpha": [str(value) for value in known.alpha]}
        for known in case.biases
    ]
    document["stability"] = [
        {"domain": known.domain.text, **{name: value.to_json() for name, value in known.values.items()}}
        for known in case.stability
    ]
    return document


def _layer_document(layer: AffineLayer) -> dict[str, object]:
    """A layer as network files have it."""
    b = [text for (text,) in layer.b.texts()]
    return {"W": list(layer.W.texts()), "b": b, "activation": {"leaky": [rational_text(s) for s in layer.slopes]}}


def recompute(options: argparse.Namespace) -> int:
    """Decide one case or all; exit status 0, or 1 if one has the wrong answer."""
    cases = all_cases() if options.name is None else [find_case(options.name)]
    line = ProgressLine(enabled=not options.quiet)
    rows = []
    for case in cases:
        line.show(case.name)
        rows.append(_recompute_case(case))
        line.clear()
        if not options.json and not options.quiet:
            show(_row_text(rows[-1]))
    wrong = [row for row in rows if not row["right"]]
    if options.json:
        show_json(rows)
    elif not options.quiet:
        show(f"{len(rows) - len(wrong)} of {len(rows)} cases have the expected answer and a certificate that checks")
    if wrong:
        print_error(f"wrong: {', '.join(str(row['name']) for row in wrong)}; please report this")
    return exit_status.CRASH if wrong else exit_status.OK


def _recompute_case(case: Case) -> dict[str, object]:
    result = certify(case.layer, domain=case.domain, input_shape=case.input_shape)
    accepted = result.certificate is not None and check(result.certificate, case.layer).valid
    biases = all(_bias_is_right(case.layer, known) for known in case.biases if isinstance(case.layer, ReLULayer))
    constants = all(known.agrees_with(stability(case.layer, domain=known.domain)) for known in case.stability)
    return {
        "name": case.name,
        "expected": case.expected,
        "verdict": str(result.verdict),
        "sizes": _sizes_text(result),
        "certificate_valid": accepted,
        "biases_right": biases if case.biases else None,
        "stability_right": constants if case.stability else None,
        "right": case.is_answered_by(result) and accepted and biases and constants,
        "nodes": result.stats.nodes,
        "seconds": round(result.stats.seconds, 4),
    }


def _sizes_text(result: Result) -> str | None:
    """The size or sizes that a verdict about a convolution speaks of."""
    if isinstance(result.sizes, Sizes):
        return result.sizes.text
    return None if result.sizes is None else f"the size {'x'.join(map(str, result.sizes))}"


def _bias_is_right(layer: ReLULayer, known: KnownBias) -> bool:
    if known.method == "hull":
        return hull_bias(layer, domain=known.domain).alpha == known.alpha
    exact = alpha_star(layer, domain=known.domain)
    return exact.alpha == known.alpha and exact.certificate is not None and check(exact.certificate, layer).valid


def _row_text(row: dict[str, object]) -> str:
    mark = "ok   " if row["right"] else "WRONG"
    return f"{mark} {row['name']!s:42} {row['verdict']!s:14} {row['nodes']:>7} nodes {row['seconds']:>9.4f} s"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NUMBER else f"{text[:10]}...({len(text)} characters)"
