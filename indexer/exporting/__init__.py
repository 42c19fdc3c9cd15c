"""Pairs of torch's as folders of ONNX graphs, which run on a CPU faster and without torch."""
