"""Times search: Limn's stores beside other engines, and the whole way from words to hits.

    python -m benchmarks.search --pictures FOLDER --texts captions.csv --out figures.json \
        --rows 100000 --part peers --part batches --part filters --part memory --part growth

It needs `pip install ".[bench]"`. Each part, and each peer of `peers`, is written to --out when it
is done; one that stands there already is passed over. Searches are timed in the CPU time of one
thread, which what else the machine does disturbs least, and in the clock's, which is what counts
with `--device cuda`. What a row of vectors is stands in `benchmarks.search_vectors`.
`benchmarks.search_served` times engine and server.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import faiss
import numpy as np

from benchmarks.search_peers import ELSEWHERE, PEERS, Built
from benchmarks.search_vectors import Material, material, mixtures
from search.records import Device, Ids, QueryKind, Vectors
from search.stores.faiss_store.ann_training import one_thread
from search.stores.faiss_store.store import FaissStore
from search.stores.planner.cpu import IndexPlanner
from search.stores.planner.gpu import planner_of
from search.stores.planner.plan import IndexOptions

TARGET = 0.99
ASKED = 300
SHARES = (0.5, 0.05, 0.005, 0.0005)
BATCHES = (16, 32, 64, 128)
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)

Figures = dict[str, Any]


class Bench:
    """The vectors, the queries of both kinds, and their exact answers."""

    def __init__(self, material: Material, rows: int, device: Device) -> None:
        self.device = device
        self.vectors = mixtures(material.photographs, rows)
        self.queries: dict[QueryKind, Vectors] = {
            "text": material.texts[:ASKED],
            "picture": material.pictures[:ASKED],
        }
        self.lessons = material.texts[ASKED:]
        self.truth = {kind: nearest(each, self.vectors) for kind, each in self.queries.items()}

    def peers(self, name: str) -> Figures:
        """Build time, memory, and for each kind of query the cheapest setting that finds 0.99."""
        began = (time.perf_counter(), time.process_time())
        built = PEERS[name](self.vectors, self.lessons, self.device)
        took = (time.perf_counter() - began[0], time.process_time() - began[1])
        return {
            "build_s": round(took[0], 1),
            "build_cpu_s": round(took[1], 1),
            "bytes_per_vector": round(built.bytes_per_vector, 1),
            **{kind: self._swept(built, built.settings, kind) for kind in self.queries},
            "swept": {kind: self._swept(built, built.swept, kind) for kind in self.queries},
            "told": built.told,
        }

    def _swept(self, built: Built, settings: Sequence[int], kind: QueryKind) -> Figures:
        queries, truth = self.queries[kind], self.truth[kind]
        figures: Figures = {}
        with one_thread():
            for setting in settings:
                found, figures = timed(lambda q, at=setting: built.answer(q, at, kind), queries)
                figures |= {"recall": round(recall(found, truth), 4), "setting": setting}
                if figures["recall"] >= TARGET:
                    break
        return figures

    def _filled(self) -> FaissStore:
        store = FaissStore(self.vectors.shape[1], self.device)
        store.put(np.arange(len(self.vectors)), self.vectors)
        return store

    def batches(self) -> Figures:
        """Exact batches: milliseconds a batch, Limn's store against FAISS as it comes."""
        store = self._filled()
        flat: Any = faiss.IndexFlatIP(self.vectors.shape[1])
        flat.add(self.vectors)
        if self.device == "cuda":
            flat = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, flat)
        ours = faiss.cvar.distance_compute_blas_threshold
        figures = {}
        for size in BATCHES:
            queries = np.ascontiguousarray(self.queries["text"][:size])
            mine = quickest(lambda q=queries: store.search(q, 10))
            faiss.cvar.distance_compute_blas_threshold = 128_000  # FAISS's own
            theirs = quickest(lambda q=queries: flat.search(q, 10))
            faiss.cvar.distance_compute_blas_threshold = ours
            figures[str(size)] = {
                "limn_ms": round(mine, 2),
                "faiss_ms": round(theirs, 2),
                "times": round(theirs / mine, 2),
            }
        return figures

    def filters(self) -> Figures:
        """Recall and cost against the unfiltered search, for filters of every width."""
        store = self._filled()
        figures: Figures = {}
        for name in ("exact", "auto"):
            if name == "auto":
                planner_of(store, IndexOptions())(
                    store, self.lessons, IndexOptions(), lambda _: None
                ).run()
            queries = self.queries["text"][: ASKED if name == "auto" else 30]
            with one_thread():
                whole = timed(lambda q: store.search(q, 10)[0], queries)[1]
                figures[name] = {"unfiltered": whole}
                for share in SHARES:
                    passing = np.random.default_rng(2).random(len(self.vectors)) < share
                    allowed = np.flatnonzero(passing)
                    found, figure = timed(lambda q, a=allowed: store.search(q, 10, a)[0], queries)
                    truth = allowed[nearest(queries, self.vectors[allowed])]
                    figure["recall"] = round(recall(found, truth), 4)
                    took = "cpu_ms" if self.device == "cpu" else "wall_ms"
                    figure["cost"] = round(figure[took] / whole[took], 2)
                    figures[name][str(share)] = figure
        return figures

    def memory(self) -> Figures:
        """Bytes in memory for each vector where rows stay in their file, and what it then finds."""
        from search.stores.index_file import IndexHeader, read_index, write_index

        width, path = self.vectors.shape[1], Path("limn-bench.index")
        store = self._filled()
        header = IndexHeader("", 0, "", width, len(store), 0, "FaissStore")
        write_index(path, header, store.dump())
        mapped = FaissStore(width, "cpu", memory_bytes=160 * len(self.vectors))
        began = time.perf_counter()
        found = read_index(path)
        assert found is not None
        mapped.load(found[1])
        opened_s = time.perf_counter() - began
        IndexPlanner(
            mapped, self.lessons, IndexOptions(memory_bytes=160 * len(store)), lambda _: None
        ).run()
        figures: Figures = {
            "bytes_per_vector": round(mapped.in_memory_bytes / len(mapped), 1),
            "exact_bytes_per_vector": round(store.in_memory_bytes / len(store), 1),
            "opened_s": round(opened_s, 3),
        }
        with one_thread():
            for kind, queries in self.queries.items():
                got, figure = timed(lambda q, k=kind: mapped.search(q, 10, kind=k)[0], queries)
                figures[kind] = figure | {"recall": round(recall(got, self.truth[kind]), 4)}
        path.unlink()
        return figures

    def growth(self) -> Figures:
        """Milliseconds a text query at sizes up to all rows, exactly and as the planner chooses."""
        figures: Figures = {}
        for size in (each for each in SIZES if each <= len(self.vectors)):
            store = FaissStore(self.vectors.shape[1], "cpu")
            store.put(np.arange(size), self.vectors[:size])
            queries = self.queries["text"][:50]
            with one_thread():
                exact = timed(lambda q, s=store: s.search(q, 10)[0], queries)[1]["cpu_ms"]
            plan = IndexPlanner(store, self.lessons, IndexOptions("scan"), lambda _: None).run()
            with one_thread():
                staged = timed(lambda q, s=store: s.search(q, 10)[0], queries)[1]["cpu_ms"]
            figures[str(size)] = {"exact_ms": exact, "scan_ms": staged, "plan": bool(plan)}
        return figures


