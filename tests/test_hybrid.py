"""Hybrid answers: signals of a hit, filters, pages, cutoff, near-duplicates and variety."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from PIL import Image

from search.bootstrap import open_engine
from search.catalog.catalog import Catalog
from search.catalog.conditions import CONDITIONS, Test
from search.catalog.database.schema import migrations_folder
from search.catalog.database.tables import caption
from search.encoders.tiny import TinyEncoder
from search.engine import Engine
from search.errors import BadQuery
from search.query.filters.fields import Value
from search.query.filters.grammar import parse
from search.query.limits import SIGNAL_NAMES, SignalName
from search.query.records import Hit, IndexedTerm, Match, PictureTerm, Query, TextTerm
from search.ranking import candidates
from search.ranking import hits as ranking_hits
from search.ranking.context import Candidates, SearchContext
from search.ranking.fusion import CaptionShares, Fit, SignalScores
from search.ranking.near_duplicates import near_duplicates
from search.ranking.signals import SIGNALS
from search.records import Ids, Picture, Scores, Vectors
from search.settings import Settings
from tests.raw_sql import database_of
from tests.tiny_index import run_index, vector_of

pytestmark = pytest.mark.slow

NAMES = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings.from_environment(
        {
            "LIMN_DATA_DIR": str(tmp_path / "data"),
            "LIMN_DATABASE_URL": database_url,
            "LIMN_ENCODER": "tiny",
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write one picture a colour; some have captions, partly on subjects that no encoder knows."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in NAMES:
        Image.new("RGB", (96, 64), name).save(folder / f"{name}.jpg", quality=95)
    (folder / "captions.csv").write_text(
        "image,caption,language\n"
        "red.jpg,a red wall,en\n"
        "green.jpg,Aunt Quixwell in the garden,en\n"
        "green.jpg,a green lawn,en\n"
        "blue.jpg,蓝色的海滩,zh\n"
        "blue.jpg,a red boat far out,en\n"
        "white.jpg,snow,en\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def engine(settings: Settings, folder: Path) -> Iterator[Engine]:
    with open_engine(settings) as engine:
        run_index(engine.catalog, folder)
        yield engine


def stems(hits: list[Hit]) -> list[str]:
    return [hit.picture.path.stem for hit in hits]


def text(words: str, weight: float = 1.0) -> tuple[TextTerm]:
    return (TextTerm(words, weight),)


def test_a_name_that_no_encoder_knows_is_found_by_its_caption(engine: Engine) -> None:
    hits = engine.search(Query(text("quixwell"), k=3))
    assert stems(hits)[0] == "green"
    words = {match.by: match for match in hits[0].matches}["words"]
    assert words.score == pytest.approx(1)
    assert words.caption is not None and words.caption.text == "Aunt Quixwell in the garden"


def test_chinese_words_find_the_part_of_a_longer_caption(engine: Engine) -> None:
    for words in ("海滩", "滩"):
        hits = engine.search(Query(text(words), k=1, by=("words",)))
        assert stems(hits) == ["blue"]


def test_each_hit_tells_what_matched_and_shares_add_up(engine: Engine) -> None:
    hits = engine.search(Query(text("a red wall"), k=8))
    assert len(hits) == 8
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True) and 0 <= scores[-1] <= scores[0] <= 1
    encoder = TinyEncoder()
    query = encoder.encode_texts(["a red wall"])[0]
    for hit in hits:
        assert hit.measure == "relevance"
        assert hit.confidence is not None and 0 <= hit.confidence <= 1
        assert sum(match.share for match in hit.matches) == pytest.approx(1, abs=1e-5)
        found = {match.by: match for match in hit.matches}
        vector = vector_of(engine.catalog, hit.picture.id)
        assert found["picture"].score == pytest.approx(float(query @ vector), abs=1e-3)
        captions = hit.picture.facts.captions
        assert ("caption" in found) == bool(captions)
        if captions:
            cosines = encoder.encode_texts([each.text for each in captions]) @ query
            assert found["caption"].score == pytest.approx(float(cosines.max()), abs=1e-3)
            assert found["caption"].caption == captions[int(cosines.argmax())]
    assert stems(hits)[0] == "red"


@pytest.mark.parametrize("by", ["picture", "caption", "words"])
def test_only_the_evidence_that_is_asked_for_speaks(engine: Engine, by: SignalName) -> None:
    hits = engine.search(Query(text("red"), k=8, by=(by,)))
    expected = {"picture": set(NAMES), "caption": {"red", "green", "blue", "white"}}
    assert set(stems(hits)) == expected.get(by, {"red", "blue"})
    assert {hit.measure for hit in hits} == {"cosine" if by == "picture" else "relevance"}


class NewestSignal:
    """A toy signal: the newest picture is right, whatever the query."""

    name = "newest"

    def propose(self, context: SearchContext, depth: int) -> Ids:
        return context.indexes[0].pictures.ids()[-1:]

    def score(self, context: SearchContext, candidates: Candidates) -> SignalScores:
        newest = (candidates.ids == candidates.ids.max()).astype(np.float32)
        return SignalScores(newest, newest)

    def log_odds(self, scores: SignalScores, captioned: CaptionShares, fit: Fit) -> Scores:
        return np.float32(1_000) * scores.strength

    def explain(
        self, scores: SignalScores, row: int, share: float, picture: Picture, words: tuple[str, ...]
    ) -> Match | None:
        return Match(self.name, 1.0, share) if scores.strength[row] else None


def test_a_signal_that_is_added_to_the_tuple_ranks_and_explains(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = Query(text("a red wall"), k=8)
    before = engine.search(query)
    for module in (candidates, ranking_hits):
        monkeypatch.setattr(module, "SIGNALS", (*SIGNALS, NewestSignal()))
    hits = engine.search(query)
    newest = max(hit.picture.id for hit in before)
    assert before[0].picture.id != newest == hits[0].picture.id
    assert hits[0].matches[-1].by == "newest" and hits[0].matches[-1].share > 0.9
    assert sum(match.share for match in hits[0].matches) == pytest.approx(1, abs=1e-5)
    others = [hit.picture.id for hit in before if hit.picture.id != newest]
    assert [hit.picture.id for hit in hits[1:]] == others


def test_each_signal_to_search_by_is_in_the_tuple() -> None:
    assert set(SIGNAL_NAMES) <= {signal.name for signal in SIGNALS}


def test_captions_that_change_or_go_are_followed_without_ghosts(
    engine: Engine, settings: Settings, folder: Path
) -> None:
    assert stems(engine.search(Query(text("quixwell"), k=1))) == ["green"]
    engine.close()
    (folder / "captions.csv").write_text("image,caption\nred.jpg,Aunt Quixwell\n")
    with open_engine(settings) as other:
        run_index(other.catalog, folder)
        assert stems(other.search(Query(text("quixwell"), k=8, by=("caption", "words")))) == ["red"]
    assert stems(engine.search(Query(text("quixwell"), k=8, by=("caption", "words")))) == ["red"]
    (folder / "red.jpg").unlink()
    run_index(engine.catalog, folder)
    answer = engine.answer(Query(text("quixwell"), k=8, by=("caption", "words")))
    assert answer.hits == () and "nothing was found" in answer.notes[0]


def test_the_condition_of_a_filter_is_built_once_a_search(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, condition = [], CONDITIONS["width"]

    def width(operator: str, value: Value) -> Test:
        built.append(operator)
        return condition(operator, value)

    monkeypatch.setitem(CONDITIONS, "width", width)
    hits = engine.search(Query(text("red"), k=8, where=parse("width > 50")))
    assert {match.by for match in hits[0].matches} >= {"picture", "words"}
    assert built == [">"]


def test_filters_hold_for_every_kind_of_evidence(engine: Engine) -> None:
    answer = engine.answer(Query(text("quixwell"), k=8, where=parse("has = caption")))
    assert set(stems(list(answer.hits))) == {"red", "green", "blue", "white"}
    without = parse("not has = caption")
    hits = engine.search(Query(text("quixwell red"), k=8, where=without))
    assert set(stems(hits)) == {"yellow", "black", "orange", "purple"}
    same = parse(f"same = {hits[0].picture.id}")
    assert engine.search(Query(text("red"), where=same)) != []
    nobody = engine.answer(Query(text("red"), where=parse("has = date and has = caption")))
    assert nobody.hits == () and "no picture passes the filter" in nobody.notes[0]


def test_pages_are_cut_from_one_order_and_the_last_says_so(engine: Engine) -> None:
    whole = engine.search(Query(text("a red wall"), k=8))
    paged: list[Hit] = []
    for offset in (0, 3, 6):
        answer = engine.answer(Query(text("a red wall"), k=3, offset=offset))
        assert answer.more == (offset < 6)
        paged += answer.hits
    assert paged == whole
    past = engine.answer(Query(text("a red wall"), k=3, offset=60))
    assert past.hits == () and "ends after 8 hits" in past.notes[0]


def test_a_cutoff_leaves_out_what_is_not_shown_and_says_how_sure_it_was(engine: Engine) -> None:
    every = engine.answer(Query(text("a red wall"), k=8))
    half = engine.answer(Query(text("a red wall"), k=8, cutoff=0.5))
    assert 0 < len(half.hits) < len(every.hits)
    assert half.hits == every.hits[: len(half.hits)]
    assert all(hit.confidence is not None and hit.confidence >= 0.5 for hit in half.hits)
    assert every.confidence == half.confidence == every.hits[0].confidence
    nothing = engine.answer(Query(text("zzyzx"), k=8, cutoff=1.0))
    assert nothing.hits == () and "no hit: best confidence" in nothing.notes[0]


def test_a_cutoff_is_not_applied_where_there_is_no_telling(engine: Engine, folder: Path) -> None:
    answer = engine.answer(Query((PictureTerm(folder / "red.jpg"),), k=8, cutoff=0.5))
    assert len(answer.hits) == 8 and answer.confidence is None
    assert "the cutoff was not applied" in answer.notes[0]


def test_near_duplicates_are_folded_into_the_best_of_them(engine: Engine, folder: Path) -> None:
    for number in range(3):
        shutil.copyfile(folder / "red.jpg", folder / f"red {number}.jpg")
    run_index(engine.catalog, folder)
    flat = engine.search(Query(text("red"), k=12, by=("picture",)))
    assert len(flat) == 11 and all(hit.copies == () for hit in flat)
    for by in (("picture",), ("picture", "caption", "words")):
        folded = engine.search(Query(text("red"), k=12, by=by, fold=True))
        assert len(folded) == 8
        best = folded[0]
        assert best.picture.path.stem.startswith("red") and len(best.copies) == 3
        paths = engine.catalog.pictures.by_id(best.copies).values()
        assert all(picture.path.stem.startswith("red") for picture in paths)


def test_a_smaller_copy_that_the_encoder_sees_otherwise_is_folded_by_its_hash() -> None:
    """Compare vectors and hashes directly, as the tests' encoder ignores size."""
    near, far = unit(1.0, 0.9), unit(1.0, -0.9)
    vectors = np.concatenate([unit(1.0, 0.0), near, far, near])
    hashes = np.array([0b1010 << 40, 0b1111 << 40, 0b1010 << 40, 0b1010 << 40], np.uint64)
    known = np.array([True, True, True, False])
    copies = near_duplicates(vectors, hashes, known)
    assert copies[0].tolist() == [True, True, True, False], "a cosine of 0.74 and a few bits"
    assert copies[1].tolist() == [True, True, False, True], "another picture under the same hash"
    assert copies[3].tolist() == [False, True, False, True], "without a hash, the cosine alone"


