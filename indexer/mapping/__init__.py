"""The map of a collection: the place of each picture, and the names of its regions."""
