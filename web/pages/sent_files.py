"""Files that a form sends to a collection, and those of them that were refused."""

from typing import cast, get_args

from flask import current_app, g, redirect, request, url_for
from werkzeug import Response

from web.requests.multipart import read_form
from web.requests.query_form import Fields
from web.services.uploads import Reason, RefusedFile, Upload

# An address with more file names would be too long for some proxies.
NAMED = 20


def receive(upload: Upload) -> Fields:
    """Write the request's files into drafts; return the form's other fields.

    A refused form shows the refused files and the fields again.
    """
    g.not_taken = upload.refusals
    form = g.sent_form = read_form(request, upload.open, current_app.config["MAX_SENT_LENGTH"])
    return form


def to_collection(name: str, refusals: list[RefusedFile] | None = None) -> Response:
    """Redirect to a collection's page, which lists the refused files."""
    texts = [f"{refusal.reason} {refusal.name[:80]}" for refusal in (refusals or [])[:NAMED]]
    address = url_for(
        "collection_pages.one", name=name, refused=texts, passed=len(refusals or ()) or None
    )
    return redirect(address, 303)


def refused_files() -> list[RefusedFile]:
    """Return the refused files that the address names."""
    pairs = (text.partition(" ") for text in request.args.getlist("refused")[:NAMED])
    return [
        RefusedFile(name, cast(Reason, reason))
        for reason, _, name in pairs
        if reason in get_args(Reason)
    ]
