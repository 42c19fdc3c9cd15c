"""Template filters that format facts: titles, sizes, dates, places."""

import re
from datetime import datetime
from math import cos, radians
from pathlib import Path

from flask import Flask
from flask_babel import format_datetime, gettext, ngettext
from markupsafe import Markup, escape

from search.catalog.jobs import Job, done
from search.encoders.inventory.offers import short_name_of
from search.library.map_file import Region
from search.packages.editions import BUILTIN, EARLIER
from search.query.filters.grammar import format_filter
from search.query.filters.tree import Condition
from search.records import Caption, Picture
from search.text.analysis import found_in, query_words
from search.text.languages import is_in_language
from search.text.printable import printable
from web.i18n import encoder_pairs
from web.i18n.failures import failure_text
from web.i18n.languages import language
from web.i18n.messages import translate
from web.i18n.tile_size import SCALES, tile_size
from web.links import placeholder, srcset, thumbnail_url
from web.pages.filter_labels import chosen_on_map, label
from web.pages.result_order import heading
from web.requests.search_url import SearchUrl
from web.services.films import named_moment

# The stylesheet has a class for each twentieth of an aspect, as a strict policy allows no inline
# style; a picture with a more extreme aspect is shown inside its box, as it would fill a row.
ASPECT_STEP = 0.05
NARROWEST, WIDEST = 0.5, 3.0

AROUND = 0.1
"""Degrees of latitude to each side of a position: some ten kilometres."""
# The usual height of the grid's rows, before they are stretched by a quarter to the page's width.
ROW_PX = 150
STRETCH = 1.2

DAY_LENGTH = len("2014-06-07")


def translation(message: str) -> str:
    """Return a message in the language of the page."""
    return str(translate(message)[0])


def caption(picture: Picture) -> Caption | None:
    """Return the caption to show, in the page's language where the picture has one."""
    captions = picture.facts.captions
    code = language()
    first = captions[0] if captions else None
    return next((caption for caption in captions if is_in_language(caption, code)), first)


def title(picture: Picture) -> str:
    """Return a picture's title: its caption, or the name of its file."""
    first = caption(picture)
    return first.text if first else file_name(picture)


def file_name(picture: Picture) -> str:
    """Return the name of a picture's file, safe to print."""
    return printable(picture.path.name)


def folder(picture: Picture) -> str:
    """Return the folder of a picture's file, safe to print."""
    return printable(str(picture.path.parent))


def whole_path(picture: Picture) -> str:
    """Return the path of a picture's file, safe to print."""
    return printable(str(picture.path))


def shape(picture: Picture) -> str:
    """Return the classes for the aspect of the picture's box: "a-150", or "a-300 whole"."""
    facts = picture.facts
    aspect = facts.width_px / facts.height_px
    step = step_of(facts.width_px, facts.height_px)
    return f"a-{step}" if NARROWEST <= aspect <= WIDEST else f"a-{step} whole"


def step_of(width_px: int, height_px: int) -> int:
    """Return the aspect of a picture's box in hundredths, as in its class name."""
    aspect = min(WIDEST, max(NARROWEST, width_px / height_px))
    return round(round(aspect / ASPECT_STEP) * ASPECT_STEP * 100)


def shown_width_px(picture: Picture) -> int:
    """Estimate the picture's width in the grid, for `sizes`; a script knows it to the pixel."""
    aspect = picture.facts.width_px / picture.facts.height_px
    return round(ROW_PX * SCALES[tile_size()] * STRETCH * min(aspect, 3.0))


