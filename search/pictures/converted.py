"""Formats that Pillow does not read, drawings (SVG) and cameras' raw files, as one that it does."""

import struct
from io import BytesIO

from PIL import Image

from search.errors import BadPicture
from search.installing import install_extra

# The longest side of a drawing, which has no pixels of its own: twice what large encoders see.
DRAWN_PX = 1024

# An SVG's root element stands near its beginning, behind comments and a licence at most.
SVG_ROOT = "{http://www.w3.org/2000/svg}svg"
SVG_HEAD_BYTES = 16 << 10
SVG_BYTES = 16 << 20

TIFF = {b"II*\0": "<", b"MM\0*": ">"}
RAW_STARTS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW")
CANON = b"ftypcrx "
SUB_IFDS, DNG_VERSION = 330, 50706

# How LibRaw says that a preview lies on its side.
TURNS = {3: 180, 5: 90, 6: 270}


def converted(data: bytes, name: str, drawings: bool) -> tuple[bytes, str] | None:
    """A picture that Pillow reads and the name of the format it was; None where that is not needed.

    Raises:
        BadPicture: it is such a file, but is damaged, has no preview, or no library reads it here.
    """
    if (
        drawings
        and b"<svg" in data[:SVG_HEAD_BYTES]
        and data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    ):
        return _drawn(data, name), "SVG"
    if _looks_raw(data):
        preview = _preview(data, name)
        return None if preview is None else (preview, "RAW")
    return None


def _drawn(data: bytes, name: str) -> bytes:
    """The drawing as a PNG. What it refers to outside itself is left out, and never opened."""
    from defusedxml import DefusedXmlException, ElementTree

    try:
        import resvg_py
    except ImportError as error:
        raise BadPicture(
            f"{name} is an SVG, read with resvg: {install_extra('sources')}", "unsupported"
        ) from error
    if len(data) > SVG_BYTES:
        raise BadPicture(
            f"{name} has {len(data):,} bytes; an SVG may have {SVG_BYTES:,}", "too large"
        )
    try:
        root = ElementTree.fromstring(data)
        if root.tag != SVG_ROOT:
            raise BadPicture(f"{name} is XML, but no SVG", "not an image")
        for element in root.iter():
            for attribute, value in list(element.attrib.items()):
                inside = value.lstrip().startswith(("#", "data:image/"))
                if attribute.rpartition("}")[2] == "href" and not inside:
                    del element.attrib[attribute]
        text = ElementTree.tostring(root, encoding="unicode")
        width, height = _sides(root)
        # The longer side is given, and the other follows.
        drawn = resvg_py.svg_to_bytes(
            svg_string=text,
            background="#ffffff",
            width=DRAWN_PX if width >= height else None,
            height=DRAWN_PX if width < height else None,
        )
    except DefusedXmlException as error:
        raise BadPicture(f"{name} defines entities, which are not read", "unsupported") from error
    except (SyntaxError, ValueError, RuntimeError, LookupError) as error:
        raise BadPicture(f"{name} is a damaged SVG: {error}", "truncated") from error
    return bytes(drawn)


def _sides(root: object) -> tuple[float, float]:
    """A drawing's width and height, in whatever unit."""
    attributes: dict[str, str] = getattr(root, "attrib", {})
    try:
        width, height = map(float, attributes.get("viewBox", "").replace(",", " ").split()[2:])
    except ValueError:
        try:
            width, height = (
                float(attributes.get(side, "").removesuffix("px")) for side in ("width", "height")
            )
        except ValueError:
            width = height = 1.0
    return width, height


def _looks_raw(data: bytes) -> bool:
    if data.startswith(RAW_STARTS) or data[4:12] == CANON:
        return True
    order = TIFF.get(data[:4])
    if order is None or len(data) < 10:
        return False
    if data[8:10] == b"CR":
        return True
    start = struct.unpack_from(order + "I", data, 4)[0]
    if start + 2 > len(data):
        return False
    count = struct.unpack_from(order + "H", data, start)[0]
    places = range(start + 2, min(start + 2 + 12 * count, len(data) - 12), 12)
    tags = {struct.unpack_from(order + "H", data, place)[0] for place in places}
    return not tags.isdisjoint((SUB_IFDS, DNG_VERSION))


def _preview(data: bytes, name: str) -> bytes | None:
    """The preview in a raw file, as JPEG or BMP; None for a TIFF that is no raw file after all."""
    try:
        import rawpy
    except ImportError as error:
        raise BadPicture(
            f"{name} may be a raw file, read with rawpy: {install_extra('sources')}",
            "unsupported",
        ) from error
    try:
        with rawpy.imread(BytesIO(data)) as raw:
            found = raw.extract_thumb()
            turn = TURNS.get(raw.sizes.flip, 0)
    except rawpy.LibRawFileUnsupportedError:
        return None
    except rawpy.LibRawNoThumbnailError as error:
        raise BadPicture(f"{name} is a raw file without a preview", "unsupported") from error
    except rawpy.LibRawError as error:
        raise BadPicture(f"{name} is a damaged raw file: {error}", "truncated") from error
    if found.format == rawpy.ThumbFormat.JPEG and (not turn or b"Exif\0\0" in found.data[:64]):
        return bytes(found.data)  # a preview with EXIF says itself how it lies
    jpeg = found.format == rawpy.ThumbFormat.JPEG
    image = Image.open(BytesIO(found.data)) if jpeg else Image.fromarray(found.data)
    written = BytesIO()
    image.convert("RGB").rotate(turn, expand=True).save(written, "BMP")
    return written.getvalue()
