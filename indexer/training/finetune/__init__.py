"""Fine-tuning of open_clip and built-in pairs on captioned pictures, for `limn train`."""
