"""Structure of the code: rooms and imports, walks, names, docstrings, sizes; no timed figures."""
