"""A run of a suite: each encoder embeds its pictures once, and every figure comes from them."""

from collections.abc import Iterable, Mapping, Sequence

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.report import embedded_pictures
from indexer.evaluation.suite.confidence import BareCollection, BestHits
from indexer.evaluation.suite.reading import PictureSet, Suite
from indexer.evaluation.suite.records import RowName, SuiteReport, SuiteRow
from indexer.evaluation.suite.retrieval import class_samples, sentence_samples
from indexer.evaluation.suite.same_sense import EmbedSentences, SameSense
from indexer.evaluation.suite.sampling import Sample
from search.encoders import Encoder
from search.records import Vectors


def measure_suite(
    suite: Suite, encoders: Iterable[Encoder], embed_sentences: EmbedSentences | None = None
) -> SuiteReport:
    """Measure a suite by encoders, one or more, one after another.

    With a sentence encoder, the confidence in sentences is also compared with whether the picture
    suits them, by the captions of both.

    Raises:
        BadPicture: a picture can't be read.
    """
    pictures = suite.pictures
    with_sentences = [picture for part in suite.sentences for picture in part.pictures]
    judge = SameSense(with_sentences, embed_sentences) if embed_sentences else None
    spaces: list[str] = []
    columns: list[Mapping[RowName, Sample]] = []
    for encoder in encoders:
        spaces.append(encoder.space.id)
        columns.append(_samples(suite, encoder, pictures, judge))
    rows = [_row(name, [column[name] for column in columns]) for name in columns[0]]
    return SuiteReport(spaces, len(pictures), suite.cutoff, rows)


def _row(name: RowName, samples: Sequence[Sample]) -> SuiteRow:
    base = samples[0]
    return SuiteRow(
        name,
        questions=int(base.counts.sum()),
        units=len(base.counts),
        chance=base.chance,
        figures=[sample.measure() for sample in samples],
        differences=[sample.difference(base) for sample in samples[1:]],
    )


def _samples(
    suite: Suite,
    encoder: Encoder,
    pictures: Sequence[CaptionedPicture],
    judge: SameSense | None,
) -> Mapping[RowName, Sample]:
    """Return the samples of every figure by one encoder, in the order of the rows."""
    vectors = embedded_pictures(encoder, pictures)
    places = {picture.path: row for row, picture in enumerate(pictures)}

    def vectors_of(part: PictureSet) -> Vectors:
        rows: Vectors = vectors[[places[picture.path] for picture in part.pictures]]
        return rows

    samples: dict[RowName, Sample] = {}
    best = BestHits(judge)
    collections = [BareCollection(vectors_of(part), encoder) for part in suite.picture_sets]
    for part, collection in zip(suite.sentences, collections, strict=False):
        for language in part.templates:
            samples |= sentence_samples(part, language, vectors_of(part), encoder)
            best.ask_sentences(part, language, collection)
    for part, collection in zip(suite.classes, collections[len(suite.sentences) :], strict=True):
        for language in part.templates:
            samples |= class_samples(part, language, vectors_of(part), encoder)
            best.ask_words(part, language, collection)
    for questions in suite.questions:
        for collection in collections:
            best.ask_questions(questions, collection)
    return {**samples, **best.samples(suite.cutoff)}
