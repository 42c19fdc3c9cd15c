"""Everything done offline: reading collections, training, evaluation."""
