"""Collections of several encoders answer one query, each by its own, and no vectors mix."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from search.catalog.catalog import Catalog
from search.catalog.records import (
    Concept,
    ConceptMark,
    EmbeddedCaptions,
    EmbeddedPicture,
    FileState,
)
from search.concepts import keep
from search.encoders.onnx_pair.builtin import pair_folder
from search.encoders.tiny import WIDTH, TinyEncoder
from search.engine import Engine
from search.errors import EncoderUnavailable, NotFound, SpaceMismatch
from search.pictures import Limits, content_hash, read_picture
from search.pictures.thumbnails import Thumbnails
from search.pictures.visual_hash import looks
from search.query.filters.grammar import parse
from search.query.limits import SignalName
from search.query.records import (
    ConceptTerm,
    Hit,
    IndexedTerm,
    PictureTerm,
    Query,
    Term,
    TextTerm,
)
from search.records import Caption, Collection, Ids, Pixels, QueryKind, Scores, Space, Vectors
from search.stores import IndexKind, StoreOptions
from search.stores.exact import ExactStore
from tests.colour_web import opened, settings_in
from tests.conftest import Limn

LEFT, RIGHT = 0, 1


class HalfEncoder(TinyEncoder):
    """The tiny pair in one half of the dimensions, with zeros in the other.

    All sums of vectors of a space stay in its half, and two spaces share no dimension.
    """

    def __init__(self, half: int, version: int = 0) -> None:
        super().__init__()
        self.half, self.version = half, version
        self.pictures = 0

    @property
    def space(self) -> Space:
        return Space(f"half{self.half}-{self.version:012}", f"half:{self.half}", 2 * WIDTH)

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        self.pictures += len(pixels)
        return self._in_half(super().encode_pixels(pixels))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self._in_half(super().encode_texts(texts))

    def _in_half(self, rows: Vectors) -> Vectors:
        sides = [np.zeros_like(rows), np.zeros_like(rows)]
        sides[self.half] = rows
        return np.concatenate(sides, axis=1)


class HalfStore(ExactStore):
    """An exact store that refuses vectors of another half."""

    def __init__(self, space: Space) -> None:
        super().__init__(space.width)
        other = 1 - int(space.encoder[-1])
        self._others = slice(other * WIDTH, (other + 1) * WIDTH)

    def put(self, ids: Ids, vectors: Vectors) -> None:
        assert not vectors[:, self._others].any()
        super().put(ids, vectors)

    def search(
        self, queries: Vectors, k: int, allowed_ids: Ids | None = None, kind: QueryKind = "text"
    ) -> tuple[Ids, Scores]:
        assert np.abs(queries[:, self._others]).max() < 1e-9, "a query of another space"
        return super().search(queries, k, allowed_ids, kind)


class HalfStores:
    """The backend of stores that know their half."""

    names: ClassVar[tuple[str, ...]] = ("half",)
    durable: ClassVar[bool] = False

    def __init__(self, options: StoreOptions) -> None: ...

    def open(self, collection: Collection, space: Space, kind: IndexKind) -> HalfStore:
        return HalfStore(space)

    def drop(self, collection: Collection) -> None: ...


class Encoders:
    """The encoders that can be opened, by their specification."""

    def __init__(self) -> None:
        self.by_spec = {f"half:{half}": HalfEncoder(half) for half in (LEFT, RIGHT)}
        self.tries: list[str] = []

    def open(self, spec: str) -> HalfEncoder:
        self.tries.append(spec)
        if spec not in self.by_spec:
            raise EncoderUnavailable("half-missing", "{spec} is not there", spec=spec)
        return self.by_spec[spec]


Open = Callable[[], Engine]


def add(catalog: Catalog, name: str, half: int, *paths: Path, captions: bool = False) -> None:
    """Embed pictures and store them as a collection, with a caption each where wanted."""
    encoder = HalfEncoder(half)
    items = []
    for path in paths:
        data = path.read_bytes()
        picture, read = read_picture(data)
        colours, perceptual_hash = looks(picture)
        facts = replace(read, colours=colours, perceptual_hash=perceptual_hash)
        texts = [f"a {path.stem} wall"] if captions else []
        status = path.stat()
        items.append(
            EmbeddedPicture(
                FileState(path, status.st_size, status.st_mtime_ns, content_hash(data), b""),
                facts,
                encoder.encode_pixels(encoder.preparation.pixels(picture)[None])[0],
                EmbeddedCaptions(tuple(map(Caption, texts)), encoder.encode_texts(texts)),
            )
        )
    catalog.writer.store(catalog.collections.open(name, encoder.space), items)


@pytest.fixture
def encoders() -> Encoders:
    return Encoders()


@pytest.fixture
def open_engine(catalog: Catalog, encoders: Encoders, tmp_path: Path) -> Open:
    thumbnails = Thumbnails(tmp_path / "thumbnails", Limits())
    stores, folder = HalfStores(StoreOptions()), tmp_path / "indexes"
    return lambda: Engine(catalog, encoders.open, stores, folder, thumbnails, Limits())


@pytest.fixture
def folders(colours: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return eight captioned colours, and others without captions: red and blue are the same."""
    others = tmp_path / "others"
    others.mkdir()
    for colour in ("red", "blue"):
        shutil.copy(colours / f"{colour}.jpg", others)
    for colour in ("gray", "cyan", "olive", "pink"):
        Image.new("RGB", (96, 64), colour).save(others / f"{colour}.jpg", quality=95)
    return colours, others


