"""The document `suite.toml`, which names the parts of a suite."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from search.errors import BadSource

QuestionKind = Literal["absent", "nonsense"]

Template = Annotated[str, msgspec.Meta(pattern=r"^[^{}]*\{\}[^{}]*$")]
"""A sentence with {} in the place of a class's name."""

HeldOut = Annotated[int, msgspec.Meta(ge=2)]
"""So many of the pictures, those that `limn train` holds out."""


class SentencesPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures with sentences about them; paths are relative to the data folder."""

    name: str
    captions: str
    languages: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    images: str | None = None
    where: dict[str, str] = {}
    held_out: HeldOut | None = None


class ClassesPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures with their classes' names as captions, and a template for each language."""

    name: str
    captions: str
    templates: Annotated[dict[str, Template], msgspec.Meta(min_length=1)]
    images: str | None = None
    where: dict[str, str] = {}
    held_out: HeldOut | None = None


class QuestionsPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Questions without a right picture, one on a line; the file is beside `suite.toml`."""

    kind: QuestionKind
    language: str
    file: str


class SuiteDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document `suite.toml`."""

    cutoff: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    sentences: tuple[SentencesPart, ...] = ()
    classes: tuple[ClassesPart, ...] = ()
    questions: tuple[QuestionsPart, ...] = ()


def read_definition(path: Path) -> SuiteDefinition:
    """Read and check the document.

    Raises:
        BadSource: it can't be read, has no pictures, or has two parts of one name.
    """
    try:
        definition = msgspec.convert(tomllib.loads(path.read_text("utf-8")), SuiteDefinition)
    except (OSError, ValueError) as error:  # the errors of TOML and msgspec are ValueErrors
        raise BadSource(
            "suite-unreadable",
            "can't read the suite {suite!r}: {error}",
            suite=str(path),
            error=error,
        ) from error
    parts: list[SentencesPart | ClassesPart] = [*definition.sentences, *definition.classes]
    names = [part.name for part in parts]
    if not names:
        raise BadSource(
            "suite-without-pictures",
            "{suite!r} names no pictures; add a part [[sentences]] or [[classes]]",
            suite=str(path),
        )
    if len(set(names)) < len(names):
        raise BadSource(
            "suite-part-twice",
            "{suite!r} has two parts of the name {part!r}; rename one",
            suite=str(path),
            part=max(names, key=names.count),
        )
    return definition
