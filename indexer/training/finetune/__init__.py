"""Fine-tuning a pair on captioned pictures: what `limn train` does, for open_clip's and ours."""
