"""What ``exactinj stability --data`` says of the points: floats as estimates, and the bounds that are proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactinj.cli.table import table

if TYPE_CHECKING:
    from fractions import Fraction

    from exactinj.lipschitz.on_data import DataStability
    from exactinj.lipschitz.spectra import Floats

__all__ = ["data_block", "document_of_data"]

LONGEST = 12  # of a rational that is shown as it is
DIGITS = 6


def data_block(name: str, sample: DataStability) -> list[str]:
    """Lines about a sample."""
    count = len(sample.lowest)
    points = f"{count:,} point{'s' * (count != 1)}"
    lines = [f"over data (sampled, floats), {name}, {points}: singular values of the active rows"]
    rows = [["lambda_-, the smallest", *_ends(sample.lowest)], ["lambda_+, the largest", *_ends(sample.highest)]]
    lines += table(["", "min", "median", "max"], rows)
    lines.append(f"the active rows do not span at {sample.not_spanning:,} of {count:,}")
    if sample.ties:
        lines.append(f"at {sample.ties:,} of {count:,} a row vanishes; these prove nothing")
    if sample.smallest is not None and sample.largest is not None:
        least, top = _text(sample.smallest.value, up=True), _text(sample.largest.value, up=False)
        lines.append(f"proved: A is at most {least}, by point {sample.smallest.index}")
        lines.append(f"proved: the upper Lipschitz constant squared is at least {top}, by point {sample.largest.index}")
    else:
        lines.append("proved: nothing, as every point has such a row")
    return lines


def document_of_data(sample: DataStability) -> dict[str, object]:
    """The document of ``stability --json`` with what the data alone prove, and None where only the search says more."""
    from exactinj.exact.numbers import rational_text
    from exactinj.exact.surd import Surd

    least, top = sample.A_at_most, sample.L_squared_at_least
    kappa = None if least is None else Surd(int(least > 0), least).to_json()
    return {
        "sigma_min_squared": {"at_least": None, "at_most": None if least is None else rational_text(least)},
        "lower_lipschitz": {"at_least": None, "at_most": kappa},
        "upper_lipschitz_squared": {"at_least": None if top is None else rational_text(top), "at_most": None},
        "published": None,
        "frame_bounds": None,
        "domain": sample.domain.text,
        "certificate": None,
        "witnesses": None,
        "complete": False,
        "layer": sample.layer.summary,
        "data": sample.to_json(),
    }


def _ends(values: Floats) -> list[str]:
    import numpy as np

    return [f"{float(value):.6g}" for value in (values.min(), np.median(values), values.max())]


def _text(value: Fraction, *, up: bool) -> str:
    """The rational itself, or a decimal on the side on which it bounds."""
    from exactinj.exact.numbers import rational_text
    from exactinj.exact.short import rounded_out

    text = rational_text(value)
    if len(text) <= LONGEST:
        return text
    return rounded_out(value, DIGITS, up=up)