def unit(*parts: float) -> Vectors:
    row = np.array([parts], np.float32)
    return np.ascontiguousarray(row / np.linalg.norm(row))


def test_variety_puts_hits_unlike_each_other_first(engine: Engine, folder: Path) -> None:
    for number in range(3):
        Image.new("RGB", (96, 64), (215 - number, 30, 35)).save(folder / f"nearly {number}.png")
    run_index(engine.catalog, folder)
    usual = engine.search(Query(text("red"), k=4, by=("picture",)))
    varied = engine.search(Query(text("red"), k=4, by=("picture",), diverse=0.7))
    assert varied[0] == usual[0]
    assert len({stem.split()[0] for stem in stems(varied)}) > len(
        {stem.split()[0] for stem in stems(usual)}
    )


def test_excluded_words_sink_what_shows_them(engine: Engine) -> None:
    wanted = TextTerm("red left and blue right")
    usual = engine.search(Query((wanted,), k=8))
    hits = engine.search(Query((wanted, TextTerm("blue", -0.5)), k=8))
    order = stems(hits)
    assert order.index("red") < order.index("blue")
    shown = {hit.picture.id: hit.matches[-1] for hit in hits}
    assert all(match.by == "excluded" and match.share == 0 for match in shown.values())
    before = {hit.picture.id: hit for hit in usual}
    for hit in hits:
        assert hit.score <= before[hit.picture.id].score + 1e-5
        assert hit.confidence is not None
        assert hit.confidence <= (before[hit.picture.id].confidence or 0) + 1e-5


