"""Making and looking after collections from the server: what pages and the API both do."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser

from search.catalog.collection import check_name
from search.catalog.jobs import ENDED, Job
from search.catalog.records import CollectionSummary
from search.errors import BadQuery, NotFound
from web.api.jobs import rows
from web.services.confined import confined
from web.services.uploads import NotTaken, Sent
from web.state import engine, state

# A folder of a camera holds a few thousand pictures; Werkzeug's own limit is 1,000.
MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """A collection as it stands, or one that is still to come, with its newest job."""

    name: str
    summary: CollectionSummary | None
    job: Job | None

    @property
    def at_work(self) -> bool:
        return self.job is not None and self.job.state not in ENDED


def everything() -> list[Gathered]:
    """Every collection and every one that was asked for, by name."""
    held = {each.name: each for each in engine().summaries()}
    newest = {name: job for name, job in rows().newest().items() if name in held or _pending(job)}
    return [Gathered(name, held.get(name), newest.get(name)) for name in sorted({*held, *newest})]


def one(name: str) -> Gathered:
    """One of them; raises NotFound."""
    newest = next(iter(rows().of(name, 1)), None)
    if newest is not None and _pending(newest) and name not in _names():
        return Gathered(name, None, newest)
    return Gathered(name, engine().summaries([name])[0], newest)


def from_folder(name: str, folder: str) -> Job:
    """Queue the job that makes a collection of a folder on the server, or adds that folder to it.

    Raises:
        NotFound: the folder is below no root.
        BadSetting: the name can't name a collection.
    """
    return _ask(name, state().roots.folder(folder), state().roots.all)


def from_files(name: str | None = None) -> tuple[Job, list[NotTaken]]:
    """Take the request's files and queue the job that indexes them; also tells those not taken.

    `name` is that of a collection that they are added to; otherwise the form has one.

    Raises:
        BadSource: nothing was sent that can be indexed.
        BadSetting: the name can't name a collection.
        NotFound: there is no collection of that name.
    """
    if name is not None:
        one(name)
    with state().intake.receiving() as sent:
        g.not_taken = sent.refused
        form = g.sent_form = _receive(sent)
        wanted = name if name is not None else form.get("name", "")
        check_name(wanted)
        folder = state().intake.keep(sent, _sent_folder(wanted))
        return _ask(wanted, folder, [folder]), sent.refused


def again(name: str, retry: bool) -> list[Job]:
    """Queue what a collection was made of once more: to find changes, or to `retry` failures.

    Raises:
        NotFound: there is no such collection, or nothing is known of what it was made of.
    """
    gathered = one(name)
    asked = rows().requests(name)
    if not asked and gathered.job is not None and gathered.job.request is not None:
        asked = [gathered.job.request]  # it never came so far as to make its collection
    again = ({**confined(each), "retry": retry} for each in asked)
    wanted = {repr(sorted(each.items())): each for each in again}
    if not wanted:
        raise NotFound(f"it is not known what {name!r} was made of; limn index PATH tells it")
    queued = [rows().ask(name, "index", each) for each in wanted.values()]
    state().foreman.call()
    return [rows().one(each) for each in queued]


def remove(name: str) -> None:
    """Forget a collection, with the files that were sent for it; files elsewhere stay.

    Raises:
        NotFound: there is no such collection.
        CollectionBusy: it is being indexed.
    """
    gathered = one(name)
    sent = _sent_folder(name)
    for job in rows().of(name, 1000):
        if job.state == "queued":
            rows().cancel(job.id)
    if gathered.summary is not None:
        engine().remove(name)
    rows().forget(name)
    if sent is not None:
        state().intake.discard(sent)


def was_sent(name: str) -> bool:
    """Whether the server holds files of a collection, which go with it."""
    return _sent_folder(name) is not None


def _names() -> set[str]:
    return {each.name for each in engine().collections()}


def _pending(job: Job) -> bool:
    """Whether a job may still make a collection that is not there: it waits, runs or failed."""
    return job.state != "done" and job.kind == "index"


def _ask(name: str, folder: Path, confined_to: Sequence[Path]) -> Job:
    check_name(name)
    real = [os.path.realpath(each) for each in confined_to]
    document = {"sources": [str(folder)], "name": name, "confined_to": real}
    job = rows().one(rows().ask(name, "index", document))
    state().foreman.call()
    return job


def _sent_folder(name: str) -> Path | None:
    """The folder of what was sent for a collection before."""
    sources = [Path(each) for job in rows().of(name, 1000) for each in _sources(job)]
    return next((each for each in sources if state().intake.owns(each)), None)


def _sources(job: Job) -> list[str]:
    return list(job.request["sources"]) if job.request and job.kind == "index" else []


def _receive(sent: Sent) -> MultiDict[str, str]:
    """Read the request's form, its files straight into drafts; returns its other fields."""
    request.max_content_length = current_app.config["MAX_SENT_LENGTH"]
    if request.mimetype != "multipart/form-data":
        raise BadQuery(
            "files are sent as multipart/form-data, as in: curl -F name=mine -F files=@a.zip"
        )

    def open_draft(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> Any:
        return sent.open(filename or "")

    parser = FormDataParser(
        stream_factory=open_draft,
        max_form_memory_size=request.max_form_memory_size,
        max_content_length=request.max_content_length,
        max_form_parts=MOST_FILES,
        silent=False,
    )
    try:
        _, form, _ = parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except ValueError as error:
        raise BadQuery(f"the form can't be read: {error}; send it again") from error
    sent.close()
    return form
