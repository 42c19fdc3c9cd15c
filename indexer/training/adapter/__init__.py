"""Training a query-side adapter on marks."""