def test_a_lighter_exclusion_sinks_less(engine: Engine) -> None:
    wanted = TextTerm("red left and blue right")
    scores = []
    for weight in (-0.1, -0.5, -2.0):
        hits = engine.search(Query((wanted, TextTerm("blue", weight)), k=8))
        scores.append({hit.picture.path.stem: hit.score for hit in hits}["blue"])
    assert scores[0] > scores[1] > scores[2]


def test_excluded_words_are_read_from_captions(engine: Engine, folder: Path) -> None:
    (folder / "blue.txt").write_text("a zebra in the grass")
    run_index(engine.catalog, folder)
    scores = []
    for terms in ((TextTerm("blue"),), (TextTerm("blue"), TextTerm("zebra", -0.5))):
        hits = {hit.picture.path.stem: hit for hit in engine.search(Query(terms, k=8))}
        scores.append(hits["blue"].score)
    assert hits["blue"].matches[-1].score > 0.9
    assert scores[1] < scores[0] / 5


def test_excluded_words_alone_lead_away(engine: Engine) -> None:
    hits = engine.search(Query((TextTerm("blue", -1.0),), k=8))
    assert stems(hits)[-1] != stems(engine.search(Query((TextTerm("red", -1.0),), k=8)))[-1]
    assert "excluded" not in {match.by for hit in hits for match in hit.matches}


