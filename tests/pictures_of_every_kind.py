"""Real picture files for tests: good ones, bad ones, and odd names."""

import os
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

RED, GREEN, BLUE, WHITE = (230, 30, 30), (30, 170, 60), (30, 60, 220), (250, 250, 250)
ORIENTATION_TAG = 0x0112

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     viewBox="0 0 64 48">
  <rect width="32" height="24" fill="rgb(230,30,30)"/>
  <rect x="32" width="32" height="24" fill="rgb(30,170,60)"/>
  <rect y="24" width="32" height="24" fill="rgb(30,60,220)"/>
  {more}
</svg>
"""

Colour = tuple[int, int, int]
Writer = Callable[[Path], object]


def quadrants(width_px: int = 64, height_px: int = 48) -> Image.Image:
    """Draw red above left, green above right, blue below left, white below right."""
    picture = Image.new("RGB", (width_px, height_px), WHITE)
    half = (width_px // 2, height_px // 2)
    picture.paste(RED, (0, 0, *half))
    picture.paste(GREEN, (half[0], 0, width_px, half[1]))
    picture.paste(BLUE, (0, half[1], half[0], height_px))
    return picture


def corners(picture: Image.Image) -> list[Colour]:
    """Return the colours at the middle of the quadrants, row by row."""
    rgb = np.asarray(picture.convert("RGB"))
    height_px, width_px, _ = rgb.shape
    places = [
        (y, x) for y in (height_px // 4, -height_px // 4) for x in (width_px // 4, -width_px // 4)
    ]
    return [(int(rgb[place][0]), int(rgb[place][1]), int(rgb[place][2])) for place in places]


def shows_quadrants(picture: Image.Image, tolerance: int = 12) -> bool:
    """Return whether a picture looks like `quadrants`, within the loss of lossy formats."""
    found = np.array(corners(picture))
    return bool(np.abs(found - np.array([RED, GREEN, BLUE, WHITE])).max() <= tolerance)


def jpeg(path: Path, **options: object) -> Path:
    """Return a JPEG of the quadrants; the options are Pillow's."""
    quadrants().save(path, "JPEG", quality=95, **options)
    return path


def turned_jpeg(path: Path, orientation: int) -> Path:
    """Return a JPEG that shows the quadrants once its EXIF orientation, from 1 to 8, is applied."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    stored_as(orientation, quadrants()).save(path, "JPEG", quality=95, exif=exif)
    return path


def stored_as(orientation: int, picture: Image.Image) -> Image.Image:
    """Return the pixels that a camera held this way stores: EXIF 2.32, 4.6.4.A, Orientation."""
    upright = np.asarray(picture)
    on_its_side = upright.transpose(1, 0, 2)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: on_its_side,
        6: on_its_side[::-1],
        7: on_its_side[::-1, ::-1],
        8: on_its_side[:, ::-1],
    }
    return Image.fromarray(np.ascontiguousarray(stored[orientation]))


def ycck_jpeg(path: Path) -> Path:
    """Return a four-channel JPEG as Photoshop writes it: luma, chroma and inverted black."""
    cmyk = np.asarray(quadrants().convert("CMYK"))
    colours = np.asarray(Image.fromarray(np.ascontiguousarray(cmyk[..., :3])).convert("YCbCr"))
    # Pillow stores 255 - value and marks the channels as plain CMYK, so the marker is corrected.
    stored = np.dstack([255 - colours, cmyk[..., 3]])
    Image.fromarray(stored, "CMYK").save(path, "JPEG", quality=95, subsampling=0)
    data = bytearray(path.read_bytes())
    data[data.index(b"Adobe") + 11] = 2
    path.write_bytes(data)
    return path


def deep_png(path: Path) -> Path:
    """Return a PNG with 16 bits a channel, which Pillow can't write."""
    values = np.asarray(quadrants()).astype(">u2") * 257
    return png(path, values.shape[1], values.shape[0], values.reshape(values.shape[0], -1), 16, 2)


def png(
    path: Path, width_px: int, height_px: int, rows: NDArray[np.generic], depth: int, kind: int
) -> Path:
    """Return a PNG made by hand, with the given header, whatever the rows contain."""
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width_px, height_px, depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))
    return path


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb_png(path: Path, side_px: int = 60_000) -> Path:
    """Return a file of a hundred bytes that would take 10 GB once decoded."""
    return png(path, side_px, side_px, np.zeros((1, 1), np.uint8), 8, 2)


def grey(path: Path, values: NDArray[np.generic]) -> Path:
    """Return a grey picture of uint16, int32 or float32 values, in the suffix's format."""
    Image.fromarray(values).save(path)
    return path


def animation(path: Path) -> Path:
    """Write an animation of two frames, the quadrants and then black."""
    picture = quadrants()
    black = Image.new("RGB", picture.size)
    picture.save(path, save_all=True, append_images=[black], duration=100, lossless=True)
    return path


def heic(path: Path) -> Path:
    """Return a HEIC picture, as phones save pictures."""
    pillow_heif.from_pillow(quadrants()).save(path, quality=95)
    return path


