"""The one result type: the same fields for every verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Never

from exactinj.certificates.certificate import Certificate
from exactinj.certificates.collision import Collision
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.every_size import BoxesProof
from exactinj.certificates.float_replay import replay
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.packing import Packing
from exactinj.certificates.residual_certificate import ResidualCertificate
from exactinj.domains import Domain
from exactinj.exact.numbers import nearest_float, rational_text
from exactinj.exact.short import few, shortened
from exactinj.injectivity.collision_size import CollisionSize, far_out, size_of_collision
from exactinj.injectivity.convolution.answer import ConvAnswer
from exactinj.injectivity.engine import Answer
from exactinj.injectivity.nearby import NEAR, Snapped, nearest_injective
from exactinj.injectivity.network_answer import NetworkAnswer
from exactinj.injectivity.residual.answer import ENGINE as RESIDUAL_ENGINE
from exactinj.injectivity.residual.answer import ResidualAnswer
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.work.card import Card, ShownAsCard, verdict_heading
from exactinj.work.log import LOGGER
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["AnyLayer", "Nearby", "Result", "Robust", "conv_result", "dense_result", "network_result", "residual_result"]

AnyLayer = ReLULayer | ConvLayer | ResidualBlock | DenseNetwork
PAIRS_SHOWN = 3  # of the rows that were rounded


@dataclass(frozen=True)
class Result(ShownAsCard):
    """The answer to "is this layer injective on this domain?", with its evidence.

    `witness` is set exactly for ``not_injective``, `certificate` for both proved verdicts.
    `assumption` is None for an unconditional verdict, else what the verdict rests on.
    `explanation` says step by step why the automatic choice asked which engine. For a convolution, `sizes` is the grid
    size, or the set of sizes, that the verdict speaks of, `opposite_sizes` are sizes for which the opposite was proved
    on the way (without a certificate), and `domain` is that of one place of the grid.
    """

    verdict: Verdict
    reason: str
    layer: AnyLayer
    domain: Domain
    engine: str
    assumption: str | None = None
    witness: Collision | None = None
    certificate: Certificate | ConvCertificate | ResidualCertificate | NetworkCertificate | None = None
    stats: Statistics = field(default_factory=Statistics)
    explanation: tuple[str, ...] = ()
    sizes: tuple[int, ...] | Sizes | None = None
    opposite_sizes: Sizes | None = None

    def __bool__(self) -> Never:
        raise TypeError("a result has no truth value, as 'unknown' is not 'no'; compare result.verdict")

    @property
    def robust(self) -> Robust | None:
        """What holds for almost every layer close by, without any assumption; None if nothing was proved about them."""
        proof = getattr(self.certificate, "proof", None)
        epsilon = proof.epsilon if isinstance(proof, Packing | BoxesProof) else None
        return None if epsilon is None else Robust(epsilon)

    @cached_property
    def collision_size(self) -> CollisionSize | None:
        """How large the colliding pair is; None without one."""
        return None if self.witness is None else size_of_collision(self.layer, self.witness)

    @cached_property
    def nearby(self) -> Nearby | None:
        """An injective layer that rounding alone tells from this one, with its proof; computed when first asked for.

        Rows that are opposite up to a relative 1e-6 are made exact opposites, and that layer is decided within
        seconds. None if it is not proved injective, if there are no such rows, and where the collision survives changes
        of that size.
        """
        size = self.collision_size
        if size is None or size.survives is None or size.survives > NEAR or not isinstance(self.layer, ReLULayer):
            return None
        found = nearest_injective(self.layer, self.domain)
        if found is None:
            return None
        return Nearby(found.layer, found.rows, dense_result(found.layer, self.domain, found.answer, "auto"))

    def __repr__(self) -> str:
        where = f"{self.verdict} on {shortened(self.domain.text)}"
        return f"<Result: {where}, engine {self.engine}, {self.layer}; {shortened(self.reason)}>"

    def _card(self) -> Card:
        facts: tuple[tuple[str, object], ...] = (("layer", self.layer), ("reason", self.reason))
        if isinstance(self.layer, ConvLayer) and self.sizes is not None:
            sizes = self.sizes.text if isinstance(self.sizes, Sizes) else f"the size {'x'.join(map(str, self.sizes))}"
            facts += (("sizes", sizes),)
        if self.witness is not None:
            facts += (("x", few(self.witness.x, 12)), ("y", few(self.witness.y, 12)))
        proof = None if self.certificate is None else type(self.certificate.proof).__name__
        facts += (("assumption", self.assumption), ("engine", self.engine), ("proof", proof))
        facts += (("seconds", f"{self.stats.seconds:.3g}"),)
        return Card(verdict_heading(self.verdict, shortened(self.domain.text)), facts)

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """The document that ``exactinj certify --json`` prints."""
        document: dict[str, object] = {
            "verdict": str(self.verdict),
            "reason": self.reason,
            "assumption": self.assumption,
            "layer": self.layer.summary,
            "domain": self.domain.text,
            "engine": self.engine,
            "witness": None,
            "certificate": certificate_path,
            "stats": {
                "nodes": self.stats.nodes,
                "refuters": self.stats.refuters,
                "proven_in_rationals": self.stats.proven_in_rationals,
                "pivots": self.stats.pivots,
                "explored": self.stats.explored,
                "seconds": round(self.stats.seconds, 6),
            },
        }
        if self.robust is not None:
            document["robust"] = self.robust.to_json()
        if self.collision_size is not None:
            nearby = None if self.nearby is None else self.nearby.to_json()
            document["collision"] = {**self.collision_size.to_json(), "nearby": nearby}
        if isinstance(self.layer, ConvLayer):
            document["sizes"] = _sizes_document(self.sizes)
            document["opposite_sizes"] = _sizes_document(self.opposite_sizes)
        if self.witness is not None:
            document["witness"] = {
                **self.witness.to_json(),
                "float_replay": {name: seen.to_json() for name, seen in replay(self.layer, self.witness).items()},
            }
        return document


@dataclass(frozen=True)
class Robust:
    """Almost every layer with W and b within `epsilon`, entry by entry, is injective (b stays 0 if it is)."""

    epsilon: Fraction

    @property
    def claim(self) -> str:
        """In words."""
        return f"almost every layer whose entries differ by at most {nearest_float(self.epsilon):.2g} is injective"

    def to_json(self) -> dict[str, object]:
        """The number, exact, and the claim."""
        return {"epsilon": rational_text(self.epsilon), "claim": self.claim}


@dataclass(frozen=True)
class Nearby:
    """A layer close to one with a collision, and the proof that it is injective.

    Attributes
    ----------
    layer : the repaired layer, exact; its rows may need more digits than floats have
    rows : which rows changed, and how much
    result : ``injective``, with its certificate
    """

    layer: ReLULayer
    rows: tuple[Snapped, ...]
    result: Result

    @property
    def change(self) -> float:
        """The largest relative change of a row, a float."""
        return max(snapped.change for snapped in self.rows)

    @property
    def text(self) -> str:
        """In words."""
        pairs = [f"{snapped.kept} and {snapped.row}" for snapped in self.rows[:PAIRS_SHOWN]]
        more = f", and {len(self.rows) - PAIRS_SHOWN} more pairs," if len(self.rows) > PAIRS_SHOWN else ""
        return (
            f"injective after rounding rows {', '.join(pairs)}{more} to exact opposites, proved "
            f"(a relative change of {self.change:.2g})"
        )

    def __repr__(self) -> str:
        return f"<Nearby: {self.layer}, {self.text}>"

    def to_json(self) -> dict[str, object]:
        """What changed, and the digest of the repaired layer."""
        return {
            "text": self.text,
            "change": self.change,
            "rows": [[snapped.kept, snapped.row] for snapped in self.rows],
            "layer": self.layer.summary,
        }


def dense_result(layer: ReLULayer, domain: Domain, answer: Answer, engine: str) -> Result:
    """What users get for an answer about a dense layer; `engine` is the one that was asked."""
    result = _assembled(layer, domain, answer, answer.decided_by or engine)
    if answer.proof is None:
        return result
    return replace(
        result,
        reason=answer.reason + far_out(answer.proof, layer, domain),
        assumption=answer.assumption,
        witness=answer.proof if isinstance(answer.proof, Collision) else None,
        certificate=Certificate(layer, domain, answer.proof),
    )


def conv_result(layer: ConvLayer, domain: Domain, answer: ConvAnswer) -> Result:
    """What users get for an answer about a convolution."""
    certificate = None
    if answer.proof is not None and answer.sizes is not None:
        certificate = ConvCertificate(layer, domain, answer.sizes, answer.proof)
    return replace(
        _assembled(layer, domain, answer, answer.engine),
        assumption=answer.assumption,
        witness=answer.witness,
        certificate=certificate,
        sizes=answer.sizes,
        opposite_sizes=answer.opposite_sizes,
    )


def network_result(network: DenseNetwork, domain: Domain, answer: NetworkAnswer) -> Result:
    """What users get for an answer about a whole network."""
    proof = answer.proof
    return replace(
        _assembled(network, domain, answer, answer.engine),
        witness=proof if isinstance(proof, Collision) else None,
        certificate=None if proof is None else NetworkCertificate(network, domain, proof),
    )


def residual_result(block: ResidualBlock, domain: Domain, answer: ResidualAnswer) -> Result:
    """What users get for an answer about a residual block."""
    proof = answer.proof
    return replace(
        _assembled(block, domain, answer, RESIDUAL_ENGINE),
        witness=proof if isinstance(proof, Collision) else None,
        certificate=None if proof is None else ResidualCertificate(block, domain, proof),
    )


def _assembled(
    layer: AnyLayer, domain: Domain, answer: Answer | ConvAnswer | ResidualAnswer | NetworkAnswer, engine: str
) -> Result:
    """What all kinds of answers have, without evidence; it goes to the log, too."""
    for step in answer.explanation:
        LOGGER.debug("%s", step)
    LOGGER.info("%r on %s: %s, %s", layer, shortened(domain.text), answer.verdict, answer.reason)
    return Result(
        verdict=answer.verdict,
        reason=answer.reason,
        layer=layer,
        domain=domain,
        engine=engine,
        stats=answer.stats,
        explanation=answer.explanation,
    )


def _sizes_document(sizes: tuple[int, ...] | Sizes | None) -> dict[str, object] | None:
    """One size, or all from a minimum on with given residues modulo the stride; None if nothing is claimed."""
    if isinstance(sizes, Sizes):
        return {"text": sizes.text, **sizes.record}
    return None if sizes is None else {"text": f"the size {'x'.join(map(str, sizes))}", "size": list(sizes)}
