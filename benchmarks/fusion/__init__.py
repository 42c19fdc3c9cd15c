"""The weights of pictures, captions and words, fitted on photographs of a training split."""
