"""Downloads of a frame, a table's row and an archive's member: a file that any system opens."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from tests.collections_of_every_kind import film, parquet, zipped
from tests.colour_web import opened, picture_bytes, settings_in

KINDS = {".jpg": "JPEG", ".png": "PNG"}


def gif(path: Path) -> None:
    """Write an animation of three colours."""
    first, *others = (Image.new("RGB", (40, 30), each) for each in ("red", "green", "blue"))
    first.save(path, save_all=True, append_images=others, duration=100)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["films and animations", "tables and archives"])
def test_what_is_saved_has_a_name_and_a_kind_that_fit(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("av")
    pytest.importorskip("pyarrow")
    folder = tmp_path / "in"
    folder.mkdir()
    if kind == "films and animations":
        film(folder / "CON.mp4")
        gif(folder / "cat: a film?.gif")
    else:
        parquet(folder / "train.parquet")
        png = {"a:b|c.png": picture_bytes("red"), "deep/con.png": picture_bytes("blue")}
        zipped(folder / "some.zip", png)
    settings = settings_in(tmp_path / "data")
    with opened(settings) as (engine, client):
        run(engine, settings, Request.of((str(folder),), "all"), PlainProgress())
        found = client.get("/api/v1/search?collection=all&k=50").json
        assert found is not None
        ids = [each["id"] for each in found["hits"]]
        fields = "&".join(f"id={each}" for each in ids)
        data = client.get(f"/api/v1/export?format=zip&{fields}").data
        for each in ids:
            with client.get(f"/api/v1/pictures/{each}/original?download=1") as saved:
                name = saved.headers["Content-Disposition"].partition("filename=")[2].strip('"')
                assert saved.status_code == 200
                assert not set(name) & set(':|?*<>"') and "." in name, name
                assert Image.open(io.BytesIO(saved.data)).format
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        assert len(names) == len({each.casefold() for each in names}) == len(ids) >= 4
        for name in names:
            assert not set(name) & set(':|?*<>"'), name
            written = Image.open(io.BytesIO(packed.read(name)))
            assert written.format == KINDS[Path(name).suffix], name
