"""Damaged files of every kind: each is indexed or listed with its reason, and no run stops."""

import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.indexing.decode import DecodedPicture, Shots, Work
from indexer.indexing.decoder_pool import Decoders
from indexer.sources import Item, SidecarData, found_in
from indexer.sources.columns import ColumnOptions, fields_of
from indexer.sources.folder import FolderSource
from indexer.sources.sidecars import parse_sidecars
from search.catalog.records import Failure
from search.encoders.tiny import TinyEncoder
from search.errors import BadPicture, BadSource
from search.pictures import Limits
from search.pictures.containers.members import safe_name
from tests import collections_of_every_kind as made
from tests.pictures_of_every_kind import GOOD, SVG, raw_file, write_good

COPIES = 2_000

# The same examples every time, and no deadline, since test machines may be busy.
settings.register_profile("limn", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("limn")

# A corrupted header may ask for any size; a test does not wait for a huge one.
LIMITS = Limits(max_pixels=4_000_000, max_file_bytes=8_000_000)


def spoil(data: bytes, chance: random.Random) -> bytes:
    """Return a copy with bytes changed, a piece removed, repeated or zeroed, or a truncated end."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(spoilt)) if spoilt else 0
        length = min(chance.choice((1, 4, 64, 4096)), len(spoilt) - at)
        match chance.randrange(5):
            case 0:
                spoilt[at : at + length] = chance.randbytes(length)
            case 1:
                del spoilt[at : at + length]
            case 2:
                spoilt[at:at] = spoilt[at : at + length]
            case 3:
                spoilt[at : at + length] = bytes(length)
            case _:
                del spoilt[max(at, 1) :]
    return bytes(spoilt)


def originals(folder: Path) -> list[Path]:
    """Return a good file of each format and of each container."""
    folder.mkdir()
    files = write_good(folder)
    (folder / "drawing.svg").write_text(SVG.format(more=""))
    files += [folder / "drawing.svg", raw_file(folder / "photo.dng")]
    writers: dict[str, Callable[[Path], Path]] = {
        "a.tar": made.tar,
        "a.zip": made.zipped,
        "a.parquet": made.parquet,
        "a.arrow": made.arrow,
        "a.mp4": made.film,
    }
    return files + [write(folder / name) for name, write in writers.items()]


@pytest.mark.slow
def test_of_two_thousand_damaged_files_each_is_read_or_listed_with_a_reason(
    tmp_path: Path,
) -> None:
    chance = random.Random(2024)
    files = originals(tmp_path / "good")
    assert len(files) == len(GOOD) + 7
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for number in range(COPIES):
        source = files[number % len(files)]
        name = f"{number}{source.suffix}"
        (damaged / name).write_bytes(spoil(source.read_bytes(), chance))
    found = list(FolderSource(damaged).find(lambda _: False))
    items = [each for each in found if isinstance(each, Item)]
    refused = [each for each in found if isinstance(each, Failure)]
    with Decoders(2, TinyEncoder().preparation, LIMITS, timeout_s=20) as decoders:
        outcomes = list(decoders.run(map(Work, items)))
    read = {each.file.item.path for each in outcomes if isinstance(each, DecodedPicture)}
    read |= {each.film.path for each in outcomes if isinstance(each, Shots)}
    failed = {each.path for each in outcomes if isinstance(each, Failure)}
    assert read | failed == {item.path for item in items}
    assert read.isdisjoint(failed)
    assert all(
        each.reason in BadPicture.REASONS and each.detail
        for each in [*refused, *outcomes]
        if isinstance(each, Failure)
    )
    assert len(read) > 200, "much damage does no harm"
    assert len(failed) > 200, "and much does"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(st.text() | st.sampled_from(["caption", "text"]), json_values))
def test_any_row_gives_captions_and_fields_that_a_database_takes(row: dict[str, Any]) -> None:
    names = ["image", *(name for name in row if name != "image")]
    told = ColumnOptions().choose(names, "it").read_row(row)
    for caption in told.captions:
        assert caption.text.strip()
        assert "\0" not in caption.text
    for name, value in {**told.fields, **SidecarData((), fields_of(row)).fields}.items():
        assert 0 < len(name) <= 100
        assert isinstance(value, float) or 0 < len(value) <= 500
        assert "\0" not in f"{name}{value}"


@given(st.binary(max_size=200))
def test_any_bytes_beside_a_picture_are_told_or_refused(data: bytes) -> None:
    assert isinstance(parse_sidecars({".txt": data, ".cls": data}).captions, tuple)
    try:
        parse_sidecars({".json": data})
    except BadSource as error:
        assert "JSON" in str(error)


@given(st.text(alphabet=string.ascii_lowercase + "/.\\\0", max_size=30))
def test_no_member_name_leads_out_of_its_archive(name: str) -> None:
    safe = safe_name(name)
    if safe is not None:
        joined = Path("/in/a.tar") / safe
        assert Path("/in/a.tar") in joined.parents
        assert ".." not in joined.parts


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.binary(max_size=300))
def test_any_bytes_as_a_list_are_read_or_refused(kind: str, data: bytes, tmp_path: Path) -> None:
    from indexer.sources.options import SourceOptions
    from indexer.sources.registry import open_source

    path = tmp_path / f"list.{kind}"
    path.write_bytes(b"image,caption\n" * (kind == "csv") + data)
    try:
        found_in(open_source(path, SourceOptions()))
    except BadSource as error:
        assert str(path) in str(error)
