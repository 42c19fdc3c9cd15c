"""The change of a collection's encoder pair over the API, step by step."""

from flask import Blueprint, request

from search.documents.collection import Collection, Switched, Upgraded
from search.documents.from_jobs import job_document
from search.documents.from_records import collection_document
from search.documents.jobs import Job
from web.api.openapi import error_sources as sources
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
    raises=("web.services.pair_changes:_offered", "search.catalog.second_space_errors:occupied"),
)
def begin(name: str) -> tuple[Job, int]:
    """Begin to change the encoder pair of a collection.

    A job reads each picture again by the new pair. Meanwhile searches are answered by the present
    pair. The answer is that job: a new one, or the one that is under way.
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
    raises=sources.SWITCHES,
)
def switch(name: str) -> Collection:
    """Switch a collection to its new encoder pair.

    The new pair answers searches from now on, once it has read every picture. What the former pair
    has read stays, so you can switch back at once.
    """
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
    raises=sources.SWITCHES,
)
def back(name: str) -> Collection:
    """Switch a collection back to its former encoder pair.

    The former pair answers searches again. It must still be there: `finish` deletes it.
    """
    incomplete = read_body(Switched, request.get_data()).incomplete
    engine().upgrades.back(name, incomplete)
    return _document(name)


@route(
    pair_changes,
    f"{UPGRADE}/finish",
    "POST",
    answers=Collection,
    scope="admin",
    raises=sources.STEPS,
)
def finish(name: str) -> Collection:
    """Finish the change of an encoder pair.

    What the former pair has read is deleted, which frees its room. There is no way back then.
    """
    engine().upgrades.finish(name)
    return _document(name)


@route(
    pair_changes,
    f"{UPGRADE}/discard",
    "POST",
    answers=Collection,
    scope="admin",
    raises=sources.STEPS,
)
def discard(name: str) -> Collection:
    """Give up the change of an encoder pair.

    What the new pair has read is deleted. The present pair goes on to answer searches.
    """
    engine().upgrades.discard(name)
    return _document(name)


def _document(name: str) -> Collection:
    return collection_document(engine().summaries([name])[0])
