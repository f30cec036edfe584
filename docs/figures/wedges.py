"""The picture of the README: the wedges of a layer in the plane, all but one of which span.

    python docs/figures/wedges.py [--out FOLDER] [--quick]

The stored copy, docs/figures/wedges.png, is made by ``--out docs/figures``. Wedges, ranks and the pair are exact.
"""

from __future__ import annotations

from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import ReLULayer, certify
from exactinj.plotting import plot_wedges

ROWS = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 2], [-1, -2]]
BIAS = [0, -1, 0, 0, 1, -3]
LIMITS = (-3.2, 2.6, -3.2, 2.2)
TITLE = "ReLU(Wx + b): the wedges of six rows in the plane"


def main() -> None:
    """Decide, draw, print."""
    options = arguments(__doc__)
    layer = ReLULayer(ROWS, b=BIAS)
    result = certify(layer)
    print(f"{result.verdict}: {result.reason}")
    figure = plt.figure(figsize=(5.6, 5.4), layout="constrained")
    axes = plot_wedges(layer, figure.add_subplot(), limits=LIMITS, pair=result.witness)
    axes.set_title(TITLE, fontsize=10)
    text = "the only dead wedge:\nx and y have\nthe same output"
    arrow = {"arrowstyle": "->", "color": "black"}
    box = {"fc": "white", "ec": "0.4", "pad": 2.5}
    axes.annotate(text, (-0.75, -0.55), (-2.9, 1.1), fontsize=9, arrowprops=arrow, bbox=box)
    save(figure, options.out, "wedges")


if __name__ == "__main__":
    main()
