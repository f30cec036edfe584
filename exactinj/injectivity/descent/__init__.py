"""Descents on the number of active rows, in floats: they propose points, `exactinj.injectivity.finder` proves them."""

from exactinj.injectivity.descent.batch import Batch, Found
from exactinj.injectivity.descent.spaces import Space, spaces_of

__all__ = ["Batch", "Found", "Space", "spaces_of"]
