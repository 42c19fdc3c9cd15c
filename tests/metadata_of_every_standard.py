"""Pictures with a date, place, rating, keyword and caption in one standard of metadata."""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from tests.pictures_of_every_kind import jpeg, quadrants

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "mwg-kw": "http://www.metadataworkinggroup.com/schemas/keywords/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}


@dataclass(frozen=True, slots=True)
class Said:
    """Metadata to write: a local time with its offset ("+02:00"), degrees, stars, two texts."""

    taken_at: datetime
    offset: str
    latitude: float
    longitude: float
    rating: int
    keyword: str
    caption: str

    @property
    def timestamp(self) -> int:
        """Return the moment in seconds since 1970."""
        sign = -1 if self.offset.startswith("-") else 1
        hours, minutes = map(int, self.offset[1:].split(":")) if self.offset else (0, 0)
        utc = self.taken_at - sign * timedelta(hours=hours, minutes=minutes)
        return int((utc - datetime(1970, 1, 1)).total_seconds())


def packet(elements: str = "", attributes: Mapping[str, str] | None = None) -> bytes:
    """Return an XMP packet of properties as XML elements and as attributes."""
    spaces = " ".join(f'xmlns:{name}="{url}"' for name, url in NAMESPACES.items())
    written = " ".join(f"{name}={quoteattr(text)}" for name, text in (attributes or {}).items())
    return (
        f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f"<rdf:RDF {spaces}><rdf:Description rdf:about='' {written}>{elements}</rdf:Description>"
        "</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


def bag(name: str, *texts: str, kind: str = "Bag") -> str:
    """Return a property with several values."""
    items = "".join(f"<rdf:li>{escape(text)}</rdf:li>" for text in texts)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def xmp_of(said: Said) -> bytes:
    """Write XMP as attributes, as Adobe's programs do."""
    attributes = {
        "photoshop:DateCreated": said.taken_at.isoformat() + said.offset,
        "exif:GPSLatitude": _minutes(said.latitude, "NS"),
        "exif:GPSLongitude": _minutes(said.longitude, "EW"),
        "xmp:Rating": str(said.rating),
    }
    captions = f"<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{escape(said.caption)}"
    return packet(
        bag("dc:subject", said.keyword) + captions + "</rdf:li></rdf:Alt></dc:description>",
        attributes,
    )


def plain_xmp_of(said: Said) -> bytes:
    """Write XMP as elements, in equivalent properties: decimal degrees, levels, percent."""
    percent = {1: 1, 2: 25, 3: 50, 4: 75, 5: 99}[said.rating]
    return packet(
        f"<exif:DateTimeOriginal>{said.taken_at.isoformat()}{said.offset}</exif:DateTimeOriginal>"
        f"<exif:GPSLatitude>{said.latitude:.7f}</exif:GPSLatitude>"
        f"<exif:GPSLongitude>{said.longitude:.7f}</exif:GPSLongitude>"
        f"<MicrosoftPhoto:Rating>{percent}</MicrosoftPhoto:Rating>"
        + bag("lr:hierarchicalSubject", f"Things|{said.keyword}")
        + f"<photoshop:Headline>{escape(said.caption)}</photoshop:Headline>"
    )


def _minutes(degrees: float, sides: str) -> str:
    whole = int(abs(degrees))
    return f"{whole},{(abs(degrees) - whole) * 60:.6f}{sides[degrees < 0]}"


def in_jpeg(path: Path, said: Said) -> Path:
    """Write XMP into a JPEG."""
    return jpeg(path / "a.jpg", xmp=xmp_of(said))


def in_webp(path: Path, said: Said) -> Path:
    """Write XMP into a WebP, in other properties."""
    quadrants().save(path / "a.webp", xmp=plain_xmp_of(said))
    return path / "a.webp"


def in_tiff(path: Path, said: Said) -> Path:
    """Write XMP into a TIFF."""
    quadrants().save(path / "a.tif", tiffinfo={700: plain_xmp_of(said)})
    return path / "a.tif"


def in_png(path: Path, said: Said) -> Path:
    """Write XMP into a PNG."""
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp_of(said).decode())
    quadrants().save(path / "a.png", pnginfo=texts)
    return path / "a.png"


def in_gif(path: Path, said: Said) -> Path:
    """Write XMP into a GIF, as an application's extension."""
    quadrants().save(path / "a.gif")
    trailer = bytes(range(255, -1, -1))
    extension = b"\x21\xff\x0bXMP DataXMP" + xmp_of(said) + b"\x01" + trailer + b"\0"
    data = (path / "a.gif").read_bytes()
    (path / "a.gif").write_bytes(data[:-1] + extension + data[-1:])
    return path / "a.gif"


