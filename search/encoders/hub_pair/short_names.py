"""The table of short names: pairs to begin with, and their published figures."""

from dataclasses import dataclass
from datetime import date

IMMICH = "https://github.com/immich-app/immich/blob/main/docs/docs/features/searching.md"
CHINESE_CLIP = "https://github.com/OFA-Sys/Chinese-CLIP/blob/master/Results.md"
CHECKED = date(2026, 11, 30)
"""The day on which the sources were read."""

CROSSMODAL = "Crossmodal-3600, mean of R@1, R@5 and R@10"


LANGUAGES = {"en": "English", "zh": "Chinese"}
"""The names of the languages of published recalls."""


@dataclass(frozen=True, slots=True)
class Recall:
    """A published recall for texts in one language, in percent, and what was measured."""

    language: str
    percent: float
    measure: str = CROSSMODAL


@dataclass(frozen=True, slots=True)
class ShortName:
    """A pair of the hub under a short name.

    `parameters` are both towers', in millions; `picture_gmacs` is the work of a picture, by the
    rule of docs/encoders.md. Figures without a source are None.
    """

    repository: str
    good_for: str
    languages: tuple[str, ...]
    parameters: int
    picture_gmacs: float
    memory_mib: int | None = None
    recalls: tuple[Recall, ...] = ()
    source: str = ""

    @property
    def size_bytes(self) -> int:
        """Return the download in float32, by the parameters: the hub has the exact figure."""
        return 4_000_000 * self.parameters

    @property
    def recall(self) -> str:
        """Return the published recalls as text: "68.3 % English, 72.5 % Chinese"."""
        return ", ".join(
            f"{each.percent} % {LANGUAGES[each.language]}"
            if each.measure == CROSSMODAL
            else f"{each.measure} {each.percent} %"
            for each in self.recalls
        )


SHORT_NAMES: dict[str, ShortName] = {
    "light": ShortName(
        repository="immich-app/ViT-B-32__laion2b-s34b-b79k",
        good_for="English on a machine without a GPU",
        languages=("en",),
        parameters=151,
        picture_gmacs=4.4,
        memory_mib=1001,
        recalls=(Recall("en", 68.8),),
        source=IMMICH,
    ),
    "balanced": ShortName(
        repository="immich-app/ViT-B-16-SigLIP2__webli",
        good_for="the best English for its work, and larger languages",
        languages=("many",),
        parameters=375,
        picture_gmacs=18.2,
        memory_mib=3038,
        recalls=(Recall("en", 75.2), Recall("zh", 64.4)),
        source=IMMICH,
    ),
    "best": ShortName(
        repository="immich-app/ViT-SO400M-16-SigLIP2-384__webli",
        good_for="small details and larger languages, with a GPU",
        languages=("many",),
        parameters=1136,
        picture_gmacs=247.0,
        memory_mib=3854,
        recalls=(Recall("en", 75.1), Recall("zh", 67.3)),
        source=IMMICH,
    ),
    "chinese": ShortName(
        repository="Xenova/chinese-clip-vit-base-patch16",
        good_for="Chinese",
        languages=("zh",),
        parameters=188,
        picture_gmacs=16.9,
        recalls=(Recall("zh", 62.7, "Flickr30k-CN R@1"),),
        source=CHINESE_CLIP,
    ),
    "multilingual": ShortName(
        repository="immich-app/XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k",
        good_for="about 100 languages on a machine without a GPU",
        languages=("many",),
        parameters=366,
        picture_gmacs=4.4,
        memory_mib=3030,
        recalls=(Recall("en", 68.3), Recall("zh", 72.5)),
        source=IMMICH,
    ),
}
"""By Immich's source, recall is the mean of R@1, R@5 and R@10 on Crossmodal-3600, and memory is
what its process took at most, in float32. Parameters are those of open_clip's model_profile.csv
and of Chinese-CLIP's page; of SigLIP 2, those of the layers in open_clip's configurations."""
