"""Encoder pairs over the API: those that are offered or here, and the download of one."""

from flask import Blueprint, request

from search.documents.encoders import EncoderPairs, PairFields, WantedPair
from search.documents.from_jobs import job_document
from search.documents.jobs import Job
from search.documents.reading import read_texts
from web.links import API
from web.requests.json_body import read_body
from web.route import JSON, route
from web.state import engine, state

encoders = Blueprint("encoders", __name__, url_prefix=API)


@route(encoders, "/encoders", endpoint="listed", answers=EncoderPairs, fields=PairFields)
def list_pairs() -> EncoderPairs:
    """List the encoder pairs.

    The answer has the pairs that can be downloaded, with what each is good for and how much room it
    takes, and the pairs that are on the server already.
    """
    fields = read_texts(PairFields, dict(request.args.lists()))
    return state().pairs.list_pairs(engine().catalog.downloads.newest(), fields.pictures)


@route(
    encoders,
    "/encoders",
    "POST",
    answers=Job,
    takes={JSON: WantedPair},
    status=202,
    raises=("web.services.encoder_pairs:download",),
)
def download() -> tuple[Job, int]:
    """Download an encoder pair.

    The answer is the job that downloads it: a new one, or the one that is under way.
    """
    name = read_body(WantedPair, request.get_data()).name
    return job_document(state().pairs.download(name)), 202
