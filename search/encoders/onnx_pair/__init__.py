"""Encoder pairs as ONNX graphs, run by onnxruntime."""
