"""Services that the pages and the JSON API share."""
