"""Counts of what a collection holds, facet by facet."""
