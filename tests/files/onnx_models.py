"""Small ONNX models, and what ONNX Runtime makes of them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

NEWEST_TESTED = 21


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs, outputs, **attributes)


def make_model(nodes, inputs, outputs, constants=None, *, opset=17, element_type=TensorProto.FLOAT, domains=()):
    """A model; `inputs` maps names to shapes, `constants` names to arrays."""
    ends = [helper.make_tensor_value_info(name, element_type, shape) for name, shape in inputs.items()]
    values = [helper.make_tensor_value_info(name, element_type, None) for name in outputs]
    weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()]
    graph = helper.make_graph(nodes, "test", ends, values, weights)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def runtime_values(model, feeds):
    """The outputs by ONNX Runtime, without its graph optimisations."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def integers(rng, *shape, most=4):
    return rng.integers(-most, most + 1, shape).astype(np.float32)


def require_onnx_is_valid(model):
    onnx.checker.check_model(model)
