"""Queries and their checks, without an encoder."""
