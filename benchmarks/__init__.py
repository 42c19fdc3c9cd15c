"""What is measured and shown; never a timed test."""
