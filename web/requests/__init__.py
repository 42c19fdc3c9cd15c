"""Parsers of requests, which return records."""
