"""Text as it is stored, compared and cut into words."""