@pytest.fixture
def engine(catalog: Catalog, folders: tuple[Path, Path], open_engine: Open) -> Engine:
    left, right = folders
    add(catalog, "left", LEFT, *sorted(left.glob("*.jpg")), captions=True)
    add(catalog, "right", RIGHT, *sorted(right.glob("*.jpg")))
    return open_engine()


def places(hits: Sequence[Hit]) -> list[tuple[str, str]]:
    return [(hit.picture.collection, hit.picture.path.stem) for hit in hits]


def id_of(engine: Engine, collection: str, stem: str) -> int:
    hits = engine.search(Query((), (collection,), k=1_000))
    return next(hit.picture.id for hit in hits if hit.picture.path.stem == stem)


def text(words: str = "a red wall", **more: Any) -> Query:
    return replace(Query((TextTerm(words),), k=50), **more)


@pytest.mark.parametrize("by", [("picture", "caption", "words"), ("caption", "words")])
def test_words_are_answered_by_each_encoder_and_joined_in_one_order(
    engine: Engine, by: tuple[SignalName, ...]
) -> None:
    alone = [
        hit for name in ("left", "right") for hit in engine.search(text(by=by, collections=(name,)))
    ]
    answer = engine.answer(text(by=by))
    assert answer.notes == ()
    least: dict[str, float] = {}
    keys = []
    for hit in answer.hits:  # a hit counts no more than those above it in its own space
        key = hit.score if hit.confidence is None else hit.confidence
        least[hit.picture.collection] = min(key, least.get(hit.picture.collection, key))
        keys.append(least[hit.picture.collection])
    assert keys == sorted(keys, reverse=True)
    assert {hit.picture.id for hit in answer.hits} == {hit.picture.id for hit in alone}
    for name in ("left", "right"):
        own = [hit for hit in alone if hit.picture.collection == name]
        joined = [hit for hit in answer.hits if hit.picture.collection == name]
        assert places(joined) == places(own), "the order of each collection stays"
        assert [hit.cosine for hit in joined] == pytest.approx([hit.cosine for hit in own])
        if len(by) == 3:
            assert [hit.confidence for hit in joined] == pytest.approx(
                [hit.confidence for hit in own]
            )
    if len(by) == 3:
        assert answer.hits[0].picture.path.stem == "red"
        assert {place for place in places(answer.hits[:3]) if place[1] == "red"} == {
            ("left", "red"),
            ("right", "red"),
        }
        best = {match.by for match in answer.hits[0].matches}
        assert best >= {"picture"} and answer.confidence == pytest.approx(
            max(hit.confidence or 0 for hit in answer.hits), abs=1e-6
        )


CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"fold": True},
    {"where": parse("width > 50")},
    {"diverse": 0.4},
)


def queries(engine: Engine, folder: Path) -> dict[str, Query]:
    red, blue = id_of(engine, "left", "red"), id_of(engine, "right", "blue")
    terms: dict[str, tuple[Term, ...]] = {
        "words": (TextTerm("a red wall"),),
        "picture": (PictureTerm(folder / "red.jpg"),),
        "indexed": (IndexedTerm(red),),
        "both": (TextTerm("a wall"), PictureTerm(folder / "red.jpg", 0.5), TextTerm("blue", -0.3)),
    }
    plain = {name: Query(each, k=50) for name, each in terms.items()}
    return plain | {
        "marks": Query((), k=50, more=(red,), less=(blue,)),
        "marked": Query((TextTerm("wall"),), k=50, more=(red, blue)),
        "newest": Query((), ("left", "right"), k=50),
    }


