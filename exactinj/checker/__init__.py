"""The independent checker: standard library only, no code shared with the package.

Written from ``docs/certificates.md``, version 1, ``docs/certificates-convolution.md`` and
``docs/certificates-network.md``. All arithmetic is exact, on integers. From the bottom up: what a fault is (`faults`),
numbers, rows, domains, trees, convolutions, residual blocks, networks; a file for each rule in ``rules``, which judge
values; ``reading``, which makes these values of a document's JSON while it streams by; the document; layer, kernel,
block and network files; the command line. ``checker.py`` is all of it in one file that runs alone:

    python -I exactinj/checker/checker.py CERTIFICATE [LAYER]

It is made by ``python -m exactinj.checker.assemble``.
"""

from exactinj.checker.command import check_file, main
from exactinj.checker.convolution import Convolution
from exactinj.checker.document import CheckResult, check_stream
from exactinj.checker.faults import Reason, Rejected, Source, Unreadable
from exactinj.checker.files.kernels import read_kernels
from exactinj.checker.files.layers import read_layer
from exactinj.checker.files.networks import read_network
from exactinj.checker.files.residuals import read_residual
from exactinj.checker.graph import GraphDigest
from exactinj.checker.network import DenseLayer, DenseNetwork
from exactinj.checker.residual import Residual
from exactinj.checker.rows import Layer

__all__ = [
    "CheckResult",
    "Convolution",
    "DenseLayer",
    "DenseNetwork",
    "GraphDigest",
    "Layer",
    "Reason",
    "Rejected",
    "Residual",
    "Source",
    "Unreadable",
    "check_file",
    "check_stream",
    "main",
    "read_kernels",
    "read_layer",
    "read_network",
    "read_residual",
]
