"""Measures of injectivity over the epochs of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from exactinj.errors import InputError
from exactinj.plotting.require import axes_or_current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_training"]

MARKS = {"injective": ("^", "tab:green", "injective"), "not_injective": ("v", "tab:red", "not injective")}


class _Record(Protocol):
    @property
    def epoch(self) -> int: ...
    @property
    def p_I(self) -> float: ...  # noqa: N802 (the names of the thesis)
    @property
    def p_H(self) -> float: ...  # noqa: N802
    @property
    def verdict(self) -> str | None: ...


def plot_training(records: Sequence[_Record], ax: Axes | None = None) -> Axes:
    """p_I and p_H over the epochs, after figures 6.3 and 6.4 of [Eck24]; exact verdicts as marks on top.

    Parameters
    ----------
    records : of `exactinj.torch.InjectivityMonitor`
    ax : matplotlib Axes, optional
        The current axes if left out.

    Raises
    ------
    InputError
        Without records.
    MissingExtraError
        Without matplotlib.
    """
    if not records:
        raise InputError("found no records, expected some; measure an epoch first")
    axes: Axes = axes_or_current(ax)
    epochs = [record.epoch for record in records]
    axes.plot(epochs, [record.p_I for record in records], "o-", label="p_I, share of inputs (estimate)")
    axes.plot(epochs, [record.p_H for record in records], "s--", label="p_H, share of rows (estimate)")
    for verdict, (mark, colour, words) in MARKS.items():
        places = [record.epoch for record in records if record.verdict == verdict]
        if places:
            axes.scatter(places, [1.08] * len(places), marker=mark, c=colour, label=f"{words}, proved", clip_on=False)
    axes.set(xlabel="epoch", ylim=(-0.03, 1.15))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncol=2, fontsize="small", frameon=False)
    return axes
