"""The views that answer with HTML."""
