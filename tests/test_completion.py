"""Completion of a question while it is typed, and the correction of misspelt words."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.records import Caption
from tests.colour_web import store
from web.services.spelling import Spelling

SPELLING = Spelling(["the lighthouse at Reykjavik", "灯塔附近的海滩", "布达拉宫", "boat"])


def nothing(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("question", "corrected"),
    [
        ("lighthuose", "lighthouse"),
        ("a Reykjavk ligthhouse", "a reykjavik lighthouse"),
        ("lighthouse", None),
        ("coat", "boat"),
        ("cot", None),
        ("lighting", None),
        ("布达啦宫", "布达拉宫"),
        ("布达拉宫", None),
        ("海滩", None),
    ],
)
def test_a_misspelt_word_is_corrected_by_the_nearest_of_its_own(
    question: str, corrected: str | None
) -> None:
    assert SPELLING.correct(question, nothing) == corrected


def test_a_word_that_the_encoder_knows_is_right() -> None:
    assert SPELLING.correct("coat", {"coat"}.__contains__) is None


def test_the_box_completes_what_the_collections_hold(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    engine, client = web
    place = tmp_path / "pictures" / "Rome trip"
    facts = {"camera": "Canon EOS 5D", "taken_at": "2019-05-04"}
    captions = [Caption("a lighthouse on a rock", "en")]
    fields = {"city": "Lisbon", "城市": "里斯本"}
    store(engine.catalog, place / "IMG_2019_03.png", "red", captions, fields=fields, **facts)
    engine.catalog.saved_searches.save("Best of Rome", "q=rome")
    client.get("/?q=red+walls+at+noon")

    def complete(q: str, **more: object) -> dict[str, list[str]]:
        answer = client.get("/api/v1/complete", query_string={"q": q, **more})
        assert answer.status_code == 200 and answer.json, answer.text
        found: dict[str, list[str]] = {"meant": [answer.json["did_you_mean"]]}
        for each in answer.json["completions"]:
            found.setdefault(each["kind"], []).append(each["q"])
        return found

    assert complete("dog can")["camera"] == ['dog camera:"Canon EOS 5D"']
    assert complete("eos")["camera"] == ['camera:"Canon EOS 5D"']
    assert complete("lis")["column"] == ["city:Lisbon"]
    assert complete("里")["column"] == ["城市:里斯本"]
    assert complete("dog 201")["year"] == ["dog 2019"]
    assert complete("rome t")["folder"] == ['path:"Rome trip"']
    assert complete("img_20")["name"] == ["name:IMG_2019_03.png"]
    assert complete("red w")["recent"] == ["red walls at noon"]
    assert complete("rom")["saved"] == ["rom"]
    assert complete("lighthuose")["meant"] == ["lighthouse"]
    assert complete("zebra") == {"meant": [None]}
    assert complete("") == {"meant": [None]}
    assert client.get("/api/v1/complete?q=a&k=0").status_code == 400
    assert client.get("/api/v1/complete?q=a&k=51").status_code == 400
    assert client.get("/api/v1/complete?q=a&collection=none").status_code == 404
    for q in ('"', "'", "* OR", "a" * 5_000, "\0", "img_"):
        complete(q)
