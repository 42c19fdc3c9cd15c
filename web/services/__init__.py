"""What the pages and the JSON API both do."""
