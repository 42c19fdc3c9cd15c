"""The views of the JSON API."""
