"""A network proved layer by layer: one certificate for the whole, with a proof for each of its layers (N1)."""

from __future__ import annotations

from exactinj.certificates.blocks import BlocksProof
from exactinj.certificates.composition import Composition, LayerProof
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.domains import Domain, NonnegativeOrthant, RealSpace
from exactinj.injectivity.blocks import BlocksEngine
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.engine import Engine
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import AffineLayer, DenseNetwork
from exactinj.work.clock import Clock

__all__ = ["composition"]


def composition(network: DenseNetwork, domain: Domain, engine: Engine, clock: Clock) -> NetworkCertificate | None:
    """The certificate, if every layer is proved injective on what the layer before it can give; None otherwise."""
    proofs: list[LayerProof] = []
    where = domain.for_dimension(network.n)
    for layer in network.layers:
        rows = _rows_of(layer)
        result = None if rows is None else certify_dense(rows, where.for_dimension(rows.n), BlocksEngine(engine), clock)
        proof = None if result is None or result.certificate is None else result.certificate.proof
        if not isinstance(proof, FlatTree | SignSplitTree | BlocksProof):
            return None
        proofs.append(proof)
        where = NonnegativeOrthant() if all(slope <= 0 for slope in layer.slopes) else RealSpace()
    return NetworkCertificate(network, domain.for_dimension(network.n), Composition(tuple(proofs)))


def _rows_of(layer: AffineLayer) -> ReLULayer | None:
    """Rows with slope 0, rows with a positive slope and their opposites, in the order of the rule."""
    rows, bias = [], []
    offsets = [value for (value,) in layer.b.fractions()]
    for row, offset, slope in zip(layer.W.fractions(), offsets, layer.slopes, strict=True):
        if slope >= 0:
            rows.append(row)
            bias.append(offset)
        if slope > 0:
            rows.append([-value for value in row])
            bias.append(-offset)
    return ReLULayer(rows, bias) if rows else None
