"""The confidence of a built-in pair, fitted on held-out pictures and on made-up questions."""
