"""Training the pair that ships."""
