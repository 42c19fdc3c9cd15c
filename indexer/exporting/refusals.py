"""Why a pair is not exported."""

from search import plugins
from search.encoders.checks import check_encoder, unknown
from search.encoders.openclip.specification import FORMS
from search.errors import BadSetting, LimnError


class CantExport(LimnError):
    """A pair can't be written as ONNX: a part of it has no such form."""


class ExportDiffers(LimnError):
    """The exported graphs do not give torch's vectors."""


def check_exportable(spec: str) -> None:
    """Refuse a pair that is not open_clip's, and one that can't be had.

    Raises:
        BadSetting, EncoderUnavailable: as `search.encoders.checking.check_encoder` does.
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
