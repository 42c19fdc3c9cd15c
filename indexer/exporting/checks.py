"""Whether a pair can be exported, known before torch is imported; and how near it must stay."""

import os
from pathlib import Path
from typing import Literal

from search import plugins
from search.encoders.checks import check_encoder, unknown
from search.encoders.openclip.specification import FORMS
from search.errors import BadSetting, LimnError, StorageFailed

Precision = Literal["float32", "float16", "int8"]

LOWEST_COSINE: dict[Precision, float] = {"float32": 0.9999, "float16": 0.999, "int8": 0.99}
"""Of an exported tower's vectors with torch's, the lowest over the probes."""


class CantExport(LimnError):
    """A pair can't be written as ONNX: a part of it has no such form."""


class ExportDiffers(LimnError):
    """The exported graphs do not give torch's vectors."""


def check_exportable(spec: str) -> None:
    """Refuse a pair that is not open_clip's, and one that can't be had.

    Raises:
        BadSetting, EncoderUnavailable: as `search.encoders.checks.check_encoder` does.
    """
    if spec.startswith("open_clip:"):
        check_encoder(spec)
    elif plugins.find("encoders", spec) is not None:
        raise BadSetting(
            f"{spec!r} is not exported, and need not be: it runs as it is, with "
            f"--encoder {spec}. Pairs of open_clip are: {FORMS}"
        )
    else:
        raise BadSetting(f"{spec!r} is not exported: {unknown(spec)}")


def check_new(out: Path) -> None:
    """Refuse an `out` that can't become a new folder.

    Raises:
        BadSetting: it is taken: a folder that holds something, or a file.
        StorageFailed: nothing can be written there.
    """
    taken = os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir()))
    if taken:
        raise BadSetting(
            f"{str(out)!r} is there already and not an empty folder; name a new one with --out, "
            "or remove it"
        )
    above = out.parent  # where it is written before it becomes `out`
    while not os.path.exists(above):
        above = above.parent
    if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
        why = "can't be written to" if above.is_dir() else "is no folder"
        raise StorageFailed(
            f"can't write {str(out)!r}: {str(above)!r} {why}; name another place with --out"
        )
