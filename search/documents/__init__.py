"""The JSON documents of the command line, the API and the Python client."""