def exif_of(said: Said) -> Image.Exif:
    """Return EXIF, with Windows' tags for facts that EXIF has no tag for."""
    exif = Image.Exif()
    exif[0x4746] = said.rating
    exif[0x9C9E] = said.keyword.encode("utf-16-le") + b"\0\0"
    camera = exif.get_ifd(ExifTags.IFD.Exif)
    camera[ExifTags.Base.DateTimeOriginal] = f"{said.taken_at:%Y:%m:%d %H:%M:%S}"
    camera[ExifTags.Base.UserComment] = b"UNICODE\0\xff\xfe" + said.caption.encode("utf-16-le")
    if said.offset:
        camera[ExifTags.Base.OffsetTimeOriginal] = said.offset
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            1: "NS"[said.latitude < 0],
            2: (abs(said.latitude), 0.0, 0.0),
            3: "EW"[said.longitude < 0],
            4: (abs(said.longitude), 0.0, 0.0),
        }
    )
    return exif


def in_exif(path: Path, said: Said) -> Path:
    """Write EXIF into a JPEG."""
    return jpeg(path / "a.jpg", exif=exif_of(said))


def in_moving_png(path: Path, said: Said) -> Path:
    """Write EXIF into an animated PNG."""
    frames = [quadrants().rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(path / "a.png", save_all=True, append_images=frames[1:], exif=exif_of(said))
    return path / "a.png" / "1"


def in_moving_webp(path: Path, said: Said) -> Path:
    """Write XMP into an animated WebP."""
    frames = [quadrants().rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(path / "a.webp", save_all=True, append_images=frames[1:], xmp=xmp_of(said))
    return path / "a.webp" / "1"


def iptc(records: list[tuple[int, int, bytes]]) -> bytes:
    """Return the JPEG segment with these IPTC records, each (record, dataset, value)."""
    block = b"".join(struct.pack(">BBBH", 28, *key, len(value)) + value for *key, value in records)
    resource = (
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    )
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def in_iptc(path: Path, said: Said) -> Path:
    """Write IPTC into a JPEG; IPTC has neither places nor ratings."""
    records = [
        (1, 90, b"\x1b%G"),
        (2, 55, f"{said.taken_at:%Y%m%d}".encode()),
        (2, 60, f"{said.taken_at:%H%M%S}{said.offset.replace(':', '')}".encode()),
        (2, 25, said.keyword.encode()),
        (2, 120, said.caption.encode()),
    ]
    data = jpeg(path / "a.jpg").read_bytes()
    (path / "a.jpg").write_bytes(data[:2] + iptc(records) + data[2:])
    return path / "a.jpg"


def beside(name: str) -> Callable[[Path, Said], Path]:
    """Return a writer of a JPEG with an XMP sidecar of that name."""

    def write(path: Path, said: Said) -> Path:
        (path / name).write_bytes(plain_xmp_of(said))
        return jpeg(path / "a.jpg")

    return write


def takeout(said: Said) -> bytes:
    """Return Google Takeout's document; its date is in UTC, and it names people, not things."""
    return json.dumps(
        {
            "title": "a.jpg",
            "description": said.caption,
            "photoTakenTime": {"timestamp": str(said.timestamp), "formatted": "whenever"},
            "geoData": {"latitude": said.latitude, "longitude": said.longitude, "altitude": 0.0},
            "people": [{"name": said.keyword}],
        }
    ).encode()


def beside_takeout(name: str) -> Callable[[Path, Said], Path]:
    """Return a writer of a JPEG with a Takeout document of that name."""

    def write(path: Path, said: Said) -> Path:
        (path / name).write_bytes(takeout(said))
        return jpeg(path / "a.jpg")

    return write


STANDARDS: dict[str, Callable[[Path, Said], Path]] = {
    "exif": in_exif,
    "exif of an animation": in_moving_png,
    "xmp in a jpeg": in_jpeg,
    "xmp in a png": in_png,
    "xmp in a webp": in_webp,
    "xmp in a tiff": in_tiff,
    "xmp in a gif": in_gif,
    "xmp of an animation": in_moving_webp,
    "iptc": in_iptc,
    "a.xmp": beside("a.xmp"),
    "a.jpg.xmp": beside("a.jpg.xmp"),
    "A.XMP": beside("A.XMP"),
    "a.jpg.json": beside_takeout("a.jpg.json"),
    "a.jpg.supplemental-metadata.json": beside_takeout("a.jpg.supplemental-metadata.json"),
    "a.jpg.supplemental-me.json": beside_takeout("a.jpg.supplemental-me.json"),
}
"""How each standard is written: a folder and what is to be said -> the picture's path."""

WITHOUT_RATING = (
    "iptc",
    "a.jpg.json",
    "a.jpg.supplemental-metadata.json",
    "a.jpg.supplemental-me.json",
)
WITHOUT_PLACE = ("iptc",)
IN_UTC = tuple(each for each in STANDARDS if each.endswith(".json"))