def test_excluded_words_go_with_a_picture_too(engine: Engine) -> None:
    [red] = engine.search(Query((TextTerm("red"),), k=1))
    likeness = IndexedTerm(red.picture.id)
    usual = engine.search(Query((likeness,), k=7))
    hits = engine.search(Query((likeness, TextTerm(usual[0].picture.path.stem, -0.5)), k=7))
    assert {hit.picture.id for hit in hits} == {hit.picture.id for hit in usual}
    assert stems(hits).index(usual[0].picture.path.stem) > 0


def test_a_part_of_a_picture_is_searched_by(engine: Engine, tmp_path: Path) -> None:
    both = Image.new("RGB", (200, 100), "red")
    both.paste("green", (100, 0, 200, 100))
    both.save(tmp_path / "both.png")
    for crop, expected in (((0, 0, 45, 100), "red"), ((55, 0, 100, 100), "green")):
        [hit] = engine.search(Query((PictureTerm(tmp_path / "both.png", crop=crop),), k=1))
        assert hit.picture.path.stem == expected and hit.measure == "cosine"
    with pytest.raises(BadQuery, match="the part of a picture is 50,0,50,100"):
        engine.search(Query((PictureTerm(tmp_path / "both.png", crop=(50, 0, 50, 100)),)))


def test_a_page_costs_six_statements_at_most_and_its_filter_one(engine: Engine) -> None:
    statements: list[str] = []
    engine.search(Query(text("red")))  # opens everything that the engine caches
    engine.catalog.on_statement(statements.append)

    def asked() -> int:
        count = sum(each.startswith(("SELECT", "WITH")) for each in statements)
        statements.clear()
        return count

    # SQLite reports that nothing was committed, which saves a statement.
    spared = int(database_of(engine.catalog).is_sqlite)
    engine.search(Query(text("red"), k=50))
    # Names take two; PostgreSQL one more to see that no picture has text.
    assert asked() == (4 if spared else 6)
    engine.search(Query(text("red"), k=50, by=("picture",), where=parse("width > 1")))
    assert asked() == 3 - spared