def nearest(queries: Vectors, vectors: Vectors) -> Ids:
    """Return the places of the best ten vectors, in no order."""
    best: Any = faiss.ResultHeap(len(queries), 10, keep_max=True)
    for start in range(0, len(vectors), 50_000):
        part = vectors[start : start + 50_000]
        scores, found = faiss.knn(queries, part, min(10, len(part)), faiss.METRIC_INNER_PRODUCT)
        best.add_result(scores, found + start)
    best.finalize()
    places: Ids = best.I
    return places


def recall(found: Ids, truth: Ids) -> float:
    """Return the part of the true ids (q, k) that was found; -1 pads."""
    pairs = zip(truth, found, strict=True)
    return float(np.mean([np.isin(best[best >= 0], got).mean() for best, got in pairs]))


def timed(answer: Callable[[Vectors], Ids], queries: Vectors) -> tuple[Ids, Figures]:
    """Answers to queries asked one by one, and what each took; the lower of two rounds."""
    answer(queries[:3])
    rounds = []
    for _ in range(2):
        began = (time.perf_counter(), time.process_time())
        found = [answer(queries[each : each + 1]) for each in range(len(queries))]
        rounds.append((time.process_time() - began[1], time.perf_counter() - began[0]))
    cpu_s, wall_s = min(rounds)
    per = 1000 / len(queries)
    figures = {
        "cpu_ms": round(cpu_s * per, 4),
        "wall_ms": round(wall_s * per, 4),
        "queries_per_cpu_s": round(len(queries) / cpu_s),
    }
    return np.concatenate(found), figures


