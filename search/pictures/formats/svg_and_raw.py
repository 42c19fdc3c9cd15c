"""Conversion of drawings (SVG) and cameras' raw files to a format that Pillow reads."""

from base64 import b64decode
from io import BytesIO

from PIL import Image

from search.errors import BadPicture
from search.packages.installing import install_extra
from search.pictures.formats import tiff
from search.pictures.limits import Limits
from search.pictures.memory import check_bytes
from search.pictures.pillow_setup import PLUGIN_ERRORS

# The longer side of a drawing, which has no pixels of its own: twice the input of large encoders.
DRAWN_PX = 1024

# An SVG's root element is near its beginning, after comments and a licence at most.
SVG_ROOT = "{http://www.w3.org/2000/svg}svg"
SVG_HEAD_BYTES = 16 << 10
SVG_BYTES = 16 << 20

# The formats of pictures within a drawing, and the bytes a pixel that resvg takes for one.
EMBEDDED = ("JPEG", "PNG", "GIF", "WEBP")
EMBEDDED_BYTES = 8

RAW_STARTS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW")
CANON = b"ftypcrx "

# Bytes a pixel of a preview that is turned: decoded, turned, written.
TURNED_BYTES = 12

# LibRaw's values for a preview on its side.
TURNS = {3: 180, 5: 90, 6: 270}

RAW = "RAW"


def convert(data: bytes, name: str, drawings: bool, limits: Limits) -> tuple[bytes, str] | None:
    """Return a picture that Pillow reads and its format's name; None if Pillow reads the file.

    Raises:
        BadPicture: the file is damaged, has no preview, or no library here reads it.
    """
    if (
        drawings
        and b"<svg" in data[:SVG_HEAD_BYTES]
        and data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    ):
        return _draw(data, name, limits), "SVG"
    if _looks_raw(data):
        preview = _preview(data, name, limits)
        return None if preview is None else (preview, RAW)
    return None


def _draw(data: bytes, name: str, limits: Limits) -> bytes:
    """Return the drawing as a PNG; references outside the file are ignored, and never opened."""
    from defusedxml import DefusedXmlException, ElementTree

    try:
        import resvg_py
    except ImportError as error:
        raise BadPicture(
            "unsupported",
            "picture-package-missing-svg",
            "{name} is an SVG, read with resvg: {install}",
            name=name,
            install=install_extra("sources"),
        ) from error
    if len(data) > SVG_BYTES:
        raise BadPicture(
            "too large",
            "picture-svg-too-large",
            "{name} has {size_bytes:,} bytes; an SVG may have {most_bytes:,}",
            name=name,
            size_bytes=len(data),
            most_bytes=SVG_BYTES,
        )
    try:
        root = ElementTree.fromstring(data)
        if root.tag != SVG_ROOT:
            raise BadPicture(
                "not an image", "picture-xml-without-svg", "{name} is XML, but no SVG", name=name
            )
        embedded_px = 0
        for element in root.iter():
            for attribute, value in list(element.attrib.items()):
                if attribute.rpartition("}")[2] != "href":
                    continue
                if value.lstrip().startswith("data:image/"):
                    embedded_px += _pixels_in(value)
                elif not value.lstrip().startswith("#"):
                    del element.attrib[attribute]
        check_bytes(embedded_px * EMBEDDED_BYTES, name, limits)
        text = ElementTree.tostring(root, encoding="unicode")
        # Within both sides: a very tall drawing would take any memory by its width alone.
        png = resvg_py.svg_to_bytes(
            svg_string=text, background="#ffffff", width=DRAWN_PX, height=DRAWN_PX
        )
    except DefusedXmlException as error:
        raise BadPicture(
            "unsupported",
            "picture-svg-entities",
            "{name} defines entities, which are not read",
            name=name,
        ) from error
    except SyntaxError as error:
        raise BadPicture(
            "truncated",
            "picture-svg-damaged",
            "{name} is a damaged SVG: {error}",
            name=name,
            error=error,
        ) from error
    except (ValueError, RuntimeError, LookupError) as error:
        raise BadPicture(
            "unsupported",
            "picture-svg-not-drawable",
            "{name} is an SVG that can't be drawn: {error}",
            name=name,
            error=error,
        ) from error
    return bytes(png)


def _pixels_in(address: str) -> int:
    """Return the number of pixels of a picture within a drawing, from its header."""
    try:
        data = b64decode(address.partition(",")[2])
        with Image.open(BytesIO(data), formats=EMBEDDED) as image:
            return image.width * image.height
    except PLUGIN_ERRORS:
        return 0  # resvg skips it too


def _looks_raw(data: bytes) -> bool:
    if data.startswith(RAW_STARTS) or data[4:12] == CANON:
        return True
    if not data.startswith(tiff.STARTS):
        return False
    return data[8:10] == b"CR" or tiff.of_a_sensor(data)


def _preview(data: bytes, name: str, limits: Limits) -> bytes | None:
    """Return the preview in a raw file, as JPEG or BMP; None for a TIFF that is not a raw file."""
    try:
        import rawpy
    except ImportError as error:
        raise BadPicture(
            "unsupported",
            "picture-package-missing-raw",
            "{name} may be a raw file, read with rawpy: {install}",
            name=name,
            install=install_extra("sources"),
        ) from error
    try:
        with rawpy.imread(BytesIO(data)) as raw:
            preview = raw.extract_thumb()
            turn = TURNS.get(raw.sizes.flip, 0)
    except rawpy.LibRawFileUnsupportedError:
        return None
    except rawpy.LibRawNoThumbnailError as error:
        raise BadPicture(
            "unsupported",
            "picture-raw-without-preview",
            "{name} is a raw file without a preview",
            name=name,
        ) from error
    except (rawpy.LibRawIOError, rawpy.LibRawDataError) as error:
        raise BadPicture(
            "truncated",
            "picture-raw-damaged",
            "{name} is a damaged raw file: {error}",
            name=name,
            error=error,
        ) from error
    except rawpy.LibRawError as error:
        raise BadPicture(
            "unsupported",
            "picture-raw-unsupported",
            "{name} is a rare kind of raw file: {error}",
            name=name,
            error=error,
        ) from error
    if preview.format == rawpy.ThumbFormat.JPEG and (not turn or b"Exif\0\0" in preview.data[:64]):
        return bytes(preview.data)  # a preview with EXIF has its own orientation
    jpeg = preview.format == rawpy.ThumbFormat.JPEG
    image = Image.open(BytesIO(preview.data)) if jpeg else Image.fromarray(preview.data)
    check_bytes(image.width * image.height * TURNED_BYTES, name, limits)
    buffer = BytesIO()
    image.convert("RGB").rotate(turn, expand=True).save(buffer, "BMP")
    return buffer.getvalue()
