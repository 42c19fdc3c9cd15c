"""The pair that ships with Limn: MobileNetV2 and a small BERT, trained here, run by onnxruntime."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from search.encoders.preparation import Preparation
from search.errors import EncoderUnavailable
from search.records import Pixels, Space, Vectors

FOLDER = Path(__file__).parent / "pair"

FILES = ("image.onnx", "text.onnx", "tokenizer.json")
"""What pair.json describes and gives the digests of."""

PICTURES = 8
"""Pictures in one run: on one core 8 went at 99 a second, 32 at 88, for what the caches hold."""

TEXTS = 64

LONGEST_TEXT = 10_000
"""Characters looked at; the tower reads 48 tokens, so nothing is lost but time."""


@dataclass(frozen=True, slots=True)
class BuiltinEncoder:
    """A pair of ONNX graphs; both take raw input (uint8 pixels, token ids) and give unit rows.

    Safe to call from many threads: onnxruntime's and the tokenizer's calls share no state.
    """

    space: Space
    preparation: Preparation
    languages: tuple[str, ...]
    pictures: onnxruntime.InferenceSession
    texts: onnxruntime.InferenceSession
    tokenizer: Tokenizer

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, 224, 224, 3) uint8 -> (n, width)."""
        parts = [np.empty((0, self.space.width), np.float32)]
        for start in range(0, len(pixels), PICTURES):
            batch = np.ascontiguousarray(pixels[start : start + PICTURES])
            parts.append(self.pictures.run(None, {"pixels": batch})[0])
        return np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts of any Unicode -> (n, width); what is past 48 tokens is cut.

        Texts of like length run together, padded to the longest of their batch.
        """
        ids = [self.tokenizer.encode(_readable(text)).ids for text in texts]
        vectors = np.empty((len(ids), self.space.width), np.float32)
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        for start in range(0, len(order), TEXTS):
            places = order[start : start + TEXTS]
            padded = np.zeros((len(places), len(ids[places[-1]])), np.int64)
            for row, place in enumerate(places):
                padded[row, : len(ids[place])] = ids[place]
            vectors[places] = self.texts.run(None, {"ids": padded})[0]
        return vectors


def pair_folder(spec: str) -> Path:
    """The folder that `builtin` or `builtin@/path/to/pair` names."""
    _, at, place = spec.partition("@")
    return Path(os.path.abspath(os.path.expanduser(place))) if at else FOLDER


def open_builtin(folder: Path = FOLDER, threads: int = 0) -> BuiltinEncoder:
    """Open the pair in `folder`; `threads` bounds the CPU threads of one call, 0 leaves it free.

    The space's id is a digest of the files' bytes, which hold architecture, weights, normalisation
    and tokenizer, and of pair.json, which holds the preparation.

    Raises:
        EncoderUnavailable: a file is missing, damaged or of an unknown format.
    """
    try:
        described = (folder / "pair.json").read_bytes()
        contents = {name: (folder / name).read_bytes() for name in FILES}
        facts = json.loads(described)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        damaged = [name for name in FILES if facts["sha256"][name] != digests[name]]
        if damaged:
            raise EncoderUnavailable(_advice(folder, f"{damaged[0]} is damaged"))
        identity = hashlib.sha256(described + "".join(digests.values()).encode()).hexdigest()
        return BuiltinEncoder(
            space=Space(f"builtin-{identity[:12]}", _specification(folder), int(facts["width"])),
            preparation=_preparation(facts["preparation"]),
            languages=tuple(facts["languages"]),
            pictures=_session(contents["image.onnx"], threads),
            texts=_session(contents["text.onnx"], threads),
            tokenizer=Tokenizer.from_str(contents["tokenizer.json"].decode()),
        )
    except EncoderUnavailable:
        raise
    except OSError as error:
        raise EncoderUnavailable(
            _advice(folder, f"{error.filename} can't be read: {error.strerror}")
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise EncoderUnavailable(_advice(folder, f"pair.json is damaged ({error})")) from error


def _specification(folder: Path) -> str:
    return "builtin" if folder == FOLDER else f"builtin@{folder.absolute()}"


def _session(graph: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that spin while they wait took 3 times the CPU, and 12 ms a text where this takes 5,
    # on two cores that had other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _preparation(facts: dict[str, Any]) -> Preparation:
    red, green, blue = facts["mean"]
    deviations = facts["std"]
    return Preparation(
        height_px=facts["height_px"],
        width_px=facts["width_px"],
        resize=facts["resize"],
        interpolation=facts["interpolation"],
        mean=(red, green, blue),
        std=(deviations[0], deviations[1], deviations[2]),
    )


def _readable(text: str) -> str:
    """Cut `text` and replace lone surrogates, which UTF-8 can't carry; pairs of them are joined."""
    cut = text[:LONGEST_TEXT]
    return cut.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _advice(folder: Path, what: str) -> str:
    remedy = "install Limn again" if folder == FOLDER else "train it again with limn train"
    return (
        f"the pair in {os.fspath(folder)!r} can't be opened: {what}; {remedy}, "
        f"or choose another encoder with --encoder"
    )
