"""The rule packing inside boxes: its conditions one by one, and every mutation of certificates, read naively."""

from __future__ import annotations

import copy
import io
import json
from fractions import Fraction

import numpy as np
import pytest
from oracles.window_packing import acceptable, unknown_columns, window_rows

import exactinj as xi
from exactinj import checker
from exactinj.certificates.conv_certificate import ConvCertificate
from exactinj.certificates.every_size import BoxesProof, Slot
from exactinj.certificates.packing import StatedPacking
from exactinj.injectivity.convolution.packed_boxes import WindowPacker
from exactinj.layers.convolution import Sizes
from exactinj.work.clock import Clock

GEOMETRY = ("kernel_size", "in_channels", "out_channels", "groups", "stride", "dilation", "padding")
CLAIM = "injective_for_sizes_if_full_spark"


def data_of(document):
    """The document as bytes; the digest is put right first."""
    stated = document["convolution"]
    shape = (stated["out_channels"], stated["in_channels"], *stated["kernel_size"])
    kernels = np.reshape(np.array(stated["kernels"], dtype=object), shape).tolist()
    layer = xi.ConvLayer(kernels, stated["b"], stride=stated["stride"], padding=stated["padding"])
    stated["sha256"] = layer.digest
    return json.dumps(document).encode()


def judged(document):
    """The checker's result."""
    return checker.check_stream(io.BytesIO(data_of(document)))


def packed(kernels, box, starts, b=None, domain=None, **options):
    """A certificate with one slot for each axis, as a document."""
    layer, domain = xi.ConvLayer(kernels, b, **options), domain or xi.RealSpace()
    slots = tuple(Slot(tuple(along)) for along in starts)
    found = WindowPacker().packed(layer, box, slots, domain, Clock(60))
    assert found.packing is not None
    sizes = Sizes(tuple(box), ((0,),) * len(box), (1,) * len(box))
    proof = BoxesProof(tuple(box), tuple((slot,) for slot in slots), (found.packing,))
    return json.loads(ConvCertificate(layer, domain, sizes, proof).to_bytes())


def bank(outs, *shape, seed=0):
    return np.random.default_rng(seed).integers(-99, 100, (outs, *shape)).tolist()


BANKS = {
    "one window": (bank(10, 1, 2), (2,), [[0]], None),
    "two windows": (bank(9, 1, 2, seed=1), (3,), [[0, 1]], None),
    "bias": (bank(12, 1, 2, seed=2), (3,), [[0, 1]], [1, 0, -1, 2, 0, 0, 1, 0, 1, -2, 0, 1]),
    "two channels": (bank(26, 2, 2, seed=3), (2,), [[0]], None),
    "images": (bank(14, 1, 1, 2, seed=4), (1, 3), [[0], [0, 1]], None),
}


def scaled_to_one(document):
    """The kernels as the naive reading of epsilon takes them: it knows scales of 1 only, so epsilon is left out."""
    document = copy.deepcopy(document)
    document["proof"]["proofs"][0]["epsilon"] = None
    return document


def naive(document):
    """Conditions of boxes with one slot, no padding and stride 1, and of the packing."""
    stated, proof = document["convolution"], document["proof"]
    box, slots = proof["box"], [axis[0] for axis in proof["slots"]]
    shape = (stated["out_channels"], stated["in_channels"], *stated["kernel_size"])
    kernels = np.reshape(np.array(stated["kernels"], dtype=object), shape).tolist()
    for size, slot, taps, least in zip(box, slots, stated["kernel_size"], stated["sizes"]["minimum"], strict=True):
        if slot["known"] != [0, 0] or least < size or not all(0 <= t <= size - taps for t in slot["starts"]):
            return False
    rows = window_rows(kernels, box, [slot["starts"] for slot in slots], (1,) * len(box))
    unknown = unknown_columns(stated["in_channels"], box, [(0, 0)] * len(box))
    (inner,) = proof["proofs"]
    return acceptable(rows, stated["b"], unknown, inner["refuters"], None)


