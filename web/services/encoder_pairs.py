"""Encoder pairs for the pages and the API: the list, downloads, and the choice for a collection."""

from collections.abc import Mapping

from search.catalog.jobs import Job
from search.documents.encoders import EncoderPairs, InstalledPair
from search.documents.from_encoders import pairs_document
from search.encoders import EncoderInfo
from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.engine import Engine
from search.errors import BadSetting, NotFound
from web.services.pair_choices import pairs_for_clients
from web.services.worker_process import WorkerProcesses


class PairNotHere(BadSetting):
    """A collection can't have a pair that is not on this machine."""


class PairService:
    """The encoder pairs that an engine's collections may have."""

    def __init__(self, engine: Engine, workers: WorkerProcesses, usual: str) -> None:
        """Take the pair of new collections as `usual`, as the settings name it."""
        self._engine = engine
        self._workers = workers
        self._usual = usual

    def list_pairs(self, downloads: Mapping[str, Job], pictures: int = 0) -> EncoderPairs:
        """Return all pairs, with the newest downloads by specification.

        Times are for so many pictures, or for the largest collection.
        """
        return pairs_document(
            self._inventory(),
            downloads,
            pictures or max((each.pictures for each in self._engine.summaries()), default=0),
        )

    def download(self, name: str) -> Job:
        """Queue the download of an offered pair, or return the job that is under way.

        Raises:
            NotFound: no pair of that name is offered.
        """
        if name not in SHORT_NAMES:
            raise NotFound(
                "unknown-pair",
                "there is no encoder pair {name!r} to download; there are: {names}",
                name=name,
                names=", ".join(SHORT_NAMES),
            )
        job = self._engine.catalog.downloads.ask(name, f"hub:{SHORT_NAMES[name].repository}")
        self._workers.call()
        return job

    def choices(self) -> list[InstalledPair]:
        """Return the pairs on this machine that can embed a new collection."""
        pairs = pairs_document(self._inventory(), {}, pictures=None)
        return [each for each in pairs.installed if each.there]

    def choose(self, name: str) -> str:
        """Return the specification of a pair on this machine, by that or by its short name.

        Raises:
            PairNotHere: there is no such pair here.
        """
        choices = self.choices()
        for each in choices:
            if name in (each.encoder, each.name):
                return each.encoder
        raise PairNotHere(
            "pair-not-here",
            "there is no encoder pair {name!r} on the server; there are: {names}",
            name=name,
            names=", ".join(each.name or each.encoder for each in choices),
        )

    def _inventory(self) -> list[EncoderInfo]:
        return pairs_for_clients(self._engine.collections(), self._usual)
