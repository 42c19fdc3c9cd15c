"""The vectors of every caption, by a text tower that does not learn."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indexer.training.builtin.examples import PairExamples, choose_sentence, pool_in_chunks
from indexer.training.builtin.text_tower import TextTower


class SentenceVectors:
    """The vectors of all sentences of the training pictures, computed once."""

    @torch.no_grad()
    def __init__(self, tower: TextTower, examples: PairExamples) -> None:
        """Embed every different sentence."""
        rows: dict[tuple[int, ...], int] = {}
        self._examples = examples
        self._rows = [
            [[rows.setdefault(tuple(each.ids[0]), len(rows)) for each in own] for own in side]
            for side in examples.by_language
        ]
        tower.eval()
        with torch.autocast(tower.positions.device.type, dtype=torch.bfloat16):
            states = pool_in_chunks(tower, [list(ids) for ids in rows])
            self._vectors = tower.joint(states)

    def draw(
        self,
        language: int,
        places: NDArray[np.int64],
        draw: np.random.Generator,
        written_rate: float,
    ) -> Tensor:
        """Draw a sentence of each picture at `places` -> (n, width) unit rows."""
        side = self._examples.by_language[language]
        rows = [
            self._rows[language][place][choose_sentence(side[place], draw, written_rate)]
            for place in places
        ]
        return self._vectors[torch.tensor(rows, device=self._vectors.device)]
