"""The operators that are understood: one table, filled by one file a family."""

from exactinj.files.onnx.operators import affine, arithmetic, entrywise, movement, pooling
from exactinj.files.onnx.operators.table import MOVES, TABLE

__all__ = ["MOVES", "TABLE", "affine", "arithmetic", "entrywise", "movement", "pooling"]
