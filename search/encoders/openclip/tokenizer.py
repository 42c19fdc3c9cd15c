"""open_clip's tokenizers without open_clip, with exactly the same tokens."""

import html
import string
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import ftfy
import regex
from tokenizers import Tokenizer

from search.encoders.text_limits import clip_text

# open_clip cuts a text into these before its byte pairs; the tokenizers library has an older
# Unicode, so recent letters would be cut elsewhere by it.
PIECES = regex.compile(
    r"<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    regex.IGNORECASE,
)

WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _fix_text(text: str) -> str:
    return html.unescape(html.unescape(ftfy.fix_text(text))).strip()


def _whitespace(text: str) -> str:
    return " ".join(_fix_text(text).split())


def _lower(text: str) -> str:
    return _whitespace(text).lower()


def _canonicalize(text: str) -> str:
    plain = _fix_text(text).replace("_", " ").translate(WITHOUT_PUNCTUATION)
    return " ".join(plain.lower().split())


CLEANING: dict[str, Callable[[str], str]] = {
    "lower": _lower,
    "whitespace": _whitespace,
    "canonicalize": _canonicalize,
}
"""open_clip 3.3's ways to clean a text, by the names in its configurations (`tokenizer.py`)."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules by which a text becomes tokens, as pair.json holds them.

    `clean` is a name in CLEANING. `start` and `end` enclose the byte pairs of CLIP's own tokenizer;
    without them tokenizer.json does all, padding too. Tokens equal to `stripped` become 0. `cut`
    is True for a tower that reads no further than the text's end; others need all `context` tokens.
    """

    context: int
    clean: str
    cut: bool
    start: int | None = None
    end: int | None = None
    stripped: int | None = None

    def facts(self) -> dict[str, Any]:
        """Return the fields by name, for pair.json."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OpenClipTokenizer:
    """A tokenizer and its rules. Safe to call from many threads."""

    tokenizer: Tokenizer = field(repr=False)
    rules: TokenRules

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's tokens: up to its end where the tower is cut, else all the context."""
        rules = self.rules
        clean = CLEANING[rules.clean]
        lines = [clean(clip_text(text, rules.context)) for text in texts]
        if rules.start is not None and rules.end is not None:
            return [self._enclose(text, rules.start, rules.end) for text in lines]
        rows = [self.tokenizer.encode(text).ids for text in lines]
        return [[0 if token == rules.stripped else token for token in ids] for ids in rows]

    def fit(self, text: str) -> bool:
        """Return whether a text fits without being cut."""
        clean = CLEANING[self.rules.clean](clip_text(text, self.rules.context))
        if self.rules.start is None or self.rules.end is None:
            return not self.tokenizer.encode(clean).overflowing
        return len(self._pairs(clean)) <= self.rules.context - 2

    def _pairs(self, text: str) -> list[int]:
        """Return the byte pairs of CLIP's own tokenizer, in full number."""
        pieces = PIECES.findall(text)
        encoding = self.tokenizer.encode(pieces, is_pretokenized=True, add_special_tokens=False)
        return list(encoding.ids)

    def _enclose(self, text: str, start: int, end: int) -> list[int]:
        ids = [start, *self._pairs(text)[: self.rules.context - 2], end]
        return ids if self.rules.cut else ids + [0] * (self.rules.context - len(ids))


def open_words(tokenizer: Path, facts: dict[str, Any]) -> OpenClipTokenizer:
    """Return the tokenizer in a file, with the rules in the `facts` of pair.json.

    Raises:
        KeyError, TypeError, ValueError: the facts are not those of TokenRules.
    """
    rules = TokenRules(**facts)
    if rules.clean not in CLEANING:
        raise ValueError(f"texts cleaned by {rules.clean!r} are not known")
    return OpenClipTokenizer(Tokenizer.from_file(str(tokenizer)), rules)
