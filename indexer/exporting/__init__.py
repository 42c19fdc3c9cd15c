"""Export of torch pairs to folders of ONNX graphs, which run faster on a CPU and without torch."""
