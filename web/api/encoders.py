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
    """Return the encoder pairs that can be downloaded, and those on the server's machine."""
    fields = read_texts(PairFields, dict(request.args.lists()))
    return state().pairs.list_pairs(engine().catalog.downloads.newest(), fields.pictures)


@route(encoders, "/encoders", "POST", answers=Job, takes={JSON: WantedPair}, status=202)
def download() -> tuple[Job, int]:
    """Download an offered pair: the job that is answered does it, a new one or one under way."""
    name = read_body(WantedPair, request.get_data()).name
    return job_document(state().pairs.download(name)), 202
