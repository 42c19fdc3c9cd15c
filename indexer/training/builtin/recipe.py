"""The settings of a training run; with a seed and the data they determine the checkpoint."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Settings: learning rates are AdamW's peaks, shares 0..1, weights multiply their losses.

    The text tower and the picture tower's head learn first, for `head_epochs`, from the features
    of a backbone that does not learn (Kumar et al. 2022, "Fine-tuning can distort pretrained
    features"). `members` runs of the picture tower go on from there, towards texts that no longer
    change, draw by seeds of their own, and end as the mean of their weights (Wortsman et al. 2022).
    A share `mixed` of the steps shows two pictures in each view.
    """

    epochs: int = 10
    batch: int = 128
    seed: int = 17
    held_out: int = 250
    members: int = 4
    head_epochs: int = 4
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
    opinions: float = 0.5
    opinion_temperature: float = 1.5
    texts_learn: bool = False

    def head_stage(self) -> "TrainingConfig":
        """Return the settings of the first stage, which all members go on from."""
        return replace(self, epochs=self.head_epochs, mixed=0.0, members=1, texts_learn=True)

    def member(self, number: int) -> "TrainingConfig":
        """Return the settings of the run `number`, counted from 0.

        The total is left out, so that more runs can join.
        """
        return replace(self, seed=self.seed + number, members=1)
