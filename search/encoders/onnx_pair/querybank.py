"""Querybank normalisation against hubs: pictures near every text, texts near every picture."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from search.records import Scores, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Querybank:
    """A correction of cosines by how near a picture is to any text, and a text to any picture.

    Querybank normalisation (Bogolin et al. 2022), written into the vectors, so that every
    search by cosines uses corrected ones: that of a picture and a text becomes

        (cosine + correction of either + max_drop - max_rise) / (1 + most (lever + 1 / lever))

    where a correction is `share` of what the vector's `nearness` to the bank of the other kind is
    below the `usual` one, from -max_drop to max_rise, and most is (max_drop + max_rise) / 2.
    A vector unlike all training data is near to nothing, and rises little.

    Of the `directions`, about which the pair knows nothing, pictures have their correction in the
    first and a constant in the second, `lever` times as long as the correction can be; texts the
    other way round; the third and fourth make the length 1. Cosines of two pictures, or two texts,
    grow by what the constant adds, and a little more (up to most / lever) or less, as their
    corrections are alike or not.

    Both banks are unit rows (n, width), `directions` four orthonormal rows (4, width), `usual` the
    nearness of pictures and that of texts.
    """

    texts: Vectors
    pictures: Vectors
    directions: Vectors
    sharpness: float
    share: float
    max_drop: float
    max_rise: float
    lever: float
    usual: tuple[float, float]

    def even_pictures(self, vectors: Vectors) -> Vectors:
        """Correct the picture tower's unit rows (n, width)."""
        return self._even(vectors, self.texts, self.usual[0], (0, 1, 2))

    def even_texts(self, vectors: Vectors) -> Vectors:
        """Correct the text tower's unit rows (n, width)."""
        return self._even(vectors, self.pictures, self.usual[1], (1, 0, 3))

    def _even(
        self, vectors: Vectors, bank: Vectors, usual: float, places: tuple[int, int, int]
    ) -> Vectors:
        missing = self.share * (usual - nearness(vectors, bank, self.sharpness))
        correction = np.clip(missing, -self.max_drop, self.max_rise)[:, None]
        most = (self.max_drop + self.max_rise) / 2
        scale = 1 / (1 + most * (self.lever + 1 / self.lever))
        constant = np.sqrt(scale * most * self.lever)
        shift = scale * (correction + most - self.max_rise) / constant
        fill = np.sqrt(np.maximum(scale * most / self.lever - shift**2, 0))
        own, other, rest = (self.directions[place] for place in places)
        plain = vectors - (vectors @ self.directions.T) @ self.directions
        plain *= np.sqrt(scale) / np.linalg.norm(plain, axis=1, keepdims=True)
        even: Vectors = (plain + shift * own + constant * other + fill * rest).astype(np.float32)
        return even

    def to_bytes(self) -> bytes:
        """Return the content of the file for `read_querybank`."""
        content = BytesIO()
        numbers = [
            self.sharpness,
            self.share,
            self.max_drop,
            self.max_rise,
            self.lever,
            *self.usual,
        ]
        np.savez(
            content,
            texts=self.texts.astype(np.float16),
            pictures=self.pictures.astype(np.float16),
            directions=self.directions,
            told=np.array(numbers),
        )
        return content.getvalue()


def nearness(vectors: Vectors, bank: Vectors, sharpness: float) -> Scores:
    """Return the soft maximum (n,) of cosines of vectors (n, width) with a bank (m, width).

    It is the logarithm of the mean of exp(sharpness cosine), divided by the sharpness.
    """
    cosines = vectors @ bank.T
    highest = cosines.max(axis=1, keepdims=True)
    mean = np.exp(sharpness * (cosines - highest)).mean(axis=1)
    near: Scores = highest[:, 0] + np.log(mean) / sharpness
    return near


def read_querybank(file: Path) -> Querybank:
    """Read the querybank of a pair.

    Raises:
        OSError: the file can't be read.
        RuntimeError: the file is not a querybank.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            sharpness, share, max_drop, max_rise, lever, of_pictures, of_texts = map(
                float, arrays["told"]
            )
            return Querybank(
                texts=arrays["texts"].astype(np.float32),
                pictures=arrays["pictures"].astype(np.float32),
                directions=arrays["directions"],
                sharpness=sharpness,
                share=share,
                max_drop=max_drop,
                max_rise=max_rise,
                lever=lever,
                usual=(of_pictures, of_texts),
            )
    except (BadZipFile, EOFError, ValueError, KeyError) as error:
        raise RuntimeError(f"{file.name} is damaged") from error
