"""The settings of a training run; with a seed and the data they determine the checkpoint."""

from dataclasses import dataclass, replace

from indexer.training.schedule import rate_at


@dataclass(frozen=True, slots=True)
class Recipe:
    """Learning rates are AdamW's peaks, shares are 0..1, weights multiply their losses.

    For `alone` epochs the picture tower is trained towards still texts (alone.py); `epochs` more
    train both towers. A share `mixed` of the steps shows two pictures in each view.
    """

    epochs: int = 32
    alone: int = 0
    batch: int = 128
    seed: int = 17
    held_out: int = 250
    width: int = 384
    rate_body: float = 2.5e-4
    rate_text: float = 1e-4
    rate_words: float = 3e-4
    rate_heads: float = 1e-3
    decay: float = 0.05
    warmup: float = 0.04
    ema: float = 0.995
    mixed: float = 0.3
    forgotten: float = 0.15
    written: float = 0.8
    chinese_draws: int = 2
    dropout: float = 0.2
    soft_share: float = 0.2
    soft_sharpness: float = 12.0
    distill: float = 1.0
    lessons: float = 1.0
    opinions: float = 0.2

    def rate_at(self, step: int, steps: int) -> float:
        """The share of the peak rate at a step."""
        return rate_at(step, steps, self.warmup)


def further(recipe: Recipe) -> Recipe:
    """The recipe for towers that have learned already: about a third of the peak rates."""
    return replace(recipe, rate_body=6e-5, rate_text=4e-5, rate_words=1e-4, rate_heads=2e-4)