def test_pages_are_cut_from_one_order_for_every_kind_of_query(
    engine: Engine, colours: Path
) -> None:
    for name, query in queries(engine, colours).items():
        for changes in CHANGES:
            query = replace(query, **changes)
            whole = engine.answer(query)
            assert whole.notes == () and {hit.picture.collection for hit in whole.hits} == {
                "left",
                "right",
            }, name
            if query.diverse:
                continue  # ordered to the page's end
            pages = [
                hit
                for offset in range(0, 18, 3)
                for hit in engine.search(replace(query, k=3, offset=offset))
            ]
            assert [hit.picture.id for hit in pages] == [hit.picture.id for hit in whole.hits], name
            assert [hit.rank for hit in pages] == list(range(1, len(pages) + 1))


def test_the_order_is_the_same_at_every_depth(engine: Engine, tmp_path: Path) -> None:
    """Rank more pictures than the first depth, of two spaces whose relevances interleave."""
    chance = np.random.default_rng(5)
    for half, name in enumerate(("many left", "many right")):
        folder = tmp_path / name
        folder.mkdir()
        for n in range(130):
            small = Image.fromarray(chance.integers(0, 255, (2, 2, 3), dtype=np.uint8))
            small.resize((16, 16), Image.Resampling.NEAREST).save(folder / f"{n}.png")
        add(engine.catalog, name, half, *sorted(folder.glob("*.png")))
    for terms in ((TextTerm("red left and blue right"),), (PictureTerm(folder / "7.png"),)):
        query = Query(terms, ("many left", "many right"), k=260)
        whole = [hit.picture.id for hit in engine.search(query)]
        assert len(set(whole)) == 260
        pages = [
            hit.picture.id
            for offset in range(0, 260, 20)
            for hit in engine.search(replace(query, k=20, offset=offset))
        ]
        assert pages == whole


def test_a_picture_finds_its_like_in_every_space(
    engine: Engine, colours: Path, encoders: Encoders
) -> None:
    hits = engine.search(Query((PictureTerm(colours / "red.jpg"),), k=50))
    assert sorted(places(hits[:2])) == [("left", "red"), ("right", "red")]
    assert {hit.measure for hit in hits} == {"relevance"}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].cosine == pytest.approx(1, abs=2e-3) == hits[1].cosine
    assert [match.by for match in hits[0].matches] == ["picture"]

    embedded = encoders.by_spec["half:1"].pictures
    red = id_of(engine, "left", "red")
    copy = engine.search(Query((IndexedTerm(red),), k=50))
    assert places(copy)[0] == ("right", "red") and ("left", "red") not in places(copy)
    assert encoders.by_spec["half:1"].pictures == embedded, "the copy's own vector is used"
    green = id_of(engine, "left", "green")
    for _ in range(2):
        others = engine.search(Query((IndexedTerm(green),), k=50))
        assert len(others) == 13
    assert encoders.by_spec["half:1"].pictures == embedded + 1, "its file is embedded once"


def test_a_small_collection_of_like_pictures_does_not_win_by_its_size(
    catalog: Catalog, open_engine: Open, tmp_path: Path
) -> None:
    """Search by a picture: few pictures have no measured background of their own."""
    chance = np.random.default_rng(1)
    for half, (name, count) in enumerate((("large", 250), ("small", 12))):
        folder = tmp_path / name
        folder.mkdir()
        for n in range(count):
            shade = Image.new("RGB", (32, 32), "white")
            shade.paste(tuple(chance.integers(0, 255, 3).tolist()), (0, 0, 16, 32))
            shade.save(folder / f"{n}.png")
        add(catalog, name, half, *sorted(folder.glob("*.png")))
    engine = open_engine()
    first = id_of(engine, "large", "0")
    hits = engine.search(Query((IndexedTerm(first),), k=20))
    assert sum(hit.picture.collection == "small" for hit in hits) < 6


def test_a_picture_whose_file_is_gone_or_changed_leaves_the_other_spaces_out(
    engine: Engine, colours: Path
) -> None:
    green = id_of(engine, "left", "green")
    query = Query((IndexedTerm(green),), k=50)
    file = colours / "green.jpg"
    data = file.read_bytes()
    for other in (None, (colours / "white.jpg").read_bytes()):
        file.unlink(missing_ok=True)
        if other is not None:
            file.write_bytes(other)
        answer = engine.answer(query)
        assert {hit.picture.collection for hit in answer.hits} == {"left"}
        [note] = answer.notes
        assert note.startswith("right could not be searched: picture")
        assert "green.jpg" in note and "half:0" in note and str(colours) not in note
        with pytest.raises(SpaceMismatch, match=r"green.jpg.*index its folder again"):
            engine.search(replace(query, collections=("right",)))
        marked = engine.answer(text(more=(green,)))
        assert {hit.picture.collection for hit in marked.hits} == {"left"}
        assert [each.code for each in marked.notes] == ["collections-left-out"]
    file.write_bytes(data)
    assert engine.answer(query).notes == ()
    with pytest.raises(NotFound, match="there is no picture 999"):
        engine.answer(Query((IndexedTerm(999),)))


