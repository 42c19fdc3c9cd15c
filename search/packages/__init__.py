"""Installed packages: what they add to Limn, and the commands that install missing ones."""
