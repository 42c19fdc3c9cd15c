"""A suite as it is measured: the pictures, captions and questions that its definition names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from indexer.evaluation.suite.definition import (
    ClassesPart,
    QuestionKind,
    SentencesPart,
    read_definition,
)
from search.errors import BadSource
from search.text.analysis import query_words, words_of

FILE = "suite.toml"


@dataclass(frozen=True, slots=True)
class PictureSet:
    """A part's name, its pictures, and its languages, each with a template for a caption."""

    name: str
    pictures: Sequence[CaptionedPicture]
    templates: dict[str, str]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions of one kind in one language."""

    kind: QuestionKind
    language: str
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with all of its captions and questions read."""

    cutoff: float
    sentences: Sequence[PictureSet]
    classes: Sequence[PictureSet]
    questions: Sequence[QuestionSet]

    @property
    def picture_sets(self) -> Sequence[PictureSet]:
        """Return the sets of pictures; each is a collection of its own."""
        return [*self.sentences, *self.classes]

    @property
    def pictures(self) -> Sequence[CaptionedPicture]:
        """Return the pictures of all sets, each file once."""
        return list(
            {each.path: each for part in self.picture_sets for each in part.pictures}.values()
        )


def read_suite(folder: Path, data: Path) -> Suite:
    """Read the definition in `folder`, and what it names in `data`.

    Raises:
        BadSource: a file is missing or not as required, or a caption names an absent thing.
    """
    definition = read_definition(folder / FILE)
    sentences = [
        _picture_set(part, data, dict.fromkeys(part.languages, "{}"))
        for part in definition.sentences
    ]
    classes = [_picture_set(part, data, part.templates) for part in definition.classes]
    questions = [
        QuestionSet(part.kind, part.language, _read_lines(folder / part.file))
        for part in definition.questions
    ]
    suite = Suite(definition.cutoff, sentences, classes, questions)
    _check_absent(suite)
    return suite


def _picture_set(
    part: SentencesPart | ClassesPart, data: Path, templates: dict[str, str]
) -> PictureSet:
    images = None if part.images is None else data / part.images
    pictures = read_pairs(data / part.captions, images, part.where)
    if part.held_out is not None:
        pictures = split(pictures, part.held_out)[1]
    for language in templates:
        if not any(language in picture.captions for picture in pictures):
            raise BadSource(
                "suite-language-unknown",
                "part {part!r} of the suite has no caption in {language!r}",
                part=part.name,
                language=language,
            )
    return PictureSet(part.name, pictures, templates)


def _read_lines(path: Path) -> Sequence[str]:
    """Return a file's questions, without blank lines, comments (#) and repetitions."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadSource(
            "suite-questions-unreadable",
            "can't read questions from {path!r}: {error}",
            path=str(path),
            error=error,
        ) from error
    texts = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not texts:
        raise BadSource(
            "suite-questions-missing", "no question is in {path!r}; one goes on a line", path=path
        )
    return texts


def _check_absent(suite: Suite) -> None:
    """Raise BadSource where all words of an absent thing are in a caption of its language."""
    for part in suite.picture_sets:
        for questions in suite.questions:
            if questions.kind == "absent":
                _check_absent_in(part, questions)


def _check_absent_in(part: PictureSet, questions: QuestionSet) -> None:
    captions = {
        text: frozenset(words_of(text))
        for picture in part.pictures
        for text in picture.captions.get(questions.language, ())
    }
    for question in questions.texts:
        wanted = frozenset(query_words(question))
        caption = next((text for text, words in captions.items() if wanted <= words), None)
        if wanted and caption is not None:
            raise BadSource(
                "suite-absent-named",
                "{question!r} is listed as absent, but a caption of {part!r} names it: {caption!r}",
                question=question,
                part=part.name,
                caption=caption,
            )
