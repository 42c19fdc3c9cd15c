"""The HTTP server: connections, threads, and request bodies."""
