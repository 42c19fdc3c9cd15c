"""Encoder pairs that others publish as ONNX graphs on the Hugging Face hub."""
