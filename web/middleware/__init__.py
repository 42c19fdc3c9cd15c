"""What the application applies to every request."""
