"""Numbers beside lines and points that do not lie on each other: those that would share one label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SMALL", "Label", "label_rows", "merged", "place_apart", "same_lines"]

Points = NDArray[np.float64]
Rows = tuple[int, ...]

SMALL = 8  # points, of labels
IN_A_LINE, MOST = 4, 12  # numbers of one label; more are counted


@dataclass(frozen=True)
class Label:
    """The numbers of rows that have their label at one place."""

    place: Points
    rows: tuple[int, ...]

    @property
    def text(self) -> str:
        """The numbers, in lines of four; of many only the first ones."""
        shown = [str(row) for row in self.rows[:MOST]]
        lines = [" ".join(shown[k : k + IN_A_LINE]) for k in range(0, len(shown), IN_A_LINE)]
        more = len(self.rows) - len(shown)
        return "\n".join([*lines, f"and {more} more"] if more else lines)


def same_lines(rows: Points, labelled: Sequence[int]) -> list[tuple[int, ...]]:
    """The numbers of rows that are multiples of each other, as far as floats tell, together; zero rows left out."""
    groups: dict[tuple[float, ...], list[int]] = {}
    for i in labelled:
        size = float(np.abs(rows[i]).max())
        if size:
            direction = rows[i] / size
            direction /= np.linalg.norm(direction)
            direction *= np.sign(direction[int(np.argmax(np.abs(direction)))])
            groups.setdefault(tuple((direction.round(9) + 0.0).tolist()), []).append(i)
    return [tuple(group) for group in groups.values()]


def merged(places: Sequence[tuple[Rows, Points]], reach: float) -> list[Label]:
    """One label for rows whose places are closer than `reach` to that of the first of them."""
    groups: list[tuple[Points, list[int]]] = []
    for rows, place in places:
        near = [group for group in groups if np.linalg.norm(group[0] - place) < reach]
        if near:
            min(near, key=lambda group: float(np.linalg.norm(group[0] - place)))[1].extend(rows)
        else:
            groups.append((place, list(rows)))
    return [Label(place, tuple(sorted(rows))) for place, rows in groups]


def place_apart(candidates: Sequence[tuple[Rows, Points]], reach: float) -> list[Label]:
    """Per group of rows the one of its places (k, 2) that is farthest from the labels before; then `merged`."""
    chosen: list[tuple[Rows, Points]] = []
    for rows, places in candidates:
        taken = np.array([place for _, place in chosen]).reshape(-1, places.shape[1])
        gaps = np.linalg.norm(places[:, None] - taken[None], axis=-1).min(axis=1, initial=np.inf)
        chosen.append((rows, places[int(np.argmax(gaps))]))
    return merged(chosen, reach)


def label_rows(axes: Axes, labels: Sequence[Label], **style: Any) -> None:
    """Write the labels, each in a white box that lets lines and hatching end at it."""
    for label in labels:
        options = {"fontsize": SMALL, "ha": "center", "va": "center", "bbox": {"fc": "white", "ec": "0.4", "pad": 1.5}}
        axes.annotate(label.text, (float(label.place[0]), float(label.place[1])), **{**options, **style})
