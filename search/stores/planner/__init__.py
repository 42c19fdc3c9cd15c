"""The choice of an ANN index and its depth, by measurement."""