def file_size(size_bytes: int) -> str:
    """Format a file size in decimal units, as file managers do: 1,234 bytes, 56 kB, 7.8 MB."""
    if size_bytes < 10_000:
        return str(gettext("%(count)s bytes", count=f"{size_bytes:,}"))
    size, units = size_bytes / 1000, ["kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.1f} {units[0]}" if size < 10 else f"{size:,.0f} {units[0]}"


def film_filter(film: Path) -> str:
    """Return the filter that a film's moments pass."""
    return format_filter(Condition("folder", "=", str(film)))


def moment(taken_at: str) -> str:
    """Format an ISO 8601 date, as in 14 May 2021, 16:20; other text stays as it is."""
    try:
        when = datetime.fromisoformat(taken_at)
    except ValueError:
        return taken_at
    pattern = gettext("d MMMM y, HH:mm")
    if len(taken_at) == DAY_LENGTH:  # a date without a time, which is not midnight
        pattern = pattern.partition("HH")[0].rstrip(" ,")
    # The camera's local time, without a time zone.
    return str(format_datetime(when.replace(tzinfo=None), pattern, rebase=False))


def place(latitude: float, longitude: float) -> str:
    """Format a position with hemispheres: 48.8584° N, 2.2945° E."""
    north, east = ("N" if latitude >= 0 else "S"), ("E" if longitude >= 0 else "W")
    return f"{abs(latitude):.4f}° {north}, {abs(longitude):.4f}° {east}"


def box_around(latitude: float, longitude: float) -> str:
    """Return the filter of the pictures within some ten kilometres of a position."""
    north, south = min(latitude + AROUND, 90.0), max(latitude - AROUND, -90.0)
    wide = min(AROUND / max(cos(radians(latitude)), 0.01), 180.0)
    west, east = ((longitude + step + 180.0) % 360.0 - 180.0 for step in (-wide, wide))
    return f"box = {south:.4f},{west:.4f},{north:.4f},{east:.4f}"


def pictures(number: int) -> str:
    """Format a count of pictures: 1 picture, 2,000 pictures."""
    return str(ngettext("%(count)s picture", "%(count)s pictures", number, count=f"{number:,}"))


def show_this(number: int) -> str:
    """Tell how many pictures show what was asked: 37 show this."""
    return str(ngettext("%(count)s shows this", "%(count)s show this", number, count=f"{number:,}"))


def are_like_this(number: int) -> str:
    """Tell how many pictures are like those that were asked for."""
    text = ngettext(
        "%(count)s is like this", "%(count)s are like this", number, count=f"{number:,}"
    )
    return str(text)


def hidden_copies(number: int) -> str:
    """Tell how many near-duplicates an answer folds: 4 hidden copies."""
    return str(
        ngettext("%(count)s hidden copy", "%(count)s hidden copies", number, count=f"{number:,}")
    )


def hidden_moments(number: int) -> str:
    """Tell how many moments of films an answer folds: 12 hidden moments of films."""
    text = ngettext(
        "%(count)s hidden moment of a film",
        "%(count)s hidden moments of films",
        number,
        count=f"{number:,}",
    )
    return str(text)


def of_the_map(number: int, total: int, url: SearchUrl) -> str:
    """Tell how many of a map's pictures answer a question: 13 of 600 show this."""
    counts = {"count": f"{number:,}", "all": f"{total:,}"}
    if not url.ranks:
        text = ngettext(
            "%(count)s of %(all)s is chosen", "%(count)s of %(all)s are chosen", number, **counts
        )
    elif url.q or not url.by_picture:
        text = ngettext(
            "%(count)s of %(all)s shows this", "%(count)s of %(all)s show this", number, **counts
        )
    else:
        text = ngettext(
            "%(count)s of %(all)s is like this",
            "%(count)s of %(all)s are like this",
            number,
            **counts,
        )
    return str(text)


def highlight(text: str, url: SearchUrl) -> Markup:
    """Mark the words of the question in a text."""
    wanted = found_in(text, query_words(_asked(url)))
    if not wanted:
        return escape(text)
    whole = (rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in wanted)
    parts = re.split(f"({'|'.join(sorted(whole, key=len, reverse=True))})", text)
    return Markup("").join(
        Markup("<mark>%s</mark>") % part if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def captions(number: int) -> str:
    """Return the number of captions in the reader's language."""
    return str(ngettext("%(count)s caption", "%(count)s captions", number, count=f"{number:,}"))


def more_captions(number: int) -> str:
    """Return how many captions a picture has besides the one that is shown."""
    text = ngettext(
        "%(count)s more caption", "%(count)s more captions", number, count=f"{number:,}"
    )
    return str(text)


def missing_pictures(number: int) -> str:
    """Format the count of pictures with missing files."""
    text = ngettext(
        "%(count)s picture is missing",
        "%(count)s pictures are missing",
        number,
        count=f"{number:,}",
    )
    return str(text)


def unread(number: int) -> str:
    """Format the count of files that could not be added."""
    text = ngettext(
        "%(count)s file could not be added",
        "%(count)s files could not be added",
        number,
        count=f"{number:,}",
    )
    return str(text)


def _asked(url: SearchUrl) -> str:
    """Return the words that pictures are asked to show."""
    chips = (chip for chip in url.chips if chip.kind == "text" and chip.weight > 0)
    return "\n".join([url.q, *(chip.value for chip in chips)])


def dealt_with(job: Job) -> int:
    """Return the number of a job's processed files, at most their total."""
    number = done(job.counts)
    return number if job.total is None else min(number, job.total)


def can_be_found(job: Job) -> int:
    """Return the number of a job's files that can be found already, at most their total."""
    number = done(job.counts) - job.counts.failed
    return number if job.total is None else min(number, job.total)


def megabytes(size_bytes: int | None) -> str:
    """Format a size as a number of megabytes, for sizes next to each other."""
    return f"{(size_bytes or 0) / 1e6:,.0f}"


def pair_name(encoder: object) -> str:
    """Return the short name of an encoder pair, else its specification, safe to print."""
    if encoder == BUILTIN:
        return str(gettext("Limn’s own"))
    if encoder in EARLIER:
        return str(gettext("Limn’s own (earlier edition)"))
    return short_name_of(str(encoder)) or printable(str(encoder))


def name_of(region: Region) -> str:
    """Return a map region's name in the language of the page."""
    return region.names.get(language()) or next(iter(region.names.values()), "")


def register(app: Flask) -> None:
    """Register the filters and functions of this module with the templates."""
    for filter_ in (
        caption,
        title,
        file_name,
        folder,
        shape,
        file_size,
        moment,
        place,
        box_around,
        pictures,
        show_this,
        are_like_this,
        hidden_copies,
        hidden_moments,
        of_the_map,
        highlight,
        captions,
        more_captions,
        missing_pictures,
        unread,
        whole_path,
        named_moment,
        film_filter,
        thumbnail_url,
        placeholder,
        srcset,
        shown_width_px,
        printable,
        label,
        dealt_with,
        can_be_found,
        megabytes,
        pair_name,
        name_of,
        heading,
        format_filter,
        failure_text,
        translate,
        translation,
        encoder_pairs.good_for,
        encoder_pairs.languages,
        encoder_pairs.recall,
        encoder_pairs.measure,
        encoder_pairs.estimate,
        encoder_pairs.time_span,
    ):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.tests["chosen_on_map"] = chosen_on_map
