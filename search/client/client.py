"""The client of the API, with one method a request."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj
from types import EllipsisType
from typing import Any
from urllib.parse import quote

from search.client.saved_and_boards import Boards, SavedSearches
from search.client.transport import Transport, Upload
from search.client.upgrades import PairUpgrades
from search.documents.collection import Collection, Collections, Failure, Failures, Forgotten
from search.documents.completion import Completions
from search.documents.encoders import EncoderPairs
from search.documents.facets import Facets
from search.documents.jobs import Job, JobList, Jobs
from search.documents.picture import Captions, Picture
from search.documents.search import Answer, Hit, TextTerm

LOOK_EVERY_S = 0.5


class Client:
    """A client of one server; safe to use from many threads.

    Every method raises `Problem` if the server refuses, and `Unreachable` if none answers.
    `saved`, `boards` and `upgrades` are the clients of saved searches, boards, and changes of
    encoder pairs.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        token: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self._ask = Transport(address, token, timeout_s)
        self.saved = SavedSearches(self._ask)
        self.boards = Boards(self._ask)
        self.upgrades = PairUpgrades(self._ask)

    # -- searching

    def search(
        self,
        *words: str | TextTerm,
        like: Sequence[int] = (),
        images: Sequence[Upload] = (),
        collections: Sequence[str] = (),
        k: int = 20,
        cursor: str | None = None,
        **more: Any,
    ) -> Answer:
        """Return a page of hits for words, pictures `like` these ids, sent pictures, or all.

        `more` may be `where`, `by`, `cutoff`, `strictness`, `sort`, `fold`, `diverse`, `understand`
        and `plain`, as in the API. Words with a sent picture have a weight of 1.
        """
        options = {name: value for name, value in {**more, "cursor": cursor}.items() if value}
        if images:
            texts = [word if isinstance(word, str) else word.text for word in words]
            fields = {"q": texts, "similar": list(like), "collection": list(collections), "k": k}
            return self._ask.form(Answer, "search", {**fields, **options}, {"image": images})
        terms = [TextTerm(word) if isinstance(word, str) else word for word in words]
        document: dict[str, Any] = {
            "terms": [
                *({"text": term.text, "weight": term.weight} for term in terms),
                *({"picture_id": picture_id} for picture_id in like),
            ],
            "collections": list(collections),
            "k": k,
            **options,
        }
        return self._ask.json(Answer, "POST", "search", document)

    def hits(self, *words: str | TextTerm, k: int = 100, **more: Any) -> Iterator[Hit]:
        """Yield every hit of a search, page by page, as the caller consumes them."""
        cursor: str | EllipsisType | None = ...
        while cursor is not None:
            at = None if cursor is ... else cursor
            page = self.search(*words, k=k, cursor=at, **more)
            yield from page.hits
            cursor = page.next

    def complete(self, q: str, collections: Sequence[str] = (), k: int = 8) -> Completions:
        """Return completions of words that are being typed, and a corrected spelling."""
        return self._ask.json(
            Completions, "GET", "complete", q=q, collection=list(collections), k=k
        )

    # -- pictures

    def picture(self, picture_id: int) -> Picture:
        """Return a picture with its facts and captions."""
        return self._ask.json(Picture, "GET", f"pictures/{picture_id}")

    def write_caption(self, picture_id: int, text: str, language: str = "en") -> Captions:
        """Write a caption of a picture in a language; an empty text takes it back."""
        body = {"text": text, "language": language}
        return self._ask.json(Captions, "PATCH", f"pictures/{picture_id}/captions", body)

    def thumbnail(self, picture_id: int, side: int = 320) -> bytes:
        """Return a WebP within a square of `side` pixels: 160, 320, 480, 960 or 1600."""
        return self._ask.whole(f"pictures/{picture_id}/thumbnail", side=side)

    def original(self, picture_id: int) -> bytes:
        """Return the picture's file unchanged."""
        return self._ask.whole(f"pictures/{picture_id}/original")

    # -- collections

    def collections(self) -> list[Collection]:
        """Return all collections with their status."""
        return list(self._ask.json(Collections, "GET", "collections").collections)

    def collection(self, name: str) -> Collection:
        """Return a collection with its status."""
        return self._ask.json(Collection, "GET", _collection(name))

    def index_folder(self, name: str, folder: str, encoder: str = "") -> Job:
        """Create a collection of a folder on the server that its operator allows to be indexed."""
        document = {"name": name, "folder": folder, "encoder": encoder}
        return self._ask.json(Job, "POST", "collections", document)

    def send(self, name: str, files: Sequence[Upload], encoder: str = "") -> Job:
        """Create a collection of files, or add them: pictures, films, archives, captions.csv."""
        fields = {"name": name, "encoder": encoder}
        return self._ask.form(Job, "collections", fields, {"files": files})

    def index_again(self, name: str, retry: bool = False) -> list[Job]:
        """Index changes of a collection, or `retry` files that failed."""
        answer = self._ask.json(JobList, "POST", f"{_collection(name)}/index", {"retry": retry})
        return list(answer.jobs)

    def rename(self, name: str, new: str) -> Collection:
        """Rename a collection; its pictures keep their ids."""
        return self._ask.json(Collection, "PATCH", _collection(name), {"name": new})

    def remove(self, name: str) -> None:
        """Delete a collection; files in the server's folders stay."""
        self._ask.send("DELETE", _collection(name))

    def forget_missing(self, name: str) -> int:
        """Remove the pictures of a collection whose files are missing; return their number."""
        return self._ask.json(Forgotten, "DELETE", f"{_collection(name)}/missing").forgotten

    def facets(self, name: str, *words: str, like: Sequence[int] = (), **more: Any) -> Facets:
        """Return counts of what a collection has, or of the hits for words or pictures in it.

        `more` may be `where`, `minus`, `concept`, `more`, `less`, `cutoff`, `strictness`,
        `understand` and `plain`, as in the API.
        """
        fields = {"q": list(words), "similar": list(like), **more}
        asked = {field: value for field, value in fields.items() if value}
        return self._ask.json(Facets, "GET", f"{_collection(name)}/facets", **asked)

    def failures(self, name: str) -> list[Failure]:
        """Return the files of a collection that could not be indexed, with the reasons."""
        return list(self._ask.json(Failures, "GET", f"{_collection(name)}/failures").failures)

    # -- encoder pairs

    def encoders(self, pictures: int = 0) -> EncoderPairs:
        """Return the pairs that can be downloaded and those on the server's machine.

        Times are estimated for so many pictures, or for those of the largest collection.
        """
        return self._ask.json(EncoderPairs, "GET", "encoders", pictures=pictures)

    def download_encoder(self, name: str) -> Job:
        """Download an offered pair to the server's machine, by its short name."""
        return self._ask.json(Job, "POST", "encoders", {"name": name})

    # -- jobs

    def jobs(self) -> Iterator[Job]:
        """Yield every job, the newest first."""
        for page in self._ask.pages(Jobs, "jobs"):
            yield from page.jobs

    def job(self, job_id: int) -> Job:
        """Return a job with its state and counts."""
        return self._ask.json(Job, "GET", f"jobs/{job_id}")

    def cancel(self, job_id: int) -> Job:
        """Cancel a job that is queued or running; its written pictures stay."""
        return self._ask.json(Job, "POST", f"jobs/{job_id}/cancel")

    def wait(self, job: Job, timeout_s: float = 3600.0) -> Job:
        """Return the job once it has ended, or its latest state after `timeout_s`."""
        deadline_s = time.monotonic() + timeout_s
        while not job.ended and time.monotonic() < deadline_s:
            time.sleep(LOOK_EVERY_S)
            job = self.job(job.id)
        return job

    # -- a selection

    def export(self, ids: Sequence[int], to: Path, kind: str = "zip") -> Path:
        """Write pictures to a file: `zip` of their files, `csv`, or `json`."""
        request = self._ask.open("GET", "export", id=list(ids), format=kind)
        with request as answer, to.open("wb") as file:
            copyfileobj(answer, file)
        return to


def _collection(name: str) -> str:
    return f"collections/{quote(name, safe='')}"
