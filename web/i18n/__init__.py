"""The languages, colours and sizes that readers choose, and translated messages."""
