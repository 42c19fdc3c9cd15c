"""What can be asked, without an encoder."""
