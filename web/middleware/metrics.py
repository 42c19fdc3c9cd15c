"""Prometheus metrics at /metrics: requests by route, searches, and stored amounts."""

from collections.abc import Iterable
from contextlib import suppress
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from search.engine import Engine
from web.route import route
from web.state import WAITING, State

metrics = Blueprint("metrics", __name__)

STAGE_BUCKETS_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32)

# Buckets from a cached thumbnail to a query image that is decoded and embedded on a slow machine.
BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@route(metrics, "/metrics", endpoint="metrics", scope="admin", urgency="bulk", for_programs=True)
def show() -> Response:
    """Return the figures as text."""
    registry: CollectorRegistry = current_app.extensions["limn.metrics"]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def measure(app: Flask) -> None:
    """Measure every request of `app`, in a registry of its own."""
    registry = app.extensions["limn.metrics"] = CollectorRegistry()
    seconds = Histogram(
        "limn_request_seconds",
        "Time from the request's first look to its answer, by route.",
        ("route", "method", "status"),
        registry=registry,
        buckets=BUCKETS_S,
    )
    under_way = Gauge(
        "limn_requests_under_way", "Requests that are being answered now.", registry=registry
    )
    registry.register(_Amounts(app))
    _listen(app.extensions["limn"].engine, registry)

    @app.before_request
    def begin() -> None:
        g.measured_s = perf_counter()
        under_way.inc()

    @app.after_request
    def observe(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"  # never a client's own words
        took_s = perf_counter() - g.get("measured_s", perf_counter())
        seconds.labels(route, request.method, response.status_code).observe(took_s)
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if "measured_s" in g:
            under_way.dec()


def _listen(engine: Engine, registry: CollectorRegistry) -> None:
    """Measure the stages of the engine's searches and the batches of its encoder."""
    stages = Histogram(
        "limn_search_stage_seconds",
        "Time of each stage of a search.",
        ("stage",),
        registry=registry,
        buckets=STAGE_BUCKETS_S,
    )
    batches = Histogram(
        "limn_encoder_batch",
        "Texts or pictures that were encoded together.",
        ("kind",),
        registry=registry,
        buckets=BATCH_BUCKETS,
    )
    engine.timing.on_stage.append(lambda stage, took_s: stages.labels(stage).observe(took_s))
    engine.timing.on_batch.append(lambda kind, size: batches.labels(kind).observe(size))


class _Amounts(Collector):
    """A collector of the amounts in catalog and server, read at each scrape."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._state: State = app.extensions["limn"]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        pictures = GaugeMetricFamily("limn_pictures", "Indexed pictures.", labels=["collection"])
        failures = GaugeMetricFamily(
            "limn_failed_files", "Files that could not be indexed.", labels=["collection"]
        )
        for each in self._state.engine.summaries():
            pictures.add_metric([each.name], each.pictures)
            failures.add_metric([each.name], each.failures)
        image_bytes = GaugeMetricFamily(
            "limn_held_bytes",
            "Pictures held to search by.",
            value=self._state.query_images.size_bytes,
        )
        ready = GaugeMetricFamily(
            "limn_ready",
            "Whether encoders and indexes are loaded.",
            value=self._state.warmup.status == "ready",
        )
        return (pictures, failures, image_bytes, ready, *self._indexes(), *self._queues())

    def _indexes(self) -> Iterable[GaugeMetricFamily]:
        vectors = GaugeMetricFamily(
            "limn_index_vectors", "Vectors in loaded indexes.", labels=["collection", "kind"]
        )
        for name, kind, size in self._state.engine.index_sizes():
            vectors.add_metric([name, kind], size)
        folder = self._state.settings.data_dir / "indexes"
        sizes: list[int] = []
        for path in folder.rglob("*.index"):
            with suppress(FileNotFoundError):  # its collection was removed just now
                sizes.append(path.stat().st_size)
        return (
            vectors,
            GaugeMetricFamily("limn_index_bytes", "Index files on the disk.", value=sum(sizes)),
        )

    def _queues(self) -> Iterable[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("limn_jobs", "Jobs not yet ended.", labels=["state"])
        open_jobs = self._state.engine.catalog.jobs.queue()
        for state in ("queued", "running"):
            jobs.add_metric([state], sum(job.state == state for job in open_jobs))
        queue_length = self._app.extensions.get(WAITING, int)
        return (
            jobs,
            GaugeMetricFamily(
                "limn_requests_waiting", "Requests that wait for a thread.", value=queue_length()
            ),
        )
