"""Crops: a part of a picture to search by, as an address writes it, and the cut itself."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from search.errors import BadQuery
from search.pictures import Limits, read_picture

# An encoder sees a few hundred pixels; twice that leaves room for a crop of a crop.
LARGEST_PX = 1024
QUALITY = 92


@dataclass(frozen=True, slots=True)
class Crop:
    """Edges of a crop in percent of the picture's width and height, from left and top."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, text: str) -> "Crop":
        """Parse a crop such as "10,20,60,80".

        Raises:
            BadQuery: the text is not four whole numbers that leave a part of the picture.
        """
        parts = text.split(",")
        if len(parts) == 4 and all(each.isascii() and each.isdigit() for each in parts):
            left, top, right, bottom = (int(each[:4]) for each in parts)
            if 0 <= left < right <= 100 and 0 <= top < bottom <= 100:
                return cls(left, top, right, bottom)
        raise BadQuery(
            "crop-invalid",
            "the part of a picture is {value!r}; it may be its left, top, right and bottom "
            "edges in percent, such as 10,20,60,80",
            value=text[:80],
        )

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.right},{self.bottom}"

    def cut(self, data: bytes, limits: Limits) -> bytes:
        """Return the crop of a picture, as a JPEG.

        Raises:
            BadPicture: `data` is no readable picture.
        """
        picture, _ = read_picture(data, limits=limits)
        width_px, height_px = picture.size
        left, top = self.left * width_px // 100, self.top * height_px // 100
        right = max(left + 1, self.right * width_px // 100)
        bottom = max(top + 1, self.bottom * height_px // 100)
        part = picture.crop((left, top, right, bottom))
        part.thumbnail((LARGEST_PX, LARGEST_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
        buffer = BytesIO()
        part.convert("RGB").save(buffer, "JPEG", quality=QUALITY)
        return buffer.getvalue()
