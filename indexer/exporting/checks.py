"""Checks of a pair before torch is imported, and the lowest cosine an export may have."""

import os
from pathlib import Path
from typing import Literal

from search.encoders.checks import check_encoder
from search.encoders.openclip.specification import FORMS
from search.encoders.suggestions import unknown
from search.errors import BadSetting, LimnError, StorageFailed
from search.packages import plugins

Precision = Literal["float32", "float16", "int8"]

LOWEST_COSINE: dict[Precision, float] = {"float32": 0.9999, "float16": 0.999, "int8": 0.99}
"""The lowest cosine of an exported tower's vectors with torch's, over the probes."""


class CantExport(LimnError):
    """A part of a pair has no ONNX form."""


class ExportDiffers(LimnError):
    """The exported graphs do not give torch's vectors."""


def check_exportable(spec: str) -> None:
    """Refuse a pair that is not open_clip's, and one that is not available.

    Raises:
        BadSetting, EncoderUnavailable: as `search.encoders.checks.check_encoder` does.
    """
    if spec.startswith("open_clip:"):
        check_encoder(spec)
    elif plugins.find("encoders", spec) is not None:
        raise BadSetting(
            "encoder-not-exportable",
            "{spec!r} is not exported, and need not be: it runs as it is, with "
            "--encoder {spec}. Pairs of open_clip are: {forms}",
            spec=spec,
            forms=FORMS,
        )
    else:
        raise BadSetting(
            "encoder-not-exportable-because",
            "{spec!r} is not exported: {reason}",
            spec=spec,
            reason=unknown(spec),
        )


def check_new(out: Path) -> None:
    """Refuse an `out` that can't become a new folder.

    Raises:
        BadSetting: `out` is a file, or a folder that is not empty.
        StorageFailed: nothing can be written there.
    """
    in_use = os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir()))
    if in_use:
        raise BadSetting(
            "out-folder-taken",
            "{out!r} is there already and not an empty folder; name a new one with --out, "
            "or remove it",
            out=str(out),
        )
    above = out.parent  # where it is written before it becomes `out`
    while not os.path.exists(above):
        above = above.parent
    if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
        why = "can't be written to" if above.is_dir() else "is no folder"
        raise StorageFailed(
            "export-unwritable",
            "can't write {out!r}: {folder!r} {reason}; name another place with --out",
            out=str(out),
            folder=str(above),
            reason=why,
        )
