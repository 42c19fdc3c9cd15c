"""The middleware that the application applies to every request."""
