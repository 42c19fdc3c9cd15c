"""The pages and the API: answers to a search, and pictures."""

import re
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.engine import Engine
from search.records import Caption
from tests.colour_web import COLLECTION, picture_bytes, settings_in, store
from web.requests.search_url import FEW_UNSURE, MANY_UNSURE, PAGE_HITS

pytestmark = pytest.mark.slow


def upload(colour: str) -> tuple[BytesIO, str]:
    return BytesIO(picture_bytes(colour)), f"{colour}.png"


# -- the API


def test_words_find_the_picture_that_shows_them(client: FlaskClient, ids: dict[str, int]) -> None:
    answer = client.get("/api/v1/search?q=red&k=3")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["query"] == {
        "terms": [{"text": "red", "weight": 1.0}],
        "collections": [],
        "k": 3,
        "offset": 0,
        "where": None,
        "by": ["picture", "caption", "words", "name", "text"],
        "cutoff": 0.0,
        "fold": False,
        "diverse": 0.0,
        "more": [],
        "less": [],
        "sort": "relevance",
        "strictness": None,
    }
    assert answer.json["took_ms"] > 0
    hits = answer.json["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0]["id"] == ids["red"]
    assert hits[0]["captions"] == [{"text": "a red wall", "language": None, "kind": "caption"}]
    assert hits[0]["score"] > hits[1]["score"] >= hits[2]["score"]
    assert client.get(hits[0]["thumbnail"]).mimetype == "image/webp"
    similar = client.get(hits[0]["similar"]).json
    assert similar is not None
    assert ids["red"] not in [hit["id"] for hit in similar["hits"]]


def test_a_picture_a_form_and_a_document_ask_alike(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    by_form = client.post("/api/v1/search", data={"image": upload("blue"), "k": "2"})
    assert by_form.json is not None
    assert by_form.json["hits"][0]["id"] == ids["blue"]
    assert by_form.json["hits"][0]["score"] == pytest.approx(1, abs=1e-3)
    assert by_form.json["query"]["terms"] == [{"image": "sent", "weight": 1.0}]
    terms = [{"text": "green"}, {"picture_id": ids["red"], "weight": -0.5}]
    by_json = client.post("/api/v1/search", json={"terms": terms, "k": 2})
    by_address = client.get(f"/api/v1/search?q=green&similar={ids['red']}&weight=-0.5&k=2")
    assert by_json.json is not None and by_address.json is not None
    assert by_json.json["hits"] == by_address.json["hits"]
    assert by_json.json["hits"][0]["id"] == ids["green"]


def test_words_and_several_pictures_make_a_mixture(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    form = {"q": "green", "image": [upload("blue"), upload("blue")], "weight": "2", "k": "2"}
    mixed = client.post("/api/v1/search", data=form).json
    assert mixed is not None
    assert [hit["id"] for hit in mixed["hits"]] == [ids["blue"], ids["green"]]
    assert [term["weight"] for term in mixed["query"]["terms"]] == [1.0, 2.0, 2.0]


def test_only_the_collections_named_are_searched(
    client: FlaskClient, engine: Engine, ids: dict[str, int], tmp_path: Path
) -> None:
    other = store(engine.catalog, tmp_path / "other.png", "red", collection="other")
    found = client.get("/api/v1/search?q=red&collection=other").json
    both = client.get(f"/api/v1/search?q=red&collection=other&collection={COLLECTION}").json
    assert found is not None and both is not None
    assert [hit["id"] for hit in found["hits"]] == [other]
    assert len(both["hits"]) == len(ids) + 1
    listed = client.get("/api/v1/collections").json
    assert listed is not None
    assert [(each["name"], each["pictures"]) for each in listed["collections"]] == [
        (COLLECTION, len(ids)),
        ("other", 1),
    ]


def test_a_picture_is_told_by_its_id(client: FlaskClient, ids: dict[str, int]) -> None:
    told = client.get(f"/api/v1/pictures/{ids['blue']}").json
    assert told is not None
    assert (told["width_px"], told["height_px"], told["collection"]) == (96, 64, COLLECTION)
    assert told["path"].endswith("blue.png")


def test_a_thumbnail_is_webp_and_is_not_sent_twice(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    large = store(engine.catalog, tmp_path / "large.png", "red", size=(900, 600))
    first = client.get(f"/api/v1/pictures/{large}/thumbnail?side=480")
    assert first.mimetype == "image/webp"
    with Image.open(BytesIO(first.data)) as picture:
        assert picture.size == (480, 320)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = client.get(f"/api/v1/pictures/{large}/thumbnail?side=480", headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    other_side = client.get(f"/api/v1/pictures/{large}/thumbnail", headers=tag)
    assert other_side.status_code == 200
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_a_thumbnail_may_be_kept_for_good_under_the_version_that_links_name(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    changing = store(engine.catalog, tmp_path / "changing.png", "red")
    address = f"/api/v1/pictures/{changing}"
    told = client.get(address).json
    assert told is not None
    assert "immutable" in client.get(told["thumbnail"]).headers["Cache-Control"]
    assert store(engine.catalog, tmp_path / "changing.png", "blue") == changing
    now = client.get(address).json
    assert now is not None
    assert now["thumbnail"] != told["thumbnail"]
    assert "immutable" not in client.get(told["thumbnail"]).headers["Cache-Control"]


def test_a_running_server_finds_what_another_process_stores(
    client: FlaskClient, ids: dict[str, int], tmp_path: Path
) -> None:
    assert client.get("/api/v1/search?q=purple&k=1").json is not None
    writer = Database(settings_in(tmp_path / "data").database)
    new = store(Catalog(writer), tmp_path / "new.png", "purple")
    found = client.get("/api/v1/search?q=purple&k=1").json
    assert found is not None
    assert [hit["id"] for hit in found["hits"]] == [new]
    writer.close()


def test_the_server_is_up_at_once_and_ready_when_all_is_loaded(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    first = client.get("/readyz")
    assert first.status_code in (200, 503)
    client.application.extensions["limn"].warmup.wait(30)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (200, {"status": "ready"})


# -- the pages


def test_without_collections_the_page_says_how_to_index(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "limn index ~/Pictures --collection pictures" in page.text
    assert client.get("/?q=red").status_code == 200


def test_before_a_search_the_page_shows_the_collections(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    page = client.get("/").text
    assert f"<strong>{COLLECTION}</strong>" in page and f'"/?collection={COLLECTION}"' in page
    assert "5 pictures" in page


def test_the_page_shows_hits_with_cosines_captions_and_similar_links(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    page = client.get("/?q=red").text
    assert 'value="red"' in page
    assert 'alt="a red wall"' in page
    assert 'width="96" height="64"' in page
    assert f'href="/?similar={ids["red"]}"' in page
    assert page.count('class="tile') == len(ids) and "relevance 0" not in page
    assert page.index("a red wall") < page.index("a blue wall")
    assert "style=" not in page and "onclick" not in page and "http" not in page


def test_captions_carry_their_language(client: FlaskClient, engine: Engine, tmp_path: Path) -> None:
    captions = [Caption("红色的墙", "zh"), Caption("a red wall", "en")]
    held = store(engine.catalog, tmp_path / "red.png", "red", captions)
    assert '<span lang="zh"><mark>红</mark>色的墙</span>' in client.get("/?q=红&lang=zh").text
    assert '<span lang="en">a red wall</span>' in client.get("/?q=红&lang=en").text
    for language, first, other in (
        ("zh", "红色的墙", "a red wall"),
        ("en", "a red wall", "红色的墙"),
    ):
        page = client.get(f"/pictures/{held}?lang={language}").text
        assert f'<p class="caption" lang="{language}">{first}</p>' in page
        assert f">{other}</li>" in page


def test_the_words_of_the_question_are_marked_whole(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    captions = [Caption("Cats & a category of <red>", "en")]
    store(engine.catalog, tmp_path / "red.png", "red", captions)
    page = client.get("/?q=cat+red").text
    assert "<mark>Cats</mark> &amp; a category of &lt;<mark>red</mark>&gt;</span>" in page


def test_the_form_leads_to_an_address_that_asks_the_same(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    sent = client.post("/", data={"q": "red wall", "weight": "0.5", "image": (BytesIO(b""), "")})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/?q=red+wall")
    by_picture = client.post("/", data={"image": upload("blue")})
    page = client.get(by_picture.headers["Location"]).text
    assert "data:image/webp;base64," in page
    assert page.index("a blue wall") < page.index("a red wall")


def test_words_can_be_added_to_a_picture_that_was_sent(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    first = client.post("/", data={"image": upload("blue")}).headers["Location"]
    token = first.partition("picture=")[2]
    form = {"q": "green", "picture": token, "weight": "0.3"}
    mixed = client.post("/", data=form, follow_redirects=True)
    assert mixed.request.full_path == f"/?q=green&picture={token}&weight=0.3"
    assert 'name="weight"' in mixed.text
    assert mixed.text.index("a green wall") < mixed.text.index("a red wall")


def test_similar_pictures_leave_out_the_one_asked_by(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    page = client.get(f"/?similar={ids['red']}").text
    assert f'id="hit-{len(ids) - 1}"' in page
    assert f'id="hit-{len(ids)}"' not in page
    assert f'name="similar" value="{ids["red"]}"' in page


def test_what_is_less_sure_follows_and_more_of_it_is_a_link(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    for number in range(60):
        store(engine.catalog, tmp_path / f"{number}.png", "red", size=(64 + number, 64))
    few = client.get("/shapes?similar=1&copies=1").json
    assert few is not None and few["sure"] + FEW_UNSURE == len(few["ids"]) < 59
    [more] = re.findall(r'href="([^"]*)"', few["rule"])
    assert f"unsure={MANY_UNSURE}" in more
    assert client.get(f"{unescape(more)}&panel=1").status_code == 200
    every = client.get(unescape(more).replace("/?", "/shapes?")).json
    assert every is not None and len(every["ids"]) == 59 and "href" not in every["rule"]
    assert every["ids"][: few["sure"]] == few["ids"][: few["sure"]]
    for refused in ("x", "-1"):
        answer = client.get(f"/?similar=1&unsure={refused}")
        assert answer.status_code == 400 and "unsure is" in answer.text


def test_more_results_are_a_link_as_long_as_there_are_more(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    for number in range(PAGE_HITS + 5):
        store(engine.catalog, tmp_path / f"{number}.png", "red", size=(64 + number, 64))
    page = client.get("/?q=red&strictness=all").text
    assert 'rel="next" href="/?q=red&amp;strictness=all&amp;start=51"' in page
    assert 'id="hit-50"' in page and 'id="hit-51"' not in page
    more = client.get("/?q=red&strictness=all&start=51").text
    assert 'id="hit-51"' in more and 'id="hit-55"' in more and 'id="hit-50"' not in more
    assert "More results" not in more
    assert 'rel="prev" href="/?q=red&amp;strictness=all"' in more
    for strictness in ("all", "usual"):
        past = client.get(f"/?q=red&start=101&strictness={strictness}").text
        assert "That is all there is" in past


def test_several_chips_have_weights_of_their_own_in_the_address(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    address = f"/?text=red&text=blue&similar={ids['green']}&weight=1&weight=-0.5&weight=2"
    page = client.get(address).text
    assert re.findall(r'type="range" name="weight"[^>]* value="([^"]+)"', page) == [
        "1",
        "-0.5",
        "2",
    ]
    assert page.index("a yellow wall") > 0
    assert f'href="/?text=red&amp;similar={ids["green"]}&amp;weight=1&amp;weight=2"' in page
    waits = client.get(f"/?q=red&similar={ids['green']}&weight=0").text
    assert "chip waits" in waits
    assert waits.index('alt="a red wall"') < waits.index('alt="a green wall"')


def test_words_in_the_box_become_a_chip(client: FlaskClient, ids: dict[str, int]) -> None:
    sent = client.post("/", data={"q": "red", "text": "blue", "weight": "-0.5", "keep": "1"})
    assert sent.headers["Location"] == "/?text=blue&text=red&weight=-0.5"


def test_a_part_of_a_picture_is_searched_by(
    client: FlaskClient, engine: Engine, ids: dict[str, int], tmp_path: Path
) -> None:
    halves = Image.new("RGB", (200, 100), "red")
    halves.paste(Image.new("RGB", (100, 100), "blue"), (100, 0))
    data = BytesIO()
    halves.save(data, "PNG")
    sent = client.post("/", data={"image": (BytesIO(data.getvalue()), "halves.png")})
    address = sent.headers["Location"]
    right = client.get(f"{address}@55,0,100,100").text
    assert right.index('alt="a blue wall"') < right.index('alt="a red wall"')
    left = client.get(f"{address}@0,0,45,100").text
    assert left.index('alt="a red wall"') < left.index('alt="a blue wall"')
    token = address.partition("picture=")[2]
    assert client.get(f"/sent/{token}").mimetype == "image/webp"
    assert client.get("/sent/unknown").status_code == 404
    indexed = client.get(f"/?similar={ids['red']}@10,10,90,90").text
    assert indexed.index('alt="a red wall"') < indexed.index('alt="a blue wall"')
    for wrong in ("1,2,3", "50,0,50,100", "0,0,101,100", "a,b,c,d", "-1,0,5,5"):
        assert client.get(f"{address}@{wrong}").status_code == 400, wrong


def test_a_picture_knows_what_stands_beside_it_in_the_answer(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    order = re.findall(r'href="/pictures/(\d+)\?rank=', client.get("/?q=red").text)
    second = client.get(f"/pictures/{order[1]}?rank=2&q=red").text
    assert f'rel="prev" href="/pictures/{order[0]}?rank=1&amp;q=red"' in second
    assert f'rel="next" href="/pictures/{order[2]}?rank=3&amp;q=red"' in second
    assert 'href="/?q=red#hit-2"' in second
    assert 'rel="prev"' not in client.get(f"/pictures/{order[0]}?rank=1&q=red").text
    moved = client.get(f"/pictures/{order[1]}?rank=4&q=red").text
    assert "/pictures/" in moved and 'rel="next"' not in moved


def test_a_placeholder_stands_in_the_place_of_a_picture_that_was_shown_before(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    assert 'class="soon"' not in client.get("/?q=red").text
    client.get(f"/api/v1/pictures/{ids['red']}/thumbnail")
    page = client.get("/?q=red").text
    assert page.count('class="soon" src="data:image/webp;base64,') == 1
    assert len(re.findall(r'class="soon" src="([^"]+)"', page)[0]) < 400


def test_an_original_is_sent_whole_or_in_ranges(
    client: FlaskClient, engine: Engine, ids: dict[str, int], tmp_path: Path
) -> None:
    address = f"/api/v1/pictures/{ids['red']}/original"
    data = (tmp_path / "pictures" / "red.png").read_bytes()
    with client.get(address) as whole:
        assert (whole.data, whole.mimetype) == (data, "image/png")
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
    with client.get(address, headers={"Range": "bytes=2-5"}) as part:
        assert (part.status_code, part.data) == (206, data[2:6])
        assert part.headers["Content-Range"] == f"bytes 2-5/{len(data)}"
    with client.get(address, headers={"Range": f"bytes={len(data) + 5}-"}) as beyond:
        assert beyond.status_code == 416
    with client.get(f"{address}?download=1") as saved:
        assert saved.headers["Content-Disposition"] == "attachment; filename=red.png"
    with client.get(address, headers={"If-None-Match": whole.headers["ETag"]}) as again:
        assert again.status_code == 304
    (tmp_path / "pictures" / "red.png").unlink()
    assert client.get(address).status_code == 404


def test_the_collection_can_be_chosen_where_there_are_several(
    client: FlaskClient, engine: Engine, ids: dict[str, int], tmp_path: Path
) -> None:
    assert '<select name="collection"' not in client.get("/?q=red").text
    store(engine.catalog, tmp_path / "other.png", "red", collection="other")
    page = client.get("/?q=red&collection=other").text
    assert '<option value="other" selected>' in page
    assert 'id="hit-1"' in page and 'id="hit-2"' not in page


def test_the_page_of_a_picture_shows_its_facts(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    held = store(
        engine.catalog,
        tmp_path / "holiday" / "red & <b>.png",
        "red",
        taken_at="2021-05-14T16:20:00",
        camera="FUJIFILM X100V",
        latitude=48.8584,
        longitude=-2.2945,
    )
    page = client.get(f"/pictures/{held}").text
    assert "red &amp; &lt;b&gt;.png" in page
    assert "14 May 2021, 16:20" in page
    assert "FUJIFILM X100V" in page
    assert "48.8584° N, 2.2945° W" in page
    assert str(tmp_path / "holiday") in page


def test_a_very_wide_picture_stands_whole_in_its_box(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    store(engine.catalog, tmp_path / "wide.png", "red", size=(1000, 50))
    store(engine.catalog, tmp_path / "square.png", "red", size=(50, 50))
    page = client.get("/?q=red&copies=1").text
    assert 'class="tile a-300 whole"' in page
    assert 'class="tile a-100"' in page


def test_every_class_of_shape_is_in_the_stylesheet(client: FlaskClient) -> None:
    with client.get("/static/shapes.css") as answer:
        sheet = answer.get_data(as_text=True)
    for percent in range(50, 301, 5):
        assert f".a-{percent} {{ --a: {percent / 100:g} }}" in sheet


def test_the_api_takes_filters_pages_evidence_and_a_cutoff(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    address = "/api/v1/search?q=a+red+wall&minus=blue&offset=1&k=2&by=picture&fold=1&diverse=0.2"
    answer = client.get(f"{address}&where=format+!%3D+gif+and+width+>+1").json
    assert answer is not None
    assert [hit["rank"] for hit in answer["hits"]] == [2, 3]
    assert answer["more"] is True and answer["notes"] == []
    assert answer["query"]["where"] == "(format != gif) and (width > 1)"
    assert [term["weight"] for term in answer["query"]["terms"]] == [1.0, -0.5]
    assert {hit["measure"] for hit in answer["hits"]} == {"relevance"}
    document = {"terms": [{"text": "red"}], "where": "has = place", "cutoff": 0.5}
    nothing = client.post("/api/v1/search", json=document).json
    assert nothing is not None and nothing["hits"] == []
    assert nothing["notes"] == ["no picture passes the filter: has = place"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"where": 3}, "where is 3"),
        ({"where": "mood = good"}, "no field 'mood'"),
        ({"by": ["smell"]}, "by is ['smell']"),
        ({"by": "picture"}, "by is 'picture'"),
        ({"fold": "perhaps"}, "fold is 'perhaps'"),
        ({"offset": -1}, "offset is -1; it may be a whole number from 0"),
        ({"offset": "x"}, "offset is 'x'; it may be a whole number from 0"),
        ({"cutoff": "much"}, "cutoff is 'much'"),
        ({"diverse": True}, "diverse is True"),
    ],
)
def test_the_api_refuses_what_can_not_be_followed(
    client: FlaskClient, ids: dict[str, int], document: dict[str, object], told: str
) -> None:
    assert ids
    answer = client.post("/api/v1/search", json={"terms": [{"text": "red"}], **document})
    assert answer.status_code == 400 and answer.json is not None
    assert told in answer.json["detail"]


def test_texts_are_compressed_and_pictures_are_not(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    asked = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    page = client.get("/?q=red", headers=asked)
    assert page.headers["Content-Encoding"] == "br" and "Accept-Encoding" in page.vary
    assert len(page.data) < len(client.get("/?q=red").data) / 3
    told = client.get("/api/v1/search?q=red", headers=asked)
    assert told.headers["Content-Encoding"] == "br"
    shown = client.get(f"/api/v1/pictures/{ids['red']}/thumbnail", headers=asked)
    assert "Content-Encoding" not in shown.headers and shown.data[:4] == b"RIFF"
    with client.get("/static/limn.css", headers=asked) as style:
        assert style.headers["Content-Encoding"] == "br"
        kept = {**asked, "If-None-Match": style.headers["ETag"]}
    with client.get("/static/limn.css", headers=kept) as again:
        assert again.status_code == 304
