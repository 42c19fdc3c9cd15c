"""A pair's folder: pair.json, and the files whose digests pair.json lists."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.encoders.preparation import Preparation
from search.errors import EncoderUnavailable, system_reason

FILES = ("image.onnx", "text.onnx", "tokenizer.json")
"""The files whose digests pair.json lists; and `QUERYBANK`, if there is one."""

DESCRIPTION = "pair.json"
QUERYBANK = "querybank.npz"


@dataclass(frozen=True, slots=True)
class PairFolder:
    """A folder with undamaged files: the facts in pair.json, its bytes, and the files' digests."""

    facts: dict[str, Any]
    description: bytes
    digests: dict[str, str]


@contextmanager
def translate_errors(folder: Path, remedy: str) -> Iterator[None]:
    """Turn any failure to open the pair in `folder` into an error that names the remedy.

    Raises:
        EncoderUnavailable: a file is missing, damaged, or not for this machine's onnxruntime.
    """

    def unavailable(what: str) -> EncoderUnavailable:
        return EncoderUnavailable(
            "pair-damaged",
            "the pair in {folder!r} can't be opened: {reason}; {remedy}, "
            "or choose another encoder with --encoder",
            folder=os.fspath(folder),
            reason=what,
            remedy=remedy,
        )

    try:
        yield
    except OSError as error:
        raise unavailable(f"{error.filename} can't be read: {system_reason(error)}") from error
    except RuntimeError as error:
        raise unavailable(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unavailable(f"{DESCRIPTION} is damaged ({error})") from error


def read_folder(folder: Path) -> PairFolder:
    """Read pair.json and check the files' digests; call it within `translate_errors`.

    Raises:
        RuntimeError: a file is damaged.
    """
    description = (folder / DESCRIPTION).read_bytes()
    facts = json.loads(description)
    names = [*FILES, *({QUERYBANK} & facts["sha256"].keys())]
    digests = {name: file_digest(folder / name) for name in names}
    for name in names:
        if facts["sha256"][name] != digests[name]:
            raise RuntimeError(f"{name} is damaged")
    return PairFolder(facts, description, digests)


def describe(folder: Path, facts: Mapping[str, object]) -> None:
    """Write pair.json; `facts` include the digests of the pair's files."""
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    (folder / DESCRIPTION).write_text(text, encoding="utf-8")


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def preparation_of(facts: dict[str, Any]) -> Preparation:
    """Return the preparation in the facts of pair.json."""
    red, green, blue = facts["mean"]
    deviations = facts["std"]
    return Preparation(
        height_px=facts["height_px"],
        width_px=facts["width_px"],
        resize=facts["resize"],
        interpolation=facts["interpolation"],
        mean=(red, green, blue),
        std=(deviations[0], deviations[1], deviations[2]),
        fill=facts["fill"],
    )