def numbers(value, path=()):
    """The paths of all integers, and of strings that spell them."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, dict | list):
            yield from numbers(part, (*path, key))
        elif isinstance(part, int) or (isinstance(part, str) and part.lstrip("-").isdigit()):
            yield (*path, key)


def mutants(document):
    for path in numbers({"convolution": document["convolution"], "proof": document["proof"]}):
        if path[1] in (
            "kernel_size",
            "in_channels",
            "out_channels",
            "groups",
            "stride",
            "dilation",
            "padding",
            "residues",
        ):
            continue
        for change in (1, -1):
            other = copy.deepcopy(document)
            place = other
            for key in path[:-1]:
                place = place[key]
            old = place[path[-1]]
            place[path[-1]] = str(int(old) + change) if isinstance(old, str) else old + change
            yield other


@pytest.mark.parametrize("name", BANKS)
def test_certificates_are_accepted_and_mutants_judged_as_the_specification_says(name):
    kernels, box, starts, b = BANKS[name]
    document = packed(kernels, box, starts, b)
    result = judged(document)
    assert (result.valid, result.claim) == (True, CLAIM), result.reason
    document = scaled_to_one(document)
    assert naive(document)
    counts = {True: 0, False: 0}
    for mutant in mutants(document):
        try:
            result = judged(mutant)
        except (checker.Unreadable, xi.InputError):
            continue
        assert result.valid == naive(mutant), (mutant, result.reason)
        counts[result.valid] += 1
    assert counts[False] > 20


def test_epsilon_has_to_be_borne():
    document = packed(*BANKS["two windows"][:3])
    inner = document["proof"]["proofs"][0]
    assert inner["epsilon"] is not None
    inner["epsilon"] = str(64 * Fraction(inner["epsilon"]))
    assert "bear the change epsilon" in judged(document).reason
    document = packed(*BANKS["two windows"][:3], domain=xi.NonnegativeOrthant())
    assert judged(document).valid
    document["proof"]["proofs"][0]["epsilon"] = "1/1000000000"
    assert "only null can stand there" in judged(document).reason


def test_the_claim_says_what_is_assumed():
    document = packed(*BANKS["one window"][:3])
    assert "if the windows are full spark" in judged(document).reason
    document["claim"] = "injective_for_sizes"
    assert 'the rule "packing" cannot stand here' in judged(document).reason
    document["claim"] = "not_injective_for_sizes"
    assert not judged(document).valid
    document["claim"] = "injective_if_full_spark"
    del document["convolution"]["sizes"]
    document["convolution"]["size"] = [2]
    result = judged(document)
    assert (result.valid, "cannot have the claim" in result.reason) == (False, True)


def test_starts_along_two_axes_prove_nothing():
    """Four windows of 1x1 with both signs: injective, but not for the reason that a packing gives."""
    layer = xi.ConvLayer([[[[1]]], [[[-1]]]])
    slots = (Slot((0, 1)), Slot((0, 1)))
    pairs = StatedPacking(tuple(((k, 1), (k + 4, 1)) for k in range(4)))
    proof = BoxesProof((2, 2), tuple((slot,) for slot in slots), (pairs,))
    certificate = ConvCertificate(layer, xi.RealSpace(), Sizes((2, 2), ((0,), (0,)), (1, 1)), proof)
    result = judged(json.loads(certificate.to_bytes()))
    assert (result.valid, "along more than one axis" in result.reason) == (False, True)


def with_kernels(kernels):
    """A document about other kernels of width 2 on one channel, whose proof is still to be written."""
    document = packed(*BANKS["one window"][:3])
    document["convolution"].update(
        out_channels=len(kernels),
        kernels=[[str(value) for value in channel] for ((channel),) in kernels],
        b=["0"] * len(kernels),
    )
    return document


def test_refuters_need_inputs_of_their_own():
    """Three refuters at the first window, which reads two inputs of three."""
    kernels = [[[1, 2]], [[-1, -2]], [[2, 1]], [[-2, -1]], [[1, 1]], [[-1, -1]]]
    document = with_kernels(kernels)
    document["proof"].update(box=[3], slots=[[{"known": [0, 0], "starts": [0, 1]}]])
    document["convolution"]["sizes"]["minimum"] = [3]
    pairs = [[[0, "1"], [2, "1"]], [[4, "1"], [6, "1"]], [[8, "1"], [10, "1"]]]
    document["proof"]["proofs"][0].update(epsilon=None, refuters=pairs)
    assert "only 2 refuters have inputs of their own, expected 3" in judged(document).reason
    document["proof"]["proofs"][0]["refuters"][2] = [[9, "1"], [11, "1"]]
    assert judged(document).valid
    document["proof"]["proofs"][0]["refuters"].append([[9, "1"], [11, "1"]])
    assert "names row 9, which refuter 2 has" in judged(document).reason


def test_rows_of_known_inputs_are_no_windows():
    document = with_kernels([[[1, 2]], [[-1, -2]], [[2, 1]], [[-2, -1]]])
    document["convolution"]["padding"] = [[1, 0]]
    document["proof"]["slots"] = [[{"known": [1, 0], "starts": [0]}, {"known": [0, 0], "starts": [-1, 0]}]]
    inner = document["proof"]["proofs"][0]
    inner.update(epsilon=None, refuters=[[[4, "1"], [5, "1"]]])
    assert "names row 4, which is not one of a window" in judged(document).reason