def test_marks_and_concepts_lead_in_every_space(engine: Engine, colours: Path) -> None:
    red, green = id_of(engine, "left", "red"), id_of(engine, "left", "green")
    hits = engine.search(Query((TextTerm("wall"),), k=50, more=(red,), less=(green,)))
    assert ("left", "green") not in places(hits)
    assert next(place for place in places(hits) if place[0] == "right") == ("right", "red")
    kept = keep(engine, "reddish", Query((), more=(red,)))
    spaces = [HalfEncoder(half).space.id for half in (LEFT, RIGHT)]
    assert sorted(kept.vectors) == spaces, "it has a vector of each space"
    concept = Query((ConceptTerm("reddish"),), k=50)
    expected = places(engine.search(concept))
    assert {place[1] for place in expected[:2]} == {"red"}

    marks = (ConceptMark(engine.catalog.pictures.content_hash(green), True, "green.jpg"),)
    vectors = {
        spaces[LEFT]: keep(engine, "greenish", Query((), more=(green,))).vectors[spaces[LEFT]]
    }
    engine.catalog.concepts.keep(Concept("imported", (), marks, vectors))
    imported, made = (
        places(engine.search(replace(concept, terms=(ConceptTerm(name),))))
        for name in ("imported", "greenish")
    )
    assert imported == made, "made again from the picture's file"
    lost = (ConceptMark("ab" * 32, True, "gone.jpg"),)
    engine.catalog.concepts.keep(Concept("lost", (), lost, vectors))
    answer = engine.answer(replace(concept, terms=(ConceptTerm("lost"),)))
    assert {hit.picture.collection for hit in answer.hits} == {"left"}
    assert "right could not be searched: concept 'lost' was not made with half:1" in answer.notes[0]


def test_copies_fold_across_spaces_and_plain_pictures_do_not(
    engine: Engine, folders: tuple[Path, Path]
) -> None:
    left, right = folders
    scene = Image.effect_mandelbrot((160, 120), (-2.2, -1.2, 1.0, 1.2), 60).convert("RGB")
    scene.paste((200, 40, 40), (0, 0, 160, 30))
    scene.save(left / "scene.png")
    scene.resize((80, 60)).save(right / "smaller.jpg", quality=80)
    add(engine.catalog, "left", LEFT, left / "scene.png")
    add(engine.catalog, "right", RIGHT, right / "smaller.jpg")
    for query in (text(), Query((), ("left", "right"), k=50)):
        flat = engine.search(query)
        folded = engine.search(replace(query, fold=True))
        by_id = {hit.picture.id: hit.picture.path.stem for hit in flat}
        copies = {
            frozenset((hit.picture.path.stem, *(by_id[copy] for copy in hit.copies)))
            for hit in folded
            if hit.copies
        }
        assert copies == {
            frozenset({"red"}),
            frozenset({"blue"}),
            frozenset({"scene", "smaller"}),
        }
        assert len(folded) == len(flat) - 3


def test_a_cutoff_holds_in_every_space_where_there_is_a_confidence(engine: Engine) -> None:
    for by in (("picture", "caption", "words"), ("picture",)):
        answer = engine.answer(text(by=by))
        middle = sorted(hit.confidence or 0 for hit in answer.hits)[7]
        cut = engine.answer(text(by=by, cutoff=middle))
        assert all((hit.confidence or 0) >= middle for hit in cut.hits)
        assert len(cut.hits) == sum((hit.confidence or 0) >= middle for hit in answer.hits)
        assert {hit.picture.collection for hit in cut.hits} == {"left", "right"}
    none = engine.answer(text("zzz", cutoff=1.0))
    assert none.hits == () and none.notes[0].code == "cutoff-above-best"
    assert "not applied" in engine.answer(text(by=("caption",), cutoff=0.5)).notes[0]


