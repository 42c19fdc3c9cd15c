"""Every table and every SQL statement; `catalog.Catalog` is the only entry."""
