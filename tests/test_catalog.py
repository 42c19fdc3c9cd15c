"""The catalog on each database: stored pictures come back, and the change log records changes."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from search.catalog.database.writer_lock import writer_lock
from search.catalog.records import BesidePicture, Changes, EmbeddedCaptions, Failure, RunCounts
from search.errors import CollectionBusy, NotFound, SpaceMismatch
from search.records import Caption, Collection, Space
from tests.small_catalog import FACTS, SPACE, embedded, unit

OTHER_SPACE = Space("test-111111111111", "tiny", 4)

ROOTS = ("/p", "/p.jpg", "/")


@pytest.fixture
def collection(catalog: Catalog) -> Collection:
    return catalog.collections.open("photos", SPACE)


def everything(catalog: Catalog, collection: Collection, position: int = 0) -> list[Changes]:
    return list(catalog.changes.of_pictures(collection, position))


def test_a_stored_picture_comes_back_with_its_facts_and_captions(
    catalog: Catalog, collection: Collection
) -> None:
    captions = (
        Caption("a dog", "en"),
        Caption("一只狗", "zh", "human"),
        Caption("x", origin="file"),
    )
    assert catalog.writer.store(
        collection, [embedded("/p/a.jpg", unit(1, 0, 0, 0), *captions)]
    ) == (1, 0)
    [change] = everything(catalog, collection)
    picture = catalog.pictures.one(int(change.ids[0]))
    assert picture.facts == replace(FACTS, captions=captions)
    assert (picture.collection, picture.path) == ("photos", Path("/p/a.jpg"))
    assert (picture.size_bytes, picture.mtime_ns, picture.content_hash) == (
        1234,
        56,
        b"h".hex() * 32,
    )


def test_captioned_pictures_are_those_of_one_collection_that_have_captions(
    catalog: Catalog, collection: Collection
) -> None:
    told, bare, other = Caption("a dog", "en"), unit(1, 0, 0, 0), Caption("a cat", "en")
    pictures = [embedded("/p/a.jpg", bare, told, Caption("x", origin="file"))]
    pictures += [embedded("/p/b.jpg", bare), embedded("/p/c.jpg", bare, told)]
    catalog.writer.store(collection, pictures)
    elsewhere = catalog.collections.open("elsewhere", SPACE)
    catalog.writer.store(elsewhere, [embedded("/p/a.jpg", bare, other)])
    found = list(catalog.pictures.with_captions(collection))
    assert [picture.path.name for picture in found] == ["a.jpg", "c.jpg"]
    assert [len(picture.facts.captions) for picture in found] == [2, 1]


def test_a_path_that_is_not_utf8_comes_back_to_the_byte(
    catalog: Catalog, collection: Collection
) -> None:
    path = b"/p/caf\xe9 \n\xff.jpg"
    catalog.writer.store(collection, [embedded(path, unit(1, 0, 0, 0))])
    [found] = catalog.files(collection).under(Path("/p"))
    assert found.path == path


def test_a_changed_picture_keeps_its_id_and_moves_to_the_end_of_the_log(
    catalog: Catalog, collection: Collection
) -> None:
    first = [embedded("/p/a.jpg", unit(1, 0, 0, 0)), embedded("/p/b.jpg", unit(0, 1, 0, 0))]
    catalog.writer.store(collection, first)
    [before] = everything(catalog, collection)
    again = embedded("/p/a.jpg", unit(0, 0, 1, 0), Caption("new"))
    assert catalog.writer.store(collection, [again]) == (0, 1)
    [after] = everything(catalog, collection, before.position)
    assert after.ids.tolist() == before.ids[:1].tolist()
    np.testing.assert_allclose(after.vectors, again.vector[None], atol=1e-3)
    assert [each.text for each in catalog.pictures.one(int(after.ids[0])).facts.captions] == ["new"]
    [whole] = everything(catalog, collection)
    assert whole.ids.tolist() == before.ids[::-1].tolist(), "each picture stands once in the log"


def test_a_removed_picture_is_told_to_followers(catalog: Catalog, collection: Collection) -> None:
    catalog.writer.store(collection, [embedded("/p/a.jpg", unit(1, 0, 0, 0), Caption("x"))])
    [before] = everything(catalog, collection)
    picture_id = int(before.ids[0])
    catalog.writer.remove(collection, [picture_id])
    [after] = everything(catalog, collection, before.position)
    assert (after.ids.tolist(), after.removed.tolist()) == ([], [picture_id])
    with pytest.raises(NotFound):
        catalog.pictures.one(picture_id)


def test_the_log_is_read_in_pieces_without_loss(catalog: Catalog, collection: Collection) -> None:
    batch = [embedded(f"/p/{n}.jpg", unit(1, n, 0, 0)) for n in range(25)]
    catalog.writer.store(collection, batch)
    pieces = list(catalog.changes.of_pictures(collection, 0, limit=10))
    assert [len(piece.ids) for piece in pieces] == [10, 10, 5]
    assert pieces[-1].position == catalog.changes.last(collection.id)
    np.testing.assert_allclose(
        np.concatenate([piece.vectors for piece in pieces]),
        np.stack([each.vector for each in batch]),
        atol=1e-3,
    )


def test_captions_are_first_read_past_pictures_that_have_none(
    catalog: Catalog, collection: Collection
) -> None:
    batch = [embedded(f"/p/{n}.jpg", unit(1, n, 0, 0)) for n in range(5)]
    batch[2] = embedded("/p/2.jpg", unit(1, 2, 0, 0), Caption("two"))
    catalog.writer.store(collection, batch)
    head = catalog.changes.last(collection.id)
    told = list(catalog.changes.of_captions(collection, 0))
    assert [len(changes.ids) for changes in told] == [1, 0]
    assert told[-1].position == head
    assert list(catalog.changes.of_captions(collection, head)) == []
    catalog.writer.store(collection, [embedded("/p/2.jpg", unit(1, 2, 0, 0))])
    [lost] = catalog.changes.of_captions(collection, head)
    assert told[0].ids[0] in lost.removed and lost.position > head


def test_what_anyone_commits_is_told_without_asking_twice(database_url: str) -> None:
    database, other = Database(database_url), Database(database_url)
    ensure_schema(database)
    catalog, elsewhere = Catalog(database), Catalog(other)
    asked: list[str] = []
    database.on_statement(asked.append)
    collection = catalog.collections.open("photos", SPACE)
    for writer in (catalog, elsewhere):
        [(_, before)] = catalog.collections.with_last_changes()
        writer.writer.store(collection, [embedded("/p/a.jpg", unit(1, 0, 0, 0))])
        [(_, after)] = catalog.collections.with_last_changes()
        assert after > before
    asked.clear()
    assert catalog.collections.with_last_changes() == [(collection, after)]
    assert len(asked) == (0 if database.is_sqlite else 1)
    database.close()
    other.close()


def test_captions_beside_a_picture_are_replaced_and_those_in_it_stay(
    catalog: Catalog, collection: Collection
) -> None:
    captions = (Caption("beside"), Caption("inside", kind="iptc.caption", origin="file"))
    catalog.writer.store(collection, [embedded("/p/a.jpg", unit(1, 0, 0, 0), *captions)])
    [change] = everything(catalog, collection)
    picture_id = int(change.ids[0])
    fresh = EmbeddedCaptions((Caption("fresh"),), unit(0, 1, 0, 0)[None])
    beside = BesidePicture(picture_id, b"n" * 16, fresh, {"rating": 5.0})
    catalog.writer.replace_captions(collection, [beside])
    held = catalog.pictures.one(picture_id).facts.captions
    assert {each.text for each in held} == {"inside", "fresh"}
    assert catalog.changes.last(collection.id) > change.position
    assert catalog.pictures.one(picture_id).fields == {"rating": 5.0}
    [file] = catalog.files(collection).by_path([Path("/p/a.jpg")]).values()
    assert file.captions_hash == b"n" * 16


def test_known_files_are_those_below_the_folder_and_no_neighbours(
    catalog: Catalog, collection: Collection
) -> None:
    paths = ["/p/a.jpg", "/p/sub/b.jpg", "/p2/c.jpg", "/p.jpg"]
    catalog.writer.store(collection, [embedded(path, unit(1, 0, 0, 0)) for path in paths])
    ledger = catalog.files(collection)
    under = {root: {os.fsdecode(each.path) for each in ledger.under(Path(root))} for root in ROOTS}
    assert under == {"/p": set(paths[:2]), "/p.jpg": {"/p.jpg"}, "/": set(paths)}


def test_a_collection_refuses_another_space_once_it_holds_pictures(
    catalog: Catalog, collection: Collection
) -> None:
    assert catalog.collections.open("photos", OTHER_SPACE) == collection, "opening changes nothing"
    other = catalog.collections.take_space(collection, OTHER_SPACE)
    assert other == replace(collection, space=OTHER_SPACE) == catalog.collections.all()[0]
    catalog.writer.store(other, [embedded("/p/a.jpg", unit(1, 0, 0, 0))])
    with pytest.raises(SpaceMismatch, match=r"test-111111111111.*test-000000000000"):
        catalog.collections.take_space(other, SPACE)
    assert catalog.collections.take_space(other, OTHER_SPACE) == other


def test_a_path_as_long_as_the_system_allows_is_stored(
    catalog: Catalog, collection: Collection
) -> None:
    path = "/p" + ("/" + "ü" * 120) * 16 + ".jpg"
    assert catalog.writer.store(collection, [embedded(path, unit(1, 0, 0, 0))]) == (1, 0)
    assert catalog.writer.store(collection, [embedded(path, unit(1, 0, 0, 0))]) == (0, 1)
    catalog.failures.record(collection, [Failure(Path(path), "truncated", "cut")])


def test_collections_opened_side_by_side_are_made_once(database_url: str) -> None:
    first = Database(database_url)
    ensure_schema(first)
    ids: list[int] = []
    begin = threading.Barrier(4)

    def open_it() -> None:
        database = Database(database_url)
        begin.wait(30)
        ids.append(Catalog(database).collections.open("photos", SPACE).id)
        database.close()

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ids) == 4
    assert len(set(ids)) == 1
    first.close()


def test_removing_a_collection_leaves_nothing_of_it_and_spares_the_others(
    catalog: Catalog, collection: Collection
) -> None:
    other = catalog.collections.open("other", SPACE)
    for each in (collection, other):
        catalog.writer.store(each, [embedded("/p/a.jpg", unit(1, 0, 0, 0), Caption("x"))])
        catalog.failures.record(each, [Failure(Path("/p/bad.jpg"), "truncated", "cut")])
    catalog.collections.remove(collection)
    assert [each.name for each in catalog.collections.all()] == ["other"]
    [left] = catalog.collections.summaries()
    assert (left.pictures, left.captions, left.failures) == (1, 1, 1)
    assert catalog.collections.open("photos", SPACE).id not in (collection.id, other.id)
    with pytest.raises(NotFound, match="other, photos"):
        catalog.collections.find(["unknown"])


def test_a_failure_is_recorded_once_and_goes_when_its_file_is_stored(
    catalog: Catalog, collection: Collection
) -> None:
    path = Path("/p/a.jpg")
    catalog.failures.record(collection, [Failure(path, "truncated", "cut")])
    catalog.failures.record(collection, [Failure(path, "not an image", "text")])
    assert [each.reason for each in catalog.failures.of(collection.id)] == ["not an image"]
    catalog.writer.store(collection, [embedded("/p/a.jpg", unit(1, 0, 0, 0))])
    assert catalog.failures.of(collection.id) == []


def test_a_job_whose_process_went_away_is_marked_when_the_next_one_starts(
    catalog: Catalog, collection: Collection
) -> None:
    jobs = catalog.jobs
    first = jobs.start(collection, "index", Path("/p"))
    second = jobs.start(collection, "index", Path("/p"))
    jobs.update(second, RunCounts(found=3, added=3), "done")
    assert [(job.id, job.state) for job in jobs.latest()] == [
        (second, "done"),
        (first, "interrupted"),
    ]
    [summary] = catalog.collections.summaries()
    assert summary.updated_at is not None


def test_the_identity_of_a_catalog_stays(catalog: Catalog) -> None:
    assert catalog.identity() == catalog.identity()


def test_one_writer_at_a_time_holds_a_collection(
    catalog: Catalog, collection: Collection, database_url: str
) -> None:
    second = Database(database_url)
    other = catalog.collections.open("other", SPACE)
    with catalog.lock(collection):
        with pytest.raises(CollectionBusy, match="photos"), writer_lock(second, collection):
            pass
        with writer_lock(second, other):
            pass
    with writer_lock(second, collection):
        pass
    second.close()


def test_writers_side_by_side_lose_no_change(
    catalog: Catalog, collection: Collection, database_url: str
) -> None:
    seen: list[int] = []
    done = threading.Event()

    def write(worker: int) -> None:
        database = Database(database_url)
        for n in range(10):
            path = f"/p/{worker}-{n}.jpg"
            Catalog(database).writer.store(collection, [embedded(path, unit(1, worker, n, 0))])
        database.close()

    def follow() -> None:
        position = 0
        while True:
            last = done.is_set()
            for changes in catalog.changes.of_pictures(collection, position, limit=7):
                seen.extend(changes.ids.tolist())
                position = changes.position
            if last:
                return

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    follower = threading.Thread(target=follow)
    for thread in (*writers, follower):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    follower.join(60)
    assert len(seen) == len(set(seen)) == 30, "a follower that only looks ahead saw every picture"
