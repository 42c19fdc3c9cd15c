"""An open_clip tokenizer as tokenizer.json, and the settings for reading texts with it."""

from pathlib import Path
from typing import Any

import open_clip.tokenizer as theirs
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from indexer.exporting.checks import CantExport
from search.encoders.openclip.encoder import PROBES, OpenClipEncoder
from search.encoders.openclip.tokenizer import OpenClipTokenizer, TokenRules, open_words

CLEANERS = {
    theirs._clean_lower: "lower",
    theirs._clean_whitespace: "whitespace",
    theirs._clean_canonicalize: "canonicalize",
}

TEXTS = (
    *PROBES,
    "  two\tlines\nand &amp;amp; <b>marks</b> ",
    "it's WE'LL they'Ve I'm 'S can't",
    "schÃ¶n mojibake â€œquotedâ€\x9d",
    "<start_of_text> a <END_OF_TEXT> <end_of_text>!",
    "１２３ ½ ² ⅷ 9,000.50€",
    "ﬁ ǆ İ ẞ ς Σ ſ K",
    "\x00\x01\ufeff\u200b\u2028\ufffd",
    "🏳️‍🌈👨‍👩‍👧🇨🇭",
    "นี่คือหมา यह कुत्ता है 이것은 개입니다",
    "https://example.org/a_b-c?d=e&f=g #tag @name",
    "a" * 300,
    "word " * 200,
    "狗" * 200,
)
"""Texts that both tokenizers must turn into the same tokens: cleaning, cutting, scripts, limit."""


def write_words(
    encoder: OpenClipEncoder, tokenizer: Any, truncate: bool, file: Path
) -> OpenClipTokenizer:
    """Write the tokenizer of a pair to `file`, and read the file back.

    Raises:
        CantExport: this kind of tokenizer can't be written, or the file gives other tokens.
    """
    clean = CLEANERS.get(getattr(tokenizer, "clean_fn", None))
    if clean is None:
        raise CantExport(
            "tokenizer-cleaning-unknown",
            "its tokenizer ({name}) cleans texts by other means",
            name=type(tokenizer).__name__,
        )
    context = int(tokenizer.context_length)
    if isinstance(tokenizer, SimpleTokenizer):
        fast_tokenizer = _byte_pairs(tokenizer)
        start, end = tokenizer.sot_token_id, tokenizer.eot_token_id
        rules = TokenRules(context, clean, truncate, start, end)
    elif isinstance(tokenizer, HFTokenizer):
        fast_tokenizer, strip_id = _hugging_face(tokenizer)
        rules = TokenRules(context, clean, truncate, stripped=strip_id)
    else:
        raise CantExport(
            "tokenizer-without-file",
            "its tokenizer ({name}) has no file of its own",
            name=type(tokenizer).__name__,
        )
    file.write_text(fast_tokenizer.to_str(), encoding="utf-8")
    words = open_words(file, rules.facts())
    _check(words, encoder)
    return words


def _byte_pairs(tokenizer: SimpleTokenizer) -> Tokenizer:
    """Return CLIP's byte pairs; cleaning and cutting into pieces stay in `OpenClipTokenizer`."""
    if tokenizer.reduction_fn is not None:
        raise CantExport(
            "tokenizer-drops-words", "its tokenizer drops words at random or by their kind"
        )
    merges = sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.__getitem__)
    pairs = Tokenizer(BPE(tokenizer.encoder, merges, end_of_word_suffix="</w>"))
    pairs.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    specials = [tokenizer.decoder[number] for number in tokenizer.all_special_ids]
    pairs.add_special_tokens(specials)
    return pairs


def _hugging_face(tokenizer: HFTokenizer) -> tuple[Tokenizer, int | None]:
    """Return a fast tokenizer with its limit and padding set, and the stripped token."""
    backend = getattr(tokenizer.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise CantExport(
            "tokenizer-not-fast", "its tokenizer has no fast form, so no tokenizer.json"
        )
    if tokenizer.tokenizer_mode:
        raise CantExport(
            "tokenizer-mode-unknown",
            "its tokenizer works in the mode {mode!r}",
            mode=tokenizer.tokenizer_mode,
        )
    tokenizer(["a dog"])
    strip_id = tokenizer.tokenizer.sep_token_id if tokenizer.strip_sep_token else None
    return Tokenizer.from_str(backend.to_str()), strip_id


def _check(words: OpenClipTokenizer, encoder: OpenClipEncoder) -> None:
    context = words.rules.context
    expected = encoder.tokens(TEXTS).tolist()
    for text, ids, row in zip(TEXTS, words.ids(TEXTS), expected, strict=True):
        if ids + [0] * (context - len(ids)) != row:
            raise CantExport(
                "tokenizer-differs",
                "its tokenizer makes other tokens of {text!r} once exported",
                text=text[:40],
            )
