"""Pages of a shared board: its pictures and notes, for whoever has a link, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, render_template, request, url_for

from search.catalog.boards import Board, PinnedPicture
from search.documents.picture import ThumbnailFields
from search.documents.reading import read_texts
from search.errors import NotFound
from search.query.limits import LARGEST_ID
from search.records import Picture
from web.middleware.file_responses import attachment, send
from web.middleware.request_log import SHARED
from web.requests.search_url import SearchUrl
from web.route import Limit, route
from web.services.originals import not_found_if_unreadable
from web.state import engine, state

shared_pages = Blueprint("shared", __name__)

BOARD = f"{SHARED}/<secret>"
PICTURE = f"{BOARD}/pictures/<int(max={LARGEST_ID}):picture_id>"

# A limit on guesses of a link; those who have one look as often as they like.
GUESSES = Limit("10 per minute", counts=lambda: bool(g.get("link_is_wrong")))

# A link must not be found by search engines, nor be told to other sites.
HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class SharedBoard:
    """A board as its link shows it, with the pictures that are there."""

    board: Board
    pins: Sequence[PinnedPicture]
    pictures: dict[int, Picture]


@shared_pages.after_request
def keep_to_itself(response: Response) -> Response:
    """Keep the address of a link from search engines and other sites."""
    response.headers.update(HEADERS)
    return response


@route(shared_pages, BOARD, scope="public", rate_limit=GUESSES)
def board(secret: str) -> str | tuple[str, int]:
    """Show the board of a link."""
    try:
        view = _view(secret)
    except NotFound:
        return _page_of_no_board(), 404
    return render_template("shared.html", secret=secret, view=view, **_no_question())


@route(shared_pages, PICTURE, scope="public", rate_limit=GUESSES)
def picture(secret: str, picture_id: int) -> str | tuple[str, int]:
    """Show one picture of the board, large, with its note."""
    try:
        view = _view(secret)
        current = _picture(secret, picture_id)
    except NotFound:
        return _page_of_no_board(), 404
    ids = [pin.picture_id for pin in view.pins]
    at = ids.index(picture_id)
    return render_template(
        "shared_picture.html",
        secret=secret,
        view=view,
        picture=current,
        note=view.pins[at].note,
        before=ids[at - 1] if at else None,
        after=ids[at + 1] if at + 1 < len(ids) else None,
        **_no_question(),
    )


@route(shared_pages, f"{PICTURE}/thumbnail", scope="public", rate_limit=GUESSES, urgency="picture")
def thumbnail(secret: str, picture_id: int) -> Response:
    """Return a small copy of a picture of the board."""
    side_px = read_texts(ThumbnailFields, dict(request.args.lists())).side
    content_hash = _picture(secret, picture_id).content_hash
    response = Response(mimetype="image/webp")
    response.set_etag(f"{content_hash}-{side_px}")
    if not request.if_none_match.contains(response.get_etag()[0] or ""):
        with not_found_if_unreadable(f"picture {picture_id}"):
            response.data = engine().thumbnail(
                picture_id, side_px, content_hash, state().confined_files.check_file
            )
    response.make_conditional(request)
    return response


@route(shared_pages, f"{PICTURE}/original", scope="public", rate_limit=GUESSES, urgency="bulk")
def original(secret: str, picture_id: int) -> Response:
    """Send the file of a picture of the board, for download."""
    source = state().originals.find(_picture(secret, picture_id))
    with not_found_if_unreadable(f"the file of picture {picture_id}"):
        return send(source.file, source.name, source.mimetype, etag=source.etag, download=True)


@route(shared_pages, f"{BOARD}/zip", scope="public", rate_limit=GUESSES, urgency="bulk")
def download(secret: str) -> Response:
    """Send the files of the board's pictures as a zip."""
    view = _view(secret)
    pictures = [view.pictures[pin.picture_id] for pin in view.pins]
    export = state().exports.zip_without_paths(pictures)
    return attachment(export.content, export.content_type, export.name)


def _board_id(secret: str) -> int:
    try:
        return engine().catalog.board_links.board_of_secret(secret)
    except NotFound:
        g.link_is_wrong = True
        raise


def _view(secret: str) -> SharedBoard:
    row, pins = engine().catalog.boards.one(_board_id(secret))
    pictures = engine().catalog.pictures.by_id([pin.picture_id for pin in pins])
    return SharedBoard(row, [pin for pin in pins if pin.picture_id in pictures], pictures)


def _picture(secret: str, picture_id: int) -> Picture:
    """Return a picture of the board; raise NotFound for any other, whether it is there or not."""
    if not engine().catalog.boards.has(_board_id(secret), picture_id):
        raise NotFound("picture-not-on-board", "picture {id} is not on this board", id=picture_id)
    return engine().picture(picture_id)


def _page_of_no_board() -> str:
    return render_template("shared_gone.html", **_no_question())


def _no_question() -> dict[str, object]:
    return {"url": SearchUrl(), "chips": []}


@shared_pages.app_template_filter("shared_thumbnail")
def thumbnail_address(picture: Picture, secret: str, side_px: int) -> str:
    """Return the address of a thumbnail that a link shows."""
    return url_for("shared.thumbnail", secret=secret, picture_id=picture.id, side=side_px)
