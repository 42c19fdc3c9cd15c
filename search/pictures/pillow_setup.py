"""The setup of Pillow before it opens a file: formats, and none of its limits or warnings."""

import re
import struct
import warnings
import zlib

from PIL import Image

from search.pictures.formats import jpegxl

# The formats of people's pictures. Left out are formats that run another program (EPS, WMF) or are
# read by one (FITS, HDF5, GRIB), icons, and those without a magic number (TGA), for which any file
# may pass. An MPO is opened as the JPEG that it begins with.
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "TIFF", "BMP", "JPEG2000", "PPM")

# Errors of Pillow's plugins for damaged files: some plugins were written before its own errors.
PLUGIN_ERRORS = (
    OSError,  # and UnidentifiedImageError
    ValueError,  # and UnicodeError
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    SyntaxError,
    EOFError,
    BufferError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

MODULES = re.compile(r"(PIL|pillow_heif)\.")


def ready() -> None:
    """Set Pillow's settings for the whole process; called before each picture, as it is cheap.

    Pillow's own check of the size warns from 89 megapixels on and refuses from 179: `Limits`
    replaces it. Its warnings, of broken EXIF for example, do not help a user.
    """
    Image.MAX_IMAGE_PIXELS = None
    if not any(
        kind == "ignore" and module == MODULES for kind, _, _, module, _ in warnings.filters
    ):
        warnings.filterwarnings("ignore", module=MODULES.pattern)
    Image.init()
    if "HEIF" not in Image.OPEN:
        import pillow_heif  # here, because only decoding needs it

        pillow_heif.register_heif_opener()


def looks_like(data: bytes) -> str | None:
    """Return the format whose magic number these bytes begin with."""
    if jpegxl.is_jpeg_xl(data):
        return jpegxl.NAME
    prefix = data[:32].ljust(32, b"\0")  # some of Pillow's checks index past a short one
    for name in FORMATS:
        accept = Image.OPEN[name][1]
        if accept is not None and accept(prefix) is True:
            return name
    return None
