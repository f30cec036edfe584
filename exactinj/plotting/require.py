"""matplotlib, imported where it is used, and refusals of layers that have no picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exactinj.errors import InputError, MissingExtraError
from exactinj.layers.dense import ReLULayer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes_or_current", "figure_or_new", "require_dimension"]


def axes_or_current(ax: Axes | None, *, projection: str | None = None) -> Any:
    """The axes that were given, or the current ones; with a projection, new ones in the current figure.

    A figure without axes gets a layout that leaves room for labels, legends and colour bars.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtraError("matplotlib is not installed: pip install 'exactinj[plot]'") from None
    if ax is None:
        if not plt.gcf().axes and plt.gcf().get_layout_engine() is None:
            plt.gcf().set_layout_engine("constrained")
        return plt.gca() if projection is None else plt.gcf().add_subplot(projection=projection)
    if projection is not None and ax.name != projection:
        raise InputError(f'found axes without depth, expected 3-D ones: add_subplot(projection="{projection}")')
    return ax


def require_dimension(layer: ReLULayer, n: int) -> None:
    """`InputError` unless the layer has the dimension of the picture."""
    if layer.n != n:
        raise InputError(f"found n = {layer.n}, expected n = {n}; there is no such picture for others")


def figure_or_new(figure: Any, inches: tuple[float, float]) -> Any:
    """The figure that was given, or a new one of that size whose layout fits what is drawn."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtraError("matplotlib is not installed: pip install 'exactinj[plot]'") from None
    return plt.figure(figsize=inches, layout="constrained") if figure is None else figure
