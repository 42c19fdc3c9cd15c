"""Pictures for training: small copies, and augmented views."""
