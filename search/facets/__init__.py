"""Counts of a collection's pictures, facet by facet."""
