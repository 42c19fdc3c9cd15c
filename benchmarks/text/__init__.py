"""Measurements of text in pictures: the recogniser, the gate and the search by it."""
