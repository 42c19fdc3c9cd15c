"""Fitting an encoder pair to captioned pictures: pairs, towers, loss, loop, export."""
