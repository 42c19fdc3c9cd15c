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

        (cosine + correction of either + lowered - raised) / (1 + most (lever + 1 / lever))

    where a correction is `share` of what the vector's `nearness` to the bank of the other kind is
    below the `usual` one, from -lowered to raised, and most is (lowered + raised) / 2. A vector
    unlike all training data is near to nothing, and little is raised.

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
    lowered: float
    raised: float
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
        correction = np.clip(missing, -self.lowered, self.raised)[:, None]
        most = (self.lowered + self.raised) / 2
        scale = 1 / (1 + most * (self.lever + 1 / self.lever))
        constant = np.sqrt(scale * most * self.lever)
        held = scale * (correction + most - self.raised) / constant
        filled = np.sqrt(np.maximum(scale * most / self.lever - held**2, 0))
        own, other, rest = (self.directions[place] for place in places)
        plain = vectors - (vectors @ self.directions.T) @ self.directions
        plain *= np.sqrt(scale) / np.linalg.norm(plain, axis=1, keepdims=True)
        even: Vectors = (plain + held * own + constant * other + filled * rest).astype(np.float32)
        return even

    def packed(self) -> bytes:
        """Return the content of the file for `read_querybank`."""
        content = BytesIO()
        told = [self.sharpness, self.share, self.lowered, self.raised, self.lever, *self.usual]
        np.savez(
            content,
            texts=self.texts.astype(np.float16),
            pictures=self.pictures.astype(np.float16),
            directions=self.directions,
            told=np.array(told),
        )
        return content.getvalue()


def nearness(vectors: Vectors, bank: Vectors, sharpness: float) -> Scores:
    """Return the soft maximum (n,) of cosines of vectors (n, width) with a bank (m, width): the
    logarithm of the mean of exp(sharpness cosine), divided by the sharpness."""
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
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
            sharpness, share, lowered, raised, lever, of_pictures, of_texts = map(
                float, held["told"]
            )
            return Querybank(
                texts=held["texts"].astype(np.float32),
                pictures=held["pictures"].astype(np.float32),
                directions=held["directions"],
                sharpness=sharpness,
                share=share,
                lowered=lowered,
                raised=raised,
                lever=lever,
                usual=(of_pictures, of_texts),
            )
    except (BadZipFile, EOFError, ValueError, KeyError) as error:
        raise RuntimeError(f"{file.name} is damaged") from error
