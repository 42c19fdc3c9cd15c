"""Administration of collections, for the pages and the API."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.catalog.collection import check_name
from search.catalog.jobs import BESIDE_OTHERS, ENDED, UPGRADE, Job
from search.catalog.records import CollectionSummary
from search.engine import Engine
from search.errors import NotFound
from web.requests.query_form import Fields
from web.services.confined import ConfinedFiles
from web.services.encoder_pairs import PairService
from web.services.server_folders import ServerFolders
from web.services.uploads import RefusedFile, Upload, Uploads
from web.services.worker_process import WorkerProcesses


@dataclass(frozen=True, slots=True)
class CollectionStatus:
    """The status of an existing or requested collection, with its newest job.

    `upgrade` is its newest change of the encoder pair, which runs beside other jobs.
    """

    name: str
    summary: CollectionSummary | None
    job: Job | None
    upgrade: Job | None = None

    @property
    def at_work(self) -> bool:
        """Return whether the newest job is queued or running."""
        return self.job is not None and self.job.state not in ENDED

    @property
    def is_upgraded(self) -> bool:
        """Return whether a change of the encoder pair is queued or running."""
        return self.upgrade is not None and self.upgrade.state not in ENDED


class CollectionAdmin:
    """The collections of an engine, as clients of the server make and change them."""

    def __init__(
        self,
        engine: Engine,
        roots: ServerFolders,
        uploads: Uploads,
        workers: WorkerProcesses,
        confined_files: ConfinedFiles,
        pairs: PairService,
    ) -> None:
        self._engine = engine
        self._jobs = engine.catalog.jobs
        self._roots = roots
        self._uploads = uploads
        self._workers = workers
        self._confined_files = confined_files
        self._pairs = pairs

    def everything(self) -> list[CollectionStatus]:
        """Return the status of every existing or requested collection, by name."""
        summaries = {each.name: each for each in self._engine.summaries()}
        newest = {
            name: job
            for name, job in self._jobs.newest().items()
            if name in summaries or _pending(job)
        }
        upgrades = self._jobs.newest(upgrades=True)
        return [
            CollectionStatus(name, summaries.get(name), newest.get(name), upgrades.get(name))
            for name in sorted({*summaries, *newest})
        ]

    def one(self, name: str) -> CollectionStatus:
        """Return the status of one collection; raise NotFound."""
        newest = next((job for job in self._jobs.of(name) if job.kind not in BESIDE_OTHERS), None)
        if newest is not None and _pending(newest) and name not in self._names():
            return CollectionStatus(name, None, newest)
        upgrade = next(iter(self._jobs.of(name, 1, UPGRADE)), None)
        return CollectionStatus(name, self._engine.summaries([name])[0], newest, upgrade)

    def from_folder(self, name: str, folder: str, encoder: str = "") -> Job:
        """Queue the job that makes a collection from a server folder, or adds the folder.

        `encoder` is the pair of a new collection; "" is the usual one.

        Raises:
            NotFound: the folder is below none of the server folders.
            BadSetting: the name can't name a collection, or the pair is not here.
        """
        place, encoder = self._roots.folder(folder), self._choose(encoder)
        return self._ask(name, place, self._roots.all, encoder)

    def from_files(
        self, receive: Callable[[Upload], Fields], name: str | None = None
    ) -> tuple[Job, list[RefusedFile]]:
        """Store uploaded files and queue the job that indexes them; return the refused files too.

        `receive` writes the files of a form into drafts and returns its other fields. The files are
        added to the collection `name`; without `name`, the form names the collection and, if it
        likes, the `encoder` of a new one.

        Raises:
            BadSource: the upload has no file that can be indexed.
            BadSetting: the name can't name a collection, or the pair is not here.
            NotFound: there is no collection of that name.
        """
        if name is not None:
            self.one(name)
        with self._uploads.open_upload() as upload:
            form = receive(upload)
            upload.close()
            collection = name if name is not None else form.get("name", "")
            check_name(collection)
            encoder = self._choose(form.get("encoder", "")) if name is None else ""
            folder = self._uploads.store(upload, self._sent_folder(collection))
            return self._ask(collection, folder, [folder], encoder), upload.refusals

    def again(self, name: str, retry: bool) -> list[Job]:
        """Queue a collection's runs again, to find changes or to `retry` failures.

        Raises:
            NotFound: there is no collection of that name, or its sources are unknown.
        """
        status = self.one(name)
        requests = self._jobs.requests(name)
        if not requests and status.job is not None and status.job.request is not None:
            requests = [status.job.request]  # a run that failed before its collection existed
        documents = ({**self._confined_files.confine(each), "retry": retry} for each in requests)
        distinct = {repr(sorted(each.items())): each for each in documents}
        if not distinct:
            raise NotFound(
                "sources-unknown",
                "it is not known what {name!r} was made of; limn index PATH tells it",
                name=name,
            )
        job_ids = [self._jobs.ask(name, "index", each) for each in distinct.values()]
        self._workers.call()
        return [self._jobs.one(each) for each in job_ids]

    def remove(self, name: str) -> None:
        """Remove a collection with its uploaded files; other files stay.

        Raises:
            NotFound: there is no collection of that name.
            CollectionBusy: a run is indexing the collection.
        """
        status = self.one(name)
        folder = self._sent_folder(name)
        for job in self._jobs.of(name, 1000):
            if job.state == "queued":
                self._jobs.cancel(job.id)
        if status.summary is not None:
            self._engine.remove(name)
        self._jobs.forget(name)
        if folder is not None:
            self._uploads.discard(folder)

    def was_sent(self, name: str) -> bool:
        """Return whether the server has uploaded files of a collection."""
        return self._sent_folder(name) is not None

    def _names(self) -> set[str]:
        return {each.name for each in self._engine.collections()}

    def _choose(self, encoder: str) -> str:
        return self._pairs.choose(encoder) if encoder else ""

    def _ask(self, name: str, folder: Path, confined_to: Sequence[Path], encoder: str) -> Job:
        check_name(name)
        real = [os.path.realpath(each) for each in confined_to]
        document = {"sources": [str(folder)], "name": name, "confined_to": real}
        if encoder:
            document["encoder"] = encoder
        job = self._jobs.one(self._jobs.ask(name, "index", document))
        self._workers.call()
        return job

    def _sent_folder(self, name: str) -> Path | None:
        """Return the folder of a collection's uploaded files."""
        sources = [Path(each) for job in self._jobs.of(name, 1000) for each in _sources(job)]
        return next((each for each in sources if self._uploads.owns(each)), None)


def _pending(job: Job) -> bool:
    """Return whether a job may still make a collection: it is queued, running or failed."""
    return job.state != "done" and job.kind == "index"


def _sources(job: Job) -> list[str]:
    return list(job.request["sources"]) if job.request and job.kind == "index" else []
