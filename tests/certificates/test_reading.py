"""The way back: certificates read from files are what was written, and are written again byte for byte."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi
from exactinj.certificates.every_size import BoxesProof
from exactinj.certificates.stated_tree import StatedTree

CORRECT = sorted(Path(__file__).parents[1].joinpath("checker/fixtures/correct").glob("*.json"))
CUBE = [[1, 0], [0, 1], [-1, 0], [0, -1]]
TETRAHEDRON = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
LAYERS = {
    "tree": lambda: xi.certify(CUBE, engine="tree").certificate,
    "sign-split": lambda: xi.certify(CUBE, engine="sign-split").certificate,
    "biased": lambda: xi.certify((CUBE, ["1/3", 0, 0.1, -1]), domain="ball:3").certificate,
    "ball": lambda: xi.certify((CUBE, [1, 1, 1, 1]), domain=xi.Ball("1/2", [0, "1/7"])).certificate,
    "box": lambda: xi.certify((CUBE, [1, 1, 1, 1]), domain="box:-1,1/2").certificate,
    "nonneg-ball": lambda: xi.certify(CUBE, domain="nonneg-ball:2").certificate,
    "polytope": lambda: (
        xi.certify((CUBE, [1, 1, 1, 1]), domain=xi.Polytope([[1, 1], [-1, 0], [0, -1]], [1, 0, 0])).certificate
    ),
    "blocks": lambda: xi.certify([[1, 0], [-1, 0], [0, 2], [0, -3]]).certificate,
    "collision": lambda: xi.certify([[1, 0], [0, 1], [0.1, -1]]).certificate,
    "alpha": lambda: xi.alpha_star(TETRAHEDRON, domain="nonneg-ball:1").certificate,
    "alpha on a sphere": lambda: xi.alpha_star([[1, 0], [0, 1], [-1, -1]], domain="sphere:1/2").certificate,
}
CONVOLUTIONS = {
    "boxes": lambda: xi.certify(xi.ConvLayer([[[1]], [[-1]]])).certificate,
    "geometric": lambda: xi.certify(xi.ConvLayer([[[1, 2]], [[-1, -2]], [[2, 1]]])).certificate,
    "patch": lambda: xi.certify(xi.ConvLayer([[[1, 2]], [[-2, -1]]])).certificate,
    "padded boxes": lambda: xi.certify(xi.ConvLayer([[[1, 2]], [[-1, -2]]], padding=1)).certificate,
    "not at any size": lambda: xi.certify(xi.ConvLayer([[[1, -1]], [[-1, 1]]])).certificate,
    "one size": lambda: xi.certify(xi.ConvLayer([[[1, -1]], [[-1, 1]]]), input_shape=(4,)).certificate,
    "one kernel": lambda: xi.certify(xi.ConvLayer([[[[1, 2], ["1/3", 4]]]])).certificate,
    "groups": lambda: xi.certify(xi.ConvLayer([[[1]], [[-1]], [[2]], [[-2]]], groups=2, b=[0, 0, 1, 1])).certificate,
}


@pytest.mark.parametrize("name", [*LAYERS, *CONVOLUTIONS])
@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_written_again_it_is_the_same(name, ending, tmp_path):
    certificate = {**LAYERS, **CONVOLUTIONS}[name]()
    first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
    certificate.write(first)
    found = xi.read_certificate(first)
    found.write(second)
    assert first.read_bytes() == second.read_bytes()
    assert type(found) is type(certificate)
    assert (found.layer, found.claim) == (certificate.layer, certificate.claim)
    assert found.domain == certificate.domain
    assert type(found).read(first).claim == found.claim
    assert xi.check(found, found.layer).valid
    assert len(repr(found)) < 300


@pytest.mark.parametrize("file", CORRECT, ids=lambda file: file.stem)
def test_every_certificate_of_the_checkers_fixtures(file):
    if file.stem == "conv_count_stride":  # valid, but of a layer that the package has no use for
        with pytest.raises(xi.CertificateError, match="stride 3 beyond the kernel"):
            xi.read_certificate(file)
        return
    found = json.loads(xi.read_certificate(file).to_bytes())
    expected = json.loads(file.read_text())
    assert found == expected
    assert list(found) == list(expected)


def test_the_pair_of_a_saved_collision(tmp_path):
    result = xi.certify([[1, 0], [0, 1], [0.1, -1]])
    result.certificate.write(tmp_path / "pair.json")
    pair = xi.Certificate.read(tmp_path / "pair.json").collision
    assert (pair.x, pair.y) == (result.witness.x, result.witness.y)
    assert all(isinstance(value, Fraction) for value in (*pair.x, *pair.y))
    x, y = pair.x_array(), pair.y_array(np.float32)
    assert (x.dtype, y.dtype, x.shape) == (np.float64, np.float32, (2,))
    assert x.tolist() == [float(value) for value in pair.x]
    assert json.loads(json.dumps(pair.to_json())) == {
        "x": [str(value) for value in pair.x],
        "y": [str(value) for value in pair.y],
    }
    assert pair.to_latex().startswith(r"x = \left(")


def test_the_pair_of_a_convolution_has_its_shape(tmp_path):
    result = xi.certify(xi.ConvLayer([[[1, -1]], [[-1, 1]]]), input_shape=(1, 4))
    result.certificate.write(tmp_path / "pair.json")
    pair = xi.ConvCertificate.read(tmp_path / "pair.json").collision
    assert pair == result.witness
    assert pair.x_array().shape == (1, 4)
    assert result.layer.evaluate(pair.x_array()) == result.layer.evaluate(pair.y_array())


def test_trees_are_data(tmp_path):
    LAYERS["tree"]().write(tmp_path / "tree.json")
    proof = xi.read_certificate(tmp_path / "tree.json").proof
    assert isinstance(proof, StatedTree)
    assert proof.rule == "flat-tree"
    assert all(value > 0 for entry in proof.entries for _, value in entry)
    CONVOLUTIONS["boxes"]().write(tmp_path / "boxes.json")
    assert isinstance(xi.read_certificate(tmp_path / "boxes.json").proof, BoxesProof)


def test_the_other_kind_is_refused(tmp_path):
    LAYERS["tree"]().write(tmp_path / "dense.json")
    CONVOLUTIONS["boxes"]().write(tmp_path / "conv.json")
    with pytest.raises(xi.CertificateError, match=r"ConvCertificate\.read"):
        xi.Certificate.read(tmp_path / "conv.json")
    with pytest.raises(xi.CertificateError, match=r"Certificate\.read"):
        xi.ConvCertificate.read(tmp_path / "dense.json")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"",
        lambda text: b"\x1f\x8bxx",
        lambda text: text[:-20],
        lambda text: b"[1, 2]",
        lambda text: b"{}",
        lambda text: text.replace(b'"version": 1', b'"version": 2'),
        lambda text: text.replace(b'"-1", "0"', b'"-2", "0"', 1),
        lambda text: text.replace(b'"flat-tree"', b'"nonsense"'),
        lambda text: text.replace(b'"claim": "injective"', b'"claim": "not_injective"'),
        lambda text: text.replace(b'"tree": [', b'"tree": [1e3, '),
        lambda text: text.replace(b'"R^n"', b'"ball"'),
    ],
)
def test_what_is_no_certificate_is_refused_in_one_line(damage, tmp_path):
    text = LAYERS["tree"]().to_bytes()
    assert damage(text) != text
    (tmp_path / "damaged.json").write_bytes(damage(text))
    with pytest.raises(xi.CertificateError) as error:
        xi.read_certificate(tmp_path / "damaged.json")
    assert "\n" not in str(error.value)
    with pytest.raises(xi.CertificateError, match="No such file"):
        xi.read_certificate(tmp_path / "missing.json")


def test_packed_files_are_known_by_their_content(tmp_path):
    text = LAYERS["collision"]().to_bytes()
    (tmp_path / "packed").write_bytes(gzip.compress(text))
    assert xi.read_certificate(tmp_path / "packed").to_bytes() == text
