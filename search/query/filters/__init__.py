"""The filter language: its grammar, fields, tree and contradictions."""
