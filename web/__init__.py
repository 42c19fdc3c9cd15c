"""The Flask application: pages and the JSON API."""
