"""Scans under the assumption of full spark: rows and network say so, and nothing counts as proved that rests on it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_scan import INJECTIVE, chain, convolution

import exactinj as xi
from exactinj.cli.describe_scan import describe_scan
from exactinj.cli.main import main
from exactinj.layers.network import Dense, Relu


def dense():
    W = np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)
    return chain([4], Dense(W, None), Relu())


def waves():
    kernels = np.random.default_rng(0).standard_normal((90, 1, 15)).astype(np.float32)
    return chain([1, 1, 30], convolution(kernels), Relu())


@pytest.mark.parametrize(("network", "engine"), [(dense(), "packing"), (waves(), "auto")], ids=["dense", "waves"])
def test_rows_and_network_say_what_they_rest_on(network, engine, tmp_path):
    plain = xi.scan(network, engine=engine, timeout=3)
    assert plain.layers[0].verdict != INJECTIVE
    assert plain.network.verdict != INJECTIVE
    folder = tmp_path / "kept"
    result = xi.scan(network, engine=engine, assume="full-spark", out=folder, layer_timeout=60)
    row = result.layers[0]
    assert (row.verdict, row.assumption, row.is_proved) == (INJECTIVE, "full spark", False), row.reason
    assert row.proof.claim.endswith("_if_full_spark")
    assert (result.network.verdict, result.network.assumption) == (INJECTIVE, "full spark")
    text = describe_scan(result, "m")
    assert "injective if full spark" in text
    assert "the network is INJECTIVE IF FULL SPARK" in text
    assert "injective under an assumption" in repr(result)
    assert result.to_json()["layers"][0]["assumption"] == "full spark"
    again = xi.scan(network, engine=engine, assume="full-spark", out=folder, layer_timeout=60)
    assert "earlier scan" in again.layers[0].reason
    assert again.layers[0].assumption == "full spark"
    without = xi.scan(network, engine="finder", out=folder, timeout=3)
    assert without.layers[0].verdict != INJECTIVE


def test_the_flag_of_the_command_line(tmp_path, capsys):
    from safetensors.numpy import save_file

    W = np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)
    save_file({"fc.weight": W}, tmp_path / "m.safetensors")
    path = str(tmp_path / "m.safetensors")
    assert main(["scan", path, "--engine", "packing", "--assume", "full-spark", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["layers"][0]["assumption"] == "full spark"
    assert found["network"]["assumption"] == "the layers form a chain; full spark"
    assert main(["scan", path, "--assume", "luck"]) == 3
    assert "expected 'full spark'" in capsys.readouterr().err
