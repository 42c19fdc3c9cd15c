"""The layouts of published pairs: which files a pair has, and what its configuration says."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from search.encoders.preparation import Preparation


@dataclass(frozen=True, slots=True)
class PairFiles:
    """The files of a pair in one variant, by their names in the repository.

    `pictures` and `texts` are the same name where one graph has both towers. `quantize` is True
    where the variant int8 is to be made from these graphs.
    """

    layout: str
    pictures: str
    texts: str
    configuration: tuple[str, ...]
    external: tuple[str, ...] = ()
    quantize: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return every file once, the data of a graph before the graph."""
        graphs = dict.fromkeys((self.pictures, self.texts))
        return (*self.configuration, *self.external, *graphs)


@dataclass(frozen=True, slots=True)
class TextRules:
    """The rules by which a text becomes the input of a text tower.

    `clean` names a way of cleaning, "" for none. `full` is True where each text takes all
    `context` tokens, and False where the mask hides the padding. `left` pads on the left. Tokens
    equal to `stripped` become 0. `flores` puts the code of a language before the text.
    """

    tokenizer: str
    context: int
    pad_token: str
    clean: str = ""
    full: bool = True
    left: bool = False
    stripped: str = ""
    flores: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """The contents of a pair's configuration.

    `label` begins the name of the space. `width` is None where only the graphs have it. `shorter`
    are the widths to which the authors allow vectors to be cut.
    """

    label: str
    preparation: Preparation
    text: TextRules
    width: int | None
    shorter: tuple[int, ...] = ()
    has_pooler_output: bool = False
    """Whether the pooled state is the embedding; elsewhere it lacks the projection."""


class PairLayout(Protocol):
    """A layout of repositories."""

    name: str

    def variants(self, names: Collection[str]) -> Sequence[str]:
        """Return the variants whose graphs are among a repository's files: "" for the full one."""

    def select(self, names: Collection[str], variant: str) -> PairFiles | None:
        """Return the files of a variant, or None if they are not all there."""

    def describe(self, folder: Path) -> Description:
        """Return the contents of the configuration in `folder`.

        Raises:
            OSError, ValueError, KeyError, TypeError: a file is missing or says something else.
        """


def data_files(names: Collection[str], graph: str, *, alone: bool) -> tuple[str, ...]:
    """Return the files that may hold the weights of a graph, in its folder.

    `alone` is True where a folder has one graph. Older exports have a file for each tensor there,
    named after the tensor; the graph refers to each by its name.
    """
    folder, _, file = graph.rpartition("/")
    files = []
    for name in sorted(names):
        place, _, own = name.rpartition("/")
        if place != folder or own == file or "\\" in own:
            continue
        if own.startswith((f"{file}_data", f"{file}.data")) or (alone and not _is_other(own)):
            files.append(name)
    return tuple(files)


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    document: dict[str, Any] = json.loads(file.read_bytes())
    return document


def token_text(token: str | dict[str, Any]) -> str:
    """Return the text of a special token, which may be a document of its own."""
    return str(token["content"]) if isinstance(token, dict) else token


def _is_other(name: str) -> bool:
    """Return whether a file is certainly no weights of an ONNX graph."""
    foreign = (".onnx", ".json", ".txt", ".md", ".model", ".armnn", ".rknn", ".yaml", ".py")
    return name.startswith((".", "README", "LICENSE")) or name.endswith(foreign) or ".onnx" in name
