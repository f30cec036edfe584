"""From a torch module to the steps of an exact graph: traced, run once on a sample, translated step by step.

Imports torch only when a module is read.
"""

from exactinj.layers.torch_graphs.reading import graph_of_module

__all__ = ["graph_of_module"]
