"""Measuring how well an encoder pair finds pictures by their captions and the other way round."""
