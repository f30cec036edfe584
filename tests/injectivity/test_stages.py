"""Boxes in stages: against the tree on whole boxes, unrolled layers, and a naive reading of the rule."""

from __future__ import annotations

import copy
import io
import json
import random
from itertools import product

import numpy as np
from oracles.window_packing import columns_of, unknown_columns, window_rows

import exactinj as xi
from exactinj import checker
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.blocks import StagesProof
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.every_size import BoxesProof, Slot
from exactinj.injectivity.convolution import stages as staging
from exactinj.injectivity.convolution.boxes import box_layer, try_box
from exactinj.injectivity.convolution.stages import Staging
from exactinj.injectivity.tree import TreeEngine
from exactinj.layers.convolution import Sizes
from exactinj.work.clock import Clock

DOMAINS = [xi.RealSpace(), xi.NonnegativeOrthant(), xi.Box(0, 1)]


def tree(rows, domain):
    return TreeEngine().decide(HomogeneousProblem(rows, domain), Clock(20))


def bank(rng, outs, shape, most=3):
    nested = lambda sizes: [nested(sizes[1:]) for _ in range(sizes[0])] if sizes else rng.randint(-most, most)  # noqa: E731
    return [nested([1, *shape]) for _ in range(outs)]


def test_boxes_in_stages_are_injective_by_the_tree():
    """Whatever is proved in stages is injective as a whole, and the checker accepts it."""
    proved = 0
    for seed in range(60):
        rng = random.Random(seed)
        shape = rng.choice([(2,), (3,), (2, 2)])
        pad = len(shape)
        outs = rng.randint(4, 14)
        layer = xi.ConvLayer(bank(rng, outs, shape), [rng.randint(-1, 1) for _ in range(outs)], padding=1)
        domain = rng.choice(DOMAINS)
        box = shape
        starts = [list(range(-1, 1)) if rng.random() < 0.7 else [0] for _ in range(pad)]
        slots = tuple(
            Slot(tuple(along), *((0, 0) if along[0] < 0 else (size - 1, 0)))
            for along, size in zip(starts, box, strict=True)
        )
        found = Staging(layer, box, slots, domain, tree).proof()
        if found is None:
            continue
        proved += 1
        assert tree(box_layer(layer, box, slots), domain).verdict == "injective", seed
    assert proved > 8


def padded(seed=0):
    """Ten kernels of 2x2 with padding at the beginning, and its certificate with stages for each choice of slots."""
    layer = xi.ConvLayer(bank(random.Random(seed), 10, (2, 2), most=9), padding=[(1, 0), (1, 0)])

    def prove(_, box, slots):
        return Staging(layer, box, slots, xi.Box(-1, 1), tree).proof()

    proof, sizes = try_box(layer, (2, 2), prove)
    return layer, ConvCertificate(layer, xi.Box([-1], [1]), sizes, proof)


def judged(document):
    return checker.check_stream(io.BytesIO(json.dumps(document).encode()))


def naive(document):
    """Conditions 1 to 3 of every list of stages; injectivity of a stage layer by the tree, not by its proof."""
    proof, stated = document["proof"], document["convolution"]
    kernels = [[np.reshape(np.array(row, dtype=object), (2, 2)).tolist()] for row in stated["kernels"]]
    box = proof["box"]
    for choice, inner in zip(product(*proof["slots"]), proof["proofs"], strict=True):
        rows = [entries for _, _, entries in window_rows(kernels, box, [slot["starts"] for slot in choice], (1, 1))]
        columns = columns_of(1, box)
        unknown = unknown_columns(1, box, [slot["known"] for slot in choice])
        rows += [{column: sign} for column in columns if column not in unknown for sign in (1, -1)]
        known = set()
        for stage in inner["stages"]:
            if not all(0 <= j < len(columns) for j in stage["columns"]):
                return False
            own = [columns[j] for j in stage["columns"]]
            if not all(0 <= i < len(rows) for i in stage["rows"]):
                return False
            chosen = [rows[i] for i in stage["rows"]]
            if any(value != 0 and column not in own for row in chosen for column, value in row.items()):
                return False
            chosen = chosen + [{column: sign} for column in own if column in known for sign in (1, -1)]
            layer = xi.ReLULayer([[row.get(column, 0) for column in own] for row in chosen])
            if tree(layer, xi.Box(-1, 1)).verdict != "injective":
                return False
            known |= set(own)
        if len(known) < len(columns):
            return False
    return True


def test_certificates_are_accepted_and_what_does_not_follow_is_rejected():
    layer, certificate = padded()
    assert all(isinstance(proof, StagesProof) for proof in certificate.proof.proofs)
    assert xi.check(certificate, layer).valid
    assert xi.ConvCertificate.of_record(json.loads(certificate.to_bytes())).to_bytes() == certificate.to_bytes()
    document = json.loads(certificate.to_bytes())
    assert naive(document)
    rejected = 0
    for number, inner in enumerate(document["proof"]["proofs"]):
        for k, stage in enumerate(inner["stages"]):
            for key in ("columns", "rows", "gone"):
                for place in range(0, len(stage.get(key, [0])), 3):
                    mutant = copy.deepcopy(document)
                    part = mutant["proof"]["proofs"][number]["stages"]
                    if key == "gone":
                        del part[k]
                    else:
                        del part[k][key][place]
                    if not part or (key != "gone" and not part[k][key]):
                        continue
                    result = judged(mutant)
                    rejected += not result.valid
                    assert naive(mutant) or not result.valid
    assert rejected > 8
    for turned in (document["proof"]["proofs"][0]["stages"],):
        turned.reverse()
    assert naive(document) or not judged(document).valid


def test_stages_stand_in_boxes_only():
    layer, certificate = padded()
    document = json.loads(certificate.to_bytes())
    document["claim"] = "injective"
    del document["convolution"]["sizes"]
    document["convolution"]["size"] = [2, 2]
    document["proof"] = document["proof"]["proofs"][0]
    result = judged(document)
    assert (result.valid, "stands inside the rule" in result.reason) == (False, True)
    assert layer.out_channels == 10


def test_a_padded_layer_of_images_is_proved_at_every_size_in_stages():
    """Boxes of 18 inputs, of which the first window sees 8."""
    weights = np.random.default_rng(0).standard_normal((60, 2, 3, 3)).astype(np.float32)
    result = xi.certify(xi.ConvLayer(weights, padding=1), domain="box:0,1", timeout=120)
    assert (result.verdict, result.assumption) == ("injective", None), result.reason
    assert result.sizes.text == "every size N with N_1 >= 3, N_2 >= 3"
    assert any(isinstance(proof, StagesProof) for proof in result.certificate.proof.proofs)
    outcome = xi.check(result.certificate, result.layer)
    assert outcome.valid, outcome.reason


def test_no_stage_is_large():
    assert staging.EASY < staging.FAIR <= 14
    slots = (Slot((0,)), Slot((0,)))
    layer = xi.ConvLayer(np.random.default_rng(0).standard_normal((40, 3, 3, 3)).tolist())
    assert Staging(layer, (3, 3), slots, xi.RealSpace(), tree).proof() is None
    assert BoxesProof((1,), ((Slot((0,)),),), ()).epsilon is None
    assert Sizes((1,), ((0,),), (1,)).is_all
