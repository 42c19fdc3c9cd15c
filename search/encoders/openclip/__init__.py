"""Encoder pairs of the open_clip library, run by torch."""
