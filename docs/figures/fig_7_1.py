"""Figure 7.1 of [Eck24]: what depends on what in the two ways of enforcing injectivity during training.

    python docs/figures/fig_7_1.py [--out FOLDER] [--quick]

Solid arrows: the forward pass; dotted: alpha*(X) from W by DDMCBE, before each batch; dashed: gradients. The numbers
come from a small classifier of Iris (the data of figure 5.1, m = 9) with `MCBERegularizer`; all of it is in floats, and
alpha*(X) is an estimate. They say which parameters have a gradient, and whether the gradient of alpha matters.
"""

from __future__ import annotations

import numpy as np
import torch
from common import arguments, save
from fig_5_1 import iris_points
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch
from torch import Tensor, nn

from exactinj.files.data_sets import iris
from exactinj.torch import MCBERegularizer

ROWS = 9
BLUE, RED, DARK = "#1f5fa8", "#b03020", "0.15"
PLACES = {"W": (0.0, 2.0), "star": (1.6, 2.0), "alpha": (3.2, 2.0), "loss": (1.6, 0.0)}
NAMES = {"W": "weights W", "star": "alpha*(X)", "alpha": "bias alpha"}
HALF = {"W": 0.42, "star": 0.42, "alpha": 0.42, "loss": 1.2}  # widths of the boxes
HIGH = 0.25

Place = tuple[float, float]


def main() -> None:
    """Measure, print, draw."""
    options = arguments(__doc__)
    print_gradients(2 if options.quick else 50)
    figure, panels = plt.subplots(1, 2, figsize=(13, 6), layout="constrained")
    draw_regularised(panels[0])
    draw_enforced(panels[1])
    save(figure, options.out, "fig_7_1")


def draw_regularised(axes: plt.Axes) -> None:
    """W, alpha and alpha*(X) enter the loss; W and alpha get gradients."""
    draw_boxes(axes, "Regularising non-injectivity", "loss* = loss(W, alpha)\n+ lambda |max(0, alpha - alpha*(X))|")
    for name, shift in (("W", -0.55), ("star", 0.0), ("alpha", 0.55)):
        arrow(axes, below(name, -0.12 * (shift != 0) * np.sign(-shift)), top("loss", shift), DARK)
    for name, shift in (("W", -0.85), ("alpha", 0.85)):
        arrow(axes, top("loss", shift), below(name, 0.2 * np.sign(shift)), RED, style="--")
    arrow(axes, beside("W", 1), beside("star", -1), BLUE, style=":", text="DDMCBE")


def draw_enforced(axes: plt.Axes) -> None:
    """The loss has alpha*(X) in place of alpha, which still gets the gradient."""
    draw_boxes(axes, "Enforcing: alpha is overwritten before each batch", "loss(W, alpha*(X))")
    for name, shift in (("W", -0.55), ("star", 0.0)):
        arrow(axes, below(name, 0.12 * (shift != 0)), top("loss", shift), DARK)
    for name, shift in (("W", -0.85), ("alpha", 0.85)):
        arrow(axes, top("loss", shift), below(name, 0.2 * np.sign(shift)), RED, style="--")
    arrow(axes, beside("W", 1), beside("star", -1), BLUE, style=":", text="DDMCBE")
    arrow(axes, beside("star", 1), beside("alpha", -1), DARK, text=":=")


def draw_boxes(axes: plt.Axes, title: str, loss: str) -> None:
    """The four boxes, and a legend for the arrows."""
    for name, (x, y) in PLACES.items():
        box = plt.Rectangle((x - HALF[name], y - HIGH), 2 * HALF[name], 2 * HIGH, fc="#eef3f8", ec=DARK, lw=1.2)
        axes.add_patch(box)
        axes.text(x, y, NAMES.get(name, loss), ha="center", va="center", fontsize=11)
    for label, colour, style in (("forward pass", DARK, "-"), ("DDMCBE, no gradient", BLUE, ":")):
        axes.plot([], [], color=colour, ls=style, label=label)
    axes.plot([], [], color=RED, ls="--", label="backward pass")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.06), ncols=3, frameon=False, fontsize=10)
    axes.set(xlim=(-0.6, 3.8), ylim=(-0.75, 2.3), title=f"{title}\n")
    axes.set_aspect("equal")
    axes.set_axis_off()


def below(name: str, shift: float) -> Place:
    """A place on the lower side of a box."""
    return PLACES[name][0] + shift, PLACES[name][1] - HIGH


def top(name: str, shift: float) -> Place:
    """A place on the upper side of a box."""
    return PLACES[name][0] + shift, PLACES[name][1] + HIGH


def beside(name: str, side: int) -> Place:
    """The middle of the right (1) or left (-1) side of a box."""
    return PLACES[name][0] + side * HALF[name], PLACES[name][1]


def arrow(axes: plt.Axes, start: Place, end: Place, colour: str, *, style: str = "-", text: str = "") -> None:
    """An arrow, with a word above its middle."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=16, lw=1.7, ls=style, color=colour))
    axes.text((start[0] + end[0]) / 2, start[1] + 0.07, text, ha="center", va="bottom", fontsize=10, color=colour)


def print_gradients(steps: int) -> None:
    """Gradients in both ways, and whether alpha has to be trained in the second one."""
    points = torch.tensor(iris_points())
    labels = torch.tensor(iris().labels)
    hidden, out = layers()
    rho = MCBERegularizer(hidden)(points)
    rho.backward()
    gradients = f"W {norm(hidden.weight)}, alpha {norm(hidden.bias)}"
    print(f"regularising: rho = {rho.item():.4f} for the estimate alpha*(X); its gradient: {gradients}")
    hidden, out = layers()
    unbounded = MCBERegularizer(hidden)
    unbounded.update(points)
    print(f"enforcing: rows without a bound, which keep their alpha: {unbounded.enforce_()}")
    nn.functional.cross_entropy(out(hidden(points).relu()), labels).backward()
    print(f"enforcing: the loss has the gradient: W {norm(hidden.weight)}, alpha {norm(hidden.bias)}")
    with_alpha, without = (trained(points, labels, steps, keep=keep) for keep in (True, False))
    gap = (with_alpha - without).abs().max().item()
    print(f"enforcing: {steps} steps with and without the gradient of alpha end at weights that differ by {gap:.2g}")


def layers() -> tuple[nn.Linear, nn.Linear]:
    """The two layers, the same every time."""
    torch.manual_seed(7)
    return nn.Linear(3, ROWS).double(), nn.Linear(ROWS, 3).double()


def norm(parameter: Tensor) -> str:
    """The length of a gradient."""
    return "none" if parameter.grad is None else f"of length {parameter.grad.norm().item():.4f}"


def trained(points: Tensor, labels: Tensor, steps: int, *, keep: bool) -> Tensor:
    """W after some steps of Adam with alpha := alpha*(X) before each; without `keep` alpha gets no gradient."""
    hidden, out = layers()
    enforcer = MCBERegularizer(hidden, every=1)
    hidden.bias.requires_grad_(keep)
    optimizer = torch.optim.Adam([*hidden.parameters(), *out.parameters()], lr=0.01)
    for _ in range(steps):
        enforcer.update(points)
        enforcer.enforce_()
        optimizer.zero_grad()
        nn.functional.cross_entropy(out(hidden(points).relu()), labels).backward()
        optimizer.step()
    return hidden.weight.detach().clone()


if __name__ == "__main__":
    main()
