"""Changes of collections' encoder pairs: their state, and each step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

from cachetools import LRUCache

from search.catalog.jobs import ENDED, UPGRADE, Job
from search.catalog.second_space_errors import occupied
from search.catalog.second_spaces import PairOffer
from search.encoders.inventory.recommendation import can_be_offered_better
from search.engine import Engine
from search.errors import BadSetting
from search.packages.editions import CURRENT, EARLIER
from search.records import Collection
from web.services.pair_choices import PairChoices, is_same_pair
from web.services.worker_process import WorkerProcesses

# Counts of collections, which take a while for large ones, and pages ask again and again.
COUNTED = 100


@dataclass(frozen=True, slots=True)
class PairChange:
    """The state of a collection's change of pairs; `lacking` counts pictures and captions.

    `job` is the newest one that embedded the collection by another pair.
    """

    collection: Collection
    job: Job | None
    offer: PairOffer | None
    lacking: tuple[int, int]

    @property
    def at_work(self) -> bool:
        """Return whether a job is queued or embeds pictures now."""
        return self.job is not None and self.job.state not in ENDED

    @property
    def has_not_begun(self) -> bool:
        """Return whether the last job failed before it embedded anything, and nobody declined."""
        return (
            self.job is not None
            and self.collection.second is None
            and self.job.state in ("failed", "interrupted")
            and self.job.total is None
            and self.offer != "declined"
        )

    @property
    def is_offered(self) -> bool:
        """Return whether the collection's page offers a better pair."""
        return can_be_offered_better(self.collection) and self.offer != "declined"

    @property
    def is_of_earlier_edition(self) -> bool:
        """Return whether an earlier edition of the built-in pair answers."""
        return self.collection.space.encoder in EARLIER


class PairChanges:
    """The changes of the encoder pairs of an engine's collections, as clients ask for them."""

    def __init__(self, engine: Engine, workers: WorkerProcesses, choices: PairChoices) -> None:
        self._engine = engine
        self._catalog = engine.catalog
        self._workers = workers
        self._choices = choices
        self._counts: LRUCache[object, tuple[int, int]] = LRUCache(COUNTED)
        self._lock = Lock()

    def state(self, name: str) -> PairChange:
        """Return the state of a collection's change; raise NotFound."""
        collection = self._catalog.collections.one(name)
        job = next(iter(self._catalog.jobs.of(name, 1, UPGRADE)), None)
        offer = self._catalog.second_spaces.offer(collection)
        change = PairChange(collection, job, offer, lacking=(0, 0))
        return change if change.at_work else replace(change, lacking=self._lacking(collection))

    def begin(self, name: str, encoder: str = "") -> Job:
        """Queue the job that embeds a collection by another pair, or return the one under way.

        Without an encoder, the collection's second pair goes on.

        Raises:
            NotFound: there is no such collection.
            BadSetting: the pair is none of the choices.
            SpaceMismatch: the collection has another second pair.
        """
        change = self.state(name)
        collection, second = change.collection, change.collection.second
        if change.job is not None and change.at_work and not encoder:
            return change.job
        if second is not None and (not encoder or is_same_pair(encoder, second.space.encoder)):
            encoder = second.space.encoder
        elif second is not None:
            raise occupied(collection, second.space.encoder, second.state)
        else:
            encoder = self._offered(name, encoder)
        offer = CURRENT if change.is_of_earlier_edition else "made"
        self._catalog.second_spaces.record_offer(collection, offer)
        job = self._engine.upgrades.ask(collection.name, encoder)
        self._workers.call()
        return job

    def decline(self, name: str) -> None:
        """Offer no better pair for a collection again; raise NotFound."""
        collection = self._catalog.collections.one(name)
        self._catalog.second_spaces.record_offer(collection, "declined")

    def lost_by(self, collection: Collection) -> Sequence[str]:
        """Return what the present pair has not, and the former one has: "adapter", "map"."""
        if collection.second is None or collection.second.state != "former":
            return ()
        former = collection.in_second_space()
        adapters = self._catalog.adapters.in_use()
        has_adapter, had_adapter = (
            (collection.id, each.space.id) in adapters for each in (collection, former)
        )
        has_map, had_map = (self._engine.map_file(each).exists() for each in (collection, former))
        lost = {"adapter": had_adapter and not has_adapter, "map": had_map and not has_map}
        return [part for part, is_lost in lost.items() if is_lost]

    def _offered(self, name: str, encoder: str) -> str:
        """Return the name of the choice that is the same pair; raise BadSetting."""
        [summary] = self._engine.summaries([name])
        names = [choice.name for choice in self._choices.list_choices(summary)]
        offered = next((each for each in names if is_same_pair(encoder, each)), None)
        if offered is None:
            raise BadSetting(
                "pair-not-offered",
                "there is no encoder pair {encoder!r} to change to; there are: {names}",
                encoder=encoder,
                names=", ".join(names),
            )
        return offered

    def _lacking(self, collection: Collection) -> tuple[int, int]:
        """Count what the second pair did not embed: anew after changes alone, once it is ready."""
        if collection.second is None:
            return 0, 0
        space = collection.second.space
        if collection.second.state == "filling":  # which leaves no trace in the change log
            return self._catalog.embeddings.count_lacking(collection, space)
        key = (collection.id, space.id, self._catalog.changes.last(collection.id))
        with self._lock:
            if key not in self._counts:
                self._counts[key] = self._catalog.embeddings.count_lacking(collection, space)
            return self._counts[key]
