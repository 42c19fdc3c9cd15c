"""The gate: an adapter is installed only where its held-out recall is no worse."""

from dataclasses import asdict, dataclass

import numpy as np

from indexer.evaluation.metrics import summary
from indexer.training.adapter.examples import AdapterExamples, gather
from indexer.training.adapter.training import AdapterConfig, train
from indexer.training.gate import check_gate
from search.catalog.caption_ids import owners
from search.catalog.query_adapter import Adapter
from search.engine import Engine
from search.errors import Message
from search.records import Collection, Ids, Vectors

# Captions that must find their pictures as before: what nobody marked must not be lost.
MAX_CAPTIONS = 1_000


@dataclass(frozen=True, slots=True)
class AdapterFigures:
    """Recall at 10 of marked answers to held-out questions, and of pictures by their captions.

    `captions` is None where the collection has none.
    """

    answers: float
    captions: float | None

    def __str__(self) -> str:
        captions = "" if self.captions is None else f", {self.captions:.1%} of pictures by captions"
        return f"{self.answers:.1%} of marked answers{captions}"


@dataclass(frozen=True, slots=True)
class AdapterResult:
    """An installed adapter, its figures and the number of its questions."""

    collection: str
    trained: int
    held_out: int
    before: AdapterFigures
    after: AdapterFigures


def train_adapter(engine: Engine, name: str, anyway: bool = False) -> AdapterResult:
    """Train a collection's adapter on the marks, and install it where it is no worse.

    Raises:
        BadSource: there are too few marks.
        NotFound: there is no such collection.
        NotInstalled: it finds held-out answers, or pictures by captions, worse than none.
    """
    collection = engine.catalog.collections.one(name)
    examples = gather(engine, collection)
    return install(engine, collection, examples, train(examples, AdapterConfig()), anyway)


def install(
    engine: Engine,
    collection: Collection,
    examples: AdapterExamples,
    adapter: Adapter,
    anyway: bool = False,
) -> AdapterResult:
    """Install an adapter where its held-out recall is no worse; raise NotInstalled otherwise."""
    captions = engine.caption_vectors(collection)
    ids, _ = engine.store(collection).items()
    before = _figures(examples, None, ids, captions)
    after = _figures(examples, adapter, ids, captions)
    held_out = len(examples.questions) - examples.training_count
    worse = after.answers < before.answers or (after.captions or 0) < (before.captions or 0) - 0.01
    check_gate(
        worse=worse,
        anyway=anyway,
        refusal=Message(
            "adapter-worse",
            "found within the first 10 before: {before}; after: {after}\n"
            "the adapter finds what was held out worse than none, so it is not installed; mark "
            "more answers and try again, or install it all the same with --install-anyway",
            before=before,
            after=after,
        ),
    )
    result = AdapterResult(collection.name, examples.training_count, held_out, before, after)
    engine.catalog.adapters.install(collection, adapter, asdict(result))
    engine.forget_adapters()
    return result


def _figures(
    examples: AdapterExamples, adapter: Adapter | None, ids: Ids, captions: tuple[Ids, Vectors]
) -> AdapterFigures:
    ranks = []
    held_out = slice(examples.training_count, None)
    for text, question in zip(examples.texts[held_out], examples.questions[held_out], strict=True):
        cosines = examples.pictures @ _apply(text[None], adapter)[0]
        ranks += [1 + int((cosines > cosines[row]).sum()) for row in question.more]
    caption_ids, rows = captions
    step = -(-len(rows) // MAX_CAPTIONS) or 1
    caption_ids, rows = caption_ids[::step], rows[::step]
    captions_recall = None
    if len(rows):
        own = np.searchsorted(ids, owners(caption_ids))
        cosines = _apply(rows, adapter) @ examples.pictures.T
        above = cosines > cosines[np.arange(len(own)), own][:, None]
        captions_recall = summary(1.0 + above.sum(1))["recall@10"]
    return AdapterFigures(summary(np.array(ranks, np.float64))["recall@10"], captions_recall)


def _apply(rows: Vectors, adapter: Adapter | None) -> Vectors:
    return rows if adapter is None else adapter(rows)
