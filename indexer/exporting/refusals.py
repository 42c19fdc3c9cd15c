"""Why a pair is not exported."""

from search.errors import LimnError


class CantExport(LimnError):
    """A pair can't be written as ONNX: a part of it has no such form."""


class ExportDiffers(LimnError):
    """The exported graphs do not give torch's vectors."""