def test_a_space_without_its_encoder_is_left_out_with_a_note(
    engine: Engine, encoders: Encoders, open_engine: Open
) -> None:
    right = encoders.by_spec.pop("half:1")
    for _ in range(3):
        answer = engine.answer(text())
        assert {hit.picture.collection for hit in answer.hits} == {"left"}
        assert answer.notes == ("right could not be searched: half:1 is not there",)
    assert encoders.tries.count("half:1") == 1, "not opened again for each search"
    engine.warm()
    with pytest.raises(EncoderUnavailable, match="half:1 is not there"):
        engine.answer(text(collections=("right",)))
    encoders.by_spec["half:1"] = HalfEncoder(RIGHT, version=1)
    changed = open_engine().answer(text())
    assert "now makes 'half1-000000000001'" in changed.notes[0]
    assert {hit.picture.collection for hit in changed.hits} == {"left"}
    encoders.by_spec = {"half:1": right}
    assert {hit.picture.collection for hit in open_engine().search(text())} == {"right"}
    encoders.by_spec = {}
    nobody = open_engine()
    with pytest.raises(EncoderUnavailable, match="half:0 is not there"):
        nobody.answer(text())
    with pytest.raises(EncoderUnavailable):
        nobody.warm()
    assert len(nobody.search(Query((), ("left", "right"), k=50, fold=True))) == 12, "no encoder"


def test_an_encoder_with_nothing_to_search_is_not_opened(
    engine: Engine, encoders: Encoders
) -> None:
    engine.catalog.collections.open("empty", Space("none-000000000000", "half:1", 7))
    del encoders.by_spec["half:1"]
    answer = engine.answer(text(where=parse("collection = left")))
    assert answer.notes == () and len(answer.hits) == 8
    assert encoders.tries == ["half:0"]
    assert len(engine.search(Query((), k=50, where=parse("width > 5"), diverse=0.5))) == 14


def test_the_command_the_api_and_the_page_search_two_real_pairs_together(
    limn: Limn, colours: Path, tmp_path: Path
) -> None:
    """Index by `tiny` and, an archive of the same pictures, by a copy of the built-in pair."""
    pair = shutil.copytree(pair_folder("builtin:first"), tmp_path / "pair")
    archive = shutil.make_archive(str(tmp_path / "more"), "zip", colours)
    (colours / "white.jpg").unlink()
    limn("index", colours, "-c", "small")
    limn("index", archive, "-c", "large", "--encoder", f"builtin@{pair}")
    shown = limn("search", "a red wall", "-k", "30", "--json")
    hits = json.loads(shown.stdout)
    assert len(hits) == 15 and "searched" not in shown.stderr
    assert sorted((hit["collection"], Path(hit["path"]).name) for hit in hits[:2]) == [
        ("large", "red.jpg"),
        ("small", "red.jpg"),
    ]
    white = next(hit["id"] for hit in hits if hit["path"].endswith("white.jpg"))
    alike = limn("search", "--id", str(white), "--more", str(white), "--fold", "--json")
    assert {hit["collection"] for hit in json.loads(alike.stdout)} == {"small", "large"}
    assert "searched" not in alike.stderr, "a member of an archive is embedded by the other pair"

    settings = settings_in(tmp_path / "data")
    with opened(settings) as (_, client):
        [first] = got(client, "/api/v1/search?q=a+red+wall&k=1")["hits"]
        assert (first["id"], first["measure"]) == (hits[0]["id"], "relevance")
        concept = {"name": "pale", "more": [white]}
        assert client.post("/api/v1/concepts", json=concept).status_code == 200
        assert got(client, "/api/v1/search?concept=pale")["notes"] == []
        page = client.get("/?q=a+red+wall&copies=1").text
        assert "could not be searched" not in page and page.count('class="tile') == 15
        assert client.get(f"/?similar={white}").status_code == 200
        shapes = got(client, "/shapes?q=a+red+wall&copies=1")["ids"]
        tiles = got(client, "/tiles?q=a+red+wall&copies=1&start=1")["tiles"]
        assert shapes == [hit["id"] for hit in hits] and len(tiles) == 15
        assert client.get(f"/pictures/{shapes[0]}?q=a+red+wall&rank=1").status_code == 200

    shutil.rmtree(pair)
    told = limn("search", "a red wall").stderr
    assert "large could not be searched" in told and str(pair) in told
    with opened(settings) as (_, client):
        answer = got(client, "/api/v1/search?q=a+red+wall&k=30")
        assert len(answer["hits"]) == 7
        [note] = answer["notes"]
        assert note.startswith("large could not be searched") and str(tmp_path) not in note
        english = client.get("/?q=a+red+wall").text
        assert "large could not be searched" in english and str(tmp_path) not in english
        chinese = client.get("/?q=a+red+wall", headers={"Accept-Language": "zh"}).text
        assert "未能搜索 large" in chinese


def got(client: FlaskClient, address: str) -> Any:
    answer = client.get(address).json
    assert answer is not None
    return answer
