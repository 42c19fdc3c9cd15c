"""A change of a collection's encoder pair over the API and on the page, without a browser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from indexer.indexing.worker import Worker
from search.catalog.records import RunCounts, Scope
from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.encoders.inventory.recommendation import can_be_offered_better, recommend
from search.engine import Engine
from search.errors import StorageFailed
from search.library.upgrades import check_room
from search.records import Caption
from search.settings import Settings
from tests.colour_web import (
    COLOURS,
    let_builtin_answer,
    opened,
    settings_in,
    store,
    store_colours,
)
from tests.tiny_index import Silent
from web.app import create_app
from web.requests.search_url import SearchUrl
from web.services.recent_questions import QUESTIONS, RecentQuestions

PAGE = "/collections/colours"
API = "/api/v1/collections/colours"
PAIR = "tiny:96"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings that name the second pair, so that it is a choice."""
    return settings_in(tmp_path / "data", encoder=PAIR)


@pytest.fixture
def web(settings: Settings, tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    with opened(settings) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", COLOURS)
        yield engine, client


@pytest.fixture
def work(engine: Engine, settings: Settings) -> Callable[[], int]:
    """Return a function that runs the queued jobs, as a worker does."""
    return Worker(engine, settings, Silent()).once


def second(client: FlaskClient) -> Any:
    document = client.get(API).json
    assert document is not None
    return document["second"]


def buttons(client: FlaskClient) -> list[str]:
    """Return the labels in the card about the pair."""
    card = r'<section class="card" aria-labelledby="pair">(.*?)</section>'
    [found] = re.findall(card, page(client), re.S) or [""]
    labels = re.findall(r'<(?:button|a) class="button[^>]*>([^<]*)</', found)
    return [label for label in labels if label != "Stop"]


def page(client: FlaskClient, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def test_the_api_changes_a_pair_and_goes_back_and_finishes(
    client: FlaskClient, work: Callable[[], int]
) -> None:
    assert second(client) is None
    job = client.post(f"{API}/upgrade", json={"encoder": PAIR})
    assert job.status_code == 202 and job.json is not None
    assert (job.json["kind"], job.json["state"], job.json["source"]) == ("upgrade", "queued", PAIR)
    again = client.post(f"{API}/upgrade", json={"encoder": PAIR}).json
    assert again is not None and again["id"] == job.json["id"], "it is under way"
    assert work() == 1
    assert second(client) == {"encoder": PAIR, "space": second(client)["space"], "state": "ready"}
    switched = client.post(f"{API}/upgrade/switch").json
    assert switched is not None and switched["encoder"] == PAIR
    assert switched["second"]["encoder"] == "tiny" and switched["second"]["state"] == "former"
    back = client.post(f"{API}/upgrade/back", json={}).json
    assert back is not None and (back["encoder"], back["second"]["state"]) == ("tiny", "ready")
    client.post(f"{API}/upgrade/switch")
    finished = client.post(f"{API}/upgrade/finish").json
    assert finished is not None and (finished["encoder"], finished["second"]) == (PAIR, None)


def test_a_pair_under_its_full_name_is_a_choice_at_any_commit(client: FlaskClient) -> None:
    encoder = f"hub:{SHORT_NAMES['light'].repository}@{'a' * 40}"
    job = client.post(f"{API}/upgrade", json={"encoder": encoder})
    assert job.status_code == 202 and job.json is not None
    assert job.json["source"] == "light"


def test_what_does_not_suit_is_refused_with_a_remedy_of_the_api(
    client: FlaskClient, work: Callable[[], int]
) -> None:
    def refused(step: str, **members: object) -> tuple[int, str]:
        problem = client.post(f"{API}/upgrade{step}", json=members).json
        assert problem is not None
        assert "limn " not in problem["detail"] and "--" not in problem["detail"], problem
        return problem["status"], problem["code"]

    assert refused("", encoder="onnx:/etc") == (400, "pair-not-offered")
    assert refused("", encoder="tiny") == (400, "pair-not-offered"), "it has that pair"
    assert refused("") == (400, "pair-not-offered")
    for step in ("/switch", "/back", "/finish", "/discard"):
        assert refused(step) == (409, "second-space-missing")
    client.post(f"{API}/upgrade", json={"encoder": PAIR})
    work()
    assert refused("", encoder="light") == (409, "second-space-occupied")
    assert refused("/back") == (409, "second-space-ready")
    client.post(f"{API}/upgrade/switch")
    assert client.get(f"{PAGE}/pair/discard").status_code == 404
    assert client.get(f"{PAGE}/pair/finish").status_code == 200
    assert refused("/discard") == (409, "second-space-former")
    client.post(f"{API}/upgrade/back")
    assert client.post(f"{API}/upgrade/discard").status_code == 200
    assert second(client) is None


def test_pictures_that_cannot_be_read_are_left_out_when_asked(
    engine: Engine, client: FlaskClient, work: Callable[[], int], tmp_path: Path
) -> None:
    (tmp_path / "pictures" / "red.png").write_bytes(b"no picture")
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    work()
    assert "has seen the pictures, but not 1 picture." in page(client)
    refused = client.post(f"{PAGE}/pair/switch")
    assert refused.status_code == 409
    assert "use the pair without those whose files" in refused.text
    assert "Try again" in refused.text and "Use it without them" in refused.text
    chinese = client.post(f"{PAGE}/pair/switch?lang=zh").text
    assert "先不用文件无法读取的图片" in chinese and "先不管这些图片" in chinese
    client.get("/?lang=en")
    client.post(f"{PAGE}/pair/continue")
    work()
    assert client.post(f"{PAGE}/pair/switch", data={"incomplete": "1"}).status_code == 303
    assert engine.catalog.collections.one("colours").space.encoder == PAIR
    assert buttons(client) == ["Compare", "Go back", "Stay with the new one and free the room…"]


def test_each_state_of_the_page_has_its_buttons(
    engine: Engine, client: FlaskClient, work: Callable[[], int]
) -> None:
    assert buttons(client) == [], "only collections of the built-in pair are offered another"
    assert f"{PAGE}/pair" in page(client) and PAIR in page(client, f"{PAGE}/pair")
    refused = client.post(f"{PAGE}/pair", data={"encoder": "x"})
    assert refused.status_code == 400 and "no encoder pair &#39;x&#39;" in refused.text
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    assert "The recognizer is being changed" in page(client)
    assert "Its recognizer is being changed" in page(client, "/collections")
    assert "Look for changes" in page(client), "pictures may be added meanwhile"
    [job] = engine.catalog.jobs.queue()
    client.post(f"/jobs/{job.id}/cancel")
    assert buttons(client) == []
    collection = engine.catalog.collections.one("colours")
    engine.catalog.second_spaces.begin(collection, engine.encoder(PAIR).space)
    assert buttons(client) == ["Go on", "Give it up…"]
    assert "5 pictures are still to be looked at" in page(client)
    client.post(f"{PAGE}/pair/continue")
    work()
    assert buttons(client) == ["Compare", "Use the new one", "Give it up…"]
    assert "Give it up" in page(client, f"{PAGE}/pair/discard")
    for step in ("switch", "finish"):
        assert client.get(f"{PAGE}/pair/{step}").status_code == 404
    assert client.post(f"{PAGE}/pair/discard").status_code == 303
    assert buttons(client) == [] and second(client) is None
    assert client.get(f"{PAGE}/pair/finish").status_code == 404


def test_a_full_disk_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed) as error:
        check_room(tmp_path / "data", 1 << 60)
    assert str(tmp_path) in str(error.value)
    assert "the embeddings by the new pair take 1,152," in error.value.outside
    assert str(tmp_path) not in error.value.outside


def test_a_job_that_failed_says_why_and_can_begin_again(
    engine: Engine, client: FlaskClient
) -> None:
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    [job] = engine.catalog.jobs.queue()
    engine.catalog.jobs.end(job.id, "failed", "the hub is away")
    assert "the hub is away" in page(client)
    assert buttons(client) == ["Begin again", "Not now"]
    client.post(f"{PAGE}/pair/decline")
    assert buttons(client) == []
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    [job] = engine.catalog.jobs.queue()
    engine.catalog.jobs.update(job.id, RunCounts(found=5), total=5)
    engine.catalog.jobs.end(job.id, "failed", "the disk is full")
    assert buttons(client) == [], "the pair that it embedded was given up since"


def test_the_builtin_pair_is_offered_a_better_one_until_that_is_declined(
    engine: Engine, client: FlaskClient, tmp_path: Path
) -> None:
    let_builtin_answer(engine)
    assert buttons(client) == ["Begin", "Not now"]
    text = page(client)
    assert "Answers can get better" in text and "1.5 GB to download" in text
    assert re.search(r'value="balanced" required checked', text)
    builtin = engine.catalog.collections.one("colours")
    trained = replace(builtin, space=replace(builtin.space, encoder="builtin@/mine"))
    assert can_be_offered_better(builtin) and not can_be_offered_better(trained)
    for number in range(9):
        captions = [Caption("红色的墙"), Caption("一面墙", "zh")]
        store(engine.catalog, tmp_path / f"{number}.png", "red", captions, collection="zh")
    let_builtin_answer(engine, "zh")
    assert re.search(r'value="chinese" required checked', page(client, "/collections/zh"))
    engine.catalog.second_spaces.begin(
        engine.catalog.collections.one("zh"), engine.encoder(PAIR).space
    )
    assert client.post("/collections/zh/pair/discard").status_code == 303
    assert "Answers can get better" in page(client, "/collections/zh")
    client.post(f"{PAGE}/pair/decline")
    assert buttons(client) == [] and "Change the recognizer…" in page(client)


def test_readers_see_how_far_it_is_and_no_buttons(
    engine: Engine, settings: Settings, client: FlaskClient, work: Callable[[], int]
) -> None:
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    work()
    guarded = create_app(engine, settings, "0.0.0.0").test_client()
    scopes: tuple[Scope, ...] = ("read", "write")
    for scope in scopes:
        secret = engine.catalog.tokens.create(scope, scope)
        text = guarded.get(PAGE, headers={"Authorization": f"Bearer {secret}"}).text
        assert "The new recognizer is ready" in text
        assert "Use the new one" not in text and f"{PAGE}/pair" not in text


def test_the_page_says_what_the_new_pair_needs_of_its_own(
    engine: Engine, client: FlaskClient, work: Callable[[], int], settings: Settings
) -> None:
    engine.catalog.jobs.ask("colours", "map", {"sources": ["colours"], "name": "colours"})
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    work()
    client.post(f"{PAGE}/pair/switch")
    text = page(client)
    assert "tiny:96 answers now" in text and "the map: on its page" in text
    assert "the adapter" not in text
    engine.catalog.jobs.ask("colours", "map", {"sources": ["colours"], "name": "colours"})
    work()
    assert "the map: on its page" not in page(client)


def test_the_last_questions_of_the_page_are_remembered(
    engine: Engine, client: FlaskClient, settings: Settings
) -> None:
    recent: RecentQuestions = client.application.extensions["limn"].recent_questions
    collection = engine.catalog.collections.one("colours")
    for question in ("r", "re", "red", "re", "a wall", "red"):
        client.get(f"/?q={question}")
    client.get("/?q=blue&collection=nothing")
    client.get("/?q=green&similar=1")
    client.get("/api/v1/search?q=black")
    assert recent.of(collection) == ["red", "a wall"]
    for number in range(2 * QUESTIONS):
        recent.note(SearchUrl(q=f"{number} walls"), [collection])
    assert len(recent.of(collection)) == QUESTIONS and recent.of(collection)[0] == "23 walls"
    client.get("/?q=an+unusual+wall&collection=colours")
    client.post(f"{PAGE}/rename", data={"name": "shades"})
    assert recent.of(engine.catalog.collections.one("shades"))[0] == "an unusual wall"
    assert b"unusual" not in b"".join(
        each.read_bytes() for each in settings.data_dir.rglob("*") if each.is_file()
    )


def test_a_question_that_cannot_be_asked_again_leaves_the_others_of_a_comparison(
    client: FlaskClient, work: Callable[[], int]
) -> None:
    blue = client.get("/api/v1/search?q=blue&k=1").json
    assert blue is not None
    form = {"q": "wall", "more": str(blue["hits"][0]["id"]), "name": "sky"}
    assert client.post("/concepts", data=form).status_code == 303
    client.post(f"{PAGE}/pair", data={"encoder": PAIR})
    work()
    for question in ("concept:sky", "a wall"):
        assert client.get("/", query_string={"q": question}).status_code == 200
    client.post("/concepts/sky/forget")
    text = page(client, f"{PAGE}/compare")
    assert "there is no concept &#39;sky&#39;" in text and 'class="columns"' in text
    assert client.get("/collections/nothing/compare").status_code == 404


@pytest.mark.parametrize(
    ("captions", "name"),
    [
        ([], "balanced"),
        ([Caption("a wall")] * 9 + [Caption("墙")], "multilingual"),
        ([Caption("a wall")] * 19 + [Caption("墙")], "balanced"),
        ([Caption("a wall", "en-GB"), Caption("墙"), Caption("墙", "zh-Hant")], "chinese"),
        ([Caption("a wall", "en"), Caption("ein Haus", "de")], "multilingual"),
    ],
)
def test_the_recommended_pair_knows_the_languages_of_the_captions(
    captions: list[Caption], name: str
) -> None:
    assert recommend(captions) == name
