"""Everything that answers a query."""