def swapped_profile() -> bytes:
    """Return a colour profile with red and blue swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in ((b"rXYZ", b"????"), (b"bXYZ", b"rXYZ"), (b"????", b"bXYZ")):
        profile = profile.replace(old, new)
    return profile.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


def transparent() -> Image.Image:
    """Return the quadrants, with the white one black but wholly transparent."""
    picture = quadrants().convert("RGBA")
    width_px, height_px = picture.size
    picture.paste((0, 0, 0, 0), (width_px // 2, height_px // 2, width_px, height_px))
    return picture


def palette_with_transparency(path: Path) -> Path:
    """Write the picture of `transparent`, with a transparent colour in its palette."""
    picture = transparent().convert("RGB").quantize(8)
    nothing = picture.getpixel((picture.width - 1, picture.height - 1))
    picture.save(path, transparency=nothing)
    return path


GOOD: dict[str, Writer] = {
    "plain.jpg": jpeg,
    "progressive.jpg": lambda path: jpeg(path, progressive=True),
    "turned.jpg": lambda path: turned_jpeg(path, 6),
    "cmyk.jpg": lambda path: quadrants().convert("CMYK").save(path, quality=95),
    "ycck.jpg": ycck_jpeg,
    "both-eyes.mpo": animation,
    "plain.png": lambda path: quadrants().save(path),
    "deep.png": deep_png,
    "palette.png": lambda path: quadrants().quantize(16).save(path),
    "palette-transparent.png": palette_with_transparency,
    "transparent.png": lambda path: transparent().save(path),
    "animated.png": animation,
    "plain.gif": lambda path: quadrants().quantize(16).save(path),
    "transparent.gif": palette_with_transparency,
    "animated.gif": animation,
    "plain.webp": lambda path: quadrants().save(path, quality=95),
    "transparent.webp": lambda path: transparent().save(path, lossless=True),
    "animated.webp": animation,
    "plain.avif": lambda path: quadrants().save(path, quality=95),
    "phone.heic": heic,
    "plain.tiff": lambda path: quadrants().save(path),
    "deflated.tif": lambda path: quadrants().save(path, compression="tiff_deflate"),
    "cmyk.tif": lambda path: quadrants().convert("CMYK").save(path),
    "lab.tif": lambda path: quadrants().convert("LAB").save(path),
    "plain.bmp": lambda path: quadrants().save(path),
    "plain.jp2": lambda path: quadrants().save(path),
    "plain.ppm": lambda path: quadrants().save(path),
}
"""Files that all show the quadrants, and what writes each."""


def cut(path: Path, source: Path, part: float = 0.6) -> Path:
    """Return the first part of another file, like an interrupted download."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    return path


def cut_jpeg(path: Path) -> Path:
    """Return a JPEG that stops in the middle of its pixels."""
    Image.effect_noise((320, 240), 60).save(path)
    return cut(path, path)


BAD: dict[str, tuple[str, Writer]] = {
    "empty.jpg": ("empty file", lambda path: path.write_bytes(b"")),
    "text.jpg": ("not an image", lambda path: path.write_text("This is no picture.\n" * 50)),
    "binary.png": ("not an image", lambda path: path.write_bytes(bytes(range(256)) * 20)),
    "program.gif": (
        "not an image",
        lambda path: path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ),
    "cut.jpg": ("truncated", cut_jpeg),
    "magic-only.png": ("truncated", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n")),
    "bomb.png": ("too large", bomb_png),
    "folder.jpg": ("not an image", lambda path: path.mkdir()),
    "dangling.jpg": ("missing", lambda path: path.symlink_to("nowhere.jpg")),
    "loop.jpg": ("unreadable", lambda path: path.symlink_to(path.name)),
    "pipe.jpg": ("not an image", os.mkfifo),
}
"""Things in a folder that are no pictures: the reason that each is refused with, and its writer."""

ODD_NAMES = (
    b"two words.jpg",
    "Stra\u00dfe \u56fe\u7247 \U0001f415.jpg".encode(),
    b"two\nlines.jpg",
    b"not utf-8 \xff\xfe.jpg",
    b"'quoted' \"twice\" %s {}.jpg",
    b".-\\.jpg",
)
"""File names, as the bytes that they are on disk, that are easily mishandled."""


def write_good(folder: Path) -> list[Path]:
    """Write one file of each good kind."""
    for name, write in GOOD.items():
        write(folder / name)
    return [folder / name for name in GOOD]


def write_bad(folder: Path) -> dict[Path, str]:
    """Write one file of each bad kind; return the expected reasons of refusal."""
    for name, (_, write) in BAD.items():
        write(folder / name)
    return {folder / name: reason for name, (reason, _) in BAD.items()}


def write_odd_names(folder: Path) -> list[Path]:
    """Return a good JPEG under each odd name."""
    return [jpeg(folder / os.fsdecode(name)) for name in ODD_NAMES]


def open_socket(path: Path) -> socket.socket:
    """Return a socket bound to a path; the test closes the socket."""
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    return bound


def raw_file(path: Path, preview: bool = True) -> Path:
    """Return a DNG as a camera writes it: a mosaic, and perhaps a preview before it."""
    dng: list[Any] = [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (50707, "B", 4, (1, 1, 0, 0), True),
        (50708, "s", 0, "Limn Test", True),
        (50721, "2i", 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
    ]
    mosaic = [(33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True)]
    values = np.full((480, 640), 1000, np.uint16)
    with tifffile.TiffWriter(path) as file:
        if preview:
            shown = np.asarray(quadrants(640, 480))
            file.write(shown, photometric="rgb", subfiletype=1, extratags=dng, metadata=None)
        file.write(values, photometric="cfa", extratags=dng + mosaic, metadata=None)
    return path