def test_the_first_search_of_a_warm_engine_is_as_the_second(engine: Engine) -> None:
    engine.warm()
    statements: list[str] = []
    engine.catalog.on_statement(statements.append)
    counts = []
    for words in ("red", "green"):
        engine.search(Query(text(words)))
        counts.append(len(statements))
        statements.clear()
    assert counts[0] == counts[1]


def test_words_and_colours_that_were_there_before_their_tables_are_found(
    engine: Engine, settings: Settings
) -> None:
    database = database_of(engine.catalog)
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with database.write_transaction() as sql:
        config.attributes["connection"] = sql
        command.downgrade(config, "0002")
        assert sql.scalar(sa.select(sa.func.count()).select_from(caption)) == 6
    with open_engine(settings) as upgraded:
        [hit] = upgraded.search(Query(text("quixwell"), k=1, by=("words",)))
        assert hit.picture.path.stem == "green"
        green = Query(text("a wall"), where=parse("colour = #008000"))
        assert stems(upgraded.search(green)) == ["green"]


def test_more_captions_than_an_index_holds_are_no_error(settings: Settings, folder: Path) -> None:
    rows = [f"red.jpg,caption number {number}" for number in range(80)]
    (folder / "captions.csv").write_text("\n".join(["image,caption", *rows]) + "\n")
    with open_engine(settings) as engine:
        run_index(engine.catalog, folder)
        [hit] = engine.search(Query(text("caption number 79"), k=1))
    assert hit.picture.path.stem == "red"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "told"),
    [
        (Query(text("red"), offset=-1), "offset is -1"),
        (Query(text("red"), k=10, offset=9_995), "10,000 at most"),
        (Query(text("red"), cutoff=1.5), "cutoff is 1.5"),
        (Query(text("red"), cutoff=float("nan")), "cutoff is nan"),
        (Query(text("red"), diverse=-1), "diverse is -1"),
        (Query(text("red"), by=()), "by is empty"),
        (Query(text("red"), by=("smell",)), "by is smell"),  # type: ignore[arg-type]
    ],
)
def test_what_can_not_be_is_refused(engine: Engine, query: Query, told: str) -> None:
    with pytest.raises(BadQuery, match=told):
        engine.search(query)


def test_words_that_cancel_out_beside_a_picture_leave_the_picture(engine: Engine) -> None:
    [red] = engine.search(Query(text("a red wall"), k=1, by=("picture",)))
    terms = (TextTerm("blue"), TextTerm("blue", -1.0), IndexedTerm(red.picture.id))
    hits = engine.search(Query(terms, k=8))
    assert len(hits) == 7 and np.isfinite([hit.score for hit in hits]).all()


def test_an_empty_catalog_says_how_to_begin(catalog: Catalog, settings: Settings) -> None:
    with open_engine(settings) as engine:
        answer = engine.answer(Query(text("red")))
    assert answer.hits == () and "limn index PATH" in answer.notes[0]
