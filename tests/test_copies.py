"""Copies and moments of films in answers: the page folds them, the API only when it is asked to."""

import re
from pathlib import Path

import pytest

from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from search.query.records import Query
from tests import collections_of_every_kind as kinds
from tests.colour_web import opened, picture_bytes, settings_in, store_colours


def test_the_page_folds_copies_and_the_api_only_when_asked(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        store_colours(engine.catalog, tmp_path / "one", ("red", "blue"))
        store_colours(engine.catalog, tmp_path / "other", ("red",))

        def shown(more: str = "") -> int:
            answer = client.get(f"/shapes?q=red{more}").json
            assert answer is not None
            return int(answer.get("sure", len(answer["ids"])))

        page = client.get("/?q=red&lang=en").text
        assert "1 shows this" in page and ">1 hidden copy</a>" in page
        assert re.search(r'class="badge" href="/pictures/\d\?rank=1&amp;q=red#copies"', page)
        assert shown() == 1 and shown("&copies=1") == 2
        unfolded = client.get("/?q=red&copies=1&lang=en").text
        assert "2 show this" in unfolded and ">Hide copies</a>" in unfolded
        assert '<input type="hidden" name="copies" value="1">' in unfolded
        assert "已折叠 1 张副本" in client.get("/?q=red&lang=zh").text
        assert "copies" not in client.get("/?q=red&strictness=all&lang=en").text.split("<main")[1]
        client.post("/api/v1/saved", json={"name": "reds", "address": "q=red&strictness=usual"})
        for address in ("/api/v1/search?q=red&strictness=usual", "/api/v1/saved/1/search"):
            answer = client.get(address).json
            assert answer is not None and [hit["copies"] for hit in answer["hits"][:2]] == [[], []]


def test_a_list_that_goes_on_offers_its_copies_without_their_number(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        store_colours(engine.catalog, tmp_path / "one", ("red",))
        store_colours(engine.catalog, tmp_path / "other", ("red",))
        whole = client.get("/?collection=colours&lang=en").text
        assert ">1 hidden copy</a>" in whole
        for number in range(60):
            store_colours(engine.catalog, tmp_path / f"{number}", (f"hsl({6 * number}, 90%, 50%)",))
        part = client.get("/?collection=colours&lang=en").text
        assert "hidden cop" in part or "Show copies" in part


@pytest.mark.slow
def test_moments_of_one_film_are_one_hit(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    kinds.film(folder / "one.mp4", ("red", "yellow", "blue"))
    kinds.film(folder / "other.mp4", ("green", "white"))
    (folder / "still.png").write_bytes(picture_bytes("orange"))
    settings = settings_in(tmp_path / "data")
    with opened(settings) as (engine, client):
        run(engine, settings, Request.of((str(folder),), "films"), PlainProgress())
        hits = engine.search(Query((), ("films",), fold=True))
        assert sorted(len(hit.copies) for hit in hits) == [0, 1, 2]
        assert len(engine.search(Query((), ("films",)))) == 6
        page = client.get("/?collection=films&lang=en").text
        assert ">3 hidden moments of films</a>" in page
        moments = re.findall(r'class="badge play" href="([^"]+)"', page)
        assert len(moments) == 2 and "copies=1" in moments[0] and "where=folder" in moments[0]
        alone = client.get(moments[0].replace("&amp;", "&")).text
        assert set(re.findall(r'class="badge play">', alone)) and 'id="hit-2"' in alone
