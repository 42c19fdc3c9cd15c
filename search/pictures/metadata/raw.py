"""Facts from cameras' raw files, whose previews often have no metadata."""

from collections.abc import Iterator

from PIL import Image

from search.pictures.metadata import xmp
from search.pictures.metadata.embedded_captions import exif_descriptions
from search.pictures.metadata.reading import NO_EXIF, XMP_TAG, Exif, exif_tags, facts_of
from search.pictures.pillow_setup import PLUGIN_ERRORS
from search.records import PictureFacts

# Directories as in a TIFF: DNG, NEF, CR2, ARW, PEF and SRW, Olympus' ORF, Panasonic's RW2.
MAGIC = {
    b"II*\0": b"II*\0", b"MM\0*": b"MM\0*",
    b"IIRO": b"II*\0", b"IIRS": b"II*\0", b"MMOR": b"MM\0*", b"IIU\0": b"II*\0",
}  # fmt: skip

# Canon's CR3 has boxes as films do; these contain the directories of TIFF, and one the XMP.
CR3 = b"ftypcrx "
MAIN_BOX, CAMERA_BOX, GPS_BOX = b"CMT1", b"CMT2", b"CMT4"
XMP_BOX = b"uuid" + bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def raw_facts(data: bytes) -> PictureFacts:
    """Return the facts of a raw file, without format and size; none where it has none."""
    if data[4:12] == CR3:
        main, camera, gps = (_directory(_box(data, box)) for box in (MAIN_BOX, CAMERA_BOX, GPS_BOX))
        exif = Exif({**main.tags, **camera.tags}, gps.tags, main.byte_order)
        packet = _box(data, XMP_BOX)
    else:
        exif = _directory(data)
        packet = bytes(_bytes(exif.tags.get(XMP_TAG)))
    xmp_facts = xmp.read_xmp(packet) or xmp.NOTHING
    captions = [*xmp_facts.captions, *exif_descriptions(exif.tags, exif.byte_order)]
    return facts_of(exif, xmp_facts, captions)


def _directory(data: bytes) -> Exif:
    magic = MAGIC.get(data[:4])
    if magic is None:
        return NO_EXIF
    exif = Image.Exif()
    try:
        exif.load(data if data.startswith(magic) else magic + data[4:])
        return exif_tags(exif)
    except PLUGIN_ERRORS:
        return NO_EXIF


def _box(data: bytes, name: bytes) -> bytes:
    """Return the content of the first box of that name; a box begins with its length."""
    place = data.find(name)
    if place < 4:
        return b""
    end = place - 4 + int.from_bytes(data[place - 4 : place], "big")
    return data[place + len(name) : end]


def _bytes(value: object) -> Iterator[int]:
    parts = value if isinstance(value, bytes | tuple) else b""
    return (part & 0xFF for part in parts if isinstance(part, int))
