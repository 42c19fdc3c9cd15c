"""Child processes: their channel to the parent, and how they start and end."""
