"""Pretrained parts that a run starts from, with clear errors for bad files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from search.errors import BadSource

MINILM = "all-MiniLM-L6-v2"


@contextmanager
def source_errors(path: Path, what: str) -> Iterator[None]:
    """Report a bad file or folder at `path`, which should hold `what`, as BadSource.

    Raises:
        BadSource: a file is missing or damaged, or the weights are another network's.
    """
    try:
        yield
    except (OSError, SafetensorError, ValueError) as error:
        raise BadSource(
            "weights-unreadable",
            "can't read {part} from {path!r}: {error}",
            part=what,
            path=str(path),
            error=error,
        ) from error
    except (RuntimeError, KeyError) as error:
        raise BadSource(
            "weights-of-another-part",
            "{path!r} does not hold the weights of {part}: other parts than its own are there",
            path=str(path),
            part=what,
        ) from error
