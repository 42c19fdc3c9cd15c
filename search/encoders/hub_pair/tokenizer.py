"""The tokenizer of a published pair: texts to the inputs of its text tower."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import regex
from tokenizers import Encoding, Tokenizer

from search.encoders.hub_pair.layouts import TextRules
from search.encoders.openclip.tokenizer import CLEANING
from search.encoders.text_limits import clip_text

ENGLISH = "eng_Latn"

SCRIPTS = (
    (r"\p{Hiragana}|\p{Katakana}", "jpn_Jpan"),
    (r"\p{Hangul}", "kor_Hang"),
    (r"\p{Han}", "zho_Hans"),
    (r"\p{Cyrillic}", "rus_Cyrl"),
    (r"\p{Arabic}", "arb_Arab"),
    (r"\p{Hebrew}", "heb_Hebr"),
    (r"\p{Greek}", "ell_Grek"),
    (r"\p{Devanagari}", "hin_Deva"),
    (r"\p{Bengali}", "ben_Beng"),
    (r"\p{Tamil}", "tam_Taml"),
    (r"\p{Telugu}", "tel_Telu"),
    (r"\p{Thai}", "tha_Thai"),
    (r"\p{Armenian}", "hye_Armn"),
    (r"\p{Georgian}", "kat_Geor"),
    (r"\p{Ethiopic}", "amh_Ethi"),
    (r"\p{Khmer}", "khm_Khmr"),
    (r"\p{Lao}", "lao_Laoo"),
    (r"\p{Myanmar}", "mya_Mymr"),
)
"""The most spoken language of each script, by its code in FLORES-200; kana before Han."""

BY_SCRIPT = tuple((regex.compile(pattern), code) for pattern, code in SCRIPTS)

CLEANERS: dict[str, Callable[[str], str]] = {**CLEANING, "": str, "case": str.lower}
"""The ways to clean a text: open_clip's, none, and lower case alone."""


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """The tokens of a text, and their mask: 1 where a token is no padding."""

    ids: list[int]
    mask: list[int]


@dataclass(frozen=True, slots=True)
class HubTokenizer:
    """A tokenizer.json and its rules. Safe to call from many threads."""

    tokenizer: Tokenizer = field(repr=False)
    rules: TextRules
    pad_id: int

    @property
    def english(self) -> int | None:
        """Return the token of the language English, in tokenizers that have one."""
        token: int | None = self.tokenizer.token_to_id(ENGLISH)
        return token

    def tokens(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Return the tokens of each text, cut to the tower's limit, padded where it needs that."""
        return [self._tokens(text) for text in texts]

    def fit(self, text: str) -> bool:
        """Return whether a text fits without being cut."""
        return not self._encode(text)[0].overflowing

    def _tokens(self, text: str) -> TokenizedText:
        encoding, language = self._encode(text)
        ids, mask = list(encoding.ids), list(encoding.attention_mask)
        if language is not None:
            ids = [language if each == self.english else each for each in ids]
        if self.rules.stripped:
            stripped_id = self.tokenizer.token_to_id(self.rules.stripped)
            ids = [0 if each == stripped_id else each for each in ids]
        return TokenizedText(ids, mask)

    def _encode(self, text: str) -> tuple[Encoding, int | None]:
        """Return the encoding of a text, and the token of its language, if it takes one."""
        clean = CLEANERS[self.rules.clean](clip_text(text, self.rules.context))
        if not self.rules.flores:
            return self.tokenizer.encode(clean), None
        code = language_of(clean)
        encoding = self.tokenizer.encode(clean)
        if self.english in encoding.ids:  # the tokenizer adds a language, first or last
            return encoding, self.tokenizer.token_to_id(code)
        return self.tokenizer.encode(f"{code}{clean}"), None


def language_of(text: str) -> str:
    """Return the FLORES-200 code of the language that a text's script suggests, else English."""
    return next((code for letters, code in BY_SCRIPT if letters.search(text)), ENGLISH)


def open_tokenizer(folder: Path, rules: TextRules) -> HubTokenizer:
    """Return the tokenizer in `folder`, with its limit and its padding.

    Raises:
        ValueError: the rules name an unknown way of cleaning, or a token that it does not have.
    """
    if rules.clean not in CLEANERS:
        raise ValueError(f"texts cleaned by {rules.clean!r} are not known")
    tokenizer = Tokenizer.from_file(str(folder / rules.tokenizer))
    pad_id = tokenizer.token_to_id(rules.pad_token)
    if pad_id is None:
        raise ValueError(f"{rules.tokenizer} has no token {rules.pad_token!r} to pad with")
    direction = "left" if rules.left else "right"
    tokenizer.enable_truncation(max_length=rules.context)
    tokenizer.enable_padding(
        direction=direction,
        pad_id=pad_id,
        pad_token=rules.pad_token,
        length=rules.context if rules.full else None,
    )
    return HubTokenizer(tokenizer, rules, pad_id)
