"""Priorities of requests: which ones get a thread first, with room for every kind and client."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from search.bootstrap import open_engine
from tests.colour_web import settings_in
from web.app import create_app
from web.route import Routes, Urgency
from web.server.priority import Requests
from web.server.workers import Workers

Asked = tuple[Urgency, str]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routes]:
    settings = settings_in(tmp_path_factory.mktemp("urgency"))
    with open_engine(settings) as engine:
        yield Routes(create_app(engine, settings))


@pytest.mark.parametrize(
    ("method", "path", "urgency"),
    [
        ("GET", "/api/v1/search", "search"),
        ("POST", "/api/v1/search", "search"),
        ("GET", "/", "search"),
        ("GET", "/api/v1/pictures/7/thumbnail", "picture"),
        ("GET", "/static/limn.css", "picture"),
        ("GET", "/api/v1/pictures/7/original", "bulk"),
        ("GET", "/api/v1/pictures/7/film", "bulk"),
        ("GET", "/api/v1/export", "bulk"),
        ("POST", "/api/v1/export", "bulk"),
        ("POST", "/selected", "bulk"),
        ("POST", "/collections", "bulk"),
        ("POST", "/api/v1/collections/a/files", "bulk"),
        ("GET", "/api/v1/collections", "search"),
        ("GET", "/healthz", "probe"),
    ],
)
def test_requests_are_of_four_kinds(
    routes: Routes, method: str, path: str, urgency: Urgency
) -> None:
    assert routes.facts(method, path).urgency == urgency


def answered(asked: Sequence[Asked], threads: int = 1) -> list[Asked]:
    """Return the order of answers to requests that arrive while every thread is busy."""
    order: list[Asked] = []
    busy = threading.Event()

    async def one(requests: Requests, each: Asked) -> None:
        async with requests.place(*each) as run:
            await asyncio.wrap_future(run(lambda: order.append(each)))

    async def all_of_them() -> None:
        requests = Requests(threads)
        async with requests.place("search", "nobody") as run:
            held = [run(busy.wait) for _ in range(threads)]
            waiting = [asyncio.create_task(one(requests, each)) for each in asked]
            while requests.queue_length < len(asked):
                await asyncio.sleep(0)
            busy.set()
            await asyncio.gather(*waiting, *map(asyncio.wrap_future, held))
        requests.close()

    asyncio.run(all_of_them())
    return order


def test_a_search_comes_before_thumbnails_and_those_before_exports() -> None:
    asked: list[Asked] = [("bulk", "192.0.2.0"), ("picture", "192.0.2.1"), ("search", "192.0.2.2")]
    assert answered(asked) == asked[::-1]


def test_one_who_asks_a_hundred_things_does_not_keep_the_others_waiting() -> None:
    crowd: list[Asked] = [("search", "192.0.2.1")] * 100
    other: Asked = ("search", "192.0.2.2")
    assert other in answered([*crowd, other])[:2]


def test_whether_the_server_is_up_is_told_while_every_thread_is_busy() -> None:
    async def probed() -> str:
        requests, busy = Requests(2), threading.Event()
        async with requests.place("search", "a") as run:
            held = [run(busy.wait) for _ in range(2)]
            async with requests.place("probe", "b") as probe:
                told = await asyncio.wait_for(asyncio.wrap_future(probe(lambda: "up")), 20)
            busy.set()
            await asyncio.gather(*map(asyncio.wrap_future, held))
        requests.close()
        return told

    assert asyncio.run(probed()) == "up"


def test_exports_leave_threads_to_searches() -> None:
    async def searched() -> str:
        requests, busy = Requests(3), threading.Event()

        async def export() -> None:
            async with requests.place("bulk", "a") as run:
                await asyncio.wrap_future(run(busy.wait))

        exports = [asyncio.create_task(export()) for _ in range(9)]
        await asyncio.sleep(0)
        async with requests.place("search", "b") as run:
            told = await asyncio.wait_for(asyncio.wrap_future(run(lambda: "found")), 20)
        busy.set()
        await asyncio.gather(*exports)
        requests.close()
        return told

    assert asyncio.run(searched()) == "found"


def test_a_call_that_was_given_up_is_not_made() -> None:
    workers, busy, made = Workers("test", 1), threading.Event(), list[int]()
    held = workers.submit(busy.wait)
    calls = [workers.submit(lambda each=each: made.append(each)) for each in range(3)]  # type: ignore[misc]
    assert calls[1].cancel()
    busy.set()
    held.result(20)
    calls[2].result(20)
    workers.close()
    assert made == [0, 2]
