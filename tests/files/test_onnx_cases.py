"""The test cases of the package onnx itself: what is understood has the values that they say."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from exactinj.errors import InputError
from exactinj.files.onnx import read_onnx
from exactinj.layers.network import Opaque

pytestmark = pytest.mark.slow

UNDERSTOOD = 600  # at least, of the cases and ways to hold inputs fixed
TOLERANCES = {2: 1e-2, 4: 1e-4, 8: 1e-6}  # by the bytes of a float; bfloat16 has 8 bits
ROUGH = ("bfloat16", "averagepool_2d_ceil_last_window_starts_on_pad")  # values written with four digits


def cases():
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [case for case in collect_testcases(None) if case.model is not None]


def arrays(entries, values):
    plain = [numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value for value in values]
    return {entry.name: value for entry, value in zip(entries, plain, strict=False)}


def read_with_one_free(case, free):
    """The network with all inputs fixed but one; None if it is refused or not understood as a whole."""
    feeds = arrays(case.model.graph.input, case.data_sets[0][0])
    fixed = {name: value for name, value in feeds.items() if name != free and isinstance(value, np.ndarray)}
    try:
        network = read_onnx(case.model, fixed=fixed)
    except InputError:
        return None
    operations = [step.operation for step in network.nodes]
    named = [operation for operation in operations if isinstance(operation, Opaque)]
    assert not [operation.why for operation in named if "cannot be read" in operation.why]
    return None if named or set(network.inputs) != {free} else network


def test_understood_cases_have_the_values_they_say():
    seen = 0
    for case in cases():
        feeds = arrays(case.model.graph.input, case.data_sets[0][0])
        for free in list(feeds)[:2]:
            network = read_with_one_free(case, free)
            if network is None:
                continue
            values = network.float_values({free: np.asarray(feeds[free]).astype(np.float64)})
            for name, want in arrays(case.model.graph.output, case.data_sets[0][1]).items():
                rough = any(part in case.name for part in ROUGH)
                tolerance = 1e-2 if rough else TOLERANCES.get(np.asarray(want).dtype.itemsize, 1e-4)
                assert name in values, case.name
                got = values[name]
                assert got.shape == np.shape(want), case.name
                np.testing.assert_allclose(
                    got, np.asarray(want).astype(np.float64), rtol=tolerance, atol=1e-5, err_msg=case.name
                )
            seen += 1
    assert seen >= UNDERSTOOD
