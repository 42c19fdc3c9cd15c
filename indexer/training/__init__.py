"""Making the pair that ships from its parts: pairs, towers, losses, loop, export."""
