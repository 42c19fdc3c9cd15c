"""What each signal adds to the others, and the weights that fit them together."""
