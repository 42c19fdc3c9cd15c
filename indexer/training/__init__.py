"""Training of the built-in pair, of fine-tuned pairs and of adapters."""
