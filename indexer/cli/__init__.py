"""The commands that run offline."""
