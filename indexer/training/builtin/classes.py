"""ImageNet's classes by name, and the backbone's opinions of the training pictures over them."""

import csv
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from indexer.training.builtin.examples import TokenIds, pool_in_chunks
from indexer.training.builtin.named import TEMPLATES
from indexer.training.builtin.picture_tower import PictureTower
from indexer.training.builtin.text_tower import TextTower
from indexer.training.builtin.views import Views

NAMES = Path(__file__).parent / "imagenet.csv"

ENGLISH = 0.6
"""The share of the steps that ask for classes in English."""

LIVE = 32
"""Classes of a step whose names learn, too; the vectors of all others are from the last refresh."""

REFRESH = 40
"""Steps from one refresh of all names' vectors to the next."""


def class_names() -> list[tuple[int, str, str]]:
    """Return the number, English and Chinese name of ImageNet's classes; some have several rows."""
    with NAMES.open(encoding="utf-8", newline="") as lines:
        return [
            (int(row["number"]), row["english"], row["chinese"]) for row in csv.DictReader(lines)
        ]


class ClassTexts:
    """The vectors of all classes' names in both languages, in sentences that change.

    Classes are numbered from 0 without a gap.
    """

    def __init__(self, names: list[tuple[int, str, str]], tokenizer: Tokenizer) -> None:
        """Tokenise every name in every sentence."""
        self._choices: list[list[list[TokenIds]]] = [[], []]
        for language, templates in enumerate(TEMPLATES.values()):
            for number in sorted({number for number, *_ in names}):
                own = dict.fromkeys(row[1 + language] for row in names if row[0] == number)
                self._choices[language].append(
                    [tokenizer.encode(each.format(name)).ids for name in own for each in templates]
                )
        self._prompts: list[list[TokenIds]] = [[], []]
        self._vectors: list[Tensor] = []

    @torch.no_grad()
    def refresh(self, tower: TextTower, draw: np.random.Generator) -> None:
        """Draw a sentence for each class and language, and embed all of them."""
        was_training = tower.training
        tower.eval()
        self._prompts = [
            [choices[int(draw.integers(len(choices)))] for choices in of_language]
            for of_language in self._choices
        ]
        self._vectors = [tower.joint(pool_in_chunks(tower, prompts)) for prompts in self._prompts]
        tower.train(was_training)

    def draw(self, opinions: Tensor, draw: np.random.Generator, live: int = LIVE) -> "DrawnClasses":
        """Draw a language, and `live` of the likeliest classes by `opinions` (n, classes)."""
        language = int(draw.random() >= ENGLISH)
        likeliest = np.unique(opinions.argmax(1).cpu().numpy())
        chosen = draw.permutation(likeliest)[:live]
        prompts = [self._prompts[language][number] for number in chosen]
        return DrawnClasses(prompts, opinions, chosen, self._vectors[language])


class DrawnClasses:
    """The classes of one step: the `prompts` to embed, and the vectors of all others.

    `opinions` (n, classes) are the classifier's logits of the step's pictures.
    """

    def __init__(
        self,
        prompts: list[TokenIds],
        opinions: Tensor,
        live: NDArray[np.int64],
        vectors: Tensor,
    ) -> None:
        self.prompts = prompts
        self.opinions = opinions
        self._live = live
        self._vectors = vectors

    def vectors(self, live: Tensor) -> Tensor:
        """Return the vectors of all classes (classes, width); `live` are those of the prompts."""
        vectors = self._vectors.to(live.dtype).clone()
        vectors[torch.from_numpy(self._live).to(vectors.device)] = live
        return vectors


@torch.no_grad()
def opinions_of(
    tower: PictureTower, classifier: tuple[Tensor, Tensor], views: Views
) -> NDArray[np.float16]:
    """Return the ImageNet classifier's logits of each whole picture, (pictures, classes).

    `tower` still has ImageNet's weights; `classifier` are its weights (classes, 1280) and biases.
    """
    logits = []
    tower.eval()
    for start in range(0, len(views), 64):
        pixels = views.plain(np.arange(start, min(len(views), start + 64)))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            last, _ = tower.maps(tower.lower(pixels))
        features = last.float().mean((2, 3))
        logits.append((features @ classifier[0].T + classifier[1]).half().numpy())
    return np.concatenate(logits)
