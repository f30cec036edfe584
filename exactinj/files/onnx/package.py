"""The only door to the package ``onnx``, which is an extra."""

from __future__ import annotations

from typing import Any

from exactinj.errors import MissingExtraError

__all__ = ["onnx_package"]


def onnx_package() -> Any:
    """The package ``onnx`` with the parts that readers use; `MissingExtraError` if it is not installed."""
    try:
        import onnx
        import onnx.checker
        import onnx.defs
        import onnx.numpy_helper
        import onnx.shape_inference
    except ImportError:
        raise MissingExtraError(
            "reading .onnx files needs the package onnx; install it with pip install 'exactinj[onnx]'"
        ) from None
    return onnx
