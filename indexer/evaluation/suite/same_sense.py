"""Whether a picture suits a sentence about another one, by what people say of both."""

from collections.abc import Callable, Sequence

import numpy as np

from indexer.captioned_pictures import CaptionedPicture
from search.records import Vectors

SAME = 0.57
"""The cosine of all-MiniLM-L6-v2 from which two captions say the same: nine of ten captions of one
picture have it with one of the other four (held-out photographs of Flickr8k's training split)."""

EmbedSentences = Callable[[list[str]], Vectors]
"""English sentences -> (n, width) unit rows, near each other if they say the same."""


class SameSense:
    """A judge of hits for sentences, by the English captions of the pictures.

    A picture suits a sentence if one of its captions says the same. A sentence in another language
    stands for the captions of its own picture: the mean over them must be as high.
    """

    def __init__(self, pictures: Sequence[CaptionedPicture], embed: EmbedSentences) -> None:
        captions = {text for each in pictures for text in each.captions.get("en", ())}
        texts = sorted(captions)
        self._rows = dict(zip(texts, embed(texts), strict=True)) if texts else {}

    def suits(self, hit: CaptionedPicture, own: CaptionedPicture, sentence: str) -> bool:
        """Return whether a hit suits a sentence about the picture `own`."""
        if hit.path == own.path:
            return True
        others = self._of(hit.captions.get("en", ()))
        sentence_rows = self._of((sentence,)) or self._of(own.captions.get("en", ()))
        if not others or not sentence_rows:
            return False
        return float((np.array(sentence_rows) @ np.array(others).T).max(axis=1).mean()) >= SAME

    def _of(self, captions: Sequence[str]) -> list[Vectors]:
        return [self._rows[text] for text in captions if text in self._rows]
