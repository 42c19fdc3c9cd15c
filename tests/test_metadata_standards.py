"""Date, place, rating, keyword and caption: the same values from every standard."""

import string
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.indexing.decode import DecodedPicture, Shots, Work, work_on
from indexer.indexing.embed import embed
from indexer.indexing.run_state import Task
from indexer.sources import Item, found_in
from indexer.sources.folder import FolderSource
from search.catalog.records import EmbeddedPicture
from search.encoders.tiny import TinyEncoder
from search.pictures import Limits
from search.pictures.metadata.embedded_captions import BOILERPLATE
from tests.metadata_of_every_standard import (
    IN_UTC,
    STANDARDS,
    WITHOUT_PLACE,
    WITHOUT_RATING,
    Said,
    in_exif,
    plain_xmp_of,
)


def read(folder: Path, picture: Path) -> EmbeddedPicture:
    """Return a run's record of a picture in a folder."""
    encoder = TinyEncoder()
    items = found_in(FolderSource(folder))
    while items:
        item = items.pop()
        outcome = list(work_on(Work(item), encoder.preparation, Limits()))[-1]
        if isinstance(outcome, Shots):
            items += outcome.items
        elif item.path == picture:
            assert isinstance(outcome, DecodedPicture), outcome
            [stored] = embed(encoder, [(Task(Item(picture, 0, 0), None, None), outcome)])
            return stored
    raise AssertionError(f"{picture} was not found")


letters = st.text(string.ascii_letters + "äñÜжД中文字かな한글", min_size=3, max_size=12)
words = letters.filter(lambda text: not BOILERPLATE.fullmatch(text))

sayings = st.builds(
    Said,
    st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1)).map(
        lambda time: time.replace(microsecond=0)
    ),
    st.sampled_from(["", "+02:00", "-09:30"]),
    st.floats(0.01, 89.9) | st.floats(-89.9, -0.01),
    st.floats(0.01, 179.9) | st.floats(-179.9, -0.01),
    st.integers(1, 5),
    words,
    st.lists(words, min_size=2, max_size=4).map(" ".join),
)


@pytest.mark.parametrize("standard", STANDARDS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=sayings)
def test_every_standard_says_the_same(standard: str, said: Said) -> None:
    with TemporaryDirectory() as folder:
        path = STANDARDS[standard](Path(folder), said)
        stored = read(Path(folder), path)
    if standard in IN_UTC:
        moment = datetime.fromtimestamp(said.timestamp, UTC).replace(tzinfo=None)
        wanted = None if said.timestamp == 0 else moment.isoformat() + "Z"
    else:
        wanted = said.taken_at.isoformat() + said.offset
    assert stored.facts.taken_at == wanted
    if standard not in WITHOUT_PLACE:
        place = (stored.facts.latitude, stored.facts.longitude)
        assert place == pytest.approx((said.latitude, said.longitude), abs=1e-5)
    if standard not in WITHOUT_RATING:
        assert stored.file.fields["rating"] == said.rating
    texts = [caption.text for caption in stored.captions.captions]
    assert said.caption in texts
    assert any(said.keyword in text.split(", ") for text in texts) or said.keyword == said.caption


@settings(max_examples=12, deadline=None)
@given(inside=sayings, beside=sayings)
def test_a_file_beside_a_picture_goes_before_the_picture(inside: Said, beside: Said) -> None:
    with TemporaryDirectory() as folder:
        path = in_exif(Path(folder), inside)
        (Path(folder) / "a.xmp").write_bytes(plain_xmp_of(beside))
        stored = read(Path(folder), path)
    assert stored.facts.taken_at == beside.taken_at.isoformat() + beside.offset
    assert stored.facts.latitude == pytest.approx(beside.latitude, abs=1e-5)
    assert stored.file.fields["rating"] == beside.rating
    texts = {caption.text for caption in stored.captions.captions}
    assert {inside.caption, beside.caption} <= texts
