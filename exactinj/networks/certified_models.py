"""A model as what a certificate of a network is about: its graph, or the chain of dense layers that it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exactinj.certificates.graph_text import graph_pieces
from exactinj.certificates.records import Record, subject_of
from exactinj.errors import InputError
from exactinj.exact.numbers import rational_text
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.network import Network, simplified
from exactinj.layers.network.flat import FlatGraph, flat_network
from exactinj.layers.torch_modules import is_module
from exactinj.networks.affine_parts import questions
from exactinj.networks.dense_chains import dense_of_graph
from exactinj.networks.models import ModelOptions, model_given

__all__ = ["is_model", "subject_file", "subject_of_model"]


def is_model(value: Any) -> bool:
    """Whether a value is a network, or a file that holds one, and no single layer."""
    if isinstance(value, Network):
        return True
    return Path(value).suffix.lower() == ".onnx" if isinstance(value, str | Path) else _is_torch_network(value)


def _is_torch_network(value: Any) -> bool:
    """Whether it is a torch module of more than one layer with weights."""
    return is_module(value) and sum(hasattr(part, "weight") for part in value.modules()) > 1


def subject_of_model(record: Record, model: Any, fixed: Mapping[str, Any] | None = None) -> FlatGraph | DenseNetwork:
    """What a certificate would be about if it were about this model; `record` is the certificate.

    Raises
    ------
    InputError
        For certificates about something else than networks, and models that cannot be read.
    """
    if "graph" in record:
        shapes = [tuple(shape) for shape in record["graph"]["inputs"]]
    elif "dense_network" in record:
        shapes = [(1, record["dense_network"]["n"])]
    else:
        raise InputError(f"found a model and a certificate about {subject_of(record)}, expected one about a network")
    network = simplified(_read(model, shapes, fixed))
    if "dense_network" in record:
        dense = dense_of_graph(network, questions(network))
        if isinstance(dense, str):
            raise InputError(
                f"found a model that is no chain of dense layers ({dense}), which the certificate is about"
            )
        return dense
    flat = flat_network(network)
    if flat is None:
        raise InputError("found a model with values of shapes that are not known, which the certificate is not about")
    return flat.graph


def _read(model: Any, shapes: list[tuple[int, ...]], fixed: Mapping[str, Any] | None) -> Network:
    """The network of a model, whose inputs have these shapes where it leaves them open."""
    if is_module(model):
        return Network.from_torch(model, shapes[0] if len(shapes) == 1 else shapes)
    try:
        content = model_given(model, ModelOptions(None, fixed)).content
    except InputError:
        if not isinstance(model, str | Path):
            raise
        content = model_given(model, ModelOptions(shapes[0], fixed)).content
    if not isinstance(content, Network):
        raise InputError("found a file of weights alone, expected a model with its graph")
    return content


def subject_file(record: Record, model: Any, folder: Path, fixed: Mapping[str, Any] | None = None) -> str:
    """The same as a file that the checker reads."""
    subject, path = subject_of_model(record, model, fixed), folder / "network.json"
    if isinstance(subject, FlatGraph):
        text = "".join(('{"graph": ', *graph_pieces(subject), "}"))
    else:
        text = json.dumps({"layers": [_layer(layer) for layer in subject.layers]})
    path.write_text(text, encoding="ascii")
    return str(path)


def _layer(layer: Any) -> dict[str, object]:
    slopes = [rational_text(slope) for slope in layer.slopes]
    bias = [text for (text,) in layer.b.texts()]
    return {"W": list(layer.W.texts()), "b": bias, "activation": {"leaky": slopes}}
