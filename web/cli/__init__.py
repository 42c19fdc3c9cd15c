"""The commands that serve pages and manage tokens."""
