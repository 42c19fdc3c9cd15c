"""Rewriting of ONNX graphs: simpler nodes, and weights and products in fewer bits."""
