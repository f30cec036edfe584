"""Pictures of layers; functions take matplotlib Axes, or a Figure, and return them. Needs the extra ``plot``.

`plot_wedges` draws the wedges by the rank of their active rows, `plot_active_region` and `plot_rectifying_region` the
disc with the halfspaces of a biased layer, `plot_hull` the convex hull of unit rows with its facets coloured by their
bias, `plot_critical_points` where on the sphere a Monte Carlo estimate of the bias is decided, `plot_sweep` the phase
diagram of random layers, `plot_gaps` how samples come close to exact alpha*, and `plot_biases` the values of a bias,
for any n. `plot_pair` draws two inputs with the same output as bars, `plot_collision` those of a convolution as signals
or images (both on a figure), and `plot_boxes` how boxes cover a grid in a proof for every size.
`plot_reconstruction` draws an input beside what `invert` found. `plot_stability` colours the cells of n = 2 by the
smallest singular value of the active rows, and `plot_singular_values` draws histograms of these values over data.
`plot_training` draws p_I and p_H over the epochs of a training.
"""

from exactinj.plotting.biases import plot_biases
from exactinj.plotting.convolution import plot_boxes, plot_collision
from exactinj.plotting.critical import plot_critical_points
from exactinj.plotting.disc import plot_active_region, plot_rectifying_region
from exactinj.plotting.gaps import plot_gaps
from exactinj.plotting.hull import plot_hull
from exactinj.plotting.pair import plot_pair
from exactinj.plotting.reconstruction import plot_reconstruction
from exactinj.plotting.singular_values import plot_singular_values
from exactinj.plotting.stability_map import plot_stability
from exactinj.plotting.sweep import plot_sweep
from exactinj.plotting.training import plot_training
from exactinj.plotting.wedge_map import plot_wedges

__all__ = [
    "plot_active_region",
    "plot_biases",
    "plot_boxes",
    "plot_collision",
    "plot_critical_points",
    "plot_gaps",
    "plot_hull",
    "plot_pair",
    "plot_reconstruction",
    "plot_rectifying_region",
    "plot_singular_values",
    "plot_stability",
    "plot_sweep",
    "plot_training",
    "plot_wedges",
]
