"""Reading ``.onnx`` files as exact networks; the package ``onnx`` is imported only when one is read."""

from exactinj.files.onnx.reading import read_onnx

__all__ = ["read_onnx"]
