"""A contact sheet of hits: one HTML file with its thumbnails inside, for `limn search --open`."""

import base64
import html
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from search.errors import LimnError
from search.query.records import Hit
from search.text.printable import printable

SIDE_PX = 320

PAGE = """<!doctype html><meta charset="utf-8"><title>limn</title>
<meta name="color-scheme" content="light dark">
<style>
body {{ font: 14px system-ui, sans-serif; margin: 1rem; display: flex; flex-wrap: wrap; gap: 1rem }}
figure {{ margin: 0; width: {side}px }} img {{ max-width: 100% }} figcaption {{ overflow: hidden }}
</style>
{figures}
"""


def write_sheet(hits: Sequence[Hit], thumbnail: Callable[[int, int], bytes]) -> Path:
    """Write the sheet to a new file in the temporary folder and return its path."""
    figures = "\n".join(_figure(hit, thumbnail) for hit in hits)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="limn-", suffix=".html", delete=False
    ) as file:
        file.write(PAGE.format(side=SIDE_PX, figures=figures))
    return Path(file.name)


def _figure(hit: Hit, thumbnail: Callable[[int, int], bytes]) -> str:
    path = html.escape(printable(str(hit.picture.path)))
    try:
        data = base64.b64encode(thumbnail(hit.picture.id, SIDE_PX)).decode()
        image = f'<img src="data:image/webp;base64,{data}" alt="">'
    except LimnError as error:
        image = f"<p>{html.escape(str(error))}</p>"
    return f"<figure>{image}<figcaption>{hit.score:.3f} {path}</figcaption></figure>"
