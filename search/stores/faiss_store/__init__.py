"""FAISS on the CPU and on a GPU: exact rows, ANN indexes, and their files."""
