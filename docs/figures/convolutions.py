"""Pictures of answers about convolutions: an image pair and a signal pair that collide, and boxes that cover a signal.

    python docs/figures/convolutions.py [--out FOLDER] [--quick]

The layers are cases of the casebook. Everything shown is exact but for the rounding of the pictures.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import Collision, certify
from exactinj.casebook import find_case
from exactinj.plotting import plot_boxes, plot_collision

if TYPE_CHECKING:
    from exactinj import Result

SIGNAL = ("conv-common-zero", (1, 12))
BACKGROUND = (1, 2, 4, 5, 5, 4, 2, 1, 2, 3, 3, 2)
IMAGE = ("conv-digits", (1, 8, 8))
COVERS = (("conv-daubechies-undecimated", 13), ("conv-stride-2-zero-padded", 9))


def main() -> None:
    """Decide, draw, print."""
    options = arguments(__doc__)
    for name, shape in (SIGNAL, IMAGE):
        case = find_case(name)
        result = certify(case.layer, domain=case.domain, input_shape=shape)
        print(f"{name}, shape {shape}: {result.verdict}, {result.reason}")
        if name == SIGNAL[0]:
            result = on_background(result)
        figure = plot_collision(result)
        figure.suptitle(f"{case.title}: x and y have the same output", fontsize=11)
        save(figure, options.out, name)
    figure, panels = plt.subplots(2, 1, figsize=(8, 8.4), layout="constrained")
    for axes, (name, size) in zip(panels, COVERS, strict=True):
        case = find_case(name)
        result = certify(case.layer)
        print(f"{name}: {result.verdict}, {result.sizes.text}")
        plot_boxes(result, axes, size=size)
        axes.set_title(f"{case.title}\n{result.reason}", fontsize=9)
    save(figure, options.out, "conv-boxes")


def on_background(result: Result) -> Result:
    """The result with a signal added to both inputs: with kernels of both signs, they still collide."""
    x = [Fraction(value) for value in BACKGROUND]
    y = [a + d - c for a, c, d in zip(x, result.witness.x, result.witness.y, strict=True)]
    if result.layer.evaluate(x, (len(x),)) != result.layer.evaluate(y, (len(y),)):
        raise SystemExit("the inputs on the background do not have the same output")
    return replace(result, witness=Collision(tuple(x), tuple(y), result.witness.shape))


if __name__ == "__main__":
    main()
