"""Texts before any tokenizer: whatever str comes, what can be encoded of it, and how much."""

from collections.abc import Callable, Sequence
from typing import Any

CHARACTERS_PER_TOKEN = 32
"""Texts are cut here first: no language spends so many, and tokenizers are slow on long words."""


def encodable(text: str) -> str:
    """Make any str encodable: halves of a surrogate pair meet, a lone one becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def spoken(text: str, context: int) -> str:
    """The text in one line of single spaces, and no more of it than `context` tokens can hold."""
    return " ".join(encodable(text).split())[: CHARACTERS_PER_TOKEN * context]


def longest(text: str, fits: Callable[[str], bool]) -> int:
    """The length of the longest beginning of a text that fits: of what is longer, none does."""
    if fits(text):
        return len(text)
    held, over = 0, len(text)
    while over - held > 1:
        middle = (held + over) // 2
        if fits(text[:middle]):
            held = middle
        else:
            over = middle
    return held


def longest_by_tokens(text: str, tokens: Callable[[Sequence[str]], Any]) -> int:
    """As `longest`, by tokenizers that tell no count: a full one does not see one word more.

    `tokens` gives an array for each of the texts, of one length.
    """

    def fits(part: str) -> bool:
        alone, longer = tokens([part, f"{part} a"])
        return not bool((alone == longer).all())

    return longest(text, fits)