def quickest(work: Callable[[], object], repeats: int = 5) -> float:
    """Milliseconds, by the clock, of the quickest of a few runs."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return min(took)


def plot(figures: Figures, file: Path) -> None:
    """Draw what a query takes by size, measured, and drawn out to ten million by a line."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    sizes = np.array(sorted(map(int, figures)))
    pyplot.figure(figsize=(7, 4))
    for key, told in (("exact_ms", "exact"), ("scan_ms", "4-bit scan, then exact ranking")):
        took = np.array([figures[str(size)][key] for size in sizes])
        [line] = pyplot.loglog(sizes, took, "o-", label=told)
        slope = (took[-1] - took[-2]) / (sizes[-1] - sizes[-2])
        further = took[-1] + slope * (10_000_000 - sizes[-1])
        ends = ([sizes[-1], 10_000_000], [took[-1], further])
        pyplot.loglog(*ends, "--", color=line.get_color())
    pyplot.xlabel("vectors; dashed: drawn out, not measured")
    pyplot.ylabel("CPU milliseconds a text query")
    pyplot.legend()
    pyplot.tight_layout()
    pyplot.savefig(file)


PARTS = ("peers", "batches", "filters", "memory", "growth")


@click.command()
@click.option("--pictures", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--texts", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--cache", default="limn-bench.npz", type=click.Path(path_type=Path))
@click.option("--out", default="limn-bench.json", type=click.Path(path_type=Path))
@click.option("--rows", default=50_000, show_default=True)
@click.option("--width", default=512, show_default=True, help="384 is the built-in pair's own.")
@click.option("--device", default="cpu", type=click.Choice(["cpu", "cuda"]), show_default=True)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), default=PARTS)
@click.option("--peer", "peers", multiple=True, type=click.Choice(list(PEERS)), default=list(PEERS))
@click.option("--plot", "drawn", type=click.Path(path_type=Path), help="Draw `growth` here.")
def main(
    pictures: Path,
    texts: Path,
    cache: Path,
    out: Path,
    rows: int,
    width: int,
    device: Device,
    parts: tuple[str, ...],
    peers: tuple[str, ...],
    drawn: Path | None,
) -> None:
    """Measure, and keep what was measured as JSON."""
    figures: Figures = json.loads(out.read_text()) if out.exists() else {}
    bench = Bench(material(pictures, texts, cache, width), rows, device)
    peers = tuple(peer for peer in peers if peer not in ELSEWHERE[device])
    parts = tuple(part for part in parts if device == "cpu" or part not in ("memory", "growth"))
    wanted = [(part, peer) for part in parts for peer in (peers if part == "peers" else ("",))]
    for part, peer in wanted:
        where = device if device != "cpu" else ""
        key = " ".join(each for each in (part, peer, str(rows), str(width), where) if each)
        if key not in figures:
            figures[key] = bench.peers(peer) if peer else getattr(bench, part)()
            out.write_text(json.dumps(figures, indent=1))
        click.echo(f"{key}: {json.dumps(figures[key])}")
        if part == "growth" and drawn is not None:
            plot(figures[key], drawn)


if __name__ == "__main__":
    main()
