"""A suite of measurements: sentences, classes by name, and questions that nothing answers."""
