"""XMP, in a picture or a sidecar file: captions, keywords, people, date, place, rating."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException, ElementTree

from search.pictures.metadata.dates import read_date
from search.pictures.metadata.encodings import decode
from search.pictures.metadata.places import LATITUDE, LONGITUDE, Place, place_of, read_degrees

# A tree takes some thirty times the bytes of its XML, and half a million elements take a second.
# Programs write tens of kilobytes, with a long history a megabyte.
MAX_XMP_BYTES = 2 << 20

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

# Namespaces as `_name` returns them: programs disagree on the mark at their end.
DC = "{http://purl.org/dc/elements/1.1}"
XMP = "{http://ns.adobe.com/xap/1.0}"
EXIF = "{http://ns.adobe.com/exif/1.0}"
TIFF = "{http://ns.adobe.com/tiff/1.0}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0}"
LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0}"
DIGIKAM = "{http://www.digikam.org/ns/1.0}"
MICROSOFT = "{http://ns.microsoft.com/photo/1.0}"
MICROSOFT_REGION = "{http://ns.microsoft.com/photo/1.2/t/Region}"
MEDIAPRO = "{http://ns.iview-multimedia.com/mediapro/1.0}"
ACDSEE = "{http://ns.acdsee.com/iptc/1.0}"
IPTC_CORE = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns}"
IPTC_EXTENSION = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29}"
REGIONS = "{http://www.metadataworkinggroup.com/schemas/regions}"
KEYWORDS = "{http://www.metadataworkinggroup.com/schemas/keywords}"

# photoshop:Instructions, rights and credits are not captions: they are for editors.
CAPTIONS = (
    ("description", (DC + "description", TIFF + "ImageDescription", ACDSEE + "caption")),
    ("title", (DC + "title",)),
    ("headline", (PHOTOSHOP + "Headline",)),
    (
        "alt_text",
        (IPTC_CORE + "AltTextAccessibility", IPTC_CORE + "ExtDescrAccessibility"),
    ),
    ("comment", (EXIF + "UserComment",)),
)

# Properties of keywords, with the separator of their levels: "Places|France|Paris".
WORDS = (
    (DC + "subject", "|"),
    (LIGHTROOM + "hierarchicalSubject", "|"),
    (DIGIKAM + "TagsList", "/"),
    (MICROSOFT + "LastKeywordXMP", "/"),
    (MICROSOFT + "LastKeywordIPTC", "/"),
    (MEDIAPRO + "CatalogSets", "|"),
    (ACDSEE + "keywords", "|"),
)
KEYWORD = KEYWORDS + "Keyword"

PEOPLE = (IPTC_EXTENSION + "PersonInImage", MEDIAPRO + "People")
NAMES_IN_REGIONS = (REGIONS + "Name", MICROSOFT_REGION + "PersonDisplayName")

TAKEN = (EXIF + "DateTimeOriginal", PHOTOSHOP + "DateCreated")
DIGITIZED = (EXIF + "DateTimeDigitized", XMP + "CreateDate")
DATED = (DC + "date",)

# Windows writes stars as percent.
STARS = ((99, 5), (75, 4), (50, 3), (25, 2), (1, 1))
MAX_STARS, REJECTED = 5, -1


@dataclass(frozen=True, slots=True)
class Xmp:
    """One XMP packet; None and empty where it has no value.

    `captions` are (kind, text, language); `dates` when the picture was taken, digitized, dated.
    """

    captions: tuple[tuple[str, str, str | None], ...] = ()
    dates: tuple[str | None, str | None, str | None] = (None, None, None)
    place: Place | None = None
    rating: float | None = None
    maker: str = ""
    camera: str = ""


NOTHING = Xmp()


def read_xmp(packet: bytes) -> Xmp | None:
    """Return the contents of a packet; None if it is not XMP, damaged, or too large."""
    root = _parse(packet)
    if root is None:
        return None
    properties = _Properties(root)
    return Xmp(
        captions=tuple(_captions(properties)),
        dates=(properties.date(TAKEN), properties.date(DIGITIZED), properties.date(DATED)),
        place=place_of(
            *(
                read_degrees(
                    properties.first(EXIF + name), properties.first(EXIF + name + "Ref"), limit
                )
                for name, limit in (("GPSLatitude", LATITUDE), ("GPSLongitude", LONGITUDE))
            )
        ),
        rating=stars(
            properties.first(XMP + "Rating") or properties.first(ACDSEE + "rating"),
            properties.first(MICROSOFT + "Rating"),
        ),
        maker=properties.first(TIFF + "Make"),
        camera=properties.first(TIFF + "Model"),
    )


def stars(rating: object, percent: object) -> float | None:
    """Return a rating from 0 to 5, or -1 for a rejected picture; None for nonsense."""
    number = _number(rating)
    if number is not None and (number == REJECTED or 0 <= number <= MAX_STARS):
        return number
    number = _number(percent)
    if number is None or not 0 <= number <= 100:
        return None
    return float(next((star for least, star in STARS if number >= least), 0))


def keyword_levels(words: Iterable[str], mark: str) -> Iterator[str]:
    """Yield the levels of hierarchical keywords: "Places|Paris" is two words."""
    for word in words:
        yield from filter(None, map(str.strip, word.split(mark)))


def join_words(words: Iterable[str]) -> str:
    """Return words as one caption, each once in any case."""
    texts: dict[str, str] = {}
    for word in words:
        if plain := " ".join(word.split()):
            texts.setdefault(plain.casefold(), plain)
    return ", ".join(texts.values())


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError):
        return None


def _parse(packet: bytes) -> Element | None:
    if len(packet) > MAX_XMP_BYTES:
        return None
    packet = packet.strip(b"\0 \r\n\t")
    if not packet:
        return None
    # A text in another encoding than it declares is repaired, by its letters.
    for source in (lambda: packet, lambda: decode(packet)):
        try:
            root: Element = ElementTree.fromstring(source())
        except (SyntaxError, ValueError, LookupError, DefusedXmlException):
            continue
        return root
    return None


class _Properties:
    """The properties of the picture itself, without those of its source documents."""

    def __init__(self, root: Element) -> None:
        self._elements: dict[str, list[Element]] = {}
        self._attributes: dict[str, list[str]] = {}
        for rdf in root.iter(RDF + "RDF"):
            for description in rdf:
                for name, value in description.attrib.items():
                    self._attributes.setdefault(_name(name), []).append(value)
                for element in description:
                    self._elements.setdefault(_name(element.tag), []).append(element)

    def values(self, name: str) -> Iterator[tuple[str, str | None]]:
        """Yield a property's texts with their languages, in any of its forms."""
        for text in self._attributes.get(name, ()):
            yield text, None
        for element in self._elements.get(name, ()):
            items = [*element.iter(RDF + "li")]
            for item in items or [element]:
                yield "".join(item.itertext()), item.get(LANGUAGE)

    def first(self, name: str) -> str:
        return next((text.strip() for text, _ in self.values(name) if text.strip()), "")

    def date(self, names: Sequence[str]) -> str | None:
        """Return the first of these properties that is a date."""
        return next(filter(None, (read_date(self.first(name)) for name in names)), None)

    def below(self, inner: str) -> Iterator[str]:
        """Yield the texts of attributes and elements of that name, at any depth."""
        for elements in self._elements.values():
            for element in (node for outer in elements for node in outer.iter()):
                if _name(element.tag) == inner:
                    yield "".join(element.itertext())
                yield from (text for name, text in element.attrib.items() if _name(name) == inner)


def _name(tag: str) -> str:
    return tag.replace("/}", "}").replace("#}", "}")


def _captions(properties: _Properties) -> Iterator[tuple[str, str, str | None]]:
    for kind, names in CAPTIONS:
        for name in names:
            for text, language in properties.values(name):
                yield f"xmp.{kind}", text, language
    words = [
        word
        for name, mark in WORDS
        for word in keyword_levels((text for text, _ in properties.values(name)), mark)
    ]
    yield "xmp.keywords", join_words([*words, *properties.below(KEYWORD)]), None
    people = [text for name in PEOPLE for text, _ in properties.values(name)]
    people += [text for name in NAMES_IN_REGIONS for text in properties.below(name)]
    yield "xmp.people", join_words(people), None
