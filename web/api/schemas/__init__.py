"""The JSON documents of the API, as marshmallow schemas."""
