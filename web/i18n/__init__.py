"""The languages of the pages, and translated messages."""
