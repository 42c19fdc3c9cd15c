"""Checks of an indexed collection."""
