"""The pairs that ship or were trained here: two small towers, run by onnxruntime."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from search.encoders.onnx_pair.knowledge import PairKnowledge, read_knowledge, readable
from search.encoders.onnx_pair.pair_folder import (
    QUERYBANK,
    PairFolder,
    preparation_of,
    read_folder,
    translate_errors,
)
from search.encoders.onnx_pair.querybank import Querybank, read_querybank
from search.encoders.onnx_pair.sessions import Towers, open_towers
from search.encoders.preparation import Preparation
from search.encoders.suggestions import unknown
from search.encoders.text_limits import encodable, longest
from search.packages.editions import CURRENT, EDITION_OF
from search.records import Pixels, Space, Vectors

EDITIONS_FOLDER = Path(__file__).parent / "editions"

FOLDER = EDITIONS_FOLDER / CURRENT

READ_AGAIN = 128
"""Texts whose tokens are cached: a search asks for a vector, and then how many words were read;
in between, others may ask."""


@dataclass(frozen=True, slots=True)
class BuiltinEncoder:
    """A pair of ONNX graphs with Limn's own tokenizer.

    Safe to call from many threads: the towers' and the tokenizer's calls share no state.
    """

    space: Space
    preparation: Preparation
    languages: tuple[str, ...]
    towers: Towers
    tokenizer: Tokenizer
    tokenize: Callable[[str], Encoding] = field(repr=False)
    """The tokenizer, with the last texts cached."""

    querybank: Querybank | None = field(repr=False)
    """None in pairs from before 26 November 2026, and in those with too little training."""

    knowledge: PairKnowledge | None = field(repr=False)
    """None in pairs whose words were not collected."""

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, h, w, 3) uint8, of the preparation's size, -> (n, width)."""
        vectors = self.towers.encode_pixels(pixels)
        return self.querybank.even_pictures(vectors) if self.querybank else vectors

    @property
    def places(self) -> Towers | None:
        """Return what tells the shares of 8x8 places; None for the first edition, which can't.

        The product of a text's vector with a place's share tells how much the place adds to their
        cosine, but for the querybank's small correction, which belongs to no place.
        """
        return self.towers if self.towers.tells_places else None

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts of any Unicode -> (n, width); text past 48 tokens is cut."""
        vectors = self.towers.encode_ids([self.tokenize(readable(text)).ids for text in texts])
        return self.querybank.even_texts(vectors) if self.querybank else vectors

    def characters_read(self, text: str) -> int:
        """Return the number of a text's first characters that fit in the tower's 48 tokens."""
        return longest(text, lambda part: not self.tokenize(encodable(part)).overflowing)


def pair_folder(spec: str) -> Path:
    """Return the folder that `builtin`, `builtin:EDITION` or `builtin@/path/to/pair` names.

    Raises:
        BadSetting: there is no such edition.
    """
    _, at, place = spec.partition("@")
    if at:
        return Path(os.path.abspath(os.path.expanduser(place)))
    if spec not in EDITION_OF:
        raise unknown(spec)
    return EDITIONS_FOLDER / EDITION_OF[spec]


def open_builtin(folder: Path = FOLDER, threads: int = 0, device: str = "cpu") -> BuiltinEncoder:
    """Open the pair in `folder`; `threads` bounds the CPU threads of a graph, 0 sets no bound.

    Raises:
        EncoderUnavailable: a file is missing, damaged or of an unknown format.
    """
    ships = _specification(folder) in EDITION_OF
    remedy = "install Limn again" if ships else "train it again with limn train"
    with translate_errors(folder, remedy):
        pair = read_folder(folder)
        space = _space(folder, pair)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenize = lru_cache(READ_AGAIN)(tokenizer.encode)
        querybank = read_querybank(folder / QUERYBANK) if QUERYBANK in pair.digests else None
        knowledge = read_knowledge(folder, space.id)
        return BuiltinEncoder(
            space=space,
            preparation=preparation_of(pair.facts["preparation"]),
            languages=tuple(pair.facts["languages"]),
            towers=open_towers(folder, space.width, threads, device),
            tokenizer=tokenizer,
            tokenize=tokenize,
            querybank=querybank,
            knowledge=None
            if knowledge is None
            else PairKnowledge(*knowledge, querybank, tokenizer, tokenize),
        )


def builtin_space(folder: Path = FOLDER) -> Space:
    """Return the space of the pair in `folder`, unopened; call it within `translate_errors`."""
    return _space(folder, read_folder(folder))


def _space(folder: Path, pair: PairFolder) -> Space:
    """Return the space, by a digest of the pair's files.

    They contain architecture, weights, tokenizer and normalisation; pair.json the preparation.
    """
    identity = hashlib.sha256(pair.description + "".join(pair.digests.values()).encode())
    name = f"builtin-{identity.hexdigest()[:12]}"
    return Space(name, _specification(folder), int(pair.facts["width"]))


def _specification(folder: Path) -> str:
    """Return the specification that names a folder."""
    editions = (spec for spec in EDITION_OF if pair_folder(spec) == folder)
    return next(editions, f"builtin@{folder.absolute()}")
