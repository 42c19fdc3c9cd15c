"""Vector stores that follow the change log."""
