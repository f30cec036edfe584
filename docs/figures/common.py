"""What the figure scripts share: the two options, the backend of matplotlib, and where pictures go."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["arguments", "draw_boxes", "folder_arguments", "save"]

STARTED = time.perf_counter()
HERE = Path(__file__).resolve().parent


def arguments(description: str | None) -> argparse.Namespace:
    """``--out FOLDER``, which is made, and ``--quick``."""
    return _parsed(_parser(description))


def folder_arguments(description: str | None) -> argparse.Namespace:
    """Those, and ``--mnist FOLDER`` and ``--cifar FOLDER`` with the files of these data sets; None without them."""
    parser = _parser(description)
    parser.add_argument("--mnist", type=Path, metavar="FOLDER", help="with the four IDX files, plain or gzipped")
    parser.add_argument("--cifar", type=Path, metavar="FOLDER", help="with the six files of the binary version")
    return _parsed(parser)


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "out", metavar="FOLDER", help="where the picture goes")
    parser.add_argument("--quick", action="store_true", help="a small version, to see that the script runs")
    return parser


def _parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def draw_boxes(axes: Any, values: list[Any], names: list[str]) -> None:
    """Box plots of shares, with every value as a dot, on an axis that does not cut off 100 %."""
    axes.boxplot(values, widths=0.5, showfliers=False)
    for place, column in enumerate(values, start=1):
        spread = np.random.default_rng(place).uniform(-0.18, 0.18, len(column))  # to see dots at one height
        axes.scatter(place + spread, column, s=9, alpha=0.4, color="tab:blue", zorder=3)
    axes.set_xticks(range(1, len(names) + 1), names)
    low = min(min(column) for column in values)
    margin = 0.05 * max(1 - low, 0.02)
    axes.set_ylim(low - margin, 1 + margin)
    axes.grid(axis="y", alpha=0.3)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write the picture and say where it is and how long everything took."""
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=130)
    print(f"{path} after {time.perf_counter() - STARTED:.0f} s")
