"""The retrieval report: an encoder's recall on captioned pictures, as records and as a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.metrics import Measure, intervals, picture_ranks, text_ranks
from search.encoders import Encoder
from search.pictures import read_picture
from search.records import Pixels, Vectors
from search.text.amounts import amount

BATCH = 64
DIRECTIONS = {"text_to_picture": "text to picture", "picture_to_text": "picture to text"}


@dataclass(frozen=True, slots=True)
class Report:
    """Measures by language and direction, with the pictures and captions they were taken on."""

    space: str
    pictures: int
    texts: Mapping[str, int]
    measures: Mapping[str, Mapping[str, Mapping[str, Measure]]]


def measure(
    encoder: Encoder, pairs: Sequence[CaptionedPicture], languages: Sequence[str]
) -> Report:
    """Embed every picture and the captions that people wrote, and rank both ways.

    A language without a caption is left out.
    """
    pictures = embedded_pictures(encoder, pairs)
    texts: dict[str, int] = {}
    measures: dict[str, dict[str, Mapping[str, Measure]]] = {}
    for language in languages:
        queries = [
            (text, place)
            for place, pair in enumerate(pairs)
            for text in pair.captions.get(language, ())
        ]
        if not queries:
            continue
        owners = np.array([place for _, place in queries], np.int64)
        vectors = embedded_texts(encoder, [text for text, _ in queries])
        similarities = vectors @ pictures.T
        texts[language] = len(queries)
        measures[language] = {
            "text_to_picture": intervals(text_ranks(similarities, owners), owners),
            "picture_to_text": intervals(
                picture_ranks(similarities, owners), np.arange(len(pairs))
            ),
        }
    return Report(encoder.space.id, len(pairs), texts, measures)


def embedded_pictures(encoder: Encoder, pairs: Sequence[CaptionedPicture]) -> Vectors:
    """Embed every picture, a batch in memory at a time -> (n, width).

    Raises:
        BadPicture: one can't be read.
    """
    return np.concatenate([encoder.encode_pixels(pixels) for pixels in _batches(encoder, pairs)])


def _batches(encoder: Encoder, pairs: Sequence[CaptionedPicture]) -> Iterator[Pixels]:
    side_px = max(encoder.preparation.width_px, encoder.preparation.height_px)
    for start in range(0, len(pairs), BATCH):
        batch = []
        for pair in pairs[start : start + BATCH]:
            picture, _ = read_picture(pair.path, target_px=side_px)
            batch.append(encoder.preparation.pixels(picture))
        yield np.stack(batch)


def embedded_texts(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Embed every text -> (n, width)."""
    parts = [
        encoder.encode_texts(texts[start : start + 1024]) for start in range(0, len(texts), 1024)
    ]
    return np.concatenate(parts)


def table(report: Report) -> str:
    """Return the report as lines of text, per cent with 95% intervals."""
    lines = [
        f"{report.space} on {amount(report.pictures, 'picture')} "
        "(95% intervals by bootstrap over pictures)"
    ]
    lines.append(f"{'':22}{'R@1 %':>24}{'R@5 %':>24}{'R@10 %':>24}{'median rank':>24}{'MRR':>24}")
    for language, directions in report.measures.items():
        for direction, measures in directions.items():
            cells = [
                _cell(measures[name], 100, 1) for name in ("recall@1", "recall@5", "recall@10")
            ]
            cells += [_cell(measures["median_rank"], 1, 1), _cell(measures["mrr"], 1, 3)]
            lines.append(
                f"{language} {DIRECTIONS[direction]:19}" + "".join(f"{cell:>24}" for cell in cells)
            )
    return "\n".join(lines)


def _cell(measure: Measure, scale: float, digits: int) -> str:
    value, low, high = (
        f"{part * scale:.{digits}f}" for part in (measure.value, measure.low, measure.high)
    )
    return f"{value} [{low}, {high}]"
