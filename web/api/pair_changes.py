"""The change of a collection's encoder pair over the API, step by step."""

from flask import Blueprint, request

from search.documents.collection import Collection, Switched, Upgraded
from search.documents.from_jobs import job_document
from search.documents.from_records import collection_document
from search.documents.jobs import Job
from web.links import API
from web.requests.json_body import read_body
from web.route import JSON, route
from web.state import engine, state

pair_changes = Blueprint("pair_changes", __name__, url_prefix=API)

UPGRADE = "/collections/<name>/upgrade"


@route(
    pair_changes,
    UPGRADE,
    "POST",
    answers=Job,
    takes={JSON: Upgraded},
    status=202,
    scope="admin",
)
def begin(name: str) -> tuple[Job, int]:
    """Embed a collection by a second encoder pair; its present pair answers meanwhile.

    The job that is answered does it, a new one or the one under way.
    """
    encoder = read_body(Upgraded, request.get_data()).encoder
    return job_document(state().pair_changes.begin(name, encoder)), 202


@route(
    pair_changes,
    f"{UPGRADE}/switch",
    "POST",
    answers=Collection,
    takes={JSON: Switched},
    scope="admin",
)
def switch(name: str) -> Collection:
    """Answer by the second pair, once it is ready; the embeddings by the former one stay."""
    incomplete = read_body(Switched, request.get_data()).incomplete
    engine().upgrades.switch(name, incomplete)
    return _document(name)


@route(
    pair_changes,
    f"{UPGRADE}/back",
    "POST",
    answers=Collection,
    takes={JSON: Switched},
    scope="admin",
)
def back(name: str) -> Collection:
    """Answer by the former pair again."""
    incomplete = read_body(Switched, request.get_data()).incomplete
    engine().upgrades.back(name, incomplete)
    return _document(name)


@route(pair_changes, f"{UPGRADE}/finish", "POST", answers=Collection, scope="admin")
def finish(name: str) -> Collection:
    """Delete the embeddings by the former pair: there is no way back then."""
    engine().upgrades.finish(name)
    return _document(name)


@route(pair_changes, f"{UPGRADE}/discard", "POST", answers=Collection, scope="admin")
def discard(name: str) -> Collection:
    """Give up the second pair before it answers, and delete the embeddings by it."""
    engine().upgrades.discard(name)
    return _document(name)


def _document(name: str) -> Collection:
    return collection_document(engine().summaries([name])[0])
