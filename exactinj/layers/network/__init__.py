"""Networks: exact computation graphs."""

from exactinj.layers.network.activations import Clip, LeakyRelu, Relu, Square
from exactinj.layers.network.affine import Convolution, Dense, Mean, ScaleShift, Sum
from exactinj.layers.network.graph import Agreement, Network
from exactinj.layers.network.node import Node
from exactinj.layers.network.operation import (
    AffineOperation,
    NotRationalError,
    OneToOne,
    Opaque,
    Operation,
    PiecewiseLinear,
)
from exactinj.layers.network.shaping import Concatenation, Constant, Maximum, Rearrangement
from exactinj.layers.network.simplify import simplified
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = [
    "AffineOperation",
    "Agreement",
    "Clip",
    "Concatenation",
    "Constant",
    "Convolution",
    "Dense",
    "ExactTensor",
    "LeakyRelu",
    "Maximum",
    "Mean",
    "Network",
    "Node",
    "NotRationalError",
    "OneToOne",
    "Opaque",
    "Operation",
    "PiecewiseLinear",
    "Rearrangement",
    "Relu",
    "ScaleShift",
    "Shape",
    "Square",
    "Sum",
    "simplified",
]
