"""Index plans: the ANN index of a store, its depth for each kind of query, and the reasons."""

import json
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, field
from typing import Any, Literal

from search.errors import BadSetting, IndexDamaged
from search.packages import plugins
from search.records import QueryKind

StoreName = str
"""The name of a registered store."""

Report = Callable[[str], None]
"""A function that takes a line of progress."""

Computes = Literal["cpu", "cuda"]
"""The device on which a store answers plain searches."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """The user's options: a store by name or "auto", and the memory that one index may take."""

    store: StoreName = "auto"
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        if plugins.find("stores", self.store) is None:
            names = ", ".join(plugins.choices("stores"))
            raise BadSetting(
                "unknown-store",
                "there is no store {store!r}; choose: {names}",
                store=self.store,
                names=names,
            )

    def device(self, has: Computes) -> Computes:
        """Return the device of a plan for the options, in a store that has a GPU or not."""
        return "cpu" if self.store in ("scan", "hnsw") else has


@dataclass(frozen=True, slots=True)
class Depth:
    """The depth of an ANN index: its effort, and the candidates for the best 10 and 100 rows."""

    effort: int
    of_10: int
    of_100: int

    def times(self, factor: int) -> "Depth":
        """Return a depth this many times as deep."""
        return Depth(*(factor * each for each in astuple(self)))

    def candidates(self, k: int) -> int:
        """Return the number of candidates for the best k: on a line through both measurements."""
        if k <= 10:
            return max(self.of_10, k)
        slope = max(1.0, (self.of_100 - self.of_10) / 90)
        return round(self.of_10 + slope * (k - 10))


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """The choice for a store of so many vectors, stored with its index.

    `memory_bytes` is the memory for each vector, `target` the recall@10 that was measured,
    `reasons` the explanations of the choice, a line each, and `wished` the requested store.
    """

    store: StoreName
    vectors: int
    target: float = 0.0
    memory_bytes: float = 0.0
    text: Depth | None = None
    picture: Depth | None = None
    reasons: tuple[str, ...] = ()
    measured: dict[str, dict[str, float]] = field(default_factory=dict)
    device: Computes = "cpu"
    wished: StoreName = "auto"

    def depth(self, kind: QueryKind) -> Depth:
        """Return the depth for queries of a kind."""
        depth = self.text if kind == "text" else self.picture
        assert depth is not None
        return depth

    def suits(self, options: IndexOptions, has: Computes) -> bool:
        """Return whether the plan fits the options and the device, or came of the same options."""
        if options.store == "auto":  # a failure of the requested store says nothing of all others
            is_wanted = self.store != "exact" or self.wished == "auto"
        else:
            is_wanted = options.store in (self.store, self.wished)
        return is_wanted and self.device == options.device(has)

    def to_document(self) -> dict[str, Any]:
        """Return the plan as a document for programs."""
        return asdict(self)

    def as_json(self) -> str:
        """Return the plan as it is stored with the index."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, document: str | bytes) -> "IndexPlan":
        """Return the plan that `as_json` wrote; raises IndexDamaged."""
        try:
            values: dict[str, Any] = json.loads(document)
            for kind in ("text", "picture"):
                values[kind] = None if values[kind] is None else Depth(**values[kind])
            values["reasons"] = tuple(values["reasons"])
            return cls(**values)
        except (ValueError, KeyError, TypeError) as error:
            raise IndexDamaged(
                "index-plan-unreadable",
                "the plan can't be read ({error}); measure again",
                error=error,
            ) from error
