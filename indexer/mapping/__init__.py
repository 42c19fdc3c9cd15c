"""Making the map of a collection: where each picture lies, and what its parts are called."""
