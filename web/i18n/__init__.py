"""The languages and colours that readers choose, and translated messages."""
