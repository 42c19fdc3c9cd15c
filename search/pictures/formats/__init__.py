"""Formats that Pillow reads wrongly, in part, or not at all."""
