"""The orientation of a stored picture, by the rule of its format, and turning it upright."""

from PIL import Image

from search.pictures.formats import jpegxl
from search.pictures.pillow_setup import PLUGIN_ERRORS

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The turn for each EXIF orientation; from 5 on, width and height change places."""

ON_ITS_SIDE = (5, 6, 7, 8)

ORIENTATION_TAG = 0x0112


def stored_turn(image: Image.Image, data: bytes = b"") -> int:
    """Return the orientation, from 1 to 8, of the pixels of an opened picture.

    Usually EXIF or XMP has it. In HEIF, AVIF and JPEG XL the picture's own header has it, and those
    are ignored (ISO/IEC 23008-12, 6.5.10; 18181-2, 9.2): the readers of HEIF and JPEG XL have
    applied it, and that of AVIF gives it as EXIF. `data` is the file of a JPEG XL; where that was a
    JPEG, the JPEG's pixels were read, as they were stored.
    """
    try:
        match image.format:
            case "HEIF":
                turn = 1
            case jpegxl.NAME:
                turn = jpegxl.orientation(data) if getattr(image, "jpeg", False) else 1
            case "AVIF":
                exif = Image.Exif()
                exif.load(image.info.get("exif", b""))
                turn = exif.get(ORIENTATION_TAG, 1)
            case _:
                turn = image.getexif().get(ORIENTATION_TAG, 1)
    except PLUGIN_ERRORS:
        return 1
    return turn if turn in UPRIGHT else 1


def upright(picture: Image.Image, turn: int) -> Image.Image:
    """Return the picture turned upright from the orientation `turn`."""
    return picture.transpose(UPRIGHT[turn]) if turn in UPRIGHT else picture
