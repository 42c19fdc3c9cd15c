"""Training of the built-in pair."""
