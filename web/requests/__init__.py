"""A request's parts as records."""
