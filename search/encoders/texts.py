"""Texts before any tokenizer: whatever str comes, what can be encoded of it."""

CHARACTERS_PER_TOKEN = 32
"""Texts are cut here first: no language spends so many, and tokenizers are slow on long words."""


def encodable(text: str) -> str:
    """Make any str encodable: halves of a surrogate pair meet, a lone one becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def spoken(text: str, context: int) -> str:
    """The text in one line of single spaces, and no more of it than `context` tokens can hold."""
    return " ".join(encodable(text).split())[: CHARACTERS_PER_TOKEN * context]
