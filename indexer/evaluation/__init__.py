"""Measurement of an encoder pair: pictures found by captions, and captions by pictures."""
